//! Asking the connector, which may open what this service can only seal.

use std::time::Duration;

use bus::AskError;
use domain::{connection::ConnectQuestion, job::Call};
use serde::de::DeserializeOwned;

use crate::{App, problem::Problem};

const PATIENCE: Duration = Duration::from_secs(10);

/// Asks a question of `connect.v1`. `longest` points to the field that makes one too long.
///
/// # Errors
/// [`Problem::PlatformTimeout`], [`Problem::Unavailable`], and a fault of the longest field.
pub(super) async fn ask<A: DeserializeOwned>(
    app: &App,
    question: &ConnectQuestion,
    longest: &'static str,
) -> Result<A, Problem> {
    let question = serde_json::to_vec(question)
        .map_err(|error| Problem::Internal(format!("a question has no JSON form: {error}")))?;
    let answer = app.bus.ask(Call::Connect, question, PATIENCE).await.map_err(|error| match error {
        AskError::Timeout => Problem::PlatformTimeout,
        AskError::Unavailable => Problem::unavailable("the connector cannot be asked"),
        AskError::TooLarge => Problem::fault(longest, "too_long", "is longer than any network's are"),
    })?;
    serde_json::from_slice(&answer)
        .map_err(|error| Problem::Internal(format!("the connector's answer cannot be read: {error}")))
}
