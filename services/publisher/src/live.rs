//! What only the network knows of an account, asked while a caller waits.
//!
//! A network that does not answer says nothing of the account: that is never told as bad health.

use std::time::Duration;

use domain::{
    account::AccountStatus,
    live::{AccountMetrics, Engagement, Health, LiveAnswer, LiveAsk, LiveRequest, Period},
    target::{ErrorCode, Refusal},
};
use egress::Deadline;
use jiff::Timestamp;
use platforms::{Account, AccountNumbers, Cx};
use runtime::trace::Trace;
use secrecy::SecretString;
use store::accounts::{self, Askable};
use tracing::Instrument as _;
use vault::Context;

use crate::server::Worker;

/// Questions answered at a time.
pub(crate) const AT_ONCE: u16 = 64;
/// What is left of the asker's patience for the way back.
const RESERVE: Duration = Duration::from_millis(500);

/// Answers whatever was asked. `patience` is how long the asker still waits.
pub(crate) async fn answer(worker: &Worker, body: &[u8], patience: Duration) -> LiveAnswer {
    let Ok(request) = serde_json::from_slice::<LiveRequest>(body) else {
        tracing::error!("a question on live.v1 cannot be read; is the gateway of another version?");
        return unavailable("The publisher does not understand the gateway");
    };
    let trace = Trace::continue_from(request.trace.as_deref());
    let deadline = Deadline::after(patience.saturating_sub(RESERVE));
    find_out(worker, &request, &trace, deadline).instrument(trace.span()).await
}

async fn find_out(worker: &Worker, request: &LiveRequest, trace: &Trace, deadline: Deadline) -> LiveAnswer {
    let found = accounts::find_askable(&worker.database, request.project_id, request.account_id).await;
    let account = match found {
        Ok(Some(account)) => account,
        Ok(None) => return LiveAnswer::Gone,
        Err(error) => {
            tracing::error!(%error, "an account could not be read for a live question");
            return unavailable("The account could not be read");
        }
    };
    let answer = match held_back(&account, worker.now(), request.ask) {
        Some(answer) => answer,
        None => ask(worker, &account, request.ask, trace, deadline).await,
    };
    worker.metrics.live_read(account.platform, outcome(&answer));
    answer
}

/// What is known of an account that posts do not go to, whatever its network would say.
fn held_back(account: &Askable, now: Timestamp, ask: LiveAsk) -> Option<LiveAnswer> {
    let (code, message) = match account.status {
        AccountStatus::Active => return None,
        AccountStatus::NeedsReconnect => (ErrorCode::TokenRevoked, "The account has to be connected again"),
        AccountStatus::Disconnected => (ErrorCode::AccountNotFound, "The account was disconnected"),
    };
    let (code, message) =
        account.error.as_ref().map_or((code, message.to_owned()), |error| (error.code, error.message.clone()));
    Some(match ask {
        LiveAsk::Health => unhealthy(now, code, message),
        LiveAsk::Metrics(_) => LiveAnswer::Refused { code, message },
    })
}

async fn ask(worker: &Worker, account: &Askable, ask: LiveAsk, trace: &Trace, deadline: Deadline) -> LiveAnswer {
    let Some((door, bases)) = worker.doors.of(account.mode) else {
        return unavailable("No sandbox is configured, and projects in test mode ask nowhere else");
    };
    let origin = worker.origin(account.platform, account.mode, &account.facts);
    if let Some(seen) = origin.trouble() {
        return unavailable(&format!("The network could not be reached: {seen}"));
    }
    let Some(_place) = origin.place_to_ask() else {
        return unavailable("Too many questions to this network are under way");
    };
    let Some(tokens) = open(worker, account) else {
        return unavailable("The account's tokens cannot be opened here");
    };
    // The wait ends before the exchange does, so that what takes too long is told apart from what cannot be reached.
    let cx = Cx {
        door,
        bases,
        now: worker.now(),
        deadline: Deadline::after(deadline.remaining() + RESERVE),
        readings: None,
    };
    let profile = Account {
        network_unique_id: &account.network_unique_id,
        username: &account.username,
        facts: &account.facts,
        tokens: &tokens,
    };
    let network = worker.network(account.platform);
    let asking = async {
        match ask {
            LiveAsk::Health => {
                let told = network.health(&cx, &profile).await;
                note(worker, account, trace, told.as_ref().err()).await;
                health(cx.now, told)
            }
            LiveAsk::Metrics(period) => {
                let Some(numbers) = network.numbers() else { return LiveAnswer::Unsupported };
                let told = numbers.account_numbers(&cx, &profile, (period.since, period.until)).await;
                note(worker, account, trace, told.as_ref().err()).await;
                metrics(account, period, cx.now, told)
            }
        }
    };
    tokio::time::timeout(deadline.remaining(), asking).await.unwrap_or(LiveAnswer::TimedOut)
}

fn open(worker: &Worker, account: &Askable) -> Option<SecretString> {
    let context =
        Context { table: "account_tokens", column: "sealed", row: account.id.0, project: account.project_id.0 };
    let opened = match &account.tokens {
        Some((sealed, _)) => worker.ring.open_text(sealed, &context).map_err(|error| error.to_string()),
        None => Err("the account has none".to_owned()),
    };
    opened
        .inspect_err(|reason| tracing::error!(account_id = %account.id, reason, "an account's tokens do not open"))
        .ok()
}

/// Tokens that the network takes no more are renewed at once where they can be, as they would be for a post.
async fn note(worker: &Worker, account: &Askable, trace: &Trace, refusal: Option<&Refusal>) {
    let is_word_of_network = matches!(refusal, Some(Refusal::Auth { http_status: Some(_), .. }));
    if !is_word_of_network || worker.network(account.platform).refresher().is_none() {
        return;
    }
    if let Err(error) = accounts::expire_tokens(&worker.database, account, Some(trace.to_string())).await {
        tracing::warn!(account_id = %account.id, %error, "tokens that are not taken could not be noted as run out");
    }
}

fn health(now: Timestamp, told: Result<(), Refusal>) -> LiveAnswer {
    match told {
        Ok(()) => LiveAnswer::Health(Health { healthy: true, checked_at: now, error_code: None, error_message: None }),
        Err(Refusal::Auth { code, message, .. }) => unhealthy(now, code, message),
        Err(Refusal::Rejected {
            code: code @ (ErrorCode::PermissionMissing | ErrorCode::AccountRestricted | ErrorCode::AccountNotFound),
            message,
            ..
        }) => unhealthy(now, code, message),
        Err(refusal) => untold(now, refusal),
    }
}

fn unhealthy(now: Timestamp, code: ErrorCode, message: String) -> LiveAnswer {
    let (error_code, error_message) = (Some(code), Some(message));
    LiveAnswer::Health(Health { healthy: false, checked_at: now, error_code, error_message })
}

fn metrics(account: &Askable, period: Period, now: Timestamp, told: Result<AccountNumbers, Refusal>) -> LiveAnswer {
    match told {
        Ok(numbers) => LiveAnswer::Metrics(AccountMetrics {
            account_id: account.id,
            period,
            followers: numbers.followers,
            following: numbers.following,
            posts: numbers.posts,
            engagement: Engagement {
                views: numbers.views,
                likes: numbers.likes,
                comments: numbers.comments,
                shares: numbers.shares,
            },
            platform_specific: match numbers.platform_specific {
                serde_json::Value::Null => serde_json::json!({}),
                told => told,
            },
            captured_at: now,
        }),
        Err(Refusal::Auth { code, message, .. } | Refusal::Rejected { code, message, .. }) => {
            LiveAnswer::Refused { code, message }
        }
        Err(refusal) => untold(now, refusal),
    }
}

/// A refusal that says nothing of the account.
fn untold(now: Timestamp, refusal: Refusal) -> LiveAnswer {
    let (detail, until) = match refusal {
        Refusal::Throttled { until, message } => (message, Some(until)),
        Refusal::NotNow { message, after, .. } => (message, after.and_then(|after| now.checked_add(after).ok())),
        Refusal::Auth { message, .. } | Refusal::Rejected { message, .. } => (message, None),
    };
    LiveAnswer::Unavailable { detail, until }
}

fn unavailable(detail: &str) -> LiveAnswer {
    LiveAnswer::Unavailable { detail: detail.to_owned(), until: None }
}

/// For the numbers: a closed list.
fn outcome(answer: &LiveAnswer) -> &'static str {
    match answer {
        LiveAnswer::Health(_) | LiveAnswer::Metrics(_) => "answered",
        LiveAnswer::Gone | LiveAnswer::Unsupported | LiveAnswer::Refused { .. } => "refused",
        LiveAnswer::Unavailable { .. } => "unavailable",
        LiveAnswer::TimedOut => "timed_out",
    }
}

#[cfg(test)]
mod tests;
