//! The store against a real PostgreSQL.

mod accepting;
mod budgets;
mod changing;
mod contended;
mod finishing;
mod house;
mod identity;
mod lanes;
mod migrations;
mod partitions;
mod sealed;
mod sending;
mod specification;
