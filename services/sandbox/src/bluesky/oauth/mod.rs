//! atproto OAuth (fact sheet part 2, section 4.1.2): the authorization server below `/oauth/bluesky`, and what the PDS
//! wants of the calls that its tokens are for.
//!
//! Clients are public ones: those at `http://localhost`, which describe themselves in their id, and those of
//! `/_sandbox/apps`. The document behind another client's address is not fetched, since the sandbox calls nobody, so a
//! client that proves itself by `private_key_jwt` cannot be checked and is refused.

mod access;
mod authorize;
mod client;
mod dpop;
mod error;
mod grants;
mod metadata;
mod nonce;
mod par;
mod scope;
mod token;

pub(super) use access::caller;
pub(super) use authorize::{ask, decide};
pub(super) use dpop::Seen;
pub(super) use grants::{Fact, Grants};
pub(crate) use metadata::metadata;
pub(super) use metadata::{keys, protected_resource};
pub(super) use nonce::{Nonces, tell_at_pds, tell_at_server};
pub(super) use par::par;
pub(super) use scope::Need;
pub(super) use token::{revoke, token};

use jiff::SignedDuration;

/// Of an access token: the most that the reference server gives.
const ACCESS_LIFE: SignedDuration = SignedDuration::from_mins(60);
/// Of a public client's session, and of a refresh token that nobody uses.
const SESSION_LIFE: SignedDuration = SignedDuration::from_hours(24 * 14);
/// Of a pushed request.
const REQUEST_LIFE: SignedDuration = SignedDuration::from_mins(5);
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How long a challenge may not be used again.
const CHALLENGE_MEMORY: SignedDuration = SignedDuration::from_hours(24);
