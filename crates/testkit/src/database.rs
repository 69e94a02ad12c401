//! A database of its own for each test, copied from a migrated template and dropped at the end, also when it failed.

use std::{
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, SystemTime},
};

use sha2::{Digest as _, Sha256};
use store::{Database, DatabaseSettings};
use tokio::{
    runtime::{Builder, Runtime},
    sync::Mutex,
};
use tokio_postgres::{Client, NoTls};
use url::Url;
use uuid::Uuid;

/// Names the server all tests share.
const VARIABLE: &str = "FANFARE__DATABASE__URL";
const PREFIX: &str = "fanfare_test_";
/// A leftover this old belongs to no running test.
pub(crate) const LEFTOVER: Duration = Duration::from_secs(60 * 60);
/// One process at a time makes the template.
const LOCK: &str = "SELECT pg_advisory_lock(7310022911235)";

/// A migrated database that is this test's alone, for as long as this value lives.
pub struct TestDatabase {
    name: String,
    url: Url,
    client: Mutex<Arc<Client>>,
}

/// Makes one.
///
/// # Panics
/// When there is no server: run tests by `make test` or `deploy/dev/services --for test exec -- cargo nextest run`.
pub async fn database() -> TestDatabase {
    let server = server();
    let name = format!("{PREFIX}{}_{}", seconds_now(), Uuid::new_v4().simple());
    let made = off_thread({
        let (server, name) = (server.clone(), name.clone());
        move |runtime| runtime.block_on(make(&server, &name))
    });
    let template = made.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let url = with_name(&server, &name);
    let client =
        connect(&url).await.unwrap_or_else(|error| panic!("connecting to {name}, a copy of {template}: {error}"));
    TestDatabase { name, url, client: Mutex::new(Arc::new(client)) }
}

impl TestDatabase {
    /// `postgres://...` of this very database.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// A pool of a few connections to it.
    pub fn open(&self) -> Database {
        Database::new(&DatabaseSettings::for_url(self.url())).expect("a URL that was just connected to")
    }

    /// The connection, or a new one when the server was restarted meanwhile.
    async fn client(&self) -> Arc<Client> {
        let mut client = self.client.lock().await;
        if client.is_closed() {
            let name = &self.name;
            let fresh = connect(&self.url).await.unwrap_or_else(|error| panic!("connecting to {name} again: {error}"));
            *client = Arc::new(fresh);
        }
        Arc::clone(&client)
    }

    /// Runs statements, for what no call of `store` would do.
    pub async fn execute(&self, sql: &str) {
        self.client().await.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// The first column of each row; it must be text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.client().await.query(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The first number of the first row.
    pub async fn count(&self, sql: &str) -> i64 {
        self.client().await.query_one(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        drop_database(std::mem::take(&mut self.name));
    }
}

/// A copy of a test's database at one moment, dropped at the end.
pub struct Backup(String);

impl TestDatabase {
    /// Makes one. Whoever is connected is thrown out.
    pub async fn backup(&mut self) -> Backup {
        let backup = Backup(format!("{}_backup", self.name));
        self.run_outside(&[throw_out(&self.name), format!("CREATE DATABASE {} TEMPLATE {}", backup.0, self.name)])
            .await;
        backup
    }

    /// Puts a backup in the place of what is there: a database that says it is another one. Whoever is connected is
    /// thrown out.
    pub async fn restore(&mut self, backup: &Backup) {
        let name = &self.name;
        self.run_outside(&[
            format!("DROP DATABASE {name} WITH (FORCE)"),
            format!("CREATE DATABASE {name} TEMPLATE {}", backup.0),
        ])
        .await;
    }

    async fn run_outside(&mut self, statements: &[String]) {
        let server = server();
        let outside = connect(&server).await.unwrap_or_else(|error| panic!("connecting to the server: {error}"));
        for sql in statements {
            outside.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        }
        let client = connect(&self.url).await.unwrap_or_else(|error| panic!("connecting again: {error}"));
        self.client = Mutex::new(Arc::new(client));
    }
}

fn throw_out(name: &str) -> String {
    format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
}

impl Drop for Backup {
    fn drop(&mut self) {
        drop_database(std::mem::take(&mut self.0));
    }
}

fn drop_database(name: String) {
    let server = server();
    let dropped = off_thread(move |runtime| {
        runtime.block_on(async {
            let client = connect(&server).await?;
            client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
        })
    });
    // One that could not be dropped now is pruned by a later test; a second panic would hide the first.
    let _ = dropped.join();
}

/// Returns the template's name.
async fn make(server: &Url, name: &str) -> String {
    let client =
        connect(server).await.unwrap_or_else(|error| panic!("connecting to the server in {VARIABLE}: {error}"));
    let template = format!("fanfare_template_{}", fingerprint());
    let run = async |sql: String| client.batch_execute(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    run(LOCK.to_owned()).await;
    let known = client
        .query("SELECT datname FROM pg_database WHERE datname LIKE 'fanfare\\_te%'", &[])
        .await
        .unwrap_or_else(|error| panic!("listing databases: {error}"));
    let known: Vec<String> = known.iter().map(|row| row.get(0)).collect();
    for leftover in known.iter().filter(|name| is_leftover(name)) {
        run(format!("DROP DATABASE IF EXISTS {leftover} WITH (FORCE)")).await;
    }
    if !known.contains(&template) {
        let unfinished = format!("{PREFIX}{}_template", seconds_now());
        run(format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")).await;
        run(format!("CREATE DATABASE {unfinished}")).await;
        migrate(&with_name(server, &unfinished)).await;
        run(format!("ALTER DATABASE {unfinished} RENAME TO {template}")).await;
    }
    // Copying needs no lock of ours: many may copy from one that nobody is connected to.
    run("SELECT pg_advisory_unlock_all()".to_owned()).await;
    run(format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    settle(&with_name(server, name)).await;
    template
}

/// A copy says that it is its template, and a database that is not the one it says it is publishes nothing.
async fn settle(url: &Url) {
    let client = connect(url).await.unwrap_or_else(|error| panic!("connecting to a copy of the template: {error}"));
    let itself = "UPDATE instance_identity i SET system_identifier = e.system_identifier, timeline = e.timeline, \
        database_oid = e.database_oid, table_oid = e.table_oid FROM instance_evidence e";
    client.batch_execute(itself).await.unwrap_or_else(|error| panic!("{itself}: {error}"));
}

async fn migrate(url: &Url) {
    let database = Database::new(&DatabaseSettings::for_url(url.as_str())).expect("a URL made from the server's");
    database.migrate().await.unwrap_or_else(|error| panic!("migrating the template: {error}"));
}

/// Of all migrations, so that a changed one makes a new template.
fn fingerprint() -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
    let mut folders: Vec<_> = std::fs::read_dir(root)
        .unwrap_or_else(|error| panic!("reading {root}: {error}"))
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let mut hash = Sha256::new();
    for folder in folders {
        // Its name too: it is by that that a database knows which have run.
        hash.update(folder.file_name().unwrap_or_default().as_encoded_bytes());
        hash.update(std::fs::read(folder.join("up.sql")).unwrap_or_default());
    }
    hex::encode(&hash.finalize()[..8])
}

fn is_leftover(name: &str) -> bool {
    let made = name.strip_prefix(PREFIX).and_then(|rest| rest.split('_').next()?.parse::<u64>().ok());
    made.is_some_and(|made| made + LEFTOVER.as_secs() < seconds_now())
}

#[allow(clippy::disallowed_methods, reason = "how old a leftover is, is a question to the system")]
pub(crate) fn seconds_now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn server() -> Url {
    let text = std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!("{VARIABLE} is not set; run tests by `make test` or `deploy/dev/services --for test exec`")
    });
    text.parse().unwrap_or_else(|error| panic!("{VARIABLE} is not a URL: {error}"))
}

fn with_name(server: &Url, name: &str) -> Url {
    let mut url = server.clone();
    url.set_path(name);
    url
}

async fn connect(url: &Url) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Migrations need a runtime of many threads and a `Drop` has none to wait in, so both get one of their own.
pub(crate) fn off_thread<T: Send + 'static>(work: impl FnOnce(&Runtime) -> T + Send + 'static) -> JoinHandle<T> {
    std::thread::spawn(move || {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        work(&runtime)
    })
}
