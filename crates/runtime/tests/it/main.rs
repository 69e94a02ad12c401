//! What a service relies on to live.

#![allow(clippy::unwrap_used)]

mod admin;
mod settings;
mod shutdown;
mod telemetry;
