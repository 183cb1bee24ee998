//! What the identity provider never reads, and so cannot ask about.
//!
//! "Is there anybody with externalId X?" answered by "nobody", because a rule keeps the attribute away, makes the identity
//! provider create everybody once more. Such a question has no true answer, and is refused with the rule that is the cause.

use super::Lens;
use super::path::Place;
use super::rule::{Back, Rule, Verb};
use crate::scim::filter::{Filter, Op};
use crate::scim::json::Value;
use crate::scim::name::AttrPath;

impl Lens {
    /// Why a filter has no true answer; `None`: it has one. `remembers`: the bridge keeps what the vendor cannot hold.
    pub fn unread(&self, filter: &Filter, remembers: bool) -> Option<String> {
        match filter {
            Filter::Compare { path, op, value } => {
                self.kept_away(path, None, remembers).or_else(|| self.altered(path, *op, value, remembers))
            }
            Filter::Present(path) => self.kept_away(path, None, remembers),
            Filter::Element(path, inner) => {
                let mut why = None;
                inner.each_path(&mut |sub: &AttrPath| {
                    let path = path.with_sub(&sub.name);
                    why = why.take().or_else(|| self.kept_away(&path, Some(inner), remembers));
                });
                why
            }
            Filter::And(parts) | Filter::Or(parts) => {
                parts.iter().find_map(|part| self.unread(part, remembers))
            }
            Filter::Not(inner) => self.unread(inner, remembers),
        }
    }

    /// The attribute of the vendor that one of the identity provider's is; itself, if no rule moves it.
    pub fn vendor_side(&self, path: &AttrPath) -> AttrPath {
        let moved = self.rules.iter().find_map(|rule| match &rule.verb {
            Verb::Move { from, to, .. } if from.element.is_none() && from.attribute == *path => {
                Some(to.attribute.clone())
            }
            _ => None,
        });
        moved.unwrap_or_else(|| path.clone())
    }

    /// Why an attribute is never read. `inner`: what an element of it must satisfy.
    fn kept_away(&self, path: &AttrPath, inner: Option<&Filter>, remembers: bool) -> Option<String> {
        if ["id", "meta", "schemas"].iter().any(|name| AttrPath::core(name).same_attribute(path)) {
            return None;
        }
        let is_it = |place: &Place| covers(place, path) && !inner.is_some_and(|inner| excludes(inner, place));
        let echoes = |rule: &Rule| rule.back == Back::Echo && remembers;
        let given_back = self.rules.iter().any(|rule| match &rule.verb {
            Verb::Move { from, .. } => {
                (is_it(from) || is_key(from, path))
                    && (echoes(rule) || matches!(rule.back, Back::Invert | Back::Vendor))
            }
            Verb::Set { to, .. } => is_it(to) && (echoes(rule) || rule.back == Back::Vendor),
            Verb::Drop(place) => is_it(place) && echoes(rule),
            Verb::Hide(_) | Verb::Refuse { .. } => false,
        });
        if given_back {
            return None;
        }
        let cause = self.rules.iter().find_map(|rule| {
            let what = match &rule.verb {
                Verb::Drop(place) if is_it(place) => "never sends it to the vendor".to_owned(),
                Verb::Hide(place) if is_it(place) => "hides what the vendor has there".to_owned(),
                Verb::Move { from, .. } if is_it(from) => "hides what it becomes".to_owned(),
                Verb::Set { to, .. } if is_it(to) => "derives it for the vendor, and hides it".to_owned(),
                Verb::Move { from, to, .. } if is_it(to) && !remembers => {
                    format!("keeps {from} there, which can be asked about")
                }
                _ => return None,
            };
            Some((rule.span.line, what))
        });
        let because = match cause {
            Some((line, what)) => format!("the mapping rule at line {line} {what}"),
            None if !self.pass && !remembers => {
                "no mapping rule names it, and the mapping has `pass: none`".to_owned()
            }
            None => return None,
        };
        let memory = if remembers { "" } else { "; nothing is remembered here (`state: none`)" };
        Some(format!("{path} cannot be asked about, since it is never read back: {because}{memory}"))
    }

    /// Why nobody could be found by a value: a rule makes it another one, and that is what is read, be it the vendor's own
    /// or, without memory, a canonical form.
    fn altered(&self, path: &AttrPath, op: Op, value: &Value, remembers: bool) -> Option<String> {
        if op != Op::Eq || value.is_null() {
            return None;
        }
        let exact = self.catalog.target(path).is_some_and(|attribute| attribute.case_exact);
        self.rules.iter().find_map(|rule| {
            let Verb::Move { from, via, otherwise, .. } = &rule.verb else { return None };
            if from.element.is_some() || from.attribute != *path {
                return None;
            }
            let otherwise = || otherwise.as_ref().and_then(|template| template.fill(&|_: &str| None));
            // What cannot be taken was refused when it was written.
            let made = via.carry(value.clone()).ok()?.or_else(otherwise)?;
            let read = match rule.back {
                Back::Vendor => made,
                Back::Invert if !remembers => via.invert(made),
                Back::Invert | Back::Echo | Back::Hide => return None,
            };
            differ(&read, value, exact).then(|| {
                format!(
                    "{path} cannot be asked about with this value: the mapping rule at line {} makes another one of it, \
                     which is what is read back; ask for that one",
                    rule.span.line
                )
            })
        })
    }
}

/// Whether two values are two for a comparison.
fn differ(one: &Value, other: &Value, exact: bool) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) if !exact => one.to_lowercase() != other.to_lowercase(),
        _ => one != other,
    }
}

/// Whether what a path names is at a place, in whole or in some elements.
fn covers(place: &Place, path: &AttrPath) -> bool {
    let same_sub = |sub: &Option<compact_str::CompactString>| match (sub, &path.sub) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (None, _) => true,
        (Some(_), None) => false,
    };
    place.attribute.same_attribute(path)
        && match &place.element {
            None => same_sub(&place.attribute.sub),
            Some(element) => path.sub.is_none() || same_sub(&element.sub),
        }
}

/// Whether a path names what tells the element of a place apart, such as `emails.type`: it is read back with the element.
fn is_key(place: &Place, path: &AttrPath) -> bool {
    let same = |key: &str| path.sub.as_deref().is_some_and(|sub| sub.eq_ignore_ascii_case(key));
    place.attribute.same_attribute(path) && place.element.as_ref().is_some_and(|element| same(&element.key))
}

/// Whether a filter is about other elements than the one of a place.
fn excludes(inner: &Filter, place: &Place) -> bool {
    let Some(element) = &place.element else { return false };
    let another = |part: &Filter| {
        part.as_eq().is_some_and(|(key, value)| {
            let same = match (value.as_str(), element.value.as_str()) {
                (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
                _ => *value == element.value,
            };
            key.is_core(&element.key) && !same
        })
    };
    match inner {
        Filter::And(parts) => parts.iter().any(another),
        part => another(part),
    }
}
