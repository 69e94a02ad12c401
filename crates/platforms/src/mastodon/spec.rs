//! Mastodon's limits where an instance does not say otherwise (fact sheet part 2, section 5).

use domain::{
    budget::{BudgetRule, Scope},
    platform::Platform,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{Ability, ConsentRules, MediaRules, Origins, ProbeClass, Spec, TextRule, TextUnit};

/// Per account 300 requests in 5 minutes (docs.joinmastodon.org, "Rate limits") and 300 new statuses in 3 hours
/// (Mastodon's own `RateLimiter`); fact sheet 5.8. An instance may have others; what it tells is believed where it is less.
pub(super) const BUDGETS: &[BudgetRule] = &[
    BudgetRule {
        scope: Scope::Account,
        name: "requests_5m",
        limit: 300,
        window: SignedDuration::from_mins(5),
        cost: 1,
    },
    BudgetRule {
        scope: Scope::Account,
        name: "statuses_3h",
        limit: 300,
        window: SignedDuration::from_hours(3),
        cost: 1,
    },
];

/// Who it is, posting, uploading and reading back (fact sheet part 2, 5.1).
pub(super) const CONSENT: ConsentRules = ConsentRules {
    scopes: &["read:accounts", "read:statuses", "write:statuses", "write:media"],
    needed: &["read:accounts", "write:statuses"],
    has_secret: true,
};

pub(super) static SPEC: Spec = Spec {
    platform: Platform::Mastodon,
    name: "Mastodon",
    connect: &["oauth", "access_token"],
    text: TextRule { max: 500, unit: TextUnit::Characters },
    media: MediaRules {
        images: 4,
        videos: 1,
        gifs: 1,
        mixed: false,
        image_max_bytes: 16_777_216,
        image_max_side: None,
        image_types: &["image/jpeg", "image/png", "image/webp", "image/gif"],
        gif_max_bytes: 16_777_216,
        video_max_bytes: 103_809_024,
        video_types: &["video/mp4", "video/webm", "video/quicktime"],
        alt_text_max: 1_500,
        fetched: false,
    },
    abilities: &[Ability::Thread, Ability::FirstComment],
    options,
    // On Mastodon itself and within the hour; see `probe`.
    probe: ProbeClass::NativeKey,
    // An account's own statuses come from the database that took them; trusted on Mastodon itself only.
    budgets: BUDGETS,
    permits: 256,
    origins: Origins::Many,
    credentials_max_bytes: 16 * 1024,
};

/// Who sees a status.
pub(super) const VISIBILITIES: &[&str] = &["public", "unlisted", "private", "direct"];
/// Every option.
pub(super) const OPTIONS: &[&str] = &["visibility", "sensitive", "spoiler_text", "language", "poll"];
/// Options of a poll.
pub(super) const POLL_OPTIONS: &[&str] = &["options", "expires_in", "multiple", "hide_totals"];

fn options() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "visibility": {"enum": VISIBILITIES, "description": "Who sees it; the account's own default where not given"},
            "sensitive": {"type": "boolean", "description": "Hide the media behind a warning"},
            "spoiler_text": {"type": "string", "minLength": 1, "description": "A content warning in front of the text; counts as text"},
            "language": {"type": "string", "description": "ISO 639 code such as en"},
            "poll": {
                "type": "object",
                "additionalProperties": false,
                "required": ["options", "expires_in"],
                "description": "On the main part; not with media. The instance's own limits apply",
                "properties": {
                    "options": {"type": "array", "minItems": 2, "items": {"type": "string", "minLength": 1}},
                    "expires_in": {"type": "integer", "description": "Seconds"},
                    "multiple": {"type": "boolean"},
                    "hide_totals": {"type": "boolean"}
                }
            }
        }
    })
}
