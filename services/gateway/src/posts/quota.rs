//! Telling a caller that a network will not take a post at its time. It is accepted all the same, and goes out later.

use domain::{
    budget::{BudgetRule, Scope, UNLIMITED},
    policy::Mode,
    post::Warning,
};
use jiff::Timestamp;
use platforms::network;
use store::{
    accounts::Addressee,
    budgets::{self, Budget, Planned, Shortage},
};

use crate::{App, auth::Caller, problem::Problem};

/// A warning for each account of which a budget is used up when the post is due, counting what waits already. Nothing is
/// asked for accounts that are far from it.
///
/// # Errors
/// Those of the database.
pub(super) async fn warnings(
    app: &App,
    caller: &Caller,
    accounts: &[Addressee],
    due: Timestamp,
) -> Result<Vec<Warning>, Problem> {
    let planned: Vec<_> = accounts
        .iter()
        .filter(|account| account.is_busy)
        .map(|account| Planned { account: account.id, due, budgets: budgets(caller, account) })
        .collect();
    if planned.is_empty() {
        return Ok(Vec::new());
    }
    let found = budgets::forecast(&app.database, &planned).await?;
    let warning = |shortage: &Shortage| {
        let account = accounts.iter().find(|account| account.id == shortage.account)?;
        Some(Warning { code: "quota".to_owned(), detail: detail(account, shortage), account_id: Some(account.id) })
    };
    Ok(found.iter().filter_map(warning).collect())
}

/// As the publisher will draw on them.
fn budgets(caller: &Caller, account: &Addressee) -> Vec<Budget> {
    let of = |rule: &BudgetRule| Budget {
        rule: *rule,
        subject: match rule.scope {
            Scope::Account => account.id.0,
            Scope::App => account.app,
        },
        limit: if caller.project.mode == Mode::Live { rule.limit } else { UNLIMITED },
        is_shared: false,
    };
    network(account.platform).spec().budgets.iter().map(of).collect()
}

fn detail(account: &Addressee, shortage: &Shortage) -> String {
    let name = network(account.platform).spec().name;
    let rule = shortage.budget.rule;
    let whose = match rule.scope {
        Scope::Account => format!("of {}", account.username),
        Scope::App => "of the app".to_owned(),
    };
    let takes = if shortage.limit < UNLIMITED {
        format!("{name} takes no more than {} {whose} in {:#}", posts(shortage), rule.window)
    } else {
        format!("{name} takes no more {whose} for now")
    };
    format!("{takes}; next slot at {}", to_the_second(shortage.next_slot))
}

fn posts(shortage: &Shortage) -> String {
    match shortage.limit / shortage.budget.rule.cost.max(1) {
        1 => "1 post".to_owned(),
        many => format!("{many} posts"),
    }
}

/// A second late is no matter, and early is.
fn to_the_second(at: Timestamp) -> Timestamp {
    let up = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
    Timestamp::from_second(up).unwrap_or(at)
}
