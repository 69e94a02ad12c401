//! Writing down what networks said of budgets. It only ever tightens: within a window less is left than before and it
//! ends no sooner, and what is blocked is blocked for longer.

use std::collections::BTreeMap;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;

use super::{Budget, take::Key};
use crate::{
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp_opt},
};

/// What a network said of one budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The budget.
    pub budget: Budget,
    /// Units of a window.
    pub limit: Option<i32>,
    /// Units that are left.
    pub remaining: Option<i32>,
    /// When all of them are there again.
    pub reset: Option<Timestamp>,
    /// Nothing before then, and why: the network's words.
    pub blocked: Option<(Timestamp, String)>,
}

statement! {
    /// A row that is not there has granted nothing, so nobody can have heard of it.
    HearBudgets {
        scopes: Vec<String> as Array<sql::Text>,
        subjects: Vec<uuid::Uuid> as Array<sql::Uuid>,
        names: Vec<String> as Array<sql::Text>,
        limits: Vec<Option<i32>> as Array<Nullable<sql::Integer>>,
        remaining: Vec<Option<i32>> as Array<Nullable<sql::Integer>>,
        resets: Vec<Option<Stamp>> as Array<Nullable<SqlStamp>>,
        blocked: Vec<Option<Stamp>> as Array<Nullable<SqlStamp>>,
        reasons: Vec<Option<String>> as Array<Nullable<sql::Text>>,
    } {
        "WITH held AS MATERIALIZED (\
           SELECT b.scope, b.subject, b.name, u.told, u.remaining, u.reset, u.blocked, u.because, clock_timestamp() AS at \
           FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) \
               AS u(scope, subject, name, told, remaining, reset, blocked, because) \
             JOIN rate_budgets b ON b.scope = u.scope AND b.subject = u.subject AND b.name = u.name \
           ORDER BY b.scope, b.subject, b.name FOR NO KEY UPDATE OF b) \
         UPDATE rate_budgets b SET \
           limit_ = LEAST(b.limit_, h.told), \
           learned_at = CASE WHEN h.told <= b.limit_ THEN h.at ELSE b.learned_at END, \
           window_start = CASE WHEN b.window_end <= h.at AND h.reset IS NOT NULL THEN h.at ELSE b.window_start END, \
           used = GREATEST(CASE WHEN b.window_end <= h.at AND h.reset IS NOT NULL THEN 0 ELSE b.used END, \
             LEAST(b.limit_, h.told) - h.remaining), \
           window_end = GREATEST(b.window_end, h.reset), \
           blocked_because = CASE WHEN h.blocked > coalesce(b.blocked_until, '-infinity') THEN h.because \
             ELSE b.blocked_because END, \
           blocked_until = GREATEST(b.blocked_until, h.blocked), updated_at = h.at \
         FROM held h WHERE b.scope = h.scope AND b.subject = h.subject AND b.name = h.name"
    }
}

/// Writes down what was heard. Last of the caller's locks.
pub(crate) async fn hear<'a>(
    connection: &mut AsyncPgConnection,
    heard: impl Iterator<Item = &'a Heard>,
) -> QueryResult<()> {
    let mut by_key: BTreeMap<Key, Heard> = BTreeMap::new();
    for one in heard {
        by_key.entry(Key::of(&one.budget)).and_modify(|before| before.tighten(one)).or_insert_with(|| one.clone());
    }
    if by_key.is_empty() {
        return Ok(());
    }
    HearBudgets {
        scopes: by_key.keys().map(|key| key.scope.to_string()).collect(),
        subjects: by_key.keys().map(|key| key.subject).collect(),
        names: by_key.keys().map(|key| key.name.to_string()).collect(),
        // A limit below the cost of one call would end the account, and no network means that.
        limits: by_key.values().map(|one| one.limit.map(|limit| limit.max(one.budget.rule.cost))).collect(),
        remaining: by_key.values().map(|one| one.remaining).collect(),
        resets: by_key.values().map(|one| stamp_opt(one.reset)).collect(),
        blocked: by_key.values().map(|one| stamp_opt(one.blocked.as_ref().map(|(until, _)| *until))).collect(),
        reasons: by_key.values().map(|one| one.blocked.as_ref().map(|(_, because)| storable(because))).collect(),
    }
    .execute(connection)
    .await?;
    Ok(())
}

impl Heard {
    /// Two calls of one flush may have heard of the same budget: the tighter counts.
    fn tighten(&mut self, other: &Self) {
        let least = |one: Option<i32>, other: Option<i32>| one.into_iter().chain(other).min();
        self.limit = least(self.limit, other.limit);
        self.remaining = least(self.remaining, other.remaining);
        self.reset = self.reset.max(other.reset);
        let until = |heard: &Self| heard.blocked.as_ref().map(|(until, _)| *until);
        if until(other) > until(self) {
            self.blocked.clone_from(&other.blocked);
        }
    }
}

/// Networks' own words may hold what PostgreSQL cannot store.
fn storable(text: &str) -> String {
    text.chars().filter(|character| *character != '\0').take(2_000).collect()
}
