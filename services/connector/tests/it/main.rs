//! The connector over its whole way: questions and lanes come in over the local bus, a canned network answers, and
//! PostgreSQL records.

mod browser;
mod canned;
mod chooser;
mod consent;
mod consenting;
mod drain;
mod expiring;
mod following;
mod ownership;
mod questions;
mod reconnect;
mod redeeming;
mod refresh;
mod refresh_trouble;
mod world;
