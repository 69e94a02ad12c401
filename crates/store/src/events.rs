//! Reading events in the order they were committed.
//!
//! A transaction that began early may commit late, so neither ids nor sequence numbers are in commit order. Events
//! carry their transaction's id and are read below the snapshot's xmin: every transaction below it has ended, so a
//! cursor never skips one. Both are counted on from what a dump brought along, see [`crate::identity`].

use diesel_async::RunQueryDsl;
use domain::ids::{EventId, ProjectId};
use uuid::Uuid;

use crate::{
    Database, StoreError,
    endpoints::TEST_EVENT,
    statement::statement,
    types::{Nullable, sql},
};

/// A place between two events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// A transaction's id.
    pub xid: u64,
    /// An event's.
    pub id: Uuid,
}

impl Place {
    /// Before all events.
    pub const START: Self = Self { xid: 0, id: Uuid::nil() };
}

/// Events after a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    /// The very bytes that webhooks carry, in commit order.
    pub bodies: Vec<String>,
    /// Where to read on.
    pub next: Place,
}

/// The snapshot's xmin, and an event where there is one: its transaction, id and body.
type EventRow = (String, Option<String>, Option<Uuid>, Option<String>);

/// Up to `limit` events of a project after a place. `owner` narrows them to those that touch only that owner's
/// accounts.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    database: &Database,
    project: ProjectId,
    owner: Option<&str>,
    event_type: Option<&'static str>,
    after: Place,
    limit: i64,
) -> Result<Events, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<EventRow> = ListEvents {
        project: project.0,
        after_xid: after.xid.to_string(),
        after_id: after.id,
        event_type,
        owner: owner.map(str::to_owned),
        hidden: TEST_EVENT,
        limit,
    }
    .load(&mut connection)
    .await
    .map_err(StoreError::from_diesel("list events"))?;
    let mut events = Events { bodies: Vec::with_capacity(rows.len()), next: after };
    for (xmin, xid, id, body) in rows {
        let (Some(xid), Some(id), Some(body)) = (xid, id, body) else {
            // No event: all below the snapshot's xmin has been seen, so nothing of it need be looked at again.
            events.next = after.max(Place { xid: number(&xmin)?, id: Uuid::nil() });
            break;
        };
        events.next = Place { xid: number(&xid)?, id };
        events.bodies.push(body);
    }
    Ok(events)
}

/// The place right after an event.
///
/// # Errors
/// [`StoreError`].
pub async fn place(database: &Database, project: ProjectId, id: EventId) -> Result<Option<Place>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<(String,)> = PlaceOfEvent { project: project.0, id: id.0 }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("find an event"))?;
    rows.into_iter().next().map(|(xid,)| Ok(Place { xid: number(&xid)?, id: id.0 })).transpose()
}

fn number(xid: &str) -> Result<u64, StoreError> {
    xid.parse().map_err(|_| StoreError::Corrupt(format!("`{xid}` is not a transaction's id")))
}

statement! {
    ListEvents {
        project: Uuid as sql::Uuid,
        after_xid: String as sql::Text,
        after_id: Uuid as sql::Uuid,
        event_type: Option<&'static str> as Nullable<sql::Text>,
        owner: Option<String> as Nullable<sql::Text>,
        hidden: &'static str as sql::Text,
        limit: i64 as sql::BigInt,
    } -> (sql::Text, Nullable<sql::Text>, Nullable<sql::Uuid>, Nullable<sql::Text>) {
        "WITH settled AS MATERIALIZED (SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + \
           coalesce((SELECT event_offset FROM instance_identity WHERE one), 0))::text::xid8 AS xmin) \
         SELECT settled.xmin::text, e.xid::text, e.id, e.body FROM settled LEFT JOIN LATERAL (\
           SELECT xid, id, body FROM events WHERE project_id = $1 AND (xid, id) > ($2::text::xid8, $3) \
             AND xid < settled.xmin AND ($4::text IS NULL OR type = $4) AND type <> $6 \
             AND ($5::text IS NULL OR (owners <> '{}' AND owners <@ ARRAY[$5])) \
           ORDER BY xid, id LIMIT $7) e ON true ORDER BY e.xid, e.id"
    }
}

statement! {
    PlaceOfEvent { project: Uuid as sql::Uuid, id: Uuid as sql::Uuid } -> (sql::Text,) {
        "SELECT xid::text FROM events WHERE project_id = $1 AND id = $2"
    }
}
