//! Bluesky's limits (fact sheet part 2, section 4).

use domain::{
    budget::{BudgetRule, Scope},
    platform::Platform,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{Ability, ConsentRules, MediaRules, Origins, ProbeClass, Spec, TextRule, TextUnit};

/// Where accounts without a `service` of their own sign in; replaced by the base `bluesky`.
pub(super) const DEFAULT_SERVICE: &str = "https://bsky.social";
/// The name of that base.
pub(super) const SERVICE_BASE: &str = "bluesky";
/// Where `did:plc` documents are; replaced by the base `plc`.
pub(super) const DEFAULT_PLC: &str = "https://plc.directory";
/// The name of that base.
pub(super) const PLC_BASE: &str = "plc";

/// The collection of posts.
pub(super) const COLLECTION: &str = "app.bsky.feed.post";
/// Besides the 300 graphemes.
pub(super) const TEXT_MAX_BYTES: usize = 3_000;
/// Most languages of a post.
pub(super) const LANGS_MAX: usize = 3;
/// Warnings an author may put on their own post (`com.atproto.label.defs`).
pub(super) const LABELS: &[&str] = &["sexual", "nudity", "porn", "graphic-media"];
/// Every option.
pub(super) const OPTIONS: &[&str] = &["langs", "labels", "external"];
/// Longest title and description of a link card that make sense; the schema names no limit.
pub(super) const CARD_TEXT_MAX: usize = 1_000;

/// Points of a new record. A server may charge `putRecord` as the update it can be, 2; the dearer is counted.
const CREATE: i32 = 3;
/// Writes per account are counted in points, 5,000 an hour and 35,000 a day (docs.bsky.app, "Rate limits"; fact sheet 4.8).
/// Servers of one's own may have other limits or none; what they tell is believed where it is less.
pub(super) const BUDGETS: &[BudgetRule] = &[
    BudgetRule {
        scope: Scope::Account,
        name: "points_1h",
        limit: 5_000,
        window: SignedDuration::from_hours(1),
        cost: CREATE,
    },
    BudgetRule {
        scope: Scope::Account,
        name: "points_24h",
        limit: 35_000,
        window: SignedDuration::from_hours(24),
        cost: CREATE,
    },
];

/// `transition:generic` is what an app password may do; the finer scopes that publishing needs at least, `repo:` and `blob:`,
/// are taken too, and are not what is asked for by default since older servers refuse them (fact sheet part 2, 4.1.2).
pub(super) const CONSENT: ConsentRules = ConsentRules {
    scopes: &["atproto", "transition:generic"],
    needed: &["atproto", "repo:app.bsky.feed.post"],
    has_secret: false,
};

pub(super) static SPEC: Spec = Spec {
    platform: Platform::Bluesky,
    name: "Bluesky",
    connect: &["app_password", "oauth"],
    text: TextRule { max: 300, unit: TextUnit::Graphemes },
    media: MediaRules {
        images: 4,
        videos: 0,
        // It would stand still: the network shows the first frame only.
        gifs: 0,
        mixed: false,
        image_max_bytes: 2_000_000,
        image_max_side: None,
        image_types: &["image/jpeg", "image/png", "image/webp", "image/gif"],
        gif_max_bytes: 0,
        video_max_bytes: 0,
        video_types: &[],
        // The schema has no limit; the network's own app has this one.
        alt_text_max: 2_000,
        fetched: false,
    },
    abilities: &[Ability::Thread, Ability::FirstComment],
    options,
    probe: ProbeClass::NativeKey,
    // `getRecord` asks the server that took the write.
    budgets: BUDGETS,
    permits: 256,
    origins: Origins::Many,
    credentials_max_bytes: 16 * 1024,
};

fn options() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "langs": {
                "type": "array", "minItems": 1, "maxItems": LANGS_MAX,
                "items": {"type": "string", "description": "A BCP 47 tag such as en or pt-BR"}
            },
            "labels": {
                "type": "array", "minItems": 1, "maxItems": LABELS.len(), "uniqueItems": true,
                "items": {"enum": LABELS},
                "description": "Content warnings, on every part"
            },
            "external": {
                "type": "object",
                "additionalProperties": false,
                "required": ["uri", "title"],
                "description": "A link card on the main part, shown as given: nothing is fetched. Not with media",
                "properties": {
                    "uri": {"type": "string", "format": "uri"},
                    "title": {"type": "string", "minLength": 1, "maxLength": CARD_TEXT_MAX},
                    "description": {"type": "string", "maxLength": CARD_TEXT_MAX}
                }
            }
        }
    })
}
