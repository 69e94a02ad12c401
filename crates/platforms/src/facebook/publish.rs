//! The one call that makes something public.

use domain::target::{Live, Outcome};
use egress::Body;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    compose::{Call, Composed},
    errors,
    spec::CALLS,
    tokens::PageToken,
    wire::Made,
};
use crate::{
    Account, Cx,
    exchange::Answer,
    failure,
    graph::{self, Flag},
    stored, words,
};

/// The first look at a video that Facebook has just taken.
const FIRST_LOOK: SignedDuration = SignedDuration::from_secs(5);

pub(super) async fn send(cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Outcome {
    let tokens: PageToken = match stored::open(account) {
        Ok(tokens) => tokens,
        Err(refusal) => return Outcome::Refused(refusal),
    };
    let page = match super::id_of(account) {
        Ok(page) => page,
        Err(refusal) => return Outcome::Refused(refusal),
    };
    let Some(composed) = Composed::read(composed) else { return Outcome::Refused(failure::unreadable()) };
    let ask = match &composed.call {
        // What was made is read back in the same call.
        Call::Feed { .. } => super::post(cx, &format!("{page}/feed")).query("fields", "id,permalink_url"),
        Call::Video { .. } => super::post(cx, &format!("{page}/videos")),
        Call::Comment { on } => super::post(cx, &format!("{on}/comments")),
    };
    match ask.bearer(&tokens.access_token).body(Body::Json(composed.body.clone())).send(cx).await {
        Ok(answer) => {
            graph::note_usage(cx, &answer, &CALLS);
            judge(cx, &composed.call, &answer)
        }
        Err(error) => failure::unanswered(error),
    }
}

fn judge(cx: &Cx<'_>, call: &Call, answer: &Answer) -> Outcome {
    if let Call::Video { id } = call {
        return match answer.success::<Flag>() {
            Some(Flag { success: true }) => {
                Outcome::Accepted { handle: json!({"video": id}), check_at: cx.now + FIRST_LOOK }
            }
            _ => errors::refused(cx, answer),
        };
    }
    match answer.success::<Made>().filter(|made| words::is_id(&made.id)) {
        Some(made) => Outcome::Published(live(made.id, made.permalink_url)),
        None => errors::refused(cx, answer),
    }
}

/// What is told of something that is there.
pub(super) fn live(id: String, permalink: Option<String>) -> Live {
    // A video's is told without the host.
    let permalink = permalink.map(|link| match link.strip_prefix('/') {
        Some(path) => format!("https://www.facebook.com/{path}"),
        None => link,
    });
    let url = words::link(permalink).unwrap_or_else(|| format!("https://www.facebook.com/{id}"));
    Live { id, url: Some(url), reference: Value::Null }
}
