//! What tests share: a database for each. Dev only; no service depends on it.

mod database;
pub mod receiver;

pub use database::{TestDatabase, database};
