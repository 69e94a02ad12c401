//! Publishes handovers in windows: up to 500 are sent, then all their confirms awaited.
//!
//! One window at a time, because a message that comes back unroutable is told apart only then: RabbitMQ returns it
//! before it confirms it, lapin gives it out with any confirm that follows, so it is known once all confirms of its
//! window are in.

use std::{collections::HashSet, sync::Arc, task::Poll};

use futures::{StreamExt as _, stream::FuturesUnordered};
use lapin::{BasicProperties, Channel, options::ConfirmSelectOptions, types::ShortString};
use tokio::sync::{mpsc, oneshot};

use super::{
    connection::Live,
    publish::{Outcome, Verdict, publish},
    supervisor::Shared,
};
use crate::{CONFIRM_WINDOW, SendError, wire};

/// A message on its way, and whoever waits for its fate.
pub(super) struct Parcel {
    pub(super) routing_key: ShortString,
    pub(super) payload: Vec<u8>,
    pub(super) done: oneshot::Sender<Result<(), SendError>>,
}

/// Runs until the bus closes and all that was accepted is sent.
pub(super) async fn run(shared: Arc<Shared>, mut inbox: mpsc::Receiver<Parcel>) {
    let mut outlet = None;
    let mut window = Vec::with_capacity(CONFIRM_WINDOW);
    loop {
        let received = tokio::select! {
            received = inbox.recv_many(&mut window, CONFIRM_WINDOW) => received,
            () = shared.closing.cancelled(), if !inbox.is_closed() => {
                inbox.close();
                continue;
            }
        };
        if received == 0 {
            return;
        }
        let fates = send_window(&shared, &mut outlet, &mut window).await;
        for (parcel, fate) in window.drain(..).zip(fates) {
            // Whoever sent it may have stopped waiting.
            let _ = parcel.done.send(fate);
        }
    }
}

/// A channel in confirm mode, and the connection it belongs to.
struct Outlet {
    live: Arc<Live>,
    channel: Channel,
}

async fn send_window(
    shared: &Shared,
    outlet: &mut Option<Outlet>,
    window: &mut [Parcel],
) -> Vec<Result<(), SendError>> {
    let Some(live) = shared.live() else { return vec![Err(SendError::Unavailable); window.len()] };
    if live.is_blocked() {
        return vec![Err(SendError::Full); window.len()];
    }
    if outlet.as_ref().is_none_or(|outlet| outlet.live.generation != live.generation) {
        *outlet = open(live).await.ok();
    }
    match outlet {
        Some(outlet) => publish_window(shared, outlet, window).await,
        None => vec![Err(SendError::Unavailable); window.len()],
    }
}

async fn open(live: Arc<Live>) -> Result<Outlet, String> {
    let channel = live.channel().await?;
    live.within(channel.confirm_select(ConfirmSelectOptions::default()), "asking for confirms").await?;
    Ok(Outlet { live, channel })
}

async fn publish_window(shared: &Shared, outlet: &Outlet, window: &mut [Parcel]) -> Vec<Result<(), SendError>> {
    let mut fates: Vec<Option<Verdict>> = window.iter().map(|_| None).collect();
    let mut returned = HashSet::new();
    let mut hear = |index: usize, outcome: Outcome| {
        fates[index] = Some(outcome.verdict);
        returned.extend(outcome.returned);
    };
    let mut in_flight = FuturesUnordered::new();
    for (index, parcel) in window.iter_mut().enumerate() {
        let properties = BasicProperties::default()
            .with_type(wire::HANDOVER.into())
            .with_message_id(index.to_string().into())
            .with_delivery_mode(shared.names.delivery_mode());
        let payload = std::mem::take(&mut parcel.payload);
        let (exchange, routing_key) = (shared.names.exchange(), parcel.routing_key.clone());
        let mut publishing = Box::pin(publish(outlet.channel.clone(), exchange, routing_key, payload, properties));
        match futures::poll!(&mut publishing) {
            Poll::Ready(outcome) => hear(index, outcome),
            Poll::Pending => in_flight.push(async move { (index, publishing.await) }),
        }
    }
    shared.counters.published.add(window.len() as u64);
    let confirms = async {
        while let Some((index, outcome)) = in_flight.next().await {
            hear(index, outcome);
        }
    };
    let in_time = tokio::time::timeout(shared.confirm_timeout, confirms).await.is_ok();
    if !in_time {
        outlet.live.fail("publishing: no confirm in time");
    }
    let fates = fates.into_iter().enumerate();
    fates.map(|(index, verdict)| fate(shared, &outlet.live, returned.contains(&index.to_string()), verdict)).collect()
}

/// What became of one message. Whatever went wrong beyond a full queue ends the connection.
fn fate(shared: &Shared, live: &Live, returned: bool, verdict: Option<Verdict>) -> Result<(), SendError> {
    match verdict {
        Some(Verdict::Confirmed) if returned => {
            shared.counters.returned.one();
            live.fail("publishing: a queue is gone");
            Err(SendError::Unroutable)
        }
        Some(Verdict::Confirmed) => {
            shared.counters.confirmed.one();
            Ok(())
        }
        Some(Verdict::Refused) => {
            shared.counters.refused.one();
            Err(SendError::Full)
        }
        Some(Verdict::Lost(reason)) => {
            live.fail(reason);
            Err(SendError::Unavailable)
        }
        None => Err(SendError::Timeout),
    }
}
