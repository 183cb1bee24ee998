//! Groups: what a PATCH asks of one, told apart by form, and how it is stored.
//!
//! Vendors differ in which forms of a removal they take, so the form is part of what was read; a vendor decides.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::behaviour::World;
use super::message::Reply;
use super::records::{Records, member_ids};
use super::shape::operations;

/// The members of a group, by id.
pub(crate) type Members = BTreeSet<String>;

/// One thing that a PATCH does to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Sets an attribute other than `members`; `null` takes it away.
    Set(String, Value),
    /// Adds members.
    Add(Vec<String>),
    /// States the whole list.
    Replace(Vec<String>),
    /// Removes those named, in that form.
    Remove(Form, Vec<String>),
    /// Removes everybody: a path and no value.
    Empty,
}

/// How the members of a removal are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `members[value eq "…"]`, RFC 7644 §3.5.2.2.
    Filter,
    /// `members[value eq …]`, as Slack documents it.
    Unquoted,
    /// The path `members` and a value, as Entra sends.
    Values,
}

/// Reads the PATCH of a group.
///
/// # Errors
///
/// 400 with `invalidSyntax`, `invalidPath` or `invalidValue`.
pub(crate) fn changes(body: &Value) -> Result<Vec<Change>, Reply> {
    let mut changes = Vec::new();
    for operation in operations(body)? {
        let op = operation.get("op").and_then(Value::as_str).unwrap_or_default().to_owned();
        if !["add", "replace", "remove"].contains(&op.as_str()) {
            return Err(Reply::error(400, Some("invalidSyntax"), "op must be add, remove or replace"));
        }
        match (operation.get("path"), operation.get("value")) {
            (Some(Value::String(path)), value) => changes.push(change(&op, path, value)?),
            (None, Some(Value::Object(set))) if op != "remove" => {
                for (name, value) in set.iter().filter(|(name, _)| *name != "id" && *name != "schemas") {
                    changes.push(change(&op, name, Some(value))?);
                }
            }
            (None, _) => {
                return Err(invalid("an operation without a path holds an object of attributes to set"));
            }
            (Some(_), _) => return Err(Reply::error(400, Some("invalidPath"), "path must be a string")),
        }
    }
    Ok(changes)
}

fn change(op: &str, path: &str, value: Option<&Value>) -> Result<Change, Reply> {
    if path.eq_ignore_ascii_case("members") {
        return Ok(match (op, value) {
            ("add", value) => Change::Add(named(value)?),
            ("replace", value) => Change::Replace(named(value)?),
            (_, None) => Change::Empty,
            (_, value) => Change::Remove(Form::Values, named(value)?),
        });
    }
    let selected = path.get(.."members[".len()).filter(|start| start.eq_ignore_ascii_case("members["));
    if selected.is_some() {
        let words: Vec<&str> =
            path["members[".len()..].strip_suffix(']').unwrap_or_default().splitn(3, ' ').collect();
        if let ["value", eq, id] = words[..]
            && eq.eq_ignore_ascii_case("eq")
            && op == "remove"
            && !id.is_empty()
        {
            let bare = id.strip_prefix('"').and_then(|id| id.strip_suffix('"'));
            let form = if bare.is_some() { Form::Filter } else { Form::Unquoted };
            return Ok(Change::Remove(form, vec![bare.unwrap_or(id).to_owned()]));
        }
    }
    if path.contains(['[', '.', ' ']) {
        return Err(Reply::error(400, Some("invalidPath"), "this path is not supported"));
    }
    match (op, value) {
        ("remove", _) => Ok(Change::Set(path.to_owned(), Value::Null)),
        (_, Some(value)) => Ok(Change::Set(path.to_owned(), value.clone())),
        (_, None) => Err(invalid("value is missing")),
    }
}

/// The ids in a list of members, or in one member.
///
/// # Errors
///
/// 400 `invalidValue` when one has no `value`.
pub(crate) fn named(members: Option<&Value>) -> Result<Vec<String>, Reply> {
    let list = match members {
        None | Some(Value::Null) => &[],
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    let id = |member: &Value| member.get("value").and_then(Value::as_str).map(str::to_owned);
    list.iter().map(|member| id(member).ok_or_else(|| invalid("a member must have a value"))).collect()
}

/// Carries out what was read. The names of attributes other than those in `known` are ignored. Whether the whole list of
/// members was stated.
pub(crate) fn carry_out(
    changes: Vec<Change>,
    known: &[&str],
    attributes: &mut Map<String, Value>,
    members: &mut Members,
) -> bool {
    let mut stated = false;
    for change in changes {
        match change {
            Change::Set(name, value) => {
                if let Some(name) = known.iter().find(|known| known.eq_ignore_ascii_case(&name)) {
                    match value {
                        Value::Null => attributes.remove(*name),
                        value => attributes.insert((*name).to_owned(), value),
                    };
                }
            }
            Change::Add(new) => members.extend(new),
            Change::Replace(all) => {
                stated = true;
                *members = all.into_iter().collect();
            }
            // Someone who is not a member is not there afterwards either.
            Change::Remove(_, gone) => {
                for gone in &gone {
                    members.remove(gone);
                }
            }
            Change::Empty => members.clear(),
        }
    }
    stated
}

/// The ids of the members that a group holds.
pub(crate) fn held(attributes: &Map<String, Value>) -> Members {
    member_ids(attributes).map(str::to_owned).collect()
}

/// Puts the members into the attributes.
pub(crate) fn put(attributes: &mut Map<String, Value>, members: &Members) {
    let members: Vec<Value> = members.iter().map(|member| json!({ "value": member })).collect();
    attributes.insert("members".to_owned(), Value::Array(members));
}

/// Stores a group with these members, and counts those who were lost by it. `stated` is whether the request stated the
/// whole list.
pub(crate) fn store(
    groups: &mut Records,
    id: &str,
    mut attributes: Map<String, Value>,
    members: &Members,
    stated: bool,
    world: &mut World,
) {
    let before = groups.get(id).map(|group| held(&group.attributes)).unwrap_or_default();
    if stated {
        world.counters.members_lost += world.members.exchanged(id, &before, members, false);
    } else {
        world.members.added(id, members.difference(&before).cloned());
    }
    put(&mut attributes, members);
    groups.update(id, attributes, world.now());
}

fn invalid(detail: &str) -> Reply {
    Reply::error(400, Some("invalidValue"), detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(operations: &Value) -> Result<Vec<Change>, u16> {
        changes(&json!({ "Operations": operations })).map_err(|reply| reply.status.as_u16())
    }

    #[test]
    fn every_form_of_a_change_is_told_apart() {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        for (operation, expected) in [
            (json!({ "op": "Add", "path": "members", "value": { "value": "a" } }), Change::Add(ids(&["a"]))),
            (json!({ "op": "replace", "value": { "members": [] } }), Change::Replace(ids(&[]))),
            (
                json!({ "op": "remove", "path": "members[value eq \"a\"]" }),
                Change::Remove(Form::Filter, ids(&["a"])),
            ),
            (
                json!({ "op": "remove", "path": "members[value eq U1]" }),
                Change::Remove(Form::Unquoted, ids(&["U1"])),
            ),
            (
                json!({ "op": "Remove", "path": "members", "value": [{ "value": "a" }] }),
                Change::Remove(Form::Values, ids(&["a"])),
            ),
            (json!({ "op": "remove", "path": "members" }), Change::Empty),
            (
                json!({ "op": "replace", "path": "displayName", "value": "x" }),
                Change::Set("displayName".to_owned(), json!("x")),
            ),
            (
                json!({ "op": "remove", "path": "externalId" }),
                Change::Set("externalId".to_owned(), Value::Null),
            ),
        ] {
            assert_eq!(read(&json!([operation])), Ok(vec![expected]), "{operation}");
        }
        for bad in [
            json!([]),
            json!([{ "op": "move", "path": "members" }]),
            json!([{ "op": "remove" }]),
            json!([{ "op": "add", "path": 1, "value": 1 }]),
            json!([{ "op": "add", "path": "displayName" }]),
            json!([{ "op": "add", "path": "members", "value": ["a"] }]),
            json!([{ "op": "remove", "path": "members[display eq \"a\"]" }]),
            json!([{ "op": "remove", "path": "members[value eq ]" }]),
            json!([{ "op": "replace", "path": "name.givenName", "value": "a" }]),
        ] {
            assert_eq!(read(&bad), Err(400), "{bad}");
        }
    }
}
