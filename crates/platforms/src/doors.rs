//! Which way out a project's calls take: a live project's to the networks, a test project's to the sandbox alone.

use domain::policy::Mode;
use egress::Door;
use url::Url;

use crate::Bases;

/// The two ways out.
#[derive(Debug)]
pub struct Doors {
    live: (Door, Bases),
    test: Option<(Door, Bases)>,
}

impl Doors {
    /// `door` for live projects; for test projects one that leads to `sandbox` and nowhere else.
    pub fn new(door: &Door, sandbox: Option<&Url>) -> Self {
        Self {
            live: (door.clone(), Bases::default()),
            test: sandbox.map(|origin| (door.only(origin), Bases::in_sandbox(origin))),
        }
    }

    /// Where a project's calls to networks go; `None` for a test project where no sandbox is configured.
    pub fn of(&self, mode: Mode) -> Option<(&Door, &Bases)> {
        let (door, bases) = match mode {
            Mode::Live => &self.live,
            Mode::Test => self.test.as_ref()?,
        };
        Some((door, bases))
    }

    /// For callers' own addresses, which are what they say in both modes.
    pub fn open(&self) -> &Door {
        &self.live.0
    }
}
