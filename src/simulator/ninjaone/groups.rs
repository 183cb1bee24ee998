//! Groups: NJ-20, NJ-21.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::person::Person;
use super::users::{operations, project};
use super::{NinjaOne, equality, invalid, not_found};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request, list};
use crate::simulator::harness::projection::Projection;
use crate::simulator::harness::query::Page;
use crate::simulator::harness::records::{Record, member_ids};
use crate::simulator::oracle::filter::{Filter, Operator};
use crate::simulator::oracle::path::{self, Path};

/// The members of a group, by id.
type Members = BTreeSet<String>;

impl NinjaOne {
    pub(super) fn list_groups(&self, request: &Request, world: &mut World) -> Result<Reply, Reply> {
        let found: Vec<&Record> = match request.parameter("filter") {
            Some(filter) => {
                let (_, wanted) = equality(&filter, &["displayName"])?;
                self.groups.iter().filter(|group| group.key == wanted).collect()
            }
            None => self.groups.iter().collect(),
        };
        let page = Page::of(request, 100, usize::MAX);
        let projection = Projection::of(request)?;
        let mut shown = Vec::new();
        for group in page.cut(&found) {
            if projection.shows("members") {
                world.members.shown(&group.id);
            }
            shown.push(project(&projection, self.shown_group(group, world)));
        }
        Ok(Reply::scim(200, list(found.len(), page.start, shown)))
    }

    pub(super) fn read_group(&self, request: &Request, id: &str, world: &mut World) -> Result<Reply, Reply> {
        let group = self.groups.get(id).ok_or_else(not_found)?;
        let projection = Projection::of(request)?;
        if projection.shows("members") {
            world.members.shown(id);
        }
        Ok(Reply::scim(200, project(&projection, self.shown_group(group, world))))
    }

    pub(super) fn create_group(&mut self, body: &Value, world: &mut World) -> Result<Reply, Reply> {
        let name = display_name(body.get("displayName"))?;
        self.unique_name(&name, None)?;
        let members = self.known(values(body.get("members").unwrap_or(&Value::Null))?)?;
        let mut attributes = Map::from_iter([("displayName".to_owned(), json!(name))]);
        if let Some(Value::String(external)) = body.get("externalId") {
            if self.groups.iter().any(|group| group.text("externalId") == external) {
                world.counters.duplicate_creates += 1;
            }
            attributes.insert("externalId".to_owned(), json!(external));
        }
        store_members(&mut attributes, &members);
        let id = world.ids.number().to_string();
        self.groups.insert(id.clone(), attributes, world.now());
        self.note(world, "group created by SCIM", &id, &name);
        let group = self.groups.get(&id).ok_or_else(not_found)?;
        Ok(Reply::scim(201, self.shown_group(group, world)).header("location", world.location("Groups", &id)))
    }

    /// All operations or none.
    pub(super) fn patch_group(&mut self, id: &str, body: &Value, world: &mut World) -> Result<Reply, Reply> {
        let group = self.groups.get(id).ok_or_else(not_found)?;
        let mut attributes = group.attributes.clone();
        let was: Members = member_ids(&attributes).map(str::to_owned).collect();
        let mut members = was.clone();
        let mut exchanged = false;
        for operation in operations(body)? {
            let op = operation.get("op").and_then(Value::as_str).unwrap_or_default();
            let value = operation.get("value");
            match operation.get("path") {
                Some(Value::String(text)) => {
                    let path = path::parse(text)?;
                    exchanged |= self.patch_at(op, &path, value, &mut attributes, &mut members, world)?;
                }
                None => {
                    let value = value.and_then(Value::as_object).filter(|_| matches!(op, "add" | "replace"));
                    let value = value
                        .ok_or_else(|| invalid("An operation without a path holds attributes to set"))?;
                    for (name, value) in value.iter().filter(|(name, _)| *name != "id") {
                        let Ok(path) = path::parse(name) else { continue };
                        exchanged |=
                            self.patch_at(op, &path, Some(value), &mut attributes, &mut members, world)?;
                    }
                }
                Some(_) => return Err(Reply::error(400, Some("invalidPath"), "path must be a string")),
            }
        }
        self.unique_name(attributes["displayName"].as_str().unwrap_or_default(), Some(id))?;
        let members = self.known(members.into_iter().collect())?;
        if exchanged {
            world.counters.members_lost += world.members.exchanged(id, &was, &members, false);
        } else {
            world.members.added(id, members.difference(&was).cloned());
        }
        store_members(&mut attributes, &members);
        let name = attributes["displayName"].as_str().unwrap_or_default().to_owned();
        if self.groups.update(id, attributes, world.now()) {
            self.note(world, "group updated by SCIM", id, &name);
        }
        let group = self.groups.get(id).ok_or_else(not_found)?;
        Ok(Reply::scim(200, self.shown_group(group, world)))
    }

    /// One operation on one attribute. Whether it stated the whole list of members.
    fn patch_at(
        &self,
        op: &str,
        path: &Path,
        value: Option<&Value>,
        attributes: &mut Map<String, Value>,
        members: &mut Members,
        world: &World,
    ) -> Result<bool, Reply> {
        let refused = |detail: &str| Err(Reply::error(400, Some("invalidPath"), detail));
        let null = Value::Null;
        if path.attribute.sub.is_some() {
            return refused("This path is not supported");
        }
        match (op, path.attribute.name.to_lowercase().as_str(), &path.filter) {
            ("add" | "replace", "displayname", None) => {
                attributes.insert("displayName".to_owned(), json!(display_name(value)?));
            }
            ("add" | "replace", "externalid", None) => {
                attributes.insert("externalId".to_owned(), value.unwrap_or(&null).clone());
            }
            ("add", "members", None) => members.extend(values(value.unwrap_or(&null))?),
            ("replace", "members", None) if world.knobs.word("replace_members") == "accept" => {
                *members = values(value.unwrap_or(&null))?.into_iter().collect();
                return Ok(true);
            }
            ("replace", "members", None) => return refused("Members are added and removed, not replaced"),
            // Someone who is not a member is not there afterwards either: no error (assumed).
            ("remove", "members", Some(Filter::Compare(part, Operator::Eq, Value::String(member))))
                if part.name.eq_ignore_ascii_case("value") && path.sub.is_none() =>
            {
                members.remove(member);
            }
            ("remove", "members", None) => match value {
                None => members.clear(),
                Some(value) => {
                    let named = values(value)?;
                    members.retain(|member| !named.contains(member));
                }
            },
            ("add" | "replace" | "remove", "members" | "displayname" | "externalid", _) => {
                return refused("This path is not supported");
            }
            ("add" | "replace" | "remove", ..) => {}
            _ => return Err(Reply::error(400, Some("invalidSyntax"), "op must be add, remove or replace")),
        }
        Ok(false)
    }

    pub(super) fn delete_group(&mut self, id: &str, world: &World) -> Result<Reply, Reply> {
        let group = self.groups.remove(id).ok_or_else(not_found)?;
        self.roles.remove(id);
        self.note(world, "group deleted by SCIM", id, group.text("displayName"));
        Ok(Reply::empty(204))
    }

    pub(super) fn shown_group(&self, group: &Record, world: &World) -> Value {
        let mut shown = group.attributes.clone();
        let member = |id: &str| {
            let name = id.parse().ok().and_then(|id: u64| self.people.get(&id)).map(Person::user_name);
            json!({ "value": id, "display": name.unwrap_or_default() })
        };
        let members: Vec<Value> = member_ids(&group.attributes).map(member).collect();
        shown.insert("schemas".to_owned(), json!(["urn:ietf:params:scim:schemas:core:2.0:Group"]));
        shown.insert("id".to_owned(), json!(group.id));
        shown.insert("members".to_owned(), json!(members));
        let meta = json!({
            "resourceType": "Group",
            "created": group.created.to_string(),
            "lastModified": group.modified.to_string(),
            "location": world.location("Groups", &group.id),
        });
        shown.insert("meta".to_owned(), meta);
        Value::Object(shown)
    }

    /// NJ-21: the roles that a user has by the groups that the console mapped.
    pub(super) fn roles_of(&self, id: u64) -> Vec<&str> {
        let id = id.to_string();
        let holds = |group: &&Record| member_ids(&group.attributes).any(|member| member == id);
        let held = self.groups.iter().filter(|group| self.roles.contains_key(&group.id)).filter(holds);
        let mut roles: Vec<&str> =
            held.filter_map(|group| self.roles.get(&group.id)).map(String::as_str).collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// A member is a user whom SCIM manages; a group is none (assumed).
    fn known(&self, members: Vec<String>) -> Result<Members, Reply> {
        match members.iter().find(|member| self.managed(member).is_err()) {
            Some(member) => Err(invalid(&format!("There is no user {member}"))),
            None => Ok(members.into_iter().collect()),
        }
    }

    /// Two groups of one name are refused (assumed).
    fn unique_name(&self, name: &str, own: Option<&str>) -> Result<(), Reply> {
        let wanted = name.to_lowercase();
        let taken = |group: &Record| own != Some(group.id.as_str()) && group.key == wanted;
        if self.groups.iter().any(taken) {
            return Err(Reply::error(409, Some("uniqueness"), "A group with this displayName exists"));
        }
        Ok(())
    }
}

fn display_name(value: Option<&Value>) -> Result<String, Reply> {
    let name = value.and_then(Value::as_str).filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or_else(|| invalid("displayName is required"))
}

/// The ids in a list of members, or in one member.
fn values(members: &Value) -> Result<Vec<String>, Reply> {
    let list = match members {
        Value::Null => &[],
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let id = |member: &Value| member.get("value").and_then(Value::as_str).map(str::to_owned);
    list.iter().map(|member| id(member).ok_or_else(|| invalid("A member must have a value"))).collect()
}

fn store_members(attributes: &mut Map<String, Value>, members: &Members) {
    let members: Vec<Value> = members.iter().map(|member| json!({ "value": member })).collect();
    attributes.insert("members".to_owned(), Value::Array(members));
}
