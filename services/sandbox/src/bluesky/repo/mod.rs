//! `com.atproto.repo.*`: writing and reading records.

mod delete;
mod read;
mod write;

use serde::de::DeserializeOwned;

use super::{Bluesky, POST, error};
use crate::answer::Refusal;
use crate::call::Call;
pub(super) use delete::delete_record;
pub(super) use read::{get_record, list_records};
pub(super) use write::{create_record, put_record};

/// A procedure's JSON input.
pub(super) fn input<T: DeserializeOwned>(call: &Call<Bluesky>, body: &[u8]) -> Result<T, Refusal> {
    let content_type = call.header("content-type").unwrap_or_default();
    if content_type.split(';').next().unwrap_or_default().trim() != "application/json" {
        let message = format!("Wrong request encoding (Content-Type): {content_type}");
        return Err(error::invalid_request(message));
    }
    serde_json::from_slice(body).map_err(|problem| error::invalid_request(format!("Input: {problem}")))
}

/// A query's parameters.
pub(super) fn parameters<T: DeserializeOwned>(call: &Call<Bluesky>) -> Result<T, Refusal> {
    actix_web::web::Query::from_query(call.request().query_string())
        .map(actix_web::web::Query::into_inner)
        .map_err(|problem| error::invalid_request(format!("Error: Params: {problem}")))
}

/// A page size: 1 to 100, 50 when it is left out.
pub(super) fn limit(limit: Option<usize>) -> Result<usize, Refusal> {
    match limit.unwrap_or(50) {
        limit @ 1..=100 => Ok(limit),
        _ => Err(error::invalid_request("Error: limit must be from 1 to 100")),
    }
}

/// Only posts are kept here, so nothing else can be checked.
fn only_posts(collection: &str) -> Result<(), Refusal> {
    if collection == POST {
        return Ok(());
    }
    Err(error::invalid_request(format!("Unvalidated record, lexicon not found: {collection}")))
}

/// Whether `repo`, a DID or handle, is the caller's own.
fn own_repo(call: &Call<Bluesky>, did: &str, repo: &str) -> Result<(), Refusal> {
    let state = crate::lock::locked(&call.state);
    match state.account(repo) {
        Some(account) if account.did == did => Ok(()),
        Some(_) => Err(error::foreign_repo()),
        None => Err(error::invalid_request(format!("Could not find repo: {repo}"))),
    }
}
