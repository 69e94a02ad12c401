//! Lanes that are filled before they are due, and all become due at once.

use std::time::Duration;

use domain::ids::ProjectId;
use jiff::{SignedDuration, Timestamp};
use runtime::clock::{Clock as _, SystemClock};
use serde_json::json;

use crate::{
    House, Tenant,
    crowd::{self, Somebody},
    eventually,
    instant::Memory,
    tenant,
};

/// As many as a holder reads at once.
pub const TARGETS_PER_LANE: usize = 16;
/// The most accounts of one call.
const PER_CALL: usize = 50;
/// Lanes are handed over a second ahead of their time.
const AHEAD: SignedDuration = SignedDuration::from_millis(1_500);

/// Lanes on every network, to be filled again and again.
pub struct FullLanes {
    tenant: Tenant,
    people: Vec<Somebody>,
}

impl FullLanes {
    /// So many accounts on each network.
    pub async fn of(house: &House, lanes: usize) -> Self {
        let tenant = house.tenant().await;
        let mut people = Vec::new();
        for platform in tenant::wordy() {
            people.extend(crowd::gather(&house.db, &house.ring.public(), tenant.project, platform, lanes).await);
        }
        Self { tenant, people }
    }

    /// The project of all of them.
    pub fn project(&self) -> ProjectId {
        self.tenant.project
    }

    /// Targets of one filling.
    pub fn targets(&self) -> usize {
        self.people.len() * TARGETS_PER_LANE
    }

    /// Fills them, all due at one time `ahead` from now, and returns right before they are claimed.
    ///
    /// # Panics
    /// When filling takes longer than that.
    pub async fn fill(&self, ahead: Duration) {
        let now = SystemClock.now();
        let due = Timestamp::from_second(now.as_second()).expect("a time")
            + SignedDuration::try_from(ahead).expect("a short time");
        for number in 0..TARGETS_PER_LANE {
            for some in self.people.chunks(PER_CALL) {
                let accounts: Vec<_> = some.iter().map(|person| &person.id).collect();
                let content = format!("number {number}");
                let body = json!({"content": content, "accounts": accounts, "scheduled_at": due.to_string()});
                self.tenant.post_body(body).await;
            }
        }
        let left = due.duration_since(SystemClock.now()) - AHEAD;
        assert!(left.is_positive(), "filling the lanes took longer than {ahead:?}");
        tokio::time::sleep(left.unsigned_abs()).await;
    }

    /// Waits until all is sent, recorded, and every lane given back.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn empty(&self, house: &House, memory: &Memory) {
        memory.wait_for(self.targets(), Duration::from_secs(60)).await;
        eventually("all lanes are given back", async || {
            // A lane goes back with the outcome of its last target.
            let busy = "SELECT count(*) FROM jobs WHERE kind = 1 AND (lease_until IS NOT NULL OR wake_at <= now())";
            (house.db.count(busy).await == 0).then_some(())
        })
        .await;
    }
}
