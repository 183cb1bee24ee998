//! A filter of the identity provider as the vendor must be asked it.
//!
//! What cannot be asked exactly is asked more widely, and checked again on what comes back; what cannot be asked at all
//! is left out. So the answer is never wrong, only sometimes dear.

use super::Lens;
use super::function::{Class, Function, Pipeline};
use super::merge::Merge;
use super::path::Place;
use super::rule::{Rule, Verb};
use crate::scim::filter::{Filter, Op};
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::projection::Projection;

/// A filter in the vendor's terms.
#[derive(Clone, Debug, PartialEq)]
pub struct MappedFilter {
    /// What to ask; `None`: for everything.
    pub ask: Option<Filter>,
    /// Whether the answer is just what was asked for. If not, it may hold more, and must be filtered again.
    pub exact: bool,
}

/// What an attribute of the identity provider's side is at the vendor.
enum Meaning<'l> {
    Same,
    Moved(&'l Place, &'l Pipeline),
    /// It is derived, remembered or hidden: the vendor cannot be asked.
    Ours,
}

impl Lens {
    /// The filter to ask the vendor.
    pub fn filter(&self, filter: &Filter) -> MappedFilter {
        if self.is_identity() {
            return MappedFilter { ask: Some(filter.clone()), exact: true };
        }
        let (ask, exact) = self.translate(filter);
        MappedFilter { exact: exact && ask.is_some(), ask }
    }

    fn translate(&self, filter: &Filter) -> (Option<Filter>, bool) {
        match filter {
            Filter::And(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.translate(part)).collect();
                let exact = parts.iter().all(|(ask, exact)| ask.is_some() && *exact);
                (Filter::all(parts.into_iter().filter_map(|(ask, _)| ask)), exact)
            }
            Filter::Or(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.translate(part)).collect();
                let exact = parts.iter().all(|(_, exact)| *exact);
                let all: Option<Vec<_>> = parts.into_iter().map(|(ask, _)| ask).collect();
                (all.and_then(Filter::any), exact)
            }
            // The opposite of more than was asked for is less.
            Filter::Not(inner) => match self.translate(inner) {
                (Some(ask), true) => (Some(Filter::Not(Box::new(ask))), true),
                _ => (None, false),
            },
            Filter::Compare { path, op, value } => self.compare(path, *op, value),
            Filter::Present(path) => match self.meaning(path) {
                Meaning::Same => (Some(filter.clone()), true),
                Meaning::Moved(to, _) => (present(to), true),
                Meaning::Ours => (None, false),
            },
            Filter::Element(path, inner) => match self.element(path, inner) {
                Some((rule, op, value)) => rule_compare(rule, op, value),
                None if self.touches(path) => (None, false),
                None => (Some(filter.clone()), true),
            },
        }
    }

    fn compare(&self, path: &AttrPath, op: Op, value: &Value) -> (Option<Filter>, bool) {
        match self.meaning(path) {
            Meaning::Same => (Some(Filter::Compare { path: path.clone(), op, value: value.clone() }), true),
            Meaning::Ours => (None, false),
            Meaning::Moved(to, via) => {
                let exact_case = self.catalog.target(path).is_some_and(|attribute| attribute.case_exact);
                moved(to, via, op, value, exact_case)
            }
        }
    }

    fn meaning(&self, path: &AttrPath) -> Meaning<'_> {
        let mut touched = !self.pass;
        for rule in &self.rules {
            if let Verb::Move { from, to, via, otherwise: None } = &rule.verb
                && rule.when.is_none()
                && rule.ops.is_empty()
                && rule.merge == Merge::Replace
                && from.element.is_none()
                && from.attribute == *path
            {
                return Meaning::Moved(to, via);
            }
            touched = touched || touches(rule, path);
        }
        if touched { Meaning::Ours } else { Meaning::Same }
    }

    /// `emails[type eq "work" and value eq "x"]`, when a rule moves just that element's value.
    fn element<'l>(&'l self, path: &AttrPath, inner: &'l Filter) -> Option<(&'l Rule, Op, &'l Value)> {
        let Filter::And(parts) = inner else { return None };
        let [a, b] = parts.as_slice() else { return None };
        self.rules.iter().find_map(|rule| {
            let Verb::Move { from, otherwise: None, .. } = &rule.verb else { return None };
            let element = from.element.as_ref().filter(|_| from.attribute.same_attribute(path))?;
            let selects = |part: &Filter| {
                part.as_eq().is_some_and(|(key, value)| key.is_core(&element.key) && *value == element.value)
            };
            let other = if selects(a) { b } else { Some(a).filter(|_| selects(b))? };
            match other {
                Filter::Compare { path, op, value }
                    if element.sub.as_deref().is_some_and(|sub| path.is_core(sub)) =>
                {
                    rule.when.is_none().then_some((rule, *op, value))
                }
                _ => None,
            }
        })
    }

    /// Whether any rule has to do with an attribute.
    pub(super) fn touches(&self, path: &AttrPath) -> bool {
        !self.pass || self.rules.iter().any(|rule| touches(rule, path))
    }

    /// The attributes that the vendor must be asked for, so that these can be shown. `None`: all.
    pub fn projection(&self, projection: &Projection) -> Option<Projection> {
        if self.is_identity() {
            return Some(projection.clone());
        }
        let mut out = Projection::default();
        for path in &projection.only {
            if !self.touches(path) {
                out.only.push(path.clone());
                continue;
            }
            for rule in &self.rules {
                match &rule.verb {
                    Verb::Move { from, to, .. } if from.whole().same_attribute(path) => {
                        out.only.push(to.whole());
                    }
                    _ if touches(rule, path) => return None, // what is remembered is compared with the whole
                    _ => {}
                }
            }
        }
        out.without = projection.without.iter().filter(|path| !self.touches(path)).cloned().collect();
        Some(out)
    }

    /// The attribute that the vendor must sort by; `None` when its order would be another.
    pub fn sort_by(&self, path: &AttrPath) -> Option<AttrPath> {
        match self.meaning(path) {
            Meaning::Same => Some(path.clone()),
            Meaning::Moved(to, via) if via.is_empty() && to.element.is_none() => Some(to.attribute.clone()),
            _ => None,
        }
    }
}

fn rule_compare(rule: &Rule, op: Op, value: &Value) -> (Option<Filter>, bool) {
    match &rule.verb {
        Verb::Move { to, via, .. } => moved(to, via, op, value, false),
        _ => (None, false),
    }
}

fn moved(to: &Place, via: &Pipeline, op: Op, value: &Value, exact_case: bool) -> (Option<Filter>, bool) {
    if via.is_empty() {
        return (compare_at(to, op, value.clone()), true);
    }
    if !exact_case && !via.0.iter().all(keeps_case) {
        return (None, false); // equal but for case here may be something else there
    }
    let Ok(Some(there)) = via.apply(value.clone()) else { return (None, false) };
    match (op, via.class()) {
        (Op::Eq, Class::Iso) => (compare_at(to, op, there), true),
        (Op::Ne, Class::Iso) => (compare_at(to, op, there), true),
        // Whatever equals the value becomes this: perhaps others do, too.
        (Op::Eq, Class::Retract | Class::Partial | Class::Lossy) => (compare_at(to, op, there), false),
        _ => (None, false),
    }
}

/// Whether two values that differ in case become two that differ at most in case.
fn keeps_case(function: &Function) -> bool {
    match function {
        Function::Table(table) => table.by() == super::table::Match::Ci,
        Function::Each(inner) => keeps_case(inner),
        Function::Prefix(_)
        | Function::Suffix(_)
        | Function::Not
        | Function::Bool
        | Function::Number
        | Function::Text
        | Function::Lower
        | Function::Upper
        | Function::Trim
        | Function::Squeeze
        | Function::Deburr
        | Function::Locale
        | Function::Word(_)
        | Function::Title => true,
        _ => false,
    }
}

fn compare_at(to: &Place, op: Op, value: Value) -> Option<Filter> {
    match &to.element {
        None => Some(Filter::Compare { path: to.attribute.clone(), op, value }),
        Some(element) => {
            let sub = AttrPath::core(element.sub.as_deref()?);
            let inner = Filter::all([
                Filter::eq(AttrPath::core(&element.key), element.value.clone()),
                Filter::Compare { path: sub, op, value },
            ])?;
            Some(Filter::Element(to.attribute.clone(), Box::new(inner)))
        }
    }
}

fn present(to: &Place) -> Option<Filter> {
    match &to.element {
        None => Some(Filter::Present(to.attribute.clone())),
        Some(element) => {
            let inner = Filter::eq(AttrPath::core(&element.key), element.value.clone());
            Some(Filter::Element(to.attribute.clone(), Box::new(inner)))
        }
    }
}

/// Whether a rule makes an attribute something else on one of the two sides.
pub(super) fn touches(rule: &Rule, path: &AttrPath) -> bool {
    let is = |place: &Place| place.whole().same_attribute(path);
    match &rule.verb {
        Verb::Move { from, to, .. } => is(from) || is(to),
        Verb::Set { to, .. } => is(to),
        Verb::Drop(place) | Verb::Hide(place) => is(place),
        Verb::Refuse { .. } => false,
    }
}
