//! Networks of the kinds that the sandbox does not play: one that can be asked about a handle, and one that can never be
//! asked. Each talks real HTTP over the door out to a small server with a ledger of its own, so that what goes wrong
//! goes wrong on a wire.
//!
//! They are put in through `publisher::Networks`, in place of real ones; only tests know them.

mod blind;
mod fault;
mod handle;
mod ledger;
mod network;
mod stage;
mod wire;

pub use fault::{Fault, Operation};
pub use network::Class;
pub use stage::Stage;
