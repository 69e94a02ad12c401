//! Reading posts by id.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde_json::{Value, json};

use super::super::{X, auth, error, quota};
use super::query::{Query, id};
use super::view::{POST_FIELDS, view};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

const SCOPES: [&str; 2] = ["tweet.read", "users.read"];
const MOST_IDS: usize = 100;

pub(in super::super) async fn get(call: Call<X>, wanted: Path<String>) -> Result<HttpResponse, Refusal> {
    let user = auth::user(&call, &SCOPES, &quota::LOOKUP)?;
    call.before(Operation::Probe, Some(&user.to_string()), None).await?;
    let query = Query::read(&call, &["tweet.fields", "expansions", "media.fields", "user.fields"])?;
    let fields = query.fields("tweet.fields", &POST_FIELDS)?;
    let number = id("id", &wanted)?;
    let state = locked(&call.state);
    let post = state.posts.get(&number).ok_or_else(|| error::not_found("id", "tweet", &wanted))?;
    Ok(HttpResponse::Ok().json(json!({"data": view(post, &state, &fields, post.user == user)})))
}

/// `?ids=1,2`: 200 with `data` for those that are there and `errors` for the rest.
pub(in super::super) async fn get_many(call: Call<X>) -> Result<HttpResponse, Refusal> {
    let user = auth::user(&call, &SCOPES, &quota::LOOKUP)?;
    call.before(Operation::Probe, Some(&user.to_string()), None).await?;
    let query = Query::read(&call, &["ids", "tweet.fields", "expansions", "media.fields", "user.fields"])?;
    let fields = query.fields("tweet.fields", &POST_FIELDS)?;
    let ids: Vec<&str> = query.get("ids").unwrap_or_default().split(',').filter(|id| !id.is_empty()).collect();
    if ids.is_empty() || ids.len() > MOST_IDS {
        let message =
            format!("The number of values in the `ids` query parameter list [{}] is not between 1 and 100", ids.len());
        return Err(error::invalid("ids", ids.join(","), message));
    }
    let state = locked(&call.state);
    let (mut data, mut errors) = (Vec::new(), Vec::new());
    for text in ids {
        match state.posts.get(&id("ids", text)?) {
            Some(post) => data.push(view(post, &state, &fields, post.user == user)),
            None => errors.push(error::missing("ids", "tweet", text)),
        }
    }
    let mut answer = json!({});
    for (name, list) in [("data", data), ("errors", errors)] {
        if !list.is_empty() {
            answer[name] = Value::from(list);
        }
    }
    Ok(HttpResponse::Ok().json(answer))
}
