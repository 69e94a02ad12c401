//! `PATCH /v1/posts/{id}`

use actix_web::web::{Data, Json};
use domain::{
    ids::PostId,
    post::{Post, PostStatus},
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use store::posts::{Change, Edit};

use super::{
    build::{build, configs},
    change::change,
    examine::{Examined, examine},
    files, sight,
};
use crate::{
    App,
    auth::{Caller, Scope},
    body::Body,
    ids::Id,
    problem::Problem,
    query::Query,
};

/// Edits a draft or a scheduled post: the fields that are given take the place of what was there, and all of it is
/// looked at anew as if it were created now.
pub(crate) async fn patch(
    app: Data<App>,
    caller: Caller,
    Id(id): Id<PostId>,
    query: Query,
    body: Body,
) -> Result<Json<Post>, Problem> {
    caller.needs(Scope::PostsWrite)?;
    query.read(|_| Some(()))?;
    let post = sight::find(&app, &caller, id).await?;
    match post.status {
        PostStatus::Draft | PostStatus::Scheduled => {}
        PostStatus::Publishing => return Err(Problem::AlreadyPublishing),
        status => return Err(Problem::Conflict(format!("a post that is `{status}` cannot be edited"))),
    }
    let Some(given) = body.value()?.as_object() else {
        return Err(Problem::fault("", "wrong_type", "must be an object"));
    };
    let now = app.clock.now();
    let whole = overlay(&post, given, now);
    let mut examined = examine(&app, &caller, &whole, now).await?;
    if examined.asked.scheduled_at.is_none() && !given.contains_key("scheduled_at") {
        examined.asked.scheduled_at = post.scheduled_at;
    }
    refuse_sudden(&post, given, &mut examined);
    if !examined.faults.is_empty() {
        return Err(Problem::Invalid(as_given(examined.faults, given)));
    }
    let edit = edit(&post, examined, now);
    let files = edit.containers.iter().flat_map(|container| &container.media);
    files::keep(&app, &caller, files, edit.due.map(|due| due + edit.max_lateness), now).await?;
    change(&app, &caller, id, Change::Edit(Box::new(edit))).await?.map(Json).ok_or(Problem::NotFound)
}

/// The post as its creation would be written today, with what is given laid over it. A time that has passed is left
/// out: it was good when it was given, and is not at fault now.
fn overlay(post: &Post, given: &Map<String, Value>, now: Timestamp) -> Value {
    let containers: Vec<_> = post
        .containers
        .iter()
        .map(|container| json!({"content": container.content, "media": container.media}))
        .collect();
    let accounts: Vec<_> = post.targets.iter().map(|target| target.account_id).collect();
    let mut whole = json!({
        "containers": containers,
        "accounts": accounts,
        "scheduled_at": post.scheduled_at.filter(|at| *at > now),
        "draft": post.status == PostStatus::Draft,
        "external_id": post.external_id,
        "external_ref": post.external_ref,
        "config": post.config,
        "account_config": post.account_config,
        "max_lateness": post.max_lateness,
    });
    for (name, value) in given {
        match name.as_str() {
            // Short for the main container.
            "content" | "media" if !given.contains_key("containers") => whole["containers"][0][name] = value.clone(),
            _ => whole[name] = value.clone(),
        }
    }
    // An account that is no longer among them takes its own text and options with it, unless they are given anew.
    if !given.contains_key("account_config")
        && let Some(accounts) = given.get("accounts").and_then(Value::as_array).cloned()
        && let Some(own) = whole["account_config"].as_object_mut()
    {
        own.retain(|account, _| accounts.iter().any(|named| named.as_str() == Some(account)));
    }
    whole
}

/// Taking a scheduled post's time away would send it at this moment, which nobody means by `null`.
fn refuse_sudden(post: &Post, given: &Map<String, Value>, examined: &mut Examined) {
    let was_scheduled = post.status == PostStatus::Scheduled;
    if was_scheduled && !examined.asked.is_draft && given.get("scheduled_at").is_some_and(Value::is_null) {
        let detail = "a scheduled post needs its time; `POST .../publish` sends it now, `draft: true` keeps it back";
        examined.faults.push(domain::fault::Fault::new("/scheduled_at", "required", detail));
    }
}

/// Faults with their places in what was given: the main container's where its short form was.
fn as_given(faults: Vec<domain::fault::Fault>, given: &Map<String, Value>) -> Vec<domain::fault::Fault> {
    let short = |pointer: &str| {
        let rest = pointer.strip_prefix("/containers/0/")?;
        let name = rest.split('/').next().unwrap_or_default();
        (given.contains_key(name) && !given.contains_key("containers")).then(|| format!("/{rest}"))
    };
    faults
        .into_iter()
        .map(|mut fault| {
            fault.pointer = short(&fault.pointer).unwrap_or(fault.pointer);
            fault
        })
        .collect()
}

fn edit(post: &Post, examined: Examined, now: Timestamp) -> Edit {
    let (containers, targets) = build(&examined);
    let (config, account_config) = configs(&examined.asked);
    let asked = examined.asked;
    Edit {
        base: post.updated_at,
        scheduled_at: asked.scheduled_at,
        due: asked.due(now),
        config,
        account_config,
        warnings: examined.warnings,
        max_lateness: asked.max_lateness.unwrap_or(post.max_lateness),
        containers,
        targets,
        external_id: asked.external_id,
        external_ref: asked.external_ref,
    }
}
