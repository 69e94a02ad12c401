//! Whether work could be done with the database now.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use runtime::admin::Vitals;

use crate::{Database, StoreError};

/// Ready when the database answers and its schema is there. A schema that was there once is not asked for again: it
/// does not go away under a process that runs.
pub struct DatabaseVitals {
    database: Database,
    is_migrated: AtomicBool,
}

impl DatabaseVitals {
    /// Of this database.
    pub fn new(database: Database) -> Self {
        Self { database, is_migrated: AtomicBool::new(false) }
    }

    async fn look(&self) -> Result<Option<String>, StoreError> {
        if self.is_migrated.load(Ordering::Relaxed) {
            return self.database.ping().await.map(|()| None);
        }
        if !self.database.is_migrated().await? {
            return Ok(Some("the database is not migrated to this version: run `fanfare migrate`".to_owned()));
        }
        self.is_migrated.store(true, Ordering::Relaxed);
        Ok(None)
    }
}

#[async_trait]
impl Vitals for DatabaseVitals {
    async fn not_ready(&self) -> Vec<String> {
        self.look().await.unwrap_or_else(|error| Some(error.to_string())).into_iter().collect()
    }
}
