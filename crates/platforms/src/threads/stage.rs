//! Making a post's containers and waiting until Threads is done with them (fact sheet part 1, 4.6). Nothing is public yet.

use domain::target::{ErrorCode, Refusal};
use egress::Body;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    compose::{Composed, Container, Form},
    errors,
    tokens::ThreadsTokens,
    wire::{self, Limit},
};
use crate::{
    Account, Cx, Staged, failure,
    graph::{Id, List},
    stored,
};

/// When Threads is asked for the first time whether it is done.
const FIRST_LOOK: SignedDuration = SignedDuration::from_secs(1);
/// Threads asks to be asked no more often (4.6).
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(1);
/// Looked for this long after a quota that was used up.
const QUOTA_WAIT: SignedDuration = SignedDuration::from_mins(30);

/// One step: a container made, or asked for.
pub(super) async fn stage(cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Result<Staged, Refusal> {
    let tokens: ThreadsTokens = stored::open(account)?;
    let user = super::id_of(account)?;
    let Some(mut composed) = Composed::read(composed) else { return Err(failure::unreadable()) };
    let calls = Calls { cx, user, token: &tokens.access_token };
    let check_at = match calls.step(&mut composed).await? {
        Step::Done => return Ok(Staged::Ready(json!(composed))),
        Step::Again(at) => at,
    };
    Ok(Staged::Waiting { composed: json!(composed), check_at })
}

enum Step {
    Done,
    Again(Timestamp),
}

struct Calls<'a> {
    cx: &'a Cx<'a>,
    user: &'a str,
    token: &'a str,
}

impl Calls<'_> {
    async fn step(&self, composed: &mut Composed) -> Result<Step, Refusal> {
        let is_first = composed.post.id.is_none() && composed.children.iter().all(|child| child.id.is_none());
        if is_first {
            self.must_have_room(composed.parent().is_some()).await?;
        }
        if let Some(child) = composed.children.iter_mut().find(|child| child.id.is_none()) {
            return self.make(child, child.form.clone()).await;
        }
        if composed.post.id.is_none()
            && let Some(child) = composed.children.iter_mut().find(|child| !child.is_finished)
        {
            return match self.look(child).await? {
                Looked::Finished => {
                    child.is_finished = true;
                    Ok(Step::Again(self.cx.now))
                }
                Looked::Not(at) => Ok(Step::Again(at)),
                // A file of a carousel is never published by itself.
                Looked::Gone | Looked::Published => {
                    child.forget();
                    Ok(Step::Again(self.cx.now))
                }
            };
        }
        if composed.post.id.is_none() {
            let mut form = composed.post.form.clone();
            let children: Vec<&str> = composed.children.iter().filter_map(|child| child.id.as_deref()).collect();
            if !children.is_empty() {
                form.push(("children".to_owned(), children.join(",")));
            }
            return self.make(&mut composed.post, form).await;
        }
        match self.look(&composed.post).await? {
            Looked::Finished => Ok(Step::Done),
            Looked::Not(at) => Ok(Step::Again(at)),
            // It was called not live and is: sending finds nothing to send, and it is looked up.
            Looked::Published => {
                composed.is_published = true;
                Ok(Step::Done)
            }
            Looked::Gone => {
                composed.post.forget();
                composed.children.iter_mut().for_each(Container::forget);
                Ok(Step::Again(self.cx.now))
            }
        }
    }

    /// How much of its quota a profile has used up is told, and not when there is more (4.12). What cannot be learned is
    /// no reason not to try.
    async fn must_have_room(&self, is_reply: bool) -> Result<(), Refusal> {
        let ask = super::get(self.cx, "me/threads_publishing_limit")
            .query("fields", "quota_usage,config,reply_quota_usage,reply_config")
            .bearer(self.token);
        let Ok(answer) = ask.call(self.cx).await else { return Ok(()) };
        let Some(limit) = answer.success::<List<Limit>>().and_then(|list| list.data.into_iter().next()) else {
            return Ok(());
        };
        let (used, config, what) = match is_reply {
            true => (limit.reply_quota_usage, limit.reply_config, "replies"),
            false => (limit.quota_usage, limit.config, "posts"),
        };
        match (used, config.and_then(|config| config.quota_total)) {
            (Some(used), Some(total)) if total > 0 && used >= total => Err(Refusal::Throttled {
                until: self.cx.now + QUOTA_WAIT,
                message: format!("the profile has published {used} of {total} {what} that Threads allows in 24 hours"),
            }),
            _ => Ok(()),
        }
    }

    async fn make(&self, container: &mut Container, form: Form) -> Result<Step, Refusal> {
        let has_file = container.form.iter().any(|(name, _)| matches!(name.as_str(), "image_url" | "video_url"));
        let ask = super::post(self.cx, &format!("{}/threads", self.user)).bearer(self.token);
        let answer = ask.body(Body::Form(form)).call(self.cx).await?;
        match answer.success::<Id>().filter(|made| super::is_id(&made.id)) {
            Some(made) => {
                container.id = Some(made.id);
                container.made_at = Some(self.cx.now);
                Ok(Step::Again(self.cx.now + FIRST_LOOK))
            }
            None if has_file => Err(errors::file_failed(self.cx, &answer)),
            None => Err(errors::failed(self.cx, &answer)),
        }
    }

    async fn look(&self, container: &Container) -> Result<Looked, Refusal> {
        let id = container.id.as_deref().unwrap_or_default();
        look(self.cx, id, self.token, container.made_at).await
    }
}

/// What a container says of itself.
pub(super) enum Looked {
    /// May be published.
    Finished,
    /// Not finished; ask again then.
    Not(Timestamp),
    /// Its time ran out, or Threads does not know it any more.
    Gone,
    /// Published, as it says itself or as its name being a post's says.
    Published,
}

/// Asks for a container. A failed one is [`Refusal::Rejected`], with Threads' word for it.
pub(super) async fn look(cx: &Cx<'_>, id: &str, token: &str, made_at: Option<Timestamp>) -> Result<Looked, Refusal> {
    let answer = super::get(cx, id).query("fields", "status,error_message").bearer(token).call(cx).await?;
    let Some(container) = answer.success::<wire::Container>() else {
        return match errors::failed(cx, &answer) {
            Refusal::Rejected { message, .. } if is_a_post(&message) => Ok(Looked::Published),
            // Right after it was made it may not be known yet; later it is not any more.
            Refusal::NotNow { after: Some(_), .. } if is_old(cx, made_at) => Ok(Looked::Gone),
            other => Err(other),
        };
    };
    match container.status.as_str() {
        "FINISHED" => Ok(Looked::Finished),
        "PUBLISHED" => Ok(Looked::Published),
        "EXPIRED" => Ok(Looked::Gone),
        "ERROR" => {
            let said = container.error_message.unwrap_or_else(|| "UNKNOWN".to_owned());
            Err(Refusal::Rejected {
                code: ErrorCode::MediaRejected,
                message: answer.words(&format!("Threads could not prepare the post: {said}")),
                http_status: Some(answer.status),
            })
        }
        // `IN_PROGRESS`, and whatever Threads may add.
        _ => Ok(Looked::Not(cx.now + wait(cx, made_at))),
    }
}

/// What a container that was published may say when it is asked for its status: it is a post now and has none (4.13).
fn is_a_post(message: &str) -> bool {
    message.contains("nonexisting field (status)")
}

fn age(cx: &Cx<'_>, made_at: Option<Timestamp>) -> SignedDuration {
    made_at.map_or(SignedDuration::ZERO, |at| cx.now.duration_since(at))
}

/// Long enough that Threads knows it, if it still does (4.11).
fn is_old(cx: &Cx<'_>, made_at: Option<Timestamp>) -> bool {
    age(cx, made_at) > SignedDuration::from_mins(5)
}

/// The longer it takes, the more rarely it is asked.
fn wait(cx: &Cx<'_>, made_at: Option<Timestamp>) -> SignedDuration {
    age(cx, made_at).clamp(FIRST_LOOK, LONGEST_WAIT)
}
