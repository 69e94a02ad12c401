//! Connected accounts over HTTP: one file an endpoint.

mod ask;
mod auth_url;
mod connect;
mod delete;
mod finalize;
mod get;
mod health;
mod list;
mod live;
mod metrics;
mod patch;
mod pending;
mod return_url;
mod sight;
mod transfer;

pub(crate) use auth_url::auth_url;
pub(crate) use connect::connect;
pub(crate) use delete::delete;
pub(crate) use finalize::finalize;
pub(crate) use get::get;
pub(crate) use health::health;
pub(crate) use list::list;
pub(crate) use metrics::metrics;
pub(crate) use patch::patch;
pub(crate) use pending::pending;
pub(crate) use transfer::transfer;
