//! Tokens: S1-03 to S1-05, S1-18. Each belongs to a user or a service user, by whose id it is held.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::wire::{Trouble, data, details, invalid, not_found};
use super::{ROLES, SentinelOne, users};
use crate::simulator::harness::message::Reply;
use crate::simulator::harness::records::Record;
use crate::simulator::harness::{Refused, World};

impl SentinelOne {
    /// `{"user": id}` for a token of that user; without, of the administrator, who is made when there is none.
    pub(super) fn issue(&mut self, arguments: &Value, world: &mut World) -> Result<String, Refused> {
        let owner = match arguments.get("user").and_then(Value::as_str) {
            Some(id) => {
                self.owner(id).ok_or_else(|| Refused::unknown(format!("there is no user {id}")))?.id.clone()
            }
            None => self.administrator(world),
        };
        let made = world.ids.hex(80);
        let token = arguments.get("value").and_then(Value::as_str).unwrap_or(&made).to_owned();
        let end = self.end(&owner, world);
        world.tokens.revoke_of(&owner);
        world.tokens.issue(&token, world.now(), end, &owner);
        Ok(token)
    }

    /// S1-04.
    pub(super) fn renew(&mut self, owner: &str, _: &Value, world: &mut World) -> Result<Reply, Trouble> {
        let may = self.users.get(owner).is_some_and(|user| user.attributes["canGenerateApiToken"] == true);
        if !may {
            return Err(Trouble::new(403, 10, "Insufficient permissions", None));
        }
        let token = self.issue(&json!({ "user": owner }), world).map_err(|_| not_found())?;
        Ok(data(json!({ "token": token })))
    }

    /// S1-05.
    pub(super) fn details(&self, id: &str, world: &World) -> Result<Reply, Trouble> {
        self.users.get(id).ok_or_else(not_found)?;
        let token = world.tokens.of(id, world.now()).ok_or_else(not_found)?;
        Ok(data(details(token.created, token.expires)))
    }

    /// A service user, with its token shown once.
    pub(super) fn create_service(&mut self, body: &Value, world: &mut World) -> Result<Reply, Trouble> {
        let name = body.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| invalid("name is required"))?;
        let end = body.get("expirationDate").and_then(Value::as_str);
        let end = end.and_then(|end| end.parse::<Timestamp>().ok());
        let end = end.ok_or_else(|| invalid("expirationDate is required"))?;
        let scope = users::scope(body)?;
        let roles = users::roles(body, world)?.ok_or_else(|| invalid("scopeRoles is required"))?;
        let attributes = Map::from_iter([
            ("name".to_owned(), json!(name)),
            ("expirationDate".to_owned(), json!(end.to_string())),
            ("scope".to_owned(), json!(scope)),
            ("scopeRoles".to_owned(), roles),
        ]);
        let id = users::new_id(world);
        self.services.insert(id.clone(), attributes, world.now());
        let token = self.issue(&json!({ "user": id }), world).map_err(|_| not_found())?;
        let mut shown = self.services.get(&id).map(|one| users::shown(one, world)).unwrap_or_default();
        shown["apiToken"]["value"] = json!(token);
        Ok(data(shown))
    }

    /// Who a token belongs to.
    pub(super) fn owner(&self, id: &str) -> Option<&Record> {
        self.users.get(id).or_else(|| self.services.get(id))
    }

    /// S1-15.
    pub(super) fn may_write(&self, owner: &str) -> bool {
        let held =
            self.owner(owner).and_then(|owner| owner.attributes.get("scopeRoles")?.as_array().cloned());
        held.unwrap_or_default()
            .iter()
            .any(|held| ROLES.iter().any(|(id, _, writes)| *writes && held["roleId"] == *id))
    }

    fn end(&self, owner: &str, world: &World) -> Option<Timestamp> {
        match self.services.get(owner) {
            Some(service) => service.text("expirationDate").parse().ok(),
            None => {
                let days: i64 = world.knobs.word("token_days").parse().unwrap_or(30);
                world.now().checked_add(SignedDuration::from_hours(24 * days)).ok()
            }
        }
    }

    fn administrator(&mut self, world: &mut World) -> String {
        const MAIL: &str = "administrator@vendor.example";
        if let Some(user) = self.users.iter().find(|user| user.text("email") == MAIL) {
            return user.id.clone();
        }
        let roles = json!([{ "id": "800000000000000001", "roleId": ROLES[0].0, "roleName": ROLES[0].1 }]);
        let id = users::new_id(world);
        let attributes = users::new_user(MAIL, "Administrator", "account", roles);
        self.users.insert(id.clone(), attributes, world.now());
        id
    }
}
