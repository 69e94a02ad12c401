//! All services together, for tests and benchmarks.
//!
//! [`House`] runs every service in this process, over a database of its own and either transport; [`Fleet`] runs the
//! real programs, to be killed. A [`Tenant`] is a project with a key and its calls; [`World`] is the networks in a box;
//! [`instant`] a network inside this process that answers at once and remembers what it was told; [`instance`] is a
//! Mastodon instance beside the box's own that can hang or be gone; [`played`] are networks of the kinds that the box does
//! not hold. [`tally`] holds what posts say against what became public.

pub mod caller;
pub mod chaos;
pub mod crowd;
pub mod fleet;
pub mod full_lanes;
pub mod hooks;
pub mod house;
pub mod instance;
pub mod instant;
pub mod jumping;
pub mod neighbours;
pub mod parrot;
pub mod pictures;
pub mod played;
pub mod process;
pub mod put_off;
pub mod ration;
pub mod storm;
pub mod tally;
pub mod tape;
pub mod tenant;
pub mod waiting;
pub mod waits;
pub mod wiretap;
pub mod world;

pub use caller::{Caller, Reply};
pub use fleet::Fleet;
pub use house::{House, Options, Transport};
pub use tenant::{Connected, Tenant};
pub use waiting::eventually;
pub use wiretap::Wiretap;
pub use world::World;
