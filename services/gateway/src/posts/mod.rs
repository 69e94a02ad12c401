//! Posts over HTTP: one file an endpoint.
//!
//! A body goes one way, whether it is created, edited, part of a batch or only looked at: [`asked`] reads it,
//! [`examine`] looks up what it names, [`rules`] are its networks' own, [`build`] chooses the ids of what is written.

mod accept;
mod asked;
mod attempts;
mod batch;
mod build;
mod cancel;
mod change;
mod container;
mod create;
mod delete;
mod examine;
mod files;
mod get;
mod list;
mod parts;
mod patch;
mod publish;
mod quota;
mod resolve;
mod retry;
mod rules;
mod sight;
mod validate;
mod wait;

pub(crate) use attempts::attempts;
pub(crate) use batch::batch;
pub(crate) use cancel::cancel;
pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use get::get;
pub(crate) use list::list;
pub(crate) use patch::patch;
pub(crate) use publish::publish;
pub(crate) use resolve::resolve;
pub(crate) use retry::retry;
pub(crate) use validate::validate;
pub(crate) use wait::Settling;
