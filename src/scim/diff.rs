//! The difference of two resources, and the operations that make it: the fewest attributes, since "a write that changes
//! one attribute sends no other".

use std::collections::HashMap;

use compact_str::CompactString;

use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::{self, AttrPath};
use crate::scim::patch::{Op, Operation};
use crate::scim::path::Path;
use crate::scim::schema::{Catalog, Mutability};

/// One attribute or sub-attribute that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which.
    pub path: AttrPath,
    /// What it was; `None` when it was not there.
    pub before: Option<Value>,
    /// What it shall be; `None` when it shall not be there.
    pub after: Option<Value>,
}

/// Every difference but in what the client cannot write and in `schemas`. Lists that hold the same in another order do
/// not differ.
pub fn changes(before: &Value, after: &Value, catalog: &Catalog) -> Vec<Change> {
    let mut out = Vec::new();
    for key in keys(before, after) {
        if key.eq_ignore_ascii_case("schemas") || is_read_only(catalog, &key) {
            continue;
        }
        let (old, new) = (assigned(before.get(&key)), assigned(after.get(&key)));
        let is_extension = catalog.extension(&key).is_some() || name::is_schema_urn(&key);
        if !is_extension && catalog.core_attribute(&key).is_none() {
            continue; // no client can write what no schema has
        }
        if is_extension {
            let empty = Value::object();
            let (old, new) = (old.unwrap_or(&empty), new.unwrap_or(&empty));
            for inner in keys(old, new) {
                let path = AttrPath { schema: Some(key.clone()), name: inner, sub: None };
                if catalog
                    .attribute(&path)
                    .is_some_and(|attribute| attribute.mutability == Mutability::ReadOnly)
                {
                    continue;
                }
                let (old, new) = (assigned(old.get(&path.name)), assigned(new.get(&path.name)));
                compare(path, old, new, &mut out);
            }
        } else {
            compare(AttrPath { schema: None, name: key, sub: None }, old, new, &mut out);
        }
    }
    out
}

fn is_read_only(catalog: &Catalog, name: &str) -> bool {
    catalog.core_attribute(name).is_some_and(|attribute| attribute.mutability == Mutability::ReadOnly)
}

/// The names in either, each once, those of the first in its order.
fn keys(a: &Value, b: &Value) -> Vec<CompactString> {
    let more = b.members().filter(|(name, _)| !a.has(name));
    a.members().chain(more).map(|(name, _)| name.into()).collect()
}

fn assigned(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_unassigned())
}

fn compare(path: AttrPath, old: Option<&Value>, new: Option<&Value>, out: &mut Vec<Change>) {
    let change = |path: AttrPath, old: Option<&Value>, new: Option<&Value>| Change {
        path,
        before: old.cloned(),
        after: new.cloned(),
    };
    match (old, new) {
        (Some(old), Some(new)) if old.is_object() && new.is_object() => {
            for sub in keys(old, new).into_iter().filter(|sub| sub != "$ref") {
                let path = path.with_sub(&sub);
                let (old, new) = (assigned(old.get(&sub)), assigned(new.get(&sub)));
                if !same(old, new) {
                    out.push(change(path, old, new));
                }
            }
        }
        // Who is in a group is a matter of ids; what else stands there is for show.
        _ if path.is_core("members") => {
            let change = change(path, old, new);
            if members(&change) != MemberDelta::default() {
                out.push(change);
            }
        }
        (old, new) if same(old, new) => {}
        (old, new) => out.push(change(path, old, new)),
    }
}

/// Whether two values mean the same: `$ref` repeats in other words what `value` says, and lists have no order.
fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return a.is_none() && b.is_none() };
    if a.is_list() && b.is_list() {
        return same_elements(a.items(), b.items());
    }
    if a.is_object() && b.is_object() {
        return keys(a, b).iter().filter(|key| *key != "$ref").all(|key| same(a.get(key), b.get(key)));
    }
    a == b
}

/// Whether two lists hold the same elements, in any order.
fn same_elements(a: &[Value], b: &[Value]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if a.len() > 64 {
        let (a, b) = (by_value(a), by_value(b));
        return a.len() == b.len()
            && a.iter().all(|(key, element)| same(Some(*element), b.get(key).copied()));
    }
    let mut left: Vec<_> = b.iter().collect();
    let mut take = |element: &Value| {
        let at = left.iter().position(|other| same(Some(*other), Some(element)))?;
        Some(left.swap_remove(at))
    };
    a.iter().all(|element| take(element).is_some())
}

fn by_value(elements: &[Value]) -> HashMap<String, &Value> {
    elements.iter().map(|element| (element.get("value").unwrap_or(element).to_json(), element)).collect()
}

/// The operations that make the changes, removals first. Members of a group are added and removed one by one, so that
/// one more in 50,000 is one on the wire.
pub fn operations(changes: &[Change]) -> Vec<Operation> {
    let mut removals = Vec::new();
    let mut others = Vec::new();
    for change in changes {
        if change.path.is_core("members") && change.path.sub.is_none() {
            let delta = members(change);
            removals.extend(delta.removed.iter().map(|id| {
                let filter = Filter::eq(AttrPath::core("value"), id.as_str());
                let path = Path::Element { attribute: change.path.clone(), filter, sub: None };
                Operation::new(Op::Remove, path, Value::null())
            }));
            if !delta.added.is_empty() {
                others.push(Operation::new(Op::Add, Path::Attribute(change.path.clone()), delta.added));
            }
            continue;
        }
        let path = Path::Attribute(change.path.clone());
        match (&change.before, &change.after) {
            (_, None) => removals.push(Operation::new(Op::Remove, path, Value::null())),
            (None, Some(after)) => others.push(Operation::new(Op::Add, path, after.clone())),
            (Some(_), Some(after)) => others.push(Operation::new(Op::Replace, path, after.clone())),
        }
    }
    removals.append(&mut others);
    removals
}

/// Who joins and who leaves a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberDelta {
    /// Elements of `members` to add.
    pub added: Vec<Value>,
    /// Ids to take out.
    pub removed: Vec<CompactString>,
}

/// The difference of two lists of members.
pub fn members(change: &Change) -> MemberDelta {
    let ids = |list: &Option<Value>| -> HashMap<CompactString, Value> {
        let items = list.as_ref().map(Value::items).unwrap_or_default();
        items.iter().filter_map(|item| Some((item.text_at("value")?.into(), item.clone()))).collect()
    };
    let (before, after) = (ids(&change.before), ids(&change.after));
    let order = |list: &Option<Value>| -> Vec<CompactString> {
        let items = list.as_ref().map(Value::items).unwrap_or_default();
        items.iter().filter_map(|item| item.text_at("value").map(Into::into)).collect()
    };
    MemberDelta {
        added: order(&change.after)
            .iter()
            .filter(|id| !before.contains_key(*id))
            .filter_map(|id| after.get(id).cloned())
            .collect(),
        removed: order(&change.before).into_iter().filter(|id| !after.contains_key(id)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;
    use crate::scim::patch;
    use crate::scim::schema::ResourceType;

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
    }

    fn check(resource: ResourceType, before: &str, after: &str, expected: &[&str]) {
        let catalog = Catalog::standard(resource);
        let operations = operations(&changes(&value(before), &value(after), &catalog));
        let shown: Vec<_> = operations.iter().map(|operation| operation.to_value().to_json()).collect();
        assert_eq!(shown, expected);
        let done = patch::apply(value(before), &operations, &catalog).unwrap();
        assert!(changes(&done, &value(after), &catalog).is_empty(), "{}", done.to_json());
    }

    #[test]
    fn only_what_differs_is_said() {
        check(
            ResourceType::User,
            r#"{"schemas":["a"],"id":"1","userName":"ana","title":"T","name":{"givenName":"G","familyName":"F"},
                "emails":[{"value":"1"},{"value":"2"}],"roles":[],
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D","manager":{"value":"m"}}}"#,
            r#"{"schemas":["b"],"id":"2","userName":"ana","name":{"givenName":"H","familyName":"F","middleName":"M"},
                "emails":[{"value":"2"},{"value":"1"}],"active":false,
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"n"}}}"#,
            &[
                r#"{"op":"remove","path":"title"}"#,
                r#"{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"}"#,
                r#"{"op":"replace","path":"name.givenName","value":"H"}"#,
                r#"{"op":"add","path":"name.middleName","value":"M"}"#,
                r#"{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value","value":"n"}"#,
                r#"{"op":"add","path":"active","value":false}"#,
            ],
        );
    }

    #[test]
    fn members_travel_one_by_one() {
        check(
            ResourceType::Group,
            r#"{"displayName":"g","members":[{"value":"a"},{"value":"b"},{"value":"c"}]}"#,
            r#"{"displayName":"h","members":[{"value":"c"},{"value":"d","display":"D"}]}"#,
            &[
                r#"{"op":"remove","path":"members[value eq \"a\"]"}"#,
                r#"{"op":"remove","path":"members[value eq \"b\"]"}"#,
                r#"{"op":"replace","path":"displayName","value":"h"}"#,
                r#"{"op":"add","path":"members","value":[{"value":"d","display":"D"}]}"#,
            ],
        );
        check(ResourceType::Group, r#"{"displayName":"g","members":[]}"#, r#"{"displayName":"g"}"#, &[]);
    }

    #[test]
    fn what_only_the_vendor_writes_is_no_difference() {
        check(
            ResourceType::User,
            r#"{"userName":"a","theirs":1,"emails":[{"value":"x","$ref":"y"},{"value":"z"}],
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"m","$ref":"u","displayName":"M"}}}"#,
            r#"{"userName":"a","emails":[{"value":"z"},{"value":"x"}],
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"m","displayName":"M"}}}"#,
            &[],
        );
        check(
            ResourceType::Group,
            r#"{"displayName":"g","members":[{"value":"a","display":"A","type":"User","$ref":"u"}]}"#,
            r#"{"displayName":"g","members":[{"value":"a"}]}"#,
            &[],
        );
    }
}
