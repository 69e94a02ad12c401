//! When a post that is accepted now could go out, as far as budgets are known: told to callers, and promised to nobody.

use diesel_async::RunQueryDsl;
use domain::{
    budget::{Scope, next_slot},
    ids::AccountId,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::Budget;
use crate::{
    Database, StoreError,
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp, time},
};

/// Waiting items are counted as far as this many windows ahead, and no further than so many.
const WINDOWS: i32 = 4;
const MOST: i32 = 5_000;

/// A post for an account, about to be accepted.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The account.
    pub account: AccountId,
    /// When it is due.
    pub due: Timestamp,
    /// What sending it draws on.
    pub budgets: Vec<Budget>,
}

/// A budget that is used up when a post is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// The account.
    pub account: AccountId,
    /// The budget that lets it wait longest.
    pub budget: Budget,
    /// Units of a window, as far as is known now.
    pub limit: i32,
    /// When there is room, if nothing else comes in between.
    pub next_slot: Timestamp,
}

statement! {
    /// What is used of each budget, how many items of the account are due before and at that time, and how many of them
    /// within a window of it, with the first of those.
    Look {
        ordinals: Vec<i32> as Array<sql::Integer>,
        accounts: Vec<Uuid> as Array<sql::Uuid>,
        scopes: Vec<String> as Array<sql::Text>,
        subjects: Vec<Uuid> as Array<sql::Uuid>,
        names: Vec<String> as Array<sql::Text>,
        due: Vec<Stamp> as Array<SqlStamp>,
        windows: Vec<f64> as Array<sql::Double>,
        caps: Vec<i32> as Array<sql::Integer>,
    } -> (
        sql::Integer, Nullable<sql::Integer>, Nullable<sql::Integer>, Nullable<SqlStamp>, Nullable<SqlStamp>,
        sql::BigInt, sql::BigInt, Nullable<SqlStamp>, SqlStamp
    ) {
        "SELECT u.i, CASE WHEN b.window_end > clock_timestamp() THEN b.used END, b.limit_, \
           CASE WHEN b.window_end > clock_timestamp() THEN b.window_end END, b.blocked_until, \
           q.total, q.near, q.first, clock_timestamp() \
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS u(i, account, scope, subject, name, due, secs, cap) \
         LEFT JOIN rate_budgets b ON b.scope = u.scope AND b.subject = u.subject AND b.name = u.name \
         CROSS JOIN LATERAL (\
           SELECT count(*) AS total, count(*) FILTER (WHERE due_at > u.due - make_interval(secs => u.secs)) AS near, \
             min(due_at) FILTER (WHERE due_at > u.due - make_interval(secs => u.secs)) AS first \
           FROM (SELECT due_at FROM publish_queue p WHERE u.scope = 'account' AND p.account_id = u.account \
             AND p.due_at <= u.due ORDER BY p.due_at DESC LIMIT u.cap) AS waiting) q"
    }
}

type Row = (i32, Option<i32>, Option<i32>, Option<Stamp>, Option<Stamp>, i64, i64, Option<Stamp>, Stamp);

/// Which of these posts would find a budget used up at their time, counting what waits already. One statement.
///
/// # Errors
/// [`StoreError`].
pub async fn forecast(database: &Database, planned: &[Planned]) -> Result<Vec<Shortage>, StoreError> {
    let all: Vec<_> = planned.iter().flat_map(|post| post.budgets.iter().map(move |budget| (post, budget))).collect();
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let cap = |budget: &Budget| (budget.limit / budget.rule.cost.max(1)).saturating_mul(WINDOWS).clamp(1, MOST);
    let look = Look {
        ordinals: (0..).take(all.len()).collect(),
        accounts: all.iter().map(|(post, _)| post.account.0).collect(),
        scopes: all.iter().map(|(_, budget)| budget.rule.scope.word().to_owned()).collect(),
        subjects: all.iter().map(|(_, budget)| budget.subject).collect(),
        names: all.iter().map(|(_, budget)| budget.rule.name.to_owned()).collect(),
        due: all.iter().map(|(post, _)| stamp(post.due)).collect(),
        windows: all.iter().map(|(_, budget)| budget.rule.window.as_secs_f64()).collect(),
        caps: all.iter().map(|(_, budget)| cap(budget)).collect(),
    };
    let mut connection = database.connection().await?;
    let rows: Vec<Row> =
        look.load(&mut connection).await.map_err(StoreError::from_diesel("look at what budgets have left"))?;
    let found = rows.into_iter().filter_map(|row| {
        let (post, budget) = all.get(usize::try_from(row.0).ok()?)?;
        shortage(post, budget, &Sight::of(row, budget))
    });
    Ok(longest(found))
}

/// What is known of one budget and of the line in front of a post.
#[derive(Debug)]
struct Sight {
    used: i32,
    limit: i32,
    window_end: Timestamp,
    blocked_until: Option<Timestamp>,
    /// Items due before or with it.
    ahead: i64,
    /// Those of them that are due within a window of it, and when the first is.
    near: i64,
    first: Option<Timestamp>,
}

impl Sight {
    fn of(row: Row, budget: &Budget) -> Self {
        let (_, used, limit, window_end, blocked_until, ahead, near, first, now) = row;
        let fresh = time(now) + budget.rule.window;
        Self {
            used: used.unwrap_or(0),
            limit: limit.map_or(budget.limit, |limit| limit.min(budget.limit)),
            window_end: window_end.map_or(fresh, time),
            blocked_until: blocked_until.map(time),
            ahead,
            near,
            first: first.map(time),
        }
    }
}

fn shortage(post: &Planned, budget: &Budget, sight: &Sight) -> Option<Shortage> {
    let cost = i64::from(budget.rule.cost.max(1));
    let per_window = (i64::from(sight.limit) / cost).max(1);
    let free = (i64::from(sight.limit) - i64::from(sight.used)).max(0) / cost;
    let window = budget.rule.window;
    // Nobody counts who else waits for an app; what is left of it is all that is known.
    let line = match budget.rule.scope {
        Scope::Account => next_slot(sight.ahead, free, per_window, sight.window_end, window),
        Scope::App => next_slot(0, free, per_window, sight.window_end, window),
    };
    let crowd = sight.first.and_then(|first| crowded(first, sight.near, per_window, window));
    let slot = [line, crowd, sight.blocked_until].into_iter().flatten().filter(|slot| *slot > post.due).max()?;
    Some(Shortage { account: post.account, budget: *budget, limit: sight.limit, next_slot: slot })
}

/// When there is room behind `near` items of which the first opens a window.
fn crowded(first: Timestamp, near: i64, per_window: i64, window: SignedDuration) -> Option<Timestamp> {
    next_slot(near, per_window, per_window, first.checked_add(window).ok()?, window)
}

fn longest(found: impl Iterator<Item = Shortage>) -> Vec<Shortage> {
    let mut all: Vec<Shortage> = Vec::new();
    for one in found {
        match all.iter_mut().find(|other| other.account == one.account) {
            Some(other) if other.next_slot < one.next_slot => *other = one,
            Some(_) => {}
            None => all.push(one),
        }
    }
    all
}
