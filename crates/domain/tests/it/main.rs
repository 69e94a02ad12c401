//! The model: every interleaving of what production decides.

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
mod wrong;
