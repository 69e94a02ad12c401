//! Logs: one line an event, on standard error, as JSON for machines or as text for people.
//!
//! Library crates never log; a service logs an error once, where it is handled. Every line inside
//! [`Trace::span`](crate::trace::Trace::span) carries the `trace_id`.

mod json;

use std::io::{self, IsTerminal as _};

use serde::{Deserialize, Serialize};
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::ParseError,
    fmt::{self, MakeWriter},
    layer::SubscriberExt as _,
    util::{SubscriberInitExt as _, TryInitError},
};

use crate::clock::SystemClock;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One flat JSON object a line: the event's fields and those of the spans around it.
    #[default]
    Json,
    /// Text, coloured on a terminal.
    Pretty,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("reading the log filter `{filter}`")]
    Filter {
        /// As it was given.
        filter: String,
        /// Where it goes wrong.
        source: ParseError,
    },
    /// Something else logs already.
    #[error("installing the logger")]
    Install(#[source] TryInitError),
}

/// Logs to standard error from here on. `filter` is `level` or `level,crate=level,...`.
pub fn init(service: &'static str, format: LogFormat, filter: &str) -> Result<(), TelemetryError> {
    let colours = io::stderr().is_terminal();
    subscriber(service, format, filter, io::stderr, colours)?.try_init().map_err(TelemetryError::Install)
}

/// What [`init`] installs, over any writer.
pub fn subscriber<W>(
    service: &'static str,
    format: LogFormat,
    filter: &str,
    writer: W,
    colours: bool,
) -> Result<impl Subscriber + Send + Sync, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder()
        .parse(filter)
        .map_err(|source| TelemetryError::Filter { filter: filter.to_owned(), source })?;
    let lines = match format {
        LogFormat::Json => json::JsonLines::new(service, writer, SystemClock).boxed(),
        LogFormat::Pretty => fmt::layer().with_writer(writer).with_ansi(colours).boxed(),
    };
    Ok(tracing_subscriber::registry().with(lines).with(filter))
}
