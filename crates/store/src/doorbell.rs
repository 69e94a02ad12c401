//! Rung after a commit that made something due, so that the relay in this process looks at once.
//!
//! A hint and nothing else: what is due stands in the database and is looked at anyway. No `NOTIFY` in the commit: it
//! takes a lock that serialises commits.

use std::sync::Arc;

use tokio::sync::Notify;

/// Clones are the same bell. Rings while nobody listens are one ring to whoever listens next.
#[derive(Debug, Clone, Default)]
pub struct Doorbell(Arc<Notify>);

impl Doorbell {
    /// Rings.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits for a ring. One listener only.
    pub async fn rung(&self) {
        self.0.notified().await;
    }
}
