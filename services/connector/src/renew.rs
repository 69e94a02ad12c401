//! Trading an account's tokens for fresh ones.

use std::{convert::Infallible, time::Duration};

use domain::{target::Refusal, transition::Error};
use egress::Deadline;
use jiff::{SignedDuration, Timestamp};
use platforms::{Account, Cx, Refresh, Tokens};
use runtime::{backoff::Backoff, failpoint};
use secrecy::ExposeSecret as _;
use store::{
    StoreError,
    accounts::{self, Renewable, Written},
    lanes::Held,
};

use crate::{
    connect::is_empty,
    metrics::Renewal,
    refused, schedule,
    server::{Worker, tokens_of},
};

/// Targets that wait for fresh tokens are looked at this long after the next try, when its outcome is known.
const NET: SignedDuration = SignedDuration::from_secs(20);

/// Asks the network for fresh tokens and records what came of it. Returns when the lane is due next.
pub(crate) async fn renew(
    worker: &Worker,
    held: &Held,
    of: &Renewable,
    refresher: &dyn Refresh,
) -> Result<Option<Timestamp>, StoreError> {
    while_held(worker, held, async {
        match ask(worker, of, refresher).await {
            Ok(tokens) => {
                failpoint::hit("connector.after_exchange");
                let stored = store(worker, held, of, &tokens).await;
                failpoint::hit("connector.after_store");
                stored
            }
            Err(Refusal::Auth { code, message, .. }) => {
                let error = Error { code, message: refused::short(&message) };
                end(worker, held, of, &error).await
            }
            Err(Refusal::Throttled { until, message }) => set_back(worker, held, of, Some(until), &message).await,
            Err(Refusal::NotNow { message, after, .. }) => {
                let at_least = after.and_then(|after| of.now.checked_add(after).ok());
                set_back(worker, held, of, at_least, &message).await
            }
            Err(Refusal::Rejected { message, .. }) => set_back(worker, held, of, None, &message).await,
        }
    })
    .await
}

/// One call. Whatever does not work on our side may work later, so it is never the account's fault.
async fn ask(worker: &Worker, of: &Renewable, refresher: &dyn Refresh) -> Result<Tokens, Refusal> {
    let not_now = |message: String| Refusal::NotNow { message, http_status: None, after: None };
    let (door, bases) = worker.doors.of(of.mode).ok_or_else(|| not_now("no sandbox is configured".to_owned()))?;
    let tokens = worker
        .ring
        .open_text(&of.sealed_tokens, &tokens_of(of.id, of.project_id))
        .map_err(|error| not_now(error.to_string()))?;
    let account =
        Account { network_unique_id: &of.network_unique_id, username: &of.username, facts: &of.facts, tokens: &tokens };
    let patience = worker.settings.refresh_timeout();
    let cx = Cx { door, bases, now: worker.clock.now(), deadline: Deadline::after(patience), readings: None };
    let renewed = tokio::time::timeout(patience, refresher.refresh(&cx, &account, None))
        .await
        .map_err(|_| not_now("the network did not answer in time".to_owned()))??;
    if is_empty(renewed.sealed_json.expose_secret()) {
        return Err(not_now("the network answered without tokens".to_owned()));
    }
    Ok(renewed)
}

/// Kept up until the database takes them: where refresh tokens work once, these are all there is.
async fn store(worker: &Worker, held: &Held, of: &Renewable, tokens: &Tokens) -> Result<Option<Timestamp>, StoreError> {
    let context = tokens_of(of.id, of.project_id);
    let sealed = match worker.seals.seal(tokens.sealed_json.expose_secret().as_bytes(), &context) {
        Ok(sealed) => sealed,
        Err(error) => return set_back(worker, held, of, None, &error.to_string()).await,
    };
    let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
    let written = loop {
        match accounts::replace_tokens(&worker.database, held, of, &sealed, tokens.expires_at).await {
            Err(StoreError::Unavailable(reason)) => {
                tracing::warn!(%reason, "renewed tokens wait for the database");
            }
            written => break written?,
        }
        // Cut off at the hard end with everything else.
        tokio::time::sleep(backoff.after_failure()).await;
    };
    worker.setbacks.forget(of.id);
    match written {
        Written::Done => {
            worker.counts.renewal(of.platform, Renewal::Renewed);
            Ok(tokens.expires_at.map(|expires_at| schedule::due(of.now, expires_at)))
        }
        // Somebody connected it anew, or a commit whose answer was lost had stored them: what there is now decides.
        Written::Changed => {
            worker.counts.renewal(of.platform, Renewal::Overtaken);
            Ok(Some(of.now))
        }
    }
}

/// The grant is over: only its owner can help.
async fn end(worker: &Worker, held: &Held, of: &Renewable, error: &Error) -> Result<Option<Timestamp>, StoreError> {
    let written = accounts::hold_account(&worker.database, held, of, error).await?;
    worker.setbacks.forget(of.id);
    match written {
        Written::Done => {
            tracing::info!(code = error.code.word(), "an account has to be connected again");
            worker.counts.renewal(of.platform, Renewal::Ended);
            Ok(None)
        }
        Written::Changed => {
            worker.counts.renewal(of.platform, Renewal::Overtaken);
            Ok(Some(of.now))
        }
    }
}

/// It may work later. What waits for it waits along: with the tokens there are it would be refused again.
async fn set_back(
    worker: &Worker,
    held: &Held,
    of: &Renewable,
    at_least: Option<Timestamp>,
    reason: &str,
) -> Result<Option<Timestamp>, StoreError> {
    let at = worker.setbacks.add(of.id, of.now, at_least);
    worker.counts.renewal(of.platform, Renewal::Deferred);
    tracing::warn!(reason = refused::short(reason), next = %at, "an account's tokens could not be renewed");
    defer(worker, held, of, at).await?;
    Ok(Some(at))
}

/// Keeps what waits for fresh tokens until after the next try.
pub(crate) async fn defer(worker: &Worker, held: &Held, of: &Renewable, at: Timestamp) -> Result<(), StoreError> {
    let until = at.saturating_add(NET).unwrap_or(Timestamp::MAX);
    accounts::defer_waiting(&worker.database, held, of, until).await
}

/// Does something and keeps the lane meanwhile. Where the lane is lost all the same it is still finished: each write
/// says itself what it is guarded by.
async fn while_held<T>(worker: &Worker, held: &Held, work: impl Future<Output = T>) -> T {
    tokio::select! {
        done = work => done,
        never = keep(worker, held) => match never {},
    }
}

async fn keep(worker: &Worker, held: &Held) -> Infallible {
    let every = (worker.settings.lease() / 3).max(Duration::from_millis(10));
    loop {
        tokio::time::sleep(every).await;
        match worker.lanes.renew(held).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!("a refresh lane went to another holder"),
            Err(error) => tracing::warn!(%error, "a refresh lane's lease could not be renewed"),
        }
    }
}
