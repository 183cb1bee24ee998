//! What a person does in SentinelOne's console.
//!
//! | action | arguments |
//! |---|---|
//! | `edit-user` | `{"id", "set"}`: any attribute, such as `isSystem`, `source`, `emailReadOnly`, `canGenerateApiToken` |
//! | `delete-user` | `{"id"}` |
//! | `revoke-token` | `{"id"}` of the user or service user, or nothing for all |

use serde_json::{Value, json};

use super::SentinelOne;
use crate::simulator::harness::records::{edit, named};
use crate::simulator::harness::{Refused, World};

impl SentinelOne {
    pub(super) fn act(
        &mut self,
        action: &str,
        arguments: &Value,
        world: &mut World,
    ) -> Result<Value, Refused> {
        match action {
            "edit-user" => edit([&mut self.users, &mut self.services], arguments, world.now()),
            "delete-user" => {
                let id = named(arguments)?;
                self.users.remove(id).ok_or_else(|| Refused::unknown(format!("there is no user {id}")))?;
                world.tokens.revoke_of(id);
                Ok(json!({}))
            }
            "revoke-token" => {
                let revoked = match arguments.get("id").and_then(Value::as_str) {
                    Some(id) => world.tokens.revoke_of(id),
                    None => world.tokens.revoke(None),
                };
                Ok(json!({ "revoked": revoked }))
            }
            other => Err(Refused::unknown(format!(
                "no action `{other}`: there are edit-user, delete-user, revoke-token"
            ))),
        }
    }
}
