//! Takes refresh lanes as they are handed over, never more than there are places for.

use std::{convert::Infallible, sync::Arc};

use bus::{Delivery, Receiver};
use domain::job::{Kind, LANES_PER_MESSAGE, Lane};
use store::lanes::Held;
use tokio::task::{JoinError, JoinSet};

use crate::{lane, server::Worker};

/// Receives until the service is to stop, then waits for the lanes that are held.
pub(crate) async fn consume(worker: Arc<Worker>, mut receiver: Box<dyn Receiver>) -> Result<(), Infallible> {
    let mut holders = JoinSet::new();
    loop {
        let delivery = tokio::select! {
            biased;
            () = worker.shutdown.soft().cancelled() => break,
            Some(ended) = holders.join_next() => {
                log_panic(ended);
                continue;
            }
            delivery = receiver.next() => delivery,
        };
        let Some(delivery) = delivery else { break };
        let wanted = u32::try_from(delivery.handover.lanes.len().clamp(1, LANES_PER_MESSAGE)).unwrap_or(1);
        // The permits come before the take: a lane that is taken is worked on at once, or its lease would run for
        // nothing. An unsettled delivery goes back to the queue when the service stops meanwhile.
        let permit = tokio::select! {
            biased;
            () = worker.shutdown.soft().cancelled() => break,
            permit = Arc::clone(&worker.permits).acquire_many_owned(wanted) => permit,
        };
        let Ok(mut permit) = permit else { break };
        for held in take(&worker, delivery).await {
            let Some(place) = permit.split(1) else { break };
            let worker = Arc::clone(&worker);
            holders.spawn(async move {
                let _place = place;
                lane::hold(&worker, held).await;
            });
        }
    }
    drop(receiver);
    while let Some(ended) = holders.join_next().await {
        log_panic(ended);
    }
    Ok(())
}

/// Takes the lanes of a message. On an error the message is acknowledged all the same: it is a hint, and the lease that
/// the claim left behind brings the lanes back.
async fn take(worker: &Worker, delivery: Delivery) -> Vec<Held> {
    // Lanes of another kind cannot be in this queue; should one be, its lease brings it back.
    let lanes: Vec<Lane> = delivery.handover.lanes.iter().filter(|lane| lane.kind == Kind::Refresh).cloned().collect();
    let taken = worker.lanes.take(lanes).await;
    delivery.ack().await;
    taken.unwrap_or_else(|error| {
        tracing::warn!(%error, "refresh lanes could not be taken; they come back when their lease ends");
        Vec::new()
    })
}

fn log_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a refresh lane's holder died; its lease brings the lane back");
    }
}
