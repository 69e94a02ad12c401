//! What a call to a network says about its server, whatever it says about the post.

use std::sync::{Arc, Mutex, PoisonError};

use domain::target::{Outcome, Probe, Progress, Refusal};
use egress::{AmbiguousKind, Door, Exchanged, NotSentKind, Observer, Outcome as End, StatusCode};

/// What a call says about the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is there and does its work, or says no.
    Answered,
    /// It could not be reached, hung, broke off, or answered what no network says.
    Down {
        /// In its words or the door's.
        seen: String,
        /// It ran out of time.
        hung: bool,
        /// Some of the request may have reached it.
        left: bool,
    },
    /// Nothing: it was not asked.
    Silent,
}

/// A way out that notes how each exchange through it ended.
pub(crate) struct WatchedDoor {
    door: Door,
    notes: Arc<Notes>,
}

#[derive(Default)]
struct Notes(Mutex<Option<End>>);

impl Observer for Notes {
    fn exchanged(&self, seen: &Exchanged<'_>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen.outcome);
    }
}

/// What came of a call, as far as it concerns its server.
pub(crate) struct Said<'a> {
    words: Option<&'a str>,
    /// The answer is none that the network gives.
    unclear: bool,
}

impl WatchedDoor {
    pub(crate) fn new(door: &Door) -> Self {
        let notes = Arc::<Notes>::default();
        let observer: Arc<dyn Observer> = Arc::clone(&notes) as _;
        Self { door: door.observed(observer), notes }
    }

    pub(crate) fn door(&self) -> &Door {
        &self.door
    }

    /// The last exchange counts: a call ends with the first that fails.
    pub(crate) fn verdict(&self, said: &Said<'_>) -> Verdict {
        let end = *self.notes.0.lock().unwrap_or_else(PoisonError::into_inner);
        let down = |hung, left| Verdict::Down {
            seen: said.words.map_or_else(|| "it did not answer".to_owned(), str::to_owned),
            hung,
            left,
        };
        match end {
            None | Some(End::NotSent(NotSentKind::Url | NotSentKind::Request | NotSentKind::Guard)) => Verdict::Silent,
            Some(End::NotSent(NotSentKind::Deadline)) => down(true, false),
            Some(End::NotSent(NotSentKind::Dns | NotSentKind::Connect | NotSentKind::Tls)) => down(false, false),
            Some(End::Ambiguous(kind)) => down(kind == AmbiguousKind::Timeout, true),
            Some(End::Answered(status)) if said.unclear || is_broken(status) => down(false, true),
            Some(End::Answered(_)) => Verdict::Answered,
        }
    }
}

fn is_broken(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT
}

impl<'a> Said<'a> {
    pub(crate) fn of_outcome(outcome: &'a Outcome) -> Self {
        match outcome {
            Outcome::Published(_) | Outcome::Accepted { .. } => Self { words: None, unclear: false },
            Outcome::Refused(refusal) => Self::of_refusal(refusal),
            Outcome::Ambiguous { message, .. } => Self { words: Some(message), unclear: true },
        }
    }

    pub(crate) fn of_refusal(refusal: &'a Refusal) -> Self {
        match refusal {
            Refusal::NotNow { message, http_status, .. } => {
                Self { words: Some(message), unclear: http_status.is_some_and(|status| status < 400) }
            }
            Refusal::Rejected { message, .. } | Refusal::Auth { message, .. } | Refusal::Throttled { message, .. } => {
                Self { words: Some(message), unclear: false }
            }
        }
    }

    pub(crate) fn of_result<T>(result: &'a Result<T, Refusal>) -> Self {
        result.as_ref().err().map_or(Self { words: None, unclear: false }, Self::of_refusal)
    }

    pub(crate) fn of_progress(progress: &'a Progress) -> Self {
        match progress {
            Progress::Live(_) | Progress::Still { .. } => Self { words: None, unclear: false },
            Progress::Refused(refusal) => Self::of_refusal(refusal),
            Progress::Unknown { message } => Self { words: Some(message), unclear: false },
        }
    }

    /// Not knowing is a clear answer too: the network may not list what is there.
    pub(crate) fn of_probe(probe: &'a Probe) -> Self {
        let words = match probe {
            Probe::Unknown { message } => Some(message.as_str()),
            _ => None,
        };
        Self { words, unclear: false }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::target::ErrorCode;
    use egress::{EgressSettings, Method};

    use super::*;

    fn after(end: Option<End>, said: &Said<'_>) -> Verdict {
        let watched = WatchedDoor::new(&Door::new(&EgressSettings::default()).expect("a door"));
        if let Some(outcome) = end {
            let seen = Exchanged { host: "m.example", method: &Method::GET, outcome, elapsed: Duration::ZERO };
            watched.notes.exchanged(&seen);
        }
        watched.verdict(said)
    }

    fn down(hung: bool, left: bool) -> Verdict {
        Verdict::Down { seen: "words".to_owned(), hung, left }
    }

    fn not_now(http_status: Option<u16>) -> Refusal {
        Refusal::NotNow { message: "words".to_owned(), http_status, after: None }
    }

    #[test]
    fn what_does_not_answer_is_down() {
        let refusal = not_now(None);
        for (end, verdict) in [
            (End::NotSent(NotSentKind::Dns), down(false, false)),
            (End::NotSent(NotSentKind::Connect), down(false, false)),
            (End::NotSent(NotSentKind::Tls), down(false, false)),
            (End::NotSent(NotSentKind::Deadline), down(true, false)),
            (End::Ambiguous(AmbiguousKind::Timeout), down(true, true)),
            (End::Ambiguous(AmbiguousKind::Reset), down(false, true)),
            (End::Ambiguous(AmbiguousKind::Protocol), down(false, true)),
            (End::Answered(StatusCode::BAD_GATEWAY), down(false, true)),
            (End::Answered(StatusCode::REQUEST_TIMEOUT), down(false, true)),
        ] {
            assert_eq!(after(Some(end), &Said::of_refusal(&refusal)), verdict, "{end:?}");
        }
    }

    #[test]
    fn an_answer_that_no_network_gives_is_down_too() {
        let garbage = Outcome::Ambiguous { message: "words".to_owned(), http_status: Some(200) };
        assert_eq!(after(Some(End::Answered(StatusCode::OK)), &Said::of_outcome(&garbage)), down(false, true));
        let found = Some(End::Answered(StatusCode::FOUND));
        assert_eq!(after(found, &Said::of_result::<()>(&Err(not_now(Some(302))))), down(false, true));
    }

    #[test]
    fn whoever_says_no_is_there() {
        let rejected =
            Refusal::Rejected { code: ErrorCode::ContentRejected, message: "words".to_owned(), http_status: Some(422) };
        let unseen = not_now(Some(404));
        for (status, refusal) in [(StatusCode::UNPROCESSABLE_ENTITY, &rejected), (StatusCode::NOT_FOUND, &unseen)] {
            assert_eq!(after(Some(End::Answered(status)), &Said::of_refusal(refusal)), Verdict::Answered);
        }
        let unknown = Probe::Unknown { message: "not listed".to_owned() };
        assert_eq!(after(Some(End::Answered(StatusCode::OK)), &Said::of_probe(&unknown)), Verdict::Answered);
    }

    #[test]
    fn what_was_not_asked_says_nothing() {
        assert_eq!(after(None, &Said::of_result(&Ok(()))), Verdict::Silent);
        for kind in [NotSentKind::Guard, NotSentKind::Url, NotSentKind::Request] {
            let refusal = not_now(None);
            assert_eq!(after(Some(End::NotSent(kind)), &Said::of_refusal(&refusal)), Verdict::Silent, "{kind:?}");
        }
    }
}
