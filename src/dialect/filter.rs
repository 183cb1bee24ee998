//! Filters as clients write them: without quotes, encoded twice, in the wrong case, comparing parts of elements.

use percent_encoding::percent_decode_str;

use super::rule::{Rule, Touched};
use super::{body, value};
use crate::scim::error::Error;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::schema::{Attribute, AttributeType, Catalog};

/// The filter that a client means.
///
/// # Errors
/// `invalidFilter` when it cannot be read even so.
pub(super) fn canonical(text: &str, catalog: &Catalog, touched: &mut Touched) -> Result<Filter, Error> {
    let (mut filter, tolerated) = Filter::parse_tolerant(text)
        .map_err(|error| Error::filter(format!("the filter cannot be read: {error}")))?;
    if tolerated.bare_literal {
        touched.by(Rule::BareLiteral);
    }
    if tolerated.element_sub_attribute {
        touched.by(Rule::ElementSubAttribute);
    }
    walk(&mut filter, catalog, touched);
    Ok(filter)
}

fn walk(filter: &mut Filter, catalog: &Catalog, touched: &mut Touched) {
    match filter {
        Filter::Compare { path, value, .. } => {
            named(path, catalog, touched);
            decode_again(value, touched);
            if let Some(attribute) = catalog.attribute(path) {
                if path.sub.is_none()
                    && attribute.kind == AttributeType::Complex
                    && attribute.sub("value").is_some()
                    && touched.by(Rule::ImplicitValue)
                {
                    path.sub = Some("value".into());
                }
                literal(catalog.target(path), value, touched);
            }
        }
        Filter::Present(path) => named(path, catalog, touched),
        Filter::Element(path, inner) => {
            named(path, catalog, touched);
            canonical_element(inner, catalog.attribute(path), touched);
        }
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter_mut().for_each(|part| walk(part, catalog, touched));
        }
        Filter::Not(inner) => walk(inner, catalog, touched),
    }
}

/// The filter of a value path, whose names are sub-attributes of `attribute`.
pub(super) fn canonical_element(filter: &mut Filter, attribute: Option<&Attribute>, touched: &mut Touched) {
    let spell = |path: &mut AttrPath| {
        if let Some(sub) = attribute.and_then(|attribute| attribute.sub(&path.name)) {
            path.name = sub.name.clone();
        }
    };
    match filter {
        Filter::Compare { path, value, .. } => {
            spell(path);
            decode_again(value, touched);
            literal(attribute.and_then(|attribute| attribute.sub(&path.name)), value, touched);
        }
        Filter::Present(path) => spell(path),
        Filter::Element(..) => {}
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter_mut().for_each(|part| canonical_element(part, attribute, touched));
        }
        Filter::Not(inner) => canonical_element(inner, attribute, touched),
    }
}

fn named(path: &mut AttrPath, catalog: &Catalog, touched: &mut Touched) {
    let given = std::mem::replace(path, AttrPath::core("id"));
    *path = body::spelt(body::qualified(given, catalog, touched), catalog, touched);
}

/// `"True"` compared with a boolean, and `7` with what is a string: an id is text, even where it looks like a number.
fn literal(attribute: Option<&Attribute>, literal: &mut Value, touched: &mut Touched) {
    let Some(attribute) = attribute else { return };
    match attribute.kind {
        AttributeType::Boolean if literal.as_str().is_some() => {
            touched.by(Rule::StringBooleanInPath);
            value::boolean(literal, &mut Touched::default());
        }
        AttributeType::String | AttributeType::Reference => {
            if let Some(number) = literal.as_number() {
                touched.by(Rule::BareLiteral);
                *literal = Value::from(number);
            }
        }
        _ => {}
    }
}

/// A literal that is itself wholly percent-encoded, as nothing but a second encoding makes it: only unreserved
/// characters and triplets, and at least one triplet.
fn decode_again(literal: &mut Value, touched: &mut Touched) {
    let Some(text) = literal.as_str() else { return };
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'%');
    if !text.contains('%') || !text.bytes().all(unreserved) || !well_formed_triplets(text) {
        return;
    }
    if let Ok(decoded) = percent_decode_str(text).decode_utf8()
        && !decoded.contains(char::is_control)
        && touched.by(Rule::DoubleEncoding)
    {
        *literal = Value::from(decoded.as_ref());
    }
}

fn well_formed_triplets(text: &str) -> bool {
    let hex = |part: Option<&str>| part.is_some_and(|part| part.bytes().all(|b| b.is_ascii_hexdigit()));
    text.match_indices('%').all(|(at, _)| hex(text.get(at + 1..at + 3)))
}
