//! Okta's SCIM client: the apps of its catalogue, and those that the wizard makes.

use serde_json::{Value, json};

use super::deed::{Deed, Members};
use super::{Body, GROUP, Stage, Step, encoded, patch};

/// `wizard`: PUT for everything.
pub(super) fn say(wizard: bool, stage: Stage, title: &str, deed: Deed<'_>) -> Vec<Step> {
    let page = |endpoint: &str, filter: &str| {
        let path = format!("/{endpoint}?filter={}&startIndex=1&count=100", encoded(filter));
        vec![Step::get(stage, title, path)]
    };
    match deed {
        Deed::Connect => vec![Step::get(stage, title, "/Users?startIndex=1&count=2")],
        Deed::Find { user_name, .. } => page("Users", &format!("userName eq \"{user_name}\"")),
        Deed::FindGroup { name } => page("Groups", &format!("displayName eq \"{name}\"")),
        Deed::Create { key, body } => {
            let mut body = body.clone();
            body["groups"] = json!([]);
            body["password"] = json!("Zk7pQ1vx-placeholder");
            vec![Step::send(stage, title, "POST", "/Users", body).keep(key)]
        }
        Deed::Change { key, changes, .. } => update(stage, title, key, changes),
        Deed::Activate { key, active, .. } => activate(wizard, stage, title, key, active),
        // Okta never deletes.
        Deed::Leave { key, .. } => activate(wizard, stage, title, key, false),
        Deed::CreateGroup { key, name } => {
            let body = json!({ "schemas": [GROUP], "displayName": name, "members": [] });
            vec![Step::send(stage, title, "POST", "/Groups", body).keep(key)]
        }
        Deed::RenameGroup { key, name, members } if wizard => {
            vec![put(stage, title, key, name, members)]
        }
        Deed::RenameGroup { key, name, .. } => vec![rename(stage, title, key, name)],
        Deed::Members(members) => change_members(wizard, stage, title, &members),
        Deed::Delete { .. } | Deed::DeleteGroup { .. } | Deed::Read { .. } => Vec::new(),
    }
}

/// Reads the profile, and writes it back with changes.
fn update(stage: Stage, title: &str, who: &str, changes: &[(&str, Value)]) -> Vec<Step> {
    let path = format!("/Users/{{{who}}}");
    let read = Step::get(stage, format!("reads the profile of {who}"), path.clone()).keep(who);
    let changes = changes.iter().map(|(pointer, value)| ((*pointer).to_owned(), value.clone())).collect();
    let body = Body::Echo(who.to_owned(), changes);
    vec![read, Step { method: "PUT", body, ..Step::get(stage, title, path) }]
}

fn activate(wizard: bool, stage: Stage, title: &str, who: &str, active: bool) -> Vec<Step> {
    if wizard {
        return update(stage, title, who, &[("/active", json!(active))]);
    }
    let body = patch(&json!([{ "op": "replace", "value": { "active": active } }]));
    vec![Step::send(stage, title, "PATCH", format!("/Users/{{{who}}}"), body)]
}

fn put(stage: Stage, title: &str, key: &str, name: &str, members: &[&str]) -> Step {
    let members: Value = members.iter().map(|key| member(key)).collect();
    let body = json!({ "schemas": [GROUP], "displayName": name, "members": members });
    Step::send(stage, title, "PUT", format!("/Groups/{{{key}}}"), body)
}

fn member(key: &str) -> Value {
    json!({ "value": format!("{{{key}}}"), "display": format!("{key}@acme.example") })
}

fn rename(stage: Stage, title: &str, key: &str, name: &str) -> Step {
    let id = format!("{{{key}}}");
    let operation = json!({ "op": "replace", "value": { "id": id, "displayName": name } });
    Step::send(stage, title, "PATCH", format!("/Groups/{id}"), patch(&json!([operation])))
}

fn change_members(wizard: bool, stage: Stage, title: &str, change: &Members<'_>) -> Vec<Step> {
    let Members { key, name, joining, leaving, all } = *change;
    if wizard {
        return vec![put(stage, title, key, name, all)];
    }
    let leave = |who: &&str| json!({ "op": "remove", "path": format!("members[value eq \"{{{who}}}\"]") });
    let mut operations: Vec<Value> = leaving.iter().map(leave).collect();
    if !joining.is_empty() {
        let joining: Value = joining.iter().map(|key| member(key)).collect();
        operations.push(json!({ "op": "add", "path": "members", "value": joining }));
    }
    let step =
        Step::send(stage, title, "PATCH", format!("/Groups/{{{key}}}"), patch(&Value::Array(operations)));
    if leaving.is_empty() {
        return vec![step];
    }
    // Okta renames a group when it changes its members.
    vec![rename(stage, "names the group again, as Okta does", key, name), step]
}
