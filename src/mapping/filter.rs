//! A filter of the identity provider as the vendor must be asked it.
//!
//! What cannot be asked exactly is asked more widely, and checked again on what comes back; what cannot be asked at all
//! is left out. So the answer is never wrong, only sometimes dear.

use super::Lens;
use super::merge::Merge;
use super::path::Place;
use super::push::Moved;
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
    Moved(Moved<'l>),
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
                Meaning::Moved(moved) => moved.present(),
                Meaning::Ours => (None, false),
            },
            Filter::Element(path, inner) => match self.element(path, inner) {
                // The element must be there to differ; elsewhere what is not there differs, too.
                Some((moved, op, value)) => {
                    let (ask, exact) = moved.compare(op, value);
                    (ask, exact && op != Op::Ne && !value.is_null())
                }
                None if self.touches(path) => (None, false),
                None => (Some(filter.clone()), true),
            },
        }
    }

    fn compare(&self, path: &AttrPath, op: Op, value: &Value) -> (Option<Filter>, bool) {
        match self.meaning(path) {
            Meaning::Same => (Some(Filter::Compare { path: path.clone(), op, value: value.clone() }), true),
            Meaning::Ours => (None, false),
            Meaning::Moved(moved) => moved.compare(op, value),
        }
    }

    fn meaning(&self, path: &AttrPath) -> Meaning<'_> {
        let mut touched = !self.pass;
        for rule in &self.rules {
            if let Verb::Move { from, .. } = &rule.verb
                && from.element.is_none()
                && from.attribute == *path
                && let Some(moved) = self.moved(rule)
            {
                return Meaning::Moved(moved);
            }
            touched = touched || touches(rule, path);
        }
        if touched { Meaning::Ours } else { Meaning::Same }
    }

    /// A rule that always moves one place into another.
    fn moved<'l>(&'l self, rule: &'l Rule) -> Option<Moved<'l>> {
        let Verb::Move { from, to, via, otherwise: None } = &rule.verb else { return None };
        let always = rule.when.is_none() && rule.ops.is_empty() && rule.merge == Merge::Replace;
        let of = |place: &Place| {
            let attribute = self.catalog.attribute(&place.attribute)?;
            let sub =
                place.element.as_ref().map_or(place.attribute.sub.as_ref(), |element| element.sub.as_ref());
            sub.map_or(Some(attribute), |sub| attribute.sub(sub))
        };
        always.then(|| Moved { from: of(from), to, there: of(to), via, back: rule.back })
    }

    /// `emails[type eq "work" and value eq "x"]`, when a rule moves just that element's value.
    fn element<'l>(&'l self, path: &AttrPath, inner: &'l Filter) -> Option<(Moved<'l>, Op, &'l Value)> {
        let Filter::And(parts) = inner else { return None };
        let [a, b] = parts.as_slice() else { return None };
        self.rules.iter().find_map(|rule| {
            let Verb::Move { from, .. } = &rule.verb else { return None };
            let element = from.element.as_ref().filter(|_| from.attribute.same_attribute(path))?;
            let selects = |part: &Filter| {
                part.as_eq().is_some_and(|(key, value)| key.is_core(&element.key) && *value == element.value)
            };
            let other = if selects(a) { b } else { Some(a).filter(|_| selects(b))? };
            match other {
                Filter::Compare { path, op, value }
                    if element.sub.as_deref().is_some_and(|sub| path.is_core(sub)) =>
                {
                    self.moved(rule).map(|moved| (moved, *op, value))
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
            Meaning::Moved(moved) => moved.sort_by(),
            _ => None,
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
