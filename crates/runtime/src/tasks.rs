//! The parts of a service that run for as long as it does.

use std::{
    collections::BTreeMap,
    fmt::Display,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::FutureExt as _;
use tokio_util::task::TaskTracker;

use crate::shutdown::Shutdown;

/// Why a service ended otherwise than asked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// A task gave up.
    #[error("{task} failed: {error}")]
    Failed {
        /// Its name.
        task: &'static str,
        /// Its own words.
        error: String,
    },
    /// A task panicked.
    #[error("{task} panicked: {message}")]
    Panicked {
        /// Its name.
        task: &'static str,
        /// What it panicked with.
        message: String,
    },
    /// A task that should run for ever returned.
    #[error("{task} ended although nothing asked it to")]
    EndedEarly {
        /// Its name.
        task: &'static str,
    },
    /// Work was still going on at the deadline, or at the second signal.
    #[error("stopped before these had finished: {}", tasks.join(", "))]
    Cut {
        /// The names of the tasks.
        tasks: Vec<&'static str>,
    },
}

/// Runs a service's tasks and brings it down, softly, when one of them ends before it should.
#[derive(Debug, Clone)]
pub struct Tasks {
    shutdown: Shutdown,
    tracker: TaskTracker,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    running: BTreeMap<&'static str, usize>,
    cut: Vec<&'static str>,
    first_error: Option<TaskError>,
}

impl Tasks {
    /// No tasks yet.
    pub fn new(shutdown: Shutdown) -> Self {
        Self { shutdown, tracker: TaskTracker::new(), state: Arc::default() }
    }

    /// The shutdown they share.
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Runs a task until it ends, which it should do after soft and not before; at hard it is dropped where it stands.
    pub fn spawn<E: Display>(&self, task: &'static str, future: impl Future<Output = Result<(), E>> + Send + 'static) {
        let tasks = self.clone();
        *self.state().running.entry(task).or_default() += 1;
        // Nothing is looked at after a panic but the fact.
        let future = AssertUnwindSafe(future).catch_unwind();
        self.tracker.spawn(async move {
            let error = match tasks.shutdown.hard().run_until_cancelled(future).await {
                None => {
                    tasks.state().cut.push(task);
                    None
                }
                Some(Ok(Ok(()))) => (!tasks.shutdown.is_stopping()).then_some(TaskError::EndedEarly { task }),
                Some(Ok(Err(error))) => Some(TaskError::Failed { task, error: error.to_string() }),
                Some(Err(panic)) => Some(TaskError::Panicked { task, message: message_of(&*panic) }),
            };
            let mut state = tasks.state();
            if let Some(count) = state.running.get_mut(task) {
                *count -= 1;
            }
            if let Some(error) = error {
                state.first_error.get_or_insert(error);
                tasks.shutdown.stop();
            }
        });
    }

    /// The names of the tasks that still run.
    pub fn running(&self) -> Vec<&'static str> {
        self.state().running.iter().filter(|(_, count)| **count > 0).map(|(task, _)| *task).collect()
    }

    /// Waits until the service is asked to stop or a task ends early, then for all tasks, and says what went wrong
    /// first. Tasks spawned while it waits are waited for too.
    pub async fn finish(self) -> Result<(), TaskError> {
        self.shutdown.soft().cancelled().await;
        self.tracker.close();
        tokio::select! {
            () = self.tracker.wait() => {}
            () = self.shutdown.run_out() => self.tracker.wait().await,
        }
        let mut state = self.state();
        let mut tasks = std::mem::take(&mut state.cut);
        tasks.sort_unstable();
        match state.first_error.take() {
            Some(error) => Err(error),
            None if tasks.is_empty() => Ok(()),
            None => Err(TaskError::Cut { tasks }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
