//! What can go wrong on the way.

use domain::job::LANES_PER_MESSAGE;

/// Why a handover was not accepted, or is not known to be. The lane's lease brings it back in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It holds no lane, too many, or one of another queue; nothing was sent.
    #[error("sending a handover: it needs 1 to {LANES_PER_MESSAGE} lanes, all of its queue's kind")]
    Invalid,
    /// The queue is full, or the broker accepts nothing for now. Send less.
    #[error("sending a handover: the queue is full")]
    Full,
    /// The broker knows no such queue; it is declared again with the next connection.
    #[error("sending a handover: the queue does not exist")]
    Unroutable,
    /// No confirm in time; it may have arrived.
    #[error("sending a handover: no confirm in time")]
    Timeout,
    /// No connection, or it broke before the confirm; it may have arrived.
    #[error("sending a handover: no connection to the broker")]
    Unavailable,
    /// The bus is closed.
    #[error("sending a handover: the bus is closed")]
    Closed,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Nobody answered in time.
    #[error("asking another service: no answer in time")]
    Timeout,
    /// Nobody can be asked now, or whoever took the question gave up.
    #[error("asking another service: it is not available")]
    Unavailable,
    /// The question is larger than the bus carries.
    #[error("asking another service: the question is too large")]
    TooLarge,
}

/// Why the bus cannot be used at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// The settings cannot be right. The text does not repeat the URL, which holds a password.
    #[error("connecting to the broker: {0}")]
    Settings(String),
    /// The bus is closed.
    #[error("using the bus: it is closed")]
    Closed,
}
