//! The social networks in a box: a real HTTP server that speaks each network's own protocol, for tests and for trying out.
//!
//! It is written from the fact sheets alone and shares no code with the clients that it stands in for, so that a
//! misunderstanding on one side shows on the other. It is strict where the networks are, keeps a ledger on disk of
//! everything that became public, and can be told to fail in every way that matters (`faults`).
//!
//! Where things are: a Bluesky PDS and AppView and a Mastodon instance at the origin itself, X below `/x`,
//! LinkedIn below `/linkedin`, the sandbox's own API below `/_sandbox`, a page with every post at `/`.
//!
//! *Invariant:* no answer leaves before what it tells of is written, so a killed sandbox remembers all it has said.
//! *Invariant:* a network knows the shared parts (`core`), and no shared part knows a network, but for the registry in
//! `network`.

mod answer;
mod api;
mod bluesky;
mod body;
mod call;
mod clock;
mod connection;
mod consent;
mod core;
mod directory;
mod error;
mod facebook;
mod faults;
mod graph;
mod house;
mod inbox;
mod journal;
mod ledger;
mod linkedin;
mod lock;
mod mastodon;
mod network;
mod page;
mod quotas;
mod routes;
mod server;
mod service;
mod settings;
mod shelf;
mod sniff;
mod threads;
mod world;
mod x;

pub use error::SandboxError;
pub use server::{Sandbox, run};
pub use service::serve;
pub use settings::{LogSettings, ServiceSettings, Settings};
