//! `speak: okta`: requests as Okta's client sends them, for a vendor that was tried with nothing else.
//!
//! Source: Okta's SCIM 2.0 protocol reference. Users are created and updated whole (PUT), activated and given a password
//! by a PATCH without a path; groups are renamed by a PATCH that names the id again, and their members are removed by a
//! filter and added in a list.

use compact_str::CompactString;

use super::plan::Verb;
use crate::scim::diff::{self, Change};
use crate::scim::json::Value;
use crate::scim::patch::{Op, Operation, envelope};
use crate::scim::path::Path;
use crate::scim::schema::ResourceType;

/// Okta asks for pages of 100, always.
pub(super) const PAGE: usize = 100;
/// The size of the page with which Okta tests a connection.
pub(super) const TEST: usize = 2;

/// Whether a page is the one with which Okta tests a connection.
pub(super) fn tests(start: usize, count: Option<usize>, filtered: bool) -> bool {
    start == 1 && count == Some(TEST) && !filtered
}

/// Whether Okta asks for a page that begins there: an import goes by whole pages, and everything else is on the first.
pub(super) fn reaches(start: usize, count: usize) -> bool {
    start == 1 || (start % PAGE == 1 && count == PAGE)
}

/// Okta creates users with `groups: []`, and groups without members, which follow: they are given back.
pub(super) fn shape_creation(resource: ResourceType, body: &mut Value) -> Option<Value> {
    match resource {
        ResourceType::User => {
            shape_user(body, true);
            None
        }
        ResourceType::Group => {
            let members = body.remove("members").filter(|members| !members.is_unassigned());
            body.set("members", Vec::new());
            members
        }
    }
}

/// Okta always sends `active`, and every address with its type and whether it is the primary one; one of them is.
fn shape_user(body: &mut Value, active: bool) {
    body.set("groups", Vec::new());
    if !body.has("active") {
        body.set("active", active);
    }
    let Some(emails) = body.get_mut("emails").and_then(Value::items_mut) else { return };
    for email in emails.iter_mut() {
        if !email.has("type") {
            email.set("type", "work");
        }
        if email.get("primary").and_then(Value::as_bool).is_none() {
            email.set("primary", false);
        }
    }
    let is_primary = |email: &Value| email.get("primary").and_then(Value::as_bool) == Some(true);
    if !emails.iter().any(is_primary)
        && let Some(first) = emails.first_mut()
    {
        first.set("primary", true);
    }
}

/// `{"op": "replace", "value": {…}}`
fn pathless<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let mut operation = Value::object();
    operation.set("op", "replace");
    operation.set("value", members.into_iter().collect::<Value>());
    envelope(vec![operation])
}

/// The PATCH for operations that Okta itself would send without knowing the resource; `None` for any others.
pub(super) fn direct(resource: ResourceType, id: &str, operations: &[Operation]) -> Option<Value> {
    let plain = |operation: &Operation| operation.path.as_ref().and_then(Path::as_plain).cloned();
    if resource == ResourceType::User {
        let [only] = operations else { return None };
        let path = plain(only).filter(|_| only.op != Op::Remove)?;
        let name =
            ["active", "password"].into_iter().find(|name| path.is_core(name) && path.sub.is_none())?;
        return Some(pathless([(name, only.value.clone())]));
    }
    let one = |operation: &Operation| {
        let path = operation.path.as_ref()?;
        if let (Op::Remove, Some(member)) = (operation.op, path.as_member()) {
            return Some(removal(member));
        }
        let path = plain(operation)?;
        match operation.op {
            Op::Add if path.is_core("members") => Some(addition(&operation.value)),
            Op::Replace if path.is_core("members") => Some(replacement(&operation.value)),
            Op::Remove if path.is_core("members") => Some(replacement(&Value::from(Vec::new()))),
            Op::Add | Op::Replace if path.is_core("displayName") => {
                Some(renaming(id, operation.value.clone()))
            }
            _ => None,
        }
    };
    operations.iter().map(one).collect::<Option<Vec<_>>>().map(envelope)
}

/// The call for a difference.
pub(super) fn change(
    resource: ResourceType,
    id: &str,
    before: &Value,
    after: &Value,
    changes: &[Change],
) -> (Verb, Value, &'static str) {
    if resource == ResourceType::User {
        return match changes {
            [Change { path, after: Some(value), .. }] if path.is_core("active") => (
                Verb::Patch,
                pathless([("active", value.clone())]),
                "Okta activates and deactivates by PATCH",
            ),
            _ => (Verb::Put, profile(before, after), "Okta updates profiles by PUT of the whole"),
        };
    }
    let mut operations = Vec::new();
    for change in changes {
        if change.path.is_core("members") {
            let delta = diff::members(change);
            let nobody = change.after.as_ref().is_none_or(Value::is_unassigned);
            if nobody {
                operations.push(replacement(&Value::from(Vec::new())));
                continue;
            }
            operations.extend(delta.removed.iter().map(|id: &CompactString| removal(id)));
            if !delta.added.is_empty() {
                operations.push(addition(&Value::from(delta.added)));
            }
        } else if let Some(value) = change.after.clone().filter(|_| change.path.is_core("displayName")) {
            operations.push(renaming(id, value));
        }
    }
    (Verb::Patch, envelope(operations), "Okta renames groups and changes members by PATCH")
}

/// Okta names the id again when it renames.
fn renaming(id: &str, name: Value) -> Value {
    let mut operation = Value::object();
    operation.set("op", "replace");
    operation.set("value", Value::from_iter([("id", Value::from(id)), ("displayName", name)]));
    operation
}

fn removal(id: &str) -> Value {
    let mut operation = Value::object();
    operation.set("op", "remove");
    operation.set("path", format!("members[value eq {}]", Value::from(id).to_json()));
    operation
}

fn addition(members: &Value) -> Value {
    let mut operation = Value::object();
    operation.set("op", "add");
    operation.set("path", "members");
    operation.set("value", plain_members(members));
    operation
}

fn replacement(members: &Value) -> Value {
    let mut operation = Value::object();
    operation.set("op", "replace");
    operation.set("path", "members");
    operation.set("value", plain_members(members));
    operation
}

/// Okta's members have a value and a display name, and no type.
fn plain_members(members: &Value) -> Value {
    let member = |member: &Value| {
        let mut out = Value::object();
        for name in ["value", "display"] {
            if let Some(value) = member.get(name) {
                out.set(name, value.clone());
            }
        }
        out
    };
    members.each().iter().map(member).collect()
}

/// A PUT of Okta's carries what it read, with its changes.
fn profile(before: &Value, after: &Value) -> Value {
    let mut body = after.clone();
    body.remove("meta");
    shape_user(&mut body, before.get("active").and_then(Value::as_bool).unwrap_or(true));
    body
}
