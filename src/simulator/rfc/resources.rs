//! Create, read, replace and patch one resource: RFC 7644 §3.3, §3.4.1, §3.5.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::filters::{Target, check_inside, target};
use super::schema::{Mutability, Type};
use super::{Rfc, check, malformed, not_found, preconditions};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request};
use crate::simulator::harness::projection::Projection;
use crate::simulator::harness::records::{Record, member_ids};
use crate::simulator::oracle::{self, Refusal, path};

type Object = Map<String, Value>;

impl Rfc {
    /// A resource as answered, all of it.
    pub(super) fn shown(&self, kind: Type, record: &Record, world: &World) -> Object {
        let mut shown = self.sketched(kind, record, world);
        if let Some(Value::Array(members)) = shown.get_mut("members") {
            members.iter_mut().for_each(|member| *member = self.shown_member(member, world));
        }
        let groups = if kind == Type::User { self.groups_of(&record.id, world) } else { Vec::new() };
        if !groups.is_empty() {
            shown.insert("groups".to_owned(), Value::Array(groups));
        }
        shown
    }

    /// The same without what takes long: `groups`, and of the members more than `value` and `type`.
    pub(super) fn sketched(&self, kind: Type, record: &Record, world: &World) -> Object {
        let mut shown = record.attributes.clone();
        shown.remove("password");
        if shown.get("members").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            shown.remove("members");
        }
        shown.insert("id".to_owned(), json!(record.id));
        let meta = json!({
            "resourceType": kind.name(),
            "created": record.created.to_string(),
            "lastModified": record.modified.to_string(),
            "location": world.location(kind.endpoint(), &record.id),
            "version": preconditions::etag(record),
        });
        shown.insert("meta".to_owned(), meta);
        shown
    }

    pub(super) fn create(
        &mut self,
        request: &Request,
        kind: Type,
        world: &mut World,
    ) -> Result<Reply, Reply> {
        let projection = Projection::of(request)?;
        let attributes = self.accepted(kind, &request.json()?, None)?;
        let external = attributes.get("externalId").and_then(Value::as_str);
        let name = attributes.get("displayName").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        let twin = |record: &Record| {
            external.is_some_and(|external| record.text("externalId") == external)
                || (kind == Type::Group && record.key == name)
        };
        if self.records(kind).like(&attributes).any(twin) {
            world.counters.duplicate_creates += 1;
        }
        let id = world.ids.uuid();
        let now = world.now();
        self.records_mut(kind).insert(id.clone(), attributes, now);
        self.parents.take();
        let reply = self.reply(201, kind, &id, &projection, world)?;
        Ok(reply.header("location", world.location(kind.endpoint(), &id)))
    }

    pub(super) fn read(
        &self,
        request: &Request,
        kind: Type,
        record: &Record,
        world: &mut World,
    ) -> Result<Reply, Reply> {
        let projection = Projection::of(request)?;
        if let Some(reply) = preconditions::for_read(request, record) {
            return Ok(reply);
        }
        if kind == Type::Group && projection.shows("members") {
            world.members.shown(&record.id);
        }
        self.reply(200, kind, &record.id, &projection, world)
    }

    pub(super) fn replace(
        &mut self,
        request: &Request,
        kind: Type,
        id: &str,
        world: &mut World,
    ) -> Result<Reply, Reply> {
        let projection = Projection::of(request)?;
        let mut attributes = self.accepted(kind, &request.json()?, Some(id))?;
        // What nobody can read, nobody can send back: a password that is not given stays.
        if let Some(password) =
            self.records(kind).get(id).and_then(|record| record.attributes.get("password"))
        {
            attributes.entry("password").or_insert_with(|| password.clone());
        }
        self.store(request, kind, id, attributes, true, world);
        self.reply(200, kind, id, &projection, world)
    }

    pub(super) fn patch(
        &mut self,
        request: &Request,
        kind: Type,
        id: &str,
        world: &mut World,
    ) -> Result<Reply, Reply> {
        let projection = Projection::of(request)?;
        let body = request.json()?;
        let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
        let message = check::message(&body, schema, &["Operations"])?;
        let operations = message.get("Operations").ok_or_else(|| malformed("Operations is missing"))?;
        let each = operations.as_array().map(Vec::as_slice).unwrap_or_default();
        each.iter().try_for_each(|operation| check_path(kind, operation))?;
        let record = self.records(kind).get(id).ok_or_else(not_found)?;
        // Only the filter of a path could want to know what a member is called or where it is.
        let asks = |operation: &Value| {
            operation["path"].as_str().is_some_and(|path| path.contains("display") || path.contains("$ref"))
        };
        let mut before = if each.iter().any(asks) {
            self.shown(kind, record, world)
        } else {
            self.sketched(kind, record, world)
        };
        if let Some(password) = record.attributes.get("password") {
            before.insert("password".to_owned(), password.clone());
        }
        let after = oracle::apply(&before, operations)?;
        let attributes = self.accepted(kind, &Value::Object(after), Some(id))?;
        let exchanged = each.iter().any(exchanges_members);
        self.store(request, kind, id, attributes, exchanged, world);
        self.reply(200, kind, id, &projection, world)
    }

    /// The body as stored, after every rule has looked at it.
    fn accepted(&self, kind: Type, body: &Value, own: Option<&str>) -> Result<Object, Reply> {
        let mut attributes = check::resource(kind, body)?;
        if let Some(members) = attributes.get_mut("members") {
            *members = self.members(members)?;
        }
        let name = attributes.get("userName").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        let taken = |record: &Record| record.key == name && own != Some(record.id.as_str());
        if kind == Type::User && self.records(kind).like(&attributes).any(taken) {
            return Err(Reply::error(409, Some("uniqueness"), "the userName is taken"));
        }
        Ok(attributes)
    }

    fn store(
        &mut self,
        request: &Request,
        kind: Type,
        id: &str,
        attributes: Object,
        exchanged: bool,
        world: &mut World,
    ) {
        if kind == Type::Group {
            let ids =
                |attributes: &Object| member_ids(attributes).map(str::to_owned).collect::<BTreeSet<_>>();
            let was = self.groups.get(id).map(|group| ids(&group.attributes)).unwrap_or_default();
            let is = ids(&attributes);
            if exchanged {
                let knows = preconditions::knows_current(request);
                world.counters.members_lost += world.members.exchanged(id, &was, &is, knows);
            } else {
                world.members.added(id, is.difference(&was).cloned());
            }
        }
        let now = world.now();
        self.records_mut(kind).update(id, attributes, now);
        self.parents.take();
    }

    fn reply(
        &self,
        status: u16,
        kind: Type,
        id: &str,
        projection: &Projection,
        world: &World,
    ) -> Result<Reply, Reply> {
        let record = self.records(kind).get(id).ok_or_else(not_found)?;
        let shown = projection.apply(self.shown(kind, record, world));
        Ok(Reply::scim(status, Value::Object(shown)).header("etag", preconditions::etag(record)))
    }
}

/// The path of an operation has to lead to something that may be written. Its other faults the engine finds.
fn check_path(kind: Type, operation: &Value) -> Result<(), Refusal> {
    let Some(text) = operation.get("path").and_then(Value::as_str) else { return Ok(()) };
    let parsed = path::parse(text)?;
    let unknown = || Refusal::new("invalidPath", format!("a {} has no {text}", kind.name()));
    let Target::Known(attribute, part) = target(kind, &parsed.attribute).ok_or_else(unknown)? else {
        return Ok(());
    };
    if let Some(filter) = &parsed.filter {
        check_inside(attribute, filter)?;
    }
    let part = match &parsed.sub {
        Some(sub) => Some(super::schema::find(attribute.parts, sub).ok_or_else(unknown)?),
        None => part,
    };
    if part.unwrap_or(attribute).mutability == Mutability::ReadOnly {
        return Err(Refusal::new("mutability", format!("{text} is readOnly")));
    }
    Ok(())
}

/// Whether an operation states the whole list of members.
fn exchanges_members(operation: &Value) -> bool {
    let replace = operation.get("op").is_some_and(|op| op == "replace");
    let is_members = |name: &str| name.eq_ignore_ascii_case("members");
    replace
        && match operation.get("path").and_then(Value::as_str) {
            Some(path) => is_members(path.rsplit(':').next().unwrap_or(path)),
            None => operation
                .get("value")
                .and_then(Value::as_object)
                .is_some_and(|value| value.keys().any(|name| is_members(name))),
        }
}
