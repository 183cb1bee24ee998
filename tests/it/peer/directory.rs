//! What a scripted vendor holds: users and groups in memory, with the verbs of RFC 7644 and nothing strict about them.

use std::collections::BTreeMap;

use scim_bridge::simulator::oracle;
use serde_json::{Value, json};

use super::script::{Asked, list};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:";

/// Resources by path, such as `/Users/u1`.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    pub resources: BTreeMap<String, Value>,
    made: usize,
}

impl Directory {
    pub fn user(mut self, id: &str, more: &Value) -> Self {
        let mut user =
            json!({ "schemas": [format!("{CORE}User")], "id": id, "userName": id, "active": true });
        user.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.resources.insert(format!("/Users/{id}"), user);
        self
    }

    pub fn group(mut self, id: &str, name: &str, members: &[&str]) -> Self {
        let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
        let group =
            json!({ "schemas": [format!("{CORE}Group")], "id": id, "displayName": name, "members": members });
        self.resources.insert(format!("/Groups/{id}"), group);
        self
    }

    /// Carries a request out.
    pub fn answer(&mut self, asked: &Asked) -> (u16, Value) {
        let id = asked.path.rsplit('/').next().unwrap_or_default().to_owned();
        match asked.method.as_str() {
            "POST" => {
                self.made += 1;
                let mut made = asked.body.clone();
                made["id"] = json!(format!("made-{}", self.made));
                let place = format!("{}/made-{}", asked.path, self.made);
                self.resources.insert(place, made.clone());
                (201, made)
            }
            "GET" if asked.path.matches('/').count() == 1 => {
                let wanted = asked.query.split('&').find_map(|pair| pair.strip_prefix("filter="));
                let prefix = format!("{}/", asked.path);
                let of_type = self.resources.iter().filter(|(path, _)| path.starts_with(&prefix));
                let found = of_type.map(|(_, resource)| resource.clone());
                let holds = |one: &Value| {
                    wanted.is_none_or(|filter| oracle::filter_matches(filter, one).unwrap_or(false))
                };
                (200, list(&found.filter(holds).collect::<Vec<_>>()))
            }
            _ if !self.resources.contains_key(&asked.path) => (404, Value::Null),
            "GET" => (200, self.resources[&asked.path].clone()),
            "PUT" => {
                let mut body = asked.body.clone();
                body["id"] = json!(id);
                self.resources.insert(asked.path.clone(), body.clone());
                (200, body)
            }
            "PATCH" => match oracle::apply_patch(&self.resources[&asked.path], &asked.body["Operations"]) {
                Ok(after) => {
                    self.resources.insert(asked.path.clone(), after.clone());
                    (200, after)
                }
                Err(_) => (400, Value::Null),
            },
            _ => {
                self.resources.remove(&asked.path);
                (204, Value::Null)
            }
        }
    }
}
