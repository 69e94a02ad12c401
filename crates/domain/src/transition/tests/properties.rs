use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

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

/// Which sends of each part may be live for all we know; a doubt of another reason counts as send -1.
#[derive(Debug, Clone)]
struct Doubts(Vec<BTreeSet<i32>>);

impl Doubts {
    /// Takes down what an event that was accepted says about the part it concerns.
    fn learn(&mut self, before: &Target, event: &Event, after: &Target) {
        let Some(part) = before.current() else { return };
        let attempt = after.parts[part].attempt;
        match event {
            Event::Sent { outcome: Outcome::Refused(_), .. } | Event::Renewed => {
                self.0[part].remove(&attempt);
            }
            Event::Start { .. } | Event::Sent { .. } | Event::Interrupted { .. } => {
                self.0[part].insert(attempt);
            }
            Event::Followed { progress: Progress::Refused(Refusal::Rejected { .. }), .. } => {
                self.0[part].remove(&attempt);
            }
            Event::Doubted => {
                for (doubts, part) in self.0.iter_mut().zip(&after.parts) {
                    if part.status == PartStatus::Unconfirmed {
                        doubts.insert(-1);
                    }
                }
            }
            // Of what is certainly not there nothing hangs below; and what is sent anew has nothing below it yet.
            Event::Probed { probe: Probe::NotLive, .. } | Event::Resolve(Resolution::Failed) => {
                self.0[part..].iter_mut().for_each(BTreeSet::clear);
            }
            _ => {}
        }
        if after.parts[part].status == PartStatus::Pending {
            self.0[part + 1..].iter_mut().for_each(BTreeSet::clear);
        }
        for (doubts, part) in self.0.iter_mut().zip(&after.parts) {
            if part.status == PartStatus::Published {
                doubts.clear();
            }
        }
    }
}

/// What holds of any target after any event.
fn holds(before: &Target, decision: &Decision, now: Timestamp, doubts: &Doubts) -> Result<(), TestCaseError> {
    let after = &decision.target;
    for (was, is) in before.parts.iter().zip(&after.parts) {
        prop_assert!(was.status != PartStatus::Published || is.status == PartStatus::Published);
        prop_assert!(is.attempt >= was.attempt);
        let may_be = [PartStatus::Processing, PartStatus::Sending, PartStatus::Unconfirmed];
        prop_assert!(is.handle.is_none() || may_be.contains(&is.status));
        prop_assert!(is.handle.is_some() || is.status != PartStatus::Processing);
        prop_assert!(is.status != PartStatus::Sending || is.send_deadline.is_some());
    }
    prop_assert!(after.attempt >= before.attempt);
    prop_assert!(after.attempt >= after.parts.iter().map(|part| part.attempt).max().unwrap_or_default());

    let parts = after.parts.len();
    let live = after.parts.iter().filter(|part| part.status == PartStatus::Published).count();
    let first_dead = after.current().unwrap_or(parts);
    prop_assert_eq!(first_dead, live, "the earlier part comes first");
    let is_doubted = doubts.0.iter().any(|doubts| !doubts.is_empty());
    match after.status {
        Status::Failed | Status::Canceled => prop_assert_eq!((live, is_doubted), (0, false)),
        Status::Published => prop_assert_eq!(live, parts),
        Status::Partial => prop_assert!(live > 0 && live < parts && !is_doubted),
        _ => prop_assert!(live < parts),
    }
    let said = matches!(after.status, Status::Failed | Status::Canceled | Status::Published | Status::Partial);
    prop_assert!(!said || !after.is_ambiguous());

    // An open target has a wake-up, and one that is not late for anything else wakes in time to expire.
    match decision.next {
        Next::Settled => prop_assert!(said || after.status == Status::Unconfirmed),
        Next::Now => prop_assert_eq!((after.status, after.next_at), (Status::Publishing, None)),
        Next::At(at) => {
            prop_assert!(!said);
            prop_assert_eq!(after.next_at, Some(at));
            prop_assert!(after.is_ambiguous() || at <= after.expire_at.max(now));
        }
    }
    prop_assert_eq!(said || after.status == Status::Unconfirmed && !after.is_probing(), decision.next == Next::Settled);
    prop_assert_eq!(after.following().is_some(), after.parts.iter().any(|part| part.status == PartStatus::Processing));
    prop_assert!(after.following().is_none() || after.status == Status::Publishing);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// I2 and I3: whatever happens in whatever order, a live part stays live, `failed` and `canceled` mean that no
    /// part is live or may be, `published` means that all are, and nothing that is open is forgotten.
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
        let mut doubts = Doubts(vec![BTreeSet::new(); 3]);
        for (event, second) in events {
            let Ok(decision) = decide(&state, &event, &rules, at(second)) else { continue };
            doubts.learn(&state, &event, &decision.target);
            holds(&state, &decision, at(second), &doubts)?;
            state = decision.target;
        }
    }
}
