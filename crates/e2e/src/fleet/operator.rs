//! What the operator types.

use std::process::{Command, Output, Stdio};

use super::{Fleet, Program, programs};

/// How a command ended, and what it said.
#[derive(Debug)]
pub struct Said {
    /// Whether it did what was asked.
    pub is_done: bool,
    /// To whoever reads on.
    pub out: String,
    /// To the person who typed it.
    pub err: String,
}

impl Fleet {
    /// Runs `fanfare` with these arguments and the services' settings, to its end.
    ///
    /// # Panics
    /// When it was not built.
    pub async fn fanfare(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(programs::built(Program::Fanfare));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FANFARE")) {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .envs(self.variables.iter().cloned())
            .env("FANFARE__VAULT__PRIVATE_KEYS", &self.keys.private)
            .env("FANFARE__MEDIA__SIGNING_KEY", super::SIGNING_KEY)
            .env("FANFARE__MEDIA__DIRECTORY", self.files.path().join("media"))
            .current_dir(self.files.path())
            .stdin(Stdio::null());
        let ended = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic");
        let Output { status, stdout, stderr } = ended.expect("a program that was built");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Said { is_done: status.success(), out: text(stdout), err: text(stderr) }
    }
}
