//! Threads' own numbers (fact sheet part 1, 4.11); those that all of Meta's networks share are in `graph`.

use domain::target::{ErrorCode, Outcome, Refusal};

use crate::{
    Cx,
    exchange::Answer,
    graph::{self, Means, Table},
};

/// Until when a quota is used up Threads does not say: until the oldest post is a day old (4.12).
const QUOTA_MINUTES: i64 = 30;

const OWN: Table = &[
    // The container is not there yet, or not any more. Nothing was published.
    (4_279_009, Means::Soon(3)),
    (2_207_051, Means::No(ErrorCode::AccountRestricted)),
    (4_279_013, Means::No(ErrorCode::AccountRestricted)),
    (9, Means::TooMuch(QUOTA_MINUTES)),
];

/// A call that may be repeated and did not succeed.
pub(super) fn failed(cx: &Cx<'_>, answer: &Answer) -> Refusal {
    graph::failed(cx.now, answer, OWN)
}

/// The same of a container that Threads has to fetch a file for.
pub(super) fn file_failed(cx: &Cx<'_>, answer: &Answer) -> Refusal {
    match failed(cx, answer) {
        Refusal::Rejected { code: ErrorCode::ContentRejected, message, http_status } if is_about_a_file(&message) => {
            Refusal::Rejected { code: ErrorCode::MediaRejected, message, http_status }
        }
        other => other,
    }
}

fn is_about_a_file(message: &str) -> bool {
    let message = message.to_lowercase();
    ["media could not be fetched", "image_url", "video_url", "media uri"].iter().any(|phrase| message.contains(phrase))
}

/// An answer to the irreversible call that is not an understood success.
pub(super) fn refused(cx: &Cx<'_>, answer: &Answer) -> Outcome {
    graph::refused(cx.now, answer, OWN)
}
