//! Facebook's own numbers (fact sheet part 1, 2.11); those that all of Meta's networks share are in `graph`.

use domain::target::{ErrorCode, Outcome, Refusal};

use crate::{
    Cx,
    exchange::Answer,
    graph::{self, Table},
};

/// None that mean something else here than at Meta's other networks.
const OWN: Table = &[];

/// A call that may be repeated and did not succeed.
pub(super) fn failed(cx: &Cx<'_>, answer: &Answer) -> Refusal {
    graph::failed(cx.now, answer, OWN)
}

/// The same of a call that carries nothing but a file.
pub(super) fn file_failed(cx: &Cx<'_>, answer: &Answer) -> Refusal {
    match failed(cx, answer) {
        Refusal::Rejected { code: ErrorCode::ContentRejected, message, http_status } => {
            Refusal::Rejected { code: ErrorCode::MediaRejected, message, http_status }
        }
        other => other,
    }
}

/// An answer to the irreversible call that is not an understood success.
pub(super) fn refused(cx: &Cx<'_>, answer: &Answer) -> Outcome {
    graph::refused(cx.now, answer, OWN)
}
