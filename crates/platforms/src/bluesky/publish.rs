//! The one call that makes a post public.

use domain::target::{Live, Outcome};
use egress::Body;
use serde_json::{Value, json};

use super::{access::Access, compose::Composed, errors, quota, wire::Written};
use crate::{
    Account, Cx,
    exchange::{Answer, Ask},
    failure, words,
};

/// `putRecord` and never `createRecord`, which answers a repeat with 500; and without `swapRecord`, which would refuse it.
pub(super) async fn send(cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Outcome {
    let mut access = match Access::open(account) {
        Ok(access) => access,
        Err(refusal) => return Outcome::Refused(refusal),
    };
    let Some(composed) = Composed::read(composed) else {
        return Outcome::Refused(failure::unreadable());
    };
    let ask = Ask::post(&access.pds, "/xrpc/com.atproto.repo.putRecord").body(Body::Json(json!(composed)));
    match access.send(cx, ask).await {
        Ok(answer) => {
            quota::note(cx, &answer);
            judge(cx, account, &composed, &answer)
        }
        Err(error) => failure::unanswered(error),
    }
}

fn judge(cx: &Cx<'_>, account: &Account<'_>, composed: &Composed, answer: &Answer) -> Outcome {
    match answer.success::<Written>().and_then(|written| live(account, composed, written)) {
        Some(live) => Outcome::Published(live),
        None => failure::refused(answer, |answer| errors::classify(cx.now, answer)),
    }
}

/// What is told of a record that is there; `None` when the server speaks of another one.
pub(super) fn live(account: &Account<'_>, composed: &Composed, written: Written) -> Option<Live> {
    let cid = written.cid.filter(|cid| words::is_cid(cid))?;
    if written.uri != composed.uri() {
        return None;
    }
    let who = if account.username.is_empty() { &composed.repo } else { account.username };
    Some(Live {
        url: Some(format!("https://bsky.app/profile/{who}/post/{}", composed.rkey)),
        reference: json!({"uri": written.uri, "cid": cid}),
        id: written.uri,
    })
}
