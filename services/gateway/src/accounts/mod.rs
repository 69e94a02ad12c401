//! Connected accounts over HTTP: one file an endpoint.

mod connect;
mod delete;
mod get;
mod health;
mod list;
mod live;
mod metrics;
mod patch;
mod sight;

pub(crate) use connect::connect;
pub(crate) use delete::delete;
pub(crate) use get::get;
pub(crate) use health::health;
pub(crate) use list::list;
pub(crate) use metrics::metrics;
pub(crate) use patch::patch;
