//! Lanes: who work belongs to, and the queues it is handed over in.

use jiff::Timestamp;
use uuid::Uuid;

use crate::platform::Platform;

/// What kind of actor a lane is. The number is stored and travels in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An account publishes; the key is its account id.
    Publish,
    /// An account's tokens are refreshed; the key is its account id.
    Refresh,
    /// A webhook endpoint receives; the key is its endpoint id.
    Deliver,
}

impl Kind {
    /// The stored number.
    pub const fn number(self) -> i16 {
        match self {
            Self::Publish => 1,
            Self::Refresh => 2,
            Self::Deliver => 3,
        }
    }

    /// The kind behind a stored number, if it is one.
    pub const fn from_number(number: i16) -> Option<Self> {
        match number {
            1 => Some(Self::Publish),
            2 => Some(Self::Refresh),
            3 => Some(Self::Deliver),
            _ => None,
        }
    }
}

/// A queue that work is handed over in. A slow network starves no other because each has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    /// `publish.<platform>.v1`
    Publish(Platform),
    /// `accounts.refresh.v1`
    Refresh,
    /// `webhooks.deliver.v1`
    Deliver,
}

impl Queue {
    /// Every queue there is.
    pub fn all() -> impl Iterator<Item = Self> {
        Platform::all().map(Self::Publish).chain([Self::Refresh, Self::Deliver])
    }

    /// The number stored in `jobs.queue`: the platform's own for publishing, from 100 on for the rest.
    pub const fn number(self) -> i16 {
        match self {
            Self::Publish(platform) => platform.number(),
            Self::Refresh => 100,
            Self::Deliver => 101,
        }
    }

    /// The queue behind a stored number, if it is one.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::all().find(|queue| queue.number() == number)
    }

    /// The broker's name. It ends in a version because a queue's arguments cannot change.
    pub fn name(self) -> String {
        match self {
            Self::Publish(platform) => format!("publish.{}.v1", platform.name()),
            Self::Refresh => "accounts.refresh.v1".to_owned(),
            Self::Deliver => "webhooks.deliver.v1".to_owned(),
        }
    }
}

/// A hint that an actor has something due. Losing one costs a lease, never work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// What kind of actor.
    pub kind: Kind,
    /// Which one.
    pub key: Uuid,
    /// The fence the claim left behind; a message whose fence is no longer the row's is a duplicate.
    pub fence: i64,
    /// When the actor's first item is due; up to a second ahead.
    pub first_due: Timestamp,
    /// W3C `traceparent` of what made it due, where one is known.
    pub trace: Option<String>,
}

/// At most this many lanes travel in one message.
pub const LANES_PER_MESSAGE: usize = 16;

/// Lanes of one queue on their way to a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The queue all of them belong to.
    pub queue: Queue,
    /// 1 to [`LANES_PER_MESSAGE`] lanes.
    pub lanes: Vec<Lane>,
}

/// A short request that is answered, not a hint: it has no lane and dies with its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumIter)]
pub enum Call {
    /// `live.v1`: answered by the publisher, which may open tokens.
    Live,
    /// `connect.v1`: answered by the connector, which may open credentials.
    Connect,
}

impl Call {
    /// The broker's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live.v1",
            Self::Connect => "connect.v1",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_as_what_they_were() {
        for queue in Queue::all() {
            assert_eq!(Queue::from_number(queue.number()), Some(queue));
        }
        for kind in [Kind::Publish, Kind::Refresh, Kind::Deliver] {
            assert_eq!(Kind::from_number(kind.number()), Some(kind));
        }
    }
}
