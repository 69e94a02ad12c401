//! When a flush asks for more than is left, or an app's budget is nearly gone: what is left is dealt between projects,
//! and what was taken and is not spent goes back.

use std::collections::BTreeMap;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::budget::{Left, Scope, Want, deal};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Throttle,
    take::{Ask, Balance, Key, Purse, Purses, balances, shared},
};
use crate::{
    statement::statement,
    types::{Array, Nullable, sql},
};

/// One in so many of an app's units is kept for the projects that have not had their part, all of them together.
pub(super) const KEPT: i32 = 10;

/// Deals, gives back, and says of each whether it may go.
pub(super) async fn deal_out(
    connection: &mut AsyncPgConnection,
    asks: &[Ask<'_>],
    purses: &mut Purses,
) -> QueryResult<Vec<Result<Vec<Balance>, Throttle>>> {
    let kept = keep(connection, purses).await?;
    let place: BTreeMap<Key, usize> = purses.keys().cloned().zip(0..).collect();
    let mut left: Vec<_> = purses.iter().map(|(key, purse)| left_of(key, purse, &kept)).collect();
    let wants: Vec<_> = asks.iter().map(|ask| want(ask, &place)).collect();
    let granted = deal(&wants, &mut left);

    let mut missing: Vec<bool> = vec![false; left.len()];
    for (want, _) in wants.iter().zip(&granted).filter(|(_, granted)| !**granted) {
        for (at, cost) in &want.uses {
            missing[*at] |= !left[*at].has(*cost, want.project);
        }
    }
    give_back(connection, purses, &left, &missing, &wants, &granted).await?;
    for (purse, left) in purses.values_mut().zip(&left) {
        purse.row.left = left.units;
    }
    let answer = |((ask, want), granted): ((&Ask<'_>, &Want), bool)| {
        if granted { Ok(balances(ask, purses)) } else { Err(throttle(want, purses, &left)) }
    };
    Ok(asks.iter().zip(&wants).zip(granted).map(answer).collect())
}

fn want(ask: &Ask<'_>, place: &BTreeMap<Key, usize>) -> Want {
    let uses = ask.budgets.iter().filter_map(|budget| Some((*place.get(&Key::of(budget))?, budget.rule.cost)));
    let share = shared(ask.budgets)
        .and_then(|budget| Some((*place.get(&Key::of_share(budget, ask.project))?, budget.rule.cost)));
    Want { project: ask.project, uses: uses.chain(share).collect() }
}

fn left_of(key: &Key, purse: &Purse, kept: &BTreeMap<Uuid, BTreeMap<Uuid, i32>>) -> Left {
    let is_blocked = purse.row.blocked.is_some();
    Left {
        units: if is_blocked { 0 } else { purse.row.units + purse.row.left.max(0) },
        kept: if purse.is_shared { kept.get(&key.subject).cloned().unwrap_or_default() } else { BTreeMap::new() },
    }
}

statement! {
    /// The app's row is locked, and nobody spends of a share without it. Who has not used the app for a week is not kept
    /// anything.
    ListShares { apps: Vec<Uuid> as Array<sql::Uuid> } -> (sql::Uuid, sql::Text, sql::Integer) {
        "SELECT subject, name, CASE WHEN window_end > clock_timestamp() THEN used ELSE 0 END FROM rate_budgets \
         WHERE scope = 'project' AND subject = ANY($1) AND updated_at > clock_timestamp() - interval '7 days'"
    }
}

/// By app and project, how many units are kept for the project: an even part of what is kept, less what it has had.
async fn keep(connection: &mut AsyncPgConnection, purses: &Purses) -> QueryResult<BTreeMap<Uuid, BTreeMap<Uuid, i32>>> {
    let limits: BTreeMap<Uuid, i32> =
        purses.iter().filter(|(_, purse)| purse.is_shared).map(|(key, purse)| (key.subject, purse.row.limit)).collect();
    if limits.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(Uuid, String, i32)> = ListShares { apps: limits.keys().copied().collect() }.load(connection).await?;
    let mut used: BTreeMap<Uuid, BTreeMap<Uuid, i32>> = BTreeMap::new();
    for (app, name, units) in rows {
        let Ok(project) = name.parse() else { continue };
        let key = Key { scope: "project".into(), subject: app, name: name.into() };
        let of_this_flush = purses.get(&key).map_or(0, |purse| purse.row.units);
        used.entry(app).or_default().insert(project, units - of_this_flush);
    }
    for (app, of_app) in &mut used {
        let projects = i32::try_from(of_app.len()).unwrap_or(i32::MAX);
        let part = (limits.get(app).copied().unwrap_or(0) / KEPT / projects).max(1);
        of_app.values_mut().for_each(|units| *units = (part - *units).max(0));
        if projects == 1 {
            of_app.clear();
        }
    }
    Ok(used)
}

statement! {
    /// Of rows that this transaction has locked. What is used up blocks until its window ends.
    GiveBack {
        scopes: Vec<String> as Array<sql::Text>,
        subjects: Vec<Uuid> as Array<sql::Uuid>,
        names: Vec<String> as Array<sql::Text>,
        units: Vec<i32> as Array<sql::Integer>,
        reasons: Vec<Option<String>> as Array<Nullable<sql::Text>>,
    } {
        "UPDATE rate_budgets b SET used = b.used - u.units, granted = b.granted - u.units, \
           blocked_until = CASE WHEN u.because IS NULL THEN b.blocked_until ELSE b.window_end END, \
           blocked_because = coalesce(u.because, b.blocked_because) \
         FROM unnest($1, $2, $3, $4, $5) AS u(scope, subject, name, units, because) \
         WHERE b.scope = u.scope AND b.subject = u.subject AND b.name = u.name"
    }
}

async fn give_back(
    connection: &mut AsyncPgConnection,
    purses: &Purses,
    left: &[Left],
    missing: &[bool],
    wants: &[Want],
    granted: &[bool],
) -> QueryResult<()> {
    let mut spent = vec![0; left.len()];
    for (want, _) in wants.iter().zip(granted).filter(|(_, granted)| **granted) {
        for (at, cost) in &want.uses {
            spent[*at] += cost;
        }
    }
    let mut back = GiveBack {
        scopes: Vec::new(),
        subjects: Vec::new(),
        names: Vec::new(),
        units: Vec::new(),
        reasons: Vec::new(),
    };
    for (at, (key, purse)) in purses.iter().enumerate() {
        let units = (purse.row.units - spent[at]).max(0);
        // With a part kept for others there is something left, for them.
        let blocks = missing[at] && left[at].units < purse.rule.cost && purse.row.blocked.is_none();
        if units == 0 && !blocks {
            continue;
        }
        back.scopes.push(key.scope.to_string());
        back.subjects.push(key.subject);
        back.names.push(key.name.to_string());
        back.units.push(units);
        back.reasons.push(blocks.then(|| used_up(purse)));
    }
    if !back.scopes.is_empty() {
        back.execute(connection).await?;
    }
    Ok(())
}

fn used_up(purse: &Purse) -> String {
    let whose = match purse.rule.scope {
        Scope::Account => "account's",
        Scope::App => "app's",
    };
    format!("The {whose} limit `{}` of {} in {:#} is used up", purse.rule.name, purse.row.limit, purse.rule.window)
}

/// Why a want has to wait, and until when: until the last of the budgets that it lacks is there again.
fn throttle(want: &Want, purses: &Purses, left: &[Left]) -> Throttle {
    let purses: Vec<_> = purses.values().collect();
    let lacking = want.uses.iter().filter(|(at, cost)| !left[*at].has(*cost, want.project)).map(|(at, _)| {
        let purse = purses[*at];
        let (until, because) = match &purse.row.blocked {
            Some((until, because)) => (*until, because.clone().unwrap_or_else(|| used_up(purse))),
            None => (purse.row.window_end, used_up(purse)),
        };
        Throttle { until, scope: purse.rule.scope, because }
    });
    // What a want lacked when it was not dealt, it lacks at the end too: dealing only makes less. So there is one.
    lacking.max_by_key(|throttle| throttle.until).unwrap_or_else(|| Throttle {
        until: Timestamp::UNIX_EPOCH,
        scope: Scope::Account,
        because: "The budget was dealt to others".to_owned(),
    })
}
