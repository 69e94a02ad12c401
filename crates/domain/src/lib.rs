//! What is true.
//!
//! The names, states and rules of Fanfare as values and pure functions: ids, posts and their targets (the status
//! machine), retry schedules, ownership, webhooks and the lanes that work belongs to.
//!
//! Architecture invariant: nothing here waits, reads a clock, opens a file or knows a database, a queue or HTTP.
//! Time and randomness come in as parameters, so every decision can be driven by a property test.

pub mod account;
pub mod budget;
pub mod connection;
pub mod envelope;
pub mod event;
pub mod fault;
pub mod ids;
pub mod job;
pub mod lane;
pub mod live;
pub mod media;
pub mod mutant;
pub mod platform;
pub mod policy;
pub mod post;
pub mod retry;
pub mod sealed;
pub mod step;
pub mod target;
pub mod text;
pub mod transition;
pub mod webhook;
