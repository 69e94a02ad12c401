//! Named places where a process can be made to die or to stand still, for tests of what comes after.
//!
//! Only in builds with debug assertions: in others [`hit`] is nothing at all. `FANFARE_FAILPOINT=publisher.after_start:2`
//! aborts the process the second time it comes by; with `:freeze` behind it the process stops itself there instead
//! (SIGSTOP), until somebody continues it. Each strikes once.

/// Names the variable that arms one.
pub const VARIABLE: &str = "FANFARE_FAILPOINT";

/// Comes by a place. Names are `service.place`.
#[cfg(debug_assertions)]
pub fn hit(name: &'static str) {
    use std::sync::OnceLock;

    static ARMED: OnceLock<Option<armed::Armed>> = OnceLock::new();
    let armed = ARMED.get_or_init(|| armed::Armed::read(&std::env::var(VARIABLE).ok()?));
    if let Some(armed) = armed {
        armed.hit(name);
    }
}

/// Comes by a place, where nothing can happen in this build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub const fn hit(_name: &'static str) {}

#[cfg(debug_assertions)]
mod armed {
    use std::{
        process::Command,
        sync::atomic::{AtomicU64, Ordering},
    };

    /// A place that was armed.
    pub(super) struct Armed {
        name: String,
        at: u64,
        freezes: bool,
        hits: AtomicU64,
    }

    impl Armed {
        /// `name`, `name:n` or `name:n:freeze`; nothing else arms anything.
        pub(super) fn read(text: &str) -> Option<Self> {
            let mut words = text.split(':');
            let name = words.next().filter(|name| !name.is_empty())?.to_owned();
            let at = words.next().map_or(Some(1), |at| at.parse().ok())?;
            let freezes = words.next() == Some("freeze");
            Some(Self { name, at, freezes, hits: AtomicU64::new(0) })
        }

        /// Whether this is the time that was asked for.
        pub(super) fn strikes(&self, name: &str) -> bool {
            name == self.name && self.hits.fetch_add(1, Ordering::SeqCst) + 1 == self.at
        }

        pub(super) fn hit(&self, name: &str) {
            if !self.strikes(name) {
                return;
            }
            tracing::warn!(name, "a fail point was hit");
            if self.freezes {
                // By another program, since sending signals takes code that is forbidden here. It returns once this one
                // goes on.
                let _ = Command::new("kill").args(["-STOP", &std::process::id().to_string()]).status();
            } else {
                std::process::abort();
            }
        }
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::armed::Armed;

    #[test]
    fn it_strikes_once_at_its_place_and_its_time() {
        let strikes = |armed: &str, hits: &[&str]| {
            let armed = Armed::read(armed);
            hits.iter().map(|name| armed.as_ref().is_some_and(|armed| armed.strikes(name))).collect::<Vec<_>>()
        };
        assert_eq!(strikes("a.b", &["a.c", "a.b", "a.b"]), [false, true, false]);
        assert_eq!(strikes("a.b:2", &["a.b", "a.c", "a.b", "a.b"]), [false, false, true, false]);
        assert_eq!(strikes("a.b:1:freeze", &["a.b"]), [true]);
        assert_eq!(strikes("", &["a.b", ""]), [false, false]);
        assert_eq!(strikes("a.b:often", &["a.b"]), [false]);
    }
}
