//! Users: S1-07 to S1-14.

use serde_json::{Map, Value, json};

use super::wire::{Trouble, data, details, invalid, not_found};
use super::{ROLES, SentinelOne};
use crate::simulator::harness::World;
use crate::simulator::harness::message::Reply;
use crate::simulator::harness::records::Record;

/// S1-09.
pub(super) fn new_id(world: &mut World) -> String {
    format!("{}", 1_000_000_000_000_000_000 + world.ids.number())
}

/// The attributes of a user who is of this product's own.
pub(super) fn new_user(email: &str, name: &str, scope: &str, roles: Value) -> Map<String, Value> {
    Map::from_iter([
        ("email".to_owned(), json!(email)),
        ("fullName".to_owned(), json!(name)),
        ("scope".to_owned(), json!(scope)),
        ("scopeRoles".to_owned(), roles),
        ("source".to_owned(), json!("mgmt")),
        ("emailReadOnly".to_owned(), json!(false)),
        ("isSystem".to_owned(), json!(false)),
        ("canGenerateApiToken".to_owned(), json!(true)),
        ("twoFaEnabled".to_owned(), json!(false)),
    ])
}

/// A user as answered.
pub(super) fn shown(user: &Record, world: &World) -> Value {
    let mut shown = user.attributes.clone();
    shown.insert("id".to_owned(), json!(user.id));
    shown.insert("dateJoined".to_owned(), json!(user.created.to_string()));
    let token = world.tokens.of(&user.id, world.now());
    let token = token.map(|token| details(token.created, token.expires));
    shown.insert("apiToken".to_owned(), token.unwrap_or_default());
    Value::Object(shown)
}

/// `scope`, which has to be there.
pub(super) fn scope(body: &Value) -> Result<&str, Trouble> {
    let scope = body.get("scope").and_then(Value::as_str);
    let scope = scope.filter(|scope| ["site", "account", "tenant"].contains(scope));
    scope.ok_or_else(|| invalid("scope must be one of site, account, tenant"))
}

/// `scopeRoles`, each with a role that exists; `None` when there are none.
pub(super) fn roles(body: &Value, world: &World) -> Result<Option<Value>, Trouble> {
    let given = body.get("scopeRoles").and_then(Value::as_array).filter(|given| !given.is_empty());
    let Some(given) = given else { return Ok(None) };
    if given.len() > 1 && world.knobs.flag("single_role") {
        return Err(invalid("a user has one role"));
    }
    let mut held = Vec::new();
    for one in given {
        let role = ROLES.iter().find(|(id, ..)| one.get("roleId") == Some(&json!(id)));
        let (id, name, _) = role.ok_or_else(|| invalid("there is no such role"))?;
        let scope = one.get("id").cloned().unwrap_or_default();
        held.push(json!({ "id": scope, "roleId": id, "roleName": name }));
    }
    Ok(Some(Value::Array(held)))
}

impl SentinelOne {
    pub(super) fn read_user(&self, id: &str, world: &World) -> Result<Reply, Trouble> {
        let user = self.users.get(id).ok_or_else(not_found)?;
        Ok(data(shown(user, world)))
    }

    pub(super) fn create_user(&mut self, body: &Value, world: &mut World) -> Result<Reply, Trouble> {
        let email = text(body, "email").filter(|email| email.contains('@'));
        let email = email.ok_or_else(|| invalid("email is required"))?;
        let name = text(body, "fullName").ok_or_else(|| invalid("fullName is required"))?;
        let scope = scope(body)?;
        let roles = roles(body, world)?.ok_or_else(|| invalid("scopeRoles is required"))?;
        self.unique(email, None, world)?;
        let id = new_id(world);
        self.users.insert(id.clone(), new_user(email, name, scope, roles), world.now());
        self.read_user(&id, world)
    }

    /// S1-10.
    pub(super) fn update_user(&mut self, id: &str, body: &Value, world: &World) -> Result<Reply, Trouble> {
        let user = self.spared(id)?;
        let mut attributes = user.attributes.clone();
        let read_only = attributes["emailReadOnly"] == true;
        attributes.insert("scope".to_owned(), json!(scope(body)?));
        if let Some(email) = text(body, "email").filter(|email| *email != user.text("email")) {
            if read_only {
                return Err(invalid("the email of this user is read-only"));
            }
            self.unique(email, Some(id), world)?;
            attributes.insert("email".to_owned(), json!(email));
        }
        if let Some(name) = text(body, "fullName") {
            attributes.insert("fullName".to_owned(), json!(name));
        }
        if body.get("twoFaEnabled") == Some(&json!(true)) {
            attributes.insert("twoFaEnabled".to_owned(), json!(true));
        }
        if let Some(roles) = roles(body, world)? {
            attributes.insert("scopeRoles".to_owned(), roles);
        }
        self.users.update(id, attributes, world.now());
        self.read_user(id, world)
    }

    /// S1-12, S1-18.
    pub(super) fn delete_user(&mut self, id: &str, world: &mut World) -> Result<Reply, Trouble> {
        self.spared(id)?;
        self.users.remove(id);
        world.tokens.revoke_of(id);
        Ok(data(json!({ "success": true })))
    }

    /// S1-14.
    fn spared(&self, id: &str) -> Result<&Record, Trouble> {
        let user = self.users.get(id).ok_or_else(not_found)?;
        if user.attributes["isSystem"] == true {
            return Err(Trouble::new(403, 10, "Insufficient permissions", Some("this is a system user")));
        }
        Ok(user)
    }

    /// S1-08.
    fn unique(&self, email: &str, own: Option<&str>, world: &World) -> Result<(), Trouble> {
        let wanted = email.to_lowercase();
        let mut others = self.users.iter().filter(|user| own != Some(user.id.as_str()));
        if others.any(|user| user.text("email").to_lowercase() == wanted) {
            let status = world.knobs.word("duplicate").parse().unwrap_or(400);
            return Err(Trouble::new(
                status,
                10,
                "Validation Error",
                Some("User with this email already exists"),
            ));
        }
        Ok(())
    }
}

/// A text that is not empty: an empty one is as good as none.
fn text<'v>(body: &'v Value, name: &str) -> Option<&'v str> {
    body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}
