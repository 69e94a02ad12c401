//! What tests share: a database and a virtual host of the broker for each, and receivers. Dev only; no service depends on
//! it.

mod broker;
mod database;
pub mod receiver;

pub use broker::{TestBroker, broker};
pub use database::{Backup, TestDatabase, database};
