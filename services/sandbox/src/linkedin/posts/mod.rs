//! Posts (sections 5.6, 5.9 and 5.14).

mod create;
mod delete;
mod little_text;
mod read;
mod request;

pub(super) use create::{create, usable};
pub(super) use delete::delete;
pub(super) use little_text::{unescaped, visible};
pub(super) use read::{get, list};
