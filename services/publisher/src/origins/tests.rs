//! Slots, the line and the breaker together, as lanes meet them.

use std::{sync::Arc, time::Duration};

use domain::{platform::Platform, policy::Mode};
use platforms::Origins as Servers;
use runtime::{metrics::Metrics, shutdown::Shutdown};
use tokio::{sync::Semaphore, task::JoinHandle};

use super::{Admission, Origin, Origins, Seat, verdict::Verdict};
use crate::metrics::PublisherMetrics;

const PATIENCE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(20);

struct Place {
    metrics: Metrics,
    origins: Origins,
    permits: Arc<Semaphore>,
    shutdown: Shutdown,
}

impl Place {
    fn with_permits(permits: usize) -> Self {
        let metrics = Metrics::new("publisher");
        let origins = Origins::new(PublisherMetrics::new(&metrics).expect("metrics of a new registry"));
        Self { metrics, origins, permits: Arc::new(Semaphore::new(permits)), shutdown: Shutdown::new(PATIENCE) }
    }

    fn new() -> Self {
        Self::with_permits(1_000)
    }

    fn origin(&self, servers: Servers) -> Arc<Origin> {
        self.origins.get(Platform::Mastodon, servers, Mode::Live, "https://m.example")
    }

    fn seat_at(&self, origin: &Arc<Origin>) -> Seat {
        let permit = Arc::clone(&self.permits).try_acquire_owned().expect("a permit");
        Seat::new(Arc::clone(&self.permits), permit, Arc::clone(origin))
    }

    fn seat(&self) -> Seat {
        self.seat_at(&self.origin(Servers::Many))
    }

    /// Seats that may call.
    async fn seated(&self, origin: &Arc<Origin>, count: usize) -> Vec<Seat> {
        let mut seats = Vec::new();
        for _ in 0..count {
            let mut seat = self.seat_at(origin);
            assert_eq!(seat.admit(SHORT, &self.shutdown).await, Admission::In);
            seats.push(seat);
        }
        seats
    }

    /// A seat in the line.
    async fn waiting(&self, mut seat: Seat) -> JoinHandle<(Seat, Admission)> {
        let free = self.permits.available_permits();
        let shutdown = self.shutdown.clone();
        let waiting = tokio::spawn(async move {
            let admission = seat.admit(PATIENCE, &shutdown).await;
            (seat, admission)
        });
        while self.permits.available_permits() == free {
            tokio::task::yield_now().await;
        }
        waiting
    }

    fn open_breakers(&self) -> bool {
        let text = self.metrics.encode().expect("text");
        let line = text.lines().find(|line| line.starts_with("fanfare_breaker_open{platform=\"mastodon\""));
        match line.and_then(|line| line.rsplit(' ').next()) {
            Some("0") => false,
            Some("1") => true,
            other => panic!("{other:?}: {text}"),
        }
    }
}

fn down() -> Verdict {
    Verdict::Down { seen: "connection refused".to_owned(), hung: false, left: false }
}

fn hung() -> Verdict {
    Verdict::Down { seen: "no answer in time".to_owned(), hung: true, left: true }
}

/// Fails until nobody may call.
fn shut(seat: &Seat) {
    for _ in 0..5 {
        seat.hear(&down());
    }
    assert!(seat.barred().is_some());
}

/// The seat that may try, once it is time.
async fn trying(place: &Place, origin: &Arc<Origin>) -> Seat {
    let looking = async {
        loop {
            let mut seat = place.seat_at(origin);
            match seat.admit(SHORT, &place.shutdown).await {
                Admission::In => return seat,
                Admission::Away(wait) => tokio::time::sleep(wait).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("a try")
}

#[tokio::test]
async fn eight_lanes_have_a_slot_and_the_line_is_served_in_order() {
    let place = Place::new();
    let origin = place.origin(Servers::Many);
    let mut seated = place.seated(&origin, 8).await;
    let (first, second) = (place.waiting(place.seat()).await, place.waiting(place.seat()).await);
    assert!(seated[0].is_wanted());
    drop(seated.pop());
    let (first, admission) = first.await.expect("no panic");
    assert_eq!(admission, Admission::In);
    assert!(!second.is_finished());
    drop(first);
    assert_eq!(second.await.expect("no panic").1, Admission::In);
    assert!(!seated[0].is_wanted());
}

#[tokio::test]
async fn a_lane_keeps_its_slot_from_call_to_call_and_waits_once_only() {
    let place = Place::new();
    let origin = place.origin(Servers::Many);
    let mut seated = place.seated(&origin, 8).await;
    assert_eq!(seated[0].admit(PATIENCE, &place.shutdown).await, Admission::In);
    seated[0].stand_up();
    let mut other = place.seat();
    assert_eq!(other.admit(PATIENCE, &place.shutdown).await, Admission::In);
    assert_eq!(seated[0].admit(PATIENCE, &place.shutdown).await, Admission::Away(Duration::ZERO));
}

#[tokio::test]
async fn who_stops_waiting_takes_no_slot_along() {
    let place = Place::new();
    let origin = place.origin(Servers::Many);
    let seated = place.seated(&origin, 8).await;
    for _ in 0..3 {
        assert_eq!(place.seat().admit(SHORT, &place.shutdown).await, Admission::Away(Duration::ZERO));
    }
    let gone = place.waiting(place.seat()).await;
    gone.abort();
    assert!(gone.await.is_err());
    drop(seated);
    place.seated(&origin, 8).await;
}

#[tokio::test]
async fn a_lane_that_is_waiting_leaves_when_the_service_stops() {
    let place = Place::new();
    let origin = place.origin(Servers::Many);
    let _seated = place.seated(&origin, 8).await;
    let waiting = place.waiting(place.seat()).await;
    place.shutdown.stop();
    assert_eq!(waiting.await.expect("no panic").1, Admission::Away(Duration::ZERO));
}

#[tokio::test]
async fn a_slot_without_a_permit_goes_to_the_next() {
    let place = Place::with_permits(9);
    let origin = place.origin(Servers::Many);
    let mut seated = place.seated(&origin, 8).await;
    let mut seat = place.seat();
    let (shutdown, permits) = (place.shutdown.clone(), Arc::clone(&place.permits));
    let waiting = tokio::spawn(async move { seat.admit(Duration::from_millis(200), &shutdown).await });
    let taken = tokio::time::timeout(PATIENCE, permits.acquire_owned()).await.expect("its permit").expect("open");
    // Its slot is free now, its permit is not.
    seated[0].stand_up();
    assert_eq!(waiting.await.expect("no panic"), Admission::Away(Duration::ZERO));
    drop(taken);
    assert_eq!(place.seat().admit(SHORT, &place.shutdown).await, Admission::In);
}

#[tokio::test]
async fn a_full_line_sends_lanes_away_one_after_another() {
    let place = Place::new();
    let origin = place.origin(Servers::Many);
    let _seated = place.seated(&origin, 8).await;
    let mut line = Vec::new();
    for _ in 0..128 {
        line.push(place.waiting(place.seat()).await);
    }
    let mut last = Duration::from_secs(1);
    for _ in 0..3 {
        match place.seat().admit(PATIENCE, &place.shutdown).await {
            Admission::Away(wait) if wait > Duration::from_millis(990) && wait < Duration::from_secs(2) => last = wait,
            other => panic!("{other:?} after {last:?}"),
        }
    }
    assert_eq!(line.iter().filter(|waiting| waiting.is_finished()).count(), 0);
}

#[tokio::test]
async fn when_nobody_answers_all_are_sent_away_and_told_why() {
    let place = Place::new();
    let origin = place.origin(Servers::Many);
    let seated = place.seated(&origin, 8).await;
    let waiting = place.waiting(place.seat()).await;
    assert!(seated[0].held_by().is_none() && !place.open_breakers());
    shut(&seated[0]);
    let (waiting, admission) = waiting.await.expect("no panic");
    for admission in [admission, place.seat().admit(PATIENCE, &place.shutdown).await] {
        match admission {
            Admission::Away(wait) => assert!(wait > Duration::from_millis(1_500) && wait < Duration::from_secs(3)),
            Admission::In => panic!("it is let in"),
        }
    }
    assert!(seated.iter().all(|seat| seat.barred().is_some()), "those who have a slot may not call again either");
    assert!(waiting.barred().is_none());
    let held = waiting.held_by().expect("a reason");
    assert_eq!(held.message, "The network could not be reached: connection refused");
    assert!(place.open_breakers());
}

#[tokio::test]
async fn one_lane_tries_and_its_answer_lets_all_in() {
    let place = Place::new();
    let origin = place.origin(Servers::Many);
    shut(&place.seated(&origin, 1).await[0]);
    let tries = trying(&place, &origin).await;
    let other = place.waiting(place.seat()).await;
    tokio::task::yield_now().await;
    assert!(!other.is_finished());
    assert_eq!(tries.hear(&Verdict::Answered), None);
    assert_eq!(other.await.expect("no panic").1, Admission::In);
    assert!(tries.held_by().is_none() && !place.open_breakers());
}

#[tokio::test]
async fn a_try_in_vain_sends_all_away_and_one_without_a_call_is_the_next_ones() {
    let place = Place::new();
    let origin = place.origin(Servers::Many);
    shut(&place.seated(&origin, 1).await[0]);
    let tries = trying(&place, &origin).await;
    let (next, other) = (place.waiting(place.seat()).await, place.waiting(place.seat()).await);
    drop(tries);
    let (next, admission) = next.await.expect("no panic");
    assert_eq!(admission, Admission::In);
    assert!(!other.is_finished());
    assert!(next.hear(&hung()).is_some_and(|wait| wait > Duration::from_secs(7)));
    match other.await.expect("no panic").1 {
        Admission::Away(wait) => assert!(wait > Duration::from_secs(7) && wait < Duration::from_secs(13), "{wait:?}"),
        Admission::In => panic!("it is let in"),
    }
}

#[tokio::test]
async fn a_call_that_did_not_leave_is_worth_a_pause() {
    let place = Place::new();
    let seat = place.seated(&place.origin(Servers::Many), 1).await.remove(0);
    assert_eq!(seat.hear(&hung()), None, "that one may have arrived");
    assert!(seat.hear(&down()).is_some());
    assert_eq!(seat.hear(&Verdict::Silent), None);
    assert_eq!(seat.hear(&Verdict::Answered), None);
}

#[tokio::test]
async fn one_server_for_all_is_cut_to_eight_while_calls_hang() {
    let place = Place::new();
    let origin = place.origin(Servers::One);
    let mut seated = place.seated(&origin, 20).await;
    seated[0].hear(&hung());
    seated.truncate(9);
    assert_eq!(place.seat().admit(SHORT, &place.shutdown).await, Admission::Away(Duration::ZERO));
    let waiting = place.waiting(place.seat()).await;
    seated[0].hear(&Verdict::Answered);
    assert_eq!(waiting.await.expect("no panic").1, Admission::In);
    place.seated(&origin, 20).await;
}

#[tokio::test]
async fn what_needs_no_remembering_is_forgotten() {
    let place = Place::new();
    let origin = place.origin(Servers::Many);
    let seated = place.seated(&origin, 1).await;
    drop(origin);
    place.origins.tidy();
    assert!(seated[0].hear(&down()).is_some());
    shut(&seated[0]);
    drop(seated);
    place.origins.tidy();
    assert!(place.seat().held_by().is_some(), "one in trouble is kept");
    assert!(place.open_breakers());
    let again = trying(&place, &place.origin(Servers::Many)).await;
    again.hear(&Verdict::Answered);
    drop(again);
    assert_eq!(place.origins.known(), 1);
    place.origins.tidy();
    assert_eq!(place.origins.known(), 0);
    assert!(!place.open_breakers());
}

#[tokio::test]
async fn a_test_project_has_servers_of_its_own() {
    let place = Place::new();
    shut(&place.seated(&place.origin(Servers::Many), 1).await[0]);
    let test = place.origins.get(Platform::Mastodon, Servers::Many, Mode::Test, "https://m.example");
    place.seated(&test, 1).await;
    let other = place.origins.get(Platform::Mastodon, Servers::Many, Mode::Live, "https://other.example");
    place.seated(&other, 1).await;
}
