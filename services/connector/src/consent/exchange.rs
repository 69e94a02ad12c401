//! Trading what a browser brought back for profiles with tokens.

use std::collections::BTreeMap;

use domain::target::Refusal;
use egress::Deadline;
use platforms::{ConsentAnswer, ConsentFault, Cx, Granted, Identity};
use secrecy::ExposeSecret as _;
use store::sessions::Session;

use super::{
    apps::{self, NoApp, Wanted},
    back::{Code, Ended},
    secrets::Kept,
};
use crate::{connect::is_empty, server::Worker};

/// Calls the network. Nothing of what was brought back goes into a message or a log.
pub(super) async fn exchange(
    worker: &Worker,
    session: &Session,
    query: &BTreeMap<String, String>,
) -> Result<Vec<Identity>, Ended> {
    let failed = |message: &str| Ended::new(Code::ExchangeFailed, message);
    let (door, bases) = worker.doors.of(session.mode).ok_or_else(|| failed("No sandbox is configured"))?;
    let consent =
        worker.network(session.platform).consent().ok_or_else(|| failed("The network has no consent page"))?;
    let kept = kept(worker, session)?;
    let wanted = Wanted {
        project: session.project_id,
        mode: session.mode,
        platform: session.platform,
        variant: &session.variant,
    };
    let app = apps::as_it_is(worker, wanted, session.social_network_id).await.map_err(|no| match no {
        NoApp::Missing => failed("The app was taken away meanwhile"),
        NoApp::Unavailable(reason) => {
            tracing::warn!(platform = %session.platform, reason, "an app could not be had when a browser came back");
            failed("The app cannot be had at the moment")
        }
        NoApp::Refused(refusal) => failed(&words_of(refusal)),
    })?;
    let patience = worker.settings.consent_timeout();
    let cx = Cx { door, bases, now: worker.clock.now(), deadline: Deadline::after(patience), readings: None };
    let answer = ConsentAnswer {
        query,
        verifier: &kept.verifier,
        kept: &kept.kept,
        scopes: &session.scopes,
        data: &session.platform_data,
    };
    let oauth = app.oauth();
    let granted = tokio::time::timeout(patience, consent.complete(&cx, &oauth, &answer))
        .await
        .map_err(|_| failed("The network did not answer in time"))?
        .map_err(|fault| {
            let ended = match fault {
                ConsentFault::Denied(words) => Ended::new(Code::AccessDenied, &masked(&words, query)),
                ConsentFault::Invalid(words) => failed(&masked(&words, query)),
                ConsentFault::Refused(refusal) => failed(&masked(&words_of(refusal), query)),
            };
            if ended.code == Code::ExchangeFailed {
                tracing::warn!(platform = %session.platform, reason = ended.message, "a consent could not be exchanged");
            }
            ended
        })?;
    judge(session, granted)
}

fn kept(worker: &Worker, session: &Session) -> Result<Kept, Ended> {
    let unkept = |reason: &dyn std::fmt::Display| {
        tracing::error!(%reason, "what an attempt to connect kept cannot be opened");
        Ended::new(Code::ExchangeFailed, "What the attempt began with cannot be read any more")
    };
    let sealed = session.sealed.as_deref().ok_or_else(|| unkept(&"it is gone"))?;
    Kept::open(&worker.ring, sealed, session.id, session.project_id).map_err(|error| unkept(&error))
}

/// A grant has to be of use. Whether its scopes suffice is the network's client's to say: it knows which cover which.
fn judge(session: &Session, granted: Granted) -> Result<Vec<Identity>, Ended> {
    let useful =
        |one: &Identity| !one.network_unique_id.is_empty() && !is_empty(one.tokens.sealed_json.expose_secret());
    if granted.profiles.is_empty() {
        return Err(Ended::new(Code::NoAccounts, "There is nothing that could be connected"));
    }
    if !granted.profiles.iter().all(useful) {
        tracing::warn!(platform = %session.platform, "a network named profiles without an id or tokens");
        return Err(Ended::new(Code::ExchangeFailed, "The network did not say whose tokens it gave"));
    }
    Ok(granted.profiles)
}

fn words_of(refusal: Refusal) -> String {
    match refusal {
        Refusal::Rejected { message, .. } | Refusal::Auth { message, .. } | Refusal::NotNow { message, .. } => message,
        Refusal::Throttled { until, message } => format!("The network asks to wait until {until:.0}: {message}"),
    }
}

/// Networks repeat what they were sent. What a browser brought is worth something, but for what it says of an error.
fn masked(words: &str, query: &BTreeMap<String, String>) -> String {
    let secrets = query.iter().filter(|(name, value)| !name.starts_with("error") && value.len() > 5);
    secrets.fold(words.to_owned(), |words, (_, value)| words.replace(value.as_str(), "…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_brought_back_is_not_repeated() {
        let query = BTreeMap::from(
            [("code", "s3cr3t-c0de"), ("error_description", "not today"), ("x", "a")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        assert_eq!(masked("a bad code: s3cr3t-c0de, not today", &query), "a bad code: …, not today");
    }
}
