//! From a body to an accepted post, in two steps: [`prepare`] looks, [`write()`] writes.

use domain::{ids::PostId, post::Post};
use jiff::{SignedDuration, Timestamp};
use runtime::{failpoint, trace::Trace};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::{
    idempotency::KEPT_FOR,
    posts::{Created, Idempotency, NewPost},
};
use uuid::Uuid;

use super::{
    build::{build, configs},
    examine::{Examined, examine},
    files,
    sight::may_see,
};
use crate::{
    App,
    auth::{Caller, Scope},
    problem::Problem,
};

/// What came of a body.
#[derive(Debug)]
pub(super) enum Accepted {
    /// It is accepted now.
    Fresh(Box<Post>),
    /// It was accepted under the same idempotency key: the answer as it was.
    Replayed(Box<Post>),
    /// It was accepted under the same `external_ref`.
    Same(PostId),
}

impl Accepted {
    /// Which post it is.
    pub(super) fn id(&self) -> PostId {
        match self {
            Self::Fresh(post) | Self::Replayed(post) => post.id,
            Self::Same(id) => *id,
        }
    }
}

/// What is to be done about a body.
#[derive(Debug)]
pub(super) enum Prepared {
    /// To be written.
    New(Box<NewPost>),
    /// Nothing: it was accepted before.
    Earlier(Accepted),
}

/// Looks at a body from every side. `key` is the caller's idempotency key.
///
/// # Errors
/// [`Problem::Invalid`] with every fault, [`Problem::ScopeMissing`], and those of the database.
pub(super) async fn prepare(
    app: &App,
    caller: &Caller,
    body: &Value,
    key: Option<String>,
    trace: &Trace,
) -> Result<Prepared, Problem> {
    caller.needs_any(&[Scope::PostsWrite, Scope::PostsDraft])?;
    // As fine as the database keeps it, so that the first answer says what later ones do.
    let now = app.clock.now();
    let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
    let fingerprint = fingerprint(caller, body);
    let idempotency = key.map(|key| Idempotency {
        key,
        fingerprint: fingerprint.clone(),
        expires_at: now + SignedDuration::try_from(KEPT_FOR).unwrap_or(SignedDuration::from_hours(24)),
    });
    let examined = examine(app, caller, body, now).await?;
    if !examined.faults.is_empty() {
        // What was good when it was accepted may not be any more: its time has passed, an account has gone.
        return match earlier(app, caller, &examined, idempotency.as_ref(), &fingerprint).await? {
            Some(accepted) => Ok(Prepared::Earlier(accepted)),
            None => Err(Problem::Invalid(examined.faults)),
        };
    }
    if !examined.asked.is_draft {
        caller.needs(Scope::PostsWrite)?;
    }
    Ok(Prepared::New(Box::new(new_post(caller, examined, fingerprint, idempotency, trace, now))))
}

/// Writes what was prepared.
///
/// # Errors
/// [`Problem::IdempotencyKeyReused`], [`Problem::ExternalRefTaken`], and those of the database.
pub(super) async fn write(app: &App, caller: &Caller, prepared: Prepared) -> Result<Accepted, Problem> {
    let post = match prepared {
        Prepared::New(post) => *post,
        Prepared::Earlier(accepted) => return Ok(accepted),
    };
    let files = post.containers.iter().flat_map(|container| &container.media);
    files::keep(app, caller, files, post.due.map(|due| due + post.max_lateness), post.created_at).await?;
    failpoint::hit("gateway.before_create");
    let created = app.posts.create(post).await??;
    failpoint::hit("gateway.after_create");
    accepted(app, caller, created).await
}

async fn accepted(app: &App, caller: &Caller, created: Created) -> Result<Accepted, Problem> {
    match created {
        Created::Fresh(post) => Ok(Accepted::Fresh(Box::new(post))),
        Created::Replayed { body, .. } => serde_json::from_value(body)
            .map(|post| Accepted::Replayed(Box::new(post)))
            .map_err(|error| Problem::Internal(format!("a saved answer is not a post: {error}"))),
        Created::KeyReused => Err(Problem::IdempotencyKeyReused),
        Created::RefTaken => Err(Problem::ExternalRefTaken),
        // A hidden post keeps its name, and so does one that this key may not see.
        Created::SameRef(id) => match app.posts.get(caller.project.id, id).await? {
            Some(post) if may_see(app, caller, &post).await? => Ok(Accepted::Same(id)),
            _ => Err(Problem::ExternalRefTaken),
        },
    }
}

async fn earlier(
    app: &App,
    caller: &Caller,
    examined: &Examined,
    idempotency: Option<&Idempotency>,
    fingerprint: &[u8],
) -> Result<Option<Accepted>, Problem> {
    let external_ref = examined.asked.external_ref.as_deref().filter(|name| !name.contains('\0'));
    let key = idempotency.map(|idempotency| idempotency.key.as_str());
    match app.posts.earlier(caller.project.id, key, external_ref, fingerprint).await? {
        Some(created) => accepted(app, caller, created).await.map(Some),
        None => Ok(None),
    }
}

/// Of what was asked for, whatever the order of its fields, and by whom: a key bound to an owner must not be answered
/// with what was done for another.
fn fingerprint(caller: &Caller, body: &Value) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(b"POST\0/v1/posts\0");
    hash.update([u8::from(caller.owner().is_some())]);
    hash.update(Sha256::digest(caller.owner().unwrap_or_default()));
    hash.update(body.to_string());
    hash.finalize().to_vec()
}

fn new_post(
    caller: &Caller,
    examined: Examined,
    fingerprint: Vec<u8>,
    idempotency: Option<Idempotency>,
    trace: &Trace,
    now: Timestamp,
) -> NewPost {
    let (containers, targets) = build(&examined);
    let (config, account_config) = configs(&examined.asked);
    let asked = examined.asked;
    NewPost {
        id: PostId(Uuid::now_v7()),
        project_id: caller.project.id,
        fingerprint,
        scheduled_at: asked.scheduled_at,
        due: asked.due(now),
        config,
        account_config,
        warnings: examined.warnings,
        max_lateness: asked.max_lateness.unwrap_or(caller.project.max_lateness),
        trace: Some(trace.to_string()),
        created_at: now,
        containers,
        targets,
        idempotency,
        external_id: asked.external_id,
        external_ref: asked.external_ref,
    }
}
