//! Events about accounts.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use domain::{
    account::Account,
    envelope::{self, Subject},
    event::EventType,
    ids::{EventId, ProjectId},
};
use uuid::Uuid;

use crate::outbox::{self, NewEvent};

/// Records an event about an account as it is now, and its deliveries. Call it in the transaction that changed the
/// account, after whatever else locks lanes: it wakes those of the listening endpoints.
/// `seq` is the account's `event_seq`, moved on for this event.
pub(crate) async fn record(
    connection: &mut AsyncPgConnection,
    project: ProjectId,
    kind: EventType,
    account: &Account,
    seq: i64,
    trace: Option<String>,
) -> QueryResult<()> {
    let listeners = outbox::wake_listeners(connection, vec![project.0], &[kind], trace.clone()).await?;
    let id = EventId(Uuid::now_v7());
    let event = NewEvent {
        id,
        project_id: project.0,
        kind,
        resource_id: account.id.0,
        resource_seq: seq,
        owners: vec![account.external_id.clone().unwrap_or_default()],
        body: envelope::body(id, kind, account.updated_at, seq, Subject::Account(account)),
        trace,
        at: account.updated_at,
    };
    outbox::record(connection, &[event], &listeners).await
}
