//! Requests with what LinkedIn demands of each (fact sheet part 1, 5.1).

use egress::{HeaderName, HeaderValue, Method};

use super::{
    errors,
    spec::{BASE, DEFAULT_BASE, VERSION},
    tokens::LinkedinTokens,
};
use crate::{
    Cx,
    exchange::{Answer, Ask},
    failure,
};
use domain::target::Refusal;

/// The server of the API.
pub(super) fn base<'a>(cx: &Cx<'a>) -> &'a str {
    cx.bases.get(BASE, DEFAULT_BASE)
}

/// A call of the versioned API; `path` begins behind `/rest`.
pub(super) fn rest(cx: &Cx<'_>, method: Method, path: &str, tokens: &LinkedinTokens) -> Ask {
    Ask::new(method, base(cx), &format!("/rest{path}"))
        .bearer(&tokens.access_token)
        .header(HeaderName::from_static("linkedin-version"), HeaderValue::from_static(VERSION))
        .header(HeaderName::from_static("x-restli-protocol-version"), HeaderValue::from_static("2.0.0"))
}

/// Marks a search; LinkedIn tells it from a look-up by this.
pub(super) fn finder(ask: Ask) -> Ask {
    ask.header(HeaderName::from_static("x-restli-method"), HeaderValue::from_static("FINDER"))
}

/// What a repeatable call that was not answered as it should be came to.
pub(super) fn failed(cx: &Cx<'_>, tokens: &LinkedinTokens, answer: &Answer) -> Refusal {
    failure::failed(cx.now, answer, |answer| refused(cx, tokens, answer))
}

/// What a "no" means, with an eye on tokens that are seconds old.
pub(super) fn refused(cx: &Cx<'_>, tokens: &LinkedinTokens, answer: &Answer) -> Refusal {
    let too_new = if tokens.is_fresh(cx.now) { errors::token_not_known_yet(answer) } else { None };
    too_new.unwrap_or_else(|| errors::classify(cx.now, answer))
}
