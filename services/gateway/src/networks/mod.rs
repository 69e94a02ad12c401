//! OAuth apps that callers bring: one file an endpoint.

mod create;
mod delete;
mod fields;
mod get;
mod list;
mod patch;
mod secret;

use serde_json::Value;
use store::networks::SocialNetwork;

pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use fields::scopes;
pub(crate) use get::get;
pub(crate) use list::list;
pub(crate) use patch::patch;

use crate::{App, auth::Caller, body, problem::Problem};

/// An app as callers see it.
fn show(app: &App, network: &SocialNetwork) -> Result<Value, Problem> {
    let mut shown = body::json(network)?;
    shown["callback_url"] = app.callback_url(network.id).into();
    Ok(shown)
}

/// An app is the whole project's: with another one in its place everybody's profiles would be connected through that.
fn refuse_bound(caller: &Caller) -> Result<(), Problem> {
    match caller.owner() {
        Some(_) => Err(Problem::Forbidden("this key acts for one owner only, and an app is everybody's".to_owned())),
        None => Ok(()),
    }
}
