//! What a person does in Slack: SL-15, SL-19, SL-21, and edits behind the back of the client.
//!
//! | action | arguments |
//! |---|---|
//! | `owner` | `{"id"}`: makes a user the primary owner; `null` for nobody |
//! | `link-channels` | `{"id", "on"}`: links a group to channels, or ends that |
//! | `other-app` | `{"rpm"}`: what another application uses up of both limits, a minute |
//! | `edit` | `{"id", "set"}` of a user or a group |

use serde_json::{Value, json};

use super::Slack;
use crate::simulator::harness::records::{edit, named};
use crate::simulator::harness::{Refused, World};

impl Slack {
    pub(super) fn act(&mut self, action: &str, arguments: &Value, world: &World) -> Result<Value, Refused> {
        match action {
            "owner" => {
                let id = arguments.get("id").and_then(Value::as_str);
                if let Some(id) = id.filter(|id| self.users.get(id).is_none()) {
                    return Err(Refused::unknown(format!("there is no user {id}")));
                }
                self.owner = id.map(str::to_owned);
                Ok(json!({ "owner": id }))
            }
            "link-channels" => {
                let id = named(arguments)?;
                if self.groups.get(id).is_none() {
                    return Err(Refused::unknown(format!("there is no group {id}")));
                }
                if arguments.get("on") == Some(&json!(false)) {
                    self.linked.remove(id);
                } else {
                    self.linked.insert(id.to_owned());
                }
                Ok(json!({ "linked": self.linked }))
            }
            "other-app" => {
                let rpm = arguments.get("rpm").and_then(Value::as_u64);
                let rpm = rpm.ok_or_else(|| Refused::invalid("rpm must be a whole number"))?;
                self.other_app = u32::try_from(rpm).unwrap_or(u32::MAX);
                Ok(json!({ "rpm": rpm }))
            }
            "edit" => edit([&mut self.users, &mut self.groups], arguments, world.now()),
            other => Err(Refused::unknown(format!(
                "no action `{other}`: there are owner, link-channels, other-app, edit"
            ))),
        }
    }
}
