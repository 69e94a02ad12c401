//! Faults by text, for casual use: a marker in a post makes the publishing of that post fail.
//!
//! ```text
//! marker = "[sandbox:" fault [ ":" times ] { " " key "=" number } "]"
//! ```
//!
//! `fault` is a word of the switchboard, `times` how many attempts at this text by this account it strikes (every one
//! when left out), and the keys are `delay_ms`, `reset_s` and `status`. A text may have several markers; at each stage
//! of the request the first that is not used up strikes. What is not exactly a marker is ordinary text.
//!
//! ```text
//! [sandbox:reject]                     refused, every time
//! [sandbox:throttle:1 reset_s=2]       throttled once, then published
//! [sandbox:drop_reply_after_accept]    public, and the answer is lost
//! [sandbox:slow delay_ms=500]          answered half a second late
//! ```

use super::fault::{FaultKind, Params};

/// What every marker begins with.
pub(crate) const OPENING: &str = "[sandbox:";

/// A marker found in a text.
#[derive(Debug, PartialEq)]
pub(crate) struct Marker {
    pub(crate) fault: FaultKind,
    /// `None`: every attempt.
    pub(crate) times: Option<u32>,
    pub(crate) params: Params,
}

/// All markers of a text, in order.
pub(crate) fn markers(text: &str) -> Vec<Marker> {
    text.match_indices(OPENING)
        .filter_map(|(start, opening)| {
            let rest = text.get(start + opening.len()..)?;
            parse(rest.get(..rest.find(']')?)?)
        })
        .collect()
}

fn parse(inside: &str) -> Option<Marker> {
    let mut words = inside.split(' ');
    let head = words.next()?;
    let (fault, times) = match head.split_once(':') {
        Some((fault, times)) => (fault, Some(times.parse().ok()?)),
        None => (head, None),
    };
    let mut params = Params::default();
    for word in words {
        match word.split_once('=')? {
            ("delay_ms", value) => params.delay_ms = Some(value.parse().ok()?),
            ("reset_s", value) => params.reset_s = Some(value.parse().ok()?),
            ("status", value) => params.status = Some(value.parse().ok()?),
            _ => return None,
        }
    }
    params.fault().is_none().then_some(())?;
    Some(Marker { fault: FaultKind::parse(fault)?, times, params })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(fault: FaultKind, times: Option<u32>, params: Params) -> Marker {
        Marker { fault, times, params }
    }

    #[test]
    fn reads_each_form() {
        let found = markers("a [sandbox:reject] b [sandbox:throttle:2 reset_s=5][sandbox:slow delay_ms=10]");
        let throttled = Params { reset_s: Some(5), ..Params::default() };
        let slow = Params { delay_ms: Some(10), ..Params::default() };
        assert_eq!(
            found,
            [
                marker(FaultKind::Reject, None, Params::default()),
                marker(FaultKind::Throttle, Some(2), throttled),
                marker(FaultKind::Slow, None, slow),
            ]
        );
    }

    #[test]
    fn leaves_what_is_not_a_marker_alone() {
        for text in [
            "[sandbox:]",
            "[sandbox:nonsense]",
            "[sandbox:reject",
            "[sandbox:reject:x]",
            "[sandbox:reject colour=1]",
            "[sandbox:reject status=200]",
            "sandbox:reject]",
        ] {
            assert_eq!(markers(text), [], "{text}");
        }
    }
}
