//! Spending: all budgets of a flush at once, in one statement.

use std::{borrow::Cow, collections::BTreeMap};

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::budget::{BudgetRule, Scope, UNLIMITED};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Budget, Throttle,
    short::{self, KEPT},
};
use crate::{
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, time},
};

/// The scope of a project's share of an app's budget. Its name is the project.
const SHARE: &str = "project";

/// One send's wish.
pub(crate) struct Ask<'a> {
    /// Whose send it is.
    pub(crate) project: Uuid,
    /// What it draws on.
    pub(crate) budgets: &'a [Budget],
}

/// What is left of a budget after a grant, as far as we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// The budget.
    pub budget: Budget,
    /// Units.
    pub left: i32,
}

/// A row's key, in the order in which rows are locked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) scope: Cow<'static, str>,
    pub(super) subject: Uuid,
    pub(super) name: Cow<'static, str>,
}

impl Key {
    pub(super) fn of(budget: &Budget) -> Self {
        Self { scope: budget.rule.scope.word().into(), subject: budget.subject, name: budget.rule.name.into() }
    }

    /// A project's share of the app's budget.
    pub(super) fn of_share(budget: &Budget, project: Uuid) -> Self {
        Self { scope: SHARE.into(), subject: budget.subject, name: project.to_string().into() }
    }
}

/// What a flush asks of one row, and what became of that.
pub(super) struct Purse {
    pub(super) rule: BudgetRule,
    pub(super) is_shared: bool,
    limit: i32,
    pub(super) want: i32,
    pub(super) row: Granted,
}

/// The row as the grant left it.
#[derive(Default)]
pub(super) struct Granted {
    pub(super) units: i32,
    pub(super) left: i32,
    pub(super) limit: i32,
    pub(super) window_end: Timestamp,
    pub(super) blocked: Option<(Timestamp, Option<String>)>,
}

pub(super) type Purses = BTreeMap<Key, Purse>;

impl Purse {
    fn new(budget: &Budget, limit: i32, is_shared: bool) -> Self {
        Self { rule: budget.rule, is_shared, limit, want: 0, row: Granted::default() }
    }

    /// All were granted, and there is no need yet to look at who has had how much.
    fn has_plenty(&self) -> bool {
        self.row.units >= self.want && (!self.is_shared || self.row.left >= self.row.limit / KEPT)
    }
}

/// The budget of which projects are kept a share: the app's first.
pub(super) fn shared(budgets: &[Budget]) -> Option<&Budget> {
    budgets.iter().find(|budget| budget.is_shared && budget.rule.scope == Scope::App)
}

fn gather(asks: &[Ask<'_>]) -> Purses {
    let mut purses = Purses::new();
    for ask in asks {
        let shared = shared(ask.budgets);
        for budget in ask.budgets {
            let is_shared = shared == Some(budget);
            let purse = purses.entry(Key::of(budget)).or_insert_with(|| Purse::new(budget, budget.limit, is_shared));
            purse.want += budget.rule.cost;
        }
        if let Some(budget) = shared {
            let key = Key::of_share(budget, ask.project);
            purses.entry(key).or_insert_with(|| Purse::new(budget, UNLIMITED, false)).want += budget.rule.cost;
        }
    }
    purses
}

statement! {
    /// A window that has ended begins anew with what is granted. What a network named as its limit is believed for a day.
    TakeBudgets {
        scopes: Vec<String> as Array<sql::Text>,
        subjects: Vec<Uuid> as Array<sql::Uuid>,
        names: Vec<String> as Array<sql::Text>,
        wants: Vec<i32> as Array<sql::Integer>,
        limits: Vec<i32> as Array<sql::Integer>,
        windows: Vec<f64> as Array<sql::Double>,
    } -> (
        sql::Text, sql::Uuid, sql::Text, sql::Integer, sql::Integer, sql::Integer, SqlStamp, Nullable<SqlStamp>,
        Nullable<sql::Text>
    ) {
        "INSERT INTO rate_budgets AS b (scope, subject, name, window_start, window_end, used, limit_, granted, updated_at) \
         SELECT s, i, n, at, at + make_interval(secs => w), LEAST(want, l), l, LEAST(want, l), at \
         FROM unnest($1, $2, $3, $4, $5, $6) AS u(s, i, n, want, l, w), (SELECT clock_timestamp() AS at) AS clock \
         ORDER BY s, i, n \
         ON CONFLICT (scope, subject, name) DO UPDATE SET \
           (window_start, window_end, limit_, used, granted, updated_at) = (\
             SELECT CASE WHEN over THEN EXCLUDED.window_start ELSE b.window_start END, \
               CASE WHEN over THEN EXCLUDED.window_end ELSE b.window_end END, \
               most, spent + units, units, EXCLUDED.updated_at \
             FROM (SELECT b.window_end <= EXCLUDED.window_start AS over) AS o, \
               LATERAL (SELECT CASE WHEN over THEN 0 ELSE b.used END AS spent, \
                 CASE WHEN over AND coalesce(b.learned_at < EXCLUDED.window_start - interval '1 day', true) \
                   THEN EXCLUDED.limit_ ELSE LEAST(b.limit_, EXCLUDED.limit_) END AS most) AS s, \
               LATERAL (SELECT CASE WHEN b.blocked_until > EXCLUDED.window_start THEN 0 \
                 ELSE GREATEST(0, LEAST(EXCLUDED.used, most - spent)) END AS units) AS g) \
         RETURNING scope, subject, name, granted, limit_ - used, limit_, window_end, \
           CASE WHEN blocked_until > updated_at THEN blocked_until END, blocked_because"
    }
}

type Row = (String, Uuid, String, i32, i32, i32, Stamp, Option<Stamp>, Option<String>);

/// Spends what each asks for: all of it, or nothing and the reason why. The caller holds all its other locks already.
pub(crate) async fn take(
    connection: &mut AsyncPgConnection,
    asks: &[Ask<'_>],
) -> QueryResult<Vec<Result<Vec<Balance>, Throttle>>> {
    let mut purses = gather(asks);
    if purses.is_empty() {
        return Ok(asks.iter().map(|_| Ok(Vec::new())).collect());
    }
    let rows: Vec<Row> = TakeBudgets {
        scopes: purses.keys().map(|key| key.scope.to_string()).collect(),
        subjects: purses.keys().map(|key| key.subject).collect(),
        names: purses.keys().map(|key| key.name.to_string()).collect(),
        wants: purses.values().map(|purse| purse.want).collect(),
        limits: purses.values().map(|purse| purse.limit).collect(),
        windows: purses.values().map(|purse| purse.rule.window.as_secs_f64()).collect(),
    }
    .load(connection)
    .await?;
    for (scope, subject, name, units, left, limit, window_end, blocked, because) in rows {
        if let Some(purse) = purses.get_mut(&Key { scope: scope.into(), subject, name: name.into() }) {
            let blocked = blocked.map(|until| (time(until), because));
            purse.row = Granted { units, left, limit, window_end: time(window_end), blocked };
        }
    }
    if purses.values().all(Purse::has_plenty) {
        return Ok(asks.iter().map(|ask| Ok(balances(ask, &purses))).collect());
    }
    short::deal_out(connection, asks, &mut purses).await
}

pub(super) fn balances(ask: &Ask<'_>, purses: &Purses) -> Vec<Balance> {
    let of = |budget: &Budget| {
        let left = purses.get(&Key::of(budget)).map_or(0, |purse| purse.row.left);
        Balance { budget: *budget, left }
    };
    ask.budgets.iter().map(of).collect()
}
