//! `merge`: what becomes of the elements that a list at the vendor has already.

use super::Lens;
use super::path::{Given, Place};
use super::rule::{From, Rule, Verb};
use crate::remainder::Sent;
use crate::scim::json::Value;
use crate::scim::schema::Returned;

/// How a list is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Merge {
    /// It is what the rule says.
    #[default]
    Replace,
    /// What the vendor has stays, and what the rule says is added.
    Union,
    /// The same, and what the bridge added goes when the rule does not say it any more.
    Owned,
}

impl Merge {
    /// The words of the file.
    pub const NAMES: [&'static str; 3] = ["replace", "union", "owned"];

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Replace, Self::Union, Self::Owned]
            .into_iter()
            .zip(Self::NAMES)
            .find(|(_, name)| *name == word)
            .map(|(merge, _)| merge)
    }

    /// What a rule says on top of what earlier rules said about the same list.
    pub(super) fn onto(self, earlier: Option<&Value>, value: Value) -> Value {
        match earlier {
            Some(earlier) if self != Self::Replace => join(earlier, &value),
            _ => value,
        }
    }
}

impl Lens {
    /// Adds to the lists that are merged what the vendor has besides.
    pub(super) fn merge(&self, out: &mut Value, before: Option<&Value>, given: &Given<'_>) {
        let Some(before) = before else { return };
        for rule in self.rules.iter().filter(|rule| rule.merge != Merge::Replace) {
            let Some(to) = list(rule) else { continue };
            let Some(theirs) = to.get(before) else { continue };
            let ours = given
                .known
                .filter(|_| rule.merge == Merge::Owned)
                .and_then(|known| known.sent(&to.attribute));
            let kept = theirs.each().iter().filter(|item| !ours.is_some_and(|ours| has(ours, item)));
            let kept: Value = kept.cloned().collect();
            let merged = match to.get(out) {
                // In the vendor's order: what is the same stays where it is.
                Some(now) => join(
                    &theirs
                        .each()
                        .iter()
                        .filter(|item| has(&kept, item) || has(now, item))
                        .cloned()
                        .collect(),
                    now,
                ),
                None => kept,
            };
            if merged.is_unassigned() {
                to.take(out);
            } else {
                to.set(out, merged);
            }
        }
    }

    /// What must be remembered of what is sent: the elements of lists that the bridge adds, and values that were made from
    /// nothing. `before`: what the vendor has.
    pub fn sent(
        &self,
        sent: &Value,
        before: Option<&Value>,
        known: Option<&crate::remainder::Remainder>,
    ) -> Vec<Sent> {
        let mut out: Vec<Sent> = Vec::new();
        for rule in &self.rules {
            let Verb::Set { to, from, .. } = &rule.verb else {
                if let Some(to) = list(rule).filter(|_| rule.merge == Merge::Owned) {
                    out.extend(owned(to, sent, before, known));
                }
                continue;
            };
            if rule.merge == Merge::Owned {
                out.extend(owned(to, sent, before, known));
            } else if matches!(from, From::Made(_)) && self.may_be_kept(to) {
                let value = to.get(sent).cloned();
                out.extend(value.map(|value| Sent { path: to.attribute.clone(), value }));
            }
        }
        out.dedup_by(|a, b| a.path == b.path);
        out
    }

    /// Whether [`Lens::sent`] ever has anything to say.
    pub fn remembers_what_is_sent(&self) -> bool {
        self.rules.iter().any(|rule| {
            rule.merge == Merge::Owned
                || matches!(&rule.verb, Verb::Set { to, from: From::Made(_), .. } if self.may_be_kept(to))
        })
    }

    /// Whether a rule makes something from nothing.
    pub fn needs_moment(&self) -> bool {
        self.rules.iter().any(|rule| matches!(&rule.verb, Verb::Set { from: From::Made(_), .. }))
    }

    /// A password is never kept, nor anything else that is never shown.
    fn may_be_kept(&self, place: &Place) -> bool {
        place.element.is_none()
            && self
                .catalog
                .target(&place.attribute)
                .is_none_or(|attribute| attribute.returned != Returned::Never)
    }
}

/// The list that a rule writes.
fn list(rule: &Rule) -> Option<&Place> {
    match &rule.verb {
        Verb::Move { to, .. } | Verb::Set { to, .. } => Some(to),
        _ => None,
    }
}

/// The elements that are the bridge's: those that were not there, and those that were and had been its own.
fn owned(
    to: &Place,
    sent: &Value,
    before: Option<&Value>,
    known: Option<&crate::remainder::Remainder>,
) -> Option<Sent> {
    let theirs = before.and_then(|before| to.get(before));
    let ours = known.and_then(|known| known.sent(&to.attribute));
    let is_ours = |item: &&Value| {
        !theirs.is_some_and(|theirs| has(theirs, item)) || ours.is_some_and(|ours| has(ours, item))
    };
    let value: Value = to.get(sent)?.each().iter().filter(is_ours).cloned().collect();
    (!value.is_unassigned()).then(|| Sent { path: to.attribute.clone(), value })
}

/// All elements of both, each once, those of the first as they are there.
fn join(first: &Value, second: &Value) -> Value {
    let new = second.each().iter().filter(|item| !has(first, item));
    first.each().iter().chain(new).cloned().collect()
}

fn has(list: &Value, item: &Value) -> bool {
    list.each().iter().any(|other| same(other, item))
}

/// Whether two elements are the same one: `value` and `type` identify it (RFC 7643 §2.4), not how it is shown.
fn same(a: &Value, b: &Value) -> bool {
    match (a.get("value"), b.get("value")) {
        (Some(one), Some(other)) => one == other && a.get("type") == b.get("type"),
        _ => a == b,
    }
}
