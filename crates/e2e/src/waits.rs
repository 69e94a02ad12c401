//! Waits that production counts in minutes, cut short.

use testkit::TestDatabase;

/// Whatever waits for its next try, its next probe or the next word on how it goes on is due now.
pub async fn are_over(db: &TestDatabase) {
    cut(
        db,
        "t.next_at > clock_timestamp() + interval '1 s' AND t.state IN ('queued', 'publishing', 'unconfirmed')",
        "",
    )
    .await;
}

/// What is asked for again and again is asked for once more, as the last time. The wait before the first time is left
/// alone: it is no more than a request may take. Nor does anybody wait long for what did not leave: a busy machine lets
/// connections fail too.
pub async fn are_all_but_over(db: &TestDatabase) {
    cut(db, "t.next_at > clock_timestamp() + interval '5 s' AND t.state = 'queued'", "").await;
    cut(db, "t.next_at > clock_timestamp() + interval '5 s' AND t.state = 'unconfirmed'", ", probes = 5").await;
}

/// Locks in the order everybody does.
async fn cut(db: &TestDatabase, which: &str, also: &str) {
    let sql = format!(
        "WITH lanes AS MATERIALIZED (SELECT j.kind, j.key FROM jobs j WHERE j.kind = 1 AND j.key IN \
             (SELECT t.account_id FROM post_targets t WHERE {which}) ORDER BY j.kind, j.key FOR NO KEY UPDATE) \
           UPDATE jobs j SET wake_at = clock_timestamp() FROM lanes WHERE j.kind = lanes.kind AND j.key = lanes.key; \
         WITH cut AS (UPDATE post_targets t SET next_at = clock_timestamp(){also} WHERE {which} RETURNING t.id) \
           UPDATE publish_queue q SET due_at = clock_timestamp() FROM cut WHERE q.op = 'publish' AND q.subject_id = cut.id"
    );
    db.execute(&sql).await;
}
