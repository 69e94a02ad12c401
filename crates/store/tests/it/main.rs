//! The store against a real PostgreSQL.

mod accepting;
mod changing;
mod house;
mod lanes;
mod migrations;
mod partitions;
mod sending;
mod specification;
