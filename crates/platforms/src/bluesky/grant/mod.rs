//! Accounts connected on a consent page: the AT Protocol's OAuth (fact sheet part 2, 4.1.2).
//!
//! A person's server names an authorization server; the request is pushed there, the browser follows, and every token is
//! bound to a key of the account's own that proves itself with each call.

mod client;
mod consent;
mod discovery;
mod dpop;
mod exchange;
mod refresh;
mod register;
mod scopes;

pub(super) use dpop::Prover;
pub(super) use exchange::GrantTokens;
pub(super) use refresh::refresh;
