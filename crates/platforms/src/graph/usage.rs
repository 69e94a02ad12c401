//! How much of what Meta lets an app or an account call is used up. It tells percentages, and minutes until there is
//! more (fact sheet part 1, section 2.12).

use std::collections::BTreeMap;

use domain::budget::{BudgetRule, Reading};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::{Cx, exchange::Answer};

/// From here on nothing more is sent for a while: what is left belongs to what must still be asked.
const STOP_AT: f64 = 90.0;
/// Until when, where the network does not say.
const WAIT: SignedDuration = SignedDuration::from_mins(10);

#[derive(Debug, Default, Deserialize)]
struct Usage {
    #[serde(default)]
    call_count: f64,
    #[serde(default)]
    total_cputime: f64,
    #[serde(default)]
    total_time: f64,
    /// Minutes.
    #[serde(default)]
    estimated_time_to_regain_access: u32,
}

impl Usage {
    fn most(&self) -> f64 {
        self.call_count.max(self.total_cputime).max(self.total_time)
    }
}

/// Everything an answer says of it.
fn read(answer: &Answer) -> Vec<Usage> {
    let json = |name: &str| answer.header(name).unwrap_or_default();
    let app = serde_json::from_str::<Usage>(json("x-app-usage")).ok();
    let cases: BTreeMap<String, Vec<Usage>> =
        serde_json::from_str(json("x-business-use-case-usage")).unwrap_or_default();
    app.into_iter().chain(cases.into_values().flatten()).collect()
}

/// When the network says that it takes more.
pub(super) fn regain(now: Timestamp, answer: &Answer) -> Option<Timestamp> {
    let minutes = read(answer).iter().map(|usage| usage.estimated_time_to_regain_access).max()?;
    let wait = SignedDuration::from_mins(minutes.into());
    (minutes > 0).then(|| now.checked_add(wait).ok())?
}

/// Notes with an answer to a send that the budget is as good as used up, where it is.
pub(crate) fn note(cx: &Cx<'_>, answer: &Answer, rule: &BudgetRule) {
    let Some(readings) = cx.readings else { return };
    if !read(answer).iter().any(|usage| usage.most() >= STOP_AT) {
        return;
    }
    let wait = regain(cx.now, answer).map_or(WAIT, |until| until.duration_since(cx.now)).min(rule.window);
    readings.note(Reading {
        scope: rule.scope,
        name: rule.name,
        limit: None,
        remaining: 0,
        reset: cx.now.checked_add(wait).ok(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(name: &'static str, value: &str) -> Answer {
        Answer::canned(400, &[(name, value)], "")
    }

    fn minutes(value: &str) -> Option<i64> {
        let now = Timestamp::from_second(1_000_000).expect("in range");
        regain(now, &answer("x-business-use-case-usage", value)).map(|at| at.duration_since(now).as_mins())
    }

    #[test]
    fn the_longest_wait_of_all_use_cases_is_named() {
        let two = r#"{"1755":[{"type":"pages","call_count":100,"total_cputime":10,"total_time":10,
            "estimated_time_to_regain_access":19},{"type":"instagram","estimated_time_to_regain_access":7}]}"#;
        assert_eq!(minutes(&two.replace('\n', "")), Some(19));
        assert_eq!(minutes(r#"{"1755":[{"type":"pages","call_count":10}]}"#), None);
        for nonsense in ["", "7", "[]", r#"{"1":7}"#, r#"{"1":[{"call_count":"all"}]}"#] {
            assert_eq!(minutes(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn percentages_of_the_app_and_of_the_use_case_count_alike() {
        let most = |name, value| read(&answer(name, value)).iter().map(Usage::most).fold(0.0, f64::max);
        assert_eq!(most("x-app-usage", r#"{"call_count":28,"total_cputime":95,"total_time":25}"#), 95.0);
        assert_eq!(most("x-business-use-case-usage", r#"{"1":[{"total_time":91.5}]}"#), 91.5);
    }
}
