//! The one call that makes a post public.

use domain::target::{Live, Outcome, Refusal};
use egress::Body;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{compose::Composed, errors, tokens::ThreadsTokens};
use crate::{Account, Cx, failure, graph::Id, stored, words};

/// How long a container that Threads calls finished may not be there for publishing (fact sheet part 1, 4.6).
const SETTLES: SignedDuration = SignedDuration::from_mins(1);

pub(super) async fn send(cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Outcome {
    let (tokens, user) =
        match stored::open::<ThreadsTokens>(account).and_then(|held| Ok((held, super::id_of(account)?))) {
            Ok(known) => known,
            Err(refusal) => return Outcome::Refused(refusal),
        };
    let Some(composed) = Composed::read(composed) else { return Outcome::Refused(failure::unreadable()) };
    if composed.is_published {
        return Outcome::Ambiguous { message: "Threads had published it already".to_owned(), http_status: None };
    }
    let Some(container) = composed.post.id.as_deref() else { return Outcome::Refused(failure::unreadable()) };
    let ask = super::post(cx, &format!("{user}/threads_publish")).bearer(&tokens.access_token);
    let form = vec![("creation_id".to_owned(), container.to_owned())];
    let answer = match ask.body(Body::Form(form)).send(cx).await {
        Ok(answer) => answer,
        Err(error) => return failure::unanswered(error),
    };
    match answer.success::<Id>().filter(|made| super::is_id(&made.id)) {
        // It is live. Where people see it is asked for next, since the answer does not say.
        Some(made) => Outcome::Accepted { handle: json!({"post": made.id}), check_at: cx.now },
        None => not_known_yet(cx, &composed, errors::refused(cx, &answer)),
    }
}

/// A container that was just made is waited for by the second; a later one by the schedule of what did not leave.
fn not_known_yet(cx: &Cx<'_>, composed: &Composed, outcome: Outcome) -> Outcome {
    let is_new = composed.post.made_at.is_some_and(|at| cx.now.duration_since(at) < SETTLES);
    match outcome {
        Outcome::Refused(Refusal::NotNow { message, http_status, after: Some(_) }) if !is_new => {
            Outcome::Refused(Refusal::NotNow { message, http_status, after: None })
        }
        other => other,
    }
}

/// What is told of a post that is there. Threads leaves out the address of what it flagged (4.17).
pub(super) fn live(id: String, permalink: Option<String>) -> Live {
    Live { id, url: words::link(permalink), reference: Value::Null }
}
