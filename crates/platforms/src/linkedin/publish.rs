//! The one call that makes a post or a comment public.

use domain::target::{Live, Outcome, Refusal};
use egress::{Body, Method};
use jiff::SignedDuration;
use serde_json::Value;

use super::{
    ask::{self, rest},
    compose::Composed,
    errors,
    tokens::LinkedinTokens,
    urn,
    wire::Comment,
};
use crate::{Account, Cx, exchange::Answer, failure, stored};

/// How long LinkedIn may refuse an image to a post that it has just taken.
const IMAGE_SETTLES: SignedDuration = SignedDuration::from_secs(60);

pub(super) async fn send(cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Outcome {
    let tokens: LinkedinTokens = match stored::open(account) {
        Ok(tokens) => tokens,
        Err(refusal) => return Outcome::Refused(refusal),
    };
    let Some(composed) = Composed::read(composed) else {
        return Outcome::Refused(failure::unreadable());
    };
    let path = match &composed.on {
        Some(post) => comments_of(post),
        None => "/posts".to_owned(),
    };
    match rest(cx, Method::POST, &path, &tokens).body(Body::Json(composed.body.clone())).send(cx).await {
        Ok(answer) => judge(cx, &tokens, &composed, &answer),
        Err(error) => failure::unanswered(error),
    }
}

/// Where a post's comments are, below `/rest`.
pub(super) fn comments_of(post: &str) -> String {
    comments_path(&urn::encoded(post))
}

/// The same of a name that stands in a path as it is.
pub(super) fn comments_path(post: &str) -> String {
    format!("/socialActions/{post}/comments")
}

fn judge(cx: &Cx<'_>, tokens: &LinkedinTokens, composed: &Composed, answer: &Answer) -> Outcome {
    let made = match &composed.on {
        None => post_of(answer).map(|id| live(id, None)),
        Some(post) => comment_of(answer).map(|id| live(id, Some(post))),
    };
    made.map_or_else(|| failure::refused(answer, |answer| refused(cx, tokens, composed, answer)), Outcome::Published)
}

/// A post is named in a header; the body is empty (5.6).
fn post_of(answer: &Answer) -> Option<String> {
    let named = answer.header("x-restli-id").filter(|_| answer.is_success())?;
    urn::is_post(named).then(|| named.to_owned())
}

fn comment_of(answer: &Answer) -> Option<String> {
    answer.success::<Comment>()?.comment_urn.filter(|urn| urn::is_comment(urn))
}

fn refused(cx: &Cx<'_>, tokens: &LinkedinTokens, composed: &Composed, answer: &Answer) -> Refusal {
    let is_new = composed.uploaded_at.is_some_and(|at| cx.now.duration_since(at) < IMAGE_SETTLES);
    let early = match composed.on {
        Some(_) => errors::post_not_visible_yet(answer),
        None => None,
    };
    early
        .or_else(|| if is_new { errors::image_not_usable_yet(answer) } else { None })
        .unwrap_or_else(|| ask::refused(cx, tokens, answer))
}

/// What is told of a post that is there, or of a comment `on` one: people see that below its post.
pub(super) fn live(id: String, on: Option<&str>) -> Live {
    let url = format!("https://www.linkedin.com/feed/update/{}/", on.unwrap_or(&id));
    Live { id, url: Some(url), reference: Value::Null }
}
