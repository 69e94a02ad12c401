//! What Meta's networks have in common: how the Graph API refuses, counts calls, tells the time and lists (fact sheet
//! part 1, sections 2.1, 2.11 and 2.12).

mod errors;
pub(crate) mod login;
mod times;
mod usage;
mod wire;

pub(crate) use errors::{Means, Table, failed, refused};
pub(crate) use times::{parse as parse_time, unix as unix_time};
pub(crate) use usage::note as note_usage;
pub(crate) use wire::{Flag, Id, List, text_of};
