//! Recording an event about an account in a transaction that has nothing more to lock.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use domain::{account::Account, envelope::Subject, event::EventType, ids::ProjectId};

use super::told;
use crate::outbox;

/// Records an event about an account as it is now, and its deliveries. Call it in the transaction that changed the
/// account, after whatever else locks lanes: it wakes those of the listening endpoints. `seq` is the account's
/// `event_seq`, moved on for this event.
pub(super) async fn record(
    connection: &mut AsyncPgConnection,
    project: ProjectId,
    kind: EventType,
    account: &Account,
    seq: i64,
    trace: Option<String>,
) -> QueryResult<()> {
    let listeners = outbox::wake_listeners(connection, vec![project.0], &[kind], trace.clone()).await?;
    let event = told::about(project, kind, account, Subject::Account(account), seq, account.updated_at, trace);
    outbox::record(connection, &[event], &listeners).await
}
