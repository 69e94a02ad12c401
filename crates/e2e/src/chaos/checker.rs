//! Joins what a run left behind and finds every promise that was broken. Looks at nothing that still runs.

mod events;
mod order;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use super::{
    evidence::{Call, Entry, Evidence, Outcome, Post, Target},
    verdict::{Kind, Verdict, Violation},
};

/// Nothing more happens to a target in one of these.
const SETTLED: [&str; 6] = ["published", "partial", "delivered", "failed", "canceled", "deleted"];
/// A part in one of these may be live, and nobody said that it is not.
const MAYBE_LIVE: [&str; 3] = ["published", "unconfirmed", "deleted"];

/// What was true of a run.
pub fn check(scenario: &str, seed: u64, evidence: &Evidence) -> Verdict {
    let mut found = Findings(Vec::new());
    let live = Public::of(&evidence.ledger);
    calls(evidence, &mut found);
    for post in &evidence.posts {
        for target in &post.targets {
            settled(post, target, &mut found);
            ledger(post, target, &live, &mut found);
            in_time(post, target, &live, evidence, &mut found);
        }
    }
    unasked(evidence, &mut found);
    order::check(evidence, &mut found);
    events::check(evidence, &mut found);
    let targets = || evidence.posts.iter().flat_map(|post| &post.targets);
    let (recovery_p50, recovery_p99) = recovery(evidence);
    Verdict {
        scenario: scenario.to_owned(),
        seed,
        accepted: targets().count(),
        crashes: evidence.crashes,
        ambiguous: targets()
            .flat_map(|target| &target.attempts)
            .filter(|attempt| attempt.step == "send" && attempt.outcome == "ambiguous")
            .count(),
        unconfirmed: targets().filter(|target| target.status == "unconfirmed").count(),
        violations: found.0,
        recovery_p50,
        recovery_p99,
        took: Duration::ZERO,
    }
}

struct Findings(Vec<Violation>);

impl Findings {
    fn add(&mut self, kind: Kind, detail: String) {
        self.0.push(Violation { kind, detail });
    }
}

/// What became public, by account and text.
struct Public<'a>(HashMap<(&'a str, &'a str), Vec<&'a Entry>>);

impl<'a> Public<'a> {
    fn of(ledger: &'a [Entry]) -> Self {
        let mut entries: HashMap<_, Vec<_>> = HashMap::new();
        for entry in ledger {
            entries.entry((entry.account.as_str(), entry.text.as_str())).or_default().push(entry);
        }
        Self(entries)
    }

    fn of_part<'b>(&'b self, account: &'b str, text: &'b str) -> &'b [&'b Entry] {
        self.0.get(&(account, text)).map_or(&[], Vec::as_slice)
    }
}

/// Whoever was told "accepted" has a post with all its targets, whoever was told "no" has none, and nobody has two.
fn calls(evidence: &Evidence, found: &mut Findings) {
    let mut by_text: BTreeMap<(usize, &str), Vec<&Post>> = BTreeMap::new();
    for post in &evidence.posts {
        by_text.entry((post.tenant, &post.text)).or_default().push(post);
    }
    for call in &evidence.calls {
        let posts = by_text.get(&(call.tenant, call.text.as_str())).map_or(&[][..], Vec::as_slice);
        if posts.len() > 1 {
            let ids: Vec<_> = posts.iter().map(|post| &post.id).collect();
            found.add(Kind::Doubled, format!("one call, {:?}, made {} posts: {ids:?}", call.text, posts.len()));
        }
        match &call.outcome {
            Outcome::Ok(id) => match posts.iter().find(|post| post.id == *id) {
                Some(post) => whole(call, post, found),
                None => found.add(Kind::Lost, format!("{id}, {:?}, was accepted and is not there", call.text)),
            },
            Outcome::Fail(why) => {
                if let Some(post) = posts.first() {
                    found.add(Kind::Unasked, format!("{} is there though its call failed: {why}", post.id));
                }
            }
            Outcome::Unknown => {}
        }
    }
}

fn whole(call: &Call, post: &Post, found: &mut Findings) {
    for account in &call.accounts {
        if !post.targets.iter().any(|target| target.account == *account) {
            found.add(Kind::Lost, format!("{} has no target on {account}", post.id));
        }
    }
    for canceled in &call.canceled {
        let status = post.targets.iter().find(|target| target.id == *canceled).map(|target| target.status.as_str());
        if status != Some("canceled") {
            let status = status.unwrap_or("gone");
            found.add(Kind::Unasked, format!("{canceled} of {} was called off and is {status}", post.id));
        }
    }
}

fn settled(post: &Post, target: &Target, found: &mut Findings) {
    if !SETTLED.contains(&target.status.as_str()) && target.status != "unconfirmed" {
        let last = target.attempts.last();
        found.add(Kind::Lost, format!("{} of {} is still {}: {last:?}", target.id, post.id, target.status));
    }
}

/// What is said of each part against what is public of it.
fn ledger(post: &Post, target: &Target, live: &Public<'_>, found: &mut Findings) {
    for (place, part) in target.parts.iter().enumerate() {
        let which = || format!("part {place} of {} of {} ({:?} on {})", target.id, post.id, part.text, target.account);
        let entries = live.of_part(&target.account, &part.text);
        // One that was written again under its own key is entered again, and is the same one.
        let ids: BTreeMap<_, _> = entries.iter().map(|entry| (&entry.id, entry.at.to_string())).collect();
        if ids.len() > 1 + target.retries {
            found.add(Kind::Doubled, format!("{} is live as {ids:?}: {:#?}", which(), target.attempts));
        }
        let is_settled = SETTLED.contains(&target.status.as_str());
        if is_settled && !MAYBE_LIVE.contains(&part.status.as_str()) && !entries.is_empty() {
            let said = &part.status;
            found.add(Kind::FalselyFailed, format!("{} is {said} and live: {:#?}", which(), target.attempts));
        }
        let is_there = part.live_id.as_ref().is_some_and(|id| entries.iter().any(|entry| entry.id == *id));
        if part.status == "published" && !is_there {
            found.add(Kind::FalselyPublished, format!("{} is not live as {:?}", which(), part.live_id));
        }
    }
    // What the parts say and what the target says are one.
    let lives = target.parts.first().is_some_and(|part| part.status == "published");
    if matches!(target.status.as_str(), "failed" | "canceled") && lives {
        found.add(Kind::FalselyFailed, format!("{} is {} and its first part published", target.id, target.status));
    }
    let all_live = target.parts.iter().all(|part| part.status == "published");
    if target.status == "published" && !all_live {
        found.add(Kind::FalselyPublished, format!("{} is published and not all its parts are", target.id));
    }
}

fn in_time(post: &Post, target: &Target, live: &Public<'_>, evidence: &Evidence, found: &mut Findings) {
    for (place, part) in target.parts.iter().enumerate() {
        for entry in live.of_part(&target.account, &part.text) {
            let which = || format!("part {place} of {} of {}, live at {}", target.id, post.id, entry.at);
            if entry.at < target.due {
                found.add(Kind::Early, format!("{} and due at {}", which(), target.due));
            }
            let is_late = entry.at > target.expires_at.saturating_add(evidence.send_timeout).unwrap_or(entry.at);
            // What may be live already is asked about, and repeated under its key, for as long as it takes.
            let was_tried = target.attempts.iter().any(|attempt| {
                attempt.step == "send" && attempt.outcome == "ambiguous" && attempt.started_at < target.expires_at
            });
            if place == 0 && is_late && !was_tried {
                found.add(Kind::Late, format!("{} and too late at {}", which(), target.expires_at));
            }
        }
    }
}

/// What is public and belongs to nobody's post.
fn unasked(evidence: &Evidence, found: &mut Findings) {
    let targets = || evidence.posts.iter().flat_map(|post| &post.targets);
    let asked: HashSet<_> = targets()
        .flat_map(|target| target.parts.iter().map(|part| (target.account.as_str(), part.text.as_str())))
        .collect();
    for entry in &evidence.ledger {
        if !asked.contains(&(entry.account.as_str(), entry.text.as_str())) {
            found.add(Kind::Unasked, format!("{:?} on {} belongs to no post", entry.text, entry.account));
        }
    }
}

/// How long what a fault caught took from then on until it was settled.
fn recovery(evidence: &Evidence) -> (Option<Duration>, Option<Duration>) {
    let mut faults = evidence.faults.clone();
    faults.sort();
    let targets = evidence.posts.iter().flat_map(|post| &post.targets);
    let settled = targets
        .filter(|target| SETTLED.contains(&target.status.as_str()))
        .filter(|target| evidence.hurried_at.is_none_or(|hurried| target.changed_at < hurried));
    let mut times: Vec<Duration> = settled
        .filter_map(|target| {
            // The last fault it waited through: those before it were survived by others of the same kind.
            let caught = faults.iter().rev().find(|at| **at < target.changed_at)?;
            let waited = target.due.max(target.queued_at) < *caught;
            waited.then(|| target.changed_at.duration_since(*caught).unsigned_abs())
        })
        .collect();
    times.sort_unstable();
    let at =
        |hundredths: usize| times.get((times.len() * hundredths / 100).min(times.len().saturating_sub(1))).copied();
    (at(50), at(99))
}
