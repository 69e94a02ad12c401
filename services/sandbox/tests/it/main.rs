//! The sandbox over HTTP, as its callers see it.

mod bluesky;
mod bluesky_oauth;
mod browser;
mod dpop;
mod facebook;
mod facebook_oauth;
mod facebook_videos;
mod faults;
mod given;
mod graph;
mod happy;
mod hostile;
mod instagram;
mod instagram_oauth;
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
