//! The Graph API's error envelope (fact sheet part 1, section 2.11). Clients decide on the code and not on the status.

use actix_web::http::StatusCode;
use jiff::Timestamp;
use serde_json::json;

use super::secret;
use crate::answer::Refusal;
use crate::consent::CodeProblem;

/// An error on its way to the caller.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: i32,
    subcode: Option<u32>,
    kind: &'static str,
    message: String,
    told: Option<(String, String)>,
}

impl Problem {
    /// An error whose message is said as it is.
    pub(crate) fn new(code: i32, message: impl Into<String>) -> Self {
        let status = match code {
            1 | 2 => StatusCode::INTERNAL_SERVER_ERROR,
            3 | 10 | 200..=299 => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, code, subcode: None, kind: "OAuthException", message: message.into(), told: None }
    }

    /// An error whose message begins with its number, as most do: `(#100) ...`.
    pub(crate) fn numbered(code: i32, message: impl AsRef<str>) -> Self {
        Self::new(code, format!("(#{code}) {}", message.as_ref()))
    }

    /// 100: a parameter is wrong.
    pub(crate) fn invalid(message: impl AsRef<str>) -> Self {
        Self::numbered(100, message)
    }

    /// 100 with subcode 33: no such object, or no right to it, which is not told apart.
    pub(crate) fn missing(method: &str, id: &str) -> Self {
        let message = format!(
            "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation"
        );
        Self::new(100, message).subcode(33).kind("GraphMethodException")
    }

    /// 200: the token may not do this.
    pub(crate) fn forbidden(message: impl AsRef<str>) -> Self {
        Self::numbered(200, message)
    }

    /// What no host knows: an unknown version or edge.
    pub(crate) fn no_route(path: &str) -> Self {
        Self::new(2500, format!("Unknown path components: {path}"))
    }

    pub(crate) fn subcode(mut self, subcode: u32) -> Self {
        self.subcode = Some(subcode);
        self
    }

    pub(crate) fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The code, the subcode and the message.
    pub(crate) fn numbers(&self) -> (i32, Option<u32>, &str) {
        (self.code, self.subcode, &self.message)
    }

    /// A title and a message for the person at the screen.
    pub(crate) fn told(mut self, title: &str, message: impl Into<String>) -> Self {
        self.told = Some((title.to_owned(), message.into()));
        self
    }

    /// A refusal in a fault's own words, which may name the code: `(#368) Blocked`, or `(#4/2207051) Blocked` with the
    /// subcode. Without words it is the refusal of a parameter.
    pub(crate) fn in_words(status: Option<StatusCode>, words: Option<&str>) -> Self {
        let words = words.unwrap_or("Invalid parameter");
        let problem = match numbers(words) {
            Some((code, Some(subcode), rest)) => Self::numbered(code, rest).subcode(subcode),
            Some((code, None, rest)) => Self::numbered(code, rest),
            None => Self::invalid(words),
        };
        match status {
            Some(status) => problem.status(status),
            None => problem,
        }
    }

    /// A server's failure: code 2 with status 500, code 1 with any other.
    pub(crate) fn broken(status: StatusCode) -> Self {
        let problem = match status {
            StatusCode::INTERNAL_SERVER_ERROR => {
                Self::new(2, "An unexpected error has occurred. Please retry your request later.")
            }
            _ => Self::numbered(1, "An unknown error occurred"),
        };
        problem.status(status)
    }
}

/// The numbers in front of a message, and the rest.
fn numbers(words: &str) -> Option<(i32, Option<u32>, &str)> {
    let (inside, rest) = words.strip_prefix("(#")?.split_once(')')?;
    let (code, subcode) = match inside.split_once('/') {
        Some((code, subcode)) => (code, Some(subcode.parse().ok()?)),
        None => (inside, None),
    };
    Some((code.parse().ok()?, subcode, rest.trim_start()))
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let mut error = json!({
            "message": problem.message,
            "type": problem.kind,
            "code": problem.code,
            "is_transient": matches!(problem.code, 1 | 2),
            "fbtrace_id": secret::trace(),
        });
        if let Some(subcode) = problem.subcode {
            error["error_subcode"] = subcode.into();
        }
        if let Some((title, message)) = problem.told {
            error["error_user_title"] = title.into();
            error["error_user_msg"] = message.into();
        }
        Refusal::new(problem.status, json!({"error": error}))
    }
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadToken {
    /// The request has none.
    Missing,
    /// Nobody was ever given it.
    Unknown,
    Expired(Timestamp),
    /// The person has changed the password.
    Ended,
    /// The person has removed the app.
    Removed,
}

impl From<BadToken> for Problem {
    fn from(bad: BadToken) -> Self {
        let validating = |why: &str| Self::new(190, format!("Error validating access token: {why}"));
        match bad {
            BadToken::Missing => Self::numbered(104, "An access token is required to request this resource."),
            BadToken::Unknown => Self::new(190, "Invalid OAuth access token - Cannot parse access token"),
            BadToken::Expired(at) => {
                let at = at.strftime("%A, %d-%b-%y %H:%M:%S UTC");
                validating(&format!("Session has expired on {at}.")).subcode(463)
            }
            BadToken::Ended => validating(
                "The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons.",
            )
            .subcode(460),
            BadToken::Removed => validating("The user has not authorized the application.").subcode(458),
        }
    }
}

impl From<BadToken> for Refusal {
    fn from(bad: BadToken) -> Self {
        Problem::from(bad).into()
    }
}

/// Why a code is not exchanged (the envelope of section 2.11; the subcodes are those of Facebook's dialog).
impl From<CodeProblem> for Problem {
    fn from(problem: CodeProblem) -> Self {
        match problem {
            CodeProblem::Spent => Self::new(100, "This authorization code has been used.").subcode(36_009),
            CodeProblem::Expired => Self::new(100, "This authorization code has expired.").subcode(36_007),
            CodeProblem::OtherRedirect => Self::new(
                100,
                "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request",
            )
            .subcode(36_008),
            CodeProblem::Unknown | CodeProblem::OtherApp | CodeProblem::Verifier => {
                Self::new(100, "Invalid verification code format.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_may_name_its_numbers() {
        assert_eq!(numbers("(#368) Blocked"), Some((368, None, "Blocked")));
        assert_eq!(numbers("(#-1/2207001) Server"), Some((-1, Some(2_207_001), "Server")));
        for plain in ["Blocked", "(#) Blocked", "(#12 Blocked", "(#1/x) Blocked"] {
            assert_eq!(numbers(plain), None, "{plain}");
        }
    }
}
