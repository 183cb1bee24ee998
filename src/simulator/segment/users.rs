//! Users: SG-02 to SG-11, SG-14, SG-16.

use serde_json::{Map, Value, json};

use super::{LEAST, Segment, invalid, not_found};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request, list};
use crate::simulator::harness::query::{Page, equality};
use crate::simulator::harness::records::{Record, forget_member};
use crate::simulator::harness::shape::{document, is_mail, only, operations, text};
use crate::simulator::oracle;

impl Segment {
    /// Who is in the workspace.
    pub(super) fn listed(&self) -> impl Iterator<Item = &Record> {
        self.accounts.iter().filter(|account| self.members.contains_key(&account.id))
    }

    pub(super) fn shown_user(&self, account: &Record, world: &World) -> Value {
        let mut shown = document(account, "User", world);
        shown.insert("active".to_owned(), json!(self.members.contains_key(&account.id)));
        shown.insert("emails".to_owned(), json!([{ "value": account.text("userName"), "primary": true }]));
        Value::Object(shown)
    }

    pub(super) fn list_users(&self, request: &Request, world: &World) -> Result<Reply, Reply> {
        let found: Vec<&Record> = match request.parameter("filter") {
            Some(filter) => {
                let (name, wanted) = equality(&filter, &["userName", "displayName"]).ok_or_else(|| {
                    Reply::error(
                        400,
                        Some("invalidFilter"),
                        "The filter must be userName eq or displayName eq",
                    )
                })?;
                let wanted = wanted.to_lowercase();
                self.listed().filter(|user| user.text(name).to_lowercase() == wanted).collect()
            }
            None => self.listed().collect(),
        };
        let page = Page::of(request, 100, 100);
        let shown = page.cut(&found).map(|user| self.shown_user(user, world)).collect();
        Ok(Reply::scim(200, list(found.len(), page.start, shown)))
    }

    /// SG-09.
    pub(super) fn read_user(&self, id: &str, world: &World) -> Result<Reply, Reply> {
        let account = self.account(id, world)?;
        Ok(Reply::scim(200, self.shown_user(account, world)))
    }

    pub(super) fn create_user(&mut self, body: &Value, world: &mut World) -> Result<Reply, Reply> {
        let mail = text(body, "userName")?;
        if !is_mail(&mail) {
            return Err(invalid("userName must be an e-mail address")); // SG-03
        }
        let known = self.accounts.iter().find(|account| account.key == mail.to_lowercase());
        let id = match known.map(|account| account.id.clone()) {
            Some(id) if self.members.contains_key(&id) => {
                return match world.knobs.word("dup") {
                    "200" => self.read_user(&id, world),
                    _ => Err(Reply::error(409, Some("uniqueness"), "The user is a member of the workspace")),
                };
            }
            Some(id) => id, // SG-05
            None => {
                let id = world.ids.hex(22);
                let mut attributes = only(body, &["displayName"]);
                attributes.insert("userName".to_owned(), json!(mail));
                self.accounts.insert(id.clone(), attributes, world.now());
                id
            }
        };
        if body.get("active") != Some(&json!(false)) {
            self.members.insert(id.clone(), LEAST.to_owned());
        }
        let account = self.accounts.get(&id).ok_or_else(not_found)?;
        Ok(Reply::scim(201, self.shown_user(account, world)).header("location", world.location("Users", &id)))
    }

    pub(super) fn replace_user(&mut self, id: &str, body: &Value, world: &World) -> Result<Reply, Reply> {
        let account = self.accounts.get(id).ok_or_else(not_found)?;
        let active = match body.get("active") {
            None | Some(Value::Null) => self.members.contains_key(id),
            Some(Value::Bool(active)) => *active,
            Some(_) => return Err(invalid("active must be true or false")),
        };
        if !active && !self.members.contains_key(id) {
            self.account(id, world)?;
        }
        let other = |name: &str| {
            body.get(name).is_some_and(|value| !value.is_null() && value.as_str() != Some(account.text(name)))
        };
        if world.knobs.word("immutable") == "400" && (other("userName") || other("displayName")) {
            return Err(Reply::error(400, Some("mutability"), "userName and displayName cannot be changed"));
        }
        let answer = |segment: &Self| {
            let account = segment.accounts.get(id).ok_or_else(not_found)?;
            Ok(Reply::scim(200, segment.shown_user(account, world)))
        };
        match (active, self.members.contains_key(id)) {
            (true, false) => drop(self.members.insert(id.to_owned(), LEAST.to_owned())), // SG-10
            (false, true) => self.leave(id, world),
            _ => {}
        }
        answer(self)
    }

    pub(super) fn patch_user(&mut self, id: &str, body: &Value, world: &World) -> Result<Reply, Reply> {
        let account = self.accounts.get(id).ok_or_else(not_found)?;
        let before = self.shown_user(account, world).as_object().cloned().unwrap_or_default();
        let after: Map<String, Value> = oracle::apply(&before, &Value::Array(operations(body)?))?;
        self.replace_user(id, &Value::Object(after), world)
    }

    pub(super) fn delete_user(&mut self, id: &str, world: &World) -> Result<Reply, Reply> {
        self.account(id, world)?;
        self.leave(id, world);
        Ok(Reply::empty(204))
    }

    /// SG-08.
    fn leave(&mut self, id: &str, world: &World) {
        self.members.remove(id);
        forget_member(&mut self.groups, id, world.now());
    }

    fn account(&self, id: &str, world: &World) -> Result<&Record, Reply> {
        let gone = !self.members.contains_key(id) && world.knobs.word("removed_get") == "404";
        self.accounts.get(id).filter(|_| !gone).ok_or_else(not_found)
    }
}
