//! A value made to fit its attribute: the forms that clients write for booleans, references, lists and elements.

use super::rule::{Rule, Touched};
use crate::scim::json::{Limits, Value};
use crate::scim::schema::{Attribute, AttributeType};

/// Makes the value of a whole attribute canonical, in place.
pub(super) fn canonical(attribute: &Attribute, value: &mut Value, touched: &mut Touched) {
    if !attribute.multi_valued {
        single(attribute, value, touched);
        return;
    }
    if value.is_object() {
        touched.by(Rule::SingleForList);
        *value = Value::from(vec![std::mem::take(value)]);
    }
    let Some(items) = value.items_mut() else { return };
    for item in items.iter_mut() {
        element(attribute, item, touched);
    }
    if attribute.kind == AttributeType::Complex {
        merge_double_primaries(items, touched);
    }
}

/// Makes one value of an attribute canonical: the value of a single-valued one, or of an operation on one element.
pub(super) fn single(attribute: &Attribute, value: &mut Value, touched: &mut Touched) {
    unwrap_list(attribute, value, touched);
    match attribute.kind {
        AttributeType::Boolean => boolean(value, touched),
        AttributeType::Complex => complex(attribute, value, touched),
        _ => {}
    }
}

/// `"True"`, `"false"` …: only these, so that anything else is refused later instead of guessed.
pub(super) fn boolean(value: &mut Value, touched: &mut Touched) {
    let Some(text) = value.as_str() else { return };
    let read = if text.eq_ignore_ascii_case("true") {
        true
    } else if text.eq_ignore_ascii_case("false") {
        false
    } else {
        return;
    };
    touched.by(Rule::StringBoolean);
    *value = read.into();
}

/// `[{"$ref": …, "value": x}]` where one value belongs: x, or the object when the attribute is complex.
fn unwrap_list(attribute: &Attribute, value: &mut Value, touched: &mut Touched) {
    let [only] = value.items() else { return };
    if !only.is_object() {
        return;
    }
    if attribute.kind == AttributeType::Complex {
        touched.by(Rule::ManagerList);
        *value = only.clone();
    } else if let Some(inner) = only.get("value") {
        touched.by(Rule::WrappedSingle);
        if only.has("$ref") {
            touched.by(Rule::ForeignRef);
        }
        *value = inner.clone();
    }
}

fn complex(attribute: &Attribute, value: &mut Value, touched: &mut Touched) {
    if value.as_str().is_some_and(|text| !text.is_empty()) && attribute.sub("value").is_some() {
        touched.by(Rule::ManagerString);
        let id = std::mem::take(value);
        value.set("value", id);
    }
    if value.has("managerId") && !value.has("value") && attribute.sub("value").is_some() {
        touched.by(Rule::ManagerId);
        value.rename("managerId", "value");
    }
    sub_attributes(attribute, value, touched);
}

fn element(attribute: &Attribute, item: &mut Value, touched: &mut Touched) {
    if attribute.kind != AttributeType::Complex {
        if let Some(inner) = item.get("value").filter(|_| item.members().len() == 1) {
            touched.by(Rule::WrappedStrings);
            *item = inner.clone();
        }
        if attribute.kind == AttributeType::Boolean {
            boolean(item, touched);
        }
        return;
    }
    if let Some(read) = json_in_string(item) {
        touched.by(Rule::JsonInString);
        *item = read;
    }
    if item.has("displayName") && !item.has("display") && attribute.sub("displayName").is_none() {
        touched.by(Rule::ElementDisplayName);
        item.rename("displayName", "display");
    }
    sub_attributes(attribute, item, touched);
}

fn sub_attributes(attribute: &Attribute, value: &mut Value, touched: &mut Touched) {
    // Whose URL it is, nobody knows, and it is never fetched nor forwarded.
    if value.has("value") && value.has("$ref") && touched.by(Rule::ForeignRef) {
        value.remove("$ref");
    }
    value.retain(|name, value| {
        if value.is_null() && touched.by(Rule::NullAttribute) {
            return false;
        }
        if let Some(sub) = attribute.sub(name) {
            single(sub, value, touched);
        }
        true
    });
}

/// An app role as Entra's `AppRoleAssignmentsComplex` writes it: `{"value": "{\"id\":…,\"value\":…,\"displayName\":…}"}`.
fn json_in_string(item: &Value) -> Option<Value> {
    let text = item.text_at("value")?;
    if !text.starts_with('{') || item.members().len() != 1 {
        return None;
    }
    let mut read = Value::read(text.as_bytes(), &Limits::REQUEST).ok()?;
    read.text_at("value")?;
    read.retain(|name, _| !name.eq_ignore_ascii_case("id"));
    Some(read)
}

/// Two elements with the same value that are both primary are one, written twice.
fn merge_double_primaries(items: &mut Vec<Value>, touched: &mut Touched) {
    let is_primary = |item: &Value| item.get("primary").and_then(Value::as_bool) == Some(true);
    let mut at = 1;
    while at < items.len() {
        let same = |other: &Value| is_primary(other) && other.get("value") == items[at].get("value");
        if is_primary(&items[at]) && items[at].has("value") && items[..at].iter().any(same) {
            touched.by(Rule::DoublePrimary);
            items.remove(at);
        } else {
            at += 1;
        }
    }
}
