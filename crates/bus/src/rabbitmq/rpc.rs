//! Asks questions, and hears the answers by direct reply-to: the broker hands them to the asking channel without a
//! queue between. <https://www.rabbitmq.com/docs/direct-reply-to>

use std::{collections::HashMap, sync::Arc, task::Poll, time::Duration};

use futures::{StreamExt as _, stream::FuturesUnordered};
use jiff::Timestamp;
use lapin::{
    BasicProperties, Channel, Consumer,
    message::Delivery,
    options::{BasicConsumeOptions, ConfirmSelectOptions},
    types::{FieldTable, ShortString},
};
use tokio::sync::{mpsc, oneshot};

use super::{
    connection::Live,
    publish::{Outcome, Verdict, publish},
    supervisor::Shared,
};
use crate::{AskError, wire};

/// The broker's own pseudo-queue for answers.
const REPLY_TO: &str = "amq.rabbitmq.reply-to";

/// A question on its way, and whoever waits for the answer.
pub(super) struct Asking {
    pub(super) routing_key: ShortString,
    pub(super) body: Vec<u8>,
    pub(super) timeout: Duration,
    /// When the asker stops waiting.
    pub(super) deadline: Timestamp,
    pub(super) answer: oneshot::Sender<Result<Vec<u8>, AskError>>,
}

/// Runs until the bus closes. A channel is opened with the first question over each connection.
pub(super) async fn run(shared: Arc<Shared>, mut inbox: mpsc::Receiver<Asking>) {
    while let Some(Some(asking)) = shared.closing.run_until_cancelled(inbox.recv()).await {
        let Some(live) = shared.live() else {
            give_up(asking.answer);
            continue;
        };
        match Line::open(&shared, &live).await {
            Ok(mut line) => {
                let talking = line.talk(asking, &mut inbox);
                let talking = live.broken().run_until_cancelled(talking);
                if let Some(Some(reason)) = shared.closing.run_until_cancelled(talking).await {
                    live.fail(reason);
                }
                line.waiting.into_values().for_each(give_up);
            }
            // The connection has ended already.
            Err(_) => give_up(asking.answer),
        }
    }
}

fn give_up(answer: oneshot::Sender<Result<Vec<u8>, AskError>>) {
    // Whoever asked may have stopped waiting.
    let _ = answer.send(Err(AskError::Unavailable));
}

/// A channel to ask on, and the questions that wait for an answer, by correlation id.
struct Line<'a> {
    shared: &'a Shared,
    channel: Channel,
    answers: Consumer,
    waiting: HashMap<String, oneshot::Sender<Result<Vec<u8>, AskError>>>,
    asked: u64,
}

impl<'a> Line<'a> {
    async fn open(shared: &'a Shared, live: &Live) -> Result<Self, String> {
        let channel = live.channel().await?;
        live.within(channel.confirm_select(ConfirmSelectOptions::default()), "asking for confirms").await?;
        // Answers are not acked: there is no queue that could give them again.
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        let consuming = channel.basic_consume(REPLY_TO.into(), ShortString::default(), options, FieldTable::default());
        let answers = live.within(consuming, "receiving answers").await?;
        Ok(Self { shared, channel, answers, waiting: HashMap::new(), asked: 0 })
    }

    /// Asks and listens until something goes wrong; says what.
    async fn talk(&mut self, first: Asking, inbox: &mut mpsc::Receiver<Asking>) -> String {
        let mut in_flight = FuturesUnordered::new();
        let mut asking = Some(first);
        loop {
            if let Some(asking) = asking.take() {
                let (id, publishing) = self.ask(asking);
                let mut publishing = Box::pin(publishing);
                // Polled once now, so that questions get in line, and their confirms counted, in this order.
                match futures::poll!(&mut publishing) {
                    Poll::Ready(outcome) => {
                        if let Some(reason) = self.hear_confirm(&id, outcome) {
                            return reason;
                        }
                    }
                    Poll::Pending => in_flight.push(async move { (id, publishing.await) }),
                }
            }
            tokio::select! {
                next = inbox.recv() => match next {
                    Some(next) => asking = Some(next),
                    None => return "the bus is closed".to_owned(),
                },
                Some((id, outcome)) = in_flight.next() => {
                    if let Some(reason) = self.hear_confirm(&id, outcome) {
                        return reason;
                    }
                }
                answer = self.answers.next() => match answer {
                    Some(Ok(answer)) => self.hear_answer(&answer),
                    Some(Err(error)) => return format!("receiving answers: {error}"),
                    None => return "receiving answers: the broker ended it".to_owned(),
                },
            }
        }
    }

    fn ask(&mut self, asking: Asking) -> (String, impl Future<Output = Outcome> + use<>) {
        self.waiting.retain(|_, answer| !answer.is_closed());
        self.asked += 1;
        let id = self.asked.to_string();
        self.waiting.insert(id.clone(), asking.answer);
        let properties = BasicProperties::default()
            .with_type(wire::QUESTION.into())
            .with_message_id(id.as_str().into())
            .with_correlation_id(id.as_str().into())
            .with_reply_to(REPLY_TO.into())
            .with_expiration(asking.timeout.as_millis().to_string().into())
            .with_delivery_mode(self.shared.names.delivery_mode());
        self.shared.counters.published.one();
        let (channel, exchange) = (self.channel.clone(), self.shared.names.exchange());
        let payload = wire::encode_question(asking.body, asking.deadline);
        (id, publish(channel, exchange, asking.routing_key, payload, properties))
    }

    /// What the broker says of a question; a reason when it ends the connection.
    fn hear_confirm(&mut self, id: &str, outcome: Outcome) -> Option<String> {
        let counters = &self.shared.counters;
        let mut trouble = None;
        if let Some(returned) = outcome.returned {
            counters.returned.one();
            self.give_up(&returned);
            trouble = Some("asking: a queue is gone".to_owned());
        }
        match outcome.verdict {
            Verdict::Confirmed => counters.confirmed.one(),
            Verdict::Refused => {
                counters.refused.one();
                self.give_up(id);
            }
            Verdict::Lost(reason) => trouble = Some(reason),
        }
        trouble
    }

    fn give_up(&mut self, id: &str) {
        if let Some(answer) = self.waiting.remove(id) {
            give_up(answer);
        }
    }

    fn hear_answer(&mut self, answer: &Delivery) {
        self.shared.counters.replies.one();
        let properties = &answer.properties;
        let waiting = properties.correlation_id().as_ref().and_then(|id| self.waiting.remove(id.as_str()));
        // An answer that comes too late, or to nothing we asked, is nobody's.
        let Some(waiting) = waiting else { return };
        let message_type = properties.kind().as_ref().map(ShortString::as_str);
        let answer = match wire::decode_answer(message_type, &answer.data) {
            Ok(Some(body)) => Ok(body),
            Ok(None) | Err(_) => Err(AskError::Unavailable),
        };
        // Whoever asked may have stopped waiting.
        let _ = waiting.send(answer);
    }
}
