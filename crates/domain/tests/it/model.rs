//! The rules as they are: nothing that can happen breaks a law.

use crate::{
    explorer::explore,
    setting::{Class, Setting},
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
fn class_a_1() {
    holds("A 1", &Setting::new(Class::A, 1), &[]);
}
#[test]
fn class_a_2() {
    holds("A 2", &Setting::new(Class::A, 2), &[]);
}
#[test]
fn class_a_3() {
    holds("A 3", &Setting::new(Class::A, 3), &[]);
}
#[test]
fn class_b_1() {
    holds("B 1", &Setting::new(Class::B, 1), &[]);
}
#[test]
fn class_b_2() {
    holds("B 2", &Setting::new(Class::B, 2), &[]);
}
#[test]
fn class_b_3() {
    holds("B 3", &Setting::new(Class::B, 3), &[]);
}
#[test]
fn class_c_1() {
    holds("C 1", &Setting::new(Class::C, 1), &[]);
}
#[test]
fn class_c_2() {
    holds("C 2", &Setting::new(Class::C, 2), &[]);
}
#[test]
fn class_c_3() {
    holds("C 3", &Setting::new(Class::C, 3), &[]);
}
#[test]
fn class_lagging_1() {
    holds("Lagging 1", &Setting::new(Class::Lagging, 1), &[]);
}
#[test]
fn class_lagging_2() {
    holds("Lagging 2", &Setting::new(Class::Lagging, 2), &[]);
}
#[test]
fn class_lagging_3() {
    holds("Lagging 3", &Setting::new(Class::Lagging, 3), &[]);
}
#[test]
fn class_d_1() {
    holds("D 1", &Setting::new(Class::D, 1), &[]);
}
#[test]
fn class_d_2() {
    holds("D 2", &Setting::new(Class::D, 2), &[]);
}
#[test]
fn class_d_3() {
    holds("D 3", &Setting::new(Class::D, 3), &[]);
}
