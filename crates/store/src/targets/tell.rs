//! Telling what came of a move: the events of targets that came to rest, and of posts whose last open target did.

use std::collections::HashMap;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use domain::{
    envelope::{self, Subject},
    event::{self, EventType},
    ids::EventId,
    post::Target,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::apply::{Move, Progress, SEQS};
use crate::{
    outbox::{self, Listener, NewEvent},
    posts::{self, About, Loaded},
};

/// Records the events of targets that came to rest, and of posts whose last open target did.
pub(super) async fn tell(
    connection: &AsyncPgConnection,
    moves: &[&Move],
    progress: &HashMap<Uuid, Progress>,
    listeners: &[Listener],
    now: Timestamp,
) -> QueryResult<()> {
    let mut told: HashMap<Uuid, Vec<&Move>> = HashMap::new();
    for step in moves.iter().filter(|step| step.is_told()) {
        told.entry(step.post_id).or_default().push(step);
    }
    let is_over = |post: &Uuid| progress.get(post).is_some_and(|progress| progress.open == 0);
    let whole = told.keys().filter(|post| is_over(post)).copied().collect();
    let rest = told.iter().filter(|(post, _)| !is_over(post));
    let some = rest.flat_map(|(_, steps)| steps.iter().map(|step| step.target_id)).collect();
    let (posts, glimpses) = posts::load_with(connection, whole, some).await?;
    let numbered = |about: &About| {
        let steps = told.get(&about.post_id.0)?;
        let first = progress.get(&about.post_id.0)?.event_seq - SEQS * i64::try_from(steps.len()).ok()? + 1;
        Some((first..).zip(steps).map(|(seq, step)| (seq, *step)).collect::<Vec<_>>())
    };
    let mut events = Vec::new();
    for glimpse in &glimpses {
        let steps = numbered(&glimpse.about).unwrap_or_default();
        events.extend(target_events(&glimpse.about, &glimpse.targets, &steps, now));
    }
    for loaded in &posts {
        let steps = numbered(&loaded.about).unwrap_or_default();
        events.extend(target_events(&loaded.about, &loaded.post.targets, &steps, now));
        let Some((last, _)) = steps.last() else { continue };
        let kinds = event::of_post(loaded.post.status).iter().zip(last + 1..);
        events.extend(kinds.map(|(kind, seq)| post_event(loaded, *kind, seq, now)));
    }
    outbox::record(connection, &events, listeners).await
}

fn target_events(
    about: &About,
    targets: &[Target],
    steps: &[(i64, &Move)],
    now: Timestamp,
) -> impl Iterator<Item = NewEvent> {
    steps.iter().filter_map(move |(seq, step)| {
        let kind = event::of_target(step.after.status)?;
        let target = targets.iter().find(|target| target.id.0 == step.target_id)?;
        Some(new_event(about, kind, *seq, now, Subject::Target(about.post_id, target)))
    })
}

/// An event about a post as it is.
pub(crate) fn post_event(loaded: &Loaded, kind: EventType, seq: i64, now: Timestamp) -> NewEvent {
    new_event(&loaded.about, kind, seq, now, Subject::Post(&loaded.post))
}

fn new_event(about: &About, kind: EventType, seq: i64, now: Timestamp, subject: Subject<'_>) -> NewEvent {
    let id = EventId(Uuid::now_v7());
    NewEvent {
        id,
        project_id: about.project_id,
        kind,
        resource_id: about.post_id.0,
        resource_seq: seq,
        owners: about.owners.clone(),
        body: envelope::body(id, kind, now, seq, subject),
        trace: about.trace.clone(),
        at: now,
    }
}
