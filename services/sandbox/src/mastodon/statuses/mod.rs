//! Statuses.

mod create;
mod delete;
mod draft;
mod read;
mod view;

pub(super) use create::create;
pub(super) use delete::delete;
pub(super) use read::{context, get, get_many};
pub(super) use view::view;
