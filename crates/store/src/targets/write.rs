//! The rows of targets and their parts, as they were decided.

use std::collections::HashSet;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::transition::{Error, Part};
use serde_json::Value;
use uuid::Uuid;

use super::apply::{Move, storable};
use crate::{
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp, stamp_opt},
};

statement! {
    /// Targets, and of their parts those that changed. Parts are only ever written with their target locked, so one
    /// statement keeps the order.
    WriteTargets {
        ids: Vec<Uuid> as Array<sql::Uuid>,
        revs: Vec<i32> as Array<sql::Integer>,
        was_attempts: Vec<i32> as Array<sql::Integer>,
        was_states: Vec<String> as Array<sql::Text>,
        was_probes: Vec<i32> as Array<sql::Integer>,
        waited: Vec<bool> as Array<sql::Bool>,
        inactive: Vec<bool> as Array<sql::Bool>,
        bumps: Vec<i32> as Array<sql::Integer>,
        states: Vec<String> as Array<sql::Text>,
        attempts: Vec<i32> as Array<sql::Integer>,
        failures: Vec<i32> as Array<sql::Integer>,
        probes: Vec<i32> as Array<sql::Integer>,
        refreshed: Vec<bool> as Array<sql::Bool>,
        expiries: Vec<Stamp> as Array<SqlStamp>,
        nexts: Vec<Option<Stamp>> as Array<Nullable<SqlStamp>>,
        codes: Vec<Option<String>> as Array<Nullable<sql::Text>>,
        messages: Vec<Option<String>> as Array<Nullable<sql::Text>>,
        published: Vec<Option<Stamp>> as Array<Nullable<SqlStamp>>,
        part_targets: Vec<Uuid> as Array<sql::Uuid>,
        positions: Vec<i16> as Array<sql::SmallInt>,
        statuses: Vec<String> as Array<sql::Text>,
        part_attempts: Vec<i32> as Array<sql::Integer>,
        deadlines: Vec<Option<Stamp>> as Array<Nullable<SqlStamp>>,
        handles: Vec<Option<Value>> as Array<Nullable<sql::Jsonb>>,
        live_ids: Vec<Option<String>> as Array<Nullable<sql::Text>>,
        live_urls: Vec<Option<String>> as Array<Nullable<sql::Text>>,
        references: Vec<Option<Value>> as Array<Nullable<sql::Jsonb>>,
        part_codes: Vec<Option<String>> as Array<Nullable<sql::Text>>,
        part_messages: Vec<Option<String>> as Array<Nullable<sql::Text>>,
    } -> (sql::Uuid,) {
        "WITH fit AS MATERIALIZED (\
           SELECT u.* FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) \
             AS u(i, rev, was_attempt, was_state, was_probes, waited, inactive, bump, state, attempt, failures, probes, \
               refreshed, expire_at, next_at, error_code, error_message, published_at) \
           JOIN post_targets t ON t.id = u.i JOIN social_accounts c ON c.id = t.account_id \
           WHERE t.rev = u.rev AND t.attempt = u.was_attempt AND t.state = u.was_state AND t.probes = u.was_probes \
             AND (t.next_at IS NOT NULL) = u.waited AND (c.status <> 'active' OR NOT u.inactive) ORDER BY t.id FOR NO KEY UPDATE OF t), \
         moved AS (\
           UPDATE post_targets t SET state = fit.state, rev = t.rev + fit.bump, attempt = fit.attempt, \
             failures = fit.failures, probes = fit.probes, refreshed = fit.refreshed, expire_at = fit.expire_at, \
             next_at = fit.next_at, error_code = fit.error_code, error_message = fit.error_message, \
             published_at = fit.published_at, updated_at = clock_timestamp() \
           FROM fit WHERE t.id = fit.i RETURNING t.id), \
         part AS (\
           UPDATE target_parts r SET status = v.status, attempt = v.attempt, send_deadline = v.send_deadline, \
             handle = v.handle, live_id = v.live_id, live_url = v.live_url, live_reference = v.live_reference, \
             error_code = v.error_code, error_message = v.error_message, \
             composed = CASE WHEN v.status IN ('unconfirmed', 'sending', 'processing') THEN r.composed END \
           FROM unnest($19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29) AS v(target, position, status, attempt, \
             send_deadline, handle, live_id, live_url, live_reference, error_code, error_message) \
           WHERE r.target_id = v.target AND r.position = v.position AND v.target = ANY(ARRAY(SELECT i FROM fit))) \
         SELECT id FROM moved"
    }
}

/// Writes targets that are still as they were read, and returns which those were.
pub(super) async fn write_targets(connection: &mut AsyncPgConnection, moves: &[Move]) -> QueryResult<HashSet<Uuid>> {
    let words = |error: &Option<Error>| error.as_ref().map(|error| error.code.word().to_owned());
    let messages = |error: &Option<Error>| error.as_ref().map(|error| storable(&error.message));
    let parts: Vec<_> = moves.iter().flat_map(changed_parts).collect();
    let live = || parts.iter().map(|(.., part)| part.live.as_ref());
    let rows: Vec<(Uuid,)> = WriteTargets {
        ids: moves.iter().map(|step| step.target_id).collect(),
        revs: moves.iter().map(|step| step.rev).collect(),
        was_attempts: moves.iter().map(|step| step.before.attempt).collect(),
        was_states: moves.iter().map(|step| step.before.status.word().to_owned()).collect(),
        was_probes: moves.iter().map(|step| step.before.probes).collect(),
        waited: moves.iter().map(|step| step.before.next_at.is_some()).collect(),
        inactive: moves.iter().map(|step| step.because_inactive).collect(),
        bumps: moves.iter().map(|step| i32::from(step.bump_rev)).collect(),
        states: moves.iter().map(|step| step.after.status.word().to_owned()).collect(),
        attempts: moves.iter().map(|step| step.after.attempt).collect(),
        failures: moves.iter().map(|step| step.after.failures).collect(),
        probes: moves.iter().map(|step| step.after.probes).collect(),
        refreshed: moves.iter().map(|step| step.after.refreshed).collect(),
        expiries: moves.iter().map(|step| stamp(step.after.expire_at)).collect(),
        nexts: moves.iter().map(|step| stamp_opt(step.after.next_at)).collect(),
        codes: moves.iter().map(|step| words(&step.after.error)).collect(),
        messages: moves.iter().map(|step| messages(&step.after.error)).collect(),
        published: moves.iter().map(|step| stamp_opt(step.after.published_at)).collect(),
        part_targets: parts.iter().map(|(target, ..)| *target).collect(),
        positions: parts.iter().map(|(_, position, _)| *position).collect(),
        statuses: parts.iter().map(|(.., part)| part.status.word().to_owned()).collect(),
        part_attempts: parts.iter().map(|(.., part)| part.attempt).collect(),
        deadlines: parts.iter().map(|(.., part)| stamp_opt(part.send_deadline)).collect(),
        handles: parts.iter().map(|(.., part)| part.handle.clone().filter(|handle| !handle.is_null())).collect(),
        live_ids: live().map(|live| Some(live?.id.clone())).collect(),
        live_urls: live().map(|live| live?.url.clone()).collect(),
        references: live().map(|live| Some(live?.reference.clone()).filter(|reference| !reference.is_null())).collect(),
        part_codes: parts.iter().map(|(.., part)| words(&part.error)).collect(),
        part_messages: parts.iter().map(|(.., part)| messages(&part.error)).collect(),
    }
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// With their targets and places.
fn changed_parts(step: &Move) -> impl Iterator<Item = (Uuid, i16, &Part)> {
    let parts = (0i16..).zip(step.before.parts.iter().zip(&step.after.parts));
    parts.filter(|(_, (was, is))| was != is).map(|(position, (_, part))| (step.target_id, position, part))
}
