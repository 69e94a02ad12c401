//! Bytes in and out: object storage, probing, fitting a picture to a network's rules, signed upload and download
//! tokens, pictures by URL.
//!
//! Everything a user sends is hostile until probed: formats are told by content and never by name, nothing is decoded
//! beyond a pixel cap, and only one picture is decoded at a time.

mod animation;
mod error;
mod fetch;
mod filename;
mod fit;
mod format;
mod objects;
mod picture;
mod probe;
mod sniff;
mod token;

pub use error::MediaError;
pub use fetch::{FetchCaps, Fetched, fetch};
pub use fit::{Fitted, Fitter, Rules};
pub use format::{Format, Kind};
pub use objects::{ObjectKey, Objects, Storage, StoredObject};
pub use probe::{Probe, ProbeCaps, probe, probe_stored};
pub use token::{TokenFault, Verb, sign, verify};
