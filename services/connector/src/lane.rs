//! One refresh lane while it is held.

use domain::ids::AccountId;
use jiff::{SignedDuration, Timestamp};
use store::{StoreError, accounts, lanes::Held};
use tracing::Instrument as _;

use crate::{
    renew,
    schedule::{self, Plan},
    server::Worker,
};

/// A lane whose account could not be read is looked at again after this.
const REREAD_AFTER: SignedDuration = SignedDuration::from_secs(5);

/// Does what the account's tokens need and gives the lane back.
pub(crate) async fn hold(worker: &Worker, held: Held) {
    let account = AccountId(held.key);
    let span = tracing::info_span!("refresh", account_id = %account, trace = held.trace.as_deref());
    let next = look(worker, &held).instrument(span).await.unwrap_or_else(|error| {
        tracing::error!(%account, %error, "an account's tokens could not be looked after");
        held.taken_at.checked_add(REREAD_AFTER).ok()
    });
    if let Err(error) = worker.lanes.release(held, next).await {
        tracing::warn!(%account, %error, "a refresh lane could not be given back; it comes back when its lease ends");
    }
}

/// Returns when the lane is due next.
async fn look(worker: &Worker, held: &Held) -> Result<Option<Timestamp>, StoreError> {
    let account = AccountId(held.key);
    let Some(of) = accounts::find_renewable(&worker.database, held).await? else {
        worker.setbacks.forget(account);
        return Ok(None);
    };
    let Some(refresher) = worker.network(of.platform).refresher() else { return renew::watch(worker, held, &of).await };
    match schedule::plan(&of, worker.setbacks.not_before(account)) {
        Plan::Nothing => {
            worker.setbacks.forget(account);
            Ok(None)
        }
        Plan::At(at) => Ok(Some(at)),
        Plan::Release(next) => {
            accounts::release_waiting(&worker.database, held, &of).await?;
            Ok(next)
        }
        Plan::Defer(at) => {
            renew::defer(worker, held, &of, at).await?;
            Ok(Some(at))
        }
        Plan::Renew => renew::renew(worker, held, &of, refresher).await,
    }
}
