//! The fault switchboard: what goes wrong, where, how often.
//!
//! Faults come from two places. `POST /_sandbox/faults` sets one for a platform, an account, an operation, or any of
//! them, for a number of requests. A marker in a post's text (see [`text`]) makes that post's own publishing fail.
//!
//! A fault strikes at one stage of a request, and is used up only when it strikes:
//!
//! * *before*: once the account is known and before anything is looked at or changed (`reject`, `throttle`,
//!   `expire_token`, `revoke_token`, `slow`, `error_before_accept`, `hang`, `drop_connection`);
//! * *after*: once the request has taken effect and is public for good (`drop_reply_after_accept`,
//!   `error_after_accept`, `garbage_after_accept`). A repeat that changes nothing, such as an idempotency key used
//!   again, has no such effect and is answered normally;
//! * `slow` on the upload of media, where the network has a processing state, makes the processing slow instead.

mod fault;
mod play;
mod switchboard;
pub(crate) mod text;

pub(crate) use fault::{Fault, FaultKind, NewFault, Operation, Stage};
pub(crate) use play::Voice;
pub(crate) use switchboard::{Struck, StruckBy, Switchboard, Target, TextStrike};
