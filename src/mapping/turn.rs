//! Which rules have something to say about a change: those of whose sources something changes.
//!
//! So a PATCH that goes by way of a read sends what the same PATCH sends without one, and what was at the vendor before
//! the bridge, and no rule would have made, is in nobody's way.

use super::compile::overlaps;
use super::eval::target;
use super::expression::Condition;
use super::path::{Given, Root};
use super::rule::{Rule, Verb};
use super::{Lens, Operation};
use crate::scim::json::Value;
use crate::scim::name::AttrPath;

/// What a rule may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Decide about its target, or refuse.
    Speaks,
    /// The same, but where it cannot, what the vendor has stays.
    IfItCan,
    /// What the vendor has stays.
    Keeps,
}

impl Lens {
    /// For each rule, what it may do. `before`: what the vendor has, when there is something.
    pub(super) fn turns(&self, resource: &Value, given: &Given<'_>, before: Option<&Value>) -> Vec<Turn> {
        let (Some(old), Some(_)) = (given.old, before) else { return vec![Turn::Speaks; self.rules.len()] };
        let changed: Vec<bool> = self.rules.iter().map(|rule| changes(rule, old, resource, given)).collect();
        // Rules that write one place complete each other.
        let with_it = |rule: &Rule| {
            let Some(place) = target(rule) else { return false };
            let shares = |other: &Rule| target(other).is_some_and(|other| overlaps(other, place));
            self.rules.iter().zip(&changed).any(|(other, changed)| *changed && shares(other))
        };
        let turn = |(rule, changed): (&Rule, &bool)| match given.operation {
            _ if *changed || with_it(rule) => Turn::Speaks,
            // A PUT says everything anew.
            Operation::Replace if given.groups.is_some() || !rule.reads_groups() => Turn::IfItCan,
            _ => Turn::Keeps,
        };
        self.rules.iter().zip(&changed).map(turn).collect()
    }

    /// Whether a change cannot be mapped without knowing the user's groups.
    pub fn needs_groups(&self, resource: &Value, given: &Given<'_>, before: Option<&Value>) -> bool {
        let speaks = |(rule, turn): (&Rule, Turn)| turn == Turn::Speaks && rule.reads_groups();
        self.reads_groups && self.rules.iter().zip(self.turns(resource, given, before)).any(speaks)
    }
}

impl Rule {
    /// Whether it reads the user's groups.
    pub(super) fn reads_groups(&self) -> bool {
        self.makes_of_groups() || self.condition().is_some_and(|condition| condition.groups)
    }

    /// Whether it may make something else of a user who is in a group than of one who is not.
    pub(super) fn concerns_group(&self, group: &Value) -> bool {
        self.makes_of_groups() || self.condition().is_some_and(|condition| condition.concerns_group(group))
    }

    fn condition(&self) -> Option<&Condition> {
        match &self.verb {
            Verb::Refuse { when, .. } => Some(when),
            _ => self.when.as_ref(),
        }
    }

    fn makes_of_groups(&self) -> bool {
        matches!(&self.verb, Verb::Set { from, .. }
            if from.sources().any(|source| source.root() == Root::Groups))
    }
}

/// Whether something changes of what a rule reads.
fn changes(rule: &Rule, old: &Value, new: &Value, given: &Given<'_>) -> bool {
    let condition = |when: &Condition| {
        (when.groups && given.regrouped)
            || match &when.attributes {
                Some(paths) => {
                    paths.iter().any(|path| differ(path.attribute_in(old), path.attribute_in(new)))
                }
                None => any_differs(old, new),
            }
    };
    let sources = match &rule.verb {
        Verb::Move { from, .. } => differ(from.get(old), from.get(new)),
        Verb::Set { from, .. } => from.sources().any(|source| match source.root() {
            Root::Groups => given.regrouped,
            // What was there before matters for every change, and is not seen in the change itself.
            Root::Op | Root::Old => any_differs(old, new),
            Root::Resource => source.read(old, given) != source.read(new, given),
        }),
        Verb::Refuse { when, .. } => condition(when),
        Verb::Drop(_) | Verb::Hide(_) => false,
    };
    sources || rule.when.as_ref().is_some_and(condition)
}

fn differ(old: Option<&Value>, new: Option<&Value>) -> bool {
    let assigned = |value: &&Value| !value.is_unassigned();
    old.filter(assigned) != new.filter(assigned)
}

/// Whether anything differs that a client can write.
fn any_differs(old: &Value, new: &Value) -> bool {
    let of_service =
        |name: &str| ["schemas", "id", "meta"].iter().any(|known| AttrPath::core(name).is_core(known));
    let mut names = old.members().chain(new.members()).map(|(name, _)| name);
    names.any(|name| !of_service(name) && differ(old.get(name), new.get(name)))
}
