//! The keys of a fleet, which can be changed, and what of them is where.

use std::{fs::File, io, os::unix::fs::FileExt as _, time::Duration};

use super::{Fleet, Program, within};

impl Fleet {
    /// The keys of those who open, and of the gateway, as text.
    pub fn keys(&self) -> (&str, &str) {
        (&self.keys.private, &self.keys.public)
    }

    /// From now on whoever is started has these; the operator too.
    pub fn turn_keys(&mut self, private: &str, public: &str) {
        private.clone_into(&mut self.keys.private);
        public.clone_into(&mut self.keys.public);
    }

    /// Where those who open read their keys.
    pub fn file_of_private_keys(&self) -> String {
        self.mounted("FANFARE__VAULT__PRIVATE_KEYS_FILE", &self.keys.private).1
    }

    /// A setting that is read from a file, as a Deployment would mount it.
    pub(super) fn mounted(&self, name: &str, text: &str) -> (String, String) {
        let path = self.files.path().join(name);
        // Whole at once: another program may be reading it.
        let fresh = self.files.path().join(format!("{name}.fresh"));
        std::fs::write(&fresh, format!("{text}\n")).expect("a directory that can be written to");
        std::fs::rename(&fresh, &path).expect("a directory that can be written to");
        (name.to_owned(), path.display().to_string())
    }

    /// Stops a program that runs and starts it again.
    pub async fn restart(&mut self, program: Program) {
        self.stop(program).await;
        self.start(program);
        self.is_ready(program).await;
    }

    /// Starts a program that refuses to run, and returns what it says.
    ///
    /// # Panics
    /// When it runs, or ends as if all were well.
    pub async fn is_refused(&mut self, program: Program) -> String {
        let before = self.log_of(program).len();
        self.start(program);
        let running = self.running.get_mut(&program).expect("just started");
        let ended = within(Duration::from_secs(30), "it gives up", async || running.ended()).await;
        self.running.remove(&program);
        let said = self.log_of(program).split_off(before);
        assert!(!ended.success(), "{said}");
        said
    }

    /// Whether a stretch of bytes is anywhere in the memory of a program that runs.
    ///
    /// # Panics
    /// When the system does not let a parent look.
    pub fn is_in_memory_of(&self, program: Program, bytes: &[u8]) -> bool {
        memory(self.process(program)).expect("a child's memory").any(|stretch| {
            let mut places = stretch.windows(bytes.len());
            places.any(|place| place == bytes)
        })
    }
}

/// What a process has in memory that it may read, piece by piece.
fn memory(process: u32) -> io::Result<impl Iterator<Item = Vec<u8>>> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps"))?;
    let memory = File::open(format!("/proc/{process}/mem"))?;
    let stretches: Vec<(u64, u64)> = maps.lines().filter_map(stretch).collect();
    Ok(stretches.into_iter().filter_map(move |(start, end)| {
        let mut bytes = vec![0; usize::try_from(end - start).ok()?];
        // The kernel's own pages are mapped and not shown.
        memory.read_exact_at(&mut bytes, start).ok()?;
        Some(bytes)
    }))
}

/// `7f00-7fff rw-p ...`: what is written to, since a key is nowhere else.
fn stretch(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split(' ');
    let (start, end) = words.next()?.split_once('-')?;
    let may = words.next()?;
    let hex = |text| u64::from_str_radix(text, 16).ok();
    may.starts_with("rw").then(|| Some((hex(start)?, hex(end)?)))?
}
