//! Waiting until nothing more happens, and taking down what there is then.

use std::{collections::HashMap, time::Duration};

use domain::ids::{AccountId, PostId, TargetId};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use testkit::TestDatabase;
use uuid::Uuid;

use super::{
    client::Lodger,
    evidence::{Attempt, Delivery, Entry, Event, Evidence, Part, Post, Target},
};
use crate::{World, tenant::id};

/// No transaction of a test takes this long.
const LISTED: Duration = Duration::from_secs(30);

const BETWEEN: Duration = Duration::from_millis(200);

/// Keeps each target's place in its account's queue, which is gone once it is settled, and each time an account is taken.
/// The first is written down by the commit itself: a transaction may stay open for as long as its process is frozen.
const WATCH: &str = "CREATE TABLE ground_queue (target uuid PRIMARY KEY, due timestamptz, seq bigint, queued_at timestamptz); \
    CREATE FUNCTION ground_queued() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
      INSERT INTO ground_queue VALUES (NEW.subject_id, NEW.first_due_at, NEW.seq, clock_timestamp()) \
      ON CONFLICT DO NOTHING; RETURN NULL; END $$; \
    CREATE CONSTRAINT TRIGGER ground_queued AFTER INSERT ON publish_queue DEFERRABLE INITIALLY DEFERRED \
      FOR EACH ROW EXECUTE FUNCTION ground_queued(); \
    CREATE TABLE ground_takes (account uuid, at timestamptz); \
    CREATE FUNCTION ground_taken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
      INSERT INTO ground_takes VALUES (NEW.key, clock_timestamp()); RETURN NULL; END $$; \
    CREATE TRIGGER ground_taken AFTER UPDATE OF fence ON jobs \
      FOR EACH ROW WHEN (NEW.kind = 1 AND NEW.fence <> OLD.fence) EXECUTE FUNCTION ground_taken()";

/// Lets the twenty minutes pass in which a network whose list may lag is asked again.
const HURRY: &str = "UPDATE post_targets SET probes = 5, next_at = now() WHERE state = 'unconfirmed' AND next_at > now(); \
    UPDATE publish_queue q SET due_at = now() FROM post_targets t \
      WHERE t.id = q.subject_id AND t.state = 'unconfirmed' AND q.due_at > now(); \
    UPDATE jobs j SET wake_at = LEAST(j.wake_at, now()) FROM post_targets t \
      WHERE j.key = t.account_id AND j.kind = 1 AND t.state = 'unconfirmed'";

/// Begins to watch the queue.
pub(super) async fn watch(db: &TestDatabase) {
    db.execute(WATCH).await;
}

/// Waits until every target is settled or will never be, and every webhook is delivered; at most so long. When probes
/// were hurried, if they were.
pub(super) async fn settle(db: &TestDatabase, patience: Duration) -> Option<Timestamp> {
    let until = tokio::time::Instant::now() + patience;
    let none = async |sql: &str| {
        while db.count(sql).await > 0 {
            if tokio::time::Instant::now() > until {
                return false;
            }
            tokio::time::sleep(BETWEEN).await;
        }
        true
    };
    let open = "SELECT count(*) FROM post_targets WHERE state IN ('draft', 'scheduled', 'queued', 'publishing', 'needs_reconnect')";
    let mut hurried = None;
    if none(open).await && db.count("SELECT count(*) FROM publish_queue").await > 0 {
        hurried = now(db).await;
        db.execute(HURRY).await;
    }
    if none("SELECT count(*) FROM publish_queue").await {
        none("SELECT count(*) FROM delivery_queue").await;
    }
    hurried
}

async fn now(db: &TestDatabase) -> Option<Timestamp> {
    let text = db.texts("SELECT to_json(clock_timestamp())#>>'{}'").await;
    text.first()?.parse().ok()
}

/// All there is to know, but for what only the callers and the ground itself know.
pub(super) async fn gather(db: &TestDatabase, world: &World, lodgers: &[Lodger]) -> Evidence {
    let mut evidence = Evidence::default();
    let ledger = world.ledger().await;
    evidence.ledger = ledger.iter().map(entry_of).collect();
    let mut attempts = attempts(db).await;
    let takes = takes(db).await;
    let places = places(db).await;
    for (number, lodger) in lodgers.iter().enumerate() {
        let accounts: HashMap<_, _> =
            lodger.accounts.iter().map(|account| (account.id.as_str(), account.resident.account.as_str())).collect();
        for (id, account) in &accounts {
            evidence.takes.insert((*account).to_owned(), takes.get(*id).cloned().unwrap_or_default());
        }
        for post in lodger.tenant.list("/v1/posts").await {
            let targets = post["targets"].as_array().into_iter().flatten();
            let targets = targets.map(|target| target_of(&post, target, &accounts, &places, &mut attempts)).collect();
            evidence.posts.push(Post {
                tenant: number,
                id: id(&post).to_owned(),
                text: text(&post["containers"][0]["content"]),
                status: text(&post["status"]),
                targets,
            });
        }
        let mut delivered = Vec::new();
        if let Some(hook) = &lodger.hook {
            let endpoint = evidence.endpoints.len();
            evidence.endpoints.push(number);
            let received = hook.receiver.received_at("/hook").into_iter();
            delivered.extend(received.map(|received| Delivery {
                endpoint,
                event: received.header("webhook-id").to_owned(),
                body: received.body,
            }));
        }
        evidence.events.extend(events_with(lodger, number, &delivered).await);
        evidence.deliveries.extend(delivered);
    }
    evidence
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn entry_of(entry: &Value) -> Entry {
    Entry {
        at: time(&entry["at"]),
        account: text(&entry["account"]),
        id: text(&entry["platform_post_id"]),
        text: text(&entry["text"]),
    }
}

fn target_of(
    post: &Value,
    target: &Value,
    accounts: &HashMap<&str, &str>,
    places: &HashMap<String, Value>,
    attempts: &mut HashMap<String, Vec<Attempt>>,
) -> Target {
    let id = id(target).to_owned();
    let place = places.get(&id).unwrap_or(&Value::Null);
    let contents: Vec<_> = post["containers"].as_array().into_iter().flatten().collect();
    let parts = target["parts"].as_array().into_iter().flatten().enumerate();
    Target {
        account: accounts
            .get(target["account_id"].as_str().unwrap_or_default())
            .copied()
            .unwrap_or_default()
            .to_owned(),
        status: text(&target["status"]),
        due: time(&place["due"]),
        seq: place["seq"].as_i64().unwrap_or_default(),
        queued_at: time(&place["queued_at"]),
        expires_at: time(&place["expires_at"]),
        changed_at: time(&place["changed_at"]),
        parts: parts
            .map(|(at, part)| Part {
                text: contents.get(at).map(|container| text(&container["content"])).unwrap_or_default(),
                status: text(&part["status"]),
                live_id: part["platform_post_id"].as_str().map(str::to_owned),
            })
            .collect(),
        attempts: attempts.remove(&id).unwrap_or_default(),
        retries: 0,
        id,
    }
}

/// Of each target, its place in the queue and its times.
async fn places(db: &TestDatabase) -> HashMap<String, Value> {
    let sql = "SELECT json_build_object('target', t.id, 'due', q.due, 'seq', q.seq, 'queued_at', q.queued_at, \
          'expires_at', t.expire_at, 'changed_at', t.updated_at)::text \
        FROM post_targets t LEFT JOIN ground_queue q ON q.target = t.id";
    rows(db, sql).await.into_iter().map(|row| (target_id(&row), row)).collect()
}

/// By the account's id as the API writes it.
async fn takes(db: &TestDatabase) -> HashMap<String, Vec<Timestamp>> {
    let sql = "SELECT json_build_object('account', account, 'at', at)::text FROM ground_takes ORDER BY at";
    let mut takes: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows(db, sql).await {
        let id: Uuid = row["account"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
        takes.entry(AccountId(id).to_string()).or_default().push(time(&row["at"]));
    }
    takes
}

/// Rows of one column with JSON in it.
async fn rows(db: &TestDatabase, sql: &str) -> Vec<Value> {
    db.texts(sql).await.iter().filter_map(|row| serde_json::from_str(row).ok()).collect()
}

async fn attempts(db: &TestDatabase) -> HashMap<String, Vec<Attempt>> {
    let sql = "SELECT json_build_object('target', target_id, 'step', step, 'from', started_at, 'to', ended_at, \
          'outcome', outcome)::text FROM publish_attempts ORDER BY id";
    let mut attempts: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows(db, sql).await {
        attempts.entry(target_id(&row)).or_default().push(Attempt {
            step: text(&row["step"]),
            started_at: time(&row["from"]),
            ended_at: row["to"].as_str().and_then(|text| text.parse().ok()),
            outcome: text(&row["outcome"]),
        });
    }
    attempts
}

/// As the API writes it.
fn target_id(row: &Value) -> String {
    let id: Uuid = row["target"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
    TargetId(id).to_string()
}

/// All events of a tenant once those are among them that were delivered. A list ends below the oldest transaction of the
/// whole server, and others use it at the same time: what is not in it after a while is in none.
async fn events_with(lodger: &Lodger, tenant: usize, delivered: &[Delivery]) -> Vec<Event> {
    let until = tokio::time::Instant::now() + LISTED;
    loop {
        let all = events(lodger, tenant).await;
        let is_listed = |one: &Delivery| all.iter().any(|event| event.id == one.event);
        if delivered.iter().all(is_listed) || tokio::time::Instant::now() > until {
            return all;
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

/// All events of a tenant, in the order they were committed.
async fn events(lodger: &Lodger, tenant: usize) -> Vec<Event> {
    let mut all = Vec::new();
    let mut path = "/v1/events?limit=100".to_owned();
    loop {
        let page = lodger.tenant.caller.get(&path).await.expect(200);
        let events = page["data"].as_array().map_or(&[][..], Vec::as_slice);
        if events.is_empty() {
            return all;
        }
        all.extend(events.iter().map(|event| event_of(event, tenant)));
        path = format!("/v1/events?limit=100&cursor={}", text(&page["next_cursor"]));
    }
}

fn event_of(event: &Value, tenant: usize) -> Event {
    let data = &event["data"];
    let post = data["post"]["id"].as_str().or(data["post_id"].as_str());
    Event {
        tenant,
        id: id(event).to_owned(),
        kind: text(&event["type"]),
        post: post.and_then(|post| post.parse::<PostId>().ok()).map(|post| post.to_string()),
        target: data["target"]["id"].as_str().map(str::to_owned),
        seq: data["resource_seq"].as_i64(),
    }
}

/// The send timeout that the ground gives publishers.
pub(super) fn send_timeout() -> SignedDuration {
    SignedDuration::try_from(super::stage::SEND_TIMEOUT).unwrap_or_default()
}
