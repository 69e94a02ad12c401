//! What is recorded. The only crate that knows Diesel.
//!
//! One file per aggregate; [`lanes`] hands work out, [`targets`] is the one writer of a target's status. Statements are
//! constants made with the `statement!` macro, so that every one is prepared once a session and never parsed again.
//! Requests that arrive together are written together: a `writer` task per kind of write commits whatever has gathered
//! since its last commit returned.
//!
//! Architecture invariant: locks are taken in one order everywhere: idempotency_keys, connect_sessions, social_accounts,
//! media, jobs, posts, post_progress, post_targets, target_parts, queues, rate_budgets, append-only tables; within a table
//! sorted by key.

pub mod accounts;
pub mod audit;
pub mod budgets;
mod database;
pub mod deliveries;
mod doorbell;
pub mod endpoints;
mod error;
pub mod events;
pub mod idempotency;
pub mod identity;
pub mod keys;
pub mod lanes;
pub mod media;
#[cfg(feature = "mutants")]
mod mutants;
pub mod networks;
mod outbox;
pub mod partitions;
pub mod posts;
pub mod projects;
pub mod sealed;
pub mod sessions;
mod statement;
pub mod targets;
mod types;
mod vitals;
mod writer;

pub use database::{Database, DatabaseSettings};
pub use doorbell::Doorbell;
pub use error::StoreError;
pub use vitals::DatabaseVitals;
pub use writer::{WriterClosed, WriterSettings};
