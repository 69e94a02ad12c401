//! How a network says what a fault makes it say.

use actix_web::http::StatusCode;
use jiff::Timestamp;

use crate::answer::Refusal;

/// A network's own words for what goes wrong. The switchboard knows when, the network knows how.
pub(crate) trait Voice {
    /// Content refused; `status` and `message` replace the network's usual ones.
    fn rejected(&self, status: Option<StatusCode>, message: Option<&str>) -> Refusal;

    /// Throttled until `reset`; `now` is the sandbox's clock.
    fn throttled(&self, now: Timestamp, reset: Timestamp) -> Refusal;

    /// The answer to an expired token.
    fn token_expired(&self) -> Refusal;

    /// The answer to a revoked token.
    fn token_revoked(&self) -> Refusal;

    /// A server error.
    fn broken(&self, status: StatusCode) -> Refusal;
}
