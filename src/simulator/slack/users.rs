//! Users: SL-11, SL-12, SL-14 to SL-18, V1-06.

use serde_json::{Map, Value, json};

use super::person::{addresses, dress, intake};
use super::wire::{GUEST, Trouble, Version, page, resource};
use super::{Slack, partial};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request};
use crate::simulator::harness::query::{Page, equality};
use crate::simulator::harness::records::Record;
use crate::simulator::harness::shape::{ENTERPRISE, document, operations};
use crate::simulator::oracle::filter::{Filter, parse};
use crate::simulator::oracle::{self, matches};

/// Attributes that are what they were at the creation (SL-11); `password` is never held.
const FIXED: [&str; 2] = ["externalId", "profileUrl"];

impl Slack {
    pub(super) fn shown_user(&self, user: &Record, world: &World) -> Value {
        let mut shown = document(user, "User", world);
        dress(&mut shown);
        resource(self.version, shown)
    }

    pub(super) fn list_users(&self, request: &Request, world: &World) -> Result<Reply, Trouble> {
        let all = self.users.iter();
        let found: Vec<&Record> = match request.parameter("filter") {
            Some(filter) if self.version == Version::V1 => {
                let filter = understood(&filter, &["username", "email", "restricted", "ultra_restricted"])?;
                all.filter(|user| matches(&filter, &searched(user))).collect()
            }
            Some(filter) if world.knobs.word("v2_filter") == "eq_username_email" => {
                let known = ["userName", "emails.value", "emails"];
                let (name, wanted) = equality(&filter, &known).ok_or(Trouble::new(400, "invalid_filter"))?;
                let wanted = wanted.to_lowercase();
                let is = |user: &&Record| match name {
                    "userName" => user.key == wanted,
                    _ => addresses(&user.attributes).contains(&wanted),
                };
                all.filter(is).collect()
            }
            // SL-18: an unfiltered page.
            _ => all.collect(),
        };
        let at = Page::of(request, 10, 1_000);
        let shown = at.cut(&found).map(|user| self.shown_user(user, world)).collect();
        Ok(page(self.version, found.len(), at.start, shown))
    }

    pub(super) fn read_user(&self, id: &str, world: &World) -> Result<Reply, Trouble> {
        let user = self.users.get(id).ok_or(Trouble::new(404, "no_such_user"))?;
        Ok(Reply::json(200, self.shown_user(user, world)))
    }

    pub(super) fn create_user(&mut self, body: &Value, world: &mut World) -> Result<Reply, Trouble> {
        let mut attributes = intake(body)?;
        attributes.entry("active").or_insert(json!(true));
        self.settle_manager(&mut attributes)?;
        self.unique(&attributes, None)?;
        if let Some(external) = attributes.get("externalId")
            && self.users.like(&attributes).any(|user| user.attributes.get("externalId") == Some(external))
        {
            world.counters.duplicate_creates += 1;
        }
        let id = format!("U{}", world.ids.hex(10).to_uppercase());
        self.users.insert(id.clone(), attributes, world.now());
        let reply = Reply::json(201, self.read_user(&id, world)?.value());
        Ok(reply.header("location", world.location("Users", &id)))
    }

    pub(super) fn replace_user(&mut self, id: &str, body: &Value, world: &World) -> Result<Reply, Trouble> {
        let before = self.users.get(id).ok_or(Trouble::new(404, "no_such_user"))?.attributes.clone();
        let mut after = intake(body)?;
        after.entry("active").or_insert(before["active"].clone());
        for name in FIXED {
            after.remove(name);
            if let Some(value) = before.get(name) {
                after.insert(name.to_owned(), value.clone());
            }
        }
        if after.contains_key(GUEST) && before.get(GUEST) != after.get(GUEST) {
            after.insert("active".to_owned(), json!(true)); // SL-16
        }
        self.settle_manager(&mut after)?;
        self.unique(&after, Some(id))?;
        self.spare_owner(id, &before, &after)?;
        self.users.update(id, after, world.now());
        self.read_user(id, world)
    }

    pub(super) fn patch_user(&mut self, id: &str, body: &Value, world: &World) -> Result<Reply, Trouble> {
        let user = self.users.get(id).ok_or(Trouble::new(404, "no_such_user"))?;
        let before = document(user, "User", world);
        let after = match self.version {
            Version::V1 => partial::merged(&before, body)?,
            Version::V2 => oracle::apply(&before, &Value::Array(operations(body)?)).map_err(Reply::from)?,
        };
        self.replace_user(id, &Value::Object(after), world)
    }

    /// SL-14.
    pub(super) fn deactivate_user(&mut self, id: &str, world: &World) -> Result<Reply, Trouble> {
        let before = self.users.get(id).ok_or(Trouble::new(404, "no_such_user"))?.attributes.clone();
        let mut after = before.clone();
        after.insert("active".to_owned(), json!(false));
        self.spare_owner(id, &before, &after)?;
        self.users.update(id, after, world.now());
        Ok(Reply::empty(204))
    }

    /// SL-15.
    fn spare_owner(
        &self,
        id: &str,
        before: &Map<String, Value>,
        after: &Map<String, Value>,
    ) -> Result<(), Trouble> {
        if self.owner.as_deref() != Some(id) || before == after {
            return Ok(());
        }
        let ends = before["active"] == true && after["active"] == false;
        Err(Trouble::new(403, if ends { "cannot_disable_primary_owner" } else { "cannot_modify_owner" }))
    }

    /// SL-10: whoever is named becomes an id.
    fn settle_manager(&self, attributes: &mut Map<String, Value>) -> Result<(), Trouble> {
        let manager = attributes.get_mut(ENTERPRISE).and_then(|extension| extension.get_mut("manager"));
        let Some(named) = manager.and_then(|manager| manager.get_mut("managerId")) else { return Ok(()) };
        let wanted = named.as_str().unwrap_or_default().to_lowercase();
        let is = |user: &&Record| {
            user.id.to_lowercase() == wanted
                || user.key == wanted
                || addresses(&user.attributes).contains(&wanted)
        };
        let user = self.users.iter().find(is).ok_or(Trouble::new(400, "unknown_user"))?;
        *named = json!(user.id);
        Ok(())
    }

    /// SL-03.
    fn unique(&self, attributes: &Map<String, Value>, own: Option<&str>) -> Result<(), Trouble> {
        let (name, mails) = (attributes["userName"].as_str().unwrap_or_default(), addresses(attributes));
        for user in self.users.like(attributes).filter(|user| own != Some(user.id.as_str())) {
            if user.key == name {
                return Err(Trouble::new(409, "username_taken"));
            }
            if addresses(&user.attributes).iter().any(|mail| mails.contains(mail)) {
                return Err(Trouble::new(409, "email_taken"));
            }
        }
        Ok(())
    }
}

/// A filter of SCIM 1.1 that asks for nothing but attributes of these names.
pub(super) fn understood(filter: &str, known: &[&str]) -> Result<Filter, Trouble> {
    fn asks(filter: &Filter, known: &[&str]) -> bool {
        match filter {
            Filter::Present(path) | Filter::Compare(path, ..) => {
                path.sub.is_none() && known.iter().any(|name| name.eq_ignore_ascii_case(&path.name))
            }
            Filter::And(left, right) | Filter::Or(left, right) => asks(left, known) && asks(right, known),
            Filter::Not(_) | Filter::Selected(..) => false,
        }
    }
    let parsed = parse(filter).map_err(|_| Trouble::new(400, "invalid_filter"))?;
    if asks(&parsed, known) { Ok(parsed) } else { Err(Trouble::new(400, "invalid_filter")) }
}

/// What the filters of SCIM 1.1 see of a user (V1-06).
fn searched(user: &Record) -> Map<String, Value> {
    let kind = user.attributes.get(GUEST).map(|guest| guest["type"].clone()).unwrap_or_default();
    Map::from_iter([
        ("username".to_owned(), json!(user.key)),
        ("email".to_owned(), json!(addresses(&user.attributes))),
        ("restricted".to_owned(), json!(kind == "multi")),
        ("ultra_restricted".to_owned(), json!(kind == "single")),
    ])
}
