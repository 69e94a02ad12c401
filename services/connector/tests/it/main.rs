//! The connector over its whole way: questions and lanes come in over the local bus, a canned network answers, and
//! PostgreSQL records.

mod canned;
mod drain;
mod following;
mod ownership;
mod questions;
mod reconnect;
mod refresh;
mod refresh_trouble;
mod world;
