//! Reading posts back: an organization's only.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde_json::{Value, json};

use super::super::fact::Post;
use super::super::paging::Paging;
use super::super::query::Query;
use super::super::{LinkedIn, auth, error, quota, urn};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

fn view(post: &Post) -> Value {
    let at = post.at.as_millisecond();
    let mut view = json!({
        "id": post.urn(),
        "author": post.author,
        "commentary": post.commentary,
        "visibility": post.visibility,
        "distribution":
            {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED",
        "lifecycleStateInfo": {"isEditedByAuthor": false},
        "isReshareDisabledByAuthor": false,
        "createdAt": at,
        "publishedAt": at,
        "lastModifiedAt": at,
    });
    if !post.content.is_null() {
        view["content"] = post.content.clone();
    }
    view
}

pub(in super::super) async fn get(call: Call<LinkedIn>, name: Path<String>) -> Result<HttpResponse, Refusal> {
    let caller = auth::versioned(&call)?;
    quota::count(&call, &caller.member, &quota::READS)?;
    urn::must_be_encoded(&call)?;
    Query::read(&call, &["viewContext", "fields"])?;
    auth::method(&call, "GET")?;
    let author = locked(&call.state).post(&name).map(|post| post.author.clone());
    call.before(Operation::Probe, author.as_deref(), None).await?;
    let state = locked(&call.state);
    // A caller that may read no posts at all learns nothing of which there are.
    caller.needs(&["r_organization_social"], "posts.GET")?;
    let post = state.post(&name).ok_or_else(|| error::not_found(name.as_str()))?;
    caller.reads(&state, &post.author, "posts.GET")?;
    Ok(HttpResponse::Ok().json(view(post)))
}

/// `GET /rest/posts?q=author&author=...`, newest first.
pub(in super::super) async fn list(call: Call<LinkedIn>) -> Result<HttpResponse, Refusal> {
    let caller = auth::versioned(&call)?;
    quota::count(&call, &caller.member, &quota::READS)?;
    auth::method(&call, "FINDER")?;
    let query = Query::read(&call, &["q", "author", "start", "count", "sortBy", "viewContext", "isDsc", "fields"])?;
    let paging = Paging::read(&query)?;
    query.must_be("q", "author")?;
    let author = query.get("author").unwrap_or_default();
    call.before(Operation::Probe, Some(author), None).await?;
    let sorted = query.get("sortBy").is_none_or(|by| ["LAST_MODIFIED", "CREATED"].contains(&by));
    if !sorted || urn::part(author, "person").is_none() && urn::number(author, "organization").is_none() {
        return Err(error::bad_request("ILLEGAL_ARGUMENT", "author or sortBy has a value that is not allowed"));
    }
    let state = locked(&call.state);
    caller.reads(&state, author, "posts.FINDER-author")?;
    let found = state.posts.values().rev().filter(|post| post.author == author);
    Ok(HttpResponse::Ok().json(paging.of(found.map(view).collect())))
}
