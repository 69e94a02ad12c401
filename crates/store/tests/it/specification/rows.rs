//! What the database has, and whether it is what the rules have.

use std::collections::HashMap;

use domain::{
    target::{PartStatus, Status},
    transition::{Part, Target},
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::line::{Line, Op};
use crate::house::House;

const READ: &str = "SELECT json_build_object('key', j.key, 'fence', j.fence, \
     'wake_at', nullif(j.wake_at, 'infinity'), 'lease_until', j.lease_until, \
     'rev', t.rev, 'status', t.state, 'attempt', t.attempt, 'failures', t.failures, 'probes', t.probes, \
     'refreshed', t.refreshed, 'expire_at', t.expire_at, 'next_at', t.next_at, \
     'part', r.status, 'part_attempt', r.attempt, 'send_deadline', r.send_deadline, 'handle', r.handle IS NOT NULL, \
     'live', r.live_id, 'item', q.due_at, 'first_due', q.first_due_at)::text \
   FROM jobs j JOIN (SELECT DISTINCT ON (account_id) * FROM post_targets ORDER BY account_id, id) t ON t.account_id = j.key \
   JOIN target_parts r ON r.target_id = t.id LEFT JOIN publish_queue q ON q.subject_id = t.id WHERE j.kind = 1";

#[derive(Debug, Deserialize)]
struct Found {
    key: Uuid,
    fence: i64,
    wake_at: Option<Timestamp>,
    lease_until: Option<Timestamp>,
    rev: i32,
    status: Status,
    attempt: i32,
    failures: i32,
    probes: i32,
    refreshed: bool,
    expire_at: Timestamp,
    next_at: Option<Timestamp>,
    part: PartStatus,
    part_attempt: i32,
    send_deadline: Option<Timestamp>,
    handle: bool,
    live: Option<String>,
    item: Option<Timestamp>,
    first_due: Option<Timestamp>,
}

async fn read(house: &House) -> HashMap<Uuid, Found> {
    let rows = house.server.texts(READ).await;
    rows.iter().map(|row| serde_json::from_str::<Found>(row).unwrap()).map(|found| (found.key, found)).collect()
}

/// A target that is not known yet.
pub(super) fn nothing() -> Target {
    let part =
        Part { status: PartStatus::Pending, attempt: 0, send_deadline: None, handle: None, live: None, error: None };
    Target {
        status: Status::Draft,
        attempt: 0,
        failures: 0,
        probes: 0,
        refreshed: false,
        expire_at: Timestamp::default(),
        error: None,
        next_at: None,
        published_at: None,
        parts: vec![part],
    }
}

/// The rules begin with what the database has.
pub(super) async fn take_over(house: &House, lines: &mut [Line]) {
    let rows = read(house).await;
    for line in lines {
        line.be(&rows[&line.account.0]);
    }
}

/// Every row, after a step that began then. Times that the database took from its clock may be later by as much as the
/// step took; from then on the rules go on with those.
pub(super) async fn compare(house: &House, lines: &mut [Line], from: Timestamp) -> Result<(), String> {
    let to = house.now().await;
    let rows = read(house).await;
    for line in lines {
        let found = &rows[&line.account.0];
        if let Some(difference) = line.differs(found, to.duration_since(from)).filter(|_| !line.is_on_edge(from, to)) {
            return Err(format!("{difference}: the database has {found:?}\n{}", line.told()));
        }
        line.be(found);
    }
    Ok(())
}

impl Line {
    fn differs(&self, found: &Found, took: SignedDuration) -> Option<&'static str> {
        let close = |rule: Option<Timestamp>, found: Option<Timestamp>| match (rule, found) {
            (None, None) => true,
            // The database keeps microseconds.
            (Some(rule), Some(found)) => {
                let later = found.duration_since(rule);
                later >= SignedDuration::from_micros(-2) && later <= took
            }
            _ => false,
        };
        let (lane, target) = (&self.lane, &self.row.target);
        let part = &target.parts[0];
        [
            ("fence", lane.fence == found.fence),
            ("wake_at", close(lane.wake_at, found.wake_at)),
            ("lease_until", close(lane.lease_until, found.lease_until)),
            ("rev", self.row.rev == found.rev),
            ("status", target.status == found.status),
            ("attempt", target.attempt == found.attempt),
            ("failures", target.failures == found.failures),
            ("probes", target.probes == found.probes),
            ("refreshed", target.refreshed == found.refreshed),
            ("expire_at", close(Some(target.expire_at), Some(found.expire_at))),
            ("next_at", close(target.next_at, found.next_at)),
            ("the part's status", part.status == found.part),
            ("the part's attempt", part.attempt == found.part_attempt),
            ("send_deadline", close(part.send_deadline, found.send_deadline)),
            ("handle", part.handle.is_some() == found.handle),
            ("live", part.live.as_ref().map(|live| &live.id) == found.live.as_ref()),
            ("the item", close(self.item, found.item)),
        ]
        .into_iter()
        .find_map(|(what, same)| (!same).then_some(what))
    }

    /// Times as the database took them. All else is the same by now.
    fn be(&mut self, found: &Found) {
        self.lane.fence = found.fence;
        self.lane.wake_at = found.wake_at;
        self.lane.lease_until = found.lease_until;
        self.row.rev = found.rev;
        self.item = found.item;
        self.first_due = found.first_due;
        let target = &mut self.row.target;
        target.status = found.status;
        target.attempt = found.attempt;
        target.failures = found.failures;
        target.probes = found.probes;
        target.refreshed = found.refreshed;
        target.expire_at = found.expire_at;
        target.next_at = found.next_at;
        let part = &mut target.parts[0];
        part.status = found.part;
        part.attempt = found.part_attempt;
        part.send_deadline = found.send_deadline;
        part.handle = found.handle.then(|| serde_json::json!("a"));
        part.live =
            found.live.clone().map(|id| domain::target::Live { id, url: None, reference: serde_json::Value::Null });
    }
}

/// Lets time pass for those lines whose step it is: everything that was to happen moves towards now.
pub(super) async fn pass(house: &House, lines: &mut [Line], ops: &[&Op]) {
    let mut keys = String::new();
    for (line, op) in lines.iter_mut().zip(ops) {
        let Op::Pass(seconds) = op else { continue };
        let by = SignedDuration::from_secs(*seconds);
        line.pass(by);
        line.lane.wake_at = line.lane.wake_at.map(|at| at - by);
        line.lane.lease_until = line.lane.lease_until.map(|at| at - by);
        line.item = line.item.map(|at| at - by);
        line.first_due = line.first_due.map(|at| at - by);
        let target = &mut line.row.target;
        target.expire_at -= by;
        target.next_at = target.next_at.map(|at| at - by);
        target.parts[0].send_deadline = target.parts[0].send_deadline.map(|at| at - by);
        let comma = if keys.is_empty() { "" } else { ", " };
        keys += &format!("{comma}('{}'::uuid, interval '{seconds} s')", line.account.0);
    }
    if keys.is_empty() {
        return;
    }
    let sql = format!(
        "CREATE TEMP TABLE passed AS SELECT * FROM (VALUES {keys}) AS v(key, by); \
         UPDATE jobs j SET wake_at = wake_at - by, lease_until = lease_until - by FROM passed p WHERE j.key = p.key; \
         UPDATE target_parts r SET send_deadline = send_deadline - by, sent_at = sent_at - by \
           FROM passed p, post_targets t WHERE t.account_id = p.key AND r.target_id = t.id; \
         UPDATE post_targets t SET expire_at = expire_at - by, next_at = next_at - by FROM passed p \
           WHERE t.account_id = p.key; \
         UPDATE publish_queue q SET due_at = due_at - by, expire_at = expire_at - by, first_due_at = first_due_at - by \
           FROM passed p WHERE q.account_id = p.key; \
         DROP TABLE passed"
    );
    house.server.execute(&sql).await;
}
