//! Connects accounts and keeps their tokens fresh.
//!
//! Credentials that a caller handed in come as a question ([`questions`]), sealed by the gateway, which cannot open them:
//! [`connect`] opens them, asks the network whose they are, seals the tokens to the account and has the store decide
//! whose account it is. An account's refresh lane ([`consume`], [`lane`]) is looked at ahead of its tokens' expiry and
//! whenever a target was refused with them: [`schedule`] says what there is to do, [`renew`] does it.
//!
//! Architecture invariant: nothing opened outlives the call it was opened for, and what a network hands out is sealed
//! and stored before it is used. No transaction is open during a call.

mod connect;
mod consume;
mod lane;
mod metrics;
mod process;
mod questions;
mod refused;
mod renew;
mod schedule;
mod server;
mod setbacks;
mod settings;

pub use process::run;
pub use server::{ConnectorError, Networks, Parts, serve};
pub use settings::{ConnectorSettings, Settings};
