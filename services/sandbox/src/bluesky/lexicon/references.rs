//! What a record refers to must be there: blobs of the author's own, posts with the CID they have.

use jiff::Timestamp;

use super::super::error;
use super::super::state::State;
use super::embed::BlobUse;
use super::post::{Post, StrongRef};
use crate::answer::Refusal;

impl Post {
    /// Checks the references of a post by `did` that is about to be written.
    pub(in super::super) fn check_references(&self, state: &State, did: &str, now: Timestamp) -> Result<(), Refusal> {
        for blob in &self.blobs {
            check_blob(blob, state, did, now)?;
        }
        if let Some(quote) = &self.quote {
            check_post(quote, state, "Record/embed/record")?;
        }
        if let Some(reply) = &self.reply {
            check_post(&reply.root, state, "Record/reply/root")?;
            check_post(&reply.parent, state, "Record/reply/parent")?;
            let parent = state.post(&reply.parent.uri).map(|(.., post)| post);
            let root = parent.and_then(|parent| parent.root()).unwrap_or(&reply.parent.uri);
            if root != reply.root.uri {
                let message = "Record/reply/root must be the first post of the parent's conversation";
                return Err(error::invalid_request(format!("Invalid app.bsky.feed.post record: {message}")));
            }
        }
        Ok(())
    }
}

fn check_post(wanted: &StrongRef, state: &State, path: &str) -> Result<(), Refusal> {
    let there = state.post(&wanted.uri).map(|(.., post)| post.cid.as_str());
    if there == Some(wanted.cid.as_str()) {
        return Ok(());
    }
    let problem = if there.is_some() { "has another cid" } else { "does not exist" };
    Err(error::invalid_request(format!("Invalid app.bsky.feed.post record: {path} {problem}: {}", wanted.uri)))
}

fn check_blob(wanted: &BlobUse, state: &State, did: &str, now: Timestamp) -> Result<(), Refusal> {
    let known = state.accounts.get(did).and_then(|account| account.blobs.get(&wanted.cid));
    let not_found = || error::bad_request("BlobNotFound", format!("Could not find blob: {}", wanted.cid));
    let blob = known.filter(|blob| blob.alive(now)).ok_or_else(not_found)?;
    if blob.mime_type != wanted.mime_type {
        let message = format!(
            "Referenced Mimetype does not match stored blob. Expected: {}, Got: {}",
            blob.mime_type, wanted.mime_type
        );
        return Err(error::bad_request("InvalidMimeType", message));
    }
    if blob.size != wanted.size {
        let message =
            format!("Referenced Size does not match stored blob. Expected: {}, Got: {}", blob.size, wanted.size);
        return Err(error::bad_request("InvalidSize", message));
    }
    let fits = match wanted.accept.strip_suffix('*') {
        Some(family) => blob.mime_type.starts_with(family),
        None => blob.mime_type == wanted.accept,
    };
    if !fits {
        let message = format!("Wrong type of file. It is {} but it must match {}.", blob.mime_type, wanted.accept);
        return Err(error::bad_request("InvalidMimeType", message));
    }
    if blob.size > wanted.most_bytes {
        let message = format!(
            "This file is too large. It is {} bytes but the maximum size is {} bytes.",
            blob.size, wanted.most_bytes
        );
        return Err(error::bad_request("BlobTooLarge", message));
    }
    Ok(())
}
