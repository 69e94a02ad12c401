//! Mastodon's refusals (fact sheet part 2, 5.7). The status is the signal; few words are looked at.

use domain::target::{ErrorCode, Refusal};
use jiff::{SignedDuration, Timestamp};

use super::wire::MastodonError;
use crate::{exchange::Answer, failure};

/// How soon a file that is still being processed is worth another try.
const STILL_PROCESSING: SignedDuration = SignedDuration::from_secs(5);

/// When the limit that the answer tells of is back.
pub(super) fn reset(answer: &Answer) -> Option<Timestamp> {
    failure::iso_reset(answer, "x-ratelimit-reset").or_else(|| failure::unix_reset(answer, "x-ratelimit-reset"))
}

/// What an answer in the 400s means.
pub(super) fn classify(now: Timestamp, answer: &Answer) -> Refusal {
    let said: MastodonError = answer.json().unwrap_or_default();
    let words = said.error_description.or(said.error);
    let message = answer.words(words.as_deref().unwrap_or_default());
    let http_status = Some(answer.status);
    let lower = words.as_deref().unwrap_or_default().to_lowercase();
    let says = |phrase: &str| lower.contains(phrase);
    let rejected = |code| Refusal::Rejected { code, message: message.clone(), http_status };
    match answer.status {
        // Only these two are clear without words of Mastodon's own.
        401 => Refusal::Auth {
            code: if says("expired") { ErrorCode::TokenExpired } else { ErrorCode::TokenRevoked },
            message,
            http_status,
        },
        429 => failure::throttled(now, answer, reset(answer), message),
        413 => rejected(ErrorCode::MediaRejected),
        _ if words.is_none() => failure::not_understood(answer, "the answer is not one of Mastodon's"),
        403 if says("currently disabled") => Refusal::Auth { code: ErrorCode::TokenRevoked, message, http_status },
        403 if says("suspended") => rejected(ErrorCode::AccountRestricted),
        403 => rejected(ErrorCode::PermissionMissing),
        422 if says("not finished processing") => {
            Refusal::NotNow { message, http_status, after: Some(STILL_PROCESSING) }
        }
        422 if says("duplicate record") || says("not_unique") || says("not unique") => {
            rejected(ErrorCode::DuplicateContent)
        }
        422 if ["attach", "media", "file", "image", "video"].into_iter().any(says) => {
            rejected(ErrorCode::MediaRejected)
        }
        400 | 404 | 422 => rejected(ErrorCode::ContentRejected),
        410 => rejected(ErrorCode::AccountNotFound),
        _ => rejected(ErrorCode::PlatformError),
    }
}
