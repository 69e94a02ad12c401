//! What a token endpoint refuses (RFC 6749 5.2).

use domain::target::{ErrorCode, Refusal};
use serde::Deserialize;

use crate::{ConsentFault, Cx, exchange::Answer, failure};

/// The endpoint's error, as it is written.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct OauthError {
    /// `invalid_grant` and its like.
    pub(crate) error: String,
    /// For people.
    pub(crate) error_description: Option<String>,
}

impl OauthError {
    /// `None` where the answer is in another form.
    pub(crate) fn read(answer: &Answer) -> Option<Self> {
        answer.json::<Self>().filter(|said| !said.error.is_empty())
    }

    /// Fit to be stored and shown.
    pub(crate) fn words(&self, answer: &Answer) -> String {
        match self.error_description.as_deref().filter(|text| !text.trim().is_empty()) {
            Some(description) => answer.words(&format!("{}: {description}", self.error)),
            None => answer.words(&self.error),
        }
    }

    fn is_spent(&self) -> bool {
        self.error == "invalid_grant"
    }
}

/// What an answer without a token means for a code. `is_spent` knows what a network says in place of `invalid_grant`.
pub(crate) fn exchange_fault(cx: &Cx<'_>, answer: &Answer, is_spent: impl FnOnce(&OauthError) -> bool) -> ConsentFault {
    match OauthError::read(answer) {
        Some(said) if is_no(answer) && (said.is_spent() || is_spent(&said)) => {
            ConsentFault::Invalid(said.words(answer))
        }
        Some(said) if is_no(answer) && said.error == "access_denied" => ConsentFault::Denied(said.words(answer)),
        said => ConsentFault::Refused(failure::failed(cx.now, answer, |answer| match said {
            _ if answer.status == 429 => throttled(cx, answer),
            // Of the app or of the request; no other code would help.
            Some(said) => Refusal::Rejected {
                code: ErrorCode::PlatformError,
                message: said.words(answer),
                http_status: Some(answer.status),
            },
            None => failure::not_understood(answer, "the answer is not one of a token endpoint"),
        })),
    }
}

/// What an answer without a token means for a refresh token: only one that is spent needs the account's owner. Anything
/// else (the app's secret is wrong, the endpoint has a bad day) may be cured without.
pub(crate) fn refresh_refusal(cx: &Cx<'_>, answer: &Answer, is_spent: impl FnOnce(&OauthError) -> bool) -> Refusal {
    match OauthError::read(answer) {
        Some(said) if is_no(answer) && (said.is_spent() || is_spent(&said)) => Refusal::Auth {
            code: ErrorCode::TokenRevoked,
            message: said.words(answer),
            http_status: Some(answer.status),
        },
        said => failure::failed(cx.now, answer, |answer| match said {
            _ if answer.status == 429 => throttled(cx, answer),
            Some(said) => {
                Refusal::NotNow { message: said.words(answer), http_status: Some(answer.status), after: None }
            }
            None => failure::not_understood(answer, "the answer is not one of a token endpoint"),
        }),
    }
}

/// The endpoint's own no, and not a server in trouble that writes one.
fn is_no(answer: &Answer) -> bool {
    matches!(answer.status, 400..=499) && !matches!(answer.status, 408 | 429)
}

fn throttled(cx: &Cx<'_>, answer: &Answer) -> Refusal {
    let words = OauthError::read(answer).map_or_else(|| answer.words("Too Many Requests"), |said| said.words(answer));
    failure::throttled(cx.now, answer, None, words)
}
