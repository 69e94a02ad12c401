//! From a question on `live.v1` to its answer.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bus::{CALL_TTL, Question, Questions};
use tokio::task::{JoinError, JoinSet};

use crate::{live, server::Worker};

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
    let left: Duration = question.deadline.duration_since(worker.now()).try_into().unwrap_or_default();
    // Should the clocks disagree, nobody waits for longer than this all the same.
    let answer = live::answer(&worker, &question.body, left.min(CALL_TTL)).await;
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
