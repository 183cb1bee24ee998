//! What the plain vendor holds, and how it answers for it.

use serde_json::{Map, Value, json};

use crate::simulator::harness::World;
use crate::simulator::harness::group;
use crate::simulator::harness::message::{Reply, Request, list};
use crate::simulator::harness::projection::Projection;
use crate::simulator::harness::query::equality;
use crate::simulator::harness::records::{Record, Records, forget_member};
use crate::simulator::harness::shape::{document, operations, text};
use crate::simulator::oracle;

/// Its filters.
pub(super) const FILTERS: &[&str] = &["userName", "displayName", "externalId", "id", "emails.value"];

/// How lists are paged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) parameter: &'static str,
    pub(super) usual: usize,
    pub(super) most: usize,
}

/// Users and groups.
#[derive(Default)]
pub(super) struct Book {
    pub(super) users: Records,
    pub(super) groups: Records,
}

/// A resource as answered.
pub(super) fn shown(record: &Record, endpoint: &str, world: &World) -> Value {
    let mut shown = document(record, endpoint.trim_end_matches('s'), world);
    if endpoint == "Users" {
        shown.entry("active").or_insert(json!(true));
    }
    Value::Object(shown)
}

pub(super) fn not_found() -> Reply {
    Reply::error(404, None, "Not found")
}

impl Book {
    pub(super) fn all(&self, endpoint: &str) -> impl Iterator<Item = &Record> {
        self.of(endpoint).iter()
    }

    fn of(&self, endpoint: &str) -> &Records {
        if endpoint == "Groups" { &self.groups } else { &self.users }
    }

    fn of_mut(&mut self, endpoint: &str) -> &mut Records {
        if endpoint == "Groups" { &mut self.groups } else { &mut self.users }
    }

    pub(super) fn list(
        &self,
        request: &Request,
        endpoint: &str,
        size: Size,
        world: &mut World,
    ) -> Result<Reply, Reply> {
        let found: Vec<&Record> = match request.parameter("filter") {
            None => self.all(endpoint).collect(),
            Some(filter) => {
                let (name, wanted) = equality(&filter, FILTERS)
                    .ok_or_else(|| Reply::error(400, Some("invalidFilter"), "The filter is not supported"))?;
                self.all(endpoint).filter(|record| is(record, name, &wanted)).collect()
            }
        };
        let number = |name: &str| request.parameter(name).and_then(|text| text.parse::<usize>().ok());
        let start = number("startIndex").unwrap_or(1).max(1);
        let count = number(size.parameter).unwrap_or(size.usual).min(size.most);
        let page: Vec<&Record> = found.iter().skip(start - 1).take(count).copied().collect();
        let projection = Projection::of(request)?;
        if projection.shows("members") {
            page.iter().for_each(|record| world.members.shown(&record.id));
        }
        let one = |record: &&Record| match shown(record, endpoint, world) {
            Value::Object(shown) => Value::Object(projection.apply(shown)),
            other => other,
        };
        Ok(Reply::scim(200, list(found.len(), start, page.iter().map(one).collect())))
    }

    pub(super) fn read(&self, endpoint: &str, id: &str, status: u16, world: &World) -> Result<Reply, Reply> {
        let record = self.of(endpoint).get(id).ok_or_else(not_found)?;
        Ok(Reply::scim(status, shown(record, endpoint, world)))
    }

    pub(super) fn create(
        &mut self,
        endpoint: &str,
        id: &str,
        body: &Value,
        world: &mut World,
    ) -> Result<Reply, Reply> {
        let attributes = self.intake(endpoint, body)?;
        self.unique(endpoint, &attributes, None)?;
        let external = attributes.get("externalId").filter(|external| !external.is_null());
        if external.is_some()
            && self.of(endpoint).like(&attributes).any(|other| other.attributes.get("externalId") == external)
        {
            world.counters.duplicate_creates += 1;
        }
        let now = world.now();
        self.of_mut(endpoint).insert(id.to_owned(), attributes, now);
        Ok(self.read(endpoint, id, 201, world)?.header("location", world.location(endpoint, id)))
    }

    pub(super) fn replace(
        &mut self,
        endpoint: &str,
        id: &str,
        body: &Value,
        world: &mut World,
    ) -> Result<Reply, Reply> {
        self.of(endpoint).get(id).ok_or_else(not_found)?;
        let attributes = self.intake(endpoint, body)?;
        self.unique(endpoint, &attributes, Some(id))?;
        if endpoint == "Groups" {
            let members = group::held(&attributes);
            group::store(&mut self.groups, id, attributes, &members, true, world);
        } else {
            self.users.update(id, attributes, world.now());
        }
        self.read(endpoint, id, 200, world)
    }

    pub(super) fn patch(
        &mut self,
        endpoint: &str,
        id: &str,
        body: &Value,
        world: &mut World,
    ) -> Result<Reply, Reply> {
        let record = self.of(endpoint).get(id).ok_or_else(not_found)?;
        if endpoint == "Users" {
            let before = document(record, "User", world);
            let after = oracle::apply(&before, &Value::Array(operations(body)?))?;
            return self.replace(endpoint, id, &Value::Object(after), world);
        }
        let mut attributes = record.attributes.clone();
        let mut members = group::held(&attributes);
        let known = ["displayName", "externalId"];
        let stated = group::carry_out(group::changes(body)?, &known, &mut attributes, &mut members);
        group::put(&mut attributes, &members);
        let attributes = self.intake(endpoint, &Value::Object(attributes))?;
        self.unique(endpoint, &attributes, Some(id))?;
        group::store(&mut self.groups, id, attributes, &members, stated, world);
        self.read(endpoint, id, 200, world)
    }

    pub(super) fn delete(&mut self, endpoint: &str, id: &str, world: &World) -> Result<Reply, Reply> {
        let gone = match endpoint {
            "Groups" => self.groups.remove(id).is_some(),
            _ => self.remove_user(id, world),
        };
        if gone { Ok(Reply::empty(204)) } else { Err(not_found()) }
    }

    /// Removes a user, from the groups as well. Whether there was one.
    pub(super) fn remove_user(&mut self, id: &str, world: &World) -> bool {
        let there = self.users.remove(id).is_some();
        forget_member(&mut self.groups, id, world.now());
        there
    }

    /// What is kept of a body: all but what the vendor makes, and `null`.
    fn intake(&self, endpoint: &str, body: &Value) -> Result<Map<String, Value>, Reply> {
        text(body, if endpoint == "Groups" { "displayName" } else { "userName" })?;
        let made = ["schemas", "id", "meta", "groups", "password"];
        let given = body.as_object().cloned().unwrap_or_default();
        let mut kept: Map<String, Value> = given
            .into_iter()
            .filter(|(name, value)| !made.contains(&name.as_str()) && !value.is_null())
            .collect();
        if endpoint == "Groups" {
            let members = group::named(kept.get("members"))?.into_iter().collect();
            if let Some(stranger) = group_strangers(&members, &self.users) {
                let detail = format!("There is no user {stranger}");
                return Err(Reply::error(400, Some("invalidValue"), &detail));
            }
            group::put(&mut kept, &members);
        }
        Ok(kept)
    }

    fn unique(
        &self,
        endpoint: &str,
        attributes: &Map<String, Value>,
        own: Option<&str>,
    ) -> Result<(), Reply> {
        let name = if endpoint == "Groups" { "displayName" } else { "userName" };
        let wanted = attributes[name].as_str().unwrap_or_default().to_lowercase();
        if self
            .of(endpoint)
            .like(attributes)
            .any(|other| other.key == wanted && own != Some(other.id.as_str()))
        {
            return Err(Reply::error(409, Some("uniqueness"), &format!("{name} is taken")));
        }
        Ok(())
    }
}

fn group_strangers<'m>(members: &'m group::Members, users: &Records) -> Option<&'m String> {
    members.iter().find(|member| users.get(member).is_none())
}

/// Whether a record has that value; the case of an identifier counts.
pub(super) fn is(record: &Record, name: &str, wanted: &str) -> bool {
    match name {
        "id" => record.id == wanted,
        "externalId" => record.text("externalId") == wanted,
        "emails.value" => {
            let emails = record.attributes.get("emails").and_then(Value::as_array).into_iter().flatten();
            let mut values = emails.filter_map(|email| email["value"].as_str());
            values.any(|value| value.to_lowercase() == wanted.to_lowercase())
        }
        name => record.text(name).to_lowercase() == wanted.to_lowercase(),
    }
}
