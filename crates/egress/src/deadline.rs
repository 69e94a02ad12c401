//! One deadline for a whole exchange, read from a clock that also runs while the machine sleeps.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// `CLOCK_MONOTONIC` stands still while a laptop or a virtual machine is suspended, so a request thawed an hour late
/// would still believe itself in time.
#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOCK: ClockId = ClockId::Boottime;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOCK: ClockId = ClockId::Monotonic;

/// The moment after which no byte of a request may be written.
///
/// Take it *before* the intent is committed: a process frozen between the commit and this call would otherwise give
/// itself a later deadline than the row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    nanos: u64,
}

impl Deadline {
    /// `span` from now.
    #[must_use]
    pub fn after(span: Duration) -> Self {
        Self { nanos: now_nanos().saturating_add(nanos(span)) }
    }

    /// The same moment as `instant`; an instant in the past has already passed.
    #[must_use]
    pub fn at(instant: Instant) -> Self {
        Self::after(instant.saturating_duration_since(Instant::now()))
    }

    /// Whether it is too late to write.
    #[must_use]
    pub fn has_passed(self) -> bool {
        now_nanos() >= self.nanos
    }

    /// Time left, zero once passed.
    #[must_use]
    pub fn remaining(self) -> Duration {
        Duration::from_nanos(self.nanos.saturating_sub(now_nanos()))
    }

    /// Whichever of the two comes first.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        self.min(other)
    }

    pub(crate) fn as_nanos(self) -> u64 {
        self.nanos
    }

    pub(crate) fn from_nanos(nanos: u64) -> Self {
        Self { nanos }
    }
}

/// The deadline came before the future was done.
#[derive(Debug)]
pub(crate) struct Expired;

/// Runs `work` until `deadline`, and looks at the clock before each poll of `work`.
///
/// `tokio::time::timeout` polls the inner future first, which gives a thawed process one more chance to write; and a
/// timer alone is not enough either, since a task may be polled before the runtime has turned its timer wheel.
pub(crate) async fn until<F: Future>(deadline: Deadline, work: F) -> Result<F::Output, Expired> {
    let mut work = pin!(work);
    let mut timer = pin!(tokio::time::sleep(deadline.remaining()));
    std::future::poll_fn(|context| {
        if deadline.has_passed() {
            return Poll::Ready(Err(Expired));
        }
        while timer.as_mut().poll(context).is_ready() {
            if deadline.has_passed() {
                return Poll::Ready(Err(Expired));
            }
            timer.set(tokio::time::sleep(deadline.remaining()));
        }
        work.as_mut().poll(context).map(Ok)
    })
    .await
}

fn now_nanos() -> u64 {
    let now = clock_gettime(CLOCK);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    let fraction = u64::try_from(now.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(fraction)
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Inside the crate, since only a hand-made poll can come between a thaw and the runtime's own look at its timers.
    #[tokio::test]
    async fn a_thawed_task_is_not_polled_once_more() {
        let mut polls = 0;
        let work = std::future::poll_fn(|_| {
            polls += 1;
            Poll::<()>::Pending
        });
        let mut guarded = Box::pin(until(Deadline::after(Duration::from_millis(20)), work));
        std::future::poll_fn(|context| {
            assert!(guarded.as_mut().poll(context).is_pending());
            std::thread::sleep(Duration::from_millis(30));
            assert!(matches!(guarded.as_mut().poll(context), Poll::Ready(Err(Expired))));
            Poll::Ready(())
        })
        .await;
        drop(guarded);
        assert_eq!(polls, 1);
    }
}
