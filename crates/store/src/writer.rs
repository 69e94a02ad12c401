//! Group commit: requests that arrive while a flush is under way are written together by the next one.
//!
//! A writer is one task with one connection of its own. It takes a request, drains what else waits up to a cap of rows,
//! writes all of it in one transaction and answers each; one caller alone waits for nobody. A request that the database
//! refuses never fails its neighbours: the batch is halved down to the guilty one.

use std::{collections::VecDeque, time::Duration};

use diesel::QueryResult;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager};
use futures::future::BoxFuture;
use runtime::failpoint;
use tokio::sync::{mpsc, oneshot};

use crate::{Database, StoreError, error::is_disconnect, statement::statement};

/// Plans are pinned to indexes: a bad one for an `unnest` of thousands doubles the database's share.
const SESSION: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
    SET lock_timeout = '2s'; SET statement_timeout = '5s'; SET jit = off";

/// A whole batch is tried this often when it loses a deadlock or a serialization race.
const CONTENTION_TRIES: u32 = 4;

/// How a writer batches.
#[derive(Debug, Clone, Copy)]
pub struct WriterSettings {
    /// Requests that may wait; more are told so at once.
    pub queue: usize,
    /// Rows of one flush, not requests.
    pub max_rows: usize,
    /// Whether a commit waits for the disk. Off only where losing the last moments costs a lease and nothing else.
    pub durable: bool,
}

impl Default for WriterSettings {
    fn default() -> Self {
        Self { queue: 1_024, max_rows: 2_000, durable: true }
    }
}

/// One kind of write.
pub(crate) trait Batch: Send + 'static {
    type Request: Send + Sync + 'static;
    type Answer: Send + 'static;

    /// What is attempted, for errors.
    const ATTEMPT: &'static str;

    /// Rows a request writes, for the cap.
    fn rows(request: &Self::Request) -> usize;

    /// Writes all requests inside the transaction that is open and answers each, in order. `seen` is to be set to the
    /// transaction's id by a statement that reads it anyway, so that a commit whose answer is lost can be looked up.
    fn flush<'a>(
        connection: &'a mut AsyncPgConnection,
        requests: &'a [Self::Request],
        seen: &'a mut Option<String>,
    ) -> BoxFuture<'a, QueryResult<Vec<Self::Answer>>>;
}

/// The queue is full or the writer has ended: nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the writer does not take more at the moment")]
pub struct WriterClosed;

struct Waiting<B: Batch> {
    request: B::Request,
    answer: oneshot::Sender<Result<B::Answer, StoreError>>,
}

/// The way in. When the last clone is dropped the task writes what waits and ends.
pub(crate) struct Writer<B: Batch> {
    sender: mpsc::Sender<Waiting<B>>,
}

impl<B: Batch> Clone for Writer<B> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone() }
    }
}

impl<B: Batch> Writer<B> {
    pub(crate) fn start(database: Database, settings: WriterSettings) -> Self {
        let (sender, receiver) = mpsc::channel(settings.queue);
        tokio::spawn(Task::<B> { database, settings, connection: None, receiver }.run());
        Self { sender }
    }

    /// Writes, or says at once that there is no room.
    pub(crate) async fn try_write(&self, request: B::Request) -> Result<Result<B::Answer, StoreError>, WriterClosed> {
        let (answer, written) = oneshot::channel();
        self.sender.try_send(Waiting { request, answer }).map_err(|_| WriterClosed)?;
        written.await.map_err(|_| WriterClosed)
    }

    /// Writes, waiting for room. For a lane's holder, whose number is bounded by permits.
    pub(crate) async fn write(&self, request: B::Request) -> Result<B::Answer, StoreError> {
        let closed = || StoreError::Unavailable("the writer has ended".to_owned());
        let (answer, written) = oneshot::channel();
        self.sender.send(Waiting { request, answer }).await.map_err(|_| closed())?;
        written.await.map_err(|_| closed())?
    }
}

struct Task<B: Batch> {
    database: Database,
    settings: WriterSettings,
    connection: Option<AsyncPgConnection>,
    receiver: mpsc::Receiver<Waiting<B>>,
}

impl<B: Batch> Task<B> {
    async fn run(mut self) {
        while let Some(first) = self.receiver.recv().await {
            let batch = self.gather(first).await;
            self.settle(batch).await;
        }
    }

    /// What waits, and what those who are just about to ask bring: whoever can run now runs first, and nobody is waited
    /// for, so one caller alone loses nothing.
    async fn gather(&mut self, first: Waiting<B>) -> Vec<Waiting<B>> {
        let mut rows = B::rows(&first.request);
        let mut batch = vec![first];
        while rows < self.settings.max_rows {
            let Ok(next) = self.receiver.try_recv() else {
                tokio::task::yield_now().await;
                if self.receiver.is_empty() {
                    break;
                }
                continue;
            };
            rows += B::rows(&next.request);
            batch.push(next);
        }
        batch
    }

    /// Writes a batch, halving it around a request that the database refuses.
    async fn settle(&mut self, batch: Vec<Waiting<B>>) {
        let mut work = VecDeque::from([batch]);
        while let Some(batch) = work.pop_front() {
            let (requests, answers): (Vec<_>, Vec<_>) = batch.into_iter().map(|w| (w.request, w.answer)).unzip();
            match self.attempt(&requests).await {
                Ok(done) => {
                    for (answer, done) in answers.into_iter().zip(done) {
                        // A caller that went away has nothing to be told; its rows are written all the same.
                        let _ = answer.send(Ok(done));
                    }
                }
                Err(Attempt::Guilty(_)) if requests.len() > 1 => {
                    let mut first: Vec<_> = requests
                        .into_iter()
                        .zip(answers)
                        .map(|(request, answer)| Waiting { request, answer })
                        .collect();
                    let second = first.split_off(first.len() / 2);
                    work.push_front(second);
                    work.push_front(first);
                }
                Err(error) => refuse::<B>(answers, error),
            }
        }
    }

    async fn attempt(&mut self, requests: &[B::Request]) -> Result<Vec<B::Answer>, Attempt> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.transaction(requests).await {
                Err(Attempt::Contended) if tries < CONTENTION_TRIES => {}
                Err(Attempt::Gone(_)) if tries < 2 => {}
                other => return other,
            }
        }
    }

    async fn transaction(&mut self, requests: &[B::Request]) -> Result<Vec<B::Answer>, Attempt> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let mut seen = None;
        match write::<B>(&mut connection, requests, &mut seen).await {
            Ok(answers) => {
                failpoint::hit("store.before_commit");
                match AnsiTransactionManager::commit_transaction(&mut connection).await {
                    Ok(()) => {
                        failpoint::hit("store.after_commit");
                        self.connection = Some(connection);
                        Ok(answers)
                    }
                    Err(error) if is_disconnect(&error) => {
                        if self.landed(seen).await? {
                            Ok(answers)
                        } else {
                            Err(Attempt::Gone(error.to_string()))
                        }
                    }
                    Err(error) => Err(Attempt::of(error)),
                }
            }
            Err(error) => {
                if !is_disconnect(&error) && AnsiTransactionManager::rollback_transaction(&mut connection).await.is_ok()
                {
                    self.connection = Some(connection);
                }
                Err(Attempt::of(error))
            }
        }
    }

    async fn connect(&self) -> Result<AsyncPgConnection, Attempt> {
        let setup =
            if self.settings.durable { SESSION.to_owned() } else { format!("{SESSION}; SET synchronous_commit = off") };
        self.database.dedicated(&setup).await.map_err(|error| Attempt::Gone(error.to_string()))
    }

    /// Whether a transaction whose commit was not answered went through after all.
    async fn landed(&self, seen: Option<String>) -> Result<bool, Attempt> {
        let Some(id) = seen else { return Ok(false) };
        for _ in 0..50 {
            let Ok(mut connection) = self.connect().await else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let status: QueryResult<Vec<(Option<String>,)>> =
                TransactionStatus { id: id.clone() }.load(&mut connection).await;
            match status.map(|rows| rows.into_iter().next().and_then(|row| row.0)) {
                Ok(Some(status)) if status == "committed" => return Ok(true),
                Ok(Some(status)) if status == "aborted" => return Ok(false),
                Ok(Some(_)) | Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                Ok(None) => return Ok(false),
            }
        }
        Err(Attempt::Unknown)
    }
}

async fn write<B: Batch>(
    connection: &mut AsyncPgConnection,
    requests: &[B::Request],
    seen: &mut Option<String>,
) -> QueryResult<Vec<B::Answer>> {
    AnsiTransactionManager::begin_transaction(connection).await?;
    B::flush(connection, requests, seen).await
}

statement! {
    TransactionStatus { id: String as diesel::sql_types::Text } -> (diesel::sql_types::Nullable<diesel::sql_types::Text>,) {
        "SELECT pg_xact_status($1::text::xid8)"
    }
}

/// How an attempt to write a batch ended, when not well.
enum Attempt {
    /// Another transaction was in the way.
    Contended,
    /// The connection is gone.
    Gone(String),
    /// The connection went away in the commit and what became of it cannot be looked up. Never repeated.
    Unknown,
    /// The server cannot write at the moment.
    Trouble(String),
    /// A row is not what the database takes.
    Guilty(diesel::result::Error),
}

impl Attempt {
    fn of(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind, Error};
        match error {
            error if is_disconnect(&error) => Self::Gone(error.to_string()),
            Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => Self::Contended,
            Error::DatabaseError(_, ref info)
                if info.message().contains("deadlock detected") || info.message().contains("lock timeout") =>
            {
                Self::Contended
            }
            // The server's trouble, not a row's: a disk that stalls or is full, a standby, no memory.
            Error::DatabaseError(DatabaseErrorKind::Unknown | DatabaseErrorKind::ReadOnlyTransaction, ref info)
                if TROUBLE.iter().any(|sign| info.message().contains(sign)) =>
            {
                Self::Trouble(error.to_string())
            }
            error => Self::Guilty(error),
        }
    }
}

/// Signs of the server's own trouble, in PostgreSQL's words.
const TROUBLE: [&str; 5] =
    ["statement timeout", "read-only transaction", "could not extend file", "out of memory", "No space left"];

fn refuse<B: Batch>(answers: Vec<oneshot::Sender<Result<B::Answer, StoreError>>>, error: Attempt) {
    let mut answers = answers.into_iter();
    match error {
        Attempt::Guilty(source) => {
            if let Some(answer) = answers.next() {
                let _ = answer.send(Err(StoreError::Refused { attempt: B::ATTEMPT, source }));
            }
        }
        Attempt::Contended => {
            for answer in answers {
                let _ = answer.send(Err(StoreError::Unavailable("the rows are locked by others".to_owned())));
            }
        }
        Attempt::Unknown => {
            for answer in answers {
                let _ = answer.send(Err(StoreError::Unavailable("the outcome of a commit is not known".to_owned())));
            }
        }
        Attempt::Gone(message) | Attempt::Trouble(message) => {
            for answer in answers {
                let _ = answer.send(Err(StoreError::Unavailable(message.clone())));
            }
        }
    }
}
