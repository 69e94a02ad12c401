//! XRPC's typed errors (fact sheet part 2, 4.7): one table from name to class.

use domain::target::{ErrorCode, Refusal};
use jiff::Timestamp;

use super::wire::XrpcError;
use crate::{exchange::Answer, failure};

/// What an answer in the 400s means.
pub(super) fn classify(now: Timestamp, answer: &Answer) -> Refusal {
    let said: XrpcError = answer.json().unwrap_or_default();
    let message = match (said.error.as_deref(), said.message.as_deref()) {
        (Some(error), Some(message)) => answer.words(&format!("{error}: {message}")),
        (Some(words), None) | (None, Some(words)) => answer.words(words),
        (None, None) => answer.words(""),
    };
    let http_status = Some(answer.status);
    let rejected = |code| Refusal::Rejected { code, message: message.clone(), http_status };
    let auth = |code| Refusal::Auth { code, message: message.clone(), http_status };
    if answer.status == 429 {
        let named = failure::unix_reset(answer, "ratelimit-reset");
        return failure::throttled(now, answer, named, message);
    }
    let bad_scope = said.message.as_deref().is_some_and(|message| message.contains("Bad token scope"));
    match (said.error.as_deref(), answer.status) {
        (Some("InsufficientScope"), _) => rejected(ErrorCode::PermissionMissing),
        (Some("InvalidToken"), _) if bad_scope => rejected(ErrorCode::PermissionMissing),
        // `invalid_token`: a grant's tokens run out within the hour, and are renewed.
        (Some("ExpiredToken"), _) | (Some("invalid_token"), 401) => auth(ErrorCode::TokenExpired),
        // The proof and not the token is at fault: the nonce changed again meanwhile, or a clock is wrong.
        (Some("use_dpop_nonce" | "invalid_dpop_proof"), _) => Refusal::NotNow { message, http_status, after: None },
        // The account's owner has to act: sign in again, lift a takedown, activate the account.
        (
            Some("InvalidToken" | "AuthMissing" | "AuthenticationRequired" | "AccountTakedown" | "AccountDeactivated"),
            _,
        )
        | (Some("AccountSuspended" | "AccountNotFound" | "AuthFactorTokenRequired"), _) => {
            auth(ErrorCode::TokenRevoked)
        }
        (Some("RepoTakendown" | "RepoSuspended" | "RepoDeactivated"), _) => rejected(ErrorCode::AccountRestricted),
        (Some("RepoNotFound"), _) => rejected(ErrorCode::AccountNotFound),
        // Unattached uploads are collected after minutes to hours.
        (Some("BlobNotFound"), _) => rejected(ErrorCode::MediaUnavailable),
        (Some("InvalidMimeType" | "InvalidSize" | "PayloadTooLarge" | "BlobTooLarge"), _) | (_, 413) => {
            rejected(ErrorCode::MediaRejected)
        }
        // Only another writer of the same account can cause it.
        (Some("InvalidSwap"), _) => Refusal::NotNow { message, http_status, after: None },
        (Some("InvalidRequest" | "InvalidRecord"), _) => rejected(ErrorCode::ContentRejected),
        (_, 401) => auth(ErrorCode::TokenRevoked),
        (Some(_), 403) => rejected(ErrorCode::PermissionMissing),
        (Some(_), _) => rejected(ErrorCode::PlatformError),
        (None, _) => failure::not_understood(answer, "the answer is not one of the AT Protocol's"),
    }
}

/// Whether a read says for certain that the record is not there. Servers before 2024 had no name for it.
pub(super) fn is_record_not_found(answer: &Answer) -> bool {
    let Some(said) = answer.json::<XrpcError>().filter(|_| (400..=499).contains(&answer.status)) else { return false };
    said.error.as_deref() == Some("RecordNotFound")
        || said.error.as_deref() == Some("InvalidRequest")
            && said.message.is_some_and(|message| message.starts_with("Could not locate record"))
}
