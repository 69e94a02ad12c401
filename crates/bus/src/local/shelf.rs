//! A queue whose items are either ready or held by a receiver, and come back from a receiver that leaves.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// What waits on a shelf.
pub(super) trait Item: Send + 'static {
    /// Nobody is interested in it any more.
    fn is_stale(&self) -> bool;
}

pub(super) struct Shelf<T> {
    capacity: usize,
    state: Mutex<State<T>>,
    /// Rung when an item becomes ready or a receiver has room again.
    changed: Notify,
}

struct State<T> {
    next_number: u64,
    next_seat: u64,
    /// By number, so that what comes back stands where it stood.
    ready: BTreeMap<u64, T>,
    /// What each receiver holds, by seat.
    held: HashMap<u64, BTreeMap<u64, T>>,
}

impl<T: Item> Shelf<T> {
    pub(super) fn new(capacity: usize) -> Self {
        let state = State { next_number: 0, next_seat: 0, ready: BTreeMap::new(), held: HashMap::new() };
        Self { capacity, state: Mutex::new(state), changed: Notify::new() }
    }

    /// Adds an item at the end; `false` when there is no room for it.
    pub(super) fn put(&self, item: T) -> bool {
        let mut state = self.state();
        if state.ready.len() >= self.capacity {
            state.ready.retain(|_, item| !item.is_stale());
        }
        if state.ready.len() >= self.capacity {
            return false;
        }
        let number = state.next_number;
        state.next_number += 1;
        state.ready.insert(number, item);
        drop(state);
        self.changed.notify_waiters();
        true
    }

    /// A new receiver, which may hold up to `prefetch` items, at least 1.
    pub(super) fn sit_down(shelf: &Arc<Self>, prefetch: u16) -> Arc<Seat<T>> {
        let mut state = shelf.state();
        let seat = state.next_seat;
        state.next_seat += 1;
        state.held.insert(seat, BTreeMap::new());
        drop(state);
        Arc::new(Seat { shelf: Arc::clone(shelf), seat, room: usize::from(prefetch.max(1)) })
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One receiver's place at a shelf.
pub(super) struct Seat<T> {
    shelf: Arc<Shelf<T>>,
    seat: u64,
    room: usize,
}

impl<T: Item> Seat<T> {
    /// Waits for an item and for room to hold it. Nothing is taken when it is dropped while it waits.
    pub(super) async fn take<V>(&self, view: impl Fn(&T) -> V) -> (u64, V) {
        loop {
            let changed = self.shelf.changed.notified();
            tokio::pin!(changed);
            // From here on no ring is missed.
            changed.as_mut().enable();
            if let Some(taken) = self.take_now(&view) {
                return taken;
            }
            changed.await;
        }
    }

    fn take_now<V>(&self, view: impl Fn(&T) -> V) -> Option<(u64, V)> {
        let mut state = self.shelf.state();
        if state.held.get(&self.seat)?.len() >= self.room {
            return None;
        }
        let (number, item) = loop {
            let (number, item) = state.ready.pop_first()?;
            if !item.is_stale() {
                break (number, item);
            }
        };
        let shown = view(&item);
        state.held.get_mut(&self.seat)?.insert(number, item);
        Some((number, shown))
    }

    /// Takes an item off the shelf for good; `None` when it is not held here any more.
    pub(super) fn finish(&self, number: u64) -> Option<T> {
        let item = self.shelf.state().held.get_mut(&self.seat)?.remove(&number);
        self.shelf.changed.notify_waiters();
        item
    }

    /// Puts an item back where it stood; `false` when it is not held here any more.
    pub(super) fn give_back(&self, number: u64) -> bool {
        let mut state = self.shelf.state();
        let Some(item) = state.held.get_mut(&self.seat).and_then(|held| held.remove(&number)) else { return false };
        state.ready.insert(number, item);
        drop(state);
        self.shelf.changed.notify_waiters();
        true
    }

    /// Puts everything back.
    pub(super) fn leave(&self) {
        let mut state = self.shelf.state();
        let held = state.held.remove(&self.seat).unwrap_or_default();
        state.ready.extend(held);
        drop(state);
        self.shelf.changed.notify_waiters();
    }
}
