//! What is done when, drawn from a seed: the same seed gives the same list.

use std::time::Duration;

use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use super::proxy::{Mark, Mode};
use crate::fleet::{Formation, Program};

/// A wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// To PostgreSQL.
    Database,
    /// To RabbitMQ.
    Broker,
    /// To the networks.
    Networks,
}

/// One thing that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// `kill -9`, and started again after so long.
    Kill(Program, Duration),
    /// `kill -9` of all of ours at once, and started again.
    KillAll,
    /// SIGSTOP, and SIGCONT after so long.
    Freeze(Program, Duration),
    /// SIGTERM, with another instance running meanwhile.
    Replace(Program),
    /// A wire misbehaves for so long.
    Wire(Wire, Mode, Duration),
    /// The networks do something to the next so many calls that publish: the word is the sandbox's.
    Networks(&'static str, u32),
}

/// Something that is done after a pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// After the step before was over.
    pub after: Duration,
    /// What.
    pub fault: Fault,
}

/// What a schedule is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// Processes are killed.
    Kills,
    /// Everything there is.
    Everything,
}

/// Draws a schedule of so many steps.
pub fn draw(seed: u64, formation: Formation, mix: Mix, steps: usize) -> Vec<Step> {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut drawn = Vec::with_capacity(steps);
    for _ in 0..steps {
        let after = Duration::from_millis(chance.random_range(600..2_200));
        let kind = match mix {
            Mix::Kills => 0,
            Mix::Everything => chance.random_range(0..6),
        };
        drawn.push(Step { after, fault: fault(&mut chance, formation, kind) });
    }
    drawn
}

fn fault(chance: &mut StdRng, formation: Formation, kind: u32) -> Fault {
    let program = *formation.services().choose(chance).unwrap_or(&Program::Publisher);
    let brief = Duration::from_millis(chance.random_range(300..1_500));
    match kind {
        0 if chance.random_ratio(1, 5) => Fault::KillAll,
        // The networks die too: what they said is public is public all the same.
        0 if chance.random_ratio(1, 6) => Fault::Kill(Program::Sandbox, brief),
        0 => Fault::Kill(program, brief),
        // Longer than a lease, so that somebody else takes over.
        1 => Fault::Freeze(program, Duration::from_millis(chance.random_range(4_500..6_500))),
        2 => Fault::Replace(program),
        3 => Fault::Networks(word(chance), chance.random_range(1..6)),
        _ => {
            let wires = [Wire::Database, Wire::Broker, Wire::Networks];
            let wire = match formation {
                Formation::Apart => *wires.choose(chance).unwrap_or(&Wire::Database),
                Formation::Together => *[Wire::Database, Wire::Networks].choose(chance).unwrap_or(&Wire::Database),
            };
            Fault::Wire(wire, mode(chance, wire), brief * 2)
        }
    }
}

fn word(chance: &mut StdRng) -> &'static str {
    let words =
        ["drop_reply_after_accept", "error_after_accept", "garbage_after_accept", "error_before_accept", "hang"];
    words.choose(chance).copied().unwrap_or("drop_connection")
}

fn mode(chance: &mut StdRng, wire: Wire) -> Mode {
    let mark = |every| match wire {
        Wire::Database => Mark::commits(every),
        // A request that publishes, or uploads, or signs in.
        Wire::Networks => Mark::every(every, b"POST "),
        // `Basic.Publish`: class 60, method 40.
        Wire::Broker => Mark::every(every, &[0, 60, 0, 40]),
    };
    match chance.random_range(0..6) {
        0 => Mode::Delay(Duration::from_millis(chance.random_range(20..150))),
        1 => Mode::ResetAfter(chance.random_range(2_000..200_000)),
        2 => Mode::HalfOpen,
        3 => Mode::Refuse,
        4 => Mode::SwallowReply(mark(chance.random_range(2..9))),
        _ => Mode::DropRequest(mark(chance.random_range(2..9))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_schedule_and_another_has_another() {
        let drawn = |seed| draw(seed, Formation::Apart, Mix::Everything, 50);
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        let kinds: std::collections::HashSet<_> =
            drawn(7).iter().map(|step| std::mem::discriminant(&step.fault)).collect();
        assert!(kinds.len() >= 5, "of everything there is something: {:?}", drawn(7));
    }

    #[test]
    fn one_process_has_no_wire_to_a_broker() {
        let drawn = draw(7, Formation::Together, Mix::Everything, 200);
        let broker = drawn.iter().filter(|step| matches!(step.fault, Fault::Wire(Wire::Broker, ..)));
        assert_eq!(broker.count(), 0);
        assert!(drawn.iter().any(|step| matches!(step.fault, Fault::Wire(Wire::Database, ..))));
    }
}
