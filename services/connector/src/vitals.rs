//! Whether an account could be connected now.

use std::sync::Arc;

use async_trait::async_trait;
use bus::Bus;
use runtime::admin::Vitals;
use store::Database;

pub(crate) struct Readiness {
    pub(crate) database: Database,
    pub(crate) bus: Arc<dyn Bus>,
}

#[async_trait]
impl Vitals for Readiness {
    async fn not_ready(&self) -> Vec<String> {
        let database = self.database.ping().await.err().map(|error| error.to_string());
        database.into_iter().chain(self.bus.trouble()).collect()
    }
}
