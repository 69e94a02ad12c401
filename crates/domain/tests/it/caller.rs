//! What the caller may do meanwhile, by the store's rules for it (`posts/change.rs`, `posts/edit.rs`, `accounts/`).

use std::fmt::Arguments;

use domain::{
    account::AccountStatus,
    target::{PartStatus, Status},
    transition::{self, Event, Resolution},
};

use crate::{
    moves::{By, Moves},
    network::live,
    setting::{LATENESS, Wish, callers_rules},
    world::{Post, Row, Then, Time, World, stamp},
};

/// How far an edit moves a post.
const LATER: Time = 20;

impl Moves<'_> {
    pub(crate) fn caller(&mut self) {
        if self.setting.auth {
            self.refresh();
        }
        if self.world.wishes == 0 {
            return;
        }
        for wish in self.setting.which {
            match wish {
                Wish::Account => self.account(),
                Wish::Post => self.another_post(),
                Wish::Cancel | Wish::Edit | Wish::Resolve | Wish::Retry => {
                    for post in 0..self.world.posts.len() {
                        self.wish(*wish, post);
                    }
                }
            }
        }
    }

    fn wish(&mut self, wish: Wish, post: usize) {
        let number = post + 1;
        match wish {
            Wish::Cancel => {
                let cancel = |_: &mut Post| {};
                self.change(post, &Event::Cancel, format_args!("the caller cancels post {number}"), cancel, true);
            }
            Wish::Retry => {
                let status = self.world.posts[post].row.status;
                if matches!(status, Status::Failed | Status::Partial) {
                    let event = Event::Send { expire_at: stamp(LATENESS) };
                    self.change(post, &event, format_args!("the caller sends post {number} again"), |_| {}, false);
                }
            }
            Wish::Resolve => self.resolve(post),
            Wish::Edit => {
                self.edit(post);
                if self.world.posts[post].row.status == Status::Scheduled {
                    let event = Event::Send { expire_at: stamp(LATENESS) };
                    let now = |post: &mut Post| post.due = 0;
                    self.change(post, &event, format_args!("the caller sends post {number} now"), now, false);
                }
            }
            Wish::Account | Wish::Post => {}
        }
    }

    /// The caller knows what it says: it has looked. What arrives after that is on its word.
    fn resolve(&mut self, post: usize) {
        let row = &self.world.posts[post];
        let Some(part) = row.row.current().filter(|_| row.row.status == Status::Unconfirmed) else { return };
        let number = post + 1;
        if let Some(id) = row.live[part].last() {
            let event = Event::Resolve(Resolution::Published(Some(live(*id))));
            self.change(post, &event, format_args!("the caller says that post {number} is live"), |_| {}, false);
        } else {
            let event = Event::Resolve(Resolution::Failed);
            let denied = |post: &mut Post| {
                post.denied[part] = true;
                post.licences[part] += 1;
            };
            self.change(post, &event, format_args!("the caller says that post {number} is not live"), denied, false);
        }
        let event = Event::Resolve(Resolution::Retry { expire_at: stamp(LATENESS) });
        let licence = |post: &mut Post| post.licences[part] += 1;
        self.change(post, &event, format_args!("the caller has post {number} sent again"), licence, false);
    }

    /// `Locked::decide`: one transaction under the lane's lock.
    fn change(&mut self, post: usize, event: &Event, what: Arguments<'_>, also: impl Fn(&mut Post), cancels: bool) {
        let mut to = self.world.clone();
        let rules = callers_rules(self.setting);
        let row = &mut to.posts[post];
        let Ok(decision) = transition::decide(&row.row.target(), event, &rules, stamp(0)) else { return };
        row.row = row.row.becomes(&decision.target);
        row.rev += 1;
        row.canceled = cancels;
        also(row);
        match Then::of(decision.next) {
            Then::Settled => row.item = None,
            Then::At(due) => self.item(&mut to, post, due),
            Then::Now => {}
        }
        self.add(By::Wish, what, to);
    }

    /// A new item goes behind those that are there.
    fn item(&self, to: &mut World, post: usize, due: Time) {
        to.posts[post].item = Some(due);
        for row in &mut to.posts {
            row.seq = 0;
        }
        to.posts[post].seq = u8::from(to.posts.len() > 1);
        to.lane.with(|lane| lane.wake(stamp(due)));
    }

    fn edit(&mut self, post: usize) {
        let row = &self.world.posts[post];
        if row.row.status != Status::Scheduled {
            return;
        }
        let mut to = self.world.clone();
        let before = &row.row;
        to.posts[post] = Post {
            rev: row.rev + 1,
            row: Row { attempt: before.attempt, ..Post::new(self.setting, 0, LATER).row },
            content: row.content + 1,
            due: LATER,
            ..row.clone()
        };
        self.item(&mut to, post, LATER);
        self.add(By::Wish, format_args!("the caller edits post {}: other words, {LATER} s from now", post + 1), to);
    }

    fn another_post(&mut self) {
        if self.world.posts.len() == 1 {
            let mut to = self.world.clone();
            to.posts.push(Post::new(self.setting, 1, 0));
            to.lane.with(|lane| lane.wake(stamp(0)));
            self.add(By::Wish, format_args!("the caller posts another one"), to);
        }
    }

    fn account(&mut self) {
        if self.world.account.status != AccountStatus::Disconnected {
            let mut to = self.world.clone();
            to.account.status = AccountStatus::Disconnected;
            to.account.version += 1;
            bring_forward(&mut to, |row| row.status == Status::NeedsReconnect || is_followed(row));
            self.add(By::Wish, format_args!("the caller disconnects the account"), to);
        }
        if self.world.account.status != AccountStatus::Active {
            let mut to = self.world.clone();
            to.account.status = AccountStatus::Active;
            to.account.version += 1;
            let rules = callers_rules(self.setting);
            for row in to.posts.iter_mut().filter(|post| !post.row.is_over()) {
                if let Ok(decision) = transition::decide(&row.row.target(), &Event::Reconnected, &rules, stamp(0)) {
                    row.row = row.row.becomes(&decision.target);
                }
            }
            bring_forward(&mut to, |row| row.status == Status::Queued || is_followed(row));
            self.add(By::Wish, format_args!("the caller connects the account again"), to);
        }
    }

    /// The refresh lane, as far as it concerns this one: new tokens, or the account is held.
    fn refresh(&mut self) {
        if !self.world.account.refreshing {
            return;
        }
        let mut to = self.world.clone();
        to.account.refreshing = false;
        let mut held = to.clone();
        if to.account.status == AccountStatus::Active {
            to.account.version += 1;
            held.account.status = AccountStatus::NeedsReconnect;
            let waits = |row: &Row| row.refreshed && (row.status == Status::Queued || is_followed(row));
            for post in to.posts.iter_mut().filter(|post| waits(&post.row)) {
                post.row.next = post.row.next.map(|_| 0);
            }
            bring_forward(&mut to, waits);
        }
        self.add(By::Course, format_args!("the tokens are renewed"), to);
        self.add(By::Chance, format_args!("the tokens cannot be renewed"), held);
    }
}

/// Items of such targets are due now, and the lane is woken.
fn bring_forward(to: &mut World, which: impl Fn(&Row) -> bool) {
    for post in &mut to.posts {
        if which(&post.row) {
            post.item = post.item.map(|due| due.min(0));
        }
    }
    to.lane.with(|lane| lane.wake(stamp(0)));
}

fn is_followed(row: &Row) -> bool {
    row.parts.iter().any(|part| part.status == PartStatus::Processing)
}
