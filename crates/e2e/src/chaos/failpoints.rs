//! The places where a process can be made to die, and whose they are.

use crate::fleet::Program;

/// A named place in the code, and the programs that come by it.
#[derive(Debug, Clone, Copy)]
pub struct FailPoint {
    /// As the code calls it.
    pub name: &'static str,
    /// Who comes by, and may be made to die there.
    pub programs: &'static [Program],
}

const fn of(name: &'static str, programs: &'static [Program]) -> FailPoint {
    FailPoint { name, programs }
}

const WRITERS: &[Program] = &[Program::Gateway, Program::Publisher, Program::Dispatcher];

/// All there are; a test compares them to the sources.
pub const ALL: [FailPoint; 18] = [
    of("gateway.before_create", &[Program::Gateway]),
    of("gateway.after_create", &[Program::Gateway]),
    of("relay.after_claim", &[Program::Gateway]),
    of("relay.after_send", &[Program::Gateway]),
    of("publisher.after_take", &[Program::Publisher]),
    of("publisher.after_upload", &[Program::Publisher]),
    of("publisher.before_start", &[Program::Publisher]),
    of("publisher.after_start", &[Program::Publisher]),
    of("publisher.after_call", &[Program::Publisher]),
    of("publisher.after_finish", &[Program::Publisher]),
    of("publisher.before_release", &[Program::Publisher]),
    of("dispatcher.after_take", &[Program::Dispatcher]),
    of("dispatcher.before_send", &[Program::Dispatcher]),
    of("dispatcher.after_send", &[Program::Dispatcher]),
    of("connector.after_exchange", &[Program::Connector]),
    of("connector.after_store", &[Program::Connector]),
    of("store.before_commit", WRITERS),
    of("store.after_commit", WRITERS),
];

/// The value that arms one.
pub fn armed(name: &str, hit: u32) -> String {
    format!("{name}:{hit}")
}

/// The value that makes a process freeze there.
pub fn freezing(name: &str, hit: u32) -> String {
    format!("{name}:{hit}:freeze")
}

/// Of a program, those whose name begins so.
pub fn of_program(program: Program) -> impl Iterator<Item = &'static str> {
    ALL.iter().filter(move |point| point.programs.contains(&program)).map(|point| point.name)
}
