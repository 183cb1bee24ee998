//! Microsoft Entra ID's provisioning service, in its two dialects.

use serde_json::{Value, json};

use super::deed::{Deed, Members};
use super::{GROUP, Stage, Step, encoded, patch, scim_path};

const ADSCIM: &str = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";

/// `flag`: with `aadOptscim062020`.
pub(super) fn say(flag: bool, stage: Stage, title: &str, deed: Deed<'_>) -> Vec<Step> {
    let words = Words { flag };
    let lookup = |title: &str, user_name: &str| {
        let filter = encoded(&format!("userName eq \"{user_name}\""));
        vec![Step::get(stage, title, format!("/Users?filter={filter}"))]
    };
    let modify = |endpoint: &str, key: &str, body: Value| {
        vec![Step::send(stage, title, "PATCH", format!("/{endpoint}/{{{key}}}"), body)]
    };
    match deed {
        Deed::Connect => lookup("tests the connection with a name that nobody has", "f3b1d6a2-55a1-4b7e"),
        Deed::Find { user_name, .. } => lookup(title, user_name),
        Deed::Create { key, body } => {
            let mut body = body.clone();
            body["meta"] = json!({ "resourceType": "User" });
            body["roles"] = json!([]);
            vec![Step::send(stage, title, "POST", "/Users", body).keep(key)]
        }
        Deed::Change { key, changes, .. } => modify("Users", key, words.gathered(changes)),
        Deed::Activate { key, active, .. } => modify("Users", key, words.activated(active)),
        Deed::Leave { key, .. } => {
            let mut steps = modify("Users", key, words.activated(false));
            let path = format!("/Users/{{{key}}}");
            steps.push(Step::delete(stage, format!("deletes {key}, thirty days later"), path));
            steps
        }
        Deed::FindGroup { name } => {
            let filter = encoded(&format!("displayName eq \"{name}\""));
            vec![Step::get(stage, title, format!("/Groups?excludedAttributes=members&filter={filter}"))]
        }
        Deed::CreateGroup { key, name } => {
            let body = json!({
                "schemas": [GROUP, ADSCIM],
                "externalId": format!("8aa1a0c0-c4c3-4bc0-b4a5-{name}"),
                "displayName": name,
                "meta": { "resourceType": "Group" },
            });
            vec![Step::send(stage, title, "POST", "/Groups", body).keep(key)]
        }
        Deed::RenameGroup { key, name, .. } => {
            modify("Groups", key, patch(&json!([words.replace("displayName", &json!(name))])))
        }
        Deed::Members(Members { key, joining, leaving, .. }) => {
            let mut steps = Vec::new();
            if !leaving.is_empty() {
                let path = format!("/Groups/{{{key}}}?excludedAttributes=members");
                steps.push(Step::get(stage, "looks at the group, without its members", path));
                steps.extend(modify("Groups", key, words.remove_members(leaving)));
            }
            if !joining.is_empty() {
                steps.extend(modify("Groups", key, words.add_members(joining)));
            }
            steps
        }
        Deed::Delete { .. } | Deed::DeleteGroup { .. } | Deed::Read { .. } => Vec::new(),
    }
}

/// How the two dialects say the same.
struct Words {
    flag: bool,
}

impl Words {
    fn op(&self, word: &str) -> String {
        if self.flag { word.to_ascii_lowercase() } else { word.to_owned() }
    }

    fn activated(&self, active: bool) -> Value {
        let value = match (self.flag, active) {
            (true, value) => json!(value),
            (false, true) => json!("True"),
            (false, false) => json!("False"),
        };
        patch(&json!([self.replace("active", &value)]))
    }

    fn replace(&self, path: &str, value: &Value) -> Value {
        json!({ "op": self.op("Replace"), "path": path, "value": value })
    }

    /// Several changes: an operation each, or one without a path and value paths apart.
    fn gathered(&self, changes: &[(&str, Value)]) -> Value {
        let changes: Vec<_> =
            changes.iter().map(|(pointer, value)| (scim_path(pointer), value.clone())).collect();
        let (gone, changes): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(_, value)| value.is_null());
        let (apart, together): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|(path, _)| !self.flag || path.contains('['));
        let mut operations = Vec::new();
        if !together.is_empty() {
            let value: serde_json::Map<String, Value> = together.into_iter().collect();
            operations.push(json!({ "op": "replace", "value": value }));
        }
        operations.extend(apart.iter().map(|(path, value)| self.replace(path, value)));
        operations.extend(gone.iter().map(|(path, _)| json!({ "op": self.op("Remove"), "path": path })));
        patch(&Value::Array(operations))
    }

    fn add_members(&self, keys: &[&str]) -> Value {
        patch(&json!([{ "op": self.op("Add"), "path": "members", "value": members(keys) }]))
    }

    fn remove_members(&self, keys: &[&str]) -> Value {
        if self.flag {
            let remove =
                |key: &&str| json!({ "op": "remove", "path": format!("members[value eq \"{{{key}}}\"]") });
            return patch(&keys.iter().map(remove).collect());
        }
        patch(&json!([{ "op": "Remove", "path": "members", "value": members(keys) }]))
    }
}

fn members(keys: &[&str]) -> Value {
    keys.iter().map(|key| json!({ "$ref": null, "value": format!("{{{key}}}") })).collect()
}
