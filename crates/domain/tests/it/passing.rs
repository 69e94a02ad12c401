//! Time passes, and what is too long ago to matter becomes the same.

use std::hash::{Hash, Hasher};

use domain::{retry, target::PartStatus};

use crate::{
    explorer::Quick,
    setting::{AHEAD, Class, GRACE, HOLD, KEY_IS_REMEMBERED, KEY_IS_TRUSTED, LONGEST, OVER, Setting},
    world::{At, Gives, Row, Then, Time, Worker, World},
};

/// How long until something changes by the passing of time alone: a lease, a deadline, a schedule.
pub(crate) fn until_something(world: &World) -> Option<Time> {
    let mut times = Vec::new();
    times.extend(world.lane.wake.iter().flat_map(|at| [at - AHEAD, *at]));
    times.extend(world.lane.lease.iter().flat_map(|at| [at - HOLD / 2, *at]));
    for post in &world.posts {
        times.extend([post.due]);
        times.extend(post.item);
        row_times(&post.row, &mut times);
    }
    for worker in &world.workers {
        for work in worker.pending.iter().chain(worker.current.as_deref()) {
            times.extend([work.due - AHEAD, work.due]);
            row_times(&work.row, &mut times);
        }
        times.extend(worker.may_write_until());
        if let At::Finishing(plan) = &worker.at
            && let Then::At(at) = plan.next
        {
            times.push(at);
        }
    }
    times.extend(world.wires.iter().map(|wire| wire.ends));
    times.into_iter().filter(|time| *time > 0).min()
}

fn row_times(row: &Row, times: &mut Vec<Time>) {
    times.push(row.expire);
    times.extend(row.next);
    for part in &row.parts {
        if part.status == PartStatus::Sending {
            times.extend(part.deadline.map(|at| at + GRACE));
        }
        if let Some((_, since)) = part.composed.filter(|(key, _)| *key > 0) {
            times.extend([since + KEY_IS_TRUSTED, since + KEY_IS_REMEMBERED]);
        }
    }
}

/// The world `by` seconds later.
pub(crate) fn pass(world: &mut World, by: Time) {
    each_time(world, &mut |time| *time -= by);
}

fn each_time(world: &mut World, change: &mut impl FnMut(&mut Time)) {
    world.lane.wake.iter_mut().for_each(&mut *change);
    world.lane.lease.iter_mut().for_each(&mut *change);
    for post in &mut world.posts {
        change(&mut post.due);
        post.item.iter_mut().for_each(&mut *change);
        row(&mut post.row, change);
    }
    for worker in &mut world.workers {
        worker.next.iter_mut().for_each(&mut *change);
        for work in worker.pending.iter_mut().chain(worker.current.as_deref_mut()) {
            change(&mut work.due);
            row(&mut work.row, change);
        }
        match &mut worker.at {
            At::Calling(deadline) | At::Waiting(deadline) => change(deadline),
            At::Finishing(plan) => {
                row(&mut plan.after, change);
                if let Gives::Back(at) = &mut plan.give {
                    change(at);
                }
                if let Then::At(at) = &mut plan.next {
                    change(at);
                }
            }
            At::Idle | At::Taken | At::Working | At::Checked | At::Releasing => {}
        }
    }
    for wire in &mut world.wires {
        change(&mut wire.ends);
        change(&mut wire.key.1);
    }
}

fn row(row: &mut Row, change: &mut impl FnMut(&mut Time)) {
    change(&mut row.expire);
    row.next.iter_mut().for_each(&mut *change);
    for part in &mut row.parts {
        part.deadline.iter_mut().for_each(&mut *change);
        part.composed.iter_mut().for_each(|(_, since)| change(since));
    }
}

/// One form for all that cannot be told apart. Returns whether the two workers have changed places.
pub(crate) fn settle(setting: &Setting, world: &mut World) -> bool {
    world.wires.retain(|wire| wire.ends > 0);
    let items = order_of_items(world);
    // Comparisons are all with now, but for three kinds of times that something is added to first.
    world.lane.wake = world.lane.wake.map(|at| at.max(0));
    world.lane.lease = world.lane.lease.map(|at| at.max(0));
    for (post, item) in world.posts.iter_mut().zip(items) {
        post.due = post.due.max(0);
        post.item = item;
        settle_row(setting, &mut post.row);
        let attempt = post.row.current().map(|part| post.row.parts[part].attempt);
        post.evidence = post.evidence.filter(|(of, _)| Some(*of) == attempt);
        post.live.iter_mut().for_each(|ids| ids.sort_unstable());
    }
    for worker in &mut world.workers {
        settle_worker(setting, worker, world.lane.fence);
    }
    for wire in &mut world.wires {
        wire.key.1 = if setting.class == Class::A { wire.key.1.max(-KEY_IS_REMEMBERED) } else { 0 };
    }
    world.wires.sort_by_key(|wire| (wire.post, wire.attempt));
    // A message whose fence has gone by is a no-op for ever, and so is all that a holder before this one writes.
    world.messages.retain(|fence| *fence == world.lane.fence);
    world.messages.dedup();
    world.messages.iter_mut().for_each(|fence| *fence = 1);
    world.lane.fence = 1;
    // An idle one comes last.
    let idle = |at: usize| world.workers[at].at == At::Idle;
    let swapped = match (idle(0), idle(1)) {
        (first, second) if first || second => first && !second,
        _ => number_of(&world.workers[1]) < number_of(&world.workers[0]),
    };
    if swapped {
        world.workers.swap(0, 1);
    }
    swapped
}

fn settle_worker(setting: &Setting, worker: &mut Worker, fence: u8) {
    if worker.at == At::Idle {
        *worker = Worker::idle();
        return;
    }
    worker.fence = u8::from(worker.fence == fence);
    worker.next = worker.next.map(|at| at.max(0));
    for work in worker.pending.iter_mut().chain(worker.current.as_deref_mut()) {
        work.due = work.due.max(0);
        settle_row(setting, &mut work.row);
    }
    match &mut worker.at {
        At::Calling(deadline) | At::Waiting(deadline) => *deadline = (*deadline).max(0),
        At::Finishing(plan) => {
            settle_row(setting, &mut plan.after);
            if let Gives::Back(at) = &mut plan.give {
                *at = (*at).max(0);
            }
            if let Then::At(at) = &mut plan.next {
                *at = (*at).max(0);
            }
        }
        At::Idle | At::Taken | At::Working | At::Checked | At::Releasing => {}
    }
}

fn settle_row(setting: &Setting, row: &mut Row) {
    row.expire = row.expire.max(0);
    row.next = row.next.map(|at| at.max(0));
    // A decision adds this to a send's deadline.
    let wait = retry::before_probe(i32::from(row.probes)).map_or(0, |wait| wait.as_secs());
    let wait = Time::try_from(wait).unwrap();
    for part in &mut row.parts {
        let floor = match part.status {
            // It is asked about for a day, the longer it takes the more rarely; only the first minutes and, where nobody
            // may ask, the end of the day make a difference.
            PartStatus::Processing if part.deadline.is_some_and(|at| at <= -4 * OVER) => -LONGEST,
            PartStatus::Processing => (-OVER).min(-GRACE - wait),
            _ => -GRACE - wait,
        };
        part.deadline = part.deadline.map(|at| at.max(floor));
        part.composed = part.composed.map(|(key, since)| match setting.class {
            Class::A => (key, since.max(-KEY_IS_REMEMBERED)),
            _ => (0, 0),
        });
    }
}

/// Items are read in the order of their times, so of two that are due the older one stays the older one.
fn order_of_items(world: &World) -> Vec<Option<Time>> {
    let mut past: Vec<Time> = world.posts.iter().filter_map(|post| post.item).filter(|at| *at < 0).collect();
    past.sort_unstable();
    past.dedup();
    let rank = |at: Time| match past.binary_search(&at) {
        Ok(_) if world.posts.len() == 1 => 0,
        Ok(rank) => Time::try_from(rank).unwrap() - Time::try_from(past.len()).unwrap(),
        Err(_) => at,
    };
    world.posts.iter().map(|post| post.item.map(rank)).collect()
}

fn number_of(worker: &Worker) -> u64 {
    let mut hasher = Quick(0);
    worker.hash(&mut hasher);
    hasher.finish()
}
