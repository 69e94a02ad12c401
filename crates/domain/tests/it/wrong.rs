//! Rules that are wrong on purpose: each breaks a law, and the model says how.

use crate::{
    explorer::explore,
    setting::{Class, Setting, Wish, Wrong},
};

fn breaks(wrong: Wrong, law: &str, setting: Setting) {
    let setting = Setting { wrong: Some(wrong), ..setting };
    let found = explore(&setting, 400_000);
    let counterexample =
        found.counterexample.unwrap_or_else(|| panic!("{wrong:?} goes unnoticed in {} states", found.states));
    eprintln!("{wrong:?} breaks \"{}\" ({} states):\n{}", counterexample.law, found.states, counterexample.trace);
    assert!(counterexample.law.starts_with(law), "{}", counterexample.law);
}

#[test]
fn no_fence() {
    breaks(Wrong::NoFence, "I4", Setting { posts: 2, ..Setting::new(Class::D, 2) });
}

#[test]
fn a_start_that_does_not_lock_the_lane() {
    breaks(Wrong::StartWithoutLock, "I4", Setting { posts: 2, ..Setting::new(Class::D, 2) });
}

#[test]
fn a_retry_on_a_timeout() {
    breaks(Wrong::RetryOnTimeout, "I2", Setting::new(Class::C, 1));
}

#[test]
fn failed_on_a_timeout() {
    breaks(Wrong::FailOnTimeout, "I3", Setting::new(Class::C, 1));
}

#[test]
fn a_release_that_replaces_the_wake_up() {
    breaks(Wrong::ReleaseOverwrites, "I1", Setting { wishes: 1, which: &[Wish::Post], ..Setting::new(Class::D, 0) });
}

#[test]
fn a_release_that_forgets_what_is_next() {
    breaks(Wrong::ForgetsNext, "I1", Setting::new(Class::D, 1));
}

#[test]
fn no_revision() {
    let setting = Setting { scheduled: true, wishes: 1, which: &[Wish::Edit], ..Setting::new(Class::D, 1) };
    breaks(Wrong::NoRevision, "I5", setting);
}

#[test]
fn asking_before_it_has_ended() {
    breaks(Wrong::ProbeAtOnce, "I3", Setting::new(Class::C, 2));
}

#[test]
fn a_socket_without_a_deadline() {
    breaks(Wrong::NoSocketDeadline, "I2", Setting::new(Class::C, 1));
}

#[test]
fn a_take_that_keeps_the_fence() {
    breaks(Wrong::TakeKeepsFence, "I4", Setting { posts: 2, ..Setting::new(Class::D, 1) });
}

#[test]
fn an_outcome_that_is_recorded_whatever_became_of_the_target() {
    breaks(
        Wrong::FinishUnguarded,
        "I",
        Setting { wishes: 1, which: &[Wish::Resolve, Wish::Cancel], ..Setting::new(Class::Lagging, 2) },
    );
}

#[test]
fn a_list_that_lags_and_is_believed() {
    breaks(Wrong::TrustsLaggingList, "I2", Setting::new(Class::Lagging, 1));
}

/// Both of these were in production until the model found them.
#[test]
fn a_lane_that_is_given_back_a_moment_before_it_is_due() {
    breaks(Wrong::GivesBackAhead, "I1", Setting::new(Class::C, 1));
}

#[test]
fn a_late_answer_that_says_the_same_again() {
    breaks(Wrong::SaysItAgain, "I1", Setting::new(Class::B, 1));
}
