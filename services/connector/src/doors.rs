//! Which way out a project's calls take: a live project's to the networks, a test project's to the sandbox alone.

use domain::policy::Mode;
use egress::Door;
use platforms::Bases;
use url::Url;

pub(crate) struct Doors {
    live: (Door, Bases),
    test: Option<(Door, Bases)>,
}

impl Doors {
    pub(crate) fn new(door: &Door, sandbox: Option<&Url>) -> Self {
        Self {
            live: (door.clone(), Bases::default()),
            test: sandbox.map(|origin| (door.only(origin), Bases::in_sandbox(origin))),
        }
    }

    /// `None` for a test project where no sandbox is configured.
    pub(crate) fn of(&self, mode: Mode) -> Option<&(Door, Bases)> {
        match mode {
            Mode::Live => Some(&self.live),
            Mode::Test => self.test.as_ref(),
        }
    }
}
