//! I4: sends of one account never overlap, and first attempts start in (first due, seq) order.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Findings, Kind};
use crate::chaos::evidence::{Attempt, Evidence, Target};

/// A target may be overtaken by one that was being worked on when it came: that hold may last this long.
const HOLD: SignedDuration = SignedDuration::from_secs(4);

pub(super) fn check(evidence: &Evidence, found: &mut Findings) {
    let mut accounts: BTreeMap<&str, Vec<&Target>> = BTreeMap::new();
    for target in evidence.posts.iter().flat_map(|post| &post.targets) {
        accounts.entry(&target.account).or_default().push(target);
    }
    for targets in accounts.values() {
        in_turn(targets, found);
        one_at_a_time(targets, found);
    }
}

/// When a target was first tried; what could not be sent may be overtaken later, but it was tried in its turn.
fn first(target: &Target) -> Option<Timestamp> {
    target.attempts.iter().filter(|attempt| attempt.step != "probe").map(|attempt| attempt.started_at).min()
}

fn in_turn(targets: &[&Target], found: &mut Findings) {
    let mut targets: Vec<_> = targets.iter().filter_map(|target| Some((*target, first(target)?))).collect();
    targets.sort_by_key(|(target, _)| (target.due, target.seq));
    for (place, (before, began)) in targets.iter().enumerate() {
        let known = before.queued_at.saturating_add(HOLD).unwrap_or(Timestamp::MAX);
        let overtaken_by = targets.iter().skip(place + 1).find(|(_, at)| at < began && *at > known);
        if let Some((after, at)) = overtaken_by {
            found.add(
                Kind::OrderBreak,
                format!(
                    "on {}: {} (due {}, {}) was tried at {began}, after {} (due {}, {}) at {at}",
                    before.account, before.id, before.due, before.seq, after.id, after.due, after.seq
                ),
            );
        }
    }
}

fn one_at_a_time(targets: &[&Target], found: &mut Findings) {
    let is_send = |attempt: &&Attempt| attempt.step == "send" && attempt.outcome != "late_answer";
    let mut sends: Vec<_> = targets
        .iter()
        .flat_map(|target| target.attempts.iter().filter(is_send).map(move |attempt| (*target, attempt)))
        .filter_map(|(target, attempt)| Some((attempt.started_at, attempt.ended_at?, target)))
        .collect();
    sends.sort_by_key(|(from, ..)| *from);
    for pair in sends.windows(2) {
        let [(_, ended, one), (began, _, other)] = pair else { continue };
        if began < ended && one.id != other.id {
            found.add(
                Kind::OrderBreak,
                format!("on {}: {} began at {began} before {} had ended at {ended}", one.account, other.id, one.id),
            );
        }
    }
}
