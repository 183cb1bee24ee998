//! PATCH without a look at the vendor: which operations can be translated as they stand.
//!
//! For each path one of five cases is decided when the mapping is loaded (printed by `check -v`). A request goes the
//! direct way only when all its operations can; otherwise it is read, applied, and written as a difference.

use super::Lens;
use super::filter::touches;
use super::function::Class;
use super::merge::Merge;
use super::path::Given;
use super::rule::{Rule, Verb};
use crate::scim::error::Error;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{Missing, Op, Operation};
use crate::scim::path::Path;

/// What a PATCH of a path needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// The same operation is sent.
    Pass,
    /// The operation is sent with path and value mapped.
    Rewrite,
    /// Nothing is sent; it is remembered.
    Local,
    /// What is derived from it is sent, too.
    Recompute,
    /// The resource is read, and the difference is sent.
    Diff,
}

impl Case {
    /// Its name, as `check -v` prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Rewrite => "rewrite",
            Self::Local => "local",
            Self::Recompute => "recompute",
            Self::Diff => "diff",
        }
    }
}

/// A PATCH that needs no look at the vendor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Direct {
    /// For the vendor.
    pub send: Vec<Operation>,
    /// For what the bridge remembers.
    pub local: Vec<Operation>,
}

impl Lens {
    /// Whether an attribute is the same at the vendor, whatever rules read of it.
    pub fn leaves(&self, attribute: &AttrPath) -> bool {
        !self.touches(attribute)
    }

    /// The case of a path.
    pub fn case(&self, path: &Path) -> Case {
        let Some(attribute) = path.attribute() else {
            let Path::Extension(urn) = path else { return Case::Diff };
            let in_it = |other: &AttrPath| {
                other.schema.as_deref().is_some_and(|schema| schema.eq_ignore_ascii_case(urn))
            };
            let untouched = self.pass && self.rules.iter().all(|rule| !about(rule, &in_it));
            return if untouched { Case::Pass } else { Case::Diff };
        };
        let is_it = |other: &AttrPath| other.same_attribute(&attribute);
        let touching: Vec<&Rule> = self.rules.iter().filter(|rule| touches(rule, &attribute)).collect();
        let reading: Vec<&Rule> = self.rules.iter().filter(|rule| reads(rule, &is_it)).collect();
        match (touching.as_slice(), reading.as_slice()) {
            _ if !self.pass => Case::Diff,
            ([], []) => Case::Pass,
            ([], rules) if rules.iter().all(|rule| matches!(rule.verb, Verb::Set { .. })) => Case::Recompute,
            (
                [
                    Rule {
                        verb: Verb::Move { from, via, otherwise: None, .. },
                        when: None,
                        ops,
                        back,
                        merge: Merge::Replace,
                        ..
                    },
                ],
                [],
            ) if from.is(path)
                && from.element.is_none()
                && via.class() == Class::Iso
                && ops.is_empty()
                && *back == super::rule::Back::Invert =>
            {
                Case::Rewrite
            }
            ([Rule { verb: Verb::Drop(place), .. }], [])
                if place.element.is_none() && place.attribute.sub.is_none() =>
            {
                Case::Local
            }
            _ => Case::Diff,
        }
    }

    /// Whether what [`Lens::direct`] gives for these operations depends on the user's groups.
    pub fn direct_needs_groups(&self, operations: &[Operation]) -> bool {
        self.reads_groups
            && operations.iter().any(|operation| {
                let Some(attribute) = operation.path.as_ref().and_then(Path::attribute) else { return true };
                let is_it = |other: &AttrPath| other.same_attribute(&attribute);
                self.rules.iter().any(|rule| rule.reads_groups() && reads(rule, &is_it))
            })
    }

    /// The operations for the vendor, when none needs a look at it.
    ///
    /// # Errors
    /// When a function cannot take a value.
    pub fn direct(&self, operations: &[Operation], given: &Given<'_>) -> Result<Option<Direct>, Error> {
        let mut out = Direct::default();
        let mut recomputed: Vec<usize> = Vec::new();
        let mut known = Value::object();
        for operation in operations {
            let Some(path) = &operation.path else { return Ok(None) };
            // Which element is meant, and whether there is one, only the vendor knows; a member is meant by its id.
            if matches!(path, Path::Element { .. }) && path.as_member().is_none() {
                return Ok(None);
            }
            match self.case(path) {
                Case::Pass => out.send.push(operation.clone()),
                Case::Local => out.local.push(operation.clone()),
                Case::Rewrite => match self.rewrite(path, operation)? {
                    Some(operation) => out.send.push(operation),
                    None => return Ok(None),
                },
                Case::Recompute => {
                    let Some(plain) =
                        path.as_plain().filter(|_| operation.op != Op::Add || !operation.value.is_list())
                    else {
                        return Ok(None);
                    };
                    if operation.op != Op::Remove && !operation.value.is_unassigned() {
                        plain.set(&mut known, operation.value.clone());
                    }
                    let is_it = |other: &AttrPath| other.same_attribute(plain);
                    for (at, _) in self.rules.iter().enumerate().filter(|(_, rule)| reads(rule, &is_it)) {
                        if !recomputed.contains(&at) {
                            recomputed.push(at);
                        }
                    }
                    out.send.push(operation.clone());
                }
                // What the vendor makes of it is remembered beside what was written.
                Case::Diff if self.is_echoed(path, operation) => match self.rewrite(path, operation)? {
                    Some(operation) => out.send.push(operation),
                    None => return Ok(None),
                },
                Case::Diff => return Ok(None),
            }
        }
        if recomputed.iter().any(|&at| !self.is_known(&self.rules[at], operations)) {
            return Ok(None);
        }
        for (at, value) in self.derived(&recomputed, known, given)? {
            let Verb::Set { to, .. } = &self.rules[at].verb else { continue };
            out.send.push(match value {
                Some(value) => {
                    Operation { missing: Missing::Create, ..Operation::new(Op::Replace, to.to_path(), value) }
                }
                None => Operation::new(Op::Remove, to.to_path(), Value::null()),
            });
        }
        Ok(Some(out))
    }

    /// Whether an operation writes the whole of an attribute of which the vendor gets another value, and nothing else comes of
    /// it.
    fn is_echoed(&self, path: &Path, operation: &Operation) -> bool {
        let Some(plain) = path.as_plain().filter(|path| path.sub.is_none()) else { return false };
        let is_it = |other: &AttrPath| other.same_attribute(plain);
        let one = self.catalog.target(plain).is_some_and(|attribute| !attribute.multi_valued);
        let mut touching = self.rules.iter().filter(|rule| touches(rule, plain));
        let (Some(rule), None) = (touching.next(), touching.next()) else { return false };
        let moved = matches!(&rule.verb, Verb::Move { from, to, otherwise: None, .. }
            if from.is(path) && from.element.is_none() && to.element.is_none() && to.attribute == *plain);
        self.pass
            && one
            && moved
            && !operation.value.is_unassigned()
            && rule.back == super::rule::Back::Echo
            && rule.when.is_none()
            && rule.ops.is_empty()
            && rule.merge == Merge::Replace
            && !self.rules.iter().any(|rule| reads(rule, &is_it))
    }

    /// Whether the operations themselves give all that a rule reads, and nobody else writes its target.
    fn is_known(&self, rule: &Rule, operations: &[Operation]) -> bool {
        let Verb::Set { to, from, .. } = &rule.verb else { return false };
        let written = |path: &AttrPath| {
            let whole =
                |operation: &Operation| operation.path.as_ref().and_then(Path::as_plain) == Some(path);
            operations.iter().any(whole)
        };
        let sources = from.sources().all(|source| match source.as_place() {
            Some(place) => place.element.is_none() && written(&place.attribute),
            None => source.attributes().is_some_and(|attributes| attributes.iter().all(written)),
        });
        let condition = rule.when.as_ref().is_none_or(|when| {
            when.attributes.as_ref().is_some_and(|attributes| attributes.iter().all(written))
        });
        let alone = self.rules.iter().filter(|other| touches(other, &to.whole())).count() == 1;
        let whole = rule.merge == Merge::Replace;
        sources && condition && alone && whole && to.element.is_none() && rule.ops.is_empty()
    }

    fn rewrite(&self, path: &Path, operation: &Operation) -> Result<Option<Operation>, Error> {
        let rule =
            self.rules.iter().find(|rule| matches!(&rule.verb, Verb::Move { from, .. } if from.is(path)));
        let Some(Rule { verb: Verb::Move { from, to, via, .. }, span, .. }) = rule else { return Ok(None) };
        // One more element is not what a function makes of all of them.
        let list = operation.op == Op::Add
            && !via.is_empty()
            && self.catalog.target(&from.attribute).is_none_or(|attribute| attribute.multi_valued);
        if to.element.is_some() || (list && path.as_plain().is_some_and(|path| path.sub.is_none())) {
            return Ok(None);
        }
        let value = if operation.op == Op::Remove || operation.value.is_unassigned() {
            Value::null()
        } else if via.is_empty() {
            operation.value.clone()
        } else {
            let made = via.carry(operation.value.clone()).map_err(|unfit| {
                Error::value(format!(
                    "{to} cannot be made from what was sent: {unfit} (mapping rule at line {})",
                    span.line
                ))
            })?;
            match made {
                Some(value) => value,
                None => return Ok(None),
            }
        };
        Ok(Some(Operation { op: operation.op, path: Some(to.to_path()), value, missing: operation.missing }))
    }
}

/// Whether a rule reads an attribute to decide or derive something.
fn reads(rule: &Rule, is_it: &impl Fn(&AttrPath) -> bool) -> bool {
    let in_list = |attributes: Option<Vec<AttrPath>>| attributes.is_none_or(|list| list.iter().any(is_it));
    let condition = match &rule.verb {
        Verb::Refuse { when, .. } => Some(when),
        _ => rule.when.as_ref(),
    };
    let sources = match &rule.verb {
        Verb::Set { from, .. } => from.sources().any(|source| in_list(source.attributes())),
        _ => false,
    };
    sources || condition.is_some_and(|condition| in_list(condition.attributes.clone()))
}

/// Whether a rule has to do with any attribute of a kind.
fn about(rule: &Rule, is_one: &impl Fn(&AttrPath) -> bool) -> bool {
    let touching = match &rule.verb {
        Verb::Move { from, to, .. } => is_one(&from.attribute) || is_one(&to.attribute),
        Verb::Set { to, .. } | Verb::Drop(to) | Verb::Hide(to) => is_one(&to.attribute),
        Verb::Refuse { .. } => false,
    };
    touching || reads(rule, is_one)
}
