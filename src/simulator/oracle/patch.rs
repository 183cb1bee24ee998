//! PATCH, RFC 7644 §3.5.2: each operation in turn, on a copy.

use serde_json::{Map, Value};

use super::attribute::{self, AttributePath, Place, is_core, key};
use super::evaluate::selects;
use super::filter::Filter;
use super::path::{self, Path};
use super::values::{assigned, at_values, merged, non_empty, set_member};
use super::{Refusal, mutability};

pub(super) type Object = Map<String, Value>;

/// The three operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Remove,
    Replace,
}

/// What `resource` becomes by `operations`.
pub(crate) fn apply(resource: &Object, operations: &Value) -> Result<Object, Refusal> {
    let operations = operations
        .as_array()
        .filter(|operations| !operations.is_empty())
        .ok_or_else(|| Refusal::new("invalidSyntax", "Operations must be a list of at least one"))?;
    let mut after = resource.clone();
    for operation in operations {
        apply_one(&mut after, operation)?;
        mutability::check_required(resource, &after)?;
    }
    list_extensions(&mut after);
    Ok(after)
}

fn apply_one(resource: &mut Object, operation: &Value) -> Result<(), Refusal> {
    let syntax = |detail: String| Refusal::new("invalidSyntax", detail);
    let operation =
        operation.as_object().ok_or_else(|| syntax("an operation is a JSON object".to_owned()))?;
    if let Some(unknown) = operation.keys().find(|key| !["op", "path", "value"].contains(&key.as_str())) {
        return Err(syntax(format!("an operation has no `{unknown}`")));
    }
    let verb = match operation.get("op").and_then(Value::as_str) {
        Some("add") => Verb::Add,
        Some("remove") => Verb::Remove,
        Some("replace") => Verb::Replace,
        _ => return Err(syntax("op must be one of add, remove, replace".to_owned())),
    };
    let value = operation.get("value");
    let path = match operation.get("path") {
        None => None,
        Some(Value::String(path)) => Some(path::parse(path)?),
        Some(_) => return Err(Refusal::new("invalidPath", "path must be a string, or be left out")),
    };
    match (verb, path, value) {
        (Verb::Remove, None, _) => Err(Refusal::new("noTarget", "remove needs a path")),
        (Verb::Remove, Some(_), Some(_)) => {
            Err(Refusal::new("invalidValue", "remove takes no value: the path says what is removed"))
        }
        (_, Some(_), None) if verb != Verb::Remove => Err(Refusal::new("invalidValue", "value is missing")),
        (_, Some(path), value) => at_path(resource, verb, &path, value.unwrap_or(&Value::Null)),
        (_, None, Some(Value::Object(attributes))) => without_path(resource, verb, attributes),
        (_, None, _) => {
            Err(Refusal::new("invalidValue", "without a path, value must be an object of attributes"))
        }
    }
}

/// "If omitted, the target location is assumed to be the resource itself": each attribute is one operation.
fn without_path(resource: &mut Object, verb: Verb, attributes: &Object) -> Result<(), Refusal> {
    for (name, value) in attributes {
        let place = if attribute::is_urn(name) {
            let path = AttributePath::parse(name).map_err(|detail| Refusal::new("invalidSyntax", detail))?;
            path.place(resource)
        } else if attribute::is_name(name) {
            Place { extension: None, attribute: Some(name.clone()), sub: None }
        } else {
            return Err(Refusal::new("invalidSyntax", format!("`{name}` is not the name of an attribute")));
        };
        match (&place.extension, &place.attribute, value) {
            (Some(urn), None, Value::Object(inner)) => {
                for (name, value) in inner {
                    let place =
                        Place { extension: Some(urn.clone()), attribute: Some(name.clone()), sub: None };
                    at_place(resource, verb, &place, None, value)?;
                }
            }
            (Some(_), None, Value::Null) | (None, Some(_), _) => {
                at_place(resource, verb, &place, None, value)?;
            }
            _ => {
                let detail =
                    format!("`{name}` inside of a value must be a schema with an object of its attributes");
                return Err(Refusal::new("invalidSyntax", detail));
            }
        }
    }
    Ok(())
}

fn at_path(resource: &mut Object, verb: Verb, path: &Path, value: &Value) -> Result<(), Refusal> {
    let mut place = path.attribute.place(resource);
    place.sub = place.sub.or_else(|| path.sub.clone());
    at_place(resource, verb, &place, path.filter.as_ref(), value)
}

fn at_place(
    resource: &mut Object,
    verb: Verb,
    place: &Place,
    filter: Option<&Filter>,
    value: &Value,
) -> Result<(), Refusal> {
    mutability::check(place)?;
    if let Some(urn) = place.extension.as_deref().filter(|urn| is_core(urn)) {
        return Err(Refusal::new(
            "invalidPath",
            format!("`{urn}` is the resource itself, not an attribute of it"),
        ));
    }
    let Some(urn) = &place.extension else {
        return in_object(resource, verb, place, filter, value);
    };
    let urn_key = key(resource, urn);
    let mut extension = match resource.get(&urn_key) {
        Some(Value::Object(extension)) => extension.clone(),
        _ => Object::new(),
    };
    match &place.attribute {
        Some(_) => in_object(&mut extension, verb, place, filter, value)?,
        None if filter.is_some() => return Err(Refusal::new("invalidPath", "a schema is not multi-valued")),
        None => match (verb, value) {
            (Verb::Remove, _) | (Verb::Replace, Value::Null) => extension.clear(),
            (Verb::Add, Value::Null) => {}
            (_, Value::Object(_)) => {
                extension =
                    merged(Some(&Value::Object(extension)), value).as_object().cloned().unwrap_or_default();
            }
            _ => {
                return Err(Refusal::new(
                    "invalidValue",
                    "the value of a schema is an object of its attributes",
                ));
            }
        },
    }
    if extension.is_empty() {
        resource.remove(&urn_key);
    } else {
        resource.insert(urn_key, Value::Object(extension));
    }
    Ok(())
}

/// One operation on one attribute of `object`, which is the resource or an extension of it.
fn in_object(
    object: &mut Object,
    verb: Verb,
    place: &Place,
    filter: Option<&Filter>,
    value: &Value,
) -> Result<(), Refusal> {
    let (name, sub) = (place.attribute.as_deref().unwrap_or_default(), place.sub.as_deref());
    let key = key(object, name);
    let many = mutability::is_multi_valued(place.extension.as_deref(), name);
    let current = object.get(&key).filter(|value| !value.is_null());
    let next = match (current, filter, sub) {
        (Some(Value::Array(values)), Some(filter), sub) => {
            let chosen: Vec<usize> = (0..values.len()).filter(|at| selects(filter, &values[*at])).collect();
            if chosen.is_empty() {
                return Err(no_target(name));
            }
            at_values(values, &chosen, verb, sub, value)?
        }
        (None, Some(_), _) => return Err(no_target(name)),
        (Some(_), Some(_), _) => {
            return Err(Refusal::new(
                "invalidPath",
                format!("`{name}` is not multi-valued, so nothing can be selected"),
            ));
        }
        // A sub-attribute of a list without a filter is that of each of its values.
        (Some(Value::Array(values)), None, Some(_)) => {
            at_values(values, &(0..values.len()).collect::<Vec<_>>(), verb, sub, value)?
        }
        (None, None, Some(_)) if many && verb != Verb::Remove => return Err(no_target(name)),
        (None, None, Some(_)) if verb == Verb::Remove => None,
        (current, None, Some(sub)) => {
            let mut complex = match current {
                None => Object::new(),
                Some(Value::Object(complex)) => complex.clone(),
                Some(_) => {
                    return Err(Refusal::new("invalidPath", format!("`{name}` has no sub-attributes")));
                }
            };
            set_member(&mut complex, verb, sub, value);
            non_empty(Value::Object(complex))
        }
        (_, None, None) if verb == Verb::Remove => None,
        (current, None, None) => assigned(current, verb, many, name, value)?,
    };
    match next {
        Some(next) => object.insert(key, next),
        None => object.remove(&key),
    };
    Ok(())
}

fn no_target(name: &str) -> Refusal {
    Refusal::new("noTarget", format!("no value of `{name}` is selected by the path"))
}

/// `schemas` lists exactly the extensions whose objects are there (RFC 7643 §3).
fn list_extensions(resource: &mut Object) {
    let held: Vec<String> = resource.keys().filter(|key| attribute::is_urn(key)).cloned().collect();
    let Some(Value::Array(schemas)) = resource.get_mut("schemas") else { return };
    let is = |one: &Value, urn: &str| one.as_str().is_some_and(|one| one.eq_ignore_ascii_case(urn));
    schemas.retain(|one| one.as_str().is_some_and(is_core) || held.iter().any(|urn| is(one, urn)));
    for urn in held {
        if !schemas.iter().any(|one| is(one, &urn)) {
            schemas.push(Value::String(urn));
        }
    }
}
