//! Typed ids: a UUIDv7 behind a prefix that names the thing, `acc_0192f0c1...` (32 hex digits).
//!
//! The uuid is the key everywhere inside; the prefixed form is what callers see. A prefix is part of the contract.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A string that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id that begins with `{prefix}_`")]
pub struct ParseIdError {
    /// The prefix that was expected, without the underscore.
    pub prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The prefix callers see, without the underscore.
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|rest| rest.len() == 32)
                    .and_then(|rest| Uuid::try_parse(rest).ok())
                    .map(Self)
                    .ok_or(ParseIdError { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}

ids! {
    /// A tenant in one mode, live or test.
    ProjectId = "prj";
    /// An API key's row; the key itself is a secret.
    KeyId = "key";
    /// A connected social account.
    AccountId = "acc";
    /// An OAuth app a caller brought.
    NetworkId = "net";
    /// A post as the caller wrote it.
    PostId = "post";
    /// One container of a post: its main text, first comment or a further part of a thread.
    ContainerId = "cnt";
    /// One post on one account.
    TargetId = "tgt";
    /// One attempt to do something for a target.
    AttemptId = "att";
    /// An uploaded file.
    MediaId = "med";
    /// A webhook endpoint.
    EndpointId = "wh";
    /// One event on its way to one endpoint.
    DeliveryId = "dlv";
    /// Something that happened.
    EventId = "evt";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_the_way_out_and_back() {
        let id = AccountId(Uuid::from_u128(7));
        assert_eq!(id.to_string(), "acc_00000000000000000000000000000007");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn what_is_not_this_kind_of_id_is_refused() {
        let post = PostId(Uuid::from_u128(7)).to_string();
        for text in ["", "acc_", "acc_7", post.as_str(), "acc_{00000000000000000000000000000007}"] {
            assert!(text.parse::<AccountId>().is_err(), "{text}");
        }
    }
}
