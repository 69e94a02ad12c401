//! What can be done to running programs, besides killing them.

use std::process::ExitStatus;

use super::{Fleet, Links, Port, Program, end, free_port};

impl Fleet {
    /// The wires that were laid.
    ///
    /// # Panics
    /// When none were.
    pub fn links(&self) -> &Links {
        self.links.as_ref().expect("a linked fleet")
    }

    /// Starts a program with settings of its own besides.
    ///
    /// # Panics
    /// When it runs already or was not built.
    pub fn start_with(&mut self, program: Program, own: &[(&str, &str)]) {
        let own = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = self.settings_of(program).into_iter().chain(own).collect::<Vec<_>>();
        self.launch(program, &settings);
    }

    /// The programs that ended by themselves since the last time, and how.
    pub fn fallen(&mut self) -> Vec<(Program, ExitStatus)> {
        let ended = self.running.iter_mut().filter_map(|(program, running)| Some((*program, running.ended()?)));
        let fallen: Vec<_> = ended.collect();
        for (program, _) in &fallen {
            self.running.remove(program);
        }
        fallen
    }

    /// Whether a program runs.
    pub fn runs(&self, program: Program) -> bool {
        self.running.contains_key(&program)
    }

    /// SIGSTOP: it does nothing more, and knows nothing of it.
    ///
    /// # Panics
    /// When it does not run.
    pub fn freeze(&self, program: Program) {
        self.signal(program, "STOP");
    }

    /// SIGCONT.
    ///
    /// # Panics
    /// When it does not run.
    pub fn thaw(&self, program: Program) {
        self.signal(program, "CONT");
    }

    /// Starts another instance beside the one that runs, which stays to the end and is never named again.
    pub async fn add(&mut self, program: Program) {
        let first = self.running.remove(&program);
        let ports = [Port::Own, Port::Admin].map(|kind| (kind, self.ports[&(program, kind)]));
        for (kind, _) in ports {
            self.ports.insert((program, kind), free_port());
        }
        self.start(program);
        self.is_ready(program).await;
        self.others.extend(self.running.remove(&program));
        self.running.extend(first.map(|first| (program, first)));
        self.ports.extend(ports.map(|(kind, port)| ((program, kind), port)));
    }

    fn signal(&self, program: Program, signal: &str) {
        self.running.get(&program).unwrap_or_else(|| panic!("{program} does not run")).signal(signal);
    }

    /// Starts another instance, waits until it is ready, and ends the old one with SIGTERM: for a while both run.
    ///
    /// # Panics
    /// When it does not run, or one of the two does not do as it is told.
    pub async fn replace(&mut self, program: Program) -> ExitStatus {
        let old = self.running.remove(&program).unwrap_or_else(|| panic!("{program} does not run"));
        for kind in [Port::Own, Port::Admin] {
            self.ports.insert((program, kind), free_port());
        }
        self.start(program);
        self.is_ready(program).await;
        if let Some(links) = self.links.as_ref().filter(|_| program == self.front()) {
            links.front.turn_to(&format!("127.0.0.1:{}", self.ports[&(program, Port::Own)]));
        }
        old.signal("TERM");
        end(old).await
    }
}
