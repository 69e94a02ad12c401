//! What can go wrong with the database.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A database call that did not do what was asked. Expected outcomes (not found, a conflict) are values, not errors.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, or the connection broke. Trying again later may help.
    #[error("the database is not reachable: {0}")]
    Unavailable(String),
    /// The call was carried out and refused.
    #[error("the database refused to {attempt}: {source}")]
    Refused {
        /// What was attempted, "insert a post".
        attempt: &'static str,
        /// Its reason.
        source: DieselError,
    },
    /// A stored value is not what this build expects.
    #[error("a stored value could not be read: {0}")]
    Corrupt(String),
    /// The schema could not be brought up to date.
    #[error("a migration failed: {0}")]
    Migration(String),
}

impl StoreError {
    /// Sorts an error of Diesel's into "unreachable" and "refused".
    pub(crate) fn from_diesel(attempt: &'static str) -> impl FnOnce(DieselError) -> Self {
        move |source| match source {
            ref error if is_disconnect(error) => Self::Unavailable(source.to_string()),
            source => Self::Refused { attempt, source },
        }
    }

    /// Whether trying again later may help.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// Whether the connection is gone, as opposed to a statement that was refused.
pub(crate) fn is_disconnect(error: &DieselError) -> bool {
    match error {
        DieselError::BrokenTransactionManager => true,
        DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => true,
        DieselError::DatabaseError(DatabaseErrorKind::UnableToSendCommand, _) => true,
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            let message = info.message();
            [
                "connection closed",
                "error communicating with the server",
                "terminating connection",
                "the database system is",
            ]
            .iter()
            .any(|sign| message.contains(sign))
        }
        _ => false,
    }
}

/// Whether another transaction was in the way, and the same one tried again may go through.
pub(crate) fn is_contention(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        DieselError::DatabaseError(_, info) => info.message().contains("deadlock detected"),
        _ => false,
    }
}
