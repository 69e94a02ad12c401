use super::*;
use crate::target::Progress;
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn rules() -> Rules {
    Rules {
        on_unconfirmed: OnUnconfirmed::Hold,
        on_auth_failure: OnAuthFailure::Hold,
        can_refresh: false,
        grace: SignedDuration::from_secs(30),
        jitter: 0.0,
    }
}

fn target(parts: usize) -> Target {
    let part =
        Part { status: PartStatus::Pending, attempt: 0, send_deadline: None, handle: None, live: None, error: None };
    Target {
        status: Status::Queued,
        attempt: 0,
        failures: 0,
        probes: 0,
        refreshed: false,
        expire_at: at(21_600),
        error: None,
        next_at: Some(at(0)),
        published_at: None,
        parts: vec![part; parts],
    }
}

fn live(id: &str) -> Live {
    Live { id: id.to_owned(), url: None, reference: serde_json::Value::Null }
}

fn accepted(second: i64) -> Outcome {
    Outcome::Accepted { handle: serde_json::json!("container"), check_at: at(second) }
}

fn rejected() -> Outcome {
    Outcome::Refused(Refusal::Rejected {
        code: ErrorCode::ContentRejected,
        message: "no".to_owned(),
        http_status: Some(403),
    })
}

fn run(mut target: Target, rules: &Rules, events: &[(i64, Event)]) -> Decision {
    let mut last = None;
    for (second, event) in events {
        let decision = decide(&target, event, rules, at(*second)).unwrap();
        target = decision.target.clone();
        last = Some(decision);
    }
    last.unwrap()
}

fn start(part: usize, second: i64) -> (i64, Event) {
    (second, Event::Start { part, send_deadline: at(second + 30) })
}

fn sent(part: usize, second: i64, outcome: Outcome) -> (i64, Event) {
    (second, Event::Sent { part, outcome })
}

#[test]
fn a_post_goes_out() {
    let end = run(target(1), &rules(), &[start(0, 0), sent(0, 1, Outcome::Published(live("1")))]);
    assert_eq!((end.target.status, end.next, end.target.published_at), (Status::Published, Next::Settled, Some(at(1))));
}

#[test]
fn a_thread_whose_third_part_is_refused_is_partial_and_a_retry_sends_only_that() {
    let mut events = vec![];
    for part in 0..2 {
        events.push(start(part, 0));
        events.push(sent(part, 1, Outcome::Published(live("1"))));
    }
    events.push(start(2, 2));
    events.push(sent(2, 3, rejected()));
    let end = run(target(4), &rules(), &events);
    assert_eq!((end.target.status, end.next), (Status::Partial, Next::Settled));
    assert_eq!(end.target.parts[3].error.as_ref().unwrap().code, ErrorCode::ParentPartFailed);

    let again = run(end.target, &rules(), &[(9, Event::Send { expire_at: at(99) })]);
    assert_eq!((again.target.status, again.next), (Status::Queued, Next::At(at(9))));
    assert_eq!(again.target.current(), Some(2));
    assert_eq!(again.target.parts[0].status, PartStatus::Published);
}

#[test]
fn an_ambiguous_send_waits_for_its_deadline_and_a_grace_before_it_is_probed() {
    let ambiguous = Outcome::Ambiguous { message: "reset".to_owned(), http_status: None };
    let end = run(target(1), &rules(), &[start(0, 0), sent(0, 5, ambiguous)]);
    assert_eq!((end.target.status, end.next), (Status::Unconfirmed, Next::At(at(60))));
    assert!(end.target.is_probing());

    let found = run(end.target.clone(), &rules(), &[(60, Event::Probed { part: 0, probe: Probe::Live(live("7")) })]);
    assert_eq!(found.target.status, Status::Published);
    let absent = run(end.target, &rules(), &[(60, Event::Probed { part: 0, probe: Probe::NotLive })]);
    assert_eq!((absent.target.status, absent.next), (Status::Queued, Next::At(at(62))));
}

#[test]
fn what_no_probe_can_tell_stays_unconfirmed_until_the_caller_speaks() {
    let mut events = vec![start(0, 0), (40, Event::Interrupted { part: 0 })];
    for n in 0..i64::from(retry::PROBE_LIMIT) {
        events.push((100 + n, Event::Probed { part: 0, probe: Probe::Unknown { message: "busy".to_owned() } }));
    }
    let end = run(target(1), &rules(), &events);
    assert_eq!((end.target.status, end.next, end.target.is_probing()), (Status::Unconfirmed, Next::Settled, false));
    assert_eq!(decide(&end.target, &Event::Cancel, &rules(), at(200)), Err(Misfit::BeingSent));
    let said = run(end.target, &rules(), &[(200, Event::Resolve(Resolution::Published(Some(live("3")))))]);
    assert_eq!(said.target.status, Status::Published);
}

#[test]
fn a_project_may_ask_for_a_double_rather_than_a_doubt() {
    let rules = Rules { on_unconfirmed: OnUnconfirmed::Retry, ..rules() };
    let events =
        [start(0, 0), (40, Event::Interrupted { part: 0 }), (70, Event::Probed { part: 0, probe: Probe::Impossible })];
    let end = run(target(1), &rules, &events);
    assert_eq!((end.target.status, end.next), (Status::Queued, Next::At(at(70))));
}

#[test]
fn a_refused_repeat_proves_nothing_about_the_send_it_repeats() {
    let ambiguous = Outcome::Ambiguous { message: "reset".to_owned(), http_status: None };
    let events = [
        start(0, 0),
        sent(0, 5, ambiguous),
        (60, Event::Probed { part: 0, probe: Probe::Repeat }),
        start(0, 60),
        sent(0, 61, rejected()),
    ];
    let end = run(target(1), &rules(), &events);
    assert_eq!((end.target.status, end.target.is_probing()), (Status::Unconfirmed, true));
    let found = run(end.target, &rules(), &[(99, Event::Probed { part: 0, probe: Probe::Live(live("1")) })]);
    assert_eq!(found.target.status, Status::Published);
}

#[test]
fn the_last_repeat_that_is_refused_leaves_a_doubt_and_no_double() {
    let busy = || Outcome::Refused(Refusal::NotNow { message: "busy".to_owned(), http_status: Some(503), after: None });
    let mut events = vec![start(0, 0), (40, Event::Interrupted { part: 0 })];
    for n in 0..i64::from(retry::PROBE_LIMIT) {
        let second = 100 + n * 700;
        events.push((second, Event::Probed { part: 0, probe: Probe::Repeat }));
        events.push(start(0, second));
        events.push(sent(0, second + 1, busy()));
    }
    let end = run(target(1), &rules(), &events);
    assert_eq!((end.target.status, end.next), (Status::Unconfirmed, Next::Settled));
}

#[test]
fn a_double_that_is_refused_as_a_duplicate_does_not_fail_what_may_be_live() {
    let rules = Rules { on_unconfirmed: OnUnconfirmed::Retry, ..rules() };
    let duplicate = Outcome::Refused(Refusal::Rejected {
        code: ErrorCode::DuplicateContent,
        message: "duplicate".to_owned(),
        http_status: Some(403),
    });
    let events = [
        start(0, 0),
        (40, Event::Interrupted { part: 0 }),
        (70, Event::Probed { part: 0, probe: Probe::Impossible }),
        start(0, 70),
        sent(0, 71, duplicate),
    ];
    let end = run(target(1), &rules, &events);
    assert_eq!((end.target.status, end.next), (Status::Unconfirmed, Next::Settled));
}

#[test]
fn throttling_costs_no_failure_and_waits_as_long_as_the_network_says() {
    let throttled = Outcome::Refused(Refusal::Throttled { until: at(900), message: "slow down".to_owned() });
    let end = run(target(1), &rules(), &[start(0, 0), sent(0, 1, throttled)]);
    assert_eq!((end.target.status, end.next, end.target.failures), (Status::Queued, Next::At(at(900)), 0));
}

#[test]
fn an_expired_token_is_renewed_once_and_then_the_target_is_held_until_reconnected() {
    let auth = || {
        Outcome::Refused(Refusal::Auth {
            code: ErrorCode::TokenExpired,
            message: "expired".to_owned(),
            http_status: None,
        })
    };
    let rules = Rules { can_refresh: true, ..rules() };
    let first = run(target(1), &rules, &[start(0, 0), sent(0, 1, auth())]);
    assert_eq!((first.target.status, first.effects), (Status::Queued, vec![Effect::WakeRefresh]));
    let second = run(first.target, &rules, &[start(0, 30), sent(0, 31, auth())]);
    assert_eq!((second.target.status, second.next), (Status::NeedsReconnect, Next::At(at(21_600))));
    assert!(matches!(second.effects[..], [Effect::HoldAccount(_)]));
    let late = run(second.target, &rules, &[(21_600, Event::Expired { held_by: None })]);
    let error = late.target.error.unwrap();
    assert_eq!((late.target.status, error.code), (Status::Failed, ErrorCode::TokenExpired));
    assert!(error.message.contains("too late"), "{}", error.message);
}

#[test]
fn an_account_that_is_held_between_two_parts_holds_the_rest() {
    let held = Error { code: ErrorCode::TokenRevoked, message: "revoked".to_owned() };
    let events = [start(0, 0), sent(0, 1, Outcome::Published(live("1"))), (2, Event::AccountHeld(held.clone()))];
    let end = run(target(2), &rules(), &events);
    assert_eq!((end.target.status, &end.target.error), (Status::NeedsReconnect, &Some(held)));
    let again =
        run(end.target, &rules(), &[(9, Event::Reconnected), start(1, 9), sent(1, 10, Outcome::Published(live("2")))]);
    assert_eq!(again.target.status, Status::Published);
}

#[test]
fn a_sent_intent_is_the_point_of_no_return() {
    let started = run(target(1), &rules(), &[start(0, 0)]).target;
    assert_eq!(decide(&started, &Event::Cancel, &rules(), at(1)), Err(Misfit::BeingSent));
    assert_eq!(
        decide(&started, &Event::Expired { held_by: None }, &rules(), at(99_999)),
        Err(Misfit::State(Status::Publishing))
    );
}

#[test]
fn nothing_starts_after_its_time() {
    let (_, event) = start(0, 21_600);
    assert_eq!(decide(&target(1), &event, &rules(), at(21_600)), Err(Misfit::State(Status::Queued)));
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Published(live("9"))),
        Just(rejected()),
        Just(Outcome::Ambiguous { message: "?".to_owned(), http_status: None }),
        Just(accepted(60)),
        Just(Outcome::Refused(Refusal::Throttled { until: at(50), message: String::new() })),
        Just(Outcome::Refused(Refusal::NotNow { message: String::new(), http_status: None, after: None })),
        Just(Outcome::Refused(Refusal::Auth {
            code: ErrorCode::TokenRevoked,
            message: String::new(),
            http_status: None
        })),
    ]
}

fn progresses() -> impl Strategy<Value = Progress> {
    prop_oneof![
        Just(Progress::Live(live("9"))),
        Just(Progress::Still { check_at: at(70) }),
        Just(Progress::Unknown { message: String::new() }),
        outcomes().prop_filter_map("a refusal", |outcome| match outcome {
            Outcome::Refused(refusal) => Some(Progress::Refused(refusal)),
            _ => None,
        }),
    ]
}

fn probes() -> impl Strategy<Value = Probe> {
    prop_oneof![
        Just(Probe::Live(live("9"))),
        Just(Probe::NotLive),
        Just(Probe::Repeat),
        Just(Probe::Impossible),
        Just(Probe::Unknown { message: String::new() }),
    ]
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0usize..3).prop_map(|part| Event::Start { part, send_deadline: at(30) }),
        4 => (0usize..3, outcomes()).prop_map(|(part, outcome)| Event::Sent { part, outcome }),
        2 => (0usize..3, probes()).prop_map(|(part, probe)| Event::Probed { part, probe }),
        1 => (0usize..3).prop_map(|part| Event::Interrupted { part }),
        2 => (0usize..3, progresses()).prop_map(|(part, progress)| Event::Followed { part, progress }),
        1 => Just(Event::Expired { held_by: None }),
        1 => Just(Event::Doubted),
        1 => Just(Event::Renewed),
        1 => Just(Event::AccountHeld(Error { code: ErrorCode::TokenExpired, message: String::new() })),
        1 => Just(Event::Cancel),
        1 => Just(Event::Send { expire_at: at(40_000) }),
        1 => Just(Event::Reconnected),
        1 => Just(Event::Resolve(Resolution::Retry { expire_at: at(40_000) })),
        1 => Just(Event::Resolve(Resolution::Failed)),
        1 => Just(Event::Resolve(Resolution::Published(None))),
    ]
}

proptest! {
    /// I2 and I3: whatever happens in whatever order, a live part stays live, `failed` and `canceled` mean that no
    /// part is live or may be, `published` means that all are, and the earlier part comes first.
    #[test]
    fn the_words_keep_their_meaning(
        events in proptest::collection::vec((events(), prop_oneof![4 => 0i64..20_000, 1 => 0i64..200_000]), 1..40),
        retry in any::<bool>(),
        fail in any::<bool>(),
        can_refresh in any::<bool>(),
    ) {
        let rules = Rules {
            on_unconfirmed: if retry { OnUnconfirmed::Retry } else { OnUnconfirmed::Hold },
            on_auth_failure: if fail { OnAuthFailure::Fail } else { OnAuthFailure::Hold },
            can_refresh,
            ..rules()
        };
        let mut state = target(3);
        for (event, second) in events {
            let Ok(decision) = decide(&state, &event, &rules, at(second)) else { continue };
            let after = &decision.target;
            for (before, now) in state.parts.iter().zip(&after.parts) {
                prop_assert!(before.status != PartStatus::Published || now.status == PartStatus::Published);
            }
            let live = after.parts.iter().filter(|part| part.status == PartStatus::Published).count();
            match after.status {
                Status::Failed | Status::Canceled => {
                    prop_assert_eq!(live, 0);
                    prop_assert!(!after.is_ambiguous());
                }
                Status::Published => prop_assert_eq!(live, 3),
                Status::Partial => prop_assert!(live > 0 && live < 3 && !after.is_ambiguous()),
                _ => {}
            }
            let settled = matches!(after.status, Status::Published | Status::Partial | Status::Failed | Status::Canceled);
            prop_assert_eq!(settled, decision.next == Next::Settled && after.status != Status::Unconfirmed);
            let first_dead = after.parts.iter().position(|part| part.status != PartStatus::Published).unwrap_or(3);
            prop_assert!(after.parts[first_dead..].iter().all(|part| part.status != PartStatus::Published));
            prop_assert!(after.attempt >= state.attempt);
            state = decision.target;
        }
    }
}
