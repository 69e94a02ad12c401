//! Breadth first through everything that can happen, so that the first counterexample is a shortest one.
//!
//! Whole states are kept, not their hashes: nothing is missed by a collision. Written here rather than taken from a crate:
//! what is wanted is these two hundred lines, and the crate for it (`stateright`) brings a web server and cannot say
//! whether an end stays within reach in a graph with cycles.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    hash::{Hash, Hasher},
};

/// One thing that happens in a state.
pub(crate) struct Edge<S> {
    /// What, for people.
    pub(crate) what: String,
    /// What it leads to.
    pub(crate) to: S,
    /// Whether it may be counted on: nobody interferes and nothing breaks.
    pub(crate) quiet: bool,
    /// Whether the two workers have changed places, which only people mind.
    pub(crate) swapped: bool,
    /// The law that the happening itself breaks.
    pub(crate) broken: Option<&'static str>,
}

/// A system to be explored.
pub(crate) trait System {
    type State: Clone + Eq + Hash;

    fn start(&self) -> Self::State;
    /// All that can happen; said in words only where somebody reads it.
    fn edges(&self, state: &Self::State, tells: bool) -> Vec<Edge<Self::State>>;
    /// The law that a state breaks by being.
    fn broken(&self, state: &Self::State) -> Option<&'static str>;
    /// Whether everything has come to an end that is allowed.
    fn is_over(&self, state: &Self::State) -> bool;
    /// What of it people want to see.
    fn show(&self, state: &Self::State) -> String;
    /// Whether it is remarkable, by a name: an exploration that never saw it has shown little.
    fn remarkable(&self, state: &Self::State) -> Vec<&'static str>;
}

/// What an exploration found.
#[derive(Debug)]
pub(crate) struct Explored {
    /// Different states.
    pub(crate) states: usize,
    /// Ways from one to another.
    pub(crate) edges: usize,
    /// Steps to the farthest state.
    pub(crate) depth: u32,
    /// What was seen, sorted.
    pub(crate) seen: Vec<&'static str>,
    /// A shortest way to a broken law.
    pub(crate) counterexample: Option<Counterexample>,
}

/// A way to a broken law.
#[derive(Debug)]
pub(crate) struct Counterexample {
    /// Which.
    pub(crate) law: &'static str,
    /// The way there.
    pub(crate) trace: String,
}

/// Explores everything, at most `limit` states of it: an exploration that reaches the limit has failed.
pub(crate) fn explore<Y: System>(system: &Y, limit: usize) -> Explored {
    let mut search = Search::new(system.start());
    let mut seen = std::collections::BTreeSet::new();
    let mut edges = 0;
    let mut quiet: Vec<(u32, u32)> = Vec::new();
    let mut queue = VecDeque::from([0_u32]);
    let done = |search: &Search<Y::State>, edges, seen: std::collections::BTreeSet<_>, counterexample| Explored {
        states: search.states.len(),
        edges,
        depth: search.depths.iter().copied().max().unwrap_or(0),
        seen: seen.into_iter().collect(),
        counterexample,
    };
    while let Some(from) = queue.pop_front() {
        let state = search.states[from as usize].clone();
        seen.extend(system.remarkable(&state));
        if let Some(law) = system.broken(&state) {
            let trace = search.trace(system, from, None);
            return done(&search, edges, seen, Some(Counterexample { law, trace }));
        }
        for edge in system.edges(&state, false) {
            edges += 1;
            if let Some(law) = edge.broken {
                let told = system.edges(&state, true).into_iter().find(|edge| edge.broken.is_some());
                let trace = search.trace(system, from, told.map(|edge| edge.what));
                return done(&search, edges, seen, Some(Counterexample { law, trace }));
            }
            let (to, new) = search.visit(edge.to, from);
            if edge.quiet {
                quiet.push((to, from));
            }
            if new {
                assert!(search.states.len() <= limit, "more than {limit} states: the bounds are too wide");
                queue.push_back(to);
            }
        }
    }
    let counterexample = stuck(system, &search.states, quiet).map(|at| Counterexample {
        law: "I1: it can still come to an end when nothing more goes wrong",
        trace: search.trace(system, at, None),
    });
    done(&search, edges, seen, counterexample)
}

/// The first state from which no quiet way leads to an end.
fn stuck<Y: System>(system: &Y, states: &[Y::State], mut back: Vec<(u32, u32)>) -> Option<u32> {
    back.sort_unstable();
    let mut ends: Vec<bool> = states.iter().map(|state| system.is_over(state)).collect();
    let mut queue: Vec<u32> = (0..).zip(&ends).filter(|(_, end)| **end).map(|(at, _)| at).collect();
    while let Some(to) = queue.pop() {
        let first = back.partition_point(|edge| edge.0 < to);
        for (_, from) in back[first..].iter().take_while(|edge| edge.0 == to) {
            if !std::mem::replace(&mut ends[*from as usize], true) {
                queue.push(*from);
            }
        }
    }
    ends.iter().position(|end| !end).and_then(|at| u32::try_from(at).ok())
}

/// The states so far, each once, with the one it was first reached from.
struct Search<S> {
    states: Vec<S>,
    parents: Vec<u32>,
    depths: Vec<u32>,
    /// Open addressing over `states`; `u32::MAX` is empty.
    slots: Vec<u32>,
}

impl<S: Clone + Eq + Hash> Search<S> {
    fn new(start: S) -> Self {
        let mut search =
            Self { states: Vec::new(), parents: Vec::new(), depths: Vec::new(), slots: vec![u32::MAX; 1 << 12] };
        search.visit(start, 0);
        search
    }

    fn slot(&self, state: &S) -> usize {
        let mut hasher = Quick(0);
        state.hash(&mut hasher);
        let mask = self.slots.len() - 1;
        let mut at = usize::try_from(hasher.finish() >> 32).unwrap_or(0) & mask;
        while self.slots[at] != u32::MAX && self.states[self.slots[at] as usize] != *state {
            at = (at + 1) & mask;
        }
        at
    }

    /// The number of a state, and whether it is new.
    fn visit(&mut self, state: S, parent: u32) -> (u32, bool) {
        let slot = self.slot(&state);
        if self.slots[slot] != u32::MAX {
            return (self.slots[slot], false);
        }
        let number = u32::try_from(self.states.len()).expect("the limit is far below");
        self.slots[slot] = number;
        self.depths.push(self.depths.get(parent as usize).map_or(0, |depth| depth + 1));
        self.states.push(state);
        self.parents.push(parent);
        if self.states.len() * 2 > self.slots.len() {
            self.slots = vec![u32::MAX; self.slots.len() * 2];
            for number in 0..self.states.len() {
                let slot = self.slot(&self.states[number]);
                self.slots[slot] = u32::try_from(number).expect("it was one before");
            }
        }
        (number, true)
    }

    /// How a state was first reached, and what happened then.
    fn trace<Y: System<State = S>>(&self, system: &Y, end: u32, last: Option<String>) -> String {
        let mut way = vec![end];
        while way.last() != Some(&0) {
            way.push(self.parents[way[way.len() - 1] as usize]);
        }
        way.reverse();
        let mut text = format!("      {}\n", system.show(&self.states[0]));
        let mut swapped = false;
        for (number, pair) in way.windows(2).enumerate() {
            let (from, to) = (&self.states[pair[0] as usize], &self.states[pair[1] as usize]);
            let edge =
                system.edges(from, true).into_iter().find(|edge| edge.to == *to).expect("it was reached from there");
            let _ = writeln!(text, "{:4}. {}", number + 1, named(&edge.what, swapped));
            swapped ^= edge.swapped;
            let _ = writeln!(text, "      {}", named(&system.show(to), swapped));
        }
        if let Some(last) = last {
            let _ = writeln!(text, "{:4}. {}", way.len(), named(&last, swapped));
        }
        text
    }
}

/// The two workers' places, for whoever writes about them.
pub(crate) const PLACES: [char; 2] = ['\u{1}', '\u{2}'];

/// Their names, which do not change with their places.
fn named(text: &str, swapped: bool) -> String {
    let (first, second) = if swapped { ("B", "A") } else { ("A", "B") };
    text.replace(PLACES[0], first).replace(PLACES[1], second)
}

/// Multiplies and turns. States are compared in full, so all that is asked of it is to be quick without optimisation.
pub(crate) struct Quick(pub(crate) u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    fn write_i32(&mut self, number: i32) {
        self.write_u64(u64::from(number.cast_unsigned()));
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
