//! From a message to lanes that are held: permits first, then the take, then the ack.

use std::sync::Arc;

use bus::{Delivery, Receiver};
use domain::job::{LANES_PER_MESSAGE, Queue};
use runtime::failpoint;
use store::{lanes::Held, targets::LaneWork};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};

use crate::{lane, server::Worker};

/// Receives one network's queue until the service is to stop, then waits for the lanes that are held.
pub(crate) async fn consume(
    worker: Arc<Worker>,
    queue: Queue,
    permits: Arc<Semaphore>,
    mut receiver: Box<dyn Receiver>,
) -> Result<(), std::convert::Infallible> {
    let mut messages = JoinSet::new();
    loop {
        let delivery = tokio::select! {
            biased;
            () = worker.shutdown.soft().cancelled() => break,
            Some(_) = messages.join_next() => continue,
            delivery = receiver.next() => delivery,
        };
        let Some(delivery) = delivery else { break };
        let wanted = u32::try_from(delivery.handover.lanes.len().min(LANES_PER_MESSAGE)).unwrap_or(1).max(1);
        // The permits come before the take: a lane that is taken is worked on at once, or its lease would run for
        // nothing. An unsettled delivery goes back to the queue when the service stops meanwhile.
        let permit = tokio::select! {
            biased;
            () = worker.shutdown.soft().cancelled() => break,
            permit = Arc::clone(&permits).acquire_many_owned(wanted) => permit,
        };
        let Ok(permit) = permit else { break };
        // Messages that come together are taken together: none waits for the commit of the one before.
        messages.spawn(hold(Arc::clone(&worker), queue, Arc::clone(&permits), permit, delivery));
    }
    while messages.join_next().await.is_some() {}
    Ok(())
}

/// Takes a message's lanes and works on each until it is given back.
async fn hold(
    worker: Arc<Worker>,
    queue: Queue,
    permits: Arc<Semaphore>,
    mut permit: OwnedSemaphorePermit,
    delivery: Delivery,
) {
    let mut lanes = JoinSet::new();
    for work in take(&worker, queue, delivery).await {
        let Some(one) = permit.split(1) else { break };
        let (worker, permits) = (Arc::clone(&worker), Arc::clone(&permits));
        lanes.spawn(async move {
            lane::run(&worker, queue, permits, one, work).await;
        });
    }
    // Those of lanes that were somebody else's by now.
    drop(permit);
    while lanes.join_next().await.is_some() {}
}

/// Takes the lanes of a message. On an error the message is acknowledged all the same: it is a hint, and the lease that
/// the claim left behind brings the lanes back.
async fn take(worker: &Worker, queue: Queue, delivery: Delivery) -> Vec<LaneWork> {
    let lanes = delivery.handover.lanes.clone();
    let taken = worker.lanes.take(lanes).await;
    if let Some(held) = taken.as_ref().ok().and_then(|held| held.first()) {
        worker.clock.observe(held.taken_at);
    }
    let taken = match taken {
        Ok(held) if held.is_empty() => Ok(Vec::new()),
        Ok(held) => match worker.targets.work(held.clone()).await {
            Ok(works) => {
                give_back_orphans(worker, held, &works).await;
                Ok(works)
            }
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    failpoint::hit("publisher.after_take");
    delivery.ack().await;
    taken.unwrap_or_else(|error| {
        tracing::warn!(queue = queue.name(), %error, "lanes could not be taken; they come back when their lease ends");
        Vec::new()
    })
}

/// Lanes whose account is gone have no work and never will.
async fn give_back_orphans(worker: &Worker, held: Vec<Held>, works: &[LaneWork]) {
    for orphan in held.into_iter().filter(|held| works.iter().all(|work| work.held.key != held.key)) {
        if let Err(error) = worker.lanes.release(orphan, None).await {
            tracing::warn!(%error, "a lane without an account could not be given back");
        }
    }
}
