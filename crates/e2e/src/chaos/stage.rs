//! A fleet under load with all its wires, and what is done to it.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use runtime::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    checker,
    client::{Client, Lodger},
    gather,
    proxy::{Link, Mode},
    schedule::{Fault, Step, Wire},
    verdict::Verdict,
};
use crate::{
    Fleet,
    fleet::{Formation, Plan, Program},
    hooks::Hook,
    pictures,
    tenant::{self, id},
    world::Resident,
};

/// What comes between a crash and finding out is half a minute each in production.
pub(super) const SEND_TIMEOUT: Duration = Duration::from_millis(1_500);
const HASTE: [(&str, &str); 6] = [
    ("FANFARE__PUBLISHER__SEND_TIMEOUT_MS", "1500"),
    ("FANFARE__PUBLISHER__GRACE_MS", "200"),
    ("FANFARE__PUBLISHER__LEASE_MS", "4000"),
    ("FANFARE__DISPATCHER__LEASE_MS", "4000"),
    ("FANFARE__DISPATCHER__EXCHANGE_TIMEOUT_MS", "3000"),
    ("FANFARE__CONNECTOR__LEASE_MS", "4000"),
];
/// A lease that must end first, and a claim's; then the backlog.
const SETTLING: Duration = Duration::from_secs(120);
/// Each tenant has so many accounts on each network.
const ACCOUNTS: usize = 2;
const TENANTS: usize = 3;

/// A fleet under load.
pub struct Stage {
    /// The programs.
    pub fleet: Fleet,
    /// Who calls.
    pub lodgers: Vec<Lodger>,
    client: Client,
    name: String,
    seed: u64,
    began: Instant,
    faults: Vec<Timestamp>,
    crashes: usize,
}

impl Stage {
    /// Starts everything, and callers who call about so often.
    pub async fn set(name: &str, seed: u64, formation: Formation, pause: Duration) -> Self {
        Self::set_with(name, seed, Plan::of(formation), pause).await
    }

    /// As [`Stage::set`], with a plan of one's own.
    pub async fn set_with(name: &str, seed: u64, plan: Plan, pause: Duration) -> Self {
        let began = Instant::now();
        let fleet = plan.settings(&HASTE).linked().up().await;
        gather::watch(&fleet.db).await;
        let mut lodgers = Vec::new();
        for number in 0..TENANTS {
            let tenant = fleet.tenant().await;
            // Not everybody listens.
            let hook = if number + 1 < TENANTS { Some(Arc::new(Hook::of(&tenant, &["*"]).await)) } else { None };
            let mut accounts = Vec::new();
            for platform in tenant::wordy() {
                for _ in 0..ACCOUNTS {
                    accounts.push(tenant.connect(platform).await);
                }
            }
            let picture = id(&pictures::upload(&tenant, pictures::png(64, 48)).await).to_owned();
            lodgers.push(Lodger { tenant, accounts, picture, hook });
        }
        fleet.world.fault(slow()).await;
        let client = Client::start(lodgers.clone(), seed, pause);
        let name = name.to_owned();
        Self { fleet, lodgers, client, name, seed, began, faults: Vec::new(), crashes: 0 }
    }

    /// Lets the load run.
    pub async fn run(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Writes down that something was broken now.
    pub fn struck(&mut self) {
        self.faults.push(SystemClock.now());
    }

    /// Writes down that so many processes died.
    pub fn crashed(&mut self, processes: usize) {
        self.crashes += processes;
        self.struck();
    }

    /// Posts that were accepted so far.
    pub fn accepted(&self) -> usize {
        self.client.accepted()
    }

    /// Does what a schedule says, one step after the other.
    pub async fn play(&mut self, steps: &[Step]) {
        for step in steps {
            tokio::time::sleep(step.after).await;
            tracing::info!(fault = ?step.fault, "the ground strikes");
            self.strike(&step.fault).await;
        }
    }

    /// Does one thing.
    pub async fn strike(&mut self, fault: &Fault) {
        match fault {
            Fault::Kill(program, down) => {
                self.fleet.kill(*program);
                self.crashed(1);
                tokio::time::sleep(*down).await;
                self.fleet.start(*program);
            }
            Fault::KillAll => {
                self.crashed(self.fleet.processes().len());
                self.fleet.kill_services();
                self.fleet.start_services();
                self.fleet.are_ready().await;
            }
            Fault::Freeze(program, time) => {
                self.fleet.freeze(*program);
                self.struck();
                tokio::time::sleep(*time).await;
                self.fleet.thaw(*program);
            }
            Fault::Replace(program) => {
                self.struck();
                self.fleet.is_ready(*program).await;
                self.fleet.replace(*program).await;
            }
            Fault::Wire(wire, mode, time) => {
                self.struck();
                self.wire(*wire).set(mode.clone());
                tokio::time::sleep(*time).await;
                self.wire(*wire).set(Mode::Pass);
            }
            Fault::Networks(word, times) => {
                self.struck();
                self.networks(&json!({"operation": "publish", "fault": word, "times": times})).await;
            }
        }
    }

    /// The networks do this next, in place of what they were told before.
    pub async fn networks(&self, fault: &Value) {
        // Of faults that fit a call, the first strikes.
        self.fleet.world.no_faults().await;
        self.fleet.world.fault(fault.clone()).await;
        self.fleet.world.fault(slow()).await;
    }

    /// Connects accounts again whose tokens are gone for good, as their owners would: what was exchanged and not stored
    /// cannot be had back.
    async fn reconnect(&self) {
        for lodger in &self.lodgers {
            for account in lodger.tenant.list("/v1/social-accounts").await {
                let known = lodger.accounts.iter().find(|known| account["id"] == known.id);
                let Some(known) = known.filter(|_| account["status"] == "needs_reconnect") else { continue };
                let Resident { platform, username, .. } = &known.resident;
                let again = self.fleet.world.settle_again(*platform, username).await;
                lodger.tenant.connect_as(again).await;
            }
        }
    }

    fn wire(&self, wire: Wire) -> &Link {
        let links = self.fleet.links();
        match wire {
            Wire::Database => &links.database,
            Wire::Broker => links.broker.as_ref().unwrap_or(&links.database),
            Wire::Networks => &links.networks,
        }
    }

    /// Ends the load, lets everything settle, and judges.
    pub async fn judge(mut self) -> Verdict {
        let fallen = self.fleet.fallen();
        for (program, how) in &fallen {
            tracing::warn!(%program, %how, "a program ended by itself");
            self.fleet.start(*program);
        }
        self.fleet.are_ready().await;
        let calls = self.client.finish().await;
        self.fleet.world.no_faults().await;
        self.reconnect().await;
        let hurried_at = gather::settle(&self.fleet.db, SETTLING).await;
        let mut evidence = gather::gather(&self.fleet.db, &self.fleet.world, &self.lodgers).await;
        evidence.calls = calls;
        evidence.faults = self.faults;
        evidence.crashes = self.crashes + fallen.len();
        evidence.send_timeout = gather::send_timeout();
        evidence.hurried_at = hurried_at;
        let verdict = checker::check(&self.name, self.seed, &evidence);
        Verdict { took: self.began.elapsed(), ..verdict }
    }
}

/// A program that is killed, frozen or replaced in turn.
pub const SERVICES: [Program; 4] = [Program::Gateway, Program::Publisher, Program::Dispatcher, Program::Connector];

/// The networks take a moment, so that a fault always finds something under way.
fn slow() -> Value {
    json!({"operation": "publish", "fault": "slow", "times": null, "params": {"delay_ms": 60}})
}
