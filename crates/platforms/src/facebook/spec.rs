//! Facebook's limits for pages (fact sheet part 1, section 2; formats and sizes as a vendor documents them).

use domain::{
    budget::{BudgetRule, Scope, UNLIMITED},
    platform::Platform,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{Ability, MediaRules, Origins, ProbeClass, Spec, TextRule, TextUnit};

/// Where the Graph API is when nobody says otherwise; replaced by the base `facebook`.
pub(crate) const DEFAULT_BASE: &str = "https://graph.facebook.com";
/// The name of that base.
pub(crate) const BASE: &str = "facebook";
/// Where people are asked for consent; replaced by the base `facebook_www`.
pub(crate) const DEFAULT_WWW: &str = "https://www.facebook.com";
/// The name of that base.
pub(crate) const WWW: &str = "facebook_www";
/// A version lives for about two years.
pub(crate) const VERSION: &str = "v24.0";

/// Longest post, in UTF-16 units (2.9).
const TEXT_MAX: u32 = 63_206;
/// Longest comment (2.9, from memory).
pub(super) const COMMENT_MAX: u32 = 8_000;
/// Shortest side of a picture in pixels.
pub(super) const IMAGE_MIN_SIDE: u32 = 100;

/// A page's calls have a limit that depends on how many people engage with it, of which only percentages are told
/// (2.12).
pub(super) const CALLS: BudgetRule = BudgetRule {
    scope: Scope::Account,
    name: "calls_24h",
    limit: UNLIMITED,
    window: SignedDuration::from_hours(24),
    cost: 1,
};
const BUDGETS: &[BudgetRule] = &[CALLS];

pub(super) static SPEC: Spec = Spec {
    platform: Platform::Facebook,
    name: "Facebook",
    connect: &["oauth", "access_token"],
    text: TextRule { max: TEXT_MAX, unit: TextUnit::Utf16 },
    media: MediaRules {
        // Not documented for posts through the API; what its own composer shows as one post.
        images: 10,
        videos: 1,
        gifs: 1,
        mixed: false,
        image_max_bytes: 10 * 1024 * 1024,
        image_max_side: Some(4_096),
        image_types: &["image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff", "image/webp"],
        gif_max_bytes: 10 * 1024 * 1024,
        video_max_bytes: 4 * 1024 * 1024 * 1024,
        video_types: &[
            "video/mp4",
            "video/quicktime",
            "video/x-msvideo",
            "video/x-ms-wmv",
            "video/x-flv",
            "video/webm",
        ],
        alt_text_max: 1_000,
        fetched: false,
    },
    abilities: &[Ability::Thread, Ability::FirstComment],
    options,
    // Own posts are listed and matched; that the list is complete at once is promised nowhere.
    probe: ProbeClass::Listing,
    budgets: BUDGETS,
    permits: 256,
    origins: Origins::One,
    credentials_max_bytes: 16 * 1024,
};

/// What is asked for when nobody says, and what publishing needs. Both lists of the same network's other documents
/// agree on these (2.2).
pub(super) const SCOPES: &[&str] = &[
    "pages_show_list",
    "pages_manage_posts",
    "pages_read_engagement",
    "pages_manage_engagement",
    "pages_read_user_content",
    "business_management",
];
/// Without these no page can be found, or nothing published.
pub(super) const NEEDED: &[&str] = &["pages_show_list", "pages_manage_posts"];

/// Every option.
pub(super) const OPTIONS: &[&str] = &["link", "title"];
/// Longest title of a video.
pub(super) const TITLE_MAX: usize = 255;

fn options() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "link": {"type": "string", "format": "uri", "maxLength": 2048, "description": "The address the main part previews; not with media"},
            "title": {"type": "string", "minLength": 1, "maxLength": TITLE_MAX, "description": "The title of the main part's video"}
        }
    })
}
