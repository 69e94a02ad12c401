//! Connects accounts and keeps their tokens fresh.
//!
//! Credentials that a caller handed in come as a question ([`questions`]), sealed by the gateway, which cannot open them:
//! [`connect`] opens them, asks the network whose they are, seals the tokens to the account and has the store decide
//! whose account it is. An account's refresh lane ([`consume`], [`lane`]) is looked at ahead of its tokens' expiry and
//! whenever a target was refused with them: [`schedule`] says what there is to do, [`renew`] does it.
//!
//! [`consent`] sends browsers to networks' consent pages and takes what they bring back over [`http`], where the hosted
//! chooser is too.
//!
//! Architecture invariant: nothing opened outlives the call it was opened for, and what a network hands out is sealed
//! and stored before it is used. No transaction is open during a call.

mod connect;
mod consent;
mod consume;
mod default_apps;
mod http;
mod lane;
mod listen;
mod metrics;
mod process;
mod questions;
mod refused;
mod renew;
mod schedule;
mod server;
mod setbacks;
mod settings;

pub use default_apps::{DefaultApp, DefaultApps, DefaultAppsSection};
pub use listen::{Listening, bind};
pub use process::run;
pub use server::{Connector, ConnectorError, Networks, Parts};
pub use settings::{ConnectorSettings, Settings};
