//! Webhook endpoints.

mod create;
mod deliveries;
mod fields;
mod manage;
mod secret;

pub(crate) use create::create;
pub(crate) use deliveries::{list as deliveries, retry, test};
pub(crate) use manage::{delete, get, list, update};
pub(crate) use secret::rotate;
