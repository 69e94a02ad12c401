//! What a played network knows: containers, everything that became public, and what is to go wrong.

use std::collections::{HashMap, VecDeque};

use super::fault::{Fault, Operation};
use crate::tally::Public;

/// Everything of one server.
#[derive(Default)]
pub(super) struct Ledger {
    containers: HashMap<String, Container>,
    public: Vec<Public>,
    plans: HashMap<(String, Operation), VecDeque<Option<Fault>>>,
    struck: usize,
}

struct Container {
    account: String,
    text: String,
    parent: Option<String>,
    stands: Stands,
}

/// What a container is told to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stands {
    /// May be published.
    Finished,
    /// Cannot be published, for good.
    Spoiled,
    /// Being worked on, for so many questions more.
    Working(usize),
    /// Public under this id.
    Published(String),
}

impl Ledger {
    /// From now on these become of an account's requests of a kind, in turn; `None` is a request that goes well, and so
    /// does what comes after the last.
    pub(super) fn plan(
        &mut self,
        account: &str,
        operation: Operation,
        faults: impl IntoIterator<Item = Option<Fault>>,
    ) {
        self.plans.entry((account.to_owned(), operation)).or_default().extend(faults);
    }

    /// What becomes of a request, used up.
    pub(super) fn strike(&mut self, account: &str, operation: Operation) -> Option<Fault> {
        let fault = self.plans.get_mut(&(account.to_owned(), operation))?.pop_front()?;
        self.struck += usize::from(fault.is_some());
        fault
    }

    /// How many faults have struck.
    pub(super) fn struck(&self) -> usize {
        self.struck
    }

    pub(super) fn create(&mut self, account: &str, text: &str, parent: Option<&str>) -> String {
        let id = format!("container-{}", self.containers.len() + 1);
        let container = Container {
            account: account.to_owned(),
            text: text.to_owned(),
            parent: parent.map(str::to_owned),
            stands: Stands::Finished,
        };
        self.containers.insert(id.clone(), container);
        id
    }

    /// Makes a container public, as often as it is asked to: whoever asks twice has made a double. `None` when there is
    /// no such container of the account, or it is spoiled.
    pub(super) fn publish(&mut self, account: &str, container: &str) -> Option<String> {
        let found = self.containers.get(container).filter(|found| found.account == account)?;
        if found.stands == Stands::Spoiled {
            return None;
        }
        let (text, parent) = (found.text.clone(), found.parent.clone());
        let id = self.say(account, &text, parent.as_deref());
        self.containers.get_mut(container)?.stands = Stands::Published(id.clone());
        Some(id)
    }

    /// Begins to work on a container, which is public once it was asked about so often. `false` when there is no such
    /// container of the account, or it is spoiled.
    pub(super) fn submit(&mut self, account: &str, container: &str, questions: usize) -> bool {
        let found = self.containers.get_mut(container).filter(|found| found.account == account);
        let Some(found) = found.filter(|found| found.stands != Stands::Spoiled) else { return false };
        found.stands = Stands::Working(questions);
        true
    }

    /// A container that is worked on comes nearer to its end.
    pub(super) fn work(&mut self, container: &str) {
        let Some(found) = self.containers.get_mut(container) else { return };
        match found.stands {
            Stands::Working(0) => {
                let account = found.account.clone();
                self.publish(&account, container);
            }
            Stands::Working(questions) => found.stands = Stands::Working(questions - 1),
            Stands::Finished | Stands::Spoiled | Stands::Published(_) => {}
        }
    }

    pub(super) fn spoil(&mut self, container: &str) {
        if let Some(container) = self.containers.get_mut(container) {
            container.stands = Stands::Spoiled;
        }
    }

    pub(super) fn stands(&self, container: &str) -> Option<Stands> {
        Some(self.containers.get(container)?.stands.clone())
    }

    /// Makes a text public.
    pub(super) fn say(&mut self, account: &str, text: &str, parent: Option<&str>) -> String {
        let id = format!("live-{}", self.public.len() + 1);
        self.public.push(Public {
            account: account.to_owned(),
            text: text.to_owned(),
            id: id.clone(),
            parent: parent.map(str::to_owned),
        });
        id
    }

    pub(super) fn public(&self) -> Vec<Public> {
        self.public.clone()
    }
}
