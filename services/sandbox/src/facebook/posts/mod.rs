//! What a page publishes.

mod comments;
mod feed;
mod listing;
mod photos;

pub(super) use comments::{comment, hide, replies};
pub(super) use feed::publish;
pub(super) use listing::list;
pub(super) use photos::add;
