mod accounts;
mod caller;
mod doubt;
mod following;
mod probing;
mod properties;
mod sending;

use jiff::SignedDuration;

use super::*;
use crate::{
    policy::{OnAuthFailure, OnUnconfirmed},
    target::{Outcome, Probe, Progress, Refusal},
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn rules() -> Rules {
    Rules {
        on_unconfirmed: OnUnconfirmed::Hold,
        on_auth_failure: OnAuthFailure::Hold,
        can_refresh: false,
        grace: SignedDuration::from_secs(30),
        jitter: 0.0,
    }
}

fn target(parts: usize) -> Target {
    let part =
        Part { status: PartStatus::Pending, attempt: 0, send_deadline: None, handle: None, live: None, error: None };
    Target {
        status: Status::Queued,
        attempt: 0,
        failures: 0,
        probes: 0,
        refreshed: false,
        expire_at: at(21_600),
        error: None,
        next_at: Some(at(0)),
        published_at: None,
        parts: vec![part; parts],
    }
}

fn live(id: &str) -> Live {
    Live { id: id.to_owned(), url: None, reference: serde_json::Value::Null }
}

fn accepted(second: i64) -> Outcome {
    Outcome::Accepted { handle: serde_json::json!("container"), check_at: at(second) }
}

fn rejected() -> Outcome {
    Outcome::Refused(Refusal::Rejected {
        code: ErrorCode::ContentRejected,
        message: "no".to_owned(),
        http_status: Some(403),
    })
}

fn run(mut target: Target, rules: &Rules, events: &[(i64, Event)]) -> Decision {
    let mut last = None;
    for (second, event) in events {
        let decision = decide(&target, event, rules, at(*second)).unwrap();
        target = decision.target.clone();
        last = Some(decision);
    }
    last.unwrap()
}

fn start(part: usize, second: i64) -> (i64, Event) {
    (second, Event::Start { part, send_deadline: at(second + 30) })
}

fn sent(part: usize, second: i64, outcome: Outcome) -> (i64, Event) {
    (second, Event::Sent { part, outcome })
}

fn ambiguous() -> Outcome {
    Outcome::Ambiguous { message: "reset".to_owned(), http_status: None }
}

fn not_now() -> Refusal {
    Refusal::NotNow { message: "no route".to_owned(), http_status: None, after: None }
}

fn refused_tokens() -> Refusal {
    Refusal::Auth { code: ErrorCode::TokenExpired, message: "expired".to_owned(), http_status: Some(401) }
}

fn probed(part: usize, second: i64, probe: Probe) -> (i64, Event) {
    (second, Event::Probed { part, probe })
}

fn followed(part: usize, second: i64, progress: Progress) -> (i64, Event) {
    (second, Event::Followed { part, progress })
}

fn unknown() -> Probe {
    Probe::Unknown { message: "busy".to_owned() }
}

fn words(target: &Target) -> Vec<&'static str> {
    target.parts.iter().map(|part| part.status.word()).collect()
}

fn code(target: &Target) -> Option<ErrorCode> {
    target.error.as_ref().map(|error| error.code)
}
