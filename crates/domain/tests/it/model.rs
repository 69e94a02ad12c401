//! The rules as they are: nothing that can happen breaks a law.

use domain::policy::{OnAuthFailure, OnUnconfirmed};

use crate::{
    explorer::explore,
    setting::{Class, Setting, Wish},
};

const LIMIT: usize = 3_000_000;

fn holds(name: &str, setting: &Setting, seen: &[&str]) {
    let began = std::time::Instant::now();
    let found = explore(setting, LIMIT);
    eprintln!(
        "{name}: {} states, {} edges, depth {}, {:?} seen {:?}",
        found.states,
        found.edges,
        found.depth,
        began.elapsed(),
        found.seen
    );
    if let Some(counterexample) = &found.counterexample {
        panic!("{}\n{}", counterexample.law, counterexample.trace);
    }
    for wanted in seen {
        assert!(found.seen.contains(wanted), "{name} never saw {wanted}");
    }
}

#[test]
fn a_network_that_knows_a_repeat() {
    holds("A", &Setting::new(Class::A, 3), &["a repeat"]);
}

#[test]
fn a_network_that_is_asked_by_a_handle() {
    holds("B", &Setting::new(Class::B, 3), &[]);
}

#[test]
fn a_network_whose_list_may_lag() {
    holds("C", &Setting::new(Class::Lagging, 3), &[]);
}

#[test]
fn a_network_that_cannot_be_asked() {
    holds("D", &Setting::new(Class::D, 3), &[]);
}

#[test]
fn a_double_rather_than_a_doubt() {
    holds("D retry", &Setting { on_unconfirmed: OnUnconfirmed::Retry, ..Setting::new(Class::D, 3) }, &[]);
}

#[test]
fn a_post_of_two_parts() {
    holds("two parts", &Setting { parts: 2, ..Setting::new(Class::C, 2) }, &[]);
}

#[test]
fn two_posts_of_one_account() {
    holds("two posts", &Setting { posts: 2, ..Setting::new(Class::D, 2) }, &[]);
}

#[test]
fn a_post_that_comes_while_the_lane_is_held() {
    holds("arrives", &Setting { wishes: 1, which: &[Wish::Post], ..Setting::new(Class::D, 2) }, &[]);
}

#[test]
fn a_caller_who_changes_its_mind() {
    let which = &[Wish::Cancel, Wish::Edit];
    holds("edit", &Setting { scheduled: true, wishes: 2, which, ..Setting::new(Class::C, 2) }, &[]);
}

#[test]
fn a_caller_who_knows_better() {
    let which = &[Wish::Cancel, Wish::Resolve, Wish::Retry];
    holds("resolve", &Setting { wishes: 2, which, ..Setting::new(Class::D, 2) }, &[]);
}

#[test]
fn tokens_that_are_refused() {
    let setting = Setting { auth: true, can_refresh: true, ..Setting::new(Class::C, 2) };
    holds("refresh", &setting, &[]);
}

#[test]
fn an_account_that_is_connected_again() {
    let setting = Setting { auth: true, wishes: 2, which: &[Wish::Account], ..Setting::new(Class::C, 2) };
    holds("reconnect", &setting, &[]);
    let setting = Setting { auth: true, on_auth_failure: OnAuthFailure::Fail, ..Setting::new(Class::C, 2) };
    holds("fail", &setting, &[]);
}
