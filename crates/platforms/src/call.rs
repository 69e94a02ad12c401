//! What comes in with a call to a network and what goes back.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::{post::Role, target::Live};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use crate::Readings;

/// Where the sandbox has each origin. A PDS and the directory of DIDs are origins, as at home; others get a path of their
/// own.
const IN_SANDBOX: &[(&str, &str)] = &[
    ("x", "x"),
    ("x_www", "x/www"),
    ("facebook", "facebook"),
    ("facebook_www", "facebook/www"),
    ("instagram", "instagram"),
    ("instagram_api", "instagram/api"),
    ("instagram_www", "instagram/www"),
    ("threads", "threads"),
    ("threads_www", "threads/www"),
    ("linkedin", "linkedin"),
    ("linkedin_www", "linkedin/www"),
    ("bluesky", ""),
    ("plc", ""),
];

/// Where networks with one fixed origin are: the real ones, or the sandbox's.
#[derive(Debug, Clone, Default)]
pub struct Bases(BTreeMap<&'static str, Url>);

impl Bases {
    /// Replaces the origin a `Spec` names, `x` -> `http://127.0.0.1:8090/x`.
    #[must_use]
    pub fn with(mut self, name: &'static str, base: Url) -> Self {
        self.0.insert(name, base);
        self
    }

    /// Every network with a fixed origin, moved to the sandbox.
    pub fn in_sandbox(origin: &Url) -> Self {
        let below = |path: &str| {
            let mut base = origin.clone();
            base.set_path(path);
            base
        };
        IN_SANDBOX.iter().fold(Self::default(), |bases, (name, path)| bases.with(name, below(path)))
    }

    /// The replacement, or `default`.
    pub fn get<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.0.get(name).map_or(default, |url| url.as_str().trim_end_matches('/'))
    }
}

/// The surroundings of one call.
pub struct Cx<'a> {
    /// The door the call leaves through; in test mode it opens to the sandbox only.
    pub door: &'a egress::Door,
    /// Origins of networks that have a fixed one.
    pub bases: &'a Bases,
    /// The time, as far as the call's content depends on it.
    pub now: Timestamp,
    /// When the exchange must be over.
    pub deadline: egress::Deadline,
    /// Where [`crate::Network::send`] notes what the answer said of budgets; other calls have limits of their own.
    pub readings: Option<&'a Readings>,
}

/// The account a call is made for.
pub struct Account<'a> {
    /// The network's id of the profile: a DID, a user id.
    pub network_unique_id: &'a str,
    /// The handle, without a leading `@`.
    pub username: &'a str,
    /// What was learned on connecting and is no secret: service origin, an instance's limits.
    pub facts: &'a Value,
    /// The opened tokens, as JSON of the network's own shape.
    pub tokens: &'a SecretString,
}

/// Whose credentials these are, and what is kept of them.
#[derive(Debug)]
pub struct Identity {
    /// The instance's host where ids are only unique per instance, else empty.
    pub realm: String,
    /// The network's id of the profile.
    pub network_unique_id: String,
    /// The handle, without a leading `@`.
    pub username: String,
    /// The name people see.
    pub display_name: Option<String>,
    /// The profile's picture.
    pub profile_image_url: Option<String>,
    /// The profile's page.
    pub profile_url: Option<String>,
    /// `person`, `page`, `organization`, ...
    pub account_type: &'static str,
    /// What the token may do, as the network names it.
    pub scopes: Vec<String>,
    /// Kept beside the account, no secret.
    pub facts: Value,
    /// Sealed at once.
    pub tokens: Tokens,
}

/// Tokens to be sealed: JSON of the network's own shape.
#[derive(Debug)]
pub struct Tokens {
    /// The JSON.
    pub sealed_json: SecretString,
    /// When the access token runs out, if it does.
    pub expires_at: Option<Timestamp>,
}

/// A file to upload.
#[derive(Debug, Clone)]
pub struct Media {
    /// The bytes, already fitted to the network's rules.
    pub bytes: Bytes,
    /// `image/jpeg`, from the bytes and not from a header.
    pub content_type: String,
    /// A name for multipart bodies.
    pub filename: String,
    /// Pixels, where known.
    pub dimensions: Option<(u32, u32)>,
    /// Alternative text; networks that attach it to the upload send it there.
    pub alt_text: Option<String>,
    /// Where the network can fetch the file for some hours, without a key; only where its [`crate::MediaRules`] say that
    /// it does, and where the operator said under which address we are reached.
    pub url: Option<String>,
}

/// An upload, as the network names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaHandle {
    /// May be attached.
    Ready(Value),
    /// Not yet; ask again.
    Processing {
        /// What to ask with.
        handle: Value,
        /// When to ask.
        check_at: Timestamp,
    },
}

/// A part about to be composed.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    /// A stable, unique name of this part of this target; a key for the network is derived from it.
    pub key: &'a str,
    /// When the target was due for the first time: the same each time the part is composed.
    pub first_due: Timestamp,
    /// Main, first comment or thread.
    pub role: Role,
    /// The text.
    pub content: &'a str,
    /// The ready uploads in order, each with its alternative text.
    pub media: &'a [(Value, Option<String>)],
    /// Part 0, when this is not it.
    pub root: Option<&'a Live>,
    /// The part before, when there is one.
    pub parent: Option<&'a Live>,
    /// The network's options, checked already; `null` where none were given.
    pub options: &'a Value,
}

/// A part whose send was not answered, or that may have been sent before a database was restored.
#[derive(Debug, Clone)]
pub struct Sought<'a> {
    /// What was sent, as `compose` made it.
    pub composed: &'a Value,
    /// When its intent was committed; where that is not known, the earliest time it may have been.
    pub sent_at: Timestamp,
    /// Whether `composed` was made after the fact. Its uploads are not those that were sent then, and what else depends
    /// on the time of composing is not as it was sent.
    pub is_recomposed: bool,
    /// What the network gave when it accepted the part, if it did.
    pub handle: Option<&'a Value>,
    /// Ids of the account's other posts around that time: none of them is this part, whatever they say.
    pub known: &'a [String],
}

impl Sought<'_> {
    /// Whether a post of this id may be the part.
    pub fn may_be(&self, id: &str) -> bool {
        !self.known.iter().any(|known| known == id)
    }
}
