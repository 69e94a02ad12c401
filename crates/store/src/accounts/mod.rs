//! Connected accounts.

mod change;
mod event;
mod hold;
mod list;

pub use change::{AccountChange, AccountChanged, disconnect, purge, update};
pub(crate) use hold::hold;
pub use list::{AccountFilter, Known, get, get_many, list};
