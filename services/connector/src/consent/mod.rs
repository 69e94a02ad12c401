//! Connecting on a network's own consent page.
//!
//! [`begin`] sends the browser away, [`finish`] takes what it brings back: the state is redeemed, once; what it proves is
//! traded for profiles ([`exchange`]); each profile's tokens are sealed to the account that it has or will have
//! ([`keep`]) and wait for the caller, or are connected at once where it asked for that ([`settle`]).

pub(crate) mod apps;
pub(crate) mod back;
mod begin;
mod exchange;
mod finish;
mod keep;
mod reseal;
mod secrets;
mod settle;

pub(crate) use begin::begin;
pub(crate) use finish::{Finished, back as way_back, finish};
pub(crate) use reseal::reseal;
pub(crate) use secrets::is_name;
