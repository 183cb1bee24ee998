//! What a person does in KnowBe4's console: KB-02 to KB-05, KB-09, KB-13, KB-14.
//!
//! | action | arguments |
//! |---|---|
//! | `sso`, `test-mode` | `{"on": true}` |
//! | `force-sync` | nothing |
//! | `add-user` | `{"email", "aliases"}`: a user whom SCIM has not written |
//! | `edit-user` | `{"id", "set"}`: an edit that the next sync overwrites |
//! | `exclude` | `{"userNames": […]}`: the list of those whom SCIM leaves alone, in place of the one before |
//! | `revoke-token` | nothing |
//! | `reporting-token` | nothing: gives a token for the Reporting API |

use serde_json::{Map, Value, json};

use super::KnowBe4;
use crate::simulator::harness::records::{self, Records};
use crate::simulator::harness::{Refused, World};

impl KnowBe4 {
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
            "test-mode" => {
                self.test_mode = on(arguments)?;
                self.trial = None;
                Ok(json!({ "test_mode": self.test_mode }))
            }
            "force-sync" => {
                if world.knobs.flag("archive_missing_after_full_sync") {
                    self.archive_missing(world);
                }
                self.sync(world.now());
                Ok(json!({}))
            }
            "add-user" => self.add_user(arguments, world),
            "edit-user" => {
                records::edit([&mut self.applied.users, &mut Records::default()], arguments, world.now())
            }
            "exclude" => {
                let names = arguments.get("userNames").and_then(Value::as_array);
                let names = names.ok_or_else(|| Refused::invalid("userNames must be a list of userNames"))?;
                self.excluded = names.iter().filter_map(Value::as_str).map(str::to_lowercase).collect();
                Ok(json!({ "excluded": self.excluded }))
            }
            "revoke-token" => Ok(json!({ "revoked": world.tokens.revoke(None) })),
            "reporting-token" => {
                let token = world.ids.hex(40);
                self.reporting.issue(&token, world.now(), None, "");
                Ok(json!({ "token": token }))
            }
            other => Err(Refused::unknown(format!(
                "no action `{other}`: there are sso, test-mode, force-sync, add-user, edit-user, exclude, revoke-token, reporting-token"
            ))),
        }
    }

    fn add_user(&mut self, arguments: &Value, world: &mut World) -> Result<Value, Refused> {
        let email = arguments.get("email").and_then(Value::as_str);
        let email = email.ok_or_else(|| Refused::invalid("email must be a string"))?;
        if self.accepted.users.iter().any(|user| user.key == email.to_lowercase()) {
            return Err(Refused::forbidden("a user with this e-mail exists"));
        }
        let aliases = arguments.get("aliases").and_then(Value::as_array).into_iter().flatten();
        let aliases = aliases.filter_map(Value::as_str).map(str::to_owned).collect();
        let id = world.ids.uuid();
        let attributes =
            Map::from_iter([("userName".to_owned(), json!(email)), ("active".to_owned(), json!(true))]);
        self.accepted.users.insert(id.clone(), attributes.clone(), world.now());
        self.applied.users.insert(id.clone(), attributes, world.now());
        self.aliases.insert(id.clone(), aliases);
        self.numbers.insert(id.clone(), world.ids.number());
        Ok(json!({ "id": id }))
    }

    /// KB-14.
    fn archive_missing(&mut self, world: &World) {
        let missing = |id: &String| !self.managed.contains(id);
        let ids: Vec<String> =
            self.accepted.users.iter().map(|user| user.id.clone()).filter(missing).collect();
        for id in ids {
            // It is there: its id was just read.
            drop(self.accepted.archive_user(&id, world));
        }
    }
}

fn on(arguments: &Value) -> Result<bool, Refused> {
    arguments
        .get("on")
        .and_then(Value::as_bool)
        .ok_or_else(|| Refused::invalid(r#"the arguments must be {"on": true} or {"on": false}"#))
}
