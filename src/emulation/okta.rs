//! `speak: okta`: requests as Okta's client sends them, for a vendor that was tried with nothing else.
//!
//! Source: Okta's SCIM 2.0 protocol reference. Users are created and updated whole (PUT), activated and given a password
//! by a PATCH without a path; groups are renamed by a PATCH that names the id again, and their members are removed by a
//! filter and added in a list.

use compact_str::CompactString;

use super::plan::Verb;
use crate::scim::diff::{self, Change};
use crate::scim::json::Value;
use crate::scim::patch::{Op, Operation, PATCH_OP};
use crate::scim::path::Path;
use crate::scim::schema::ResourceType;

/// Okta asks for pages of 100, always.
pub(super) const PAGE: usize = 100;

/// Okta's creations carry empty lists where the RFC has nothing.
pub(super) fn shape_creation(resource: ResourceType, body: &mut Value) {
    let empty = match resource {
        ResourceType::User => "groups",
        ResourceType::Group => "members",
    };
    if !body.has(empty) {
        body.set(empty, Vec::new());
    }
}

/// `{"op": "replace", "value": {"active": …}}`
pub(super) fn activation(active: bool) -> Value {
    pathless([("active", Value::from(active))])
}

fn pathless<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let mut operation = Value::object();
    operation.set("op", "replace");
    operation.set("value", members.into_iter().collect::<Value>());
    message(vec![operation])
}

fn message(operations: Vec<Value>) -> Value {
    let mut body = Value::object();
    body.set("schemas", vec![Value::from(PATCH_OP)]);
    body.set("Operations", operations);
    body
}

/// The PATCH for operations that Okta itself would send without knowing the resource; `None` for any others.
pub(super) fn direct(resource: ResourceType, operations: &[Operation]) -> Option<Value> {
    let plain = |operation: &Operation| operation.path.as_ref().and_then(Path::as_plain).cloned();
    match (resource, operations) {
        (ResourceType::User, [only]) if only.op != Op::Remove => {
            let path = plain(only)?;
            let name =
                ["active", "password"].into_iter().find(|name| path.is_core(name) && path.sub.is_none())?;
            Some(pathless([(name, only.value.clone())]))
        }
        (ResourceType::Group, operations) => {
            let members = operations.iter().map(|operation| {
                let path = operation.path.as_ref()?;
                match (operation.op, path.as_member()) {
                    (Op::Remove, Some(id)) => Some(removal(id)),
                    (Op::Add, None) if plain(operation)?.is_core("members") => {
                        Some(addition(&operation.value))
                    }
                    _ => None,
                }
            });
            members.collect::<Option<Vec<_>>>().map(message)
        }
        _ => None,
    }
}

/// The call for a difference.
pub(super) fn change(
    resource: ResourceType,
    id: &str,
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
            _ => (Verb::Put, profile(after), "Okta updates profiles by PUT of the whole"),
        };
    }
    let mut operations = Vec::new();
    for change in changes {
        if change.path.is_core("members") {
            let delta = diff::members(change);
            let everybody = change.after.as_ref().is_none_or(Value::is_unassigned);
            if everybody && !delta.removed.is_empty() {
                let mut operation = Value::object();
                operation.set("op", "replace");
                operation.set("path", "members");
                operation.set("value", Vec::new());
                operations.push(operation);
                continue;
            }
            operations.extend(delta.removed.iter().map(|id: &CompactString| removal(id)));
            if !delta.added.is_empty() {
                operations.push(addition(&Value::from(delta.added)));
            }
        } else if let Some(value) = change.after.clone().filter(|_| change.path.is_core("displayName")) {
            let mut operation = Value::object();
            operation.set("op", "replace");
            operation.set("value", Value::from_iter([("id", Value::from(id)), ("displayName", value)]));
            operations.push(operation);
        }
    }
    (Verb::Patch, message(operations), "Okta renames groups and changes members by PATCH")
}

fn removal(id: &str) -> Value {
    let mut operation = Value::object();
    operation.set("op", "remove");
    operation.set("path", format!("members[value eq {}]", Value::from(id).to_json()));
    operation
}

/// Okta's members have a value and a display name, and no type.
fn addition(members: &Value) -> Value {
    let member = |member: &Value| {
        let mut out = Value::object();
        for name in ["value", "display"] {
            if let Some(value) = member.get(name) {
                out.set(name, value.clone());
            }
        }
        out
    };
    let mut operation = Value::object();
    operation.set("op", "add");
    operation.set("path", "members");
    operation.set("value", members.each().iter().map(member).collect::<Value>());
    operation
}

/// A PUT of Okta's carries what it read, with its changes.
fn profile(after: &Value) -> Value {
    let mut body = after.clone();
    body.remove("meta");
    body.set("groups", Vec::new());
    body
}
