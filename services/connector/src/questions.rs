//! From a question to its answer.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bus::{Question, Questions};
use domain::connection::ConnectQuestion;
use runtime::trace::Trace;
use tokio::task::{JoinError, JoinSet};
use tracing::Instrument as _;

use crate::{connect, consent, refused::unavailable, server::Worker};

/// Answers until the service is to stop, then finishes the answers it owes.
pub(crate) async fn answer(worker: Arc<Worker>, mut questions: Box<dyn Questions>) -> Result<(), Infallible> {
    let mut owed = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = worker.shutdown.soft().cancelled() => break,
            Some(ended) = owed.join_next() => log_panic(ended),
            question = questions.next() => match question {
                Some(question) => drop(owed.spawn(one(Arc::clone(&worker), question))),
                None => break,
            },
        }
    }
    // An answer goes nowhere once its receiver is dropped.
    while let Some(ended) = owed.join_next().await {
        log_panic(ended);
    }
    drop(questions);
    Ok(())
}

async fn one(worker: Arc<Worker>, question: Question) {
    let left = question.deadline.duration_since(worker.clock.now()).try_into().unwrap_or_default();
    match answered(&worker, &question.body, left).await {
        Ok(body) => question.reply(body).await,
        // Dropped, so that whoever asked is told at once.
        Err(error) => tracing::error!(%error, "an answer has no JSON form"),
    }
}

/// The answer's JSON. `patience` is how long the asker still waits.
async fn answered(worker: &Worker, body: &[u8], patience: Duration) -> serde_json::Result<Vec<u8>> {
    // The parser's message may show a piece of what was sent.
    let Ok(question) = serde_json::from_slice::<ConnectQuestion>(body) else {
        tracing::error!("a question on connect.v1 cannot be read; is the gateway of another version?");
        // Whatever was asked, "not now" has the same form.
        return serde_json::to_vec(&unavailable("The connector does not understand the gateway"));
    };
    match question {
        ConnectQuestion::Credentials(request) => {
            serde_json::to_vec(&connect::connect(worker, &request, patience).await)
        }
        ConnectQuestion::Begin(request) => {
            let trace = Trace::continue_from(request.trace.as_deref());
            serde_json::to_vec(&consent::begin(worker, &request, patience).instrument(trace.span()).await)
        }
        ConnectQuestion::Reseal(request) => serde_json::to_vec(&consent::reseal(worker, &request).await),
    }
}

fn log_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "answering a question died; whoever asked is told");
    }
}
