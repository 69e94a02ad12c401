//! Lines of the attempts log.

use domain::{
    target::{ErrorCode, Outcome, Probe, Progress, Refusal},
    transition::{Decision, Next},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::targets::AttemptRecord;

/// What the attempts log says of something that the network has not finished.
const ACCEPTED: &str = "The network took it and works on it";

/// What was done, before its outcome is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doing {
    pub(crate) number: i32,
    pub(crate) part: usize,
    pub(crate) step: &'static str,
    pub(crate) started_at: Timestamp,
}

struct Words {
    outcome: &'static str,
    http_status: Option<u16>,
    error_code: Option<ErrorCode>,
    message: Option<String>,
}

impl Doing {
    pub(crate) fn sent(self, outcome: &Outcome, decision: &Decision, now: Timestamp) -> AttemptRecord {
        self.record(words_of_outcome(outcome), decision, now)
    }

    pub(crate) fn refused(self, refusal: &Refusal, decision: &Decision, now: Timestamp) -> AttemptRecord {
        self.record(words_of_refusal(refusal), decision, now)
    }

    pub(crate) fn probed(self, probe: &Probe, decision: &Decision, now: Timestamp) -> AttemptRecord {
        let words = match probe {
            Probe::Live(_) => plain("published", None),
            Probe::NotLive => plain("not_sent", Some("The network does not have it".to_owned())),
            Probe::Repeat => plain("ambiguous", Some("It is sent again under the same key".to_owned())),
            Probe::Unknown { message } => plain("ambiguous", Some(message.clone())),
            Probe::Impossible => plain("ambiguous", Some("The network cannot be asked".to_owned())),
        };
        self.record(words, decision, now)
    }

    pub(crate) fn followed(self, progress: &Progress, decision: &Decision, now: Timestamp) -> AttemptRecord {
        let words = match progress {
            Progress::Live(_) => plain("published", None),
            Progress::Still { .. } => plain("accepted", Some(ACCEPTED.to_owned())),
            Progress::Refused(refusal) => words_of_refusal(refusal),
            Progress::Unknown { message } => plain("ambiguous", Some(message.clone())),
        };
        self.record(words, decision, now)
    }

    pub(crate) fn interrupted(self, why: &str, decision: &Decision, now: Timestamp) -> AttemptRecord {
        self.record(plain("ambiguous", Some(why.to_owned())), decision, now)
    }

    fn record(self, words: Words, decision: &Decision, now: Timestamp) -> AttemptRecord {
        AttemptRecord {
            number: self.number,
            part: i16::try_from(self.part).unwrap_or(i16::MAX),
            step: self.step,
            started_at: self.started_at,
            ended_at: now,
            outcome: words.outcome,
            http_status: words.http_status,
            error_code: words.error_code,
            message: words.message,
            next_attempt_at: match decision.next {
                Next::At(at) => Some(at),
                Next::Settled | Next::Now => None,
            },
        }
    }
}

fn plain(outcome: &'static str, message: Option<String>) -> Words {
    Words { outcome, http_status: None, error_code: None, message }
}

fn words_of_outcome(outcome: &Outcome) -> Words {
    match outcome {
        Outcome::Published(_) => plain("published", None),
        Outcome::Refused(refusal) => words_of_refusal(refusal),
        Outcome::Accepted { .. } => plain("accepted", Some(ACCEPTED.to_owned())),
        Outcome::Ambiguous { message, http_status } => Words {
            outcome: "ambiguous",
            http_status: *http_status,
            error_code: Some(ErrorCode::OutcomeUnknown),
            message: Some(message.clone()),
        },
    }
}

fn words_of_refusal(refusal: &Refusal) -> Words {
    let (outcome, http_status, error_code, message) = match refusal {
        Refusal::Rejected { code, message, http_status } => ("rejected", *http_status, Some(*code), message),
        Refusal::Auth { code, message, http_status } => ("auth", *http_status, Some(*code), message),
        Refusal::Throttled { message, .. } => ("throttled", None, Some(ErrorCode::QuotaExhausted), message),
        Refusal::NotNow { message, http_status, .. } => ("not_sent", *http_status, None, message),
    };
    Words { outcome, http_status, error_code, message: Some(message.clone()) }
}

/// The word for the metric.
pub(crate) fn outcome_word(outcome: &Outcome) -> &'static str {
    words_of_outcome(outcome).outcome
}

/// What the next holder of the lane can make of an answer that came after the lane was lost. Only what is certain is
/// evidence.
pub(crate) fn evidence(outcome: &Outcome) -> Option<Value> {
    match outcome {
        Outcome::Published(live) => Some(json!({"live": live})),
        Outcome::Refused(Refusal::Rejected { code, message, .. }) => {
            Some(json!({"rejected": {"code": code, "message": message}}))
        }
        Outcome::Accepted { handle, check_at } => Some(json!({"accepted": {"handle": handle, "check_at": check_at}})),
        Outcome::Refused(_) | Outcome::Ambiguous { .. } => None,
    }
}

/// The outcome that evidence stands for.
pub(crate) fn from_evidence(value: &Value) -> Option<Outcome> {
    if let Some(live) = value.get("live") {
        return serde_json::from_value(live.clone()).ok().map(Outcome::Published);
    }
    if let Some(accepted) = value.get("accepted") {
        return Some(Outcome::Accepted {
            handle: accepted.get("handle")?.clone(),
            check_at: serde_json::from_value(accepted.get("check_at")?.clone()).ok()?,
        });
    }
    let rejected = value.get("rejected")?;
    Some(Outcome::Refused(Refusal::Rejected {
        code: serde_json::from_value(rejected.get("code")?.clone()).ok()?,
        message: rejected.get("message")?.as_str()?.to_owned(),
        http_status: None,
    }))
}
