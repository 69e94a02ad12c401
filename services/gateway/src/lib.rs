//! HTTP in.
//!
//! The native API ([`router`] has all of it), and the relay that hands lanes with something due over to the bus. It
//! validates, writes, and reads back; it never calls a network. It seals secrets and cannot open them.
//!
//! Architecture invariant: a handler decides nothing about a post's or a target's state. It turns a request into one
//! call of `store`, and the answer into JSON.

mod accounts;
mod answer;
mod auth;
mod body;
mod errors;
mod events;
mod fields;
mod ids;
mod keys;
mod leased;
mod media;
mod metrics;
mod networks;
mod openapi;
mod page;
mod platforms;
mod posts;
mod problem;
mod projects;
mod query;
mod relay;
mod router;
mod server;
mod settings;
mod state;
mod sweep;
mod vitals;
mod webhooks;

pub use auth::{NewKey, Scope, generate as generate_key};
pub use openapi::openapi;
pub use runtime::sections::{LogSection, SandboxSection};
pub use server::{Bound, GatewayError, Listening, Mount, bind, run, serve, serve_with};
pub use settings::{MediaSection, ServerSettings, Settings, VaultSection};
pub use state::{App, Parts};
pub use vitals::Vitals;
