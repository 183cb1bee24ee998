//! What Slack keeps of a user, and how it shows it: SL-05 to SL-10, SL-16.

use serde_json::{Map, Value, json};

use super::wire::{GUEST, PROFILE, Trouble};
use crate::simulator::harness::shape::{ENTERPRISE, only};

/// Attributes that are one text.
const TEXTS: &[&str] =
    &["externalId", "title", "profileUrl", "userType", "preferredLanguage", "locale", "timezone"];

/// What is answered with `null` while it is not set (SL-09).
const NULLABLE: &[&str] = &[
    "displayName",
    "name",
    "title",
    "profileUrl",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "phoneNumbers",
    "photos",
    "addresses",
    "roles",
];

/// SL-05.
pub(super) fn user_name(text: &str) -> String {
    let local = text.split_once('@').map_or(text, |(local, _)| local);
    let fit =
        |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c) { c } else { '_' };
    local.to_lowercase().chars().map(fit).collect()
}

/// What is kept of a body.
pub(super) fn intake(body: &Value) -> Result<Map<String, Value>, Trouble> {
    let bad = |code: &'static str| Trouble::new(400, code);
    let mut kept = only(body, TEXTS);
    if kept.values().any(|value| !value.is_string()) {
        return Err(bad("invalid_request"));
    }
    kept.retain(|_, value| value != "");
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = user_name(text("userName"));
    if name.is_empty() {
        return Err(bad("missing_user_name"));
    }
    if name.chars().count() > 21 {
        return Err(bad("username_too_long"));
    }
    kept.insert("userName".to_owned(), json!(name));
    let display = text("displayName");
    if display.contains('@') || display.chars().count() > 80 {
        return Err(bad("invalid_display_name")); // SL-07
    }
    match body.get("active") {
        None | Some(Value::Null) => {}
        Some(Value::Bool(active)) => drop(kept.insert("active".to_owned(), json!(active))),
        Some(_) => return Err(bad("invalid_request")),
    }
    let mut put = |name: &str, value: Value| {
        let empty = value == json!([]) || value == json!({}) || value == "";
        if !empty {
            kept.insert(name.to_owned(), value);
        }
    };
    put("displayName", json!(display));
    put("emails", emails(&list(body, "emails")).ok_or(bad("missing_primary_email"))?);
    put("phoneNumbers", short(&list(body, "phoneNumbers"), 2, &["value", "type"]));
    put("photos", short(&list(body, "photos"), 1, &["value", "type"]));
    let parts = ["streetAddress", "locality", "region", "postalCode", "country"];
    put("addresses", short(&list(body, "addresses"), 1, &parts));
    let roles: Vec<Value> = list(body, "roles")
        .iter()
        .map(|role| match role {
            Value::String(role) => json!({ "value": role }),
            role => role.clone(),
        })
        .collect();
    put("roles", short(&roles, 1, &["value"]));
    let part = |name: &str| body.get(name).cloned().unwrap_or_default();
    put("name", Value::Object(only(&part("name"), &["givenName", "familyName", "honorificPrefix"])));
    let known = ["employeeNumber", "costCenter", "organization", "division", "department", "manager"];
    let mut enterprise = only(&part(ENTERPRISE), &known);
    if let Some(manager) = enterprise.remove("manager") {
        let manager = only(&manager, &["managerId"]); // SL-10
        if !manager.is_empty() {
            enterprise.insert("manager".to_owned(), Value::Object(manager));
        }
    }
    put(ENTERPRISE, Value::Object(enterprise));
    let guest = only(&part(GUEST), &["type", "expiration"]);
    if guest.get("type").is_some_and(|kind| kind != "multi" && kind != "single") {
        return Err(bad("invalid_guest_type"));
    }
    put(GUEST, Value::Object(guest));
    put(PROFILE, Value::Object(only(&part(PROFILE), &["startDate"])));
    Ok(kept)
}

/// What is held, as it is shown: with nulls, and phones whose types are exchanged (SL-08, SL-09).
pub(super) fn dress(shown: &mut Map<String, Value>) {
    for name in NULLABLE {
        shown.entry(*name).or_insert(Value::Null);
    }
    shown.entry("externalId").or_insert(json!(""));
    let name = shown.get("userName").cloned().unwrap_or_default();
    shown.insert("nickName".to_owned(), name);
    if let Some(Value::Array(phones)) = shown.get_mut("phoneNumbers")
        && let [first, second] = phones.as_mut_slice()
        && first["type"] != second["type"]
    {
        let (one, other) = (first["type"].take(), second["type"].take());
        (first["type"], second["type"]) = (other, one);
    }
}

/// The e-mail addresses of a user, in lower case.
pub(super) fn addresses(attributes: &Map<String, Value>) -> Vec<String> {
    let emails = attributes.get("emails").and_then(Value::as_array).into_iter().flatten();
    emails.filter_map(|email| email["value"].as_str()).map(str::to_lowercase).collect()
}

/// SL-06.
fn emails(given: &[Value]) -> Option<Value> {
    let value = |email: &Value| {
        email.get("value").and_then(Value::as_str).filter(|value| value.contains('@')).map(str::to_owned)
    };
    let mut ordered: Vec<&Value> = given.iter().collect();
    ordered.sort_by_key(|email| email.get("primary") != Some(&json!(true)));
    let mut kept: Vec<String> = Vec::new();
    for value in ordered.into_iter().filter_map(value) {
        if !kept.contains(&value) && kept.len() < 2 {
            kept.push(value);
        }
    }
    let shown = |(at, value): (usize, String)| json!({ "value": value, "primary": at == 0 });
    (!kept.is_empty()).then(|| kept.into_iter().enumerate().map(shown).collect())
}

fn list(body: &Value, name: &str) -> Vec<Value> {
    match body.get(name) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(values)) => values.clone(),
        Some(one) => vec![one.clone()],
    }
}

/// The first so many, and of each the sub-attributes named.
fn short(values: &[Value], most: usize, known: &[&str]) -> Value {
    let cut = values.iter().map(|value| only(value, known)).filter(|value| !value.is_empty());
    cut.take(most).map(Value::Object).collect()
}
