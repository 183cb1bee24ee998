//! Whether a filter asks for attributes that exist, by values of their types.
//!
//! RFC 7644 §3.4.2.2 lets an unknown attribute be one without a value. A strict vendor says so instead: the filter is
//! more likely a mistake than a question.

use jiff::Timestamp;
use serde_json::Value;

use super::schema::{Attribute, Kind, Mutability, Type, extension, find};
use crate::simulator::oracle::Refusal;
use crate::simulator::oracle::attribute::AttributePath;
use crate::simulator::oracle::filter::{Filter, Operator};

/// What a path leads to.
pub(super) enum Target {
    /// An attribute of a known schema, and its sub-attribute.
    Known(&'static Attribute, Option<&'static Attribute>),
    /// Something in an extension that is taken as it comes, or such an extension as a whole.
    Free,
}

/// Where `path` leads in a resource of that type; `None` to nothing.
pub(super) fn target(kind: Type, path: &AttributePath) -> Option<Target> {
    let place = path.place(&serde_json::Map::new());
    let attribute = match (&place.extension, &place.attribute) {
        (None, Some(name)) => kind.attribute(name)?,
        (Some(urn), Some(name)) => match extension(urn) {
            Some(attributes) => find(attributes, name)?,
            None => return Some(Target::Free),
        },
        _ => return Some(Target::Free),
    };
    let part = match &place.sub {
        None => None,
        Some(sub) => Some(find(attribute.parts, sub)?),
    };
    Some(Target::Known(attribute, part))
}

/// The text that the `key` of a record must be for it to match, when the filter says so plainly. It spares the look at
/// thousands of others; the one found is still looked at.
pub(super) fn wanted_key(kind: Type, filter: &Filter) -> Option<String> {
    let key = match kind {
        Type::User => "userName",
        Type::Group => "displayName",
    };
    match filter {
        Filter::Compare(path, Operator::Eq, Value::String(wanted))
            if path.sub.is_none()
                && path.name.eq_ignore_ascii_case(key)
                && path.place(&serde_json::Map::new()).extension.is_none() =>
        {
            Some(wanted.to_lowercase())
        }
        _ => None,
    }
}

/// Checks a filter on resources of these types; it is enough that one of them has the attribute.
///
/// # Errors
///
/// `invalidFilter`.
pub(super) fn check(kinds: &[Type], filter: &Filter) -> Result<(), Refusal> {
    match filter {
        Filter::Not(inner) => check(kinds, inner),
        Filter::And(left, right) | Filter::Or(left, right) => {
            check(kinds, left).and_then(|()| check(kinds, right))
        }
        Filter::Present(path) => known(kinds, path).map(drop),
        Filter::Compare(path, operator, literal) => match known(kinds, path)? {
            Target::Known(attribute, part) => compares(part.unwrap_or(attribute), *operator, literal),
            Target::Free => Ok(()),
        },
        Filter::Selected(path, inner) => match known(kinds, path)? {
            Target::Known(attribute, None) => check_inside(attribute, inner),
            Target::Known(..) => {
                Err(invalid("a value path selects values of an attribute, not of a sub-attribute"))
            }
            Target::Free => Ok(()),
        },
    }
}

/// Checks the filter of a value path, whose names are those of sub-attributes.
pub(super) fn check_inside(attribute: &'static Attribute, filter: &Filter) -> Result<(), Refusal> {
    let part = |path: &AttributePath| {
        let part = if path.sub.is_none() { find(attribute.parts, &path.name) } else { None };
        part.ok_or_else(|| invalid(format!("{} has no sub-attribute {}", attribute.name, path.name)))
    };
    match filter {
        Filter::Not(inner) => check_inside(attribute, inner),
        Filter::And(left, right) | Filter::Or(left, right) => {
            check_inside(attribute, left).and_then(|()| check_inside(attribute, right))
        }
        Filter::Present(path) => part(path).map(drop),
        Filter::Compare(path, operator, literal) => compares(part(path)?, *operator, literal),
        Filter::Selected(..) => Err(invalid("a value path holds no other")),
    }
}

fn known(kinds: &[Type], path: &AttributePath) -> Result<Target, Refusal> {
    let found = kinds.iter().find_map(|kind| target(*kind, path));
    let found = found.ok_or_else(|| invalid(format!("there is no attribute {}", path.name)))?;
    match found {
        Target::Known(attribute, _) if attribute.mutability == Mutability::WriteOnly => {
            Err(invalid(format!("{} cannot be asked for", attribute.name)))
        }
        found => Ok(found),
    }
}

fn compares(attribute: &Attribute, operator: Operator, literal: &Value) -> Result<(), Refusal> {
    // A complex attribute is compared by its `value`, when it has one.
    let compared = match attribute.kind {
        Kind::Complex => find(attribute.parts, "value"),
        _ => None,
    };
    let kind = compared.unwrap_or(attribute).kind;
    let equality = matches!(operator, Operator::Eq | Operator::Ne);
    let fits = match (kind, literal) {
        (Kind::Complex, _) => false,
        (_, Value::Null) => equality,
        (Kind::Flag, Value::Bool(_)) => equality,
        (Kind::Text | Kind::Reference, Value::String(_)) => true,
        (Kind::Binary, Value::String(_)) => equality,
        (Kind::Instant, Value::String(text)) => text.parse::<Timestamp>().is_ok(),
        _ => false,
    };
    let name = attribute.name;
    if fits { Ok(()) } else { Err(invalid(format!("{name} cannot be compared with {literal} in this way"))) }
}

fn invalid(detail: impl Into<String>) -> Refusal {
    Refusal::new("invalidFilter", detail)
}
