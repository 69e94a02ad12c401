#![allow(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod auth;
mod bodies;
mod deliveries;
mod events;
mod house;
mod keys;
mod kit;
mod networks;
mod outage;
mod posts;
mod project;
mod uploads;
mod webhooks;
