//! Which way out a project's calls take: a live project's to the networks, a test project's to the sandbox alone.

use domain::policy::Mode;
use egress::Door;
use platforms::Bases;
use url::Url;

pub(crate) struct Doors {
    live: Door,
    test: Option<(Door, Bases)>,
    no_bases: Bases,
}

impl Doors {
    pub(crate) fn new(door: &Door, sandbox: Option<&Url>) -> Self {
        Self {
            live: door.clone(),
            test: sandbox.map(|origin| (door.only(origin), Bases::in_sandbox(origin))),
            no_bases: Bases::default(),
        }
    }

    /// `None` for a test project where no sandbox is configured.
    pub(crate) fn of(&self, mode: Mode) -> Option<(&Door, &Bases)> {
        match mode {
            Mode::Live => Some((&self.live, &self.no_bases)),
            Mode::Test => self.test.as_ref().map(|(door, bases)| (door, bases)),
        }
    }

    /// For callers' own addresses, which are what they say in both modes.
    pub(crate) fn open(&self) -> &Door {
        &self.live
    }
}
