//! How a person lets an app in, and what the app gets for it (sections 2.2 to 2.4).

mod debug;
mod dialog;
mod token;

use crate::graph::dialog::Dialog;
use crate::network::Platform;

use super::people::{SCOPES, SHORT_LIFE};

pub(super) use debug::debug;
pub(super) use dialog::{ask, decide};
pub(super) use token::exchange;

const DIALOG: Dialog = Dialog {
    network: "Facebook",
    apps: &[(Platform::Facebook, None)],
    known: &["client_id", "redirect_uri", "state", "response_type", "scope", "auth_type", "display"],
    scopes: &SCOPES,
    needed: None,
    fragment: "",
    may_leave_type_out: true,
    code_life: SHORT_LIFE,
    denial: "Permissions error",
};
