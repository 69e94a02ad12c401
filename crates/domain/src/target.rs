//! The states of a target and of its parts. How they move is in [`crate::transition`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize,
            strum::Display, strum::EnumString, strum::IntoStaticStr, strum::EnumIter,
        )]
        #[serde(rename_all = "snake_case")]
        #[strum(serialize_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// The word callers see and the database stores.
            pub fn word(self) -> &'static str {
                self.into()
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Where a target stands.
    Status {
        /// Not to be sent until published.
        Draft,
        /// Waits for its time.
        Scheduled,
        /// Due, or definitely not live and to be tried again.
        Queued,
        /// A send is under way, or its outcome is being found out.
        Publishing,
        /// Held until the account is connected again.
        NeedsReconnect,
        /// May be live; nobody can know, or a probe is still to come.
        Unconfirmed,
        /// Live, with the id we hold.
        Published,
        /// Part 0 is live and a later part is not.
        Partial,
        /// Handed over, not public by design.
        Delivered,
        /// Definitely not live.
        Failed,
        /// Definitely not live because the caller said so.
        Canceled,
        /// Was live and was removed through us.
        Deleted,
    }
}

words! {
    /// Where one part of a target stands.
    PartStatus {
        /// Nothing public was tried, or what was tried is definitely not live.
        Pending,
        /// The intent is committed: between it and the outcome the part may be live.
        Sending,
        /// The network took it and works on it: it may be live or become so.
        Processing,
        /// Live.
        Published,
        /// May be live.
        Unconfirmed,
        /// Definitely not live, and not tried again unless asked.
        Failed,
        /// Not sent because the caller said so.
        Canceled,
        /// Was live and was removed through us.
        Deleted,
    }
}

words! {
    /// Why a target or a part did not go out. The closed list of the contract.
    ErrorCode {
        /// The network refused the text or its options.
        ContentRejected,
        /// The network refused a file.
        MediaRejected,
        /// The network has this very post already.
        DuplicateContent,
        /// The token lacks a permission or the app lacks access.
        PermissionMissing,
        /// The account is suspended, locked or limited by the network.
        AccountRestricted,
        /// The account is gone at the network.
        AccountNotFound,
        /// The token ran out and could not be renewed.
        TokenExpired,
        /// The token was revoked.
        TokenRevoked,
        /// A quota or credit of the app or account is used up.
        QuotaExhausted,
        /// Its time passed before it could go out.
        TooLate,
        /// Nobody can know whether it is live.
        OutcomeUnknown,
        /// A file could not be fetched or read.
        MediaUnavailable,
        /// The part it hangs on did not go out.
        ParentPartFailed,
        /// Any other answer of the network that means "not live".
        PlatformError,
    }
}

impl Status {
    /// Whether something may still happen to the target without the caller's doing. `unconfirmed` is open only while a
    /// probe is to come, which the state alone does not say.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Draft | Self::Scheduled | Self::Queued | Self::Publishing | Self::NeedsReconnect)
    }
}

/// What a network says of something that is live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// The network's id.
    pub id: String,
    /// Where a person sees it.
    pub url: Option<String>,
    /// What a reply to it must quote besides the id (Bluesky's cid); `null` where the id is enough.
    #[serde(default)]
    pub reference: serde_json::Value,
}

/// What came of one irreversible call. The rows of the outcome table in the design.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Live, with this id.
    Published(Live),
    /// Definitely not live.
    Refused(Refusal),
    /// The network took it and works on it.
    Accepted {
        /// What to ask with how it goes on.
        handle: serde_json::Value,
        /// When asking makes sense.
        check_at: Timestamp,
    },
    /// The request may have been carried out.
    Ambiguous {
        /// What was seen: a timeout, a reset, a 5xx.
        message: String,
        /// The status, if an answer began.
        http_status: Option<u16>,
    },
}

/// Why something is definitely not live, or did not work and may be repeated. All calls but the irreversible one end
/// in this or in success: they have no ambiguity, since repeating them is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The network's final word on content, policy or permission.
    Rejected {
        /// Our word for it.
        code: ErrorCode,
        /// The network's own words.
        message: String,
        /// Its status.
        http_status: Option<u16>,
    },
    /// The token is expired or revoked.
    Auth {
        /// Which of the two, as far as the network tells.
        code: ErrorCode,
        /// The network's own words.
        message: String,
        /// Its status.
        http_status: Option<u16>,
    },
    /// Too much at the moment. Costs no attempt.
    Throttled {
        /// When the network says it takes more.
        until: Timestamp,
        /// The network's own words.
        message: String,
    },
    /// Nothing was sent, or the network says "not now".
    NotNow {
        /// What was seen.
        message: String,
        /// Its status, if it answered.
        http_status: Option<u16>,
        /// How soon the next try makes sense; the retry schedule where `None`.
        after: Option<jiff::SignedDuration>,
    },
}

impl Refusal {
    /// The network's own words, or what was seen.
    pub fn message(&self) -> &str {
        match self {
            Self::Rejected { message, .. }
            | Self::Auth { message, .. }
            | Self::Throttled { message, .. }
            | Self::NotNow { message, .. } => message,
        }
    }
}

/// How it goes on with something that the network took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It is live.
    Live(Live),
    /// The network still works on it.
    Still {
        /// When asking again makes sense.
        check_at: Timestamp,
    },
    /// [`Refusal::Rejected`] is the network's word that it is not live and will not be. All else says only that it
    /// could not be asked this time.
    Refused(Refusal),
    /// It could not be learned this time.
    Unknown {
        /// What was seen.
        message: String,
    },
}

/// What a probe found out about a part that may be live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// It is live.
    Live(Live),
    /// It is not, for certain.
    NotLive,
    /// Sending the same bytes with the same key again is harmless: that is the way to know.
    Repeat,
    /// Not known yet: the listing may lag, or the probe itself failed.
    Unknown {
        /// What was seen.
        message: String,
    },
    /// Nothing can be asked.
    Impossible,
}
