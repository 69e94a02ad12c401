//! Asking for the record by the key chosen beforehand.

use domain::target::Probe;

use super::{access::Access, compose::Composed, errors, publish, record_ref::RecordRef, wire::Written};
use crate::{Account, Cx, Sought, failure};

/// Whatever is found on the key is ours: nobody else writes keys into this repository by that part's name.
pub(super) async fn probe(cx: &Cx<'_>, account: &Account<'_>, sought: &Sought<'_>) -> Probe {
    let unknown = |message: String| Probe::Unknown { message };
    let access = match Access::open(account) {
        Ok(access) => access,
        Err(refusal) => return failure::unknown(&refusal),
    };
    let Some(composed) = Composed::read(sought.composed) else { return unknown(failure::UNREADABLE.to_owned()) };
    let answer = match RecordRef::new(&composed.repo, &composed.rkey).get(&access.pds).call(cx).await {
        Ok(answer) => answer,
        Err(refusal) => return failure::unknown(&refusal),
    };
    if errors::is_record_not_found(&answer) {
        return Probe::NotLive;
    }
    match answer.success::<Written>().and_then(|written| publish::live(account, &composed, written)) {
        Some(live) => Probe::Live(live),
        None => unknown(format!("the server answered {} when asked for the record", answer.status)),
    }
}
