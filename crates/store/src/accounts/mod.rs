//! Connected accounts.

mod attempts;
mod change;
mod connect;
mod event;
mod find;
mod hold;
mod list;
mod live;
mod refresh;
mod tokens;
mod told;
mod transfer;

pub(crate) use attempts::Attempts;
pub use change::{AccountChange, AccountChanged, disconnect, purge, update};
pub use connect::{Connecting, NewAccount, Profile, connect, find_profile};
pub use find::{Addressee, Finder};
pub(crate) use hold::{HeldAccount, Holding, hold};
pub use list::{AccountFilter, Known, get, get_many, list};
pub use live::{Askable, expire_tokens, find_askable};
pub use refresh::{Renewable, Written, defer_waiting, find_renewable, hold_account, release_waiting, replace_tokens};
pub use transfer::transfer;
