//! I4: sends of one account never overlap, and first attempts start in (first due, seq) order.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Findings, Kind};
use crate::chaos::evidence::{Attempt, Evidence, Target};

pub(super) fn check(evidence: &Evidence, found: &mut Findings) {
    let mut accounts: BTreeMap<&str, Vec<&Target>> = BTreeMap::new();
    for target in evidence.posts.iter().flat_map(|post| &post.targets) {
        accounts.entry(&target.account).or_default().push(target);
    }
    for (account, targets) in &accounts {
        in_turn(targets, evidence.takes.get(*account).map_or(&[], Vec::as_slice), found);
        one_at_a_time(targets, found);
    }
}

/// When a target was first tried; what could not be sent may be overtaken later, but it was tried in its turn.
fn first(target: &Target) -> Option<Timestamp> {
    target.attempts.iter().filter(|attempt| attempt.step != "probe").map(|attempt| attempt.started_at).min()
}

/// A target may be overtaken by what was being worked on when it came. Whoever is worked on later was read together with
/// it, or after it.
fn in_turn(targets: &[&Target], takes: &[Timestamp], found: &mut Findings) {
    let read = |at: &Timestamp| takes.iter().rev().find(|take| *take <= at).copied().unwrap_or(Timestamp::MIN);
    let mut targets: Vec<_> = targets.iter().filter_map(|target| Some((*target, first(target)?))).collect();
    targets.sort_by_key(|(target, _)| (target.due, target.seq));
    for (place, (before, began)) in targets.iter().enumerate() {
        let overtaken_by = targets.iter().skip(place + 1).find(|(_, at)| at < began && before.queued_at < read(at));
        if let Some((after, at)) = overtaken_by {
            found.add(
                Kind::OrderBreak,
                format!(
                    "on {}: {} (due {}, {}, known at {}) was tried at {began}, after {} (due {}, {}) at {at}, read at {}",
                    before.account, before.id, before.due, before.seq, before.queued_at, after.id, after.due, after.seq, read(at)
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
            let detail = format!("{} began at {began} before {} had ended at {ended}", other.id, one.id);
            found.add(Kind::OrderBreak, format!("on {}: {detail}\n{other:?}\n{one:?}", one.account));
        }
    }
}
