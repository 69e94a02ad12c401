//! Instagram's own numbers (fact sheet part 1, 3.11); those that all of Meta's networks share are in `graph`.

use domain::target::{ErrorCode, Outcome, Refusal};

use crate::{
    Cx,
    exchange::Answer,
    graph::{self, Means, Table},
};

/// A publication that a day's quota does not take: no end is told, and the day rolls.
const QUOTA_MINUTES: i64 = 60;

const OWN: Table = &[
    (-1, Means::Trouble),
    (-2, Means::Soon(10)),
    (2_207_001, Means::Trouble),
    (2_207_032, Means::Soon(10)),
    (2_207_053, Means::Soon(10)),
    (2_207_003, Means::Soon(10)),
    (2_207_052, Means::Soon(10)),
    (9_004, Means::Soon(10)),
    (2_207_027, Means::Soon(5)),
    (9_007, Means::Soon(5)),
    (2_207_082, Means::Trouble),
    (2_207_006, Means::Soon(10)),
    (2_207_008, Means::Soon(10)),
    (2_207_020, Means::Soon(1)),
    (2_207_042, Means::TooMuch(QUOTA_MINUTES)),
    (9, Means::TooMuch(QUOTA_MINUTES)),
    (2_207_051, Means::No(ErrorCode::AccountRestricted)),
    (2_207_050, Means::No(ErrorCode::AccountRestricted)),
    (25, Means::No(ErrorCode::AccountRestricted)),
    (2_207_004, Means::No(ErrorCode::MediaRejected)),
    (36_000, Means::No(ErrorCode::MediaRejected)),
    (2_207_005, Means::No(ErrorCode::MediaRejected)),
    (36_001, Means::No(ErrorCode::MediaRejected)),
    (2_207_009, Means::No(ErrorCode::MediaRejected)),
    (36_003, Means::No(ErrorCode::MediaRejected)),
    (2_207_026, Means::No(ErrorCode::MediaRejected)),
    (352, Means::No(ErrorCode::MediaRejected)),
    (2_207_077, Means::No(ErrorCode::MediaRejected)),
    (2_207_010, Means::No(ErrorCode::ContentRejected)),
    (36_004, Means::No(ErrorCode::ContentRejected)),
    (2_207_023, Means::No(ErrorCode::ContentRejected)),
    (2_207_028, Means::No(ErrorCode::ContentRejected)),
    (2_207_057, Means::No(ErrorCode::ContentRejected)),
    (2_207_040, Means::No(ErrorCode::ContentRejected)),
    (2_207_081, Means::No(ErrorCode::ContentRejected)),
];

/// A call that may be repeated and did not succeed.
pub(super) fn failed(cx: &Cx<'_>, answer: &Answer) -> Refusal {
    graph::failed(cx.now, answer, OWN)
}

/// An answer to the irreversible call that is not an understood success.
pub(super) fn refused(cx: &Cx<'_>, answer: &Answer) -> Outcome {
    graph::refused(cx.now, answer, OWN)
}

/// What a container says of itself when it failed: `Error: Media upload has failed with error code 2207026`.
pub(super) fn of_container(said: &str) -> Means {
    let numbers = said.split(|letter: char| !letter.is_ascii_digit()).filter_map(|digits| digits.parse::<i64>().ok());
    let known = |number| OWN.iter().find(|(known, _)| *known == number && *known > 1_000_000).map(|(_, means)| *means);
    numbers.into_iter().find_map(known).unwrap_or(Means::No(ErrorCode::MediaRejected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_names_its_failure_in_a_sentence() {
        let failed = "Error: Media upload has failed with error code 2207026";
        assert_eq!(of_container(failed), Means::No(ErrorCode::MediaRejected));
        assert_eq!(of_container("Error: 2207053"), Means::Soon(10));
        assert_eq!(of_container("Error: 25 seconds too long"), Means::No(ErrorCode::MediaRejected));
        assert_eq!(of_container(""), Means::No(ErrorCode::MediaRejected));
    }
}
