//! The model: every interleaving of what production decides.
#![allow(clippy::print_stderr, reason = "how much was explored is what it is for")]

mod caller;
mod explorer;
mod laws;
mod model;
mod moves;
mod network;
mod passing;
mod setting;
mod worker;
mod world;
mod writes;
mod wrong;
