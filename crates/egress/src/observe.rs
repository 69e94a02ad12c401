//! A look at each exchange, for whoever counts them.

use std::time::Duration;

use http::{Method, StatusCode};

use crate::error::{AmbiguousKind, ExchangeError, NotSentKind};

/// Told of each exchange when it is over. Called on the exchange's own task: count and return.
pub trait Observer: Send + Sync {
    /// One exchange, or one hop of a download, has ended.
    fn exchanged(&self, seen: &Exchanged<'_>);
}

/// What an observer sees: nothing of path, headers or body.
#[derive(Clone, Debug)]
pub struct Exchanged<'a> {
    /// The host asked. Map it to a class of a closed set before using it as a label.
    pub host: &'a str,
    /// The method.
    pub method: &'a Method,
    /// How it ended.
    pub outcome: Outcome,
    /// From the call to its end.
    pub elapsed: Duration,
}

/// The end of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A complete answer, or for a download the head of one.
    Answered(StatusCode),
    /// Not a byte of the request left.
    NotSent(NotSentKind),
    /// The other side may have seen it.
    Ambiguous(AmbiguousKind),
}

impl From<&ExchangeError> for Outcome {
    fn from(error: &ExchangeError) -> Self {
        match error {
            ExchangeError::NotSent { kind, .. } => Self::NotSent(*kind),
            ExchangeError::Ambiguous { kind, .. } => Self::Ambiguous(*kind),
        }
    }
}
