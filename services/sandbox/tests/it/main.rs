//! The sandbox over HTTP, as its callers see it.

mod bluesky;
mod browser;
mod faults;
mod given;
mod happy;
mod hostile;
mod linkedin;
mod linkedin_oauth;
mod mastodon;
mod mastodon_oauth;
mod own_api;
mod page;
mod posting;
mod restart;
mod speed;
mod x;
mod x_oauth;
