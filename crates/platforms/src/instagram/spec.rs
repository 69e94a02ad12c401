//! Instagram's limits (fact sheet part 1, section 3).

use domain::{
    budget::{BudgetRule, Scope},
    platform::Platform,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{Ability, MediaRules, Origins, ProbeClass, Spec, TextRule, TextUnit};

/// Where accounts of Instagram's own login are called; replaced by the base `instagram`.
pub(super) const DEFAULT_BASE: &str = "https://graph.instagram.com";
/// The name of that base.
pub(super) const BASE: &str = "instagram";
/// Where codes are exchanged; replaced by the base `instagram_api`.
pub(super) const DEFAULT_API: &str = "https://api.instagram.com";
/// The name of that base.
pub(super) const API: &str = "instagram_api";
/// Where people are asked for consent; replaced by the base `instagram_www`.
pub(super) const DEFAULT_WWW: &str = "https://www.instagram.com";
/// The name of that base.
pub(super) const WWW: &str = "instagram_www";

/// Longest caption; its unit is documented nowhere, and nobody's unit is larger than a character (3.9).
const TEXT_MAX: u32 = 2_200;
/// Longest comment: a caption's length, since sources disagree (3.9).
pub(super) const COMMENT_MAX: u32 = 2_200;
/// Most hashtags of a caption, and most mentions (3.9).
pub(super) const HASHTAGS_MAX: usize = 30;
pub(super) const MENTIONS_MAX: usize = 20;
/// Width by height of a picture in the feed: 4:5 to 1.91:1 (3.10), with room for rounding.
pub(super) const RATIO: (f64, f64) = (0.795, 1.92);
/// Narrowest picture in pixels (3.10).
pub(super) const WIDTH_MIN: u32 = 320;

/// Publications of a rolling day. The reference says 50, newer pages 100; what the account is told is asked for before
/// each publication, so the larger one is kept to here (3.12).
const POSTS: BudgetRule = BudgetRule {
    scope: Scope::Account,
    name: "posts_24h",
    limit: 100,
    window: SignedDuration::from_hours(24),
    cost: 1,
};
const BUDGETS: &[BudgetRule] = &[POSTS];

pub(super) static SPEC: Spec = Spec {
    platform: Platform::Instagram,
    name: "Instagram",
    connect: &["oauth", "access_token"],
    text: TextRule { max: TEXT_MAX, unit: TextUnit::Characters },
    media: MediaRules {
        images: 10,
        videos: 10,
        gifs: 0,
        mixed: true,
        image_max_bytes: 8 * 1024 * 1024,
        image_max_side: None,
        image_types: &["image/jpeg"],
        gif_max_bytes: 0,
        // Sources say 300 MB and 1 GB.
        video_max_bytes: 1_000_000_000,
        video_types: &["video/mp4", "video/quicktime"],
        alt_text_max: 1_000,
        fetched: true,
    },
    abilities: &[Ability::Thread, Ability::FirstComment],
    options,
    // A container says whether it was published.
    probe: ProbeClass::Handle,
    budgets: BUDGETS,
    permits: 256,
    origins: Origins::One,
    credentials_max_bytes: 16 * 1024,
};

/// What Instagram's own login is asked for when nobody says.
pub(super) const SCOPES: &[&str] = &[
    "instagram_business_basic",
    "instagram_business_content_publish",
    "instagram_business_manage_comments",
    "instagram_business_manage_insights",
];
/// Without these nothing can be published.
pub(super) const NEEDED: &[&str] = &["instagram_business_basic", "instagram_business_content_publish"];
/// The same through Facebook.
pub(super) const FACEBOOK_SCOPES: &[&str] = &[
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_comments",
    "instagram_manage_insights",
    "pages_show_list",
    "pages_read_engagement",
    "business_management",
];
/// Without these no account can be found, or nothing published.
pub(super) const FACEBOOK_NEEDED: &[&str] = &["instagram_basic", "instagram_content_publish", "pages_show_list"];

/// Where a post is shown.
pub(super) const PLACEMENTS: &[&str] = &["timeline", "reels", "stories"];
/// How a reel that is tried on strangers first is shown to followers.
pub(super) const TRIALS: &[&str] = &["manual", "performance"];
/// Every option.
pub(super) const OPTIONS: &[&str] = &[
    "placement",
    "share_to_feed",
    "collaborators",
    "location_id",
    "user_tags",
    "cover_url",
    "thumb_offset",
    "audio_name",
    "trial_reel",
];
/// Those of reels.
pub(super) const OF_REELS: &[&str] = &["share_to_feed", "cover_url", "thumb_offset", "audio_name", "trial_reel"];

fn options() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "placement": {"enum": PLACEMENTS, "description": "Where it is shown. A single video is a reel in each case but stories"},
            "share_to_feed": {"type": "boolean", "description": "Whether a reel is shown in the feed too"},
            "collaborators": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "string", "pattern": "^[A-Za-z0-9._]{1,30}$"}, "description": "Usernames invited as authors; not of stories"},
            "location_id": {"type": "string", "pattern": "^[0-9]{1,20}$", "description": "A place's page at Facebook; not of stories"},
            "user_tags": {
                "type": "array", "minItems": 1, "maxItems": 20,
                "description": "Who is tagged in the first file; x and y from the top left, 0 to 1, only of pictures and needed there",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["username"],
                    "properties": {
                        "username": {"type": "string", "pattern": "^[A-Za-z0-9._]{1,30}$"},
                        "x": {"type": "number", "minimum": 0, "maximum": 1},
                        "y": {"type": "number", "minimum": 0, "maximum": 1}
                    }
                }
            },
            "cover_url": {"type": "string", "format": "uri", "maxLength": 2048, "description": "A JPEG that Instagram fetches as the cover of a reel"},
            "thumb_offset": {"type": "integer", "minimum": 0, "maximum": 900_000, "description": "The cover of a reel as milliseconds from its start"},
            "audio_name": {"type": "string", "minLength": 1, "maxLength": 255, "description": "The name of a reel's own sound"},
            "trial_reel": {"enum": TRIALS, "description": "Show a reel to strangers first, and to followers by hand or when it does well"}
        }
    })
}
