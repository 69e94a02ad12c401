//! The one call that makes a post public.

use domain::target::{Live, Outcome, Refusal};
use egress::Body;
use jiff::SignedDuration;
use serde_json::Value;

use super::{
    compose::Composed,
    errors, quota,
    spec::{BASE, DEFAULT_BASE},
    tokens::XTokens,
    wire::{Envelope, Id},
};
use crate::{
    Account, Cx,
    exchange::{Answer, Ask},
    failure, stored,
};

/// How long a part that X has just taken may be invisible to a reply.
const PARENT_SETTLES: SignedDuration = SignedDuration::from_secs(60);

pub(super) async fn send(cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Outcome {
    let tokens: XTokens = match stored::open(account) {
        Ok(tokens) => tokens,
        Err(refusal) => return Outcome::Refused(refusal),
    };
    let Some(composed) = Composed::read(composed) else {
        return Outcome::Refused(failure::unreadable());
    };
    let ask = Ask::post(cx.bases.get(BASE, DEFAULT_BASE), "/2/tweets").bearer(&tokens.access_token);
    match ask.body(Body::Json(composed.body.clone())).send(cx).await {
        Ok(answer) => {
            quota::note(cx, &answer);
            judge(cx, account, &composed, &answer)
        }
        Err(error) => failure::unanswered(error),
    }
}

fn judge(cx: &Cx<'_>, account: &Account<'_>, composed: &Composed, answer: &Answer) -> Outcome {
    let id = answer.success::<Envelope<Id>>().and_then(|envelope| envelope.data).map(|data| data.id);
    match id.filter(|id| super::is_id(id)) {
        Some(id) => Outcome::Published(live(account, id)),
        None => failure::refused(answer, |answer| {
            let age = cx.now.duration_since(composed.composed_at);
            if composed.parent().is_some() && age < PARENT_SETTLES && errors::parent_not_visible(answer) {
                return not_visible_yet(answer, age);
            }
            errors::classify(cx.now, answer)
        }),
    }
}

/// The parent is our own and was taken a moment ago: tries after about 2, 5 and 10 seconds.
fn not_visible_yet(answer: &Answer, age: SignedDuration) -> Refusal {
    let wait = match age.as_secs() {
        ..2 => 2,
        2..7 => 5,
        _ => 10,
    };
    Refusal::NotNow {
        message: "X does not see the part before yet".to_owned(),
        http_status: Some(answer.status),
        after: Some(SignedDuration::from_secs(wait)),
    }
}

/// What is told of a post that is there.
pub(super) fn live(account: &Account<'_>, id: String) -> Live {
    let url = match account.username {
        "" => format!("https://x.com/i/web/status/{id}"),
        username => format!("https://x.com/{username}/status/{id}"),
    };
    Live { id, url: Some(url), reference: Value::Null }
}
