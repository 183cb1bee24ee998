//! Whether a body is a resource of its schemas: RFC 7643 §2, §3 and the tables of `schema`.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::schema::{Attribute, Kind, Mutability, Type, extension, find};
use super::{malformed, wrong_value};
use crate::simulator::harness::message::Reply;

type Object = Map<String, Value>;

/// The body as it is stored: names as the schemas spell them, without what is read-only or unassigned.
pub(super) fn resource(kind: Type, body: &Value) -> Result<Object, Reply> {
    let body = body.as_object().ok_or_else(|| malformed("a resource is a JSON object"))?;
    let schemas = schemas(body)?;
    if !schemas.iter().any(|urn| urn.eq_ignore_ascii_case(kind.urn())) {
        return Err(malformed(format!("schemas does not list {}", kind.urn())));
    }
    let mut extensions: Vec<&str> = Vec::new();
    for urn in schemas {
        if urn.eq_ignore_ascii_case(kind.urn()) {
            continue;
        }
        match body.keys().find(|key| key.eq_ignore_ascii_case(urn)) {
            Some(key) => extensions.push(key),
            None => return Err(malformed(format!("schemas lists {urn}, and the body holds nothing of it"))),
        }
    }
    let mut result = Object::new();
    for (name, value) in body {
        if name.eq_ignore_ascii_case("schemas") {
            continue;
        }
        if extensions.contains(&name.as_str()) {
            if let Some(held) = in_extension(name, value)? {
                put(&mut result, name, held)?;
            }
        } else if name.contains(':') {
            return Err(malformed(format!("the body holds {name}, which schemas does not list")));
        } else {
            let attribute = kind
                .attribute(name)
                .ok_or_else(|| malformed(format!("a {} has no attribute `{name}`", kind.name())))?;
            if let Some(held) = value_of(attribute, value)? {
                put(&mut result, attribute.name, held)?;
            }
        }
    }
    required(kind.attributes(), &result)?;
    let held = result.keys().filter(|key| key.contains(':'));
    let schemas: Vec<&str> = [kind.urn()].into_iter().chain(held.map(String::as_str)).collect();
    let schemas = json!(schemas);
    result.insert("schemas".to_owned(), schemas);
    Ok(result)
}

/// "schemas" is REQUIRED, "MUST only contain values defined", and "duplicate values MUST NOT be included" (RFC 7643 §3).
fn schemas(body: &Object) -> Result<Vec<&str>, Reply> {
    let given = body.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas")).map(|(_, value)| value);
    let Some(given) = given.and_then(Value::as_array) else { return Err(malformed("schemas is missing")) };
    let urns: Option<Vec<&str>> = given.iter().map(Value::as_str).collect();
    let urns = urns.ok_or_else(|| malformed("schemas must be a list of URNs"))?;
    let twice = |(at, urn): (usize, &&str)| urns[..at].iter().any(|other| other.eq_ignore_ascii_case(urn));
    if urns.iter().enumerate().any(twice) {
        return Err(malformed("schemas names one schema twice"));
    }
    Ok(urns)
}

/// Whether a message, such as a PATCH, is of `schema` and has no members but those.
pub(super) fn message<'v>(body: &'v Value, schema: &str, members: &[&str]) -> Result<&'v Object, Reply> {
    let body = body.as_object().ok_or_else(|| malformed("the body must be a JSON object"))?;
    if body.get("schemas").and_then(Value::as_array).is_none_or(|urns| urns.len() != 1 || urns[0] != schema) {
        return Err(malformed(format!("schemas must be [\"{schema}\"]")));
    }
    match body.keys().find(|name| *name != "schemas" && !members.contains(&name.as_str())) {
        Some(unknown) => Err(malformed(format!("the message has no `{unknown}`"))),
        None => Ok(body),
    }
}

fn in_extension(urn: &str, value: &Value) -> Result<Option<Value>, Reply> {
    let Value::Object(inner) = value else {
        return Err(wrong_value(format!("{urn} must be an object of its attributes")));
    };
    match extension(urn) {
        None if inner.is_empty() => Ok(None),
        None => Ok(Some(value.clone())),
        Some(attributes) => complex(urn, attributes, inner),
    }
}

/// The value of one attribute; `None` when it is read-only or unassigned.
fn value_of(attribute: &'static Attribute, value: &Value) -> Result<Option<Value>, Reply> {
    // "Service providers SHALL ignore" values given for readOnly attributes (RFC 7644 §3.3 and §3.5.1).
    if value.is_null() || attribute.mutability == Mutability::ReadOnly {
        return Ok(None);
    }
    if !attribute.many {
        return single(attribute, value);
    }
    let values = value.as_array().ok_or_else(|| wrong_value(format!("{} must be a list", attribute.name)))?;
    let mut held = Vec::with_capacity(values.len());
    for value in values {
        match single(attribute, value)? {
            Some(value) => held.push(value),
            None => return Err(wrong_value(format!("{} holds an empty value", attribute.name))),
        }
    }
    // "The primary attribute value true MUST appear no more than once" (RFC 7643 §2.4).
    if held.iter().filter(|value| value.get("primary").is_some_and(|primary| primary == true)).count() > 1 {
        return Err(wrong_value(format!("more than one of {} is primary", attribute.name)));
    }
    Ok((!held.is_empty()).then_some(Value::Array(held)))
}

fn single(attribute: &'static Attribute, value: &Value) -> Result<Option<Value>, Reply> {
    let wrong = |wanted: &str| Err(wrong_value(format!("{} must be {wanted}", attribute.name)));
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (Kind::Complex, Value::Object(inner)) => complex(attribute.name, attribute.parts, inner),
        (Kind::Complex, _) => wrong("an object"),
        (Kind::Flag, Value::Bool(_)) | (Kind::Text | Kind::Reference, Value::String(_)) => {
            Ok(Some(value.clone()))
        }
        (Kind::Flag, _) => wrong("true or false"),
        (Kind::Instant, Value::String(text)) if text.parse::<Timestamp>().is_ok() => Ok(Some(value.clone())),
        (Kind::Instant, _) => wrong("a date and time"),
        (Kind::Binary, Value::String(text)) if is_base64(text) => Ok(Some(value.clone())),
        (Kind::Binary, _) => wrong("a string of base64"),
        (Kind::Text | Kind::Reference, _) => wrong("a string"),
    }
}

fn complex(what: &str, parts: &'static [Attribute], inner: &Object) -> Result<Option<Value>, Reply> {
    let mut held = Object::new();
    for (name, value) in inner {
        let part = find(parts, name).ok_or_else(|| malformed(format!("{what} has no `{name}`")))?;
        if let Some(value) = value_of(part, value)? {
            put(&mut held, part.name, value)?;
        }
    }
    if !held.is_empty() {
        required(parts, &held)?;
    }
    Ok((!held.is_empty()).then_some(Value::Object(held)))
}

fn required(attributes: &[Attribute], held: &Object) -> Result<(), Reply> {
    let missing = |attribute: &&Attribute| {
        attribute.required && held.get(attribute.name).is_none_or(|value| value.as_str() == Some(""))
    };
    match attributes.iter().find(missing) {
        Some(attribute) => Err(wrong_value(format!("{} is required", attribute.name))),
        None => Ok(()),
    }
}

/// Two names that differ in case only are one attribute, given twice.
fn put(object: &mut Object, name: &str, value: Value) -> Result<(), Reply> {
    match object.insert(name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(malformed(format!("{name} is given twice"))),
    }
}

fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.chars().all(|c| c.is_ascii_alphanumeric() || "+/-_".contains(c))
}
