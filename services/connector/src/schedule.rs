//! When an account's tokens are renewed. Times are the database's.

use domain::account::AccountStatus;
use jiff::{SignedDuration, Timestamp};
use store::accounts::Renewable;

/// Tokens are renewed this long before they run out, or after three quarters of their life where that is shorter.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// However short-lived a network's tokens are, they are kept this long.
const SHORTEST_LIFE: SignedDuration = SignedDuration::from_secs(5);

/// Tokens that work although they should have run out are left alone for this long.
const SETTLING: SignedDuration = SignedDuration::from_secs(30);

/// Tokens that live longer than this are renewed much earlier: there is time to tell of it when that does not work.
const LONG_LIFE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Callers are told this long ahead of tokens that run out and are not renewed.
const WARNING: SignedDuration = SignedDuration::from_hours(7 * 24);

/// When an account is looked at first whose tokens were stored at `stored_at`.
pub(crate) fn first_look(is_renewable: bool, stored_at: Timestamp, expires_at: Option<Timestamp>) -> Option<Timestamp> {
    expires_at.map(|expires_at| match is_renewable {
        true => due(stored_at, expires_at),
        false => warning(stored_at, expires_at),
    })
}

/// When callers are told of tokens that nothing renews.
pub(crate) fn warning(stored_at: Timestamp, expires_at: Timestamp) -> Timestamp {
    expires_at.saturating_sub(WARNING).map_or(stored_at, |at| at.max(stored_at))
}

/// Whether it is time to tell of tokens that could not be renewed. Of short-lived ones a failure now and then is nothing
/// to tell of.
pub(crate) fn is_to_be_told(of: &Renewable) -> bool {
    of.expires_at.is_some_and(|expires_at| {
        !of.is_expiry_told
            && expires_at > of.now
            && expires_at.duration_since(of.stored_at) > WARNING
            && warning(of.stored_at, expires_at) <= of.now
    })
}

/// What is left of tokens that work and cannot be renewed: when they are looked at next. `None` when that is so little
/// that they count as over.
pub(crate) fn last_look(of: &Renewable) -> Option<Timestamp> {
    let expires_at = of.expires_at?;
    let last = expires_at.saturating_sub(MARGIN).ok().filter(|last| *last > of.now)?;
    let warning = warning(of.stored_at, expires_at);
    Some(if warning > of.now { warning.min(last) } else { last })
}

/// When tokens that were stored at `stored_at` and run out at `expires_at` are to be renewed.
pub(crate) fn due(stored_at: Timestamp, expires_at: Timestamp) -> Timestamp {
    let life = expires_at.duration_since(stored_at);
    let wait = if life > SHORTEST_LIFE {
        let margin = if life > LONG_LIFE { (life / 4).min(LONG_LIFE) } else { MARGIN.min(life / 4) };
        (life - margin).max(SHORTEST_LIFE)
    } else {
        // They work although they should not: the time is wrong rather than the tokens.
        SETTLING
    };
    stored_at.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// What the holder of an account's refresh lane does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Nothing, until somebody wakes the lane.
    Nothing,
    /// Nothing before then.
    At(Timestamp),
    /// The targets that asked for it go at once: it was done a moment ago, or will not be done any more and they are held
    /// with their account. The tokens are due then.
    Release(Option<Timestamp>),
    /// The targets that ask for it wait: it did not work a moment ago and is tried again then.
    Defer(Timestamp),
    /// Renew them.
    Renew,
}

/// `not_before` is when the next try makes sense, after one that did not work.
pub(crate) fn plan(of: &Renewable, not_before: Option<Timestamp>) -> Plan {
    if of.status != AccountStatus::Active {
        // A refusal may be recorded just after the account was held.
        return if of.is_waiting { Plan::Release(None) } else { Plan::Nothing };
    }
    let due = of.expires_at.map(|expires_at| due(of.stored_at, expires_at));
    let is_due = due.is_some_and(|due| due <= of.now);
    match (due, not_before.filter(|at| *at > of.now)) {
        (_, Some(at)) if of.is_wanted || of.is_waiting => Plan::Defer(at),
        (_, Some(at)) if is_due => Plan::At(at),
        _ if is_due || of.is_wanted => Plan::Renew,
        (due, _) if of.is_waiting => Plan::Release(due),
        (Some(due), _) => Plan::At(due),
        (None, _) => Plan::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use domain::{ids::AccountId, ids::ProjectId, platform::Platform, policy::Mode};
    use serde_json::Value;
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    /// Stored at 0, looked at at `now`.
    fn tokens(now: i64, expires_at: Option<i64>, is_wanted: bool) -> Renewable {
        Renewable {
            id: AccountId(Uuid::nil()),
            project_id: ProjectId(Uuid::nil()),
            mode: Mode::Live,
            platform: Platform::X,
            network_unique_id: String::new(),
            username: String::new(),
            facts: Value::Null,
            social_network_id: None,
            app_variant: None,
            status: AccountStatus::Active,
            sealed_tokens: Vec::new(),
            version: 1,
            stored_at: at(0),
            expires_at: expires_at.map(at),
            is_expiry_told: false,
            is_wanted,
            is_waiting: is_wanted,
            now: at(now),
        }
    }

    #[test]
    fn tokens_are_renewed_ten_minutes_ahead_or_after_three_quarters_of_their_life() {
        for (life, wait) in
            [(7_200, 6_600), (2_400, 1_800), (1_200, 900), (60, 45), (6, 5), (4, 30), (0, 30), (-60, 30)]
        {
            assert_eq!(due(at(0), at(life)), at(wait), "{life}");
        }
    }

    #[test]
    fn long_lived_tokens_are_renewed_while_there_is_time_to_tell() {
        const DAY: i64 = 86_400;
        for (life, wait) in [(60, 46), (365, 351), (20, 15)] {
            assert_eq!(due(at(0), at(life * DAY)), at(wait * DAY), "{life}");
        }
        assert_eq!(due(at(0), at(10 * DAY)), at(10 * DAY - 600));
    }

    #[test]
    fn the_end_of_tokens_that_nothing_renews_is_told_a_week_ahead_and_once() {
        const DAY: i64 = 86_400;
        assert_eq!(first_look(false, at(0), Some(at(60 * DAY))), Some(at(53 * DAY)));
        assert_eq!(first_look(false, at(0), Some(at(DAY))), Some(at(0)));
        assert_eq!(first_look(true, at(0), Some(at(7_200))), Some(at(6_600)));
        assert_eq!(first_look(false, at(0), None), None);
        for (now, expires_at, expected) in
            [(52, 60, false), (53, 60, true), (59, 60, true), (60, 60, false), (1, 6, false)]
        {
            let of = tokens(now * DAY, Some(expires_at * DAY), false);
            assert_eq!(is_to_be_told(&of), expected, "{now} of {expires_at}");
            assert!(!is_to_be_told(&Renewable { is_expiry_told: true, ..of }));
        }
    }

    #[test]
    fn what_is_left_of_tokens_is_used() {
        const DAY: i64 = 86_400;
        for (now, expected) in
            [(46 * DAY, Some(53 * DAY)), (53 * DAY, Some(60 * DAY - 600)), (60 * DAY - 600, None), (61 * DAY, None)]
        {
            assert_eq!(last_look(&tokens(now, Some(60 * DAY), false)), expected.map(at), "{now}");
        }
        assert_eq!(last_look(&tokens(0, None, false)), None);
    }

    #[test]
    fn what_is_due_or_asked_for_is_renewed_and_nothing_else() {
        for (now, expires_at, is_wanted, expected) in [
            (100, None, false, Plan::Nothing),
            (100, Some(7_200), false, Plan::At(at(6_600))),
            (6_599, Some(7_200), false, Plan::At(at(6_600))),
            (6_600, Some(7_200), false, Plan::Renew),
            (100, Some(7_200), true, Plan::Renew),
            (100, None, true, Plan::Renew),
            // It was connected a moment ago, and the network has ended its tokens since.
            (1, None, true, Plan::Renew),
            // It was connected with tokens that had a few seconds left.
            (10, Some(12), true, Plan::Renew),
        ] {
            assert_eq!(plan(&tokens(now, expires_at, is_wanted), None), expected, "{now} {expires_at:?} {is_wanted}");
        }
    }

    #[test]
    fn who_was_refused_with_the_tokens_before_these_goes_on_with_these() {
        for (expires_at, next) in [(Some(7_200), Some(at(6_600))), (None, None)] {
            let of = Renewable { is_waiting: true, ..tokens(1, expires_at, false) };
            assert_eq!(plan(&of, None), Plan::Release(next));
        }
    }

    #[test]
    fn after_a_failure_it_is_not_tried_again_before_its_time() {
        let later = Some(at(7_000));
        assert_eq!(plan(&tokens(6_900, Some(7_200), false), later), Plan::At(at(7_000)));
        assert_eq!(plan(&tokens(6_900, Some(7_200), true), later), Plan::Defer(at(7_000)));
        assert_eq!(plan(&tokens(7_000, Some(7_200), true), later), Plan::Renew);
    }

    #[test]
    fn tokens_that_nobody_may_use_are_left_alone() {
        for status in [AccountStatus::NeedsReconnect, AccountStatus::Disconnected] {
            for (is_wanted, expected) in [(false, Plan::Nothing), (true, Plan::Release(None))] {
                let of = Renewable { status, ..tokens(7_000, Some(7_200), is_wanted) };
                assert_eq!(plan(&of, None), expected);
            }
        }
    }
}
