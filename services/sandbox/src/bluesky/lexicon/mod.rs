//! The lexicon of `app.bsky.feed.post`, checked by hand: what a record may hold, and what it refers to.

mod embed;
mod facet;
mod fields;
mod post;
mod references;

pub(super) use fields::Invalid;
pub(super) use post::{Post, check};
