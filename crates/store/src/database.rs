//! Connections.

use std::{sync::Arc, time::Duration};

use diesel::{ConnectionError, ConnectionResult, migration::MigrationSource, pg::Pg, sql_types as sql};
use diesel_async::{
    AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{Object, Pool},
    },
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use futures::{FutureExt, future::BoxFuture};
use runtime::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::{Doorbell, StoreError, statement::statement};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Two migrations at once would trip over each other; whoever comes second waits on this advisory lock.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(7310022911234)";

statement! {
    HasMigrations {} -> (sql::Bool,) { "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL" }
}

statement! {
    ListMigrations {} -> (sql::Text,) { "SELECT version::text FROM __diesel_schema_migrations" }
}

/// How to reach PostgreSQL.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct DatabaseSettings {
    /// `postgres://user:password@host:port/database`, with `?sslmode=require` for TLS.
    pub url: Secret,
    /// Connections for reads and small writes; writers have their own.
    pub pool_size: usize,
    /// How long to wait for a connection.
    pub acquire_timeout_ms: u64,
}

impl DatabaseSettings {
    /// The defaults for a URL.
    pub fn for_url(url: impl Into<Secret>) -> Self {
        Self { url: url.into(), pool_size: 8, acquire_timeout_ms: 5_000 }
    }
}

/// A pool of connections, and the way to make single ones.
#[derive(Clone)]
pub struct Database {
    pool: Pool<AsyncPgConnection>,
    url: Arc<str>,
    doorbell: Doorbell,
}

impl Database {
    /// Prepares a pool. Nothing is connected yet, so a database that is down is no error here.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the settings make no pool.
    pub fn new(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        #[cfg(feature = "mutants")]
        crate::mutants::seed_named();
        let mut config = ManagerConfig::default();
        config.custom_setup = Box::new(|url| establish(url.to_owned()).boxed());
        config.recycling_method = RecyclingMethod::Fast;
        let manager = AsyncDieselConnectionManager::new_with_config(settings.url.expose(), config);
        let patience = Some(Duration::from_millis(settings.acquire_timeout_ms));
        let pool = Pool::builder(manager)
            .max_size(settings.pool_size)
            .wait_timeout(patience)
            .create_timeout(patience)
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { pool, url: settings.url.expose().into(), doorbell: Doorbell::default() })
    }

    /// Rung whenever a write through this value or its clones made something due.
    pub fn doorbell(&self) -> &Doorbell {
        &self.doorbell
    }

    /// A connection from the pool.
    pub(crate) async fn connection(&self) -> Result<Object<AsyncPgConnection>, StoreError> {
        self.pool.get().await.map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// A connection of its own, with `setup` run on it.
    pub(crate) async fn dedicated(&self, setup: &str) -> Result<AsyncPgConnection, StoreError> {
        let unavailable = |error: &dyn std::error::Error| StoreError::Unavailable(error.to_string());
        let mut connection = establish(self.url.to_string()).await.map_err(|error| unavailable(&error))?;
        if !setup.is_empty() {
            connection.batch_execute(setup).await.map_err(|error| unavailable(&error))?;
        }
        Ok(connection)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut connection = self.connection().await?;
        connection.batch_execute("SELECT 1").await.map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// Brings the schema up to date. Needs a multi-thread runtime.
    ///
    /// # Errors
    /// [`StoreError::Migration`] with the migration's own words.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        let mut connection = self.dedicated(MIGRATION_LOCK).await?;
        connection
            .batch_execute("SET client_min_messages = warning")
            .await
            .map_err(|error| StoreError::Migration(error.to_string()))?;
        let mut harness = AsyncMigrationHarness::new(connection);
        let done = harness
            .run_pending_migrations(MIGRATIONS)
            .map_err(|error| StoreError::Migration(error.to_string()))?
            .iter()
            .map(ToString::to_string)
            .collect();
        Ok(done)
    }

    /// Whether every migration this build knows has run. It changes nothing and needs no multi-thread runtime, which
    /// Diesel's own way would: readiness probes ask.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be asked.
    pub async fn is_migrated(&self) -> Result<bool, StoreError> {
        let mut connection = self.connection().await?;
        let refused = StoreError::from_diesel("look for the list of migrations");
        let table: Vec<(bool,)> = HasMigrations {}.load(&mut connection).await.map_err(refused)?;
        if table != [(true,)] {
            return Ok(false);
        }
        let refused = StoreError::from_diesel("list the migrations that have run");
        let done: Vec<(String,)> = ListMigrations {}.load(&mut connection).await.map_err(refused)?;
        let known =
            MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(|error| StoreError::Migration(error.to_string()))?;
        Ok(known.iter().all(|one| done.iter().any(|(version,)| *version == one.name().version().to_string())))
    }

    /// Undoes every migration. For the test that runs them up, down and up.
    ///
    /// # Errors
    /// [`StoreError::Migration`].
    pub async fn unmigrate(&self) -> Result<(), StoreError> {
        let mut harness = AsyncMigrationHarness::new(self.dedicated("").await?);
        harness.revert_all_migrations(MIGRATIONS).map(drop).map_err(|error| StoreError::Migration(error.to_string()))
    }
}

fn establish(url: String) -> BoxFuture<'static, ConnectionResult<AsyncPgConnection>> {
    async move {
        let bad = |error: &dyn std::error::Error| ConnectionError::BadConnection(describe(error));
        let config: tokio_postgres::Config = url.parse().map_err(|error| bad(&error))?;
        if config.get_ssl_mode() == tokio_postgres::config::SslMode::Require {
            let tls = tokio_postgres_rustls::MakeRustlsConnect::new(tls_config());
            let (client, connection) = config.connect(tls).await.map_err(|error| bad(&error))?;
            return AsyncPgConnection::try_from_client_and_connection(client, connection).await;
        }
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.map_err(|error| bad(&error))?;
        AsyncPgConnection::try_from_client_and_connection(client, connection).await
    }
    .boxed()
}

/// The error with its causes, since tokio-postgres keeps the telling part in the cause.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn tls_config() -> rustls::ClientConfig {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap_or_else(|_| unreachable!("ring supports the default protocol versions"))
        .with_root_certificates(roots)
        .with_no_client_auth()
}
