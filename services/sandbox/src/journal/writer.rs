//! The one writer: group commit without a delay. While one batch is being written the next one gathers.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;

use super::line::{LineOut, Source};
use crate::ledger::Change;
use crate::lock::locked;

/// The disk refused a write. Nothing may be promised any more, so every later answer is an error.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the sandbox could not write its journal: {0}")]
pub(crate) struct Broken(Arc<str>);

type Progress = Result<u64, Broken>;

#[derive(Default)]
struct Queue {
    bytes: Vec<u8>,
    enqueued: u64,
    closing: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    bell: Condvar,
}

pub(crate) struct Journal {
    shared: Arc<Shared>,
    written: watch::Receiver<Progress>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Journal {
    /// Opens the file for appending and starts the writer.
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let shared = Arc::<Shared>::default();
        let (progress, written) = watch::channel(Ok(0));
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || write_batches(&shared, file, &progress)
        })?;
        Ok(Self { shared, written, thread: Mutex::new(Some(thread)) })
    }

    /// Enqueues a fact. Callers hold the lock of the state that the fact changes, so lines stand in the order of the changes.
    pub(crate) fn record<F: Serialize>(&self, at: Timestamp, source: Source, fact: &F, ledger: Option<&Change>) {
        let line = serde_json::to_vec(&LineOut { at, source, fact, ledger });
        let mut queue = locked(&self.shared.queue);
        match line {
            Ok(line) => {
                queue.bytes.extend_from_slice(&line);
                queue.bytes.push(b'\n');
            }
            // Facts are plain structs with string keys, which always serialize; a torn promise is worse than a stop.
            Err(_) => queue.closing = true,
        }
        queue.enqueued += 1;
        drop(queue);
        self.shared.bell.notify_one();
    }

    /// Writes what is queued and ends the writer. Nothing is settled that comes later.
    pub(crate) fn close(&self) {
        locked(&self.shared.queue).closing = true;
        self.shared.bell.notify_one();
        if let Some(thread) = locked(&self.thread).take() {
            // The thread only writes and never panics; there is nobody to tell here if it did.
            let _ = thread.join();
        }
    }

    /// Waits until everything enqueued so far is written.
    pub(crate) async fn settled(&self) -> Result<(), Broken> {
        let wanted = locked(&self.shared.queue).enqueued;
        let mut written = self.written.clone();
        let progress = written.wait_for(|progress| progress.as_ref().map_or(true, |upto| *upto >= wanted)).await;
        match progress {
            Ok(progress) => progress.as_ref().map(|_| ()).map_err(Clone::clone),
            Err(_) => Err(Broken("the writer has stopped".into())),
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.close();
    }
}

fn write_batches(shared: &Shared, mut file: File, progress: &watch::Sender<Progress>) {
    let mut batch = Vec::new();
    loop {
        let mut queue = locked(&shared.queue);
        while queue.bytes.is_empty() && !queue.closing {
            queue = shared.bell.wait(queue).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        if queue.bytes.is_empty() {
            return;
        }
        std::mem::swap(&mut queue.bytes, &mut batch);
        let upto = queue.enqueued;
        drop(queue);
        if let Err(error) = file.write_all(&batch) {
            drop(progress.send_replace(Err(Broken(error.to_string().into()))));
            return;
        }
        batch.clear();
        drop(progress.send_replace(Ok(upto)));
    }
}
