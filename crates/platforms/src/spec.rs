//! A network's limits and quirks as data.

use domain::{budget::BudgetRule, platform::Platform};
use serde::Serialize;
use serde_json::Value;

/// How a text's length is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    /// X's weighted characters.
    Weighted,
    /// Extended grapheme clusters.
    Graphemes,
    /// Extended grapheme clusters, links counted at a fixed length and mentions without their server.
    Characters,
    /// UTF-16 code units.
    Utf16,
}

/// The longest text. An account's own limit may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TextRule {
    /// In units.
    pub max: u32,
    /// What is counted.
    pub unit: TextUnit,
}

/// Files of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MediaRules {
    /// Most images.
    pub images: u32,
    /// Most videos.
    pub videos: u32,
    /// Most animated images.
    pub gifs: u32,
    /// Whether kinds may be mixed.
    pub mixed: bool,
    /// Most bytes of an image as the network takes it.
    pub image_max_bytes: u64,
    /// Longest side of an image in pixels, where the network names one.
    pub image_max_side: Option<u32>,
    /// Content types of images the network takes.
    pub image_types: &'static [&'static str],
    /// Most bytes of an animated image.
    pub gif_max_bytes: u64,
    /// Most bytes of a video.
    pub video_max_bytes: u64,
    /// Content types of videos the network takes.
    pub video_types: &'static [&'static str],
    /// Longest alternative text in characters.
    pub alt_text_max: u32,
    /// Whether the network fetches files from an address of ours instead of taking their bytes.
    #[serde(skip)]
    pub fetched: bool,
}

/// How an ambiguous send is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeClass {
    /// A: a key of ours makes repeating harmless.
    NativeKey,
    /// B: a handle to ask.
    Handle,
    /// C: own recent posts are listed and matched.
    Listing,
    /// D: nobody can know.
    None,
}

/// What a network can do beyond publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// A chain of posts.
    Thread,
    /// A first comment below the post.
    FirstComment,
}

/// How many servers speak for a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origins {
    /// One for all accounts.
    One,
    /// Each account has its own: an instance, a personal data server. One that is down says nothing of the others.
    Many,
}

/// All that is known of a network without a call.
pub struct Spec {
    /// Which.
    pub platform: Platform,
    /// As people write it.
    pub name: &'static str,
    /// Ways to connect: `app_password`, `access_token`, `oauth`.
    pub connect: &'static [&'static str],
    /// Longest text.
    pub text: TextRule,
    /// Files.
    pub media: MediaRules,
    /// What else.
    pub abilities: &'static [Ability],
    /// JSON Schema of `config.<platform>`.
    pub options: fn() -> Value,
    /// How an ambiguous send is resolved, for most accounts.
    pub probe: ProbeClass,
    /// What the network documents that one account and one app may publish in a window of time. Kept to ahead of a send;
    /// at least one of them is of the account, since a network's "too much" is remembered there. Uploads and look-ups
    /// have limits of their own, which are obeyed when the network names them.
    pub budgets: &'static [BudgetRule],
    /// Calls in flight per process.
    pub permits: u32,
    /// Whether all accounts' calls go to the same server; [`Network::origin`](crate::Network::origin) names it.
    pub origins: Origins,
    /// Most bytes of credentials worth looking at; more is refused unread.
    pub credentials_max_bytes: usize,
}
