//! The users that SCIM sees: NJ-12, NJ-13, NJ-16 to NJ-19.

use serde_json::{Value, json};

use super::intake::{self, Intake, known_operations};
use super::person::{Class, Person, mails};
use super::{NinjaOne, equality, not_found};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request, list};
use crate::simulator::harness::projection::Projection;
use crate::simulator::harness::query::Page;
use crate::simulator::harness::records::forget_member;
use crate::simulator::oracle;

impl NinjaOne {
    pub(super) fn list_users(&self, request: &Request, world: &World) -> Result<Reply, Reply> {
        let managed = self.people.values().filter(|person| person.scim);
        let found: Vec<&Person> = match request.parameter("filter") {
            Some(filter) => {
                let (attribute, wanted) = equality(&filter, &["userName", "emails.value"])?;
                let matches = |person: &&Person| match attribute {
                    "userName" => person.key == wanted,
                    _ => person.mails.contains(&wanted),
                };
                managed.filter(matches).collect()
            }
            None => match world.knobs.word("list") {
                "empty" => Vec::new(),
                "501" => return Err(Reply::error(501, None, "Users cannot be listed")),
                _ => managed.collect(),
            },
        };
        let page = Page::of(request, 100, usize::MAX); // NJ-19
        let projection = Projection::of(request)?;
        let shown = page.cut(&found).map(|person| project(&projection, person.shown(world)));
        Ok(Reply::scim(200, list(found.len(), page.start, shown.collect())))
    }

    pub(super) fn read_user(&self, request: &Request, id: &str, world: &World) -> Result<Reply, Reply> {
        let person = self.managed(id)?;
        Ok(Reply::scim(200, project(&Projection::of(request)?, person.shown(world))))
    }

    /// NJ-12 or NJ-13 when somebody is there already.
    pub(super) fn create_user(&mut self, body: &Value, world: &mut World) -> Result<Reply, Reply> {
        let intake = intake::read(body, &world.knobs)?;
        self.unique(&intake, None, true)?;
        let addresses = mails(&intake.attributes);
        let existing =
            self.people.values().find(|person| person.mails.iter().any(|mail| addresses.contains(mail)));
        let existing = existing.cloned();
        let taken_over = existing.is_some();
        // A user that is taken over keeps what the request does not give (assumed).
        let class = intake.class.or(existing.as_ref().map(|person| person.class)).unwrap_or(Class::EndUser);
        let organization =
            intake.organization.or(existing.as_ref().and_then(|person| person.organization.clone()));
        let organization = intake::settle(class, organization, &world.knobs)?;
        let mut person = existing.unwrap_or_else(|| Person::new(world, class));
        person.scim = true;
        person.enabled = intake.active.unwrap_or(true);
        person.class = class;
        person.organization = organization;
        let mut attributes = person.attributes().clone();
        attributes.extend(intake.attributes);
        person.set_attributes(attributes);
        person.modified = world.now();
        let (id, name) = (person.id.to_string(), person.user_name().to_owned());
        let reply = Reply::scim(201, person.shown(world)).header("location", world.location("Users", &id));
        self.people.insert(person.id, person);
        self.note(
            world,
            if taken_over { "user taken over by SCIM" } else { "user created by SCIM" },
            &id,
            &name,
        );
        Ok(reply)
    }

    pub(super) fn replace_user(&mut self, id: &str, body: &Value, world: &World) -> Result<Reply, Reply> {
        let mut person = self.managed(id)?.clone();
        let intake = intake::read(body, &world.knobs)?;
        self.unique(&intake, Some(person.id), false)?;
        person.class = intake.class.unwrap_or(Class::EndUser); // NJ-07
        person.organization = intake::settle(person.class, intake.organization, &world.knobs)?;
        person.enabled = intake.active.unwrap_or(person.enabled);
        person.set_attributes(intake.attributes);
        Ok(self.changed(person, world))
    }

    pub(super) fn patch_user(&mut self, id: &str, body: &Value, world: &World) -> Result<Reply, Reply> {
        let mut person = self.managed(id)?.clone();
        let operations = operations(body)?;
        let known = known_operations(operations)?;
        if known.is_empty() {
            return Ok(self.changed(person, world));
        }
        let before = person.shown(world).as_object().cloned().unwrap_or_default();
        let after = oracle::apply(&before, &Value::Array(known))?;
        let intake = intake::read(&Value::Object(after), &world.knobs)?;
        self.unique(&intake, Some(person.id), false)?;
        person.class = intake.class.unwrap_or(Class::EndUser);
        person.organization = intake::settle(person.class, intake.organization, &world.knobs)?;
        person.enabled = intake.active.unwrap_or(person.enabled);
        person.set_attributes(intake.attributes);
        Ok(self.changed(person, world))
    }

    /// NJ-17.
    pub(super) fn delete_user(&mut self, id: &str, world: &mut World) -> Result<Reply, Reply> {
        let mut person = self.managed(id)?.clone();
        if world.knobs.word("delete") == "hard" {
            self.people.remove(&person.id);
            forget_member(&mut self.groups, id, world.now());
            self.note(world, "user deleted by SCIM", id, person.user_name());
        } else {
            person.enabled = false;
            self.changed(person, world);
        }
        Ok(Reply::empty(204))
    }

    pub(super) fn managed(&self, id: &str) -> Result<&Person, Reply> {
        let person = id.parse().ok().and_then(|id: u64| self.people.get(&id));
        // `007` is not the id of 7.
        person.filter(|person| person.scim && person.id.to_string() == id).ok_or_else(not_found)
    }

    /// Stores a changed user and answers with it.
    fn changed(&mut self, mut person: Person, world: &World) -> Reply {
        let before = self.people.get(&person.id);
        let was_enabled = before.is_some_and(|before| before.enabled);
        let same = before.is_some_and(|before| before.shown(world) == person.shown(world));
        let (id, name) = (person.id.to_string(), person.user_name().to_owned());
        if !same {
            person.modified = world.now();
            let what = match (was_enabled, person.enabled) {
                (true, false) => "user deactivated by SCIM",
                (false, true) => "user activated by SCIM",
                _ => "user updated by SCIM",
            };
            self.note(world, what, &id, &name);
        }
        let reply = Reply::scim(200, person.shown(world));
        self.people.insert(person.id, person);
        reply
    }

    /// NJ-13. A user whom SCIM does not manage is in the way of an update, and is taken over by a creation.
    fn unique(&self, intake: &Intake, own: Option<u64>, creation: bool) -> Result<(), Reply> {
        let addresses = mails(&intake.attributes);
        let name =
            intake.attributes.get("userName").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        let taken = |person: &Person| {
            own != Some(person.id)
                && (person.scim || !creation)
                && (person.key == name || person.mails.iter().any(|mail| addresses.contains(mail)))
        };
        if self.people.values().any(taken) {
            return Err(Reply::error(409, Some("uniqueness"), "A user with this userName or e-mail exists"));
        }
        Ok(())
    }
}

/// The operations of a PATCH, of which there must be one.
pub(super) fn operations(body: &Value) -> Result<&[Value], Reply> {
    let operations =
        body.get("Operations").and_then(Value::as_array).filter(|operations| !operations.is_empty());
    operations
        .map(Vec::as_slice)
        .ok_or_else(|| Reply::error(400, Some("invalidSyntax"), "Operations must be a list of at least one"))
}

/// What is shown of a resource: `attributes` and `excludedAttributes` are honoured (assumed).
pub(super) fn project(projection: &Projection, shown: Value) -> Value {
    match shown {
        Value::Object(shown) => json!(projection.apply(shown)),
        other => other,
    }
}
