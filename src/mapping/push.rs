//! A comparison of the identity provider's as the vendor must be asked it, when a rule has made the value another one.
//!
//! A vendor may hold values that no rule would have made. Those are read as they are, so that a comparison with such a
//! value means two at the vendor: `externalId eq "7"` becomes `externalId eq "x-7" or externalId eq "7"`.

use super::function::{Class, Function, Pipeline};
use super::path::Place;
use super::rule::Back;
use crate::scim::filter::{Filter, Op};
use crate::scim::json::{Kind, Value};
use crate::scim::name::AttrPath;
use crate::scim::schema::{Attribute, AttributeType};

/// What to ask, if anything, and whether the answer is just what was asked for.
pub(super) type Asked = (Option<Filter>, bool);

const NOTHING: Asked = (None, false);
/// More alternatives than these are not worth asking.
const MOST: usize = 8;

/// One move, as far as a comparison needs to know it.
pub(super) struct Moved<'m> {
    /// The attribute on the identity provider's side; `None`: its schema is not known.
    pub from: Option<&'m Attribute>,
    /// The place on the vendor's side.
    pub to: &'m Place,
    /// What it is there.
    pub there: Option<&'m Attribute>,
    /// What becomes of the value.
    pub via: &'m Pipeline,
    /// What is read back.
    pub back: Back,
}

impl Moved<'_> {
    /// The comparison in the vendor's terms.
    pub(super) fn compare(&self, op: Op, value: &Value) -> Asked {
        let kind = |attribute: Option<&Attribute>| {
            attribute.map_or(AttributeType::String, |attribute| attribute.kind)
        };
        let apart = [AttributeType::DateTime, AttributeType::Complex];
        if kind(self.from) != kind(self.there)
            && apart.iter().any(|it| [kind(self.from), kind(self.there)].contains(it))
        {
            return NOTHING;
        }
        // An element that is not there differs from nothing; an attribute that is not there differs from everything.
        if self.to.element.is_some() && (op == Op::Ne || value.is_null()) {
            return NOTHING;
        }
        match self.back {
            Back::Hide => NOTHING,
            Back::Vendor => self.as_it_is(op, value),
            Back::Invert if self.via.is_empty() || value.is_null() => self.as_it_is(op, value),
            Back::Invert | Back::Echo => self.mapped(op, value),
        }
    }

    /// Whether there is a value.
    pub(super) fn present(&self) -> Asked {
        let ask = match &self.to.element {
            None => Filter::Present(self.to.attribute.clone()),
            Some(element) => {
                let mut inner = vec![Filter::eq(AttrPath::core(&element.key), element.value.clone())];
                inner.extend(element.sub.as_deref().map(|sub| Filter::Present(AttrPath::core(sub))));
                let Some(inner) = Filter::all(inner) else { return NOTHING };
                Filter::Element(self.to.attribute.clone(), Box::new(inner))
            }
        };
        match self.back {
            Back::Hide => NOTHING,
            Back::Vendor => (Some(ask), true),
            // Undone, a value may become none, and none a value.
            _ if self.via.is_empty() => (Some(ask), self.back == Back::Invert),
            _ if self.via.0.iter().all(stays_nothing) => (Some(ask), false),
            _ => NOTHING,
        }
    }

    /// The attribute whose order is the same; `None` when there is none.
    pub(super) fn sort_by(&self) -> Option<AttrPath> {
        let same = self.via.is_empty() || self.back == Back::Vendor;
        let whole = self.to.element.is_none() && matches!(self.back, Back::Invert | Back::Vendor);
        let as_here = folds(self.from) == folds(self.there);
        (same && whole && as_here).then(|| self.to.attribute.clone())
    }

    fn as_it_is(&self, op: Op, value: &Value) -> Asked {
        let ask = compare_at(self.to, op, value.clone());
        let selects = matches!(op, Op::Eq | Op::Sw | Op::Co | Op::Ew);
        match (folds(self.from), folds(self.there)) {
            (one, other) if one == other || value.kind() != Kind::Text => (ask, true),
            (true, _) if selects && has_no_case(value) => (ask, true),
            (false, _) if selects => (ask, false),
            _ => NOTHING,
        }
    }

    fn mapped(&self, op: Op, value: &Value) -> Asked {
        let of_list = self.from.is_some_and(|attribute| attribute.multi_valued) && self.to.element.is_none();
        let folded = folds(self.from) && value.kind() == Kind::Text;
        if (of_list && !self.via.is_empty()) || (folded && !folds(self.there)) {
            return NOTHING;
        }
        match op {
            Op::Eq | Op::Ne => self.equal(op, value, folded),
            Op::Sw | Op::Co | Op::Ew => match value.as_str() {
                Some(text) => self.part(op, text),
                None => NOTHING,
            },
            _ => NOTHING,
        }
    }

    fn equal(&self, op: Op, value: &Value, folded: bool) -> Asked {
        let Some(values) = self.origins(value, folded) else { return NOTHING };
        let exact = !folded
            && (!folds(self.there) || value.kind() != Kind::Text)
            && self.back == Back::Invert
            && self.via.class() == Class::Iso
            && values.iter().all(|there| self.via.invert(there.clone()) == *value);
        let asks = values.into_iter().map(|value| compare_at(self.to, op, value)).collect::<Option<Vec<_>>>();
        match (asks, op) {
            (Some(asks), Op::Ne) if exact => (Filter::all(asks), true),
            (Some(asks), Op::Eq) => (Filter::any(asks), exact),
            _ => NOTHING,
        }
    }

    /// All values of the vendor's that are read as a value, or as one that differs from it in case; `None` when they are
    /// not known.
    fn origins(&self, value: &Value, folded: bool) -> Option<Vec<Value>> {
        let mut values = vec![value.clone()];
        for function in &self.via.0 {
            let mut next: Vec<Value> = Vec::new();
            for value in values {
                let stays = folded || function.invert(value.clone()) == value;
                next.extend(images(function, &value, folded)?);
                next.extend(stays.then_some(value));
            }
            values = Vec::new();
            for value in next {
                let known = |other: &Value| match (other.as_str(), value.as_str()) {
                    (Some(one), Some(other)) if folds(self.there) => {
                        one.to_lowercase() == other.to_lowercase()
                    }
                    _ => *other == value,
                };
                if !values.iter().any(known) {
                    values.push(value);
                }
            }
            if values.len() > MOST {
                return None;
            }
        }
        (!values.is_empty()).then_some(values)
    }

    fn part(&self, op: Op, text: &str) -> Asked {
        let texts = |texts: Vec<String>| {
            let asks = texts.into_iter().map(|text| compare_at(self.to, op, Value::from(text)));
            asks.collect::<Option<Vec<_>>>().and_then(Filter::any)
        };
        let exact_case = !folds(self.from) && !folds(self.there) && self.back == Back::Invert;
        let own = text.to_owned();
        match (self.via.0.as_slice(), op) {
            ([Function::Prefix(prefix)], Op::Sw) => {
                let clear = !prefix.starts_with(text) && !text.starts_with(prefix.as_str());
                (texts(vec![format!("{prefix}{text}"), own]), clear && exact_case)
            }
            ([Function::Suffix(suffix)], Op::Ew) => {
                let clear = !suffix.ends_with(text) && !text.ends_with(suffix.as_str());
                (texts(vec![format!("{text}{suffix}"), own]), clear && exact_case)
            }
            // What is added is around what was there.
            ([Function::Prefix(_) | Function::Suffix(_)], _) => (texts(vec![own]), false),
            ([Function::Swap(from, to)], Op::Sw) if exact_case => {
                let there = match (text.strip_prefix(from.as_str()), from.starts_with(text)) {
                    (Some(rest), _) => vec![format!("{to}{rest}"), own],
                    (None, true) => vec![to.clone(), own],
                    (None, false) => vec![own],
                };
                (texts(there), false)
            }
            // The form of some letters depends on where they stand.
            (functions, _)
                if text.is_ascii()
                    && folds(self.from)
                    && functions
                        .iter()
                        .all(|function| matches!(function, Function::Lower | Function::Upper)) =>
            {
                (texts(vec![own]), false)
            }
            _ => NOTHING,
        }
    }
}

/// What a function makes of a value, and, where case does not count, of all that differ from it in case alone: up to case.
/// `None` when that is not known.
fn images(function: &Function, value: &Value, folded: bool) -> Option<Vec<Value>> {
    let direct = || function.apply(value.clone()).ok().flatten().into_iter().collect::<Vec<_>>();
    let scalar = !matches!(
        function,
        Function::Split(_)
            | Function::Join(_)
            | Function::Wrap(_)
            | Function::Unwrap(_)
            | Function::Distinct
            | Function::Sort
            | Function::Each(_)
    );
    match function {
        _ if !scalar => None,
        Function::Table(table) if !table.names().is_empty() => None,
        _ if !folded => Some(direct()),
        Function::Table(table) => {
            let text = value.as_str()?.to_lowercase();
            let alike = |input: &Value| input.as_str().is_some_and(|input| input.to_lowercase() == text);
            let known = matches!(table.by(), super::table::Match::Exact | super::table::Match::Ci);
            known.then(|| {
                table
                    .inputs()
                    .iter()
                    .filter(|input| alike(input))
                    .filter_map(|input| table.get(input).cloned())
                    .collect()
            })
        }
        Function::Swap(from, to) => {
            let (text, begin) = (value.as_str()?, from.to_lowercase());
            // Beginnings of the same length in any case: what `İ` becomes is longer than it is.
            let rest = text
                .get(from.len()..)
                .filter(|_| text.is_ascii() && text[..from.len()].to_lowercase() == begin);
            if !text.is_ascii() {
                return None;
            }
            Some(
                rest.map(|rest| Value::from(format!("{to}{rest}")))
                    .into_iter()
                    .chain([value.clone()])
                    .collect(),
            )
        }
        _ if keeps_case(function) || has_no_case(value) => Some(direct()),
        _ => None,
    }
}

/// Whether two values that differ in case become two that differ at most in case.
fn keeps_case(function: &Function) -> bool {
    matches!(
        function,
        Function::Prefix(_)
            | Function::Suffix(_)
            | Function::Not
            | Function::Lower
            | Function::Upper
            | Function::Trim
            | Function::Squeeze
            | Function::Deburr
            | Function::Word(_)
            | Function::Title
    )
}

/// Whether undoing it makes no value of none.
fn stays_nothing(function: &Function) -> bool {
    keeps_case(function)
        || matches!(
            function,
            Function::Swap(..)
                | Function::Bool
                | Function::Number
                | Function::Text
                | Function::Locale
                | Function::Country(..)
                | Function::Date(..)
                | Function::Distinct
                | Function::Sort
        )
}

/// Whether case does not count in an attribute, which is how one is compared of which nothing is known.
fn folds(attribute: Option<&Attribute>) -> bool {
    attribute.is_none_or(|attribute| !attribute.case_exact)
}

fn has_no_case(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.bytes().all(|b| b.is_ascii() && !b.is_ascii_alphabetic()))
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
