//! Posts.

mod create;
mod delete;
mod query;
mod read;
mod request;
mod timeline;
mod view;

pub(super) use create::create;
pub(super) use delete::delete;
pub(super) use query::{Fields, Query, id};
pub(super) use read::{get, get_many};
pub(super) use timeline::timeline;
