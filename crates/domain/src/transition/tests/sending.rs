use super::*;

#[test]
fn a_post_goes_out() {
    let end = run(target(1), &rules(), &[start(0, 0), sent(0, 1, Outcome::Published(live("1")))]);
    assert_eq!((end.target.status, end.next, end.target.published_at), (Status::Published, Next::Settled, Some(at(1))));
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

#[test]
fn throttling_costs_no_failure_and_waits_as_long_as_the_network_says() {
    let throttled = Outcome::Refused(Refusal::Throttled { until: at(900), message: "slow down".to_owned() });
    let end = run(target(1), &rules(), &[start(0, 0), sent(0, 1, throttled)]);
    assert_eq!((end.target.status, end.next, end.target.failures), (Status::Queued, Next::At(at(900)), 0));
}

#[test]
fn what_did_not_leave_is_tried_on_schedule_until_it_is_too_late_and_says_why() {
    // given
    let (mut state, mut second, mut waits) = (target(1), 0, Vec::new());
    // when: each try is refused at once
    while second < 21_600 {
        let sent = run(state, &rules(), &[start(0, second), sent(0, second, Outcome::Refused(not_now()))]);
        let Next::At(next) = sent.next else { panic!("{sent:?}") };
        let due = next.as_second() - at(0).as_second();
        waits.push(due - second);
        (state, second) = (sent.target, due);
    }
    // then: the last one is cut off at its time
    assert_eq!(waits[..6], [2, 10, 60, 300, 900, 3_600]);
    assert_eq!((waits.iter().sum::<i64>(), state.attempt), (21_600, state.failures));
    let late = run(state, &rules(), &[(21_600, Event::Expired { held_by: None })]);
    let error = late.target.error.unwrap();
    assert_eq!((late.target.status, error.code), (Status::Failed, ErrorCode::PlatformError));
    assert!(error.message.starts_with("no route (held until it was too late"), "{}", error.message);
}

#[test]
fn a_rejected_post_is_failed_with_the_network_s_words() {
    let end = run(target(1), &rules(), &[start(0, 0), sent(0, 1, rejected())]);
    assert_eq!((end.target.status, end.next), (Status::Failed, Next::Settled));
    assert_eq!(end.target.error, Some(Error { code: ErrorCode::ContentRejected, message: "no".to_owned() }));
}

#[test]
fn a_quota_that_outlasts_the_post_is_what_it_failed_for() {
    let throttled = Outcome::Refused(Refusal::Throttled { until: at(90_000), message: "slow down".to_owned() });
    let end = run(target(1), &rules(), &[start(0, 0), sent(0, 1, throttled)]);
    assert_eq!(end.next, Next::At(at(21_600)));
    let late = run(end.target, &rules(), &[(21_600, Event::Expired { held_by: None })]);
    assert_eq!((late.target.status, code(&late.target)), (Status::Failed, Some(ErrorCode::QuotaExhausted)));
}

#[test]
fn what_held_it_is_said_and_what_the_target_knows_itself_comes_first() {
    let held_by = Some(Error { code: ErrorCode::PlatformError, message: "x.com does not answer".to_owned() });
    let nobody = run(target(1), &rules(), &[(21_600, Event::Expired { held_by: None })]);
    assert_eq!((nobody.target.status, code(&nobody.target)), (Status::Failed, Some(ErrorCode::TooLate)));

    let outage = run(target(1), &rules(), &[(21_600, Event::Expired { held_by: held_by.clone() })]);
    assert_eq!(code(&outage.target), Some(ErrorCode::PlatformError));
    assert!(outage.target.error.unwrap().message.starts_with("x.com does not answer (held until"));

    let own = Error { code: ErrorCode::TokenRevoked, message: "revoked".to_owned() };
    let both = run(target(1), &rules(), &[(1, Event::AccountHeld(own)), (21_600, Event::Expired { held_by })]);
    assert_eq!(code(&both.target), Some(ErrorCode::TokenRevoked));
}

#[test]
fn nothing_expires_before_its_time_or_while_it_may_be_live() {
    let expired = Event::Expired { held_by: None };
    assert_eq!(decide(&target(1), &expired, &rules(), at(21_599)), Err(Misfit::State(Status::Queued)));
    let open = run(target(1), &rules(), &[start(0, 0), sent(0, 1, ambiguous())]).target;
    assert_eq!(decide(&open, &expired, &rules(), at(99_999)), Err(Misfit::State(Status::Unconfirmed)));
}

#[test]
fn the_rest_of_a_thread_expires_and_what_is_live_stays_so() {
    let events = [
        start(0, 0),
        sent(0, 1, Outcome::Published(live("1"))),
        (2, Event::Unprepared(not_now())),
        (21_600, Event::Expired { held_by: None }),
    ];
    let end = run(target(3), &rules(), &events);
    assert_eq!((end.target.status, end.next), (Status::Partial, Next::Settled));
    assert_eq!(words(&end.target), ["published", "failed", "failed"]);
}

#[test]
fn only_the_part_whose_turn_it_is_starts_and_only_once() {
    let (_, second) = start(1, 0);
    assert_eq!(decide(&target(2), &second, &rules(), at(0)), Err(Misfit::Part));
    let started = run(target(2), &rules(), &[start(0, 0)]).target;
    let (_, again) = start(0, 1);
    assert_eq!(decide(&started, &again, &rules(), at(1)), Err(Misfit::Part));
    assert_eq!(decide(&started, &Event::Doubted, &rules(), at(1)), Err(Misfit::Part));
    assert_eq!(decide(&started, &Event::Unprepared(not_now()), &rules(), at(1)), Err(Misfit::Part));
}
