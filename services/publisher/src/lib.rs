//! Takes a lane, opens its token, prepares what is to be sent, commits the intent, calls the network, and records what
//! came of it; follows what a network has not finished, and finds out about sends whose outcome is unknown.
//!
//! The path of one target: [`consume`] takes its lane, [`lane`] goes through the lane's items, [`step`] does what one
//! target needs next, [`prepare`] does everything that may be repeated, [`send`] the one call that may not. Beside the
//! lanes [`questions`] takes what callers wait for, and [`live`] asks the network.
//!
//! Architecture invariant: nothing public happens between an intent and its outcome but the one call that the intent
//! names, and no status is chosen here: `domain::transition::decide` does that.

mod clock;
mod consume;
mod follow;
mod hold;
mod lane;
mod links;
mod live;
mod metrics;
mod origins;
mod prepare;
mod probe;
mod process;
mod questions;
mod record;
mod send;
mod server;
mod settings;
mod stage;
mod step;
mod throttle;

pub use links::Links;
pub use process::run;
pub use server::{Networks, Parts, PublisherError, serve};
pub use settings::{PublisherSettings, Settings};
