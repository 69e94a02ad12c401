//! Every problem a client can see, and how it looks: RFC 9457, `application/problem+json`.
//!
//! What a client is told and what the operator reads are two things: a failure inside carries its cause for the log and
//! shows nothing of it.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use domain::{fault::Fault, ids::AccountId};
use serde_json::{Value, json};
use store::{StoreError, WriterClosed};
use url::Url;

/// The content type of a problem.
pub(crate) const CONTENT_TYPE: &str = "application/problem+json";

/// What went wrong with a request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// The request cannot be read: a header, or the body's JSON (with line and column).
    #[error("{0}")]
    Malformed(String),
    /// No key, or one that is not taken.
    #[error("send a valid API key as `Authorization: Bearer sk_...`")]
    Unauthorized,
    /// The key may not do this.
    #[error("this needs a key with the scope `{0}`")]
    ScopeMissing(&'static str),
    /// The key may do this, but not with this content.
    #[error("{0}")]
    Forbidden(String),
    /// Nothing is here, or it is somebody else's.
    #[error("there is nothing here under this address")]
    NotFound,
    /// The address exists and does not take the method.
    #[error("this address takes {0}")]
    MethodNotAllowed(String),
    /// An earlier call with the same idempotency key has not ended.
    #[error("a call with this idempotency key is still running")]
    IdempotencyInProgress,
    /// A target is being sent: past the point of no return.
    #[error("a target of this post is being sent at this moment")]
    AlreadyPublishing,
    /// The profile is connected for another owner.
    #[error("the profile is connected for another owner")]
    AccountOwned(Option<AccountId>),
    /// Another post has this `external_ref`.
    #[error("another post has this external_ref")]
    ExternalRefTaken,
    /// The thing is not in a state that allows this.
    #[error("{0}")]
    Conflict(String),
    /// The body is longer than may be.
    #[error("the body is larger than {0} bytes")]
    TooLarge(u64),
    /// The body is of a kind that is not taken.
    #[error("{0}")]
    UnsupportedMediaType(String),
    /// Fields are at fault: all of them.
    #[error("{}", count(.0))]
    Invalid(Vec<Fault>),
    /// The idempotency key was used for another call.
    #[error("this idempotency key was used for another call")]
    IdempotencyKeyReused,
    /// No such network here.
    #[error("there is no network `{0}` here")]
    UnsupportedPlatform(String),
    /// The network has nothing of the kind.
    #[error("the network `{0}` does not offer this")]
    UnsupportedAbility(&'static str),
    /// The project is in test mode and no sandbox is configured.
    #[error("this key is a test key and no sandbox is configured for it")]
    SandboxUnavailable,
    /// Something this needs cannot be reached; trying again helps. The text is the operator's.
    #[error("this cannot be done at the moment; try again")]
    Unavailable {
        /// What the log is told.
        cause: String,
        /// Seconds after which another try makes sense.
        retry_after: u32,
    },
    /// A network did not answer a live question in time.
    #[error("the network did not answer in time")]
    PlatformTimeout,
    /// A fault of ours. The text is the operator's.
    #[error("something went wrong on our side; it was noted under this request_id")]
    Internal(String),
}

/// A code, its status and its title, for the documentation.
pub(crate) type Entry = (&'static str, u16, &'static str);

/// The closed list of codes.
pub(crate) const CODES: &[Entry] = &[
    ("malformed_request", 400, "The request cannot be read"),
    ("unauthorized", 401, "The API key is missing or not valid"),
    ("scope_missing", 403, "The key may not do this"),
    ("forbidden", 403, "The key may not do this"),
    ("not_found", 404, "Not found"),
    ("method_not_allowed", 405, "The method is not allowed"),
    ("idempotency_in_progress", 409, "The first call is still running"),
    ("already_publishing", 409, "The post is being sent"),
    ("account_owned", 409, "The profile belongs to another owner"),
    ("external_ref_taken", 409, "The external_ref is taken"),
    ("conflict", 409, "Not in this state"),
    ("payload_too_large", 413, "The body is too large"),
    ("unsupported_media_type", 415, "The content type is not taken"),
    ("validation_failed", 422, "The request is not valid"),
    ("idempotency_key_reused", 422, "The idempotency key was used for another call"),
    ("unsupported_platform", 422, "The network is not supported"),
    ("unsupported_ability", 422, "The network does not offer this"),
    ("sandbox_unavailable", 422, "There is no sandbox"),
    ("internal", 500, "Internal error"),
    ("unavailable", 503, "Unavailable at the moment"),
    ("platform_timeout", 504, "The network did not answer in time"),
];

impl Problem {
    /// One fault.
    pub(crate) fn fault(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::new(pointer, code, detail)])
    }

    /// Something cannot be reached; `cause` is for the log.
    pub(crate) fn unavailable(cause: impl Into<String>) -> Self {
        Self::Unavailable { cause: cause.into(), retry_after: 1 }
    }

    /// The stable word for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed_request",
            Self::Unauthorized => "unauthorized",
            Self::ScopeMissing(_) => "scope_missing",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::IdempotencyInProgress => "idempotency_in_progress",
            Self::AlreadyPublishing => "already_publishing",
            Self::AccountOwned(_) => "account_owned",
            Self::ExternalRefTaken => "external_ref_taken",
            Self::Conflict(_) => "conflict",
            Self::TooLarge(_) => "payload_too_large",
            Self::UnsupportedMediaType(_) => "unsupported_media_type",
            Self::Invalid(_) => "validation_failed",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::UnsupportedPlatform(_) => "unsupported_platform",
            Self::UnsupportedAbility(_) => "unsupported_ability",
            Self::SandboxUnavailable => "sandbox_unavailable",
            Self::Unavailable { .. } => "unavailable",
            Self::PlatformTimeout => "platform_timeout",
            Self::Internal(_) => "internal",
        }
    }

    fn entry(&self) -> Entry {
        let code = self.code();
        CODES.iter().copied().find(|entry| entry.0 == code).unwrap_or((code, 500, "Internal error"))
    }

    /// HTTP's own number.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.entry().1).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What the log is told, where there is more to say than the client sees.
    pub(crate) fn cause(&self) -> Option<&str> {
        match self {
            Self::Unavailable { cause, .. } | Self::Internal(cause) => Some(cause),
            _ => None,
        }
    }

    /// The body. `origin` is this server's own: the problem's type leads to its page of errors.
    pub(crate) fn body(&self, origin: &Url, request_id: &str) -> Value {
        let (code, status, title) = self.entry();
        let mut body = json!({
            "type": format!("{}/errors#{code}", origin.as_str().trim_end_matches('/')),
            "title": title,
            "status": status,
            "code": code,
            "detail": self.to_string(),
            "request_id": request_id,
        });
        match self {
            Self::Invalid(faults) => body["errors"] = json!(faults),
            Self::AccountOwned(Some(account)) => body["account_id"] = json!(account),
            _ => {}
        }
        body
    }

    /// The whole answer.
    pub(crate) fn answer(&self, origin: &Url, request_id: &str) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status());
        answer.content_type(CONTENT_TYPE);
        match self {
            Self::Unavailable { retry_after, .. } => {
                answer.insert_header(("retry-after", retry_after.to_string()));
            }
            Self::Unauthorized => {
                answer.insert_header(("www-authenticate", "Bearer"));
            }
            Self::MethodNotAllowed(allowed) => {
                answer.insert_header(("allow", allowed.as_str()));
            }
            _ => {}
        }
        answer.body(self.body(origin, request_id).to_string())
    }
}

/// The middleware around everything writes the body, since only it knows the request; see [`crate::answer`].
impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() { Self::unavailable(error.to_string()) } else { Self::Internal(error.to_string()) }
    }
}

impl From<WriterClosed> for Problem {
    fn from(error: WriterClosed) -> Self {
        Self::unavailable(error.to_string())
    }
}

fn count(faults: &[Fault]) -> String {
    match faults.len() {
        1 => "1 field is not valid".to_owned(),
        many => format!("{many} fields are not valid"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_in_the_closed_list_once_and_the_list_has_no_other() {
        // given: one of each. A new variant does not compile without its code, nor pass here without its entry.
        let text = String::new;
        let all = [
            Problem::Malformed(text()),
            Problem::Unauthorized,
            Problem::ScopeMissing(""),
            Problem::Forbidden(text()),
            Problem::NotFound,
            Problem::MethodNotAllowed(text()),
            Problem::IdempotencyInProgress,
            Problem::AlreadyPublishing,
            Problem::AccountOwned(None),
            Problem::ExternalRefTaken,
            Problem::Conflict(text()),
            Problem::TooLarge(0),
            Problem::UnsupportedMediaType(text()),
            Problem::Invalid(Vec::new()),
            Problem::IdempotencyKeyReused,
            Problem::UnsupportedPlatform(text()),
            Problem::UnsupportedAbility(""),
            Problem::SandboxUnavailable,
            Problem::unavailable(""),
            Problem::PlatformTimeout,
            Problem::Internal(text()),
        ];
        // when
        let mut codes: Vec<_> = all.iter().map(Problem::code).collect();
        let mut listed: Vec<_> = CODES.iter().map(|entry| entry.0).collect();
        codes.sort_unstable();
        listed.sort_unstable();
        // then
        assert_eq!(codes, listed);
    }

    #[test]
    fn what_the_operator_reads_is_not_what_the_client_sees() {
        let origin: Url = "http://127.0.0.1:1".parse().unwrap();
        for problem in [Problem::Internal("secret cause".into()), Problem::unavailable("secret cause")] {
            assert!(!problem.body(&origin, "req").to_string().contains("secret cause"));
            assert_eq!(problem.cause(), Some("secret cause"));
        }
    }
}
