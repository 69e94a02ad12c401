//! The `fanfare` binary: every service in one process for one machine, and the operator's commands.
//!
//! Architecture invariant: this is the only place that knows several services. What they share in one process is made
//! here and handed to each; nothing of what a service does is decided here.

mod cli;
mod commands;
mod dev;
mod settings;
mod up;

pub use cli::run;
