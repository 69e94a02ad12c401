//! Videos, reels and stories (sections 2.6 and 2.8): uploaded in one of several ways, then published by one call.

mod phases;
mod publish;
mod receive;
mod reels;
mod resumable;
mod stories;

pub(super) use publish::{list, publish};
pub(super) use reels::{reel, rupload, video_story};
pub(super) use resumable::{append, open, progress};
pub(super) use stories::photo_story;
