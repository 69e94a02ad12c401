//! The sandbox over HTTP, as its callers see it.

mod bluesky;
mod faults;
mod given;
mod happy;
mod hostile;
mod mastodon;
mod own_api;
mod page;
mod posting;
mod restart;
mod speed;
mod x;
