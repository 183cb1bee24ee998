//! What a person does in NinjaOne's console: NJ-05, NJ-15, NJ-21, NJ-22.
//!
//! | action | arguments |
//! |---|---|
//! | `sso`, `scim` | `{"on": true}` |
//! | `map-group` | `{"group": id or displayName, "role": name}`; `null` ends the mapping |
//! | `add-user` | `{"email", "firstName", "lastName", "userType", "organizationId", "phone", "administrator"}`: a user whom SCIM does not manage |
//! | `edit-user` | `{"id", …}` with the same names and `language`, `title` |
//! | `delete-user` | `{"id"}` |
//! | `revoke-token` | `{"token"}`, or nothing for all |

use serde_json::{Map, Value, json};

use super::person::{Class, Person};
use super::{ADMINISTRATOR, NinjaOne, ROLES};
use crate::simulator::harness::records::forget_member;
use crate::simulator::harness::{Refused, World};

impl NinjaOne {
    pub(super) fn act(
        &mut self,
        action: &str,
        arguments: &Value,
        world: &mut World,
    ) -> Result<Value, Refused> {
        match action {
            "sso" => {
                self.sso = on(arguments)?;
                Ok(json!({ "sso": self.sso }))
            }
            "scim" => {
                self.scim = on(arguments)?;
                Ok(json!({ "scim": self.scim }))
            }
            "map-group" => self.map_group(arguments),
            "add-user" => self.add_user(arguments, world),
            "edit-user" => self.edit_user(arguments, world),
            "delete-user" => {
                let id = self.person_id(arguments)?;
                self.unlocked(id)?;
                self.people.remove(&id);
                forget_member(&mut self.groups, &id.to_string(), world.now());
                Ok(json!({}))
            }
            "revoke-token" => {
                let token = arguments.get("token").and_then(Value::as_str);
                Ok(json!({ "revoked": world.tokens.revoke(token) }))
            }
            other => Err(Refused::unknown(format!(
                "no action `{other}`: there are sso, scim, map-group, add-user, edit-user, delete-user, revoke-token"
            ))),
        }
    }

    fn map_group(&mut self, arguments: &Value) -> Result<Value, Refused> {
        let named = text(arguments, "group")
            .ok_or_else(|| Refused::invalid("group must be an id or a displayName"))?;
        let group = self.groups.iter().find(|group| group.id == named || group.text("displayName") == named);
        let id = group.ok_or_else(|| Refused::unknown(format!("there is no group {named}")))?.id.clone();
        match arguments.get("role") {
            Some(Value::Null) => {
                self.roles.remove(&id);
            }
            Some(Value::String(role)) if role == ADMINISTRATOR => {
                return Err(Refused::forbidden("a group cannot be mapped to System Administrator")); // NJ-15
            }
            Some(Value::String(role)) if ROLES.contains(&role.as_str()) => {
                self.roles.insert(id.clone(), role.clone());
            }
            _ => return Err(Refused::invalid(format!("role must be one of {}", ROLES.join(", ")))),
        }
        Ok(json!({ "group": id }))
    }

    fn add_user(&mut self, arguments: &Value, world: &mut World) -> Result<Value, Refused> {
        let email = text(arguments, "email").ok_or_else(|| Refused::invalid("email must be a string"))?;
        if self.people.values().any(|person| person.mails.contains(&email.to_lowercase())) {
            return Err(Refused::forbidden("a user with this e-mail exists"));
        }
        let class = match text(arguments, "userType").unwrap_or("endUser") {
            "endUser" => Class::EndUser,
            "Technician" => Class::Technician,
            _ => return Err(Refused::invalid("userType must be endUser or Technician")),
        };
        let organization = match arguments.get("organizationId") {
            Some(Value::Number(id)) => id.to_string(),
            Some(Value::String(id)) => id.clone(),
            _ => "All".to_owned(),
        };
        let mut person = Person::new(world, class);
        person.organization = (class == Class::EndUser).then_some(organization);
        person.administrator = arguments.get("administrator").is_some_and(|is| is == true);
        person.set_attributes(Map::from_iter([
            ("userName".to_owned(), json!(email)),
            ("emails".to_owned(), json!([{ "value": email, "type": "work", "primary": true }])),
        ]));
        apply(&mut person, arguments);
        let id = person.id;
        self.people.insert(id, person);
        Ok(json!({ "id": id }))
    }

    fn edit_user(&mut self, arguments: &Value, world: &World) -> Result<Value, Refused> {
        let id = self.person_id(arguments)?;
        let free = ["id", "phone", "language"];
        let locked = |keys: &Map<String, Value>| keys.keys().any(|key| !free.contains(&key.as_str()));
        if arguments.as_object().is_some_and(locked) {
            self.unlocked(id)?;
        }
        let person = self.people.get_mut(&id).ok_or_else(|| Refused::unknown("there is no such user"))?;
        apply(person, arguments);
        person.modified = world.now();
        Ok(json!({ "id": id }))
    }

    /// NJ-22.
    fn unlocked(&self, id: u64) -> Result<(), Refused> {
        if self.sso && self.scim && self.people.get(&id).is_some_and(|person| person.scim) {
            return Err(Refused::forbidden("the user is managed by SCIM"));
        }
        Ok(())
    }

    fn person_id(&self, arguments: &Value) -> Result<u64, Refused> {
        let id = match arguments.get("id") {
            Some(Value::String(id)) => id.parse().ok(),
            Some(id) => id.as_u64(),
            None => None,
        };
        let id = id.ok_or_else(|| Refused::invalid("id must be that of a user"))?;
        if self.people.contains_key(&id) {
            Ok(id)
        } else {
            Err(Refused::unknown(format!("there is no user {id}")))
        }
    }
}

fn apply(person: &mut Person, arguments: &Value) {
    let mut attributes = person.attributes().clone();
    for (argument, part) in [("firstName", "givenName"), ("lastName", "familyName")] {
        if let Some(given) = text(arguments, argument) {
            attributes.entry("name").or_insert_with(|| json!({}))[part] = json!(given);
        }
    }
    if let Some(title) = text(arguments, "title") {
        attributes.insert("title".to_owned(), json!(title));
    }
    person.set_attributes(attributes);
    if let Some(phone) = text(arguments, "phone") {
        person.phone = Some(phone.to_owned());
    }
    if let Some(language) = text(arguments, "language") {
        person.language = Some(language.to_owned());
    }
}

fn text<'v>(arguments: &'v Value, name: &str) -> Option<&'v str> {
    arguments.get(name).and_then(Value::as_str)
}

/// `{"on": true}`, or the bare words `"on"` and `"off"`.
fn on(arguments: &Value) -> Result<bool, Refused> {
    match (arguments.get("on"), arguments.as_str()) {
        (Some(Value::Bool(on)), _) => Ok(*on),
        (None, Some("on")) => Ok(true),
        (None, Some("off")) => Ok(false),
        _ => Err(Refused::invalid(r#"the arguments must be {"on": true} or {"on": false}"#)),
    }
}
