//! Takes lanes as they are handed over, never more than there are places for.

use std::{sync::Arc, time::Duration};

use bus::{Bus, BusError, Delivery};
use domain::job::{Kind, LANES_PER_MESSAGE, Lane, Queue};
use futures::FutureExt as _;
use runtime::{backoff::Backoff, failpoint};
use store::lanes::Held;
use tokio::{sync::OwnedSemaphorePermit, task::JoinSet};

use crate::lane::{self, Shared};

/// Receives until the service stops, then waits for the lanes that are held.
pub(crate) async fn consume(shared: Arc<Shared>, bus: Arc<dyn Bus>) -> Result<(), BusError> {
    let prefetch = u16::try_from(2 * shared.places / LANES_PER_MESSAGE).unwrap_or(u16::MAX).max(2);
    let mut receiver = bus.receive(Queue::Deliver, prefetch).await?;
    let mut holders = JoinSet::new();
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
    let soft = shared.shutdown.soft().clone();
    let stopped = || soft.cancelled();
    // A permit first: what nobody can serve yet stays in the queue, for another dispatcher.
    while let Some(Ok(mut permit)) = unless(stopped(), places(&shared, 1)).await {
        while let Some(ended) = holders.try_join_next() {
            log_panic(ended);
        }
        let Some(Some(first)) = unless(stopped(), receiver.next()).await else { break };
        let mut deliveries = vec![first];
        while lanes_of(&deliveries).count() + LANES_PER_MESSAGE <= shared.permits.available_permits() {
            match receiver.next().now_or_never() {
                Some(Some(delivery)) => deliveries.push(delivery),
                Some(None) | None => break,
            }
        }
        let lanes: Vec<Lane> = lanes_of(&deliveries).collect();
        if let Some(missing) = lanes.len().checked_sub(1).filter(|missing| *missing > 0) {
            match unless(stopped(), places(&shared, missing)).await {
                Some(Ok(more)) => permit.merge(more),
                _ => break,
            }
        }
        let taken = shared.lanes.take(lanes).await;
        failpoint::hit("dispatcher.after_take");
        // Also when they could not be taken: the message is a hint, and the lease brings the lanes back.
        for delivery in deliveries {
            delivery.ack().await;
        }
        match taken {
            Ok(held) => {
                backoff.reset();
                start(&shared, &mut holders, permit, held);
            }
            Err(error) => {
                tracing::error!(%error, "lanes could not be taken");
                drop(permit);
                let _ = unless(stopped(), tokio::time::sleep(backoff.after_failure())).await;
            }
        }
    }
    drop(receiver);
    while let Some(ended) = holders.join_next().await {
        log_panic(ended);
    }
    Ok(())
}

fn start(shared: &Arc<Shared>, holders: &mut JoinSet<()>, mut permit: OwnedSemaphorePermit, held: Vec<Held>) {
    for held in held {
        let Some(place) = permit.split(1) else { return };
        let shared = Arc::clone(shared);
        holders.spawn(async move {
            let _place = place;
            lane::hold(shared, held).await;
        });
    }
}

/// Places for lanes. Closed never: the semaphore lives as long as the service.
async fn places(shared: &Shared, count: usize) -> Result<OwnedSemaphorePermit, tokio::sync::AcquireError> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    Arc::clone(&shared.permits).acquire_many_owned(count).await
}

/// Lanes of another kind cannot be in this queue; should one be, its lease brings it back.
fn lanes_of(deliveries: &[Delivery]) -> impl Iterator<Item = Lane> {
    let lanes = deliveries.iter().flat_map(|delivery| &delivery.handover.lanes);
    lanes.filter(|lane| lane.kind == Kind::Deliver).cloned()
}

/// `None` when the service stops first.
async fn unless<T>(stopped: impl Future<Output = ()>, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = stopped => None,
        done = work => Some(done),
    }
}

fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a lane's holder died; its lease brings the lane back");
    }
}
