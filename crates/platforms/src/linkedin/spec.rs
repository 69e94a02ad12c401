//! LinkedIn's limits (fact sheet part 1, section 5).

use domain::{
    budget::{BudgetRule, Scope},
    platform::Platform,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{Ability, ConsentRules, MediaRules, Origins, ProbeClass, Spec, TextRule, TextUnit};

/// Where LinkedIn's API is when nobody says otherwise; replaced by the base `linkedin`.
pub(super) const DEFAULT_BASE: &str = "https://api.linkedin.com";
/// The name of that base.
pub(super) const BASE: &str = "linkedin";
/// Where members consent and tokens are handed out; replaced by the base `linkedin_www`.
pub(super) const DEFAULT_WWW: &str = "https://www.linkedin.com";
/// The name of that base.
pub(super) const WWW_BASE: &str = "linkedin_www";

/// Where tokens are handed out, below it.
pub(super) const TOKEN: &str = "/oauth/v2/accessToken";

/// The month of the API that is spoken. LinkedIn serves a version for a year at least; a dead one answers 426 (5.1).
pub(super) const VERSION: &str = "202607";

/// What is asked for to post as the member, when nobody says (5.2).
pub(super) const PERSONAL_SCOPES: &[&str] = &["openid", "profile", "w_member_social"];
/// Without this a member's grant is of no use.
pub(super) const PERSONAL_NEEDED: &[&str] = &["w_member_social"];
/// What is asked for to post for organisations, when nobody says; to read is for looking up lost answers (5.2). Who the
/// member is need not be known for it, and apps that have these may not have OpenID.
pub(super) const ORGANIZATION_SCOPES: &[&str] =
    &["w_organization_social", "r_organization_social", "rw_organization_admin"];
/// Without these no organisation can be found, or nothing posted.
pub(super) const ORGANIZATION_NEEDED: &[&str] = &["w_organization_social", "r_organization_admin"];

/// What is needed depends on who posts, so it stands above and not here.
pub(super) const CONSENT: ConsentRules = ConsentRules { scopes: PERSONAL_SCOPES, needed: &[], has_secret: true };

/// Longest comment (5.9; remembered, not confirmed).
pub(super) const COMMENT_MAX: u32 = 1_250;
/// Longest title of an article's card (remembered, not confirmed).
pub(super) const ARTICLE_TITLE_MAX: usize = 400;
/// Longest description of an article's card (remembered, not confirmed).
pub(super) const ARTICLE_DESCRIPTION_MAX: usize = 4_086;

/// 150 posts of a member a day is quoted widely; LinkedIn publishes no number (5.12). Comments are counted as well.
const BUDGETS: &[BudgetRule] = &[BudgetRule {
    scope: Scope::Account,
    name: "posts_24h",
    limit: 150,
    window: SignedDuration::from_hours(24),
    cost: 1,
}];

pub(super) static SPEC: Spec = Spec {
    platform: Platform::Linkedin,
    name: "LinkedIn",
    connect: &["oauth", "access_token"],
    // What people see is counted, without the backslashes of what is escaped. LinkedIn does not say in which unit: this
    // is the one in which a text is longest (5.9).
    text: TextRule { max: 3_000, unit: TextUnit::Utf16 },
    media: MediaRules {
        images: 20,
        videos: 0,
        gifs: 1,
        mixed: false,
        image_max_bytes: 5 * 1024 * 1024,
        // LinkedIn takes less than 36,152,320 pixels; a square of this side has no more.
        image_max_side: Some(6_012),
        image_types: &["image/jpeg", "image/png", "image/gif"],
        gif_max_bytes: 5 * 1024 * 1024,
        video_max_bytes: 0,
        video_types: &[],
        alt_text_max: 4_086,
        fetched: false,
    },
    abilities: &[Ability::Thread, Ability::FirstComment],
    options,
    // A listing may lag behind, and most members' tokens may not list at all.
    probe: ProbeClass::Listing,
    budgets: BUDGETS,
    permits: 256,
    origins: Origins::One,
    credentials_max_bytes: 16 * 1024,
};

/// Who may see a post.
pub(super) const VISIBILITIES: &[&str] = &["PUBLIC", "CONNECTIONS", "LOGGED_IN"];
/// Every option.
pub(super) const OPTIONS: &[&str] = &["visibility", "article", "is_reshare_disabled"];

fn options() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "visibility": {"enum": VISIBILITIES, "description": "Who may see the post; an organisation's is always PUBLIC"},
            "article": {
                "type": "object",
                "additionalProperties": false,
                "required": ["source", "title"],
                "description": "A link card on the main part, shown as given: LinkedIn fetches nothing. Not with media",
                "properties": {
                    "source": {"type": "string", "format": "uri"},
                    "title": {"type": "string", "minLength": 1, "maxLength": ARTICLE_TITLE_MAX},
                    "description": {"type": "string", "maxLength": ARTICLE_DESCRIPTION_MAX}
                }
            },
            "is_reshare_disabled": {"type": "boolean", "description": "Whether others may not repost the post"}
        }
    })
}
