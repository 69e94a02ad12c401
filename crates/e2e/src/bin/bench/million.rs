//! What it costs to have a million posts waiting: claims and memory, against ten thousand.

use std::time::Duration;

use domain::platform::Platform;
use e2e::{House, Options, Transport, full_lanes::FullLanes, instant::Memory, process, put_off};

use crate::report::Report;

const FEW: usize = 10_000;
const MANY: usize = 1_000_000;
/// Accounts with nothing but posts that wait.
const WAITING_ACCOUNTS: usize = 20_000;
/// On each network.
const LANES: usize = 150;
const ROUNDS: usize = 4;
const AHEAD: Duration = Duration::from_secs(9);
const AIM: f64 = 1.3;
const FLAT: f64 = 1.1;

/// What one target cost, and what the services hold in memory.
struct Stage {
    /// CPU of the services' sessions in PostgreSQL, claim to result, in microseconds.
    whole: f64,
    /// PostgreSQL's time in claiming, taking and reading, in microseconds; where it counts statements.
    claim: Option<f64>,
    /// In bytes, what is neither code nor a file.
    memory: u64,
}

pub(crate) async fn measure(report: &mut Report) {
    let memory = Memory::new(Duration::ZERO);
    let house = House::up(Options::over(Transport::RabbitMq).networks(memory.networks())).await;
    let lanes = FullLanes::of(&house, LANES).await;
    put_off::settle(&house.db, lanes.project(), Platform::Mastodon, WAITING_ACCOUNTS).await;
    let counts_statements = count_statements(&house).await;
    put_off::fill(&house.db, lanes.project(), 0, FEW).await;
    let few = stage(&house, &lanes, &memory, counts_statements).await;
    put_off::fill(&house.db, lanes.project(), FEW, MANY).await;
    let many = stage(&house, &lanes, &memory, counts_statements).await;
    house.down().await.expect("an orderly end");

    report.note("PostgreSQL for a target, claim to result, 10,000 waiting", format!("{:.0} us", few.whole));
    report.note("PostgreSQL for a target, claim to result, 1,000,000 waiting", format!("{:.0} us", many.whole));
    report.at_most("a target, claim to result, 1,000,000 / 10,000 waiting", many.whole / few.whole, AIM);
    match few.claim.zip(many.claim) {
        Some((few, many)) => {
            report.note("claiming, taking and reading a target, 10,000 waiting", format!("{few:.1} us"));
            report.note("claiming, taking and reading a target, 1,000,000 waiting", format!("{many:.1} us"));
            report.at_most("claiming a target, 1,000,000 / 10,000 waiting", many / few, AIM);
        }
        None => report.note("claiming a target", "PostgreSQL has no pg_stat_statements".to_owned()),
    }
    let (few, many) = (few.memory as f64 / 1e6, many.memory as f64 / 1e6);
    report.note("memory of all services, 10,000 waiting", format!("{few:.0} MB"));
    report.note("memory of all services, 1,000,000 waiting", format!("{many:.0} MB"));
    report.at_most("memory, 1,000,000 / 10,000 waiting", many / few, FLAT);
}

async fn stage(house: &House, lanes: &FullLanes, memory: &Memory, counts_statements: bool) -> Stage {
    let (mut used, mut claimed, mut targets) = (Duration::ZERO, 0.0, 0);
    for round in 0..=ROUNDS {
        memory.forget();
        lanes.fill(AHEAD).await;
        let (cpu, claim) = (sessions_cpu(house).await, claim_ms(house, counts_statements).await);
        lanes.empty(house, memory).await;
        // The first round warms caches and plans.
        if round > 0 {
            used += sessions_cpu(house).await.saturating_sub(cpu);
            claimed += claim_ms(house, counts_statements).await - claim;
            targets += lanes.targets();
        }
    }
    memory.forget();
    let each = |total_us: f64| total_us / targets as f64;
    Stage {
        whole: each(used.as_secs_f64() * 1e6),
        claim: counts_statements.then(|| each(claimed * 1e3)),
        memory: process::allocated(std::process::id()).unwrap_or_default(),
    }
}

/// CPU of the sessions that the services have, but of none that ends meanwhile.
async fn sessions_cpu(house: &House) -> Duration {
    let sql = "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' \
         AND pid <> pg_backend_pid()";
    let pids = house.db.texts(sql).await;
    pids.iter().filter_map(|pid| process::cpu(pid.parse().ok()?)).sum()
}

async fn count_statements(house: &House) -> bool {
    let loaded = "SELECT count(*) FROM pg_settings WHERE name = 'shared_preload_libraries' \
         AND setting LIKE '%pg_stat_statements%'";
    let is_loaded = house.db.count(loaded).await > 0;
    if is_loaded {
        house.db.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").await;
    }
    is_loaded
}

/// The statements that bring a target from the database to its holder, told by what only they say.
async fn claim_ms(house: &House, counts_statements: bool) -> f64 {
    if !counts_statements {
        return 0.0;
    }
    let sql = "SELECT coalesce(sum(total_exec_time), 0)::text FROM pg_stat_statements s \
         JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database() AND (\
           query LIKE '%lost AS MATERIALIZED%' OR query LIKE '%FROM unnest($1) AS q%' OR query LIKE '%FROM mine, jobs old%' \
           OR query LIKE '%account_tokens k ON%WHERE a.id = ANY%' OR query LIKE '%lane(account)%')";
    house.db.texts(sql).await.first().and_then(|sum| sum.parse().ok()).unwrap_or_default()
}
