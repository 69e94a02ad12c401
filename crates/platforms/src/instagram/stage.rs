//! Making containers and waiting for them: nothing of it is public, and each step can be repeated. A container that
//! failed for no fault of the post's is made anew.

use domain::target::{ErrorCode, Refusal};
use egress::Body;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    compose::{self, Call, Composed, Container, Form, Kind, Post, State},
    errors,
    tokens::Held,
    wire::{Quota, Status},
};
use crate::{
    Account, Cx, Staged, failure,
    graph::{Id, List, Means},
    words,
};

/// How often a post's containers are made anew before it is given up.
const MAX_RESTARTS: u8 = 3;
/// Between two looks at a container: at first, and at most.
const FIRST_WAIT: i64 = 2;
const LONGEST_WAIT: i64 = 30;
/// No publication is taken while the day's are used up, and no end is told: the day rolls.
const QUOTA_WAIT: SignedDuration = SignedDuration::from_hours(1);

pub(super) async fn stage(cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Result<Staged, Refusal> {
    let Some(composed) = Composed::read(composed) else { return Err(failure::unreadable()) };
    let Composed { call, composed_at } = composed;
    let kept = |call| json!(Composed { call, composed_at });
    let Call::Post(mut post) = call else { return Ok(Staged::Ready(kept(call))) };
    let held = Held::open(account)?;
    let next = step(cx, &held, &mut post).await?;
    let composed = kept(Call::Post(post));
    Ok(match next {
        None => Staged::Ready(composed),
        Some(check_at) => Staged::Waiting { composed, check_at },
    })
}

/// One step; `None` when there are no more, else when to take the next.
async fn step(cx: &Cx<'_>, held: &Held, post: &mut Post) -> Result<Option<Timestamp>, Refusal> {
    if post.container.is_none() {
        if post.kind == Kind::Carousel {
            if let Some(file) = post.files.get(post.children.len()) {
                let form = compose::child(file, post.children.is_empty(), &post.options);
                return match make(cx, held, form).await {
                    Ok(child) => {
                        post.children.push(child);
                        Ok(Some(cx.now))
                    }
                    Err(refusal) => anew(cx, post, refusal),
                };
            }
            let mut children = std::mem::take(&mut post.children);
            let looked = all_finished(cx, held, &mut children).await;
            post.children = children;
            match looked {
                Ok(None) => {}
                Ok(wait) => return Ok(wait),
                Err(refusal) => return anew(cx, post, refusal),
            }
        }
        return match make(cx, held, compose::parent(post)).await {
            Ok(container) => {
                post.container = Some(container);
                Ok(Some(cx.now))
            }
            Err(refusal) => anew(cx, post, refusal),
        };
    }
    let Some(container) = post.container.as_mut() else { return Ok(Some(cx.now)) };
    match look(cx, held, container).await {
        Ok(None) if container.state == State::Published => Ok(None),
        Ok(None) => room(cx, held).await.map(|()| None),
        Ok(wait) => Ok(wait),
        Err(refusal) => anew(cx, post, refusal),
    }
}

/// Instagram could not use what it fetched, or forgot it: from the beginning, a few times.
fn anew(cx: &Cx<'_>, post: &mut Post, refusal: Refusal) -> Result<Option<Timestamp>, Refusal> {
    let Refusal::NotNow { message, http_status, after: Some(wait) } = refusal else { return Err(refusal) };
    if post.restarts >= MAX_RESTARTS {
        return Err(Refusal::Rejected { code: ErrorCode::MediaRejected, message, http_status });
    }
    post.restarts += 1;
    post.children.clear();
    post.container = None;
    Ok(Some(cx.now + wait))
}

async fn make(cx: &Cx<'_>, held: &Held, form: Form) -> Result<Container, Refusal> {
    let answer = held.post(cx, &format!("{}/media", held.id)).body(Body::Form(form)).call(cx).await?;
    match answer.success::<Id>().filter(|made| words::is_id(&made.id)) {
        Some(made) => Ok(Container { id: made.id, state: State::Made, asked: 0 }),
        None => Err(errors::failed(cx, &answer)),
    }
}

async fn all_finished(cx: &Cx<'_>, held: &Held, children: &mut [Container]) -> Result<Option<Timestamp>, Refusal> {
    for child in children.iter_mut().filter(|child| child.state == State::Made) {
        let wait = look(cx, held, child).await?;
        if wait.is_some() {
            return Ok(wait);
        }
    }
    Ok(None)
}

/// Asks for a container's state; `None` when it may be used, else when to ask again.
async fn look(cx: &Cx<'_>, held: &Held, container: &mut Container) -> Result<Option<Timestamp>, Refusal> {
    let status = status(cx, held, &container.id).await?;
    match status.status_code.as_str() {
        "FINISHED" => container.state = State::Finished,
        "PUBLISHED" => container.state = State::Published,
        "ERROR" => return Err(broken(&status)),
        "EXPIRED" => return Err(soon("Instagram forgot the container", 1)),
        // `IN_PROGRESS`, and whatever Instagram may add.
        _ => {
            let wait = FIRST_WAIT << container.asked.min(4);
            container.asked = container.asked.saturating_add(1);
            return Ok(Some(cx.now + SignedDuration::from_secs(wait.min(LONGEST_WAIT))));
        }
    }
    Ok(None)
}

/// What a container's own words mean.
fn broken(status: &Status) -> Refusal {
    let said = words::clean(status.status.as_deref().unwrap_or("Instagram could not process the file"));
    match errors::of_container(&said) {
        Means::No(code) => Refusal::Rejected { code, message: said, http_status: None },
        Means::Soon(seconds) => soon(&said, seconds),
        _ => soon(&said, FIRST_WAIT),
    }
}

fn soon(message: &str, seconds: i64) -> Refusal {
    let after = Some(SignedDuration::from_secs(seconds));
    Refusal::NotNow { message: message.to_owned(), http_status: None, after }
}

/// A container's state.
pub(super) async fn status(cx: &Cx<'_>, held: &Held, id: &str) -> Result<Status, Refusal> {
    let answer = held.get(cx, id).query("fields", "status_code,status").call(cx).await?;
    match answer.success::<Status>() {
        Some(status) => Ok(status),
        None => Err(errors::failed(cx, &answer)),
    }
}

/// Whether the day's publications leave room for one more. Where that cannot be learned, the publication itself will say.
async fn room(cx: &Cx<'_>, held: &Held) -> Result<(), Refusal> {
    let path = format!("{}/content_publishing_limit", held.id);
    let answer = held.get(cx, &path).query("fields", "quota_usage,config").call(cx).await?;
    let quota = answer.success::<List<Quota>>().and_then(|list| list.data.into_iter().next());
    match quota {
        Some(quota) if quota.config.quota_total > 0 && quota.quota_usage >= quota.config.quota_total => {
            let message = format!(
                "Instagram takes {} publications of an account a day, and {} are used",
                quota.config.quota_total, quota.quota_usage
            );
            Err(Refusal::Throttled { until: cx.now + QUOTA_WAIT, message })
        }
        _ => Ok(()),
    }
}
