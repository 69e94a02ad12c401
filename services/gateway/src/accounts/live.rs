//! Asking an account's network something while the caller waits. This service cannot open the account's tokens, so the
//! publisher asks for it.

use std::time::Duration;

use bus::AskError;
use domain::{
    account::Account,
    ids::AccountId,
    job::Call,
    live::{LiveAnswer, LiveAsk, LiveRequest},
    policy::Mode,
};

use super::sight;
use crate::{App, answer::Incoming, auth::Caller, problem::Problem};

const PATIENCE: Duration = Duration::from_secs(10);
/// A client that is told to come back later than this does not.
const LONGEST_WAIT: i64 = 86_400;

/// Asks about an account that the caller may see. What comes back is an answer to what was asked.
///
/// # Errors
/// [`Problem::PlatformTimeout`] after ten seconds, [`Problem::Unavailable`] when the network or the publisher cannot be
/// asked, [`Problem::Conflict`] when the network refuses it for this account.
pub(super) async fn ask(
    app: &App,
    caller: &Caller,
    incoming: &Incoming,
    id: AccountId,
    ask: LiveAsk,
) -> Result<LiveAnswer, Problem> {
    let account = sight::find(app, caller, id).await?;
    if caller.project.mode == Mode::Test && app.sandbox.is_none() {
        return Err(Problem::SandboxUnavailable);
    }
    let request =
        LiveRequest { project_id: caller.project.id, account_id: id, ask, trace: Some(incoming.trace.to_string()) };
    let question = serde_json::to_vec(&request)
        .map_err(|error| Problem::Internal(format!("a question has no JSON form: {error}")))?;
    let answer = app.bus.ask(Call::Live, question, PATIENCE).await.map_err(|error| match error {
        AskError::Timeout => Problem::PlatformTimeout,
        AskError::Unavailable => Problem::unavailable("the publisher cannot be asked"),
        AskError::TooLarge => Problem::Internal("a live question is too large".to_owned()),
    })?;
    let answer = serde_json::from_slice(&answer)
        .map_err(|error| Problem::Internal(format!("the publisher's answer cannot be read: {error}")))?;
    told(app, &account, answer)
}

fn told(app: &App, account: &Account, answer: LiveAnswer) -> Result<LiveAnswer, Problem> {
    match answer {
        LiveAnswer::Health(_) | LiveAnswer::Metrics(_) => Ok(answer),
        LiveAnswer::Gone => Err(Problem::NotFound),
        LiveAnswer::Unsupported => Err(Problem::UnsupportedAbility(account.platform.name())),
        LiveAnswer::Refused { code, message } => {
            Err(Problem::Conflict(format!("the network refuses this for the account as it is ({code}): {message}")))
        }
        LiveAnswer::Unavailable { detail, until } => {
            let wait = until.map_or(1, |until| until.duration_since(app.clock.now()).as_secs()).clamp(1, LONGEST_WAIT);
            Err(Problem::Unavailable { cause: detail, retry_after: u32::try_from(wait).unwrap_or(u32::MAX) })
        }
        LiveAnswer::TimedOut => Err(Problem::PlatformTimeout),
    }
}

/// The publisher answered something else than it was asked.
pub(super) fn beside_the_point() -> Problem {
    Problem::Internal("the publisher answered another question".to_owned())
}
