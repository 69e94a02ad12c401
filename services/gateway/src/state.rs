//! What every handler shares.

use std::sync::Arc;

use bus::Bus;
use domain::{connection::callback_path, ids::NetworkId};
use egress::Door;
use media::Objects;
use runtime::{
    clock::Clock,
    metrics::{Metrics, MetricsError},
    secret::Secret,
};
use store::{Database, accounts::Finder, posts::Posts};
use url::Url;
use vault::PublicRing;

use crate::{auth::Cache, metrics::HttpMetrics, posts::Settling, settings::MediaSection};

/// The parts of a process that the gateway uses and others may use beside it.
#[derive(Clone)]
pub struct Parts {
    /// Where state is.
    pub database: Database,
    /// How short questions reach the connector.
    pub bus: Arc<dyn Bus>,
    /// Seals what only other services may open.
    pub ring: PublicRing,
    /// Judges addresses that callers name; this service sends nothing through it.
    pub door: Door,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where uploads are put.
    pub objects: Objects,
    /// Signs upload and download links; the same wherever those are checked.
    pub media_key: Secret,
    /// Where this service's numbers go.
    pub metrics: Metrics,
    /// The sandbox's origin, where test keys send to; without one they send nowhere.
    pub sandbox: Option<Url>,
}

/// The state behind the API.
pub struct App {
    /// See [`Parts`].
    pub database: Database,
    /// See [`Parts`].
    pub bus: Arc<dyn Bus>,
    /// See [`Parts`].
    pub ring: PublicRing,
    /// See [`Parts`].
    pub door: Door,
    /// See [`Parts`].
    pub clock: Arc<dyn Clock>,
    /// See [`Parts`].
    pub objects: Objects,
    /// See [`Parts`].
    pub media_key: Secret,
    /// See [`Parts`].
    pub sandbox: Option<Url>,
    /// This server as its callers reach it.
    pub origin: Url,
    /// The connector as browsers reach it.
    pub oauth: Url,
    /// Limits of uploads.
    pub media: MediaSection,
    /// Looks up whom posts are for.
    pub(crate) accounts: Finder,
    /// The way to posts.
    pub(crate) posts: Posts,
    /// Tells those who wait for a post.
    pub(crate) settling: Settling,
    pub(crate) keys: Cache,
    pub(crate) http: HttpMetrics,
}

impl App {
    /// # Errors
    /// [`MetricsError`] when this process has defined the same metrics before.
    pub(crate) fn new(parts: Parts, media: MediaSection, origin: Url, oauth: Url) -> Result<Self, MetricsError> {
        let posts = Posts::new(parts.database.clone());
        Ok(Self {
            http: HttpMetrics::new(&parts.metrics)?,
            accounts: Finder::new(parts.database.clone()),
            settling: Settling::new(posts.clone()),
            posts,
            database: parts.database,
            bus: parts.bus,
            ring: parts.ring,
            door: parts.door,
            clock: parts.clock,
            objects: parts.objects,
            media_key: parts.media_key,
            sandbox: parts.sandbox,
            origin,
            oauth,
            media,
            keys: Cache::default(),
        })
    }

    /// Where a network is to send browsers back to with an app's answer.
    pub fn callback_url(&self, app: NetworkId) -> String {
        format!("{}{}", self.oauth.as_str().trim_end_matches('/'), callback_path(app))
    }

    /// An address on this server.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin.as_str().trim_end_matches('/'))
    }
}
