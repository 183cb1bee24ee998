//! What one operation of a PATCH makes of one attribute's value: RFC 7644 §3.5.2.1 to §3.5.2.3.

use std::collections::HashMap;

use serde_json::Value;

use super::Refusal;
use super::attribute::{key, member};
use super::patch::{Object, Verb};

/// `add` or `replace` of a whole attribute: a list grows or is exchanged, a complex value is merged, another is set.
pub(super) fn assigned(
    current: Option<&Value>,
    verb: Verb,
    many: bool,
    name: &str,
    value: &Value,
) -> Result<Option<Value>, Refusal> {
    if many || matches!(current, Some(Value::Array(_))) || value.is_array() {
        let given: Vec<Value> = match value {
            Value::Null => Vec::new(),
            Value::Array(values) => values.iter().filter(|value| !value.is_null()).cloned().collect(),
            single => vec![single.clone()],
        };
        let kept = match current {
            Some(Value::Array(values)) if verb == Verb::Add => values.clone(),
            Some(Value::Array(_)) | None => Vec::new(),
            Some(_) => return Err(Refusal::new("invalidValue", format!("`{name}` is not multi-valued"))),
        };
        return Ok(non_empty(Value::Array(united(kept, given, name)?)));
    }
    Ok(match (current, value) {
        (current, Value::Null) if verb == Verb::Add => current.cloned(),
        (_, Value::Null) => None,
        (Some(Value::Object(_)) | None, Value::Object(_)) => non_empty(merged(current, value)),
        (Some(Value::Object(_)), _) => {
            return Err(Refusal::new("invalidValue", format!("`{name}` is complex")));
        }
        (_, value) => Some(value.clone()),
    })
}

/// `kept` and each of `given` that is not there yet; one that is there takes over the sub-attributes given.
fn united(kept: Vec<Value>, given: Vec<Value>, name: &str) -> Result<Vec<Value>, Refusal> {
    let mut values = kept;
    let mut places: HashMap<String, usize> =
        values.iter().enumerate().map(|(at, value)| (identity(name, value), at)).collect();
    let mut primaries = Vec::new();
    for value in given {
        let at = *places.entry(identity(name, &value)).or_insert(values.len());
        match values.get_mut(at) {
            Some(held) => *held = merged(Some(held), &value),
            None => values.push(merged(None, &value)),
        }
        if is_primary(&value) {
            primaries.push(at);
        }
    }
    one_primary(&mut values, &primaries)?;
    Ok(values)
}

/// What makes two values of a list the same: `value` and `type` (RFC 7643 §2.4), for a member `value` alone, and for
/// what has no `value` all of it.
fn identity(name: &str, value: &Value) -> String {
    let Some(element) = value.as_object() else { return value.to_string() };
    let sub = |name: &str| member(element, name).map(|(_, value)| value.to_string());
    match (sub("value"), sub("type")) {
        (None, _) => value.to_string(),
        (Some(value), _) if name.eq_ignore_ascii_case("members") => value,
        (Some(value), kind) => format!("{value} {}", kind.unwrap_or_default()),
    }
}

/// An operation on the `chosen` ones of `values`, or on a sub-attribute of each.
pub(super) fn at_values(
    values: &[Value],
    chosen: &[usize],
    verb: Verb,
    sub: Option<&str>,
    value: &Value,
) -> Result<Option<Value>, Refusal> {
    let mut values = values.to_vec();
    for &at in chosen {
        values[at] = match (verb, sub, &values[at]) {
            (Verb::Remove, None, _) => Value::Null,
            (Verb::Replace, None, _) => merged(None, value),
            (Verb::Add, None, current) if current.is_object() != value.is_object() => {
                return Err(Refusal::new("invalidValue", "the value has not the shape of those selected"));
            }
            (Verb::Add, None, current) => merged(Some(current), value),
            (verb, Some(sub), Value::Object(element)) => {
                let mut element = element.clone();
                set_member(&mut element, verb, sub, value);
                non_empty(Value::Object(element)).unwrap_or_default()
            }
            (_, Some(_), _) => {
                return Err(Refusal::new("invalidPath", "a simple value has no sub-attributes"));
            }
        };
    }
    let sets_primary = match sub {
        Some(sub) => sub.eq_ignore_ascii_case("primary") && value == true,
        None => is_primary(value),
    };
    if sets_primary && verb != Verb::Remove {
        one_primary(&mut values, chosen)?;
    }
    values.retain(|value| !value.is_null());
    Ok(non_empty(Value::Array(values)))
}

fn is_primary(value: &Value) -> bool {
    let element = value.as_object();
    element.and_then(|element| member(element, "primary")).is_some_and(|(_, primary)| primary == true)
}

/// "A PATCH operation that sets a value's primary sub-attribute to true SHALL cause the server to automatically set
/// primary to false for any other values in the array" (RFC 7644 §3.5.2). `new` are those that it is set to true of.
fn one_primary(values: &mut [Value], new: &[usize]) -> Result<(), Refusal> {
    let Some(&chosen) = new.first() else { return Ok(()) };
    if new.iter().any(|at| *at != chosen) {
        return Err(Refusal::new("invalidValue", "primary is set to true of more than one value"));
    }
    for (at, value) in values.iter_mut().enumerate() {
        if at != chosen
            && is_primary(value)
            && let Some(element) = value.as_object_mut()
        {
            set_member(element, Verb::Replace, "primary", &Value::Bool(false));
        }
    }
    Ok(())
}

/// The complex `current` with the members of `value`; anything else is `value`. Members that are `null` are unassigned.
pub(super) fn merged(current: Option<&Value>, value: &Value) -> Value {
    let Value::Object(given) = value else { return value.clone() };
    let mut result = current.and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, value) in given {
        set_member(&mut result, Verb::Replace, name, value);
    }
    Value::Object(result)
}

/// Sets or removes one member of a complex value, found in whatever case.
pub(super) fn set_member(object: &mut Object, verb: Verb, name: &str, value: &Value) {
    let key = key(object, name);
    match (verb, value) {
        (Verb::Add, Value::Null) => {}
        (Verb::Remove, _) | (Verb::Replace, Value::Null) => {
            object.remove(&key);
        }
        (_, value) => {
            object.insert(key, value.clone());
        }
    }
}

/// The value, unless it is empty, which is to be unassigned (RFC 7643 §2.5).
pub(super) fn non_empty(value: Value) -> Option<Value> {
    let empty = match &value {
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Null => true,
        _ => false,
    };
    (!empty).then_some(value)
}
