//! What a project wants done where there is a choice.

use crate::target::words;
use serde::{Deserialize, Serialize};

words! {
    /// What happens to a part that may be live when nothing more can be found out.
    OnUnconfirmed {
        /// It stays so until the caller says what it is.
        Hold,
        /// It is sent again; a double is accepted.
        Retry,
    }
}

words! {
    /// What happens to a target when its account's token is no longer taken.
    OnAuthFailure {
        /// It waits for the account to be connected again, no longer than its lateness allows.
        Hold,
        /// It fails at once.
        Fail,
    }
}

words! {
    /// Which of a project's two halves this is.
    Mode {
        /// Real networks.
        Live,
        /// The sandbox only.
        Test,
    }
}

/// How late a post may go out where neither post nor project says: 6 hours.
pub const DEFAULT_MAX_LATENESS: jiff::SignedDuration = jiff::SignedDuration::from_hours(6);
/// The longest lateness a caller may ask for.
pub const LONGEST_MAX_LATENESS: jiff::SignedDuration = jiff::SignedDuration::from_hours(7 * 24);
/// A `scheduled_at` this far in the past still means "now".
pub const PAST_GRACE: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);
