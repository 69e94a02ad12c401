//! What the checker says of a run.

use std::{fmt, time::Duration};

use serde_json::{Value, json};

/// A promise that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Accepted and gone, or never settled.
    Lost,
    /// Live more often than was asked for.
    Doubled,
    /// Said not to be live and live.
    FalselyFailed,
    /// Said to be live and not.
    FalselyPublished,
    /// First attempts of one account out of turn, or two sends at once.
    OrderBreak,
    /// Out before its time.
    Early,
    /// Out after it was too late.
    Late,
    /// An event that never was, or never arrived.
    EventMissing,
    /// One transition told twice as two events.
    EventSurplus,
    /// One event with two bodies.
    EventChanged,
    /// Out or accepted though nobody asked for it, or after it was called off.
    Unasked,
    /// The scenario itself did not work.
    Broken,
}

impl Kind {
    /// One word or two.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Doubled => "doubled",
            Self::FalselyFailed => "falsely_failed",
            Self::FalselyPublished => "falsely_published",
            Self::OrderBreak => "order_breaks",
            Self::Early => "early",
            Self::Late => "late",
            Self::EventMissing => "events_missing",
            Self::EventSurplus => "events_surplus",
            Self::EventChanged => "events_changed",
            Self::Unasked => "unasked",
            Self::Broken => "broken",
        }
    }

    const ALL: [Self; 12] = [
        Self::Lost,
        Self::Doubled,
        Self::FalselyFailed,
        Self::FalselyPublished,
        Self::OrderBreak,
        Self::Early,
        Self::Late,
        Self::EventMissing,
        Self::EventSurplus,
        Self::EventChanged,
        Self::Unasked,
        Self::Broken,
    ];
}

/// One breach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Of which promise.
    pub kind: Kind,
    /// Enough to find it again.
    pub detail: String,
}

/// A run in one line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdict {
    /// Its name.
    pub scenario: String,
    /// What repeats its schedule.
    pub seed: u64,
    /// Targets of posts that were accepted.
    pub accepted: usize,
    /// Processes that were killed or died, PostgreSQL's and RabbitMQ's too.
    pub crashes: usize,
    /// Attempts whose outcome was not known at first.
    pub ambiguous: usize,
    /// Targets of which it was never learned.
    pub unconfirmed: usize,
    /// Everything that should not have been.
    pub violations: Vec<Violation>,
    /// How long half of the targets took that a fault caught, from the fault until they were settled.
    pub recovery_p50: Option<Duration>,
    /// How long 99 of 100 took.
    pub recovery_p99: Option<Duration>,
    /// How long the run took.
    pub took: Duration,
}

impl Verdict {
    /// A scenario that did not come to its end.
    pub fn broken(scenario: &str, seed: u64, why: &str) -> Self {
        let violation = Violation { kind: Kind::Broken, detail: why.to_owned() };
        Self { scenario: scenario.to_owned(), seed, violations: vec![violation], ..Self::default() }
    }

    /// How many breaches of a kind.
    pub fn count(&self, kind: Kind) -> usize {
        self.violations.iter().filter(|violation| violation.kind == kind).count()
    }

    /// Whether every promise was kept.
    pub fn holds(&self) -> bool {
        self.violations.is_empty()
    }

    /// One object, for programs.
    pub fn json(&self) -> Value {
        let millis = |time: Option<Duration>| time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        let mut object = json!({
            "scenario": self.scenario,
            "seed": self.seed,
            "accepted": self.accepted,
            "crashes": self.crashes,
            "ambiguous": self.ambiguous,
            "unconfirmed": self.unconfirmed,
            "recovery_p50_ms": millis(self.recovery_p50),
            "recovery_p99_ms": millis(self.recovery_p99),
            "seconds": self.took.as_secs(),
            "holds": self.holds(),
            "violations": self.violations.iter().map(|one| json!({"kind": one.kind.word(), "detail": one.detail})).collect::<Vec<_>>(),
        });
        for kind in Kind::ALL {
            object[kind.word()] = json!(self.count(kind));
        }
        object
    }
}

/// The columns of the table.
pub const HEAD: [&str; 16] = [
    "scenario",
    "accepted",
    "crashes",
    "ambiguous",
    "unconfirmed",
    "lost",
    "doubled",
    "falsely failed",
    "falsely published",
    "order breaks",
    "early",
    "late",
    "events wrong",
    "recovery p50",
    "recovery p99",
    "seed",
];

impl Verdict {
    /// The cells of its row, as [`HEAD`] names them.
    pub fn cells(&self) -> [String; HEAD.len()] {
        let count = |kind| self.count(kind).to_string();
        let events = [Kind::EventMissing, Kind::EventSurplus, Kind::EventChanged];
        let time = |time: Option<Duration>| time.map_or("-".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()));
        [
            self.scenario.clone(),
            self.accepted.to_string(),
            self.crashes.to_string(),
            self.ambiguous.to_string(),
            self.unconfirmed.to_string(),
            count(Kind::Lost),
            count(Kind::Doubled),
            count(Kind::FalselyFailed),
            count(Kind::FalselyPublished),
            count(Kind::OrderBreak),
            count(Kind::Early),
            count(Kind::Late),
            events.map(|kind| self.count(kind)).iter().sum::<usize>().to_string(),
            time(self.recovery_p50),
            time(self.recovery_p99),
            self.seed.to_string(),
        ]
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = HEAD.iter().zip(self.cells());
        let line: Vec<_> = pairs.map(|(name, cell)| format!("{name} {cell}")).collect();
        writeln!(f, "{} ({} s)", line.join(", "), self.took.as_secs())?;
        // The first of each kind say enough.
        for kind in Kind::ALL {
            for one in self.violations.iter().filter(|one| one.kind == kind).take(5) {
                writeln!(f, "  {}: {}", kind.word(), one.detail)?;
            }
        }
        Ok(())
    }
}
