//! I7: one event for each transition, and each endpoint that listens gets it, the same bytes every time.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Findings, Kind, SETTLED};
use crate::chaos::evidence::{Event, Evidence, Post};

/// What is said of a post once nothing of it is open.
const POST_SETTLED: [&str; 6] =
    ["post.published", "post.partial", "post.error", "post.unconfirmed", "post.canceled", "post.deleted"];
/// What is said of a target once it is settled.
const TARGET_SETTLED: [&str; 5] = [
    "post.target.published",
    "post.target.partial",
    "post.target.failed",
    "post.target.unconfirmed",
    "post.target.deleted",
];

pub(super) fn check(evidence: &Evidence, found: &mut Findings) {
    let mut by_post: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in &evidence.events {
        by_post.entry(event.post.as_deref().unwrap_or_default()).or_default().push(event);
    }
    for post in &evidence.posts {
        let events = by_post.get(post.id.as_str()).map_or(&[][..], Vec::as_slice);
        told_once(post, events, found);
    }
    delivered(evidence, found);
}

fn told_once(post: &Post, events: &[&Event], found: &mut Findings) {
    let mut exactly = |kind: &str, target: Option<&str>, wanted: usize| {
        let told = events.iter().filter(|event| event.kind == kind && event.target.as_deref() == target).count();
        let of = target.unwrap_or(&post.id);
        if told < wanted {
            found.add(Kind::EventMissing, format!("{kind} of {of}: {told} of {wanted}"));
        } else if told > wanted {
            found.add(Kind::EventSurplus, format!("{kind} of {of}: {told}, and {wanted} would be right"));
        }
    };
    exactly("post.created", None, 1);
    for target in &post.targets {
        let own = match target.status.as_str() {
            "published" | "delivered" => "post.target.published",
            "partial" => "post.target.partial",
            "failed" => "post.target.failed",
            // While a probe is still to come it is open, and nothing was said.
            _ => continue,
        };
        let was_retried = target.retries > 0;
        for kind in TARGET_SETTLED {
            // It may have stood unconfirmed before, and a retry settles again.
            if kind == own || !(was_retried || kind == "post.target.unconfirmed") {
                exactly(kind, Some(&target.id), usize::from(kind == own));
            }
        }
    }
    let is_final = post.targets.iter().all(|target| SETTLED.contains(&target.status.as_str()));
    if is_final && post.targets.iter().all(|target| target.retries == 0) {
        let own: &[&str] = match post.status.as_str() {
            "published" | "delivered" => &["post.published"],
            "partial" => &["post.published", "post.partial"],
            "failed" => &["post.error"],
            "canceled" => &["post.canceled"],
            "deleted" => &["post.deleted"],
            _ => &[],
        };
        for kind in POST_SETTLED {
            if kind != "post.unconfirmed" {
                exactly(kind, None, usize::from(own.contains(&kind)));
            }
        }
    }
    let mut seqs = HashSet::new();
    for event in events {
        if event.seq.is_some_and(|seq| !seqs.insert(seq)) {
            found.add(Kind::EventSurplus, format!("two events of {} have the same place: {}", post.id, event.id));
        }
    }
}

fn delivered(evidence: &Evidence, found: &mut Findings) {
    let mut bodies: HashMap<&str, &[u8]> = HashMap::new();
    let mut arrived: HashSet<(usize, &str)> = HashSet::new();
    for delivery in &evidence.deliveries {
        arrived.insert((delivery.endpoint, &delivery.event));
        let first = bodies.entry(&delivery.event).or_insert(&delivery.body);
        if *first != delivery.body.as_slice() {
            found.add(Kind::EventChanged, format!("{} came with other bytes", delivery.event));
        }
    }
    for (endpoint, tenant) in evidence.endpoints.iter().enumerate() {
        // Accounts were connected before anybody listened.
        let told = |event: &&Event| event.tenant == *tenant && event.kind.starts_with("post.");
        for event in evidence.events.iter().filter(told) {
            if !arrived.contains(&(endpoint, &event.id)) {
                found.add(
                    Kind::EventMissing,
                    format!("{} ({}) never came to endpoint {endpoint}", event.id, event.kind),
                );
            }
        }
    }
    let known: HashSet<_> = evidence.events.iter().map(|event| event.id.as_str()).collect();
    for (_, event) in arrived {
        if !known.contains(event) {
            found.add(Kind::EventSurplus, format!("{event} came and is in no list"));
        }
    }
}
