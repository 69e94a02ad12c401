use super::*;

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
fn a_repeat_that_did_not_leave_is_no_probe_until_it_is_too_late_to_send() {
    let refused =
        || Outcome::Refused(Refusal::NotNow { message: "refused".to_owned(), http_status: None, after: None });
    let repeat = |second: i64| {
        [(second, Event::Probed { part: 0, probe: Probe::Repeat }), start(0, second), sent(0, second + 1, refused())]
    };
    let mut events = vec![start(0, 0), (40, Event::Interrupted { part: 0 })];
    events.extend((0..20).flat_map(|n| repeat(100 + n * 100)));
    let end = run(target(1), &rules(), &events);
    assert_eq!((end.target.status, end.target.probes, end.next), (Status::Unconfirmed, 1, Next::At(at(2_061))));

    let late: Vec<_> = (0..i64::from(retry::PROBE_LIMIT) - 1).flat_map(|n| repeat(21_600 + n * 700)).collect();
    let over = run(end.target, &rules(), &late);
    assert_eq!((over.target.status, over.next), (Status::Unconfirmed, Next::Settled));
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
fn a_lost_answer_is_asked_for_six_times_and_more_and_more_rarely() {
    let mut state = run(target(1), &rules(), &[start(0, 0), (40, Event::Interrupted { part: 0 })]).target;
    // when
    let mut waits = Vec::new();
    let mut second = 60;
    loop {
        let asked = run(state, &rules(), &[probed(0, second, unknown())]);
        state = asked.target;
        let Next::At(next) = asked.next else { break };
        let due = next.as_second() - at(0).as_second();
        waits.push(due - second);
        second = due;
    }
    // then
    assert_eq!(waits, [30, 60, 120, 300, 600]);
    assert_eq!(
        (state.status, state.next_at, code(&state)),
        (Status::Unconfirmed, None, Some(ErrorCode::OutcomeUnknown))
    );
}

#[test]
fn what_is_certainly_not_live_is_sent_again_while_there_is_time_and_says_what_happened_after() {
    let events = [start(0, 0), sent(0, 5, ambiguous()), probed(0, 60, Probe::NotLive)];
    let again = run(target(1), &rules(), &events);
    assert_eq!((again.target.status, again.next, again.target.failures), (Status::Queued, Next::At(at(62)), 1));
    assert_eq!(words(&again.target), ["pending"]);

    let late = [probed(0, 22_000, Probe::NotLive), (22_000, Event::Expired { held_by: None })];
    let lost = run(run(target(1), &rules(), &[start(0, 0), sent(0, 5, ambiguous())]).target, &rules(), &late);
    assert_eq!((lost.target.status, code(&lost.target)), (Status::Failed, Some(ErrorCode::PlatformError)));
}

#[test]
fn a_double_is_accepted_once_and_not_after_its_time() {
    let rules = Rules { on_unconfirmed: OnUnconfirmed::Retry, ..rules() };
    let lost = [start(0, 0), (40, Event::Interrupted { part: 0 })];
    let again = [probed(0, 70, Probe::Impossible), start(0, 70), sent(0, 71, ambiguous())];
    let twice = run(run(target(1), &rules, &lost).target, &rules, &again).target;
    let end = run(twice, &rules, &[probed(0, 140, Probe::Impossible)]);
    assert_eq!((end.target.status, end.next, end.target.attempt), (Status::Unconfirmed, Next::Settled, 2));

    let late = run(run(target(1), &rules, &lost).target, &rules, &[probed(0, 21_600, Probe::Impossible)]);
    assert_eq!((late.target.status, late.next), (Status::Unconfirmed, Next::Settled));
}

#[test]
fn what_a_sender_that_lost_its_lane_learned_counts() {
    let lost = [start(0, 0), (40, Event::Interrupted { part: 0 })];
    for (outcome, status) in [
        (Outcome::Published(live("1")), Status::Published),
        (rejected(), Status::Failed),
        (accepted(90), Status::Publishing),
    ] {
        let end = run(run(target(1), &rules(), &lost).target, &rules(), &[sent(0, 60, outcome)]);
        assert_eq!(end.target.status, status);
    }
}
