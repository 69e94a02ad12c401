//! How a service lives.
//!
//! Settings, logs and traces, metrics, the admin port, the clock and an orderly end: what every process needs and none
//! of what it does.
//!
//! Architecture invariant: nothing here knows a post, an account, a database or a queue.

pub mod admin;
pub mod backoff;
pub mod clock;
pub mod failpoint;
pub mod metrics;
pub mod secret;
pub mod sections;
pub mod settings;
pub mod shutdown;
pub mod tasks;
pub mod telemetry;
pub mod trace;
