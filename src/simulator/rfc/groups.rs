//! Members of groups, and the groups of members (RFC 7643 §4.1.2 `groups`, §4.2 `members`).

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::schema::Type;
use super::{Rfc, wrong_value};
use crate::simulator::harness::World;
use crate::simulator::harness::message::Reply;
use crate::simulator::harness::records::{Record, forget_member, member_ids};

/// By member: the groups that hold it directly.
pub(super) type Parents = HashMap<String, Vec<String>>;

impl Rfc {
    /// The members as stored: `value` and `type`, each once.
    ///
    /// # Errors
    ///
    /// `invalidValue` when one does not exist, or is said to be what it is not.
    pub(super) fn members(&self, members: &Value) -> Result<Value, Reply> {
        let mut held = BTreeSet::new();
        let mut stored = Vec::new();
        for member in members.as_array().into_iter().flatten() {
            let sub = |name: &str| member.get(name).and_then(Value::as_str);
            let id = sub("value").unwrap_or_default();
            let kind = self.type_of(id).ok_or_else(|| wrong_value(format!("there is no member {id}")))?;
            if sub("type").is_some_and(|given| given != kind.name()) {
                return Err(wrong_value(format!("the member {id} is a {}", kind.name())));
            }
            let end = format!("{}/{id}", kind.endpoint());
            if sub("$ref").is_some_and(|given| given != end && !given.ends_with(&format!("/{end}"))) {
                return Err(wrong_value(format!("$ref is not that of the member {id}")));
            }
            if held.insert(id.to_owned()) {
                stored.push(json!({ "value": id, "type": kind.name() }));
            }
        }
        Ok(Value::Array(stored))
    }

    fn type_of(&self, id: &str) -> Option<Type> {
        [Type::User, Type::Group].into_iter().find(|kind| self.records(*kind).get(id).is_some())
    }

    /// A member as shown.
    pub(super) fn shown_member(&self, member: &Value, world: &World) -> Value {
        let id = member.get("value").and_then(Value::as_str).unwrap_or_default();
        let Some(kind) = self.type_of(id) else { return member.clone() };
        let display = self.records(kind).get(id).map(called).unwrap_or_default();
        json!({
            "value": id,
            "type": kind.name(),
            "$ref": world.location(kind.endpoint(), id),
            "display": display,
        })
    }

    /// `User.groups`: every group that holds the user, those that hold it through another group as `indirect`.
    pub(super) fn groups_of(&self, user: &str, world: &World) -> Vec<Value> {
        let parents = self.parents.get_or_init(|| {
            let mut parents = Parents::new();
            for group in self.groups.iter() {
                for member in member_ids(&group.attributes) {
                    parents.entry(member.to_owned()).or_default().push(group.id.clone());
                }
            }
            parents
        });
        let of = |member: &str| parents.get(member).cloned().unwrap_or_default();
        let direct = of(user);
        let mut found: Vec<String> = direct.clone();
        let mut seen: BTreeSet<String> = direct.iter().cloned().collect();
        let mut at = 0;
        while let Some(group) = found.get(at).cloned() {
            found.extend(of(&group).into_iter().filter(|parent| seen.insert(parent.clone())));
            at += 1;
        }
        let shown = |(at, id): (usize, &String)| {
            json!({
                "value": id,
                "$ref": world.location("Groups", id),
                "display": self.groups.get(id).map(called).unwrap_or_default(),
                "type": if at < direct.len() { "direct" } else { "indirect" },
            })
        };
        found.iter().enumerate().map(shown).collect()
    }

    /// Deletes a user or a group, and its memberships with it. Whether there was one.
    pub(super) fn delete(&mut self, kind: Type, id: &str, world: &World) -> bool {
        if self.records_mut(kind).remove(id).is_none() {
            return false;
        }
        forget_member(&mut self.groups, id, world.now());
        self.parents.take();
        true
    }
}

/// What a resource is called where another one refers to it.
fn called(record: &Record) -> String {
    let display = record.text("displayName");
    if display.is_empty() { record.text("userName").to_owned() } else { display.to_owned() }
}
