//! PATCH in SCIM 1.1, §3.2.2: a partial resource. What it names is set, a list is merged, an element with
//! `"operation": "delete"` goes, and `meta.attributes` names what is cleared. V1-07.

use serde_json::{Map, Value};

use super::wire::{Trouble, of_extension};
use crate::simulator::harness::group::{Change, Form, named};

/// The resource with the partial one merged into it.
pub(super) fn merged(before: &Map<String, Value>, body: &Value) -> Result<Map<String, Value>, Trouble> {
    let mut after = before.clone();
    for name in cleared(body)? {
        if let Some((extension, name)) = of_extension(name) {
            if let Some(held) = after.get_mut(extension).and_then(Value::as_object_mut) {
                held.remove(name.split('.').next().unwrap_or(name));
            }
            continue;
        }
        match name.rsplit_once('.') {
            Some((name, sub)) if after.contains_key(name) => {
                if let Some(complex) = after.get_mut(name).and_then(Value::as_object_mut) {
                    complex.remove(sub);
                }
            }
            _ => drop(after.remove(name)),
        }
    }
    for (name, value) in attributes(body)? {
        match (after.get_mut(name), value) {
            (_, Value::Null) => {}
            (Some(Value::Array(held)), Value::Array(given)) => merge_list(held, given),
            (Some(Value::Object(held)), Value::Object(given)) => {
                held.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            (None, Value::Array(given)) => {
                let mut held = Vec::new();
                merge_list(&mut held, given);
                after.insert(name.clone(), Value::Array(held));
            }
            (_, value) => drop(after.insert(name.clone(), value.clone())),
        }
    }
    Ok(after)
}

/// What it does to a group.
pub(super) fn changes(body: &Value) -> Result<Vec<Change>, Trouble> {
    let mut changes = Vec::new();
    for name in cleared(body)? {
        changes.push(match name {
            "members" => Change::Empty,
            name => Change::Set(name.to_owned(), Value::Null),
        });
    }
    for (name, value) in attributes(body)? {
        if name == "members" {
            let list = value.as_array().cloned().unwrap_or_default();
            let (gone, new): (Vec<_>, Vec<_>) = list.into_iter().partition(is_deletion);
            changes.push(Change::Remove(Form::Values, named(Some(&Value::Array(gone)))?));
            changes.push(Change::Add(named(Some(&Value::Array(new)))?));
        } else {
            changes.push(Change::Set(name.clone(), value.clone()));
        }
    }
    Ok(changes)
}

fn attributes(body: &Value) -> Result<impl Iterator<Item = (&String, &Value)>, Trouble> {
    let body = body.as_object().filter(|body| !body.contains_key("Operations"));
    let body = body.ok_or(Trouble::new(400, "invalid_request"))?;
    Ok(body.iter().filter(|(name, _)| !["schemas", "id", "meta"].contains(&name.as_str())))
}

fn cleared(body: &Value) -> Result<Vec<&str>, Trouble> {
    match body.get("meta").and_then(|meta| meta.get("attributes")) {
        None => Ok(Vec::new()),
        Some(Value::Array(names)) => Ok(names.iter().filter_map(Value::as_str).collect()),
        Some(_) => Err(Trouble::new(400, "invalid_request")),
    }
}

fn is_deletion(element: &Value) -> bool {
    element.get("operation").and_then(Value::as_str).is_some_and(|op| op.eq_ignore_ascii_case("delete"))
}

/// A new primary ends the old one.
fn merge_list(held: &mut Vec<Value>, given: &[Value]) {
    for element in given {
        held.retain(|other| element.get("value").is_none() || other.get("value") != element.get("value"));
        if is_deletion(element) {
            continue;
        }
        if element.get("primary") == Some(&Value::Bool(true)) {
            for other in held.iter_mut().filter_map(Value::as_object_mut) {
                other.remove("primary");
            }
        }
        held.push(element.clone());
    }
}
