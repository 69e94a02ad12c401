//! Telling what came of a move: the events of targets that came to rest, and of posts whose last open target did.

use std::collections::HashMap;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use domain::{
    envelope::{self, Subject},
    event::{self, EventType},
    ids::EventId,
    target::Status,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::apply::{Move, Progress, SEQS};
use crate::{
    outbox::{self, Listener, NewEvent},
    posts::{self, Loaded},
};

/// Records the events of targets that came to rest, and of posts whose last open target did.
pub(super) async fn tell(
    connection: &mut AsyncPgConnection,
    moves: &[&Move],
    progress: &HashMap<Uuid, Progress>,
    listeners: &[Listener],
    now: Timestamp,
) -> QueryResult<()> {
    let mut told: HashMap<Uuid, Vec<&Move>> = HashMap::new();
    for step in moves.iter().filter(|step| step.is_told()) {
        told.entry(step.post_id).or_default().push(step);
    }
    let posts = posts::load(connection, told.keys().copied().collect()).await?;
    let mut events = Vec::new();
    for loaded in &posts {
        let (Some(steps), Some(progress)) = (told.get(&loaded.post.id.0), progress.get(&loaded.post.id.0)) else {
            continue;
        };
        let mut seq = progress.event_seq - SEQS * i64::try_from(steps.len()).unwrap_or_default();
        for step in steps {
            seq += 1;
            events.extend(target_event(loaded, step.target_id, step.after.status, seq, now));
        }
        if progress.open == 0 {
            for kind in event::of_post(loaded.post.status) {
                seq += 1;
                events.push(post_event(loaded, *kind, seq, now));
            }
        }
    }
    outbox::record(connection, &events, listeners).await
}

fn target_event(loaded: &Loaded, target: Uuid, status: Status, seq: i64, now: Timestamp) -> Option<NewEvent> {
    let kind = event::of_target(status)?;
    let target = loaded.post.targets.iter().find(|row| row.id.0 == target)?;
    Some(new_event(loaded, kind, seq, now, Subject::Target(loaded.post.id, target)))
}

/// An event about a post as it is.
pub(crate) fn post_event(loaded: &Loaded, kind: EventType, seq: i64, now: Timestamp) -> NewEvent {
    new_event(loaded, kind, seq, now, Subject::Post(&loaded.post))
}

fn new_event(loaded: &Loaded, kind: EventType, seq: i64, now: Timestamp, subject: Subject<'_>) -> NewEvent {
    let id = EventId(Uuid::now_v7());
    NewEvent {
        id,
        project_id: loaded.project_id,
        kind,
        resource_id: loaded.post.id.0,
        resource_seq: seq,
        owners: loaded.owners.clone(),
        body: envelope::body(id, kind, now, seq, subject),
        trace: loaded.trace.clone(),
        at: now,
    }
}
