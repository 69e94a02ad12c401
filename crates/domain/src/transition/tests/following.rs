use super::*;

const DAY: i64 = 86_400;

fn still(second: i64) -> Progress {
    Progress::Still { check_at: at(second) }
}

/// The network took the first of `parts` at once and names second 10 for asking.
fn taken(parts: usize) -> Target {
    run(target(parts), &rules(), &[start(0, 0), sent(0, 1, accepted(10))]).target
}

#[test]
fn what_the_network_works_on_is_asked_for_until_it_is_live() {
    let taken = run(target(2), &rules(), &[start(0, 0), sent(0, 1, accepted(10))]);
    assert_eq!((taken.target.status, taken.next), (Status::Publishing, Next::At(at(10))));
    assert_eq!(words(&taken.target), ["processing", "pending"]);
    assert_eq!(taken.target.following(), Some(0));

    let end = run(taken.target, &rules(), &[followed(0, 10, still(20)), followed(0, 20, Progress::Live(live("1")))]);
    assert_eq!((end.target.status, end.next), (Status::Publishing, Next::Now));
    assert_eq!((words(&end.target), &end.target.parts[0].handle), (vec!["published", "pending"], &None));
    assert_eq!(end.target.attempt, 1);
}

#[test]
fn what_the_network_works_on_is_not_sent_again_canceled_or_expired() {
    let (_, again) = start(0, 5);
    for (event, misfit) in [
        (again, Misfit::Part),
        (Event::Cancel, Misfit::BeingSent),
        (Event::Expired { held_by: None }, Misfit::State(Status::Publishing)),
        (Event::Doubted, Misfit::Part),
        (Event::Unprepared(not_now()), Misfit::Part),
        (Event::Resolve(Resolution::Failed), Misfit::State(Status::Publishing)),
        (Event::Probed { part: 0, probe: Probe::NotLive }, Misfit::Part),
        (Event::Sent { part: 0, outcome: rejected() }, Misfit::Part),
    ] {
        assert_eq!(decide(&taken(1), &event, &rules(), at(30_000)), Err(misfit), "{event:?}");
    }
}

#[test]
fn only_the_network_s_word_fails_it() {
    let no = Refusal::Rejected {
        code: ErrorCode::MediaRejected,
        message: "the video cannot be read".to_owned(),
        http_status: None,
    };
    let end = run(taken(1), &rules(), &[followed(0, 10, Progress::Refused(no.clone()))]);
    assert_eq!(
        (end.target.status, end.next, code(&end.target)),
        (Status::Failed, Next::Settled, Some(ErrorCode::MediaRejected))
    );

    // As part of a thread what is live stays live.
    let events = [start(0, 0), sent(0, 1, Outcome::Published(live("1"))), start(1, 2), sent(1, 3, accepted(9))];
    let second = run(target(2), &rules(), &events).target;
    let end = run(second, &rules(), &[followed(1, 10, Progress::Refused(no))]);
    assert_eq!((end.target.status, words(&end.target)), (Status::Partial, vec!["published", "failed"]));

    for progress in [
        Progress::Refused(not_now()),
        Progress::Unknown { message: "502".to_owned() },
        Progress::Refused(Refusal::Throttled { until: at(60), message: "slow down".to_owned() }),
        Progress::Refused(refused_tokens()),
    ] {
        let end = run(taken(1), &rules(), &[followed(0, 10, progress.clone())]);
        assert_eq!((end.target.status, words(&end.target)), (Status::Publishing, vec!["processing"]), "{progress:?}");
        assert!(matches!(end.next, Next::At(next) if next > at(10)), "{progress:?}");
    }
}

#[test]
fn questions_without_an_answer_are_asked_more_and_more_rarely() {
    let events = [followed(0, 10, Progress::Unknown { message: "502".to_owned() })];
    let first = run(taken(1), &rules(), &events);
    assert_eq!(first.next, Next::At(at(12)));
    let second = run(first.target, &rules(), &[followed(0, 12, Progress::Refused(not_now()))]);
    assert_eq!((second.next, code(&second.target)), (Next::At(at(22)), Some(ErrorCode::PlatformError)));
    // An answer ends that, and what was wrong is no longer told.
    let answered = run(second.target, &rules(), &[followed(0, 22, still(25))]);
    assert_eq!((answered.next, answered.target.failures, answered.target.error), (Next::At(at(25)), 0, None));
    let throttled = Refusal::Throttled { until: at(300), message: "slow down".to_owned() };
    let later = run(taken(1), &rules(), &[followed(0, 10, Progress::Refused(throttled))]);
    assert_eq!((later.next, later.target.failures), (Next::At(at(300)), 0));
}

#[test]
fn a_network_in_a_hurry_is_asked_no_more_than_some_hundred_times() {
    let (mut state, mut asked) = (taken(1), 0);
    while let Some(now) = state.next_at.filter(|_| state.following().is_some()) {
        state = decide(&state, &Event::Followed { part: 0, progress: still(0) }, &rules(), now).unwrap().target;
        asked += 1;
    }
    assert!((50..300).contains(&asked), "{asked}");
}

#[test]
fn after_a_day_it_is_asked_for_like_a_lost_answer() {
    let over = 30 + DAY;
    let last = run(taken(1), &rules(), &[followed(0, over - 60, still(over + 9_000))]);
    assert_eq!(last.next, Next::At(at(over)));
    for progress in
        [still(over + 60), Progress::Unknown { message: "?".to_owned() }, Progress::Refused(refused_tokens())]
    {
        let end = run(last.target.clone(), &rules(), &[followed(0, over, progress)]);
        assert_eq!((end.target.status, words(&end.target)), (Status::Unconfirmed, vec!["unconfirmed"]));
        assert!(end.target.is_probing());
        assert!(end.target.parts[0].handle.is_some(), "the probe may ask with it");
        let gone = run(end.target.clone(), &rules(), &[probed(0, over, Probe::NotLive)]);
        assert_eq!((gone.target.status, &gone.target.parts[0].handle), (Status::Queued, &None));
        let left = run(end.target, &rules(), &[probed(0, over, Probe::Impossible)]);
        assert_eq!((left.target.status, left.next), (Status::Unconfirmed, Next::Settled));
    }
}

#[test]
fn refused_tokens_neither_fail_nor_resend_what_the_network_has() {
    for on_auth_failure in [OnAuthFailure::Hold, OnAuthFailure::Fail] {
        let rules = Rules { on_auth_failure, can_refresh: true, ..rules() };
        let refused = || Progress::Refused(refused_tokens());
        // given: renewed once
        let first = run(taken(1), &rules, &[followed(0, 100, refused())]);
        assert_eq!((first.next, &first.effects[..]), (Next::At(at(120)), &[Effect::WakeRefresh][..]));
        // when: refused again, the account is held and it is waited for
        let second = run(first.target, &rules, &[followed(0, 120, refused())]);
        assert!(matches!(second.effects[..], [Effect::HoldAccount(_)]));
        assert_eq!((second.target.status, second.next), (Status::Publishing, Next::At(at(30 + DAY))));
        assert_eq!((words(&second.target), code(&second.target)), (vec!["processing"], Some(ErrorCode::TokenExpired)));
        // then: it goes on with asking
        let again = run(second.target, &rules, &[(5_000, Event::Reconnected)]);
        assert_eq!((again.target.status, again.next), (Status::Publishing, Next::At(at(5_000))));
        let end = run(again.target, &rules, &[followed(0, 5_000, Progress::Live(live("1")))]);
        assert_eq!((end.target.status, end.target.attempt), (Status::Published, 1));
    }
}

#[test]
fn an_account_that_is_held_for_something_else_is_waited_for() {
    let held = Error { code: ErrorCode::TokenRevoked, message: "revoked".to_owned() };
    let end = run(taken(1), &rules(), &[(10, Event::AccountHeld(held.clone()))]);
    assert_eq!(
        (end.target.status, end.next, end.target.error),
        (Status::Publishing, Next::At(at(30 + DAY)), Some(held))
    );
    let replaced = run(taken(1), &rules(), &[(10, Event::Renewed)]);
    assert_eq!((replaced.next, words(&replaced.target)), (Next::At(at(10)), vec!["processing"]));
}

#[test]
fn what_nobody_can_follow_is_in_doubt() {
    let end = run(taken(1), &rules(), &[(15, Event::Interrupted { part: 0 })]);
    assert_eq!((end.target.status, end.next), (Status::Unconfirmed, Next::At(at(60))));
}

#[test]
fn a_repeat_that_the_network_took_and_refused_says_nothing_of_the_first_send() {
    let events = [
        start(0, 0),
        (40, Event::Interrupted { part: 0 }),
        probed(0, 70, Probe::Repeat),
        start(0, 70),
        sent(0, 71, accepted(80)),
    ];
    let repeated = run(target(1), &rules(), &events).target;
    let Outcome::Refused(no) = rejected() else { panic!("not refused") };
    let end = run(repeated, &rules(), &[followed(0, 80, Progress::Refused(no))]);
    assert_eq!((end.target.status, end.target.is_probing()), (Status::Unconfirmed, true));
}
