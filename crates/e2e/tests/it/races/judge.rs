//! Whether what was answered is what happened.

use std::collections::BTreeMap;

use e2e::instant::Sent;
use serde_json::Value;

use super::{
    Case,
    change::{Answer, Change},
};

/// Numbers of a run, and every post of which something is not so.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) posts: usize,
    pub(super) interleavings: usize,
    pub(super) live: usize,
    pub(super) canceled: usize,
    /// By change: how many were done, how many refused.
    pub(super) answers: BTreeMap<&'static str, (usize, usize)>,
    pub(super) wrong: Vec<String>,
}

impl Judged {
    /// `stands` is the post as the list has it, if it is in sight; `live` what became public of it.
    pub(super) fn judge(&mut self, case: &Case, stands: Option<&Value>, live: &[Sent]) {
        self.posts += 1;
        self.live += live.len();
        self.interleavings += case.asked.len();
        for (change, answer) in &case.asked {
            let (done, refused) = self.answers.entry(change.name()).or_default();
            *if *answer == Answer::Done { done } else { refused } += 1;
        }
        if let Some(wrong) = wrong(case, stands, live) {
            self.wrong.push(format!("{wrong}: {:?}, due {}; live {live:?}; {stands:#?}", case.asked, case.due));
        } else if live.is_empty() {
            self.canceled += 1;
        }
    }
}

fn wrong(case: &Case, stands: Option<&Value>, live: &[Sent]) -> Option<&'static str> {
    let done = |wanted: fn(&Change) -> bool| {
        case.asked
            .iter()
            .filter(move |(change, answer)| *answer == Answer::Done && wanted(change))
            .map(|(change, _)| change)
    };
    let status = stands.and_then(|post| post["status"].as_str());
    if done(|change| matches!(change, Change::Cancel | Change::CancelTarget)).next().is_some() {
        return match (live, status) {
            ([], Some("canceled")) => None,
            // Canceled by one call of a pair, and taken out of sight by the other.
            ([], None) if case.asked.iter().any(|(_, answer)| *answer == Answer::Hidden) => None,
            ([], _) => Some("canceled, and it does not say so"),
            _ => Some("canceled, and live"),
        };
    }
    let [sent] = live else { return Some(if live.is_empty() { "lost" } else { "doubled" }) };
    let is_hidden = case.asked.iter().any(|(_, answer)| *answer == Answer::Hidden);
    if status != Some("published") && !(is_hidden && status.is_none()) {
        return Some("live, and it does not say so");
    }
    let edits: Vec<_> = done(|change| matches!(change, Change::Edit(_))).collect();
    let says = |change: &&Change| matches!(change, Change::Edit(text) if *text == sent.text);
    let as_written = sent.text == format!("{} as written", case.number);
    if if edits.is_empty() { !as_written } else { !edits.iter().any(says) } {
        return Some("it says what it should not");
    }
    if stands.is_some_and(|post| post["content"] != sent.text) {
        return Some("it is said to say something else");
    }
    let moves: Vec<_> = done(|change| matches!(change, Change::Move(_)))
        .filter_map(|change| match change {
            Change::Move(at) => Some(*at),
            _ => None,
        })
        .collect();
    let hurried = done(|change| *change == Change::Publish).next().is_some();
    let not_before = moves.iter().min().copied().unwrap_or(case.due);
    if !hurried && sent.wall < not_before {
        return Some("early");
    }
    None
}
