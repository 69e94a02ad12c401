//! Each breach, made up: a checker that cannot find it proves nothing.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::chaos::evidence::{Attempt, Delivery, Event, Part};

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn attempt(step: &str, from: i64, to: i64, outcome: &str) -> Attempt {
    let (started_at, ended_at) = (second(from), Some(second(to)));
    Attempt { step: step.to_owned(), started_at, ended_at, outcome: outcome.to_owned() }
}

fn target(id: &str, at: i64) -> Target {
    Target {
        id: id.to_owned(),
        account: "alice".to_owned(),
        status: "published".to_owned(),
        due: second(at),
        seq: at,
        queued_at: second(at),
        expires_at: second(at + 3_600),
        changed_at: second(at + 2),
        parts: vec![Part {
            text: format!("text of {id}"),
            status: "published".to_owned(),
            live_id: Some(id.to_owned()),
        }],
        attempts: vec![attempt("send", at + 1, at + 2, "published")],
        retries: 0,
    }
}

fn entry(id: &str, at: i64) -> Entry {
    Entry { at: second(at), account: "alice".to_owned(), id: id.to_owned(), text: format!("text of {id}") }
}

fn event(post: &str, kind: &str, target: Option<&str>, seq: i64) -> Event {
    Event {
        tenant: 0,
        id: format!("{post} {kind}"),
        kind: kind.to_owned(),
        post: Some(post.to_owned()),
        target: target.map(str::to_owned),
        seq: Some(seq),
    }
}

fn call(id: &str, outcome: Outcome) -> Call {
    let text = format!("text of {id}");
    Call { tenant: 0, text, accounts: vec!["alice".to_owned()], outcome, canceled: Vec::new() }
}

/// Two posts, 100 s apart, all well; each has its target's id with "p" before it.
fn well() -> Evidence {
    let mut evidence = Evidence {
        endpoints: vec![0],
        send_timeout: SignedDuration::from_secs(2),
        faults: vec![second(1)],
        ..Evidence::default()
    };
    for (id, at) in [("a", 0), ("b", 100)] {
        let post = format!("p{id}");
        evidence.calls.push(call(id, Outcome::Ok(post.clone())));
        evidence.posts.push(Post {
            tenant: 0,
            id: post.clone(),
            text: format!("text of {id}"),
            status: "published".to_owned(),
            targets: vec![target(id, at)],
        });
        evidence.ledger.push(entry(id, at + 1));
        for (seq, (kind, target)) in
            [("post.created", None), ("post.target.published", Some(id)), ("post.published", None)]
                .into_iter()
                .enumerate()
        {
            let event = event(&post, kind, target, seq as i64);
            evidence.deliveries.push(Delivery { endpoint: 0, event: event.id.clone(), body: kind.into() });
            evidence.events.push(event);
        }
    }
    evidence
}

fn kinds(evidence: &Evidence) -> Vec<Kind> {
    let mut kinds: Vec<_> = check("made up", 1, evidence).violations.iter().map(|one| one.kind).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// What is found once this has been done to a run where all was well.
fn after(harm: impl FnOnce(&mut Evidence)) -> Vec<Kind> {
    let mut evidence = well();
    harm(&mut evidence);
    kinds(&evidence)
}

fn first(evidence: &mut Evidence) -> &mut Target {
    &mut evidence.posts[0].targets[0]
}

#[test]
fn a_run_where_all_is_well_is_counted_and_has_no_violation() {
    let verdict = check("made up", 7, &well());
    assert!(verdict.holds(), "{verdict}");
    assert_eq!((verdict.accepted, verdict.unconfirmed, verdict.seed), (2, 0, 7));
    assert_eq!(verdict.recovery_p99, Some(Duration::from_secs(1)), "the fault at 1 s caught the first, settled at 2 s");
}

#[test]
fn what_was_accepted_and_is_gone_is_lost() {
    assert_eq!(after(|run| run.calls.push(call("c", Outcome::Ok("pc".to_owned())))), [Kind::Lost]);
    assert_eq!(after(|run| run.calls[0].accounts.push("bob".to_owned())), [Kind::Lost]);
}

#[test]
fn what_is_neither_settled_nor_unconfirmed_is_lost() {
    for status in ["queued", "publishing", "scheduled", "needs_reconnect"] {
        let left = |run: &mut Evidence| {
            let target = first(run);
            target.status = status.to_owned();
            target.parts[0].status = "pending".to_owned();
            run.ledger.remove(0);
            run.events.retain(|event| event.post.as_deref() != Some("pa") || event.kind == "post.created");
            run.deliveries.retain(|delivery| !delivery.event.starts_with("pa post.p"));
            run.deliveries.retain(|delivery| !delivery.event.starts_with("pa post.target"));
        };
        assert_eq!(after(left), [Kind::Lost], "{status}");
    }
}

#[test]
fn what_is_unconfirmed_is_counted_and_no_violation_live_or_not() {
    for is_live in [true, false] {
        let mut run = well();
        first(&mut run).status = "unconfirmed".to_owned();
        first(&mut run).parts[0].status = "unconfirmed".to_owned();
        run.posts[0].status = "publishing".to_owned();
        if !is_live {
            run.ledger.remove(0);
        }
        let verdict = check("made up", 1, &run);
        assert!(verdict.holds(), "{verdict}");
        assert_eq!(verdict.unconfirmed, 1);
    }
}

#[test]
fn a_part_that_is_live_twice_is_doubled_unless_its_caller_asked_for_it() {
    let twice = |run: &mut Evidence| run.ledger.push(Entry { id: "a2".to_owned(), ..entry("a", 5) });
    assert_eq!(after(twice), [Kind::Doubled]);
    let asked = |run: &mut Evidence| {
        twice(run);
        first(run).retries = 1;
    };
    assert_eq!(after(asked), []);
    let rewritten = |run: &mut Evidence| run.ledger.push(entry("a", 5));
    assert_eq!(after(rewritten), [], "the same post, written again under its key");
}

#[test]
fn a_call_that_made_two_posts_is_doubled() {
    let again = |run: &mut Evidence| {
        let mut other = run.posts[0].clone();
        other.id = "pa2".to_owned();
        other.targets.clear();
        other.status = "queued".to_owned();
        run.posts.push(other);
        run.events.push(event("pa2", "post.created", None, 1));
        run.deliveries.push(Delivery { endpoint: 0, event: "pa2 post.created".to_owned(), body: Vec::new() });
    };
    assert!(after(again).contains(&Kind::Doubled));
}

#[test]
fn what_is_said_not_to_be_live_and_is_live_is_falsely_failed() {
    for status in ["failed", "canceled"] {
        let said = |run: &mut Evidence| {
            first(run).status = status.to_owned();
            first(run).parts[0].status = status.to_owned();
        };
        assert!(after(said).contains(&Kind::FalselyFailed), "{status}");
    }
    let half = |run: &mut Evidence| {
        first(run).status = "partial".to_owned();
        let text = "text of second".to_owned();
        first(run).parts.push(Part { text, status: "failed".to_owned(), live_id: None });
        run.ledger.push(entry("second", 3));
    };
    assert!(after(half).contains(&Kind::FalselyFailed), "a later part");
    let contradiction = |run: &mut Evidence| first(run).status = "failed".to_owned();
    assert!(after(contradiction).contains(&Kind::FalselyFailed), "a failed target with a live part");
}

#[test]
fn what_is_said_to_be_live_and_is_not_under_that_id_is_falsely_published() {
    assert_eq!(after(|run| drop(run.ledger.remove(0))), [Kind::FalselyPublished]);
    assert_eq!(after(|run| first(run).parts[0].live_id = Some("b".to_owned())), [Kind::FalselyPublished]);
    assert_eq!(after(|run| first(run).parts[0].live_id = None), [Kind::FalselyPublished]);
}

#[test]
fn first_attempts_out_of_turn_break_the_order() {
    // Both waited for a minute; the later one went first.
    let overtaken = |run: &mut Evidence| {
        run.takes.insert("alice".to_owned(), vec![second(2), second(160), second(170)]);
        first(run).attempts = vec![attempt("send", 171, 172, "published")];
        run.posts[1].targets[0].attempts = vec![attempt("send", 161, 162, "published")];
        run.ledger[0].at = second(171);
        run.ledger[1].at = second(161);
    };
    assert_eq!(after(overtaken), [Kind::OrderBreak]);
    let tried_before = |run: &mut Evidence| {
        overtaken(run);
        first(run).attempts.insert(0, attempt("container", 150, 151, "not_sent"));
    };
    assert_eq!(after(tried_before), [], "it was tried in its turn, and could not be sent");
    let just_came = |run: &mut Evidence| {
        overtaken(run);
        first(run).queued_at = second(160);
        // A later hold, which did the second only, does not make it known before.
        run.takes.insert("alice".to_owned(), vec![second(160), second(163)]);
    };
    assert_eq!(after(just_came), [], "the other was being worked on when it came");
}

#[test]
fn two_sends_of_one_account_at_once_break_the_order() {
    let overlap = |run: &mut Evidence| {
        first(run).attempts = vec![attempt("send", 1, 102, "published")];
    };
    assert_eq!(after(overlap), [Kind::OrderBreak]);
    let late_answer = |run: &mut Evidence| {
        first(run).attempts.push(attempt("send", 1, 102, "late_answer"));
    };
    assert_eq!(after(late_answer), [], "a frozen worker's answer changes nothing");
}

#[test]
fn out_before_its_time_is_early() {
    assert_eq!(after(|run| run.ledger[1].at = second(99)), [Kind::Early]);
}

#[test]
fn out_after_it_was_too_late_is_late_unless_it_may_have_been_live() {
    let late = |run: &mut Evidence| {
        first(run).expires_at = second(10);
        run.ledger[0].at = second(20);
    };
    assert_eq!(after(late), [Kind::Late]);
    let at_the_last_moment = |run: &mut Evidence| {
        late(run);
        run.ledger[0].at = second(12);
    };
    assert_eq!(after(at_the_last_moment), [], "the intent stood in time");
    let repeated = |run: &mut Evidence| {
        late(run);
        first(run).attempts.insert(0, attempt("send", 0, 1, "ambiguous"));
    };
    assert_eq!(after(repeated), [], "a repeat under its key, to find out");
}

#[test]
fn events_that_never_were_or_never_arrived_are_missing() {
    let untold = |run: &mut Evidence| {
        run.events.retain(|event| event.id != "pa post.published");
        run.deliveries.retain(|delivery| delivery.event != "pa post.published");
    };
    assert_eq!(after(untold), [Kind::EventMissing]);
    let untold_target = |run: &mut Evidence| {
        run.events.retain(|event| event.id != "pa post.target.published");
        run.deliveries.retain(|delivery| delivery.event != "pa post.target.published");
    };
    assert_eq!(after(untold_target), [Kind::EventMissing]);
    assert_eq!(after(|run| drop(run.deliveries.pop())), [Kind::EventMissing]);
}

#[test]
fn one_transition_told_twice_is_surplus() {
    let twice = |run: &mut Evidence| {
        let again = Event { id: "again".to_owned(), ..event("pa", "post.target.published", Some("a"), 9) };
        run.deliveries.push(Delivery { endpoint: 0, event: again.id.clone(), body: Vec::new() });
        run.events.push(again);
    };
    assert_eq!(after(twice), [Kind::EventSurplus]);
    assert_eq!(after(|run| run.events[2].seq = Some(1)), [Kind::EventSurplus], "two at the same place");
    let unknown = |run: &mut Evidence| {
        run.deliveries.push(Delivery { endpoint: 0, event: "evt_x".to_owned(), body: Vec::new() });
    };
    assert_eq!(after(unknown), [Kind::EventSurplus], "in no list");
}

#[test]
fn the_same_event_with_other_bytes_is_changed() {
    let again = |run: &mut Evidence| {
        let mut other = run.deliveries[0].clone();
        run.deliveries.push(other.clone());
        other.body.push(b' ');
        run.deliveries.push(other);
    };
    assert_eq!(after(again), [Kind::EventChanged]);
}

#[test]
fn what_nobody_asked_for_or_called_off_is_unasked() {
    assert_eq!(after(|run| run.ledger.push(entry("stray", 3))), [Kind::Unasked]);
    assert_eq!(after(|run| run.calls[0].outcome = Outcome::Fail("refused".to_owned())), [Kind::Unasked]);
    assert_eq!(after(|run| run.calls[0].canceled.push("a".to_owned())), [Kind::Unasked]);
    assert_eq!(after(|run| run.calls[0].outcome = Outcome::Unknown), [], "it may have been accepted");
}

#[test]
fn a_verdict_says_in_json_and_in_a_row_what_was_found() {
    let mut run = well();
    run.ledger.push(Entry { id: "a2".to_owned(), ..entry("a", 5) });
    let verdict = check("made up", 42, &run);
    let json = verdict.json();
    assert_eq!((&json["doubled"], &json["seed"], &json["holds"]), (&1.into(), &42.into(), &false.into()));
    assert_eq!(json["violations"][0]["kind"], "doubled");
    let cells = verdict.cells();
    assert_eq!((cells[0].as_str(), cells[6].as_str(), cells[15].as_str()), ("made up", "1", "42"));
}
