//! Connected accounts over HTTP: one file an endpoint.

mod connect;
mod delete;
mod get;
mod list;
mod patch;
mod sight;

pub(crate) use connect::connect;
pub(crate) use delete::delete;
pub(crate) use get::get;
pub(crate) use list::list;
pub(crate) use patch::patch;
