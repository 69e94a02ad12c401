//! The dispatcher against a real PostgreSQL, a bus in this process and a receiver that misbehaves when told to.

mod crash;
mod disabling;
mod hostile;
mod kit;
mod pacing;
mod requests;
mod retries;
