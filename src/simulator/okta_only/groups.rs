//! Groups: OK-13 to OK-16, OK-18, OK-19.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::shape::{self, GroupPatch};
use super::{OktaOnly, broken, not_found};
use crate::simulator::harness::World;
use crate::simulator::harness::message::Reply;
use crate::simulator::harness::records::{Record, member_ids};

/// A group as answered.
pub(super) fn shown(group: &Record) -> Value {
    let mut body = group.attributes.clone();
    body.insert("schemas".to_owned(), json!(["urn:ietf:params:scim:schemas:core:2.0:Group"]));
    body.insert("id".to_owned(), json!(group.id));
    body.insert("meta".to_owned(), json!({ "resourceType": "Group" }));
    Value::Object(body)
}

impl OktaOnly {
    pub(super) fn create_group(&mut self, body: &Value, world: &mut World) -> Result<Reply, Reply> {
        let attributes = shape::group(body, None)?;
        let name = attributes.get("displayName");
        if self.groups.iter().any(|group| group.attributes.get("displayName") == name) {
            world.counters.duplicate_creates += 1;
        }
        let id = world.ids.hex(24);
        let group = shown(self.groups.insert(id.clone(), attributes, world.now()));
        Ok(Reply::scim(201, group).header("location", world.location("Groups", &id)))
    }

    pub(super) fn replace_group(
        &mut self,
        id: &str,
        body: &Value,
        world: &mut World,
    ) -> Result<Reply, Reply> {
        let before = ids(&self.groups.get(id).ok_or_else(not_found)?.attributes);
        let attributes = shape::group(body, Some(id))?;
        self.known(member_ids(&attributes))?;
        world.counters.members_lost += world.members.exchanged(id, &before, &ids(&attributes), false);
        self.groups.update(id, attributes, world.now());
        self.groups.get(id).map(|group| Reply::scim(200, shown(group))).ok_or_else(not_found)
    }

    /// All operations or none: the new list is stored when the last of them went well.
    pub(super) fn patch_group(&mut self, id: &str, body: &Value, world: &mut World) -> Result<Reply, Reply> {
        let before = self.groups.get(id).ok_or_else(not_found)?.attributes.clone();
        let mut after = before.clone();
        let mut exchanged = false;
        for operation in shape::group_patch(body, id)? {
            let members = after.entry("members").or_insert_with(|| json!([]));
            let members = members.as_array_mut().ok_or_else(not_found)?;
            match operation {
                GroupPatch::Rename(name) => {
                    after.insert("displayName".to_owned(), json!(name));
                }
                GroupPatch::Remove(member) => members.retain(|held| held["value"] != member.as_str()),
                GroupPatch::Add(new) => {
                    let mut held: BTreeSet<String> =
                        members.iter().map(|member| member["value"].to_string()).collect();
                    members.extend(new.into_iter().filter(|member| held.insert(member["value"].to_string())));
                }
                GroupPatch::Replace(new) => {
                    exchanged = true;
                    *members = new;
                }
            }
        }
        self.known(member_ids(&after))?;
        let (was, is) = (ids(&before), ids(&after));
        if exchanged {
            world.counters.members_lost += world.members.exchanged(id, &was, &is, false);
        } else {
            world.members.added(id, is.difference(&was).cloned());
        }
        self.groups.update(id, after, world.now());
        Ok(Reply::empty(204)) // OK-19
    }

    /// OK-18.
    fn known<'m>(&self, mut members: impl Iterator<Item = &'m str>) -> Result<(), Reply> {
        match members.find(|member| self.users.get(member).is_none()) {
            Some(member) => Err(broken("OK-18", &format!("there is no user {member}"))),
            None => Ok(()),
        }
    }
}

fn ids(attributes: &Map<String, Value>) -> BTreeSet<String> {
    member_ids(attributes).map(str::to_owned).collect()
}
