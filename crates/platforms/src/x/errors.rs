//! X's refusals (fact sheet part 1, 1.11): one table from status, type and words to a class.

use domain::target::{ErrorCode, Refusal};
use jiff::Timestamp;

use super::wire::Problem;
use crate::{exchange::Answer, failure, oauth::OauthError};

/// What X said, taken apart.
struct Said {
    /// Last segment of the problem's type, `usage-capped`.
    kind: String,
    /// Everything X said, to be shown.
    words: String,
    /// The same in lower case, to be searched.
    lower: String,
    /// The first code of the older form.
    code: Option<i64>,
}

impl Said {
    fn read(answer: &Answer) -> Option<Self> {
        let problem: Problem = answer.json()?;
        let first = problem.errors.first();
        let kind = problem.kind.as_deref().filter(|kind| *kind != "about:blank");
        let kind = kind.or_else(|| first.and_then(|entry| entry.kind.as_deref())).unwrap_or_default();
        let kind = kind.rsplit(['/', '#']).next().unwrap_or_default().to_ascii_lowercase();
        let inner = first.and_then(|entry| {
            [&entry.message, &entry.detail, &entry.title].into_iter().find_map(|text| text.as_deref())
        });
        let outer = [&problem.detail, &problem.error_description, &problem.title, &problem.error]
            .into_iter()
            .find_map(|text| text.as_deref());
        if inner.is_none() && outer.is_none() {
            return None;
        }
        let words = match (outer, inner) {
            (Some(outer), Some(inner)) if outer != inner => format!("{outer} {inner}"),
            (outer, inner) => outer.or(inner).unwrap_or_default().to_owned(),
        };
        let lower = format!("{} {words}", problem.title.as_deref().unwrap_or_default()).to_lowercase();
        Some(Self { kind, words: answer.words(&words), lower, code: first.and_then(|entry| entry.code) })
    }

    fn says(&self, phrase: &str) -> bool {
        self.lower.contains(phrase)
    }
}

/// What an answer in the 400s means.
pub(super) fn classify(now: Timestamp, answer: &Answer) -> Refusal {
    let said = Said::read(answer);
    if answer.status == 429 {
        return too_many(now, answer, said);
    }
    let Some(said) = said else {
        // Unauthorized is clear without words; anything else without X's own form is a proxy speaking.
        return match answer.status {
            401 => auth(ErrorCode::TokenExpired, answer, answer.words("")),
            402 => rejected(ErrorCode::QuotaExhausted, answer, answer.words("")),
            413 => rejected(ErrorCode::MediaRejected, answer, answer.words("")),
            _ => failure::not_understood(answer, "the answer is not one of X's"),
        };
    };
    let code = match (answer.status, said.kind.as_str()) {
        (401, _) => return auth(ErrorCode::TokenExpired, answer, said.words),
        (_, "unsupported-authentication") => return auth(ErrorCode::TokenRevoked, answer, said.words),
        (402, _) | (_, "usage-capped") => ErrorCode::QuotaExhausted,
        (_, "user-suspended") => ErrorCode::AccountRestricted,
        (_, "client-forbidden" | "oauth1-permissions") => ErrorCode::PermissionMissing,
        (413, _) => ErrorCode::MediaRejected,
        _ => by_words(answer.status, &said),
    };
    rejected(code, answer, said.words)
}

fn by_words(status: u16, said: &Said) -> ErrorCode {
    let media =
        said.says("media id") || said.says("media_ids") || said.says("media type") || said.says("media category");
    if said.says("duplicate content") {
        ErrorCode::DuplicateContent
    } else if said.says("creditsdepleted") || said.says("credits depleted") {
        ErrorCode::QuotaExhausted
    } else if said.says("suspended") || said.says("account is temporarily locked") {
        ErrorCode::AccountRestricted
    } else if media {
        ErrorCode::MediaRejected
    } else if said.says("not permitted to perform this action")
        || said.says("cashtag")
        || said.says("not visible to you")
    {
        ErrorCode::ContentRejected
    } else {
        match status {
            400 | 404 | 422 => ErrorCode::ContentRejected,
            403 => ErrorCode::PermissionMissing,
            _ => ErrorCode::PlatformError,
        }
    }
}

/// A reply to a post that X does not see yet: it answers as if the parent were gone.
pub(super) fn parent_not_visible(answer: &Answer) -> bool {
    answer.status == 403
        && Said::read(answer).is_some_and(|said| said.code == Some(385) || said.says("deleted or not visible to you"))
}

/// What X's token endpoint says in place of `invalid_grant` (fact sheet part 1, 1.3): the code or the refresh token is
/// spent, or was never one of this app.
pub(super) fn is_spent(said: &OauthError) -> bool {
    let description = said.error_description.as_deref().unwrap_or_default().to_lowercase();
    let names_it =
        description.contains("the token was invalid") || description.contains("authorization code was invalid");
    said.error == "invalid_request" && names_it
}

fn too_many(now: Timestamp, answer: &Answer, said: Option<Said>) -> Refusal {
    let words = said.as_ref().map_or_else(|| answer.words("Too Many Requests"), |said| said.words.clone());
    if said.is_some_and(|said| said.kind == "usage-capped") {
        return rejected(ErrorCode::QuotaExhausted, answer, words);
    }
    // The quotas of a day have headers of their own; the one that is used up decides, the latest if several are.
    let spent = |name: &str| answer.header(name).is_some_and(|left| left.trim() == "0");
    let day = ["x-user-limit-24hour", "x-app-limit-24hour"]
        .into_iter()
        .filter(|name| spent(&format!("{name}-remaining")))
        .filter_map(|name| failure::unix_reset(answer, &format!("{name}-reset")));
    let window = failure::unix_reset(answer, "x-rate-limit-reset");
    failure::throttled(now, answer, day.chain(window).max(), words)
}

fn auth(code: ErrorCode, answer: &Answer, message: String) -> Refusal {
    Refusal::Auth { code, message, http_status: Some(answer.status) }
}

fn rejected(code: ErrorCode, answer: &Answer, message: String) -> Refusal {
    Refusal::Rejected { code, message, http_status: Some(answer.status) }
}
