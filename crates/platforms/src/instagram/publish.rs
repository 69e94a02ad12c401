//! The one call that makes something public, and where people see it.

use domain::target::{Live, Outcome, Progress};
use egress::Body;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    compose::{Call, Composed, State},
    errors,
    tokens::Held,
    wire::Media,
};
use crate::{Account, Cx, exchange::Answer, failure, graph::Id, words};

/// Until the address of what was published is asked for.
const LOOK: SignedDuration = SignedDuration::from_secs(1);

pub(super) async fn send(cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Outcome {
    let held = match Held::open(account) {
        Ok(held) => held,
        Err(refusal) => return Outcome::Refused(refusal),
    };
    let Some(composed) = Composed::read(composed) else { return Outcome::Refused(failure::unreadable()) };
    let ask = match &composed.call {
        Call::Comment { on, message } => {
            held.comment(cx, on).body(Body::Form(vec![("message".to_owned(), message.clone())]))
        }
        Call::Post(post) => match &post.container {
            // Nothing of ours says when. The probe finds it.
            Some(container) if container.state == State::Published => {
                let message = "Instagram says that the container was published already".to_owned();
                return Outcome::Ambiguous { message, http_status: None };
            }
            Some(container) => held
                .post(cx, &format!("{}/media_publish", held.id))
                .body(Body::Form(vec![("creation_id".to_owned(), container.id.clone())])),
            None => return Outcome::Refused(failure::unreadable()),
        },
    };
    match ask.send(cx).await {
        Ok(answer) => judge(cx, &composed.call, &answer),
        Err(error) => failure::unanswered(error),
    }
}

fn judge(cx: &Cx<'_>, call: &Call, answer: &Answer) -> Outcome {
    let Some(made) = answer.success::<Id>().filter(|made| words::is_id(&made.id)) else {
        return errors::refused(cx, answer);
    };
    match call {
        Call::Comment { .. } => Outcome::Published(Live { id: made.id, url: None, reference: Value::Null }),
        // It is live. Where, only another call tells.
        Call::Post(_) => Outcome::Accepted { handle: json!({"media": made.id}), check_at: cx.now + LOOK },
    }
}

/// The id in a handle that [`send`] gave.
pub(super) fn published(handle: &Value) -> Option<&str> {
    handle["media"].as_str().filter(|id| words::is_id(id))
}

/// Where people see what was published. That it is there is known, so it is told without an address rather than late.
pub(super) async fn follow(cx: &Cx<'_>, account: &Account<'_>, handle: &Value) -> Progress {
    match published(handle) {
        Some(id) => Progress::Live(shown(cx, account, id).await),
        None => Progress::Unknown { message: "the stored id of the post cannot be read".to_owned() },
    }
}

/// What is told of a post whose id is known.
pub(super) async fn shown(cx: &Cx<'_>, account: &Account<'_>, id: &str) -> Live {
    let ask = Held::open(account).map(|held| held.get(cx, id).query("fields", "id,permalink"));
    let media: Option<Media> = match ask {
        Ok(ask) => ask.call(cx).await.ok().and_then(|answer| answer.success()),
        Err(_) => None,
    };
    let url = media.filter(|media| media.id == id).and_then(|media| words::link(media.permalink));
    Live { id: id.to_owned(), url, reference: Value::Null }
}
