use super::*;

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
fn a_project_may_ask_to_fail_at_once_but_not_before_the_one_renewal() {
    let rules = Rules { on_auth_failure: OnAuthFailure::Fail, can_refresh: true, ..rules() };
    let first = run(target(1), &rules, &[start(0, 0), sent(0, 1, Outcome::Refused(refused_tokens()))]);
    assert_eq!((first.target.status, first.next), (Status::Queued, Next::At(at(21))));
    let second = run(first.target, &rules, &[start(0, 30), sent(0, 31, Outcome::Refused(refused_tokens()))]);
    assert_eq!((second.target.status, second.next), (Status::Failed, Next::Settled));
    assert!(matches!(second.effects[..], [Effect::HoldAccount(_)]));
}

#[test]
fn tokens_that_were_replaced_before_their_refusal_was_recorded_are_tried_anew() {
    for on_auth_failure in [OnAuthFailure::Hold, OnAuthFailure::Fail] {
        let rules = Rules { on_auth_failure, ..rules() };
        let started = run(target(1), &rules, &[start(0, 0)]).target;
        let end = run(started, &rules, &[(2, Event::Renewed)]);
        assert_eq!(
            (end.target.status, end.next, words(&end.target)),
            (Status::Queued, Next::At(at(2)), vec!["pending"])
        );
        // From preparing it is the same.
        let end = run(target(1), &rules, &[(2, Event::Renewed)]);
        assert_eq!((end.target.status, end.next), (Status::Queued, Next::At(at(2))));
    }
}

#[test]
fn new_tokens_do_not_make_a_refused_repeat_certain() {
    let events = [start(0, 0), (40, Event::Interrupted { part: 0 }), probed(0, 70, Probe::Repeat), start(0, 70)];
    let repeating = run(target(1), &rules(), &events).target;
    assert_eq!(decide(&repeating, &Event::Renewed, &rules(), at(71)), Err(Misfit::Part));
}

#[test]
fn a_target_that_is_connected_again_may_have_its_tokens_renewed_again() {
    let rules = Rules { can_refresh: true, ..rules() };
    let auth = || Outcome::Refused(refused_tokens());
    let events = [start(0, 0), sent(0, 1, auth()), start(0, 21), sent(0, 22, auth()), (900, Event::Reconnected)];
    let again = run(target(1), &rules, &events);
    assert_eq!((again.target.status, again.next), (Status::Queued, Next::At(at(900))));
    let expired = run(again.target, &rules, &[start(0, 900), sent(0, 901, auth())]);
    assert_eq!((expired.target.status, expired.effects), (Status::Queued, vec![Effect::WakeRefresh]));
}

#[test]
fn nobody_reconnects_what_was_not_held() {
    assert_eq!(decide(&target(1), &Event::Reconnected, &rules(), at(1)), Err(Misfit::State(Status::Queued)));
}
