//! From a question to its answer.

use std::{convert::Infallible, sync::Arc};

use bus::{Question, Questions};
use tokio::task::{JoinError, JoinSet};

use crate::{connect, server::Worker};

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
    let answer = connect::connect(&worker, &question.body, left).await;
    match serde_json::to_vec(&answer) {
        Ok(body) => question.reply(body).await,
        // Dropped, so that whoever asked is told at once.
        Err(error) => tracing::error!(%error, "an answer has no JSON form"),
    }
}

fn log_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "answering a question died; whoever asked is told");
    }
}
