//! Connecting what was found at once, where the caller asked for that.

use domain::ids::AccountId;
use runtime::trace::Trace;
use store::{
    StoreError,
    sessions::{self, Finalize, Finalized, Selection, Session},
};

use super::{
    back::{Code, Ended},
    finish::actor,
    reseal,
};
use crate::{connect::TRIES, server::Worker};

/// Connects all of it, or as much as nobody else has.
pub(super) async fn settle(
    worker: &Worker,
    session: &Session,
    session_hash: &[u8],
    trace: &Trace,
) -> Result<Vec<AccountId>, Ended> {
    let actor = actor(worker, session);
    let word = Finalize {
        actor: &actor,
        session_hash,
        selection: Selection::All,
        external_id: session.external_id.as_deref(),
        trace: Some(trace.to_string()),
    };
    let unfinished = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, platform = %session.platform, "what was found could not be connected");
        Ended::new(Code::ExchangeFailed, "What was found could not be connected")
    };
    for _ in 0..TRIES {
        match sessions::finalize(&worker.database, &word).await.map_err(|error: StoreError| unfinished(&error))? {
            Finalized::Done { accounts, .. } if accounts.is_empty() => {
                return Err(Ended::new(Code::AccountOwned, "It is connected for somebody else already"));
            }
            Finalized::Done { accounts, .. } => {
                accounts.iter().for_each(|account| worker.setbacks.forget(account.id));
                return Ok(accounts.into_iter().map(|account| account.id).collect());
            }
            Finalized::Raced { session: id } => {
                reseal::anew(worker, session.project_id, id).await.map_err(|error| unfinished(&error))?;
            }
            Finalized::Over | Finalized::Unknown => {
                return Err(Ended::new(Code::Expired, "The attempt ended meanwhile"));
            }
            Finalized::NotOffered(_) | Finalized::Unchosen | Finalized::ForeignOwner => {
                return Err(unfinished(&"all that was found is not what was found"));
            }
        }
    }
    Err(unfinished(&"others connected and purged the same profiles all the while"))
}
