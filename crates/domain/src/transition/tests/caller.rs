use super::*;

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

/// A thread whose second part may be live.
fn doubtful_thread() -> Target {
    let events = [
        start(0, 0),
        sent(0, 1, Outcome::Published(live("1"))),
        start(1, 2),
        sent(1, 3, ambiguous()),
        probed(1, 70, Probe::Impossible),
    ];
    let end = run(target(3), &rules(), &events).target;
    assert_eq!((end.status, words(&end)), (Status::Unconfirmed, vec!["published", "unconfirmed", "pending"]));
    end
}

fn resolve(second: i64, resolution: Resolution) -> (i64, Event) {
    (second, Event::Resolve(resolution))
}

#[test]
fn in_the_middle_of_a_thread_the_caller_s_word_decides_about_the_rest() {
    let live_with_id = run(doubtful_thread(), &rules(), &[resolve(99, Resolution::Published(Some(live("2"))))]);
    assert_eq!((live_with_id.target.status, live_with_id.next), (Status::Queued, Next::At(at(99))));
    assert_eq!(words(&live_with_id.target), ["published", "published", "pending"]);

    // Nothing can be hung below a post without an id.
    let without = run(doubtful_thread(), &rules(), &[resolve(99, Resolution::Published(None))]);
    assert_eq!((without.target.status, without.next), (Status::Partial, Next::Settled));
    assert_eq!(words(&without.target), ["published", "published", "failed"]);
    assert_eq!(code(&without.target), Some(ErrorCode::ParentPartFailed));

    let again = run(doubtful_thread(), &rules(), &[resolve(99, Resolution::Retry { expire_at: at(30_000) })]);
    assert_eq!(
        (again.target.status, again.next, again.target.expire_at),
        (Status::Queued, Next::At(at(99)), at(30_000))
    );
    assert_eq!(words(&again.target), ["published", "pending", "pending"]);

    let dead = run(doubtful_thread(), &rules(), &[resolve(99, Resolution::Failed)]);
    assert_eq!((dead.target.status, words(&dead.target)), (Status::Partial, vec!["published", "failed", "failed"]));
}

#[test]
fn the_last_part_s_word_settles_the_thread() {
    let events = [start(0, 0), sent(0, 1, ambiguous()), resolve(9, Resolution::Published(None))];
    let end = run(target(1), &rules(), &events);
    assert_eq!((end.target.status, end.next), (Status::Published, Next::Settled));
    let failed = run(target(1), &rules(), &[start(0, 0), sent(0, 1, ambiguous()), resolve(9, Resolution::Failed)]);
    assert_eq!((failed.target.status, failed.next), (Status::Failed, Next::Settled));
}

#[test]
fn only_what_is_unconfirmed_is_resolved() {
    for state in [target(1), run(target(1), &rules(), &[start(0, 0)]).target] {
        let (_, event) = resolve(9, Resolution::Failed);
        assert_eq!(decide(&state, &event, &rules(), at(9)), Err(Misfit::State(state.status)));
    }
}

#[test]
fn what_the_caller_sends_again_stays_in_doubt_until_it_is_live() {
    let events = [
        start(0, 0),
        sent(0, 1, ambiguous()),
        resolve(99, Resolution::Retry { expire_at: at(30_000) }),
        start(0, 99),
        sent(0, 100, rejected()),
    ];
    let refused = run(target(1), &rules(), &events);
    assert_eq!((refused.target.status, refused.next), (Status::Unconfirmed, Next::Settled));
}

#[test]
fn what_was_to_be_sent_again_and_got_too_late_is_still_in_doubt() {
    let events = [
        start(0, 0),
        sent(0, 1, ambiguous()),
        resolve(99, Resolution::Retry { expire_at: at(30_000) }),
        (30_000, Event::Expired { held_by: None }),
    ];
    let late = run(target(1), &rules(), &events);
    assert_eq!((late.target.status, late.next), (Status::Unconfirmed, Next::Settled));
}

#[test]
fn what_is_canceled_while_it_waits_to_be_doubled_is_in_doubt_and_its_rest_is_not_sent() {
    let events = [resolve(99, Resolution::Retry { expire_at: at(30_000) }), (99, Event::Cancel)];
    let canceled = run(doubtful_thread(), &rules(), &events);
    assert_eq!((canceled.target.status, canceled.next), (Status::Unconfirmed, Next::Settled));
    assert_eq!(words(&canceled.target), ["published", "unconfirmed", "canceled"]);
    let said = run(canceled.target, &rules(), &[resolve(200, Resolution::Published(Some(live("2"))))]);
    assert_eq!((said.target.status, said.next), (Status::Partial, Next::Settled));
}

#[test]
fn what_is_not_being_sent_is_canceled() {
    for status in [Status::Draft, Status::Scheduled, Status::Queued, Status::NeedsReconnect] {
        let end = run(Target { status, ..target(2) }, &rules(), &[(1, Event::Cancel)]);
        assert_eq!((end.target.status, end.next), (Status::Canceled, Next::Settled), "{status}");
        assert_eq!(words(&end.target), ["canceled", "canceled"]);
        assert_eq!(decide(&end.target, &Event::Cancel, &rules(), at(2)), Err(Misfit::State(Status::Canceled)));
    }
    let events = [start(0, 0), sent(0, 1, Outcome::Published(live("1"))), (2, Event::Unprepared(not_now()))];
    let begun = run(target(2), &rules(), &events).target;
    let rest = run(begun, &rules(), &[(3, Event::Cancel)]);
    assert_eq!((rest.target.status, words(&rest.target)), (Status::Partial, vec!["published", "canceled"]));
}

#[test]
fn a_draft_waits_to_be_sent_and_a_failed_one_starts_afresh() {
    let draft = Target { status: Status::Draft, next_at: None, ..target(1) };
    let (_, early) = start(0, 1);
    assert_eq!(decide(&draft, &early, &rules(), at(1)), Err(Misfit::State(Status::Draft)));
    assert_eq!(decide(&draft, &Event::Doubted, &rules(), at(1)), Err(Misfit::State(Status::Draft)));
    let due = run(draft, &rules(), &[(1, Event::Send { expire_at: at(40_000) })]);
    assert_eq!((due.target.status, due.next), (Status::Queued, Next::At(at(1))));

    let failed = run(target(1), &rules(), &[start(0, 0), sent(0, 1, rejected())]).target;
    let again = run(failed, &rules(), &[(9, Event::Send { expire_at: at(40_000) })]).target;
    assert_eq!((again.status, again.error.clone(), again.attempt), (Status::Queued, None, 1));
    let live = run(again, &rules(), &[start(0, 9), sent(0, 10, Outcome::Published(live("1")))]).target;
    assert_eq!((live.status, live.attempt), (Status::Published, 2));
    let send = Event::Send { expire_at: at(40_000) };
    assert_eq!(decide(&live, &send, &rules(), at(11)), Err(Misfit::State(Status::Published)));
}
