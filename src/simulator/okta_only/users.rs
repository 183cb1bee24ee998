//! Users: OK-08 to OK-11, OK-19.

use serde_json::{Value, json};

use super::shape::{self, UserPatch};
use super::{OktaOnly, not_found};
use crate::simulator::harness::World;
use crate::simulator::harness::message::Reply;
use crate::simulator::harness::records::Record;

/// A user as answered. OK-19: `groups` is there and empty, and the password is not.
pub(super) fn shown(user: &Record) -> Value {
    let mut body = user.attributes.clone();
    body.remove("password");
    body.insert("schemas".to_owned(), json!(["urn:ietf:params:scim:schemas:core:2.0:User"]));
    body.insert("id".to_owned(), json!(user.id));
    body.insert("groups".to_owned(), json!([]));
    body.insert("meta".to_owned(), json!({ "resourceType": "User" }));
    Value::Object(body)
}

impl OktaOnly {
    pub(super) fn create_user(&mut self, body: &Value, world: &mut World) -> Result<Reply, Reply> {
        let attributes = shape::user(body, None)?;
        self.unique(&attributes["userName"], None)?;
        let external = attributes.get("externalId");
        if external.is_some() && self.users.iter().any(|user| user.attributes.get("externalId") == external) {
            world.counters.duplicate_creates += 1;
        }
        let id = world.ids.hex(24);
        let user = shown(self.users.insert(id.clone(), attributes, world.now()));
        Ok(Reply::scim(201, user).header("location", world.location("Users", &id)))
    }

    /// OK-10: the profile sent is the profile from now on; a password that is not sent stays (assumed).
    pub(super) fn replace_user(&mut self, id: &str, body: &Value, world: &World) -> Result<Reply, Reply> {
        let user = self.users.get(id).ok_or_else(not_found)?;
        let mut attributes = shape::user(body, Some(id))?;
        self.unique(&attributes["userName"], Some(id))?;
        if let Some(password) = user.attributes.get("password") {
            attributes.entry("password").or_insert_with(|| password.clone());
        }
        self.users.update(id, attributes, world.now());
        self.read_user(id)
    }

    pub(super) fn patch_user(&mut self, id: &str, body: &Value, world: &World) -> Result<Reply, Reply> {
        let mut attributes = self.users.get(id).ok_or_else(not_found)?.attributes.clone();
        match shape::user_patch(body)? {
            UserPatch::Active(active) => attributes.insert("active".to_owned(), json!(active)),
            UserPatch::Password(password) => attributes.insert("password".to_owned(), json!(password)),
        };
        self.users.update(id, attributes, world.now());
        self.read_user(id)
    }

    fn read_user(&self, id: &str) -> Result<Reply, Reply> {
        self.users.get(id).map(|user| Reply::scim(200, shown(user))).ok_or_else(not_found)
    }

    /// OK-09.
    fn unique(&self, name: &Value, own: Option<&str>) -> Result<(), Reply> {
        let name = name.as_str().unwrap_or_default().to_lowercase();
        let taken = |user: &Record| user.key == name && own != Some(user.id.as_str());
        if self.users.iter().any(taken) {
            return Err(Reply::error(409, Some("uniqueness"), "OK-09: the userName exists"));
        }
        Ok(())
    }
}
