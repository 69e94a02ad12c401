//! PostgreSQL and RabbitMQ themselves, when they are the ground's own: stopped, killed, wiped and started again.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use url::Url;

use crate::eventually;

/// Names the set of programs that is the ground's own; `make chaos` does.
const VARIABLE: &str = "FANFARE_CHAOS_SET";

/// A set that `deploy/dev/services` runs.
#[derive(Debug, Clone)]
pub struct Machines {
    script: PathBuf,
    set: String,
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// PostgreSQL.
    Postgres,
    /// RabbitMQ.
    RabbitMq,
}

impl Machine {
    const fn word(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::RabbitMq => "rabbitmq",
        }
    }

    const fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "FANFARE__DATABASE__URL",
            Self::RabbitMq => "FANFARE__BROKER__URL",
        }
    }
}

impl Machines {
    /// A set of one's own.
    pub fn of(set: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/dev/services");
        Self { script, set: set.to_owned() }
    }

    /// The set that this whole run is over, and that nobody else uses.
    ///
    /// # Panics
    /// When there is none: what a scenario does to them would be done to everybody.
    pub fn own() -> Self {
        let set = std::env::var(VARIABLE);
        Self::of(
            &set.unwrap_or_else(|_| {
                panic!("{VARIABLE} is not set: this runs over databases of its own, by `make chaos`")
            }),
        )
    }

    /// Starts one, if it is not up.
    pub async fn up(&self, machine: Machine) {
        self.run(&["up", machine.word()]).await;
    }

    /// `kill -9`.
    pub async fn kill(&self, machine: Machine) {
        self.run(&["kill9", machine.word()]).await;
    }

    /// An orderly end.
    pub async fn down(&self, machine: Machine) {
        self.run(&["down", machine.word()]).await;
    }

    /// `kill -9`, its disk lost, and started again on the same port.
    pub async fn wipe(&self, machine: Machine) {
        self.run(&["wipe", machine.word()]).await;
    }

    /// Its end, with its data.
    pub async fn forget(&self, machine: Machine) {
        self.run(&["down", "--wipe", machine.word()]).await;
    }

    /// What it is reached by.
    ///
    /// # Panics
    /// When it is not up.
    pub async fn url(&self, machine: Machine) -> String {
        let printed = self.run(&["env", machine.word()]).await;
        let url = printed.lines().find_map(|line| line.strip_prefix(&format!("{}=", machine.variable())));
        url.unwrap_or_else(|| panic!("no URL in {printed}")).to_owned()
    }

    /// PostgreSQL's immediate shutdown, `pg_ctl stop -m immediate`: nothing is finished and nothing flushed. `postmaster` is
    /// its process.
    pub async fn stop_immediately(&self, postmaster: u32) {
        let sent = Command::new("kill").args(["-QUIT", &postmaster.to_string()]).status();
        if !sent.is_ok_and(|status| status.success()) {
            // In a container it has another number.
            return self.kill(Machine::Postgres).await;
        }
        eventually("PostgreSQL has stopped", async || {
            let alive = Command::new("kill").args(["-0", &postmaster.to_string()]).output();
            (!alive.is_ok_and(|output| output.status.success())).then_some(())
        })
        .await;
    }

    async fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.script);
        command.args(["--for", &self.set]).args(arguments);
        for machine in [Machine::Postgres, Machine::RabbitMq] {
            // What the environment names is used instead of a set.
            command.env_remove(machine.variable()).env_remove(format!("{}_FILE", machine.variable()));
        }
        let told = format!("services {arguments:?}");
        let ran = tokio::task::spawn_blocking(move || command.output()).await.expect("it does not panic");
        let output = ran.unwrap_or_else(|error| panic!("{told}: {error}"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{told}: {}", text(&output.stderr));
        text(&output.stdout)
    }
}

/// Whether somebody listens where a URL leads.
pub async fn answers(url: &str) -> bool {
    let url: Url = url.parse().expect("a URL");
    let at = (url.host_str().expect("a host"), url.port().expect("a port"));
    tokio::net::TcpStream::connect(at).await.is_ok()
}
