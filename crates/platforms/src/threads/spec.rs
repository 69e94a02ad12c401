//! Threads' limits (fact sheet part 1, section 4).

use domain::{
    budget::{BudgetRule, Scope},
    platform::Platform,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{Ability, ConsentRules, MediaRules, Origins, ProbeClass, Spec, TextRule, TextUnit};

/// Where the API is when nobody says otherwise; replaced by the base `threads`.
pub(super) const DEFAULT_BASE: &str = "https://graph.threads.net";
/// The name of that base.
pub(super) const BASE: &str = "threads";
/// Where people are asked for consent; replaced by the base `threads_www`.
pub(super) const DEFAULT_WWW: &str = "https://threads.net";
/// The name of that base.
pub(super) const WWW: &str = "threads_www";
/// The API has had one version so far.
pub(super) const VERSION: &str = "v1.0";

/// Most links in a post (4.9, from memory).
pub(super) const LINKS_MAX: usize = 5;
/// Longest topic (remembered, not confirmed).
pub(super) const TOPIC_MAX: usize = 50;

/// A profile publishes 250 posts and 1,000 replies in 24 hours (4.12). Which of the two a part counts as the rule does
/// not know, so it is as wide as both; how much of each is used up Threads is asked before a container is made.
const BUDGETS: &[BudgetRule] = &[BudgetRule {
    scope: Scope::Account,
    name: "publishes_24h",
    limit: 1_250,
    window: SignedDuration::from_hours(24),
    cost: 1,
}];

/// What is asked for when nobody says: to publish, to reply to oneself, to read back, to count, to remove (4.2).
pub(super) const SCOPES: &[&str] = &[
    "threads_basic",
    "threads_content_publish",
    "threads_manage_replies",
    "threads_read_replies",
    "threads_manage_insights",
    "threads_delete",
];
/// Without these a grant is of no use.
pub(super) const NEEDED: &[&str] = &["threads_basic", "threads_content_publish"];

pub(super) const CONSENT: ConsentRules = ConsentRules { scopes: SCOPES, needed: NEEDED, has_secret: true };

pub(super) static SPEC: Spec = Spec {
    platform: Platform::Threads,
    name: "Threads",
    connect: &["oauth", "access_token"],
    text: TextRule { max: 500, unit: TextUnit::EmojiBytes },
    media: MediaRules {
        images: 20,
        videos: 1,
        gifs: 0,
        mixed: false,
        image_max_bytes: 8 * 1024 * 1024,
        image_max_side: None,
        image_types: &["image/jpeg", "image/png"],
        gif_max_bytes: 0,
        video_max_bytes: 1024 * 1024 * 1024,
        video_types: &["video/mp4", "video/quicktime"],
        // Remembered, not confirmed.
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

/// Who may reply.
pub(super) const REPLY_CONTROLS: &[&str] =
    &["everyone", "accounts_you_follow", "mentioned_only", "parent_post_author_only", "followers_only"];
/// Every option.
pub(super) const OPTIONS: &[&str] =
    &["reply_control", "topic_tag", "link_attachment", "quote_post_id", "is_spoiler_media"];

fn options() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "reply_control": {"enum": REPLY_CONTROLS, "description": "Who may reply, on every part"},
            "topic_tag": {"type": "string", "minLength": 1, "maxLength": TOPIC_MAX, "description": "The topic of the main part, without #"},
            "link_attachment": {"type": "string", "format": "uri", "description": "The link that the main part shows a card of, instead of its first one; not with media"},
            "quote_post_id": {"type": "string", "pattern": "^[0-9]{1,20}$", "description": "The post that the main part quotes"},
            "is_spoiler_media": {"type": "boolean", "description": "Whether the media of every part are hidden until they are tapped"}
        }
    })
}
