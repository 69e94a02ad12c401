//! `GET /2/users/{id}/tweets`: a user's posts and replies, newest first.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde_json::{Value, json};

use super::super::fact::Post;
use super::super::{X, auth, error, quota};
use super::query::{Query, id};
use super::view::{POST_FIELDS, view};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

const KNOWN: [&str; 11] = [
    "max_results",
    "start_time",
    "end_time",
    "since_id",
    "until_id",
    "pagination_token",
    "exclude",
    "tweet.fields",
    "expansions",
    "media.fields",
    "user.fields",
];

pub(in super::super) async fn timeline(call: Call<X>, wanted: Path<String>) -> Result<HttpResponse, Refusal> {
    let reader = auth::user(&call, &["tweet.read", "users.read"], &quota::TIMELINE)?;
    call.before(Operation::Probe, Some(&wanted), None).await?;
    let query = Query::read(&call, &KNOWN)?;
    let fields = query.fields("tweet.fields", &POST_FIELDS)?;
    let exclude = query.fields("exclude", &["replies", "retweets"])?;
    let limit = query.number("max_results", 5, 100)?.unwrap_or(10);
    let (start, end) = (query.time("start_time")?, query.time("end_time")?);
    let (since, until) = (query.id("since_id")?, query.id("until_id")?);
    // A token is the id of the last post of the page before.
    let below = query.id("pagination_token")?;
    let number = id("id", &wanted)?;
    let state = locked(&call.state);
    let user = state.users.get(&number).ok_or_else(|| error::not_found("id", "user", &wanted))?;
    let fits = |post: &&Post| {
        start.is_none_or(|start| post.at >= start)
            && end.is_none_or(|end| post.at < end)
            && since.is_none_or(|since| post.id > since)
            && until.is_none_or(|until| post.id < until)
            && below.is_none_or(|below| post.id < below)
            && !(exclude.has("replies") && post.parent.is_some())
    };
    let mut found = user.posts.iter().rev().filter_map(|id| state.posts.get(id)).filter(fits);
    let page: Vec<&Post> = found.by_ref().take(limit).collect();
    let more = found.next().is_some();
    let mut meta = json!({"result_count": page.len()});
    let mut answer = json!({});
    if let (Some(newest), Some(oldest)) = (page.first(), page.last()) {
        meta["newest_id"] = newest.id.to_string().into();
        meta["oldest_id"] = oldest.id.to_string().into();
        if more {
            meta["next_token"] = oldest.id.to_string().into();
        }
        let data = page.iter().map(|post| view(post, &state, &fields, number == reader));
        answer["data"] = data.collect::<Vec<Value>>().into();
    }
    answer["meta"] = meta;
    Ok(HttpResponse::Ok().json(answer))
}
