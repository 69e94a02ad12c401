//! Publishing one message and hearing what became of it.

use domain::mutant::{Mutant, lives};
use lapin::{BasicProperties, Channel, Confirmation, options::BasicPublishOptions, types::ShortString};

/// What the broker said of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has it.
    Confirmed,
    /// Its queue is full.
    Refused,
    /// The channel ended before it said anything.
    Lost(String),
}

/// A verdict, and possibly news of another message.
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    /// The `message_id` of a message that came back because no queue takes it.
    ///
    /// lapin hands a returned message out with the next confirm, which need not be its own.
    pub(super) returned: Option<String>,
}

/// Publishes on a channel in confirm mode and waits for the broker's word.
///
/// The frames are in line after the first poll, and lapin counts confirms in the order of the first polls. So one task
/// publishes on a channel, and polls each publish once before it begins the next.
pub(super) async fn publish(
    channel: Channel,
    exchange: ShortString,
    routing_key: ShortString,
    payload: Vec<u8>,
    properties: BasicProperties,
) -> Outcome {
    let options = BasicPublishOptions { mandatory: !lives(Mutant::NoMandatory), immediate: false };
    let written = channel.basic_publish(exchange, routing_key, options, &payload, properties).await;
    let confirmation = match written {
        Ok(confirm) => confirm.await,
        Err(error) => Err(error),
    };
    let verdict = match &confirmation {
        Ok(Confirmation::Ack(_) | Confirmation::NotRequested) => Verdict::Confirmed,
        Ok(Confirmation::Nack(_)) => Verdict::Refused,
        Err(error) => Verdict::Lost(format!("publishing: {error}")),
    };
    let returned = confirmation.ok().and_then(Confirmation::take_message);
    let returned = returned.and_then(|message| message.properties.message_id().as_ref().map(ToString::to_string));
    Outcome { verdict, returned }
}
