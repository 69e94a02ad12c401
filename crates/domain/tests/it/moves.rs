//! All that can happen next: the relay, the clock, crashes, and the system as the explorer sees it.

use std::fmt::{self, Arguments, Display};

use domain::account::AccountStatus;

use crate::{
    explorer::{Edge, PLACES, System},
    laws, passing,
    setting::{AHEAD, Class, HANDOVER, HOLD, LATENESS, Setting, Wrong, seconds},
    world::{Account, At, Lane, PartRow, Post, Row, Time, Wire, Work, Worker, World, stamp},
};
use domain::target::{PartStatus, Status};

/// Whose doing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// What is meant to happen.
    Course,
    /// What may happen without anything being wrong, and cannot be counted on.
    Chance,
    /// What goes wrong; there is a limit to it.
    Fault,
    /// The caller; there is a limit to that too.
    Wish,
}

/// What can happen in one state.
pub(crate) struct Moves<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) world: &'a World,
    /// Whether anybody wants to read what happens.
    pub(crate) tells: bool,
    pub(crate) edges: Vec<Edge<World>>,
}

impl Moves<'_> {
    pub(crate) fn add(&mut self, by: By, what: Arguments<'_>, to: World) {
        self.add_unless(by, what, to, None);
    }

    /// As [`Moves::add`], naming the law that is broken by it.
    pub(crate) fn add_unless(&mut self, by: By, what: Arguments<'_>, mut to: World, broken: Option<&'static str>) {
        let left = match by {
            By::Course | By::Chance => None,
            By::Fault => Some(&mut to.faults),
            By::Wish => Some(&mut to.wishes),
        };
        if let Some(left) = left {
            let Some(less) = left.checked_sub(1) else { return };
            *left = less;
        }
        let swapped = passing::settle(self.setting, &mut to);
        if to != *self.world || broken.is_some() {
            let what = if self.tells { what.to_string() } else { String::new() };
            self.edges.push(Edge { what, to, quiet: by == By::Course, swapped, broken });
        }
    }

    fn relay(&mut self) {
        let mut to = self.world.clone();
        let fence = to.lane.with(|lane| lane.claim(stamp(0), seconds(AHEAD), seconds(HANDOVER)));
        if let Some(fence) = fence {
            to.stalled = false;
            to.messages.push(u8::try_from(fence).unwrap());
            self.add(By::Course, format_args!("the relay claims the lane and sends a message"), to);
        }
    }

    /// A process that is not held up acts before time passes.
    fn clock(&mut self, is_busy: bool) {
        if let Some(by) = passing::until_something(self.world).filter(|_| !is_busy) {
            let mut to = self.world.clone();
            passing::pass(&mut to, by);
            self.add(By::Course, format_args!("{by} s pass"), to);
        }
    }

    /// Whether a claim or a take is made before time passes.
    fn hands_over(&self) -> bool {
        let is_claimable = self.world.lane.clone().with(|lane| lane.is_claimable(stamp(0), seconds(AHEAD)));
        let is_taken = !self.world.messages.is_empty() && self.world.workers.iter().any(|worker| worker.at == At::Idle);
        !self.world.stalled && (is_claimable || is_taken)
    }

    /// The relay is slow, or a message is late or lost.
    fn stall(&mut self) {
        if self.hands_over() {
            let mut to = self.world.clone();
            to.stalled = true;
            self.add(By::Fault, format_args!("nothing is handed over for a while"), to);
        }
    }

    /// Messages are never used up, so each may be doubled.
    fn messages(&mut self) {
        let Some(idle) = self.world.workers.iter().position(|worker| worker.at == At::Idle) else { return };
        for message in &self.world.messages {
            let mut to = self.world.clone();
            let Some(fence) = to.lane.with(|lane| lane.take(i64::from(*message), stamp(0), seconds(HOLD))) else {
                continue;
            };
            let mut fence = u8::try_from(fence).unwrap();
            if self.setting.is(Wrong::TakeKeepsFence) {
                fence = *message;
                to.lane.fence = fence;
            }
            to.stalled = false;
            to.workers[idle] = Worker { at: At::Taken, fence, ..Worker::idle() };
            self.add(By::Course, format_args!("worker {} takes the lane", name(idle)), to);
        }
    }

    fn trouble(&mut self, worker: usize) {
        let mut frozen = self.world.clone();
        frozen.workers[worker].frozen = true;
        self.add(By::Fault, format_args!("worker {} freezes", name(worker)), frozen);
        let mut to = self.world.clone();
        to.workers[worker] = Worker::idle();
        self.add(By::Fault, format_args!("worker {} dies", name(worker)), to);
    }
}

impl Moves<'_> {
    fn thaw(&mut self, worker: usize) {
        let mut to = self.world.clone();
        to.workers[worker].frozen = false;
        self.add(By::Course, format_args!("worker {} goes on", name(worker)), to);
    }
}

pub(crate) fn name(worker: usize) -> char {
    PLACES[worker]
}

impl Post {
    /// A post that is due then.
    pub(crate) fn new(setting: &Setting, seq: u8, due: Time) -> Self {
        let part =
            PartRow { status: PartStatus::Pending, attempt: 0, deadline: None, handle: false, live: 0, composed: None };
        Self {
            rev: 0,
            row: Row {
                status: if due > 0 { Status::Scheduled } else { Status::Queued },
                attempt: 0,
                failures: 0,
                probes: 0,
                refreshed: false,
                expire: due + LATENESS,
                next: None,
                parts: vec![part; setting.parts],
            },
            item: Some(due),
            seq,
            content: 0,
            due,
            canceled: false,
            evidence: None,
            live: [Vec::new(), Vec::new()],
            licences: [0, 0],
            denied: [false, false],
        }
    }
}

impl System for Setting {
    type State = World;

    fn start(&self) -> World {
        let due = if self.scheduled { 10 } else { 0 };
        let mut world = World {
            lane: Lane { wake: Some(due), lease: None, fence: 0 },
            account: Account { status: AccountStatus::Active, version: 1, refreshing: false },
            posts: (0..self.posts).map(|seq| Post::new(self, u8::try_from(seq).unwrap(), due)).collect(),
            workers: [Worker::idle(), Worker::idle()],
            messages: Vec::new(),
            stalled: false,
            wires: Vec::new(),
            faults: self.faults,
            wishes: self.wishes,
        };
        passing::settle(self, &mut world);
        world
    }

    fn edges(&self, world: &World, tells: bool) -> Vec<Edge<World>> {
        let mut moves = Moves { setting: self, world, tells, edges: Vec::new() };
        let mut is_busy = moves.hands_over();
        moves.relay();
        moves.messages();
        moves.stall();
        for worker in 0..world.workers.len() {
            if world.workers[worker].frozen {
                moves.thaw(worker);
            } else if world.workers[worker].at != At::Idle {
                let before = moves.edges.len();
                moves.go(worker);
                is_busy |= moves.edges[before..].iter().any(|edge| edge.quiet);
                moves.trouble(worker);
            }
        }
        moves.network();
        moves.caller();
        moves.clock(is_busy);
        moves.edges
    }

    fn broken(&self, world: &World) -> Option<&'static str> {
        laws::broken(world)
    }

    fn is_over(&self, world: &World) -> bool {
        world.posts.iter().all(|post| post.row.is_over() && post.item.is_none())
    }

    fn show(&self, world: &World) -> String {
        show(world)
    }

    fn remarkable(&self, world: &World) -> Vec<&'static str> {
        laws::remarkable(world, self.class == Class::A)
    }
}

fn show(world: &World) -> String {
    let Lane { wake, lease, .. } = world.lane;
    let time = |time: Option<Time>| time.map_or_else(|| "-".to_owned(), |time| time.to_string());
    let mut text = format!("lane wake {} lease {}", time(wake), time(lease));
    for post in &world.posts {
        let parts: Vec<_> = post.row.parts.iter().map(|part| part.status.word()).collect();
        text += &format!(
            " | {} {} attempt {} item {} live {:?}",
            post.row.status,
            parts.join("+"),
            post.row.attempt,
            time(post.item),
            &post.live[..post.row.parts.len()],
        );
    }
    for (at, worker) in world.workers.iter().enumerate() {
        if worker.at != At::Idle {
            let holds = if worker.fence == world.lane.fence { "holds" } else { "lost" };
            text += &format!(" | {} {holds} {}", name(at), worker.at.word());
        }
    }
    for Wire { post, part, attempt, ends, .. } in &world.wires {
        text += &format!(" | request {attempt} for {} under way, at most {ends} s", Place(*post, *part));
    }
    text
}

/// A part of a post, for people.
pub(crate) struct Place(pub(crate) usize, pub(crate) usize);

impl Display for Place {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "part {} of post {}", self.1 + 1, self.0 + 1)
    }
}

impl At {
    fn word(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Taken => "taken",
            Self::Working => "working",
            Self::Checked => "checked",
            Self::Calling(_) => "calling",
            Self::Waiting(_) => "waiting",
            Self::Finishing(_) => "finishing",
            Self::Releasing => "releasing",
        }
    }
}

impl Worker {
    /// `Lane::next_due` of the publisher.
    pub(crate) fn next_due(&self) -> Option<Time> {
        self.pending.first().map(|work| work.due).into_iter().chain(self.next).min()
    }

    /// `Lane::due_again` of the publisher.
    pub(crate) fn due_again(&mut self, at: Time) {
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }

    /// `Ended::Blocks`: the lane is to be given back until then.
    pub(crate) fn blocks(&mut self, until: Time) {
        self.pending.clear();
        self.current = None;
        self.next = Some(until);
        self.at = At::Releasing;
    }

    pub(crate) fn work(&self) -> &Work {
        self.current.as_deref().expect("it is working on something")
    }

    pub(crate) fn work_mut(&mut self) -> &mut Work {
        self.current.as_deref_mut().expect("it is working on something")
    }
}
