//! The networks' rate limits: fixed windows by the sandbox's clock. While they are not enforced nothing is counted and
//! every answer says that the whole limit is left, so that no caller slows itself down.

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

use crate::lock::locked;
use crate::network::Platform;

/// Counters kept before the ended windows are thrown out.
const PRUNE_AT: usize = 10_000;

/// One limit of a network.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) limit: u64,
    /// Seconds.
    pub(crate) window_s: i64,
}

/// Where a caller stands after a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    pub(crate) window_s: i64,
    pub(crate) reset: Timestamp,
    pub(crate) exceeded: bool,
}

#[derive(Clone, Copy)]
struct Window {
    ends: Timestamp,
    used: u64,
}

type Key = (Platform, &'static str, String);

pub(crate) struct Quotas {
    enforced: Mutex<HashMap<Platform, bool>>,
    windows: Mutex<HashMap<Key, Window>>,
}

impl Quotas {
    pub(crate) fn new(enforce: bool) -> Self {
        let enforced = Platform::ALL.into_iter().map(|platform| (platform, enforce)).collect();
        Self { enforced: Mutex::new(enforced), windows: Mutex::default() }
    }

    pub(crate) fn enforce(&self, platform: Option<Platform>, enforce: bool) {
        let mut enforced = locked(&self.enforced);
        for each in Platform::ALL {
            if platform.is_none_or(|only| only == each) {
                enforced.insert(each, enforce);
            }
        }
    }

    pub(crate) fn enforced(&self, platform: Platform) -> bool {
        locked(&self.enforced).get(&platform).copied().unwrap_or(false)
    }

    /// Takes `cost` from the window of `who`, unless that is more than is left.
    pub(crate) fn spend(&self, platform: Platform, rule: &Rule, who: &str, cost: u64, now: Timestamp) -> Meter {
        let fresh = now.saturating_add(SignedDuration::from_secs(rule.window_s)).unwrap_or(Timestamp::MAX);
        let meter = |remaining, reset, exceeded| Meter {
            limit: rule.limit,
            remaining,
            window_s: rule.window_s,
            reset,
            exceeded,
        };
        if !self.enforced(platform) {
            return meter(rule.limit, fresh, false);
        }
        let mut windows = locked(&self.windows);
        if windows.len() >= PRUNE_AT {
            windows.retain(|_, window| window.ends > now);
        }
        let window = windows.entry((platform, rule.name, who.to_owned())).or_insert(Window { ends: fresh, used: 0 });
        if window.ends <= now {
            *window = Window { ends: fresh, used: 0 };
        }
        let exceeded = window.used + cost > rule.limit;
        if !exceeded {
            window.used += cost;
        }
        meter(rule.limit.saturating_sub(window.used), window.ends, exceeded)
    }
}
