//! What Meta's three networks have in common: the Graph API's errors, parameters, fields, pages, tokens, containers, and
//! fetching media by URL. It knows none of the three.
//!
//! Stricter than the networks in one place: a parameter that is not documented is refused with code 100 rather than
//! ignored, because a misspelled one would otherwise pass unseen.

pub(crate) mod container;
pub(crate) mod dialog;
pub(crate) mod fetch;
pub(crate) mod fields;
pub(crate) mod grants;
pub(crate) mod media;
pub(crate) mod moment;
pub(crate) mod paging;
pub(crate) mod params;
pub(crate) mod problem;
pub(crate) mod secret;
pub(crate) mod usage;
pub(crate) mod visit;

pub(crate) use container::{Container, File, Form, Status};
pub(crate) use fields::Fields;
pub(crate) use params::Params;
pub(crate) use problem::Problem;
pub(crate) use visit::{Granting, Visit};
