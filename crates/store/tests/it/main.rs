//! The store against a real PostgreSQL.

mod accepting;
mod budgets;
mod changing;
mod contended;
mod finishing;
mod house;
mod identity;
mod lanes;
mod media;
mod migrations;
mod partitions;
mod sending;
mod specification;
