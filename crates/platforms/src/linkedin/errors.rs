//! LinkedIn's refusals (fact sheet part 1, 5.11): one table from status, code and words to a class.

use domain::target::{ErrorCode, Refusal};
use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};

use super::wire::Problem;
use crate::{exchange::Answer, failure};

/// What LinkedIn said, taken apart.
struct Said {
    /// Everything it said, to be shown.
    words: String,
    /// The same in lower case, to be searched.
    lower: String,
    /// `REVOKED_ACCESS_TOKEN`, and the codes of what a validation found; in upper case.
    codes: Vec<String>,
    /// LinkedIn's older number, 65601.
    service: Option<i64>,
}

impl Said {
    fn read(answer: &Answer) -> Option<Self> {
        let problem: Problem = answer.json()?;
        let inputs = problem.error_details.unwrap_or_default().input_errors;
        let codes: Vec<String> = problem
            .code
            .iter()
            .chain(inputs.iter().filter_map(|input| input.code.as_ref()))
            .map(|code| code.to_ascii_uppercase())
            .collect();
        let inner = inputs.iter().find_map(|input| input.description.as_deref());
        let words = match (problem.message.as_deref(), inner) {
            (Some(outer), Some(inner)) if !outer.contains(inner) => format!("{outer} ({inner})"),
            (outer, inner) => outer.or(inner).or(problem.code.as_deref()).unwrap_or_default().to_owned(),
        };
        if words.is_empty() && problem.service_error_code.is_none() {
            return None;
        }
        let lower = words.to_lowercase();
        Some(Self { words: answer.words(&words), lower, codes, service: problem.service_error_code })
    }

    fn says(&self, phrase: &str) -> bool {
        self.lower.contains(phrase)
    }

    fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|has| has == code)
    }
}

/// What an answer in the 400s means.
pub(super) fn classify(now: Timestamp, answer: &Answer) -> Refusal {
    let said = Said::read(answer);
    if answer.status == 429 {
        let words = said.map_or_else(|| answer.words("Too Many Requests"), |said| said.words);
        return failure::throttled(now, answer, reset(now, answer), words);
    }
    let Some(said) = said else {
        // Unauthorized is clear without words; anything else without LinkedIn's own form is a proxy speaking.
        return match answer.status {
            401 => auth(ErrorCode::TokenExpired, answer, answer.words("")),
            413 => rejected(ErrorCode::MediaRejected, answer, answer.words("")),
            _ => failure::not_understood(answer, "the answer is not one of LinkedIn's"),
        };
    };
    let code = match answer.status {
        401 => return auth(token_code(&said), answer, said.words),
        // Somebody else's change at the same time, or a version of the API that is gone: nothing was made, and the next
        // try or the next release may do better.
        409 | 426 => return not_now(answer, said.words, None),
        403 => ErrorCode::PermissionMissing,
        413 => ErrorCode::MediaRejected,
        _ if said.has("VERSION_MISSING") => ErrorCode::PlatformError,
        _ if said.has("DUPLICATE_POST") || said.says("content is a duplicate") => ErrorCode::DuplicateContent,
        400 | 422 if names_media(&said) => ErrorCode::MediaRejected,
        400 | 404 | 422 => ErrorCode::ContentRejected,
        _ => ErrorCode::PlatformError,
    };
    rejected(code, answer, said.words)
}

fn token_code(said: &Said) -> ErrorCode {
    match said.service {
        Some(65_600 | 65_601) => ErrorCode::TokenRevoked,
        _ if said.has("REVOKED_ACCESS_TOKEN") || said.has("INVALID_ACCESS_TOKEN") => ErrorCode::TokenRevoked,
        _ => ErrorCode::TokenExpired,
    }
}

fn names_media(said: &Said) -> bool {
    ["urn:li:image:", "/content/media", "/content/multiimage"].iter().any(|name| said.says(name))
}

/// LinkedIn names no reset: its quotas are those of a day in UTC (5.12). What it says all the same is believed.
fn reset(now: Timestamp, answer: &Answer) -> Option<Timestamp> {
    if answer.header("retry-after").is_some() {
        return None;
    }
    let day = now.to_zoned(TimeZone::UTC).date();
    let midnight = day.tomorrow().ok()?.to_datetime(Time::midnight()).to_zoned(TimeZone::UTC).ok()?;
    Some(midnight.timestamp())
}

/// A token that was handed out a moment ago and that not all of LinkedIn's servers know yet (5.3).
pub(super) fn token_not_known_yet(answer: &Answer) -> Option<Refusal> {
    let said = Said::read(answer).filter(|said| answer.status == 401 && said.service == Some(65_601))?;
    Some(not_now(answer, said.words, Some(SignedDuration::from_secs(5))))
}

/// A comment on a post that was made a moment ago: LinkedIn answers as if there were none (5.7).
pub(super) fn post_not_visible_yet(answer: &Answer) -> Option<Refusal> {
    let said = Said::read(answer).filter(|said| said.says("unable to obtain activity"))?;
    Some(not_now(answer, said.words, None))
}

/// An image that was uploaded a moment ago and that LinkedIn does not let the post have yet (5.11).
pub(super) fn image_not_usable_yet(answer: &Answer) -> Option<Refusal> {
    let said = Said::read(answer).filter(|said| answer.status == 403 && said.says("resource is forbidden"))?;
    Some(not_now(answer, said.words, Some(SignedDuration::from_secs(5))))
}

fn not_now(answer: &Answer, message: String, after: Option<SignedDuration>) -> Refusal {
    Refusal::NotNow { message, http_status: Some(answer.status), after }
}

fn auth(code: ErrorCode, answer: &Answer, message: String) -> Refusal {
    Refusal::Auth { code, message, http_status: Some(answer.status) }
}

fn rejected(code: ErrorCode, answer: &Answer, message: String) -> Refusal {
    Refusal::Rejected { code, message, http_status: Some(answer.status) }
}
