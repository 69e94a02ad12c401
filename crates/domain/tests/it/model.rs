//! The rules as they are: nothing that can happen breaks a law.

use domain::policy::{OnAuthFailure, OnUnconfirmed};

use crate::{
    explorer::explore,
    setting::{Class, Setting, Wish},
};

/// Far above what is needed: a change that makes the world much larger is to be noticed.
const LIMIT: usize = 600_000;

/// Explores a setting and says how much of it there was. `seen` is what has to have come up in it.
fn holds(name: &str, setting: &Setting, seen: &[&str]) {
    let extra = std::env::var("MODEL_EXTRA_FAULTS").ok().map_or(0, |extra| extra.parse().expect("a small number"));
    let setting = Setting { faults: setting.faults + extra, ..setting.clone() };
    let found = explore(&setting, if extra == 0 { LIMIT } else { usize::MAX });
    let Setting { faults, wishes, .. } = setting;
    eprintln!(
        "{name}: {faults} faults, {wishes} wishes: {} states, {} ways between them, at most {} deep",
        found.states, found.edges, found.depth
    );
    if let Some(counterexample) = &found.counterexample {
        panic!("{}\n{}", counterexample.law, counterexample.trace);
    }
    for wanted in seen {
        assert!(found.seen.contains(wanted), "{name} never saw {wanted}, only {:?}", found.seen);
    }
}

/// What every exploration with two faults comes across.
const TROUBLE: [&str; 5] =
    ["published", "failed", "unconfirmed", "a holder that lost its lane", "a sender past its deadline"];

#[test]
fn a_network_that_knows_a_repeat() {
    holds("A", &Setting::new(Class::A, 3), &["a repeat", "evidence", "unconfirmed for good"]);
}

#[test]
fn a_network_that_is_asked_by_a_handle() {
    holds("B", &Setting::new(Class::B, 2), &TROUBLE);
}

#[test]
fn a_network_whose_list_is_right() {
    holds("C", &Setting::new(Class::C, 2), &TROUBLE);
}

#[test]
fn a_network_whose_list_may_lag() {
    holds("C that lags", &Setting::new(Class::Lagging, 3), &["evidence", "unconfirmed for good"]);
}

#[test]
fn a_network_that_cannot_be_asked() {
    holds("D", &Setting::new(Class::D, 3), &["evidence", "unconfirmed for good", "a request that nobody waits for"]);
}

#[test]
fn a_double_rather_than_a_doubt() {
    let setting = Setting { on_unconfirmed: OnUnconfirmed::Retry, ..Setting::new(Class::D, 2) };
    holds("D, sent again", &setting, &["a double that was asked for", "unconfirmed for good"]);
}

#[test]
fn a_post_of_two_parts() {
    holds("C, two parts", &Setting { parts: 2, ..Setting::new(Class::C, 2) }, &["partial", "evidence"]);
}

#[test]
fn two_posts_of_one_account() {
    holds("D, two posts", &Setting { posts: 2, ..Setting::new(Class::D, 2) }, &TROUBLE);
}

#[test]
fn a_post_that_comes_while_the_lane_is_held() {
    holds("D, another post", &Setting { wishes: 1, which: &[Wish::Post], ..Setting::new(Class::D, 1) }, &["published"]);
}

#[test]
fn a_caller_who_changes_its_mind() {
    let which = &[Wish::Cancel, Wish::Edit];
    let setting = Setting { scheduled: true, wishes: 2, which, ..Setting::new(Class::C, 1) };
    holds("C, edited and canceled", &setting, &["canceled", "scheduled", "published"]);
    let setting = Setting { wishes: 1, faults: 2, ..setting };
    holds("C, edited or canceled", &setting, &TROUBLE);
}

#[test]
fn a_caller_who_knows_better() {
    let which = &[Wish::Cancel, Wish::Resolve, Wish::Retry];
    let setting = Setting { wishes: 2, which, ..Setting::new(Class::D, 2) };
    holds("D, resolved and retried", &setting, &["canceled", "a double that was asked for"]);
    let setting = Setting { class: Class::B, faults: 1, ..setting };
    holds("B, resolved and retried", &setting, &["canceled", "a double that was asked for"]);
}

#[test]
fn tokens_that_are_refused() {
    let setting = Setting { auth: true, can_refresh: true, ..Setting::new(Class::C, 2) };
    holds("C, tokens renewed", &setting, &["needs_reconnect", "published"]);
    let setting = Setting { class: Class::B, ..setting };
    holds("B, tokens renewed", &setting, &["needs_reconnect", "published"]);
    let setting = Setting { can_refresh: false, on_auth_failure: OnAuthFailure::Fail, ..setting };
    holds("B, failed without tokens", &setting, &TROUBLE);
}

#[test]
fn an_account_that_is_connected_again() {
    let setting = Setting { auth: true, wishes: 2, which: &[Wish::Account], ..Setting::new(Class::C, 2) };
    holds("C, reconnected", &setting, &["needs_reconnect", "published"]);
    let setting = Setting { class: Class::B, faults: 1, ..setting };
    holds("B, reconnected", &setting, &["needs_reconnect", "published"]);
}
