//! `getRecord` and `listRecords`: public.

use actix_web::HttpResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::state::{Post, uri};
use super::super::{Bluesky, POST, error, session};
use super::{limit, parameters};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GetRecord {
    repo: String,
    collection: String,
    rkey: String,
    cid: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListRecords {
    repo: String,
    collection: String,
    limit: Option<usize>,
    cursor: Option<String>,
    reverse: Option<bool>,
}

fn could_not_find(repo: &str) -> Refusal {
    error::invalid_request(format!("Could not find repo: {repo}"))
}

pub(in super::super) async fn get_record(call: Call<Bluesky>) -> Result<HttpResponse, Refusal> {
    let wanted: GetRecord = parameters(&call)?;
    session::reader(&call)?;
    let did = locked(&call.state).account(&wanted.repo).map(|account| account.did.clone());
    call.before(Operation::Probe, did.as_deref(), None).await?;
    let state = locked(&call.state);
    let account = state.account(&wanted.repo).ok_or_else(|| could_not_find(&wanted.repo))?;
    let uri = format!("at://{}/{}/{}", account.did, wanted.collection, wanted.rkey);
    let post = account.posts.get(&wanted.rkey).filter(|_| wanted.collection == POST);
    let post = post.filter(|post| wanted.cid.as_ref().is_none_or(|cid| post.cid == *cid));
    let missing = || error::bad_request("RecordNotFound", format!("Could not locate record: {uri}"));
    let post = post.ok_or_else(missing)?;
    Ok(HttpResponse::Ok().json(json!({"uri": uri, "cid": post.cid, "value": post.value})))
}

/// Newest key first, unless `reverse`; `cursor` is the last key seen.
pub(in super::super) async fn list_records(call: Call<Bluesky>) -> Result<HttpResponse, Refusal> {
    let wanted: ListRecords = parameters(&call)?;
    session::reader(&call)?;
    let limit = limit(wanted.limit)?;
    let did = locked(&call.state).account(&wanted.repo).map(|account| account.did.clone());
    call.before(Operation::Probe, did.as_deref(), None).await?;
    let state = locked(&call.state);
    let account = state.account(&wanted.repo).ok_or_else(|| could_not_find(&wanted.repo))?;
    if wanted.collection != POST {
        return Ok(HttpResponse::Ok().json(json!({"records": []})));
    }
    let reverse = wanted.reverse.unwrap_or(false);
    let cursor = wanted.cursor.as_ref();
    let page: Vec<(&String, &Post)> = if reverse {
        account.posts.iter().filter(|(rkey, _)| cursor.is_none_or(|cursor| *rkey > cursor)).take(limit).collect()
    } else {
        let newest = account.posts.iter().rev();
        newest.filter(|(rkey, _)| cursor.is_none_or(|cursor| *rkey < cursor)).take(limit).collect()
    };
    let records: Vec<Value> = page
        .iter()
        .map(|(rkey, post)| json!({"uri": uri(&account.did, rkey), "cid": post.cid, "value": post.value}))
        .collect();
    let mut answer = json!({"records": records});
    if let Some((rkey, _)) = page.last() {
        answer["cursor"] = rkey.as_str().into();
    }
    Ok(HttpResponse::Ok().json(answer))
}
