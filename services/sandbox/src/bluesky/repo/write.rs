//! `createRecord` and `putRecord`.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::super::fact::{Commit, Fact, Written};
use super::super::lexicon::{self, Post};
use super::super::oauth::Need;
use super::super::quota::{self, CREATE, UPDATE};
use super::super::state::{State, uri};
use super::super::{Bluesky, cid, error, session, tid};
use super::{input, only_posts, own_repo};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::ledger::{Change, Kind, MediaNote, NewEntry};
use crate::lock::locked;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateRecord {
    repo: String,
    collection: String,
    rkey: Option<String>,
    /// Taken and not followed: the sandbox knows the lexicon and always checks.
    #[serde(rename = "validate")]
    _validate: Option<bool>,
    record: Value,
    swap_commit: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PutRecord {
    repo: String,
    collection: String,
    rkey: String,
    #[serde(rename = "validate")]
    _validate: Option<bool>,
    record: Value,
    /// Absent: no condition. `null`: only if there is no record yet. A CID: only if it is this one.
    #[serde(default, deserialize_with = "present")]
    swap_record: Option<Option<String>>,
    swap_commit: Option<String>,
}

fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// A record that the lexicon allows, ready to be written.
struct Ready {
    did: String,
    rkey: String,
    cid: String,
    record: Value,
    post: Post,
}

/// What a write came to.
struct Outcome {
    commit: Option<Commit>,
}

pub(in super::super) async fn create_record(call: Call<Bluesky>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let did = session::caller(&call, Need::Post(&["create"]))?;
    let request: CreateRecord = input(&call, &body)?;
    own_repo(&call, &did, &request.repo)?;
    only_posts(&request.collection)?;
    let rkey = request.rkey.unwrap_or_else(|| tid::at(call.now(), rand::random()));
    publish(call, did, rkey, request.record, CREATE, |state, ready| {
        let account = state.accounts.get(&ready.did).ok_or_else(error::foreign_repo)?;
        swap_commit(request.swap_commit.as_deref(), &account.head)?;
        if account.posts.contains_key(&ready.rkey) {
            return Err(error::internal());
        }
        Ok(true)
    })
    .await
}

pub(in super::super) async fn put_record(call: Call<Bluesky>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let did = session::caller(&call, Need::Post(&["create", "update"]))?;
    let request: PutRecord = input(&call, &body)?;
    own_repo(&call, &did, &request.repo)?;
    only_posts(&request.collection)?;
    publish(call, did, request.rkey, request.record, UPDATE, |state, ready| {
        let account = state.accounts.get(&ready.did).ok_or_else(error::foreign_repo)?;
        swap_commit(request.swap_commit.as_deref(), &account.head)?;
        let there = account.posts.get(&ready.rkey).map(|post| post.cid.as_str());
        if let Some(expected) = &request.swap_record
            && expected.as_deref() != there
        {
            let there = there.unwrap_or("null");
            return Err(error::bad_request("InvalidSwap", format!("Record was at {there}")));
        }
        Ok(there != Some(ready.cid.as_str()))
    })
    .await
}

fn swap_commit(expected: Option<&str>, head: &Commit) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != head.cid => {
            Err(error::bad_request("InvalidSwap", format!("Commit was at {}", head.cid)))
        }
        _ => Ok(()),
    }
}

/// Checks, writes and answers. `decide` says whether there is anything to write.
async fn publish(
    call: Call<Bluesky>,
    did: String,
    rkey: String,
    record: Value,
    points: u64,
    decide: impl FnOnce(&State, &Ready) -> Result<bool, Refusal>,
) -> Result<HttpResponse, Refusal> {
    let text = record["text"].as_str().unwrap_or_default().to_owned();
    let limits = quota::writes(&call, &did, points)?;
    call.before(Operation::Publish, Some(&did), Some(&text)).await?;
    if !tid::is_tid(&rkey) {
        let message = format!("Invalid record key for app.bsky.feed.post: {rkey} is not a TID");
        return Err(error::invalid_request(message));
    }
    let post = lexicon::check(&record).map_err(lexicon::Invalid::refusal)?;
    let cid = cid::of_record(&record).map_err(error::invalid_request)?;
    let ready = Ready { did, rkey, cid, record, post };
    let outcome = write(&call, &ready, decide)?;
    let mut answer = json!({
        "uri": uri(&ready.did, &ready.rkey),
        "cid": ready.cid,
        "validationStatus": "valid",
    });
    let changed = outcome.commit.is_some();
    if let Some(commit) = outcome.commit {
        answer["commit"] = json!({"cid": commit.cid, "rev": commit.rev});
    }
    let answer = quota::shown(&limits, HttpResponse::Ok()).json(answer);
    if changed { call.after(Operation::Publish, &ready.did, Some(&text), answer).await } else { Ok(answer) }
}

fn write(
    call: &Call<Bluesky>,
    ready: &Ready,
    decide: impl FnOnce(&State, &Ready) -> Result<bool, Refusal>,
) -> Result<Outcome, Refusal> {
    let now = call.now();
    let mut state = locked(&call.state);
    if !decide(&state, ready)? {
        return Ok(Outcome { commit: None });
    }
    ready.post.check_references(&state, &ready.did, now)?;
    let account = state.accounts.get(&ready.did).ok_or_else(error::foreign_repo)?;
    let commit = account.next_commit(now, &ready.cid);
    let media = ready.post.blobs.iter().map(|blob| MediaNote {
        id: blob.cid.clone(),
        mime_type: blob.mime_type.clone(),
        alt_text: blob.alt.clone(),
        size: blob.size,
    });
    let parent = ready.post.reply.as_ref().map(|reply| reply.parent.uri.clone());
    let entry = NewEntry {
        at: now,
        platform: Bluesky::PLATFORM,
        account: ready.did.clone(),
        platform_post_id: uri(&ready.did, &ready.rkey),
        kind: match (account.posts.contains_key(&ready.rkey), &parent) {
            (true, _) => Kind::Edit,
            (false, Some(_)) => Kind::Reply,
            (false, None) => Kind::Post,
        },
        parent,
        text: ready.post.text.clone(),
        media: media.collect(),
    };
    let fact = Fact::RecordWritten(Written {
        did: ready.did.clone(),
        rkey: ready.rkey.clone(),
        cid: ready.cid.clone(),
        value: ready.record.clone(),
        at: now,
        commit: commit.clone(),
    });
    call.core.record_public(Bluesky::PLATFORM, &fact, Change::Enter(Box::new(entry)));
    state.apply(fact);
    Ok(Outcome { commit: Some(commit) })
}
