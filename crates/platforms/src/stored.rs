//! Tokens as they are sealed: JSON of each network's own shape.

use domain::target::{ErrorCode, Refusal};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Account, Tokens};

/// Reads an account's tokens. What cannot be read can only be replaced by connecting again.
pub(crate) fn open<T: DeserializeOwned>(account: &Account<'_>) -> Result<T, Refusal> {
    // The parser's message may show a piece of a secret, so it is not passed on.
    serde_json::from_str(account.tokens.expose_secret()).map_err(|_| unreadable())
}

/// What is said of tokens that cannot be read.
pub(crate) fn unreadable() -> Refusal {
    Refusal::Auth {
        code: ErrorCode::TokenRevoked,
        message: "the stored tokens cannot be read; connect the account again".to_owned(),
        http_status: None,
    }
}

/// Tokens that open another account than the one they were kept for are of no use to it.
pub(crate) fn same(account: &Account<'_>, network_unique_id: &str) -> Result<(), Refusal> {
    if account.network_unique_id == network_unique_id {
        return Ok(());
    }
    Err(Refusal::Auth {
        code: ErrorCode::TokenRevoked,
        message: "the stored tokens open another account; connect this one again".to_owned(),
        http_status: None,
    })
}

/// Writes tokens to be sealed.
pub(crate) fn seal<T: Serialize>(tokens: &T, expires_at: Option<Timestamp>) -> Result<Tokens, Refusal> {
    let json = serde_json::to_string(tokens).map_err(|_| Refusal::NotNow {
        message: "the tokens cannot be written as JSON".to_owned(),
        http_status: None,
        after: None,
    })?;
    Ok(Tokens { sealed_json: SecretString::from(json), expires_at })
}
