//! What the networks' consent flows share (RFC 6749, RFC 7636): addresses of pages, what comes back from them, requests to
//! token endpoints and their answers, scopes.
//!
//! These are values and functions; in which order a network uses them, and where it differs, stands in the network's own
//! directory. Nothing here sends: a request is an [`Ask`](crate::exchange::Ask) for the network to send.
//! Why this is written by hand: `docs/adr/0012-oauth-by-hand.md`.

mod answer;
mod callback;
mod data;
mod es256;
mod page;
mod refused;
mod request;
mod scopes;

pub(crate) use answer::TokenAnswer;
pub(crate) use callback::code;
pub(crate) use data::{DataFault, PlatformData};
pub(crate) use es256::{Es256Key, token_id};
pub(crate) use page::{Page, challenge};
pub(crate) use refused::{OauthError, exchange_fault, refresh_refusal};
pub(crate) use request::{TokenRequest, client_secret};
pub(crate) use scopes::{granted, require, split};
