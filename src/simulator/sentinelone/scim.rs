//! The SCIM endpoint that is hearsay: users alone, found by `userName eq`, made and deleted, never deactivated. S1-19.

use serde_json::{Value, json};

use super::users::{new_id, new_user};
use super::{ROLES, SentinelOne, wire};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request, list};
use crate::simulator::harness::query::{Page, equality};
use crate::simulator::harness::records::Record;
use crate::simulator::harness::shape::{USER, text};

impl SentinelOne {
    pub(super) fn scim(&mut self, request: &Request, path: &[&str], world: &mut World) -> Reply {
        if !world.knobs.flag("scim_stub") {
            return wire::not_found().reply();
        }
        self.try_scim(request, path, world).unwrap_or_else(|refusal| refusal)
    }

    fn try_scim(&mut self, request: &Request, path: &[&str], world: &mut World) -> Result<Reply, Reply> {
        world.authenticate(request)?;
        let gone = || Reply::error(404, None, "Not found");
        match (request.method.as_str(), path) {
            ("GET", ["Users"]) => {
                let found: Vec<&Record> = match request.parameter("filter") {
                    None => self.users.iter().collect(),
                    Some(filter) => {
                        let (_, wanted) = equality(&filter, &["userName"]).ok_or_else(|| {
                            Reply::error(400, Some("invalidFilter"), "The filter must be userName eq")
                        })?;
                        let wanted = wanted.to_lowercase();
                        self.users.iter().filter(|user| user.text("email").to_lowercase() == wanted).collect()
                    }
                };
                let page = Page::of(request, 100, 100);
                let resources = page.cut(&found).map(|user| resource(user)).collect();
                Ok(Reply::scim(200, list(found.len(), page.start, resources)))
            }
            ("POST", ["Users"]) => {
                let body = request.json()?;
                let (email, name) = (text(&body, "userName")?, text(&body, "displayName")?);
                if self.users.iter().any(|user| user.text("email").eq_ignore_ascii_case(&email)) {
                    return Err(Reply::error(409, Some("uniqueness"), "User with this email already exists"));
                }
                let id = new_id(world);
                let roles = json!([{ "roleId": ROLES[1].0, "roleName": ROLES[1].1 }]);
                let user = self.users.insert(id, new_user(&email, &name, "account", roles), world.now());
                Ok(Reply::scim(201, resource(user)))
            }
            ("GET", ["Users", id]) => {
                self.users.get(id).map(|user| Reply::scim(200, resource(user))).ok_or_else(gone)
            }
            ("DELETE", ["Users", id]) => {
                self.users.remove(id).ok_or_else(gone)?;
                world.tokens.revoke_of(id);
                Ok(Reply::empty(204))
            }
            (_, ["Users"] | ["Users", _]) => Err(Reply::error(405, None, "Method not allowed")),
            _ => Err(gone()),
        }
    }
}

fn resource(user: &Record) -> Value {
    json!({
        "schemas": [USER],
        "id": user.id,
        "userName": user.text("email"),
        "displayName": user.text("fullName"),
        "active": true,
        "meta": { "resourceType": "User" },
    })
}
