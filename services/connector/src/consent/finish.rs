//! What a browser brought back, until it is known where it goes with what.

use std::collections::BTreeMap;

use runtime::trace::Trace;
use secrecy::ExposeSecret as _;
use store::{
    StoreError,
    audit::Actor,
    sessions::{self, Redeemed, Session},
};
use tracing::Instrument as _;
use url::Url;

use super::{
    apps::callback_name,
    back::{Back, Code, Ended},
    exchange, keep, secrets, settle,
};
use crate::{metrics::Consented, server::Worker};

/// Where the browser goes.
pub(crate) enum Finished {
    /// To its caller.
    Back(Url),
    /// Nowhere: nobody began this, or somebody went on with it before.
    Lost,
    /// Nowhere yet: something of ours cannot be reached, and the state still works.
    NotNow,
}

/// An attempt that came back has something to tell, or nothing.
type Told = Result<Arrived, Ended>;

enum Arrived {
    Pending(secrecy::SecretString),
    Connected(Vec<domain::ids::AccountId>),
}

/// Goes on with the attempt of a state that came back by the app `name`, with what else is in `query`.
pub(crate) async fn finish(worker: &Worker, name: &str, state: &str, query: &BTreeMap<String, String>) -> Finished {
    if !secrets::is_name(state) {
        return Finished::Lost;
    }
    let redeemed = match sessions::redeem(&worker.database, &sessions::hash(state)).await {
        Ok(redeemed) => redeemed,
        Err(error) => {
            tracing::error!(%error, "a browser came back and its attempt could not be read");
            return Finished::NotNow;
        }
    };
    let (session, is_late) = match redeemed {
        None => return Finished::Lost,
        Some(Redeemed::InTime(session)) => (session, false),
        Some(Redeemed::Late(session)) => (session, true),
    };
    let trace = Trace::continue_from(session.trace.as_deref());
    let told = async {
        if is_late {
            return Err(Ended::new(Code::Expired, "It took too long on the network's page"));
        }
        let told = go_on(worker, &session, name, query, &trace).await;
        if let Err(ended) = &told {
            forget(worker, &session, ended).await;
        }
        told
    }
    .instrument(trace.span())
    .await;
    worker.counts.consent(session.platform, outcome(&told));
    address(&session, &told).map_or(Finished::Lost, Finished::Back)
}

async fn go_on(
    worker: &Worker,
    session: &Session,
    name: &str,
    query: &BTreeMap<String, String>,
    trace: &Trace,
) -> Told {
    if name != callback_name(session.social_network_id, session.platform, &session.variant) {
        tracing::warn!(platform = %session.platform, "a browser came back by another app than it was sent through");
        return Err(Ended::new(Code::ExchangeFailed, "The network answered by another app than it was asked by"));
    }
    let granted = exchange::exchange(worker, session, query).await?;
    let ours = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, platform = %session.platform, "what a person consented to could not be recorded");
        Ended::new(Code::ExchangeFailed, "What was found could not be recorded")
    };
    let choices = keep::choices(worker, session, granted).await.map_err(|error| ours(&error))?;
    let key = secrets::unguessable();
    let hash = sessions::hash(key.expose_secret());
    let kept = sessions::found(&worker.database, session.id, &hash, &choices).await.map_err(|error| ours(&error))?;
    if kept.is_none() {
        return Err(Ended::new(Code::ExchangeFailed, "The attempt ended meanwhile"));
    }
    match session.auto_finalize {
        true => settle::settle(worker, session, &hash, trace).await.map(Arrived::Connected),
        false => Ok(Arrived::Pending(key)),
    }
}

/// What it kept and found is of no use any more. Where it cannot be destroyed now, it is when its time is over.
async fn forget(worker: &Worker, session: &Session, ended: &Ended) {
    let actor = actor(worker, session);
    let failed: Result<bool, StoreError> =
        sessions::fail(&worker.database, &actor, session.id, ended.code.word()).await;
    if let Err(error) = failed {
        tracing::warn!(%error, "an attempt to connect that brought nothing is forgotten later");
    }
}

/// Whose doing it is that something changes by a browser's coming back.
pub(super) fn actor(worker: &Worker, session: &Session) -> Actor {
    Actor { project_id: session.project_id, name: "connector".to_owned(), at: worker.clock.now() }
}

/// The way back of a session's browser.
pub(crate) fn back(session: &Session) -> Back<'_> {
    Back { redirect_uri: &session.redirect_uri, state: session.caller_state.as_deref() }
}

fn address(session: &Session, told: &Told) -> Option<Url> {
    match told {
        Ok(Arrived::Pending(key)) => back(session).pending(key.expose_secret()),
        Ok(Arrived::Connected(accounts)) => back(session).connected(accounts),
        Err(ended) => back(session).ended(ended),
    }
}

fn outcome(told: &Told) -> Consented {
    match told {
        Ok(Arrived::Pending(_)) => Consented::Pending,
        Ok(Arrived::Connected(_)) => Consented::Connected,
        Err(ended) => match ended.code {
            Code::AccessDenied => Consented::AccessDenied,
            Code::Expired => Consented::Expired,
            Code::AccountOwned => Consented::AccountOwned,
            Code::ExchangeFailed => Consented::ExchangeFailed,
            Code::NoAccounts => Consented::NoAccounts,
        },
    }
}
