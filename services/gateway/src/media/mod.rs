//! Uploads: announced with a key, sent by a signed link, confirmed with a key.

mod announce;
mod confirm;
mod content;
mod show;

pub(crate) use announce::announce;
pub(crate) use confirm::confirm;
pub(crate) use content::{download, upload};
pub(crate) use show::get;
