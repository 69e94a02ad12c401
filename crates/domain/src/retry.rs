//! When something is tried again. Jitter comes in as a number from -1 to 1 and moves a delay by up to a fifth.

use jiff::SignedDuration;

const NOT_SENT: [i64; 5] = [2, 10, 60, 300, 900];
const HOURLY: i64 = 3_600;
const PROBES: [i64; 6] = [0, 30, 60, 120, 300, 600];
const WEBHOOK: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// How often an ambiguous send is probed before it is left `unconfirmed`.
pub const PROBE_LIMIT: i32 = PROBES.len() as i32;

/// The wait before try `failures + 1` of a send that did not leave: 2 s, 10 s, 60 s, 5 min, 15 min, then hourly.
pub fn after_not_sent(failures: i32, jitter: f64) -> SignedDuration {
    jittered(nth(&NOT_SENT, failures).unwrap_or(HOURLY), jitter)
}

/// The wait before probe `probes + 1`, counted from the end of the grace or from the probe before. `None` when there
/// is none left.
pub fn before_probe(probes: i32) -> Option<SignedDuration> {
    usize::try_from(probes).ok().and_then(|nth| PROBES.get(nth)).copied().map(SignedDuration::from_secs)
}

/// The wait after webhook attempt `attempt` (the first is 1) failed. `None` when it was the last of 10.
pub fn after_webhook(attempt: i32, jitter: f64) -> Option<SignedDuration> {
    usize::try_from(attempt)
        .ok()
        .and_then(|attempt| WEBHOOK.get(attempt.checked_sub(1)?))
        .map(|seconds| jittered(*seconds, jitter))
}

fn nth(table: &[i64], failures: i32) -> Option<i64> {
    usize::try_from(failures.max(1) - 1).ok().and_then(|at| table.get(at)).copied()
}

fn jittered(seconds: i64, jitter: f64) -> SignedDuration {
    SignedDuration::from_secs(seconds).mul_f64(1.0 + 0.2 * jitter.clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(of: impl Fn(i32) -> Option<SignedDuration>, upto: i32) -> Vec<Option<i64>> {
        (1..=upto).map(|n| of(n).map(|wait| wait.as_secs())).collect()
    }

    #[test]
    fn a_send_that_did_not_leave_is_tried_as_the_contract_says() {
        let waits = seconds(|n| Some(after_not_sent(n, 0.0)), 7);
        assert_eq!(waits, [2, 10, 60, 300, 900, 3600, 3600].map(Some));
    }

    #[test]
    fn webhooks_have_ten_attempts() {
        let waits = seconds(|n| after_webhook(n, 0.0), 10);
        let mut expected: Vec<_> = WEBHOOK.map(Some).to_vec();
        expected.push(None);
        assert_eq!(waits, expected);
    }

    #[test]
    fn jitter_moves_a_wait_by_a_fifth_and_no_more() {
        assert_eq!(after_not_sent(3, 1.0).as_secs(), 72);
        assert_eq!(after_not_sent(3, -9.0).as_secs(), 48);
    }
}
