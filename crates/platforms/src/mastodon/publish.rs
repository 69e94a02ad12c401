//! The one call that makes a status public.

use domain::target::{Live, Outcome};
use egress::{Body, HeaderName, HeaderValue};
use serde_json::Value;

use super::{compose::Composed, errors, quota, tokens::MastodonTokens, wire::Status};
use crate::{
    Account, Cx,
    exchange::{Answer, Ask},
    failure, stored, words,
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

pub(super) async fn send(cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Outcome {
    let tokens: MastodonTokens = match stored::open(account) {
        Ok(tokens) => tokens,
        Err(refusal) => return Outcome::Refused(refusal),
    };
    let composed = Composed::read(composed);
    let key = composed.as_ref().and_then(|composed| HeaderValue::try_from(&composed.key).ok());
    let (Some(composed), Some(key)) = (composed, key) else {
        return Outcome::Refused(failure::unreadable());
    };
    let ask = Ask::post(&tokens.base, "/api/v1/statuses")
        .bearer(&tokens.access_token)
        .header(IDEMPOTENCY_KEY, key)
        .body(Body::Json(composed.body));
    match ask.send(cx).await {
        Ok(answer) => {
            quota::note(cx, &answer);
            judge(cx, &answer)
        }
        Err(error) => failure::unanswered(error),
    }
}

fn judge(cx: &Cx<'_>, answer: &Answer) -> Outcome {
    match answer.success::<Status>().and_then(live) {
        Some(live) => Outcome::Published(live),
        None => failure::refused(answer, |answer| errors::classify(cx.now, answer)),
    }
}

/// What is told of a status that is there.
pub(super) fn live(status: Status) -> Option<Live> {
    let url = words::link(status.url).or_else(|| words::link(status.uri));
    words::is_id(&status.id).then_some(Live { id: status.id, url, reference: Value::Null })
}
