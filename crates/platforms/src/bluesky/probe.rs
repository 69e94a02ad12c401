//! Asking for the record by the key chosen beforehand.

use domain::target::{Probe, Refusal};
use serde_json::Value;

use super::{compose::Composed, errors, publish, record_ref::RecordRef, session::BlueskyTokens, wire::Written};
use crate::{Account, Cx, stored};

/// Whatever is found on the key is ours: nobody else writes keys into this repository by that part's name.
pub(super) async fn probe(cx: &Cx<'_>, account: &Account<'_>, composed: &Value) -> Probe {
    let unknown = |message: String| Probe::Unknown { message };
    let tokens: BlueskyTokens = match stored::open(account) {
        Ok(tokens) => tokens,
        Err(_) => return unknown("the stored tokens cannot be read".to_owned()),
    };
    let Some(composed) = Composed::read(composed) else {
        return unknown("the stored form of the part cannot be read".to_owned());
    };
    let answer = match RecordRef::new(&composed.repo, &composed.rkey).get(&tokens.pds).call(cx).await {
        Ok(answer) => answer,
        Err(Refusal::NotNow { message, .. }) => return unknown(message),
        Err(_) => return unknown("the server could not be asked".to_owned()),
    };
    if errors::is_record_not_found(&answer) {
        return Probe::NotLive;
    }
    match answer.success::<Written>().and_then(|written| publish::live(account, &composed, written)) {
        Some(live) => Probe::Live(live),
        None => unknown(format!("the server answered {} when asked for the record", answer.status)),
    }
}
