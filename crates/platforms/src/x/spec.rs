//! X's limits (fact sheet part 1, section 1).

use domain::{
    budget::{BudgetRule, Scope},
    platform::Platform,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{Ability, ConsentRules, MediaRules, Origins, ProbeClass, Spec, TextRule, TextUnit};

/// Where X is when nobody says otherwise; replaced by the base `x`.
pub(super) const DEFAULT_BASE: &str = "https://api.x.com";
/// The name of that base.
pub(super) const BASE: &str = "x";
/// Where people are asked for their consent; replaced by the base `x_www`.
pub(super) const DEFAULT_WWW: &str = "https://x.com";
/// The name of that base.
pub(super) const WWW: &str = "x_www";

/// Codes and refresh tokens are traded here, below [`BASE`].
pub(super) const TOKEN: &str = "/2/oauth2/token";

/// Reading who it is, posting, uploading, and tokens that can be renewed (fact sheet part 1, 1.2).
pub(super) const CONSENT: ConsentRules = ConsentRules {
    scopes: &["tweet.read", "tweet.write", "users.read", "media.write", "offline.access"],
    needed: &["tweet.read", "tweet.write", "users.read"],
    // A native app is a public client (fact sheet part 1, 1.3).
    has_secret: false,
};

/// Without a subscription.
pub(super) const TEXT_MAX: u32 = 280;
/// With any paid subscription.
pub(super) const TEXT_MAX_PAID: u32 = 25_000;

/// A user's posts of a quarter of an hour.
pub(super) const POSTS_15M: BudgetRule =
    BudgetRule { scope: Scope::Account, name: "posts_15m", limit: 100, window: SignedDuration::from_mins(15), cost: 1 };
/// A user's posts of a day.
pub(super) const POSTS_24H: BudgetRule = BudgetRule {
    scope: Scope::Account,
    name: "posts_24h",
    limit: 2_400,
    window: SignedDuration::from_hours(24),
    cost: 1,
};
/// An app's posts of a day.
pub(super) const APP_POSTS_24H: BudgetRule =
    BudgetRule { scope: Scope::App, name: "posts_24h", limit: 10_000, window: SignedDuration::from_hours(24), cost: 1 };
/// `POST /2/tweets`: 100 per 15 minutes and user, 10,000 per 24 hours and app (docs.x.com, "Rate limits"; fact sheet 1.12).
/// An account's 2,400 a day are the help pages' ("About limits", `help.x.com/rules-and-policies/x-limits`); accounts
/// without a subscription may have fewer, which X tells with its answers.
const BUDGETS: &[BudgetRule] = &[POSTS_15M, POSTS_24H, APP_POSTS_24H];

pub(super) static SPEC: Spec = Spec {
    platform: Platform::X,
    name: "X",
    connect: &["oauth", "access_token"],
    text: TextRule { max: TEXT_MAX, unit: TextUnit::Weighted },
    media: MediaRules {
        images: 4,
        videos: 1,
        gifs: 1,
        mixed: false,
        image_max_bytes: 5 * 1024 * 1024,
        image_max_side: None,
        image_types: &["image/jpeg", "image/png", "image/webp", "image/gif"],
        gif_max_bytes: 15 * 1024 * 1024,
        video_max_bytes: 512 * 1024 * 1024,
        video_types: &["video/mp4", "video/quicktime", "video/webm", "video/mp2t"],
        alt_text_max: 1_000,
        fetched: false,
    },
    abilities: &[Ability::Thread, Ability::FirstComment],
    options,
    probe: ProbeClass::Listing,
    // A timeline may lag behind, and X does not promise by how much.
    budgets: BUDGETS,
    permits: 256,
    origins: Origins::One,
    credentials_max_bytes: 16 * 1024,
};

/// Who may reply.
pub(super) const REPLY_SETTINGS: &[&str] = &["following", "mentionedUsers", "subscribers", "verified"];
/// Every option.
pub(super) const OPTIONS: &[&str] = &[
    "reply_settings",
    "quote_tweet_id",
    "poll",
    "made_with_ai",
    "paid_partnership",
    "community_id",
    "tagged_user_ids",
];

fn options() -> Value {
    let id = json!({"type": "string", "pattern": "^[0-9]{1,19}$"});
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "reply_settings": {"enum": REPLY_SETTINGS, "description": "Who may reply, besides those mentioned"},
            "quote_tweet_id": {"type": "string", "pattern": "^[0-9]{1,19}$", "description": "The post to quote; not with media or a poll"},
            "poll": {
                "type": "object",
                "additionalProperties": false,
                "required": ["options", "duration_minutes"],
                "properties": {
                    "options": {"type": "array", "minItems": 2, "maxItems": 4, "items": {"type": "string", "minLength": 1, "maxLength": 25}},
                    "duration_minutes": {"type": "integer", "minimum": 5, "maximum": 10080}
                }
            },
            "made_with_ai": {"type": "boolean", "description": "Label every part as made with AI"},
            "paid_partnership": {"type": "boolean", "description": "Label every part as a paid partnership"},
            "community_id": {"type": "string", "pattern": "^[0-9]{1,19}$", "description": "The community to post in"},
            "tagged_user_ids": {"type": "array", "minItems": 1, "maxItems": 10, "items": id, "description": "Users shown as tagged in the main part's media"}
        }
    })
}
