//! What must always hold, in the words of the design.

use domain::target::{PartStatus, Status};

use crate::world::{At, Post, Work, World};

/// The law that a state breaks by being.
pub(crate) fn broken(world: &World) -> Option<&'static str> {
    let sending = world.workers.iter().filter(|worker| worker.may_write_until().is_some_and(|until| until > 0));
    if sending.count() > 1 {
        return Some("I4: sends of one account never overlap");
    }
    world.posts.iter().find_map(of_post)
}

fn of_post(post: &Post) -> Option<&'static str> {
    for (at, part) in post.row.parts.iter().enumerate() {
        let live = &post.live[at];
        if live.len() > 1 + usize::from(post.licences[at]) {
            return Some("I2: at most one live post per part unless a retry was asked for");
        }
        match part.status {
            PartStatus::Published if !live.contains(&part.live) => {
                return Some("I3: what is published is live under that id");
            }
            PartStatus::Failed | PartStatus::Canceled if !live.is_empty() && !post.denied[at] => {
                return Some("I3: of what failed or was canceled no part is live");
            }
            _ => {}
        }
    }
    let live = post.row.parts.iter().filter(|part| part.status == PartStatus::Published).count();
    let fits = match post.row.status {
        Status::Published => live == post.row.parts.len(),
        Status::Partial => live > 0 && live < post.row.parts.len(),
        Status::Failed | Status::Canceled => live == 0,
        _ => true,
    };
    if !fits {
        return Some("I3: a target's word is that of its parts");
    }
    if post.row.is_over() && post.item.is_some() {
        return Some("I1: what has come to an end waits for nothing");
    }
    if !post.row.is_over() && post.item.is_none() {
        return Some("I1: what has not come to an end has a wake-up");
    }
    None
}

/// The law that the intent to send breaks.
pub(crate) fn at_start(world: &World, work: &Work) -> Option<&'static str> {
    let post = &world.posts[work.post];
    let is_repeat = post.row.status == Status::Unconfirmed;
    if post.due > 0 && !is_repeat {
        return Some("I5: nothing goes out before its time");
    }
    if post.row.expire <= 0 && !is_repeat {
        return Some("I5: nothing goes out past its lateness");
    }
    let first = |post: &Post| post.row.attempt == 0;
    let overtaken = world.posts[..work.post].iter().any(|earlier| {
        let waits = matches!(earlier.row.status, Status::Queued | Status::Scheduled);
        // One that could not be prepared was tried.
        waits && first(earlier) && earlier.row.failures == 0 && earlier.rev == 0 && earlier.due <= 0
    });
    if first(post) && overtaken {
        return Some("I4: first attempts start in the order of their times");
    }
    at_write(world, work)
}

/// The law that writing a request breaks.
pub(crate) fn at_write(world: &World, work: &Work) -> Option<&'static str> {
    let post = &world.posts[work.post];
    if post.canceled {
        return Some("I5: nothing goes out after an acknowledged cancel");
    }
    if post.content != work.content {
        return Some("I5: nothing goes out in its old form after an acknowledged edit");
    }
    None
}

/// What an exploration should have come across.
pub(crate) fn remarkable(world: &World, keyed: bool) -> Vec<&'static str> {
    let mut seen = Vec::new();
    for post in &world.posts {
        seen.push(post.row.status.word());
        if post.row.is_over() && post.row.status == Status::Unconfirmed {
            seen.push("unconfirmed for good");
        }
        if post.evidence.is_some() {
            seen.push("evidence");
        }
        if post.live.iter().any(|ids| ids.len() > 1) {
            seen.push("a double that was asked for");
        }
        if keyed && post.row.status == Status::Publishing && post.row.probes > 0 {
            seen.push("a repeat");
        }
    }
    for worker in &world.workers {
        let lost = worker.at != At::Idle && worker.fence != world.lane.fence;
        if lost {
            seen.push("a holder that lost its lane");
        }
        if lost && worker.may_write_until() == Some(0) {
            seen.push("a sender past its deadline");
        }
    }
    let orphan = world.wires.iter().any(|wire| {
        let waits = |at: &At| matches!(at, At::Waiting(_));
        !wire.accepted
            && !world.workers.iter().any(|worker| waits(&worker.at) && worker.work().row.attempt == wire.attempt)
    });
    if orphan {
        seen.push("a request that nobody waits for");
    }
    seen
}
