//! Processes, and where their programs are.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::SystemTime,
};

use super::Program;

/// Who plays the programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cast {
    /// They themselves, as they were built.
    Programs,
    /// This program, told which.
    ThisProgram,
}

/// A process.
pub(super) struct Running {
    program: Program,
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts one in `directory` with these settings and no others; its log goes there too.
    pub(super) fn start(program: Program, cast: Cast, directory: &Path, settings: &[(String, String)]) -> Self {
        let (path, arguments) = match cast {
            Cast::Programs => (built(program), program.arguments()),
            Cast::ThisProgram => (std::env::current_exe().expect("this program"), program.role()),
        };
        let log = directory.join(program.log());
        let file = File::options().create(true).append(true).open(&log).expect("a log");
        let mut command = Command::new(&path);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FANFARE")) {
            command.env_remove(name);
        }
        let child = command
            .args(arguments)
            .envs(settings.iter().cloned())
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a log"))
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { program, child, log }
    }

    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn is_alive(&mut self) -> bool {
        self.ended().is_none()
    }

    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child of this process")
    }

    /// The last of its log.
    pub(super) fn log(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// `TERM`, `STOP` or `CONT`.
    pub(super) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([&format!("-{signal}"), &self.process().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{} could not be sent {signal}", self.program);
    }

    /// SIGKILL, without waiting.
    pub(super) fn strike(&mut self) {
        // One that ended by itself is as dead as it gets.
        let _ = self.child.kill();
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self) {
        self.strike();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            leave(self.program, &self.log());
        }
    }
}

/// What a failed test leaves to read, on standard error as the tests' own log.
fn leave(program: Program, log: &str) {
    use std::io::Write as _;
    // Nobody is left to be told when standard error is closed.
    let _ = writeln!(std::io::stderr(), "--- {program} ---\n{log}");
}

/// A program beside this one, which must be as new as its sources: a test of an old one proves nothing.
pub(super) fn built(program: Program) -> PathBuf {
    let this = std::env::current_exe().expect("this program");
    let beside = this.parent().expect("a directory");
    // Tests are one level below the programs.
    let directory = if beside.ends_with("deps") { beside.parent().expect("a directory") } else { beside };
    let path = directory.join(program.name());
    let how = "build it first: cargo build --workspace --bins (make test does)";
    let changed = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let Some(made) = changed(&path) else { panic!("{} is missing; {how}", path.display()) };
    let sources = fs::read_to_string(path.with_extension("d")).unwrap_or_default();
    let newer = sources
        .split_whitespace()
        .skip(1)
        .find(|source| changed(Path::new(source)).is_some_and(|changed: SystemTime| changed > made));
    if let Some(newer) = newer {
        panic!("{} is older than {newer}; {how}", path.display());
    }
    path
}

/// A port that nobody has and that this process gave to nobody, below those that the system gives to outgoing connections.
///
/// # Panics
/// When there is none.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // Tests that run at once look in different places.
    let start = std::process::id().wrapping_mul(97);
    (0..11_000)
        .map(|_| start.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed)) % 11_000)
        .filter_map(|place| u16::try_from(20_000 + place).ok())
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}
