//! What accepting a post costs: CPU of gateway and PostgreSQL for a post with three targets, against one bare INSERT.

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use e2e::{
    Fleet, Tenant,
    crowd::{self, Somebody},
    fleet::{Formation, Plan, Program},
    process,
};
use futures::future::join_all;
use serde_json::json;

use crate::report::Report;

const ROUNDS: usize = 5;
const CONNECTIONS: usize = 32;
const POSTS_PER_CONNECTION: usize = 50;
const INSERTS_PER_CONNECTION: usize = 250;
const AIM: f64 = 2.0;

/// CPU and how often something was done for it.
#[derive(Default)]
struct Cost {
    cpu: Duration,
    times: usize,
}

impl Cost {
    fn add(&mut self, cpu: Duration, times: usize) {
        self.cpu += cpu;
        self.times += times;
    }

    fn each_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.times as f64
    }
}

pub(crate) async fn measure(report: &mut Report) {
    let fleet = Plan::of(Formation::Apart).played().up().await;
    let tenant = fleet.tenant().await;
    let mut people = Vec::new();
    for platform in e2e::tenant::wordy() {
        people.push(crowd::gather(&fleet.db, &fleet.ring(), tenant.project, platform, CONNECTIONS).await);
    }
    let Some(postgres) = postmaster(&fleet).await else {
        report.note("create-post against INSERT", "PostgreSQL's processes are not on this machine".to_owned());
        return;
    };
    let Some(pgbench) = pgbench() else {
        report.note("create-post against INSERT", "there is no pgbench".to_owned());
        return;
    };
    fleet
        .db
        .execute("CREATE TABLE bench_rows (id uuid PRIMARY KEY, project_id uuid NOT NULL, body text NOT NULL, created_at timestamptz NOT NULL)")
        .await;
    let (mut gateway, mut database, mut insert, mut client) =
        (Cost::default(), Cost::default(), Cost::default(), Cost::default());
    let mut posted = Duration::ZERO;
    for round in 0..=ROUNDS {
        let (gateway_before, database_before) =
            (process::cpu(fleet.process(Program::Gateway)).unwrap_or_default(), process::cpu_of_family(postgres));
        let began = Instant::now();
        post(&tenant, &people).await;
        let took = began.elapsed();
        let (gateway_after, database_after) =
            (process::cpu(fleet.process(Program::Gateway)).unwrap_or_default(), process::cpu_of_family(postgres));
        let (inserting, inserting_client) = (process::cpu_of_family(postgres), process::cpu_of_the_ended());
        bare_inserts(&pgbench, fleet.db.url()).await;
        let (inserted, inserted_client) = (process::cpu_of_family(postgres), process::cpu_of_the_ended());
        // The first round warms caches, plans and pools.
        if round > 0 {
            let posts = CONNECTIONS * POSTS_PER_CONNECTION;
            posted += took;
            gateway.add(gateway_after.saturating_sub(gateway_before), posts);
            database.add(database_after.saturating_sub(database_before), posts);
            insert.add(inserted.saturating_sub(inserting), CONNECTIONS * INSERTS_PER_CONNECTION);
            client.add(inserted_client.saturating_sub(inserting_client), CONNECTIONS * INSERTS_PER_CONNECTION);
        }
    }
    let ours = gateway.each_us() + database.each_us();
    let rate = (ROUNDS * CONNECTIONS * POSTS_PER_CONNECTION) as f64 / posted.as_secs_f64();
    report.note("posts of 3 targets accepted a second", format!("{rate:.0}"));
    report.note("CPU of the gateway for a post", format!("{:.0} us", gateway.each_us()));
    report.note("CPU of PostgreSQL for a post", format!("{:.0} us", database.each_us()));
    report.note("CPU of PostgreSQL for a bare INSERT", format!("{:.0} us", insert.each_us()));
    report.note("CPU of pgbench for a bare INSERT", format!("{:.0} us", client.each_us()));
    report.note("PostgreSQL alone, post / INSERT", format!("{:.2}", database.each_us() / insert.each_us()));
    report.at_most(
        "gateway + PostgreSQL for a post / pgbench + PostgreSQL for an INSERT",
        ours / (insert.each_us() + client.each_us()),
        AIM,
    );
    report.at_most("gateway + PostgreSQL for a post / PostgreSQL for an INSERT", ours / insert.each_us(), AIM);
}

/// Posts for later, so that nothing but accepting them is to be done.
async fn post(tenant: &Tenant, people: &[Vec<Somebody>]) {
    join_all((0..CONNECTIONS).map(async |connection| {
        let accounts: Vec<_> = people.iter().map(|people| &people[connection].id).collect();
        for _ in 0..POSTS_PER_CONNECTION {
            let body = json!({"content": "Hello from the benchmark, at some length, as posts are.", "accounts": accounts,
                "scheduled_at": "2036-01-01T00:00:00Z"});
            tenant.post_body(body).await;
        }
    }))
    .await;
}

async fn bare_inserts(pgbench: &PathBuf, url: &str) {
    let script = tempfile::NamedTempFile::new().expect("a file");
    let sql = "INSERT INTO bench_rows (id, project_id, body, created_at) VALUES (gen_random_uuid(), \
        '01a2062b-1e64-7719-9bfd-8ccb07f53895', 'Hello from the benchmark, at some length, as posts are.', now());\n";
    std::fs::write(script.path(), sql).expect("a script");
    let mut command = Command::new(pgbench);
    let (connections, times) = (CONNECTIONS.to_string(), INSERTS_PER_CONNECTION.to_string());
    command
        .args(["-n", "-M", "prepared", "-j", "2", "-c", &connections, "-t", &times, "-f"])
        .arg(script.path())
        .arg(url);
    let ran = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("pgbench runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

fn pgbench() -> Option<PathBuf> {
    let directories = std::env::var_os("FANFARE_DEV_POSTGRES_BIN").into_iter().map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    directories
        .chain(std::env::split_paths(&path))
        .map(|directory| directory.join("pgbench"))
        .find(|path| path.exists())
}

/// The process that all of PostgreSQL's descend from.
async fn postmaster(fleet: &Fleet) -> Option<u32> {
    let backend = u32::try_from(fleet.db.count("SELECT pg_backend_pid()::bigint").await).ok()?;
    let is_here = process::name(backend).is_some_and(|name| name == "postgres");
    if is_here { process::parent(backend) } else { None }
}
