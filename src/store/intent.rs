//! Changes that were accepted and are not known to be done: each is written down before its first byte goes to the vendor.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::scim::ResourceType;
use crate::scim::request::{Action, Request};

/// A change that was accepted.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Which of all: a later one has a greater number.
    pub number: u64,
    /// What was asked, in canonical form.
    pub request: Request,
    /// Whether somebody may lose access by it: such a change is carried out whatever happens.
    pub revokes: bool,
    /// How often it was tried in the background.
    pub tries: u32,
    /// Whether the vendor refused it, though it takes access away: it is tried again, and keeps nothing else waiting.
    pub parked: bool,
    /// When it was accepted, in milliseconds since the Unix epoch.
    pub since: i64,
}

/// Those of one integration, in the process's own memory.
#[derive(Default)]
pub(super) struct Intents {
    open: BTreeMap<u64, (Target, Intent)>,
    /// The number of the last.
    last: u64,
}

impl Intents {
    pub fn add(&mut self, target: &Target, request: &Request, revokes: bool, since: i64) -> u64 {
        self.last += 1;
        let number = self.last;
        let intent = Intent { number, request: request.clone(), revokes, tries: 0, parked: false, since };
        self.open.insert(number, (target.clone(), intent));
        number
    }

    pub fn about(&self, target: &Target) -> Vec<Intent> {
        let about = self.open.values().filter(|(about, _)| about == target);
        about.map(|(_, intent)| intent.clone()).collect()
    }

    pub fn all(&self) -> Vec<Intent> {
        let mut all: Vec<_> = self.open.values().map(|(_, intent)| intent.clone()).collect();
        all.sort_by_key(|intent| (!intent.revokes, intent.number));
        all
    }

    pub fn tried(&mut self, number: u64, tries: u32, parked: bool) {
        if let Some((_, intent)) = self.open.get_mut(&number) {
            (intent.tries, intent.parked) = (tries, parked);
        }
    }

    pub fn fulfil(&mut self, numbers: &[u64]) {
        numbers.iter().for_each(|number| drop(self.open.remove(number)));
    }
}

/// What a change is about: those about the same are carried out in the order in which they were accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Of which type.
    pub resource: ResourceType,
    /// What it is called.
    pub named: Named,
}

/// What a resource is called that is changed or made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Named {
    /// Its id.
    Id(CompactString),
    /// The name of one that has no id yet, in lower case.
    Name(String),
}

impl Target {
    /// What a request is about; `None`: it changes nothing, or makes something without a name.
    pub fn of(request: &Request) -> Option<Self> {
        let named = match &request.action {
            Action::Create(body) => {
                let attribute = match request.resource {
                    ResourceType::User => "userName",
                    ResourceType::Group => "displayName",
                };
                Named::Name(body.text_at(attribute)?.to_lowercase())
            }
            Action::Replace(id, _) | Action::Modify(id, _) | Action::Delete(id) => Named::Id(id.clone()),
            Action::Read(_) | Action::List(_) => return None,
        };
        Some(Self { resource: request.resource, named })
    }
}
