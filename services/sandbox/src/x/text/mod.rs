//! X's reading of a text, written from the rules of twitter-text v3 as the fact sheet gives them.

mod entities;
mod tlds;
mod urls;
mod weight;

pub(super) use entities::{cashtag_ranges, cashtags, hashtags, mentions};
pub(super) use urls::urls;
pub(super) use weight::{has_invalid, weighted_length};
