use super::*;

fn doubted(parts: usize) -> Target {
    run(target(parts), &rules(), &[(500, Event::Doubted)]).target
}

#[test]
fn what_was_due_after_a_lost_backup_is_asked_for_at_once() {
    for status in [Status::Scheduled, Status::Queued, Status::Publishing, Status::NeedsReconnect] {
        let end = run(Target { status, ..target(1) }, &rules(), &[(500, Event::Doubted)]);
        assert_eq!((end.target.status, end.next, end.target.attempt), (Status::Unconfirmed, Next::At(at(500)), 0));
        let error = end.target.error.unwrap();
        assert_eq!(error.code, ErrorCode::OutcomeUnknown);
        assert!(error.message.contains("backup"), "{}", error.message);
    }
}

#[test]
fn what_is_over_or_ambiguous_already_is_left_as_it_is() {
    let open = run(target(1), &rules(), &[start(0, 0), sent(0, 1, ambiguous())]).target;
    let over = run(target(1), &rules(), &[start(0, 0), sent(0, 1, Outcome::Published(live("1")))]).target;
    for (state, misfit) in [
        (open, Misfit::State(Status::Unconfirmed)),
        (over, Misfit::State(Status::Published)),
        (doubted(1), Misfit::State(Status::Unconfirmed)),
        (run(target(1), &rules(), &[start(0, 0)]).target, Misfit::Part),
    ] {
        assert_eq!(decide(&state, &Event::Doubted, &rules(), at(500)), Err(misfit));
    }
}

#[test]
fn what_did_not_go_out_goes_out_as_usual() {
    let again = run(doubted(3), &rules(), &[probed(0, 500, Probe::NotLive)]);
    assert_eq!((again.target.status, again.next), (Status::Queued, Next::At(at(502))));
    assert_eq!(words(&again.target), ["pending", "pending", "pending"], "what hangs below nothing is not there either");
}

#[test]
fn what_went_out_is_found_part_by_part() {
    let first = run(doubted(3), &rules(), &[probed(0, 500, Probe::Live(live("1")))]);
    assert_eq!((first.target.status, first.next), (Status::Unconfirmed, Next::At(at(500))));
    assert_eq!(words(&first.target), ["published", "unconfirmed", "unconfirmed"]);
    // The second was lost: it and the third are sent.
    let second = run(first.target, &rules(), &[probed(1, 500, Probe::NotLive)]);
    assert_eq!(
        (second.target.status, words(&second.target)),
        (Status::Queued, vec!["published", "pending", "pending"])
    );
}

#[test]
fn what_cannot_be_asked_for_is_the_caller_s_to_say() {
    let left = run(doubted(2), &rules(), &[probed(0, 500, Probe::Impossible)]);
    assert_eq!((left.target.status, left.next), (Status::Unconfirmed, Next::Settled));
    assert_eq!(decide(&left.target, &Event::Cancel, &rules(), at(501)), Err(Misfit::BeingSent));

    let said = |resolution| run(left.target.clone(), &rules(), &[(600, Event::Resolve(resolution))]);
    let live_with_id = said(Resolution::Published(Some(live("1"))));
    assert_eq!((live_with_id.target.status, live_with_id.next), (Status::Unconfirmed, Next::At(at(600))));
    let live_without = said(Resolution::Published(None));
    assert_eq!((live_without.target.status, live_without.next), (Status::Unconfirmed, Next::Settled));
    assert_eq!(words(&live_without.target), ["published", "unconfirmed"]);
    let dead = said(Resolution::Failed);
    assert_eq!((dead.target.status, words(&dead.target)), (Status::Failed, vec!["failed", "failed"]));
    let again = said(Resolution::Retry { expire_at: at(40_000) });
    assert_eq!((again.target.status, words(&again.target)), (Status::Queued, vec!["pending", "pending"]));
}

#[test]
fn an_old_answer_does_not_settle_a_new_doubt() {
    let before = [start(0, 0), sent(0, 1, Outcome::Refused(not_now())), (500, Event::Doubted)];
    let state = run(target(1), &rules(), &before).target;
    let (_, event) = sent(0, 501, rejected());
    assert_eq!(decide(&state, &event, &rules(), at(501)), Err(Misfit::Part));
}

#[test]
fn a_refused_repeat_leaves_the_doubt() {
    let events = [probed(0, 500, Probe::Repeat), start(0, 500), sent(0, 501, rejected())];
    let end = run(doubted(1), &rules(), &events);
    assert_eq!((end.target.status, end.target.is_probing()), (Status::Unconfirmed, true));
}
