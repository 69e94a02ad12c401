//! Uploads: in steps, or images in one.

mod append;
mod check;
mod finalize;
mod initialize;
mod metadata;
mod one_shot;
mod status;

pub(super) use append::append;
pub(super) use finalize::finalize;
pub(super) use initialize::initialize;
pub(super) use metadata::metadata;
pub(super) use one_shot::one_shot;
pub(super) use status::status;

/// What every media call needs.
const SCOPES: [&str; 1] = ["media.write"];
/// Seconds that media can be used.
const LIFE_S: i64 = 86_400;
