//! Building the events of a transaction that has more to lock between waking the listeners and telling them.

use domain::{
    account::Account,
    envelope::{self, Subject},
    event::EventType,
    ids::{EventId, ProjectId},
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::outbox::NewEvent;

/// An event about `account`, which everybody sees who may see the account. `seq` is the account's `event_seq`, moved on
/// for this event.
pub(super) fn about(
    project: ProjectId,
    kind: EventType,
    account: &Account,
    subject: Subject<'_>,
    seq: i64,
    at: Timestamp,
    trace: Option<String>,
) -> NewEvent {
    let id = EventId(Uuid::now_v7());
    NewEvent {
        id,
        project_id: project.0,
        kind,
        resource_id: account.id.0,
        resource_seq: seq,
        owners: vec![account.external_id.clone().unwrap_or_default()],
        body: envelope::body(id, kind, at, seq, subject),
        trace,
        at,
    }
}
