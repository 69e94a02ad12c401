//! The real programs as processes of their own, to be stopped, killed and started again.

mod faults;
mod links;
mod operator;
mod play;
mod program;
mod programs;
mod rings;

use std::{collections::BTreeMap, process::ExitStatus, time::Duration};

use store::{Database, DatabaseSettings};
use tempfile::TempDir;
use testkit::{TestBroker, TestDatabase};
use url::Url;
use vault::PublicRing;

pub use links::Links;
pub use operator::Said;
pub use play::play;
pub use program::Program;
pub use programs::free_port;
use programs::{Cast, Running};

use crate::{
    Caller, Tenant, Wiretap, World, eventually,
    house::allowed,
    tenant::{self, Policies},
    waiting::within,
};

const SIGNING_KEY: &str = "0123456789abcdef0123456789abcdef";

/// How the services are spread over processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formation {
    /// Each its own, over RabbitMQ, as Kubernetes runs them.
    Apart,
    /// All in `fanfare up`, over the transport inside a process.
    Together,
}

impl Formation {
    /// Ours; the sandbox is always beside them, as the networks are.
    pub fn services(self) -> &'static [Program] {
        match self {
            Self::Apart => &[Program::Connector, Program::Publisher, Program::Dispatcher, Program::Gateway],
            Self::Together => &[Program::Fanfare],
        }
    }

    /// The one that has the API.
    pub fn front(self) -> Program {
        match self {
            Self::Apart => Program::Gateway,
            Self::Together => Program::Fanfare,
        }
    }
}

/// A fleet to be.
pub struct Plan {
    formation: Formation,
    broker: Option<String>,
    settings: Vec<(String, String)>,
    is_tapped: bool,
    is_linked: bool,
    cast: Cast,
}

impl Plan {
    /// With everything as production has it.
    pub fn of(formation: Formation) -> Self {
        Self { formation, broker: None, settings: Vec::new(), is_tapped: false, is_linked: false, cast: Cast::Programs }
    }

    /// With variables for all of ours.
    #[must_use]
    pub fn settings(mut self, settings: &[(&str, &str)]) -> Self {
        self.settings.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    /// Over a broker that the caller has.
    #[must_use]
    pub fn broker(mut self, url: &str) -> Self {
        self.broker = Some(url.to_owned());
        self
    }

    /// With the wire to the database tapped.
    #[must_use]
    pub fn tapped(mut self) -> Self {
        self.is_tapped = true;
        self
    }

    /// With wires in between that can be made to misbehave: see [`Fleet::links`].
    #[must_use]
    pub fn linked(mut self) -> Self {
        self.is_linked = true;
        self
    }

    /// Each program played by this one: see [`play`].
    #[must_use]
    pub fn played(mut self) -> Self {
        self.cast = Cast::ThisProgram;
        self
    }

    /// Starts everything.
    ///
    /// # Panics
    /// When something is not ready in time; its log is in the message.
    pub async fn up(self) -> Fleet {
        crate::house::log();
        let formation = self.formation;
        let db = testkit::database().await;
        let broker = match formation {
            Formation::Apart if self.broker.is_none() => Some(testkit::broker().await),
            _ => None,
        };
        let pair = vault::generate();
        let keys =
            Keys { public: pair.public, private: secrecy::ExposeSecret::expose_secret(&pair.private).to_owned() };
        let mut ports = BTreeMap::new();
        for program in formation.services().iter().chain(&[Program::Sandbox]) {
            for kind in [Port::Own, Port::Admin] {
                ports.insert((*program, kind), free_port());
            }
        }
        let front = formation.front();
        let origin =
            |program| Url::parse(&format!("http://127.0.0.1:{}", ports[&(program, Port::Own)])).expect("a URL");
        let broker_url = self.broker.as_deref().or(broker.as_ref().map(TestBroker::url));
        let tap = if self.is_tapped { Some(Wiretap::on(db.url()).await) } else { None };
        let links = match self.is_linked {
            true => Some(Links::between(db.url(), broker_url, &origin(Program::Sandbox), &origin(front)).await),
            false => None,
        };
        let database_url = links.as_ref().map(Links::database_url).or(tap.as_ref().map(Wiretap::url));
        let mut variables: Vec<(String, String)> = vec![
            ("FANFARE__DATABASE__URL".into(), database_url.unwrap_or(db.url()).into()),
            ("FANFARE__EGRESS__ALLOW".into(), allowed().join(",")),
            ("FANFARE__LOG__FORMAT".into(), "pretty".into()),
        ];
        if let Some(url) = links.as_ref().and_then(Links::broker_url).or(broker_url) {
            variables.push(("FANFARE__BROKER__URL".into(), url.to_owned()));
        }
        variables.extend(self.settings);
        let mut fleet = Fleet {
            database: Database::new(&DatabaseSettings::for_url(db.url())).expect("a pool"),
            gateway: Caller::of(links.as_ref().map_or(&origin(front), Links::front_url)),
            world: World::new(Caller::of(&origin(Program::Sandbox))),
            db,
            formation,
            cast: self.cast,
            running: BTreeMap::new(),
            others: Vec::new(),
            ports,
            variables,
            keys,
            files: tempfile::tempdir().expect("a directory"),
            tap,
            links,
            _broker: broker,
        };
        fleet.start(Program::Sandbox);
        fleet.is_ready(Program::Sandbox).await;
        fleet.start_services();
        fleet.are_ready().await;
        fleet
    }
}

/// Running programs. Whatever still runs is killed with this value, also when a test panicked.
pub struct Fleet {
    /// Their database.
    pub db: TestDatabase,
    /// A pool of its own.
    pub database: Database,
    /// The API.
    pub gateway: Caller,
    /// The networks.
    pub world: World,
    formation: Formation,
    cast: Cast,
    running: BTreeMap<Program, Running>,
    /// Further instances of programs.
    others: Vec<Running>,
    ports: BTreeMap<(Program, Port), u16>,
    variables: Vec<(String, String)>,
    keys: Keys,
    files: TempDir,
    tap: Option<Wiretap>,
    links: Option<Links>,
    _broker: Option<TestBroker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Port {
    Own,
    Admin,
}

struct Keys {
    public: String,
    private: String,
}

impl Fleet {
    /// Starts everything. `settings` are variables for all of ours, `("FANFARE__PUBLISHER__LEASE_MS", "1000")`.
    ///
    /// # Panics
    /// When something is not ready in time; its log is in the message.
    pub async fn up(formation: Formation, settings: &[(&str, &str)]) -> Self {
        Plan::of(formation).settings(settings).up().await
    }

    /// A new project with a key.
    pub async fn tenant(&self) -> Tenant {
        tenant::move_in(&self.database, &self.gateway, &self.world, Policies::default()).await
    }

    /// Starts a program that does not run.
    ///
    /// # Panics
    /// When it was not built.
    pub fn start(&mut self, program: Program) {
        self.launch(program, &self.settings_of(program));
    }

    fn launch(&mut self, program: Program, settings: &[(String, String)]) {
        let running = Running::start(program, self.cast, self.files.path(), settings);
        let before = self.running.insert(program, running);
        assert!(before.is_none(), "{program} runs already");
    }

    /// Starts all of ours.
    pub fn start_services(&mut self) {
        for program in self.formation.services() {
            self.start(*program);
        }
    }

    /// Waits until a program says that it is ready.
    ///
    /// # Panics
    /// When it ends instead, or takes too long.
    pub async fn is_ready(&mut self, program: Program) {
        let admin = self.ports[&(program, Port::Admin)];
        let caller = Caller::of(&Url::parse(&format!("http://127.0.0.1:{admin}")).expect("a URL"));
        let running = self.running.get_mut(&program).unwrap_or_else(|| panic!("{program} was not started"));
        eventually(&format!("{program} is ready"), async || {
            assert!(running.is_alive(), "{program} ended:\n{}", running.log());
            let asked = caller.try_call(egress::Method::GET, "/readyz", egress::Body::Empty, &[]).await;
            asked.is_ok_and(|reply| reply.status == 200).then_some(())
        })
        .await;
    }

    /// Waits until all of ours say that they are ready.
    pub async fn are_ready(&mut self) {
        for program in self.formation.services() {
            self.is_ready(*program).await;
        }
    }

    /// `kill -9`.
    pub fn kill(&mut self, program: Program) {
        if let Some(mut running) = self.running.remove(&program) {
            running.kill();
        }
    }

    /// `kill -9` of all of ours.
    pub fn kill_services(&mut self) {
        // All are told before the first is waited for.
        let services = self.formation.services();
        let mut killed: Vec<_> = services.iter().filter_map(|program| self.running.remove(program)).collect();
        killed.iter_mut().for_each(Running::strike);
        killed.iter_mut().for_each(Running::kill);
    }

    /// SIGTERM, and how it ended.
    ///
    /// # Panics
    /// When it does not run, or does not end.
    pub async fn stop(&mut self, program: Program) -> ExitStatus {
        let running = self.running.remove(&program).unwrap_or_else(|| panic!("{program} does not run"));
        running.signal("TERM");
        end(running).await
    }

    /// SIGTERM to all of ours at once, and how they ended.
    ///
    /// # Panics
    /// When one does not end.
    pub async fn stop_services(&mut self) -> Vec<(Program, ExitStatus)> {
        let services = self.formation.services().iter();
        let stopping: Vec<_> = services.filter_map(|program| Some((*program, self.running.remove(program)?))).collect();
        stopping.iter().for_each(|(_, running)| running.signal("TERM"));
        let mut ended = Vec::new();
        for (program, running) in stopping {
            ended.push((program, end(running).await));
        }
        ended
    }

    /// What a program has logged since it was first started.
    pub fn log_of(&self, program: Program) -> String {
        std::fs::read_to_string(self.files.path().join(program.log())).unwrap_or_default()
    }

    /// The processes of ours that run.
    pub fn processes(&self) -> Vec<(Program, u32)> {
        let ours = self.running.iter().filter(|(program, _)| **program != Program::Sandbox);
        ours.map(|(program, running)| (*program, running.process())).collect()
    }

    /// What the gateway seals with.
    ///
    /// # Panics
    /// Never: the key was just made.
    pub fn ring(&self) -> PublicRing {
        self.keys.public.parse().expect("a key just made")
    }

    /// The process of a program that runs.
    ///
    /// # Panics
    /// When it does not run.
    pub fn process(&self, program: Program) -> u32 {
        self.running.get(&program).unwrap_or_else(|| panic!("{program} does not run")).process()
    }

    /// What is said to the database.
    ///
    /// # Panics
    /// When the wire is not tapped.
    pub fn tap(&self) -> &Wiretap {
        self.tap.as_ref().expect("a tapped fleet")
    }

    /// A program's numbers.
    pub async fn metrics_of(&self, program: Program) -> String {
        let admin = self.ports[&(program, Port::Admin)];
        Caller::of(&Url::parse(&format!("http://127.0.0.1:{admin}")).expect("a URL")).get("/metrics").await.text
    }

    fn front(&self) -> Program {
        self.formation.front()
    }

    fn settings_of(&self, program: Program) -> Vec<(String, String)> {
        let port = |kind| self.ports[&(program, kind)].to_string();
        let name = program.name().to_uppercase();
        let direct = format!("http://127.0.0.1:{}", self.ports[&(Program::Sandbox, Port::Own)]);
        let linked = self.links.as_ref().map(|links| links.networks_url().as_str().trim_end_matches('/').to_owned());
        let networks = linked.unwrap_or(direct);
        let mut settings = vec![
            (format!("FANFARE__{name}__ADMIN__PORT"), port(Port::Admin)),
            ("FANFARE__SANDBOX__URL".into(), networks.clone()),
        ];
        settings.extend(self.variables.iter().cloned());
        let directory = |of: &str| self.files.path().join(of).display().to_string();
        match program {
            Program::Sandbox => {
                return vec![
                    ("FANFARE__ADMIN__PORT".into(), port(Port::Admin)),
                    ("FANFARE__SANDBOX__PORT".into(), port(Port::Own)),
                    // What its accounts call home is where everybody reaches it.
                    ("FANFARE__SANDBOX__URL".into(), networks),
                    ("FANFARE__SANDBOX__DATA_DIR".into(), directory("sandbox")),
                    ("FANFARE__LOG__FORMAT".into(), "pretty".into()),
                ];
            }
            Program::Gateway => settings.push(("FANFARE__VAULT__PUBLIC_KEYS".into(), self.keys.public.clone())),
            _ => settings.push(("FANFARE__VAULT__PRIVATE_KEYS".into(), self.keys.private.clone())),
        }
        if matches!(program, Program::Gateway | Program::Fanfare) {
            settings.push(("FANFARE__GATEWAY__PORT".into(), port(Port::Own)));
            settings.push(("FANFARE__MEDIA__SIGNING_KEY".into(), SIGNING_KEY.into()));
        }
        if matches!(program, Program::Gateway | Program::Fanfare | Program::Publisher) {
            settings.push(("FANFARE__MEDIA__DIRECTORY".into(), directory("media")));
        }
        settings
    }
}

async fn end(mut running: Running) -> ExitStatus {
    // Longer than any service gives its work.
    within(Duration::from_secs(60), "a program stops", async || running.ended()).await
}
