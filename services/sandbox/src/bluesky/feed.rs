//! The AppView: posts as everybody sees them. Readable without a session, as at the public host.

use actix_web::HttpResponse;
use serde::Deserialize;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::state::{Account, Post, State, uri};
use super::{Bluesky, error, identity, repo, session};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

const MOST_URIS: usize = 25;

fn view(state: &State, account: &Account, rkey: &str, post: &Post) -> Value {
    let uri = uri(&account.did, rkey);
    json!({
        "cid": post.cid,
        "author": identity::basic_profile(account),
        "record": post.value,
        "replyCount": state.reply_count(&uri),
        "repostCount": 0,
        "likeCount": 0,
        "quoteCount": 0,
        "bookmarkCount": 0,
        "indexedAt": post.at,
        "labels": [],
        "uri": uri,
    })
}

/// `uris` repeated, at most 25; what does not exist is left out.
pub(super) async fn get_posts(call: Call<Bluesky>) -> Result<HttpResponse, Refusal> {
    session::reader(&call)?;
    let mut uris = Vec::new();
    for (name, value) in form_urlencoded::parse(call.request().query_string().as_bytes()) {
        match name.as_ref() {
            "uris" | "uris[]" => uris.push(value.into_owned()),
            other => return Err(error::invalid_request(format!("Error: Params has no property \"{other}\""))),
        }
    }
    if uris.is_empty() || uris.len() > MOST_URIS {
        return Err(error::invalid_request("Error: uris must have from 1 to 25 elements"));
    }
    let author = locked(&call.state).post(&uris[0]).map(|(account, ..)| account.did.clone());
    call.before(Operation::Probe, author.as_deref(), None).await?;
    let state = locked(&call.state);
    let found = uris.iter().filter_map(|uri| state.post(uri));
    let posts: Vec<Value> = found.map(|(account, rkey, post)| view(&state, account, rkey, post)).collect();
    Ok(HttpResponse::Ok().json(json!({"posts": posts})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GetAuthorFeed {
    actor: String,
    limit: Option<usize>,
    cursor: Option<String>,
    filter: Option<String>,
    include_pins: Option<bool>,
}

pub(super) async fn get_author_feed(call: Call<Bluesky>) -> Result<HttpResponse, Refusal> {
    let wanted: GetAuthorFeed = repo::parameters(&call)?;
    session::reader(&call)?;
    let limit = repo::limit(wanted.limit)?;
    let replies = match wanted.filter.as_deref() {
        None | Some("posts_with_replies") => true,
        Some("posts_no_replies" | "posts_and_author_threads") => false,
        Some(_) => return Err(error::invalid_request("Error: filter is not known to the sandbox")),
    };
    // Nothing can be pinned here, so either value reads the same.
    let _ = wanted.include_pins;
    let did = locked(&call.state).account(&wanted.actor).map(|account| account.did.clone());
    call.before(Operation::Probe, did.as_deref(), None).await?;
    let state = locked(&call.state);
    let account = state.account(&wanted.actor).ok_or_else(|| error::invalid_request("Profile not found"))?;
    let before = |rkey: &String| wanted.cursor.as_ref().is_none_or(|cursor| rkey < cursor);
    let own = account.posts.iter().rev().filter(|(rkey, _)| before(rkey));
    let page: Vec<_> = own.filter(|(_, post)| replies || post.parent().is_none()).take(limit).collect();
    let cursor = page.last().filter(|_| page.len() == limit).map(|(rkey, _)| (*rkey).clone());
    let feed: Vec<Value> =
        page.into_iter().map(|(rkey, post)| json!({"post": view(&state, account, rkey, post)})).collect();
    let mut answer = json!({"feed": feed});
    if let Some(cursor) = cursor {
        answer["cursor"] = cursor.into();
    }
    Ok(HttpResponse::Ok().json(answer))
}
