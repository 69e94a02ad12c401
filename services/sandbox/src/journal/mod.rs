//! The journal: every fact of the sandbox, one JSON line each, append-only.
//!
//! A handler changes its state in memory and enqueues the fact; one thread writes whatever is queued with a single
//! `write` and says how far it got; no answer leaves before the facts enqueued ahead of it are written (`settled`).
//! So what was answered survives the death of the process. There is no `fsync`: power loss is out of scope.

mod line;
mod recover;
mod writer;

pub(crate) use line::{LineIn, Source};
pub(crate) use recover::recover;
pub(crate) use writer::Journal;
