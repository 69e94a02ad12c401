//! The proving ground: faults on purpose, and what was true afterwards.
//!
//! A [`Stage`](stage::Stage) is a fleet of real programs with a misbehaving wire to everything they depend on and callers who
//! write down what they are told. A scenario does something to it, drawn from a seed where there is a choice. The
//! [`checker`] then joins the callers' log, the posts, the networks' ledger, the events and the webhooks, and gives a
//! [`Verdict`](verdict::Verdict) with every promise that was broken.

pub mod checker;
pub mod client;
pub mod evidence;
pub mod failpoints;
mod gather;
pub mod machines;
pub mod proxy;
pub mod scenarios;
pub mod schedule;
pub mod stage;
pub mod verdict;
