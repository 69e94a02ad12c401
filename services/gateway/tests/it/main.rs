#![allow(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod house;
mod posts;
