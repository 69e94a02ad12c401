//! Posts that wait for a far day, put into the database by the hundred thousand as if they had been accepted.

use std::fmt::Write as _;

use domain::{ids::ProjectId, job::Queue, platform::Platform};
use runtime::clock::{Clock as _, SystemClock};
use testkit::TestDatabase;

/// Rows of one statement.
const CHUNK: usize = 50_000;

/// Puts `accounts` accounts into a project that nobody ever sends for, so that many lanes wait besides those that are busy.
///
/// # Panics
/// When the database does not take them.
pub async fn settle(db: &TestDatabase, project: ProjectId, platform: Platform, accounts: usize) {
    let id = id("account", "g");
    db.execute(&format!(
        "INSERT INTO social_accounts (id, project_id, platform, network_unique_id, username, account_type, status) \
         SELECT {id}, '{}', '{platform}', 'w-' || g, 'somebody', 'person', 'active' FROM generate_series(1, {accounts}) g",
        project.0
    ))
    .await;
}

/// Puts posts number `from` up to, not with, `to` into a project, due in a month, spread over all its accounts: the rows
/// that accepting them one by one leaves behind. Foreign keys are not checked, which the rows keep by themselves.
///
/// # Panics
/// When the database does not take them.
pub async fn fill(db: &TestDatabase, project: ProjectId, from: usize, to: usize) {
    let project = project.0;
    db.execute(&format!(
        "SET session_replication_role = replica; SET synchronous_commit = off; \
         DROP TABLE IF EXISTS waiting_accounts; \
         CREATE TEMP TABLE waiting_accounts AS SELECT id, platform, row_number() OVER (ORDER BY id) - 1 AS place \
           FROM social_accounts WHERE project_id = '{project}'; \
         CREATE UNIQUE INDEX ON waiting_accounts (place); ANALYZE waiting_accounts"
    ))
    .await;
    let mut queues = String::new();
    for platform in Platform::all() {
        // Writing to a string does not fail.
        let _ = write!(queues, " WHEN '{platform}' THEN {}", Queue::Publish(platform).number());
    }
    let (post, container, target, event) = (id("post", "g"), id("container", "g"), id("target", "g"), id("event", "g"));
    let due = "date_trunc('second', now()) + interval '30 days' + g * interval '1 ms'";
    let mut at = from;
    while at < to {
        let end = to.min(at + CHUNK);
        let some = format!("generate_series({at}, {end} - 1) AS g");
        // The count apart from the rows it counts: otherwise every post is compared with every account.
        let accounts =
            format!("{some} JOIN waiting_accounts a ON a.place = g % (SELECT count(*) FROM waiting_accounts)");
        let body = format!(
            "json_build_object('id', {event}, 'type', 'post.created', 'data', json_build_object('post', json_build_object(\
             'id', {post}, 'content', 'waiting ' || g, 'words', repeat('as long as such a body is, ', 16))))::text"
        );
        db.execute(&format!(
            "INSERT INTO posts (id, project_id, fingerprint, scheduled_at, config, account_config, max_lateness_seconds, \
               created_at, updated_at) \
             SELECT {post}, '{project}', sha256(g::text::bytea), {due}, '{{}}', '{{}}', 21600, now(), now() FROM {some}; \
             INSERT INTO post_progress (post_id, n_open, event_seq) SELECT {post}, 1, 1 FROM {some}; \
             INSERT INTO post_containers (id, post_id, position, content) \
             SELECT {container}, {post}, 0, 'waiting ' || g FROM {some}; \
             INSERT INTO post_targets (id, project_id, post_id, account_id, platform, state, expire_at, updated_at) \
             SELECT {target}, '{project}', {post}, a.id, a.platform, 'scheduled', {due} + interval '6 hours', now() \
             FROM {accounts}; \
             INSERT INTO target_parts (target_id, position, container_id) SELECT {target}, 0, {container} FROM {some}; \
             INSERT INTO publish_queue (account_id, due_at, seq, first_due_at, subject_id, expire_at) \
             SELECT a.id, {due}, 1000000 + g, {due}, {target}, {due} + interval '6 hours' FROM {accounts}; \
             INSERT INTO events (id, project_id, type, resource_id, resource_seq, owners, body, created_at) \
             SELECT {event}, '{project}', 'post.created', {post}, 1, '{{\"\"}}', {body}, now() FROM {some}; \
             INSERT INTO jobs (kind, key, project_id, queue, wake_at, next_seq) \
             SELECT 1, a.id, '{project}', CASE a.platform{queues} END, min({due}), 2000000 FROM {accounts} \
             GROUP BY a.id, a.platform ORDER BY a.id \
             ON CONFLICT (kind, key) DO UPDATE SET wake_at = LEAST(jobs.wake_at, EXCLUDED.wake_at), \
               next_seq = GREATEST(jobs.next_seq, EXCLUDED.next_seq)"
        ))
        .await;
        at = end;
    }
    // As autovacuum would have done long before they are due.
    db.execute("SET session_replication_role = origin; SET synchronous_commit = on").await;
    db.execute("VACUUM ANALYZE").await;
}

/// SQL of a UUIDv7 of about now, the same for the same kind and number.
fn id(kind: &str, number: &str) -> String {
    // Kept apart from ids that are really made now: a little later than any of this hour.
    let base = SystemClock.now().as_millisecond() / 3_600_000 * 3_600_000 + 3_600_000;
    format!("(lpad(to_hex({base} + {number}), 12, '0') || '70008' || substr(md5('{kind}' || {number}), 1, 15))::uuid")
}
