//! The store against a real PostgreSQL.

mod accepting;
mod budgets;
mod changing;
mod connecting;
mod contended;
mod finishing;
mod house;
mod identity;
mod lanes;
mod migrations;
mod networks;
mod partitions;
mod sealed;
mod sending;
mod sessions;
mod specification;
