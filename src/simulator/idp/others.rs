//! The clients besides Entra and Okta, as data: how each asks, which requests it makes, and how its bodies look. What is
//! known of them is in their products' documentation and source; where an administrator chooses (OneLogin's templates,
//! authentik's property mappings) the choice is the one that says the same as the others.

use serde_json::{Value, json};

use super::deed::{Deed, Members};
use super::{Client, ENTERPRISE, GROUP, Stage, Step, USER, encoded, patch, scim_path};

/// How a client changes a user.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Update {
    /// PUT of the whole, always.
    Put,
    /// PATCH with one operation without a path, whose value is the whole resource.
    Whole,
    /// PATCH with a path for each attribute.
    Paths,
}

/// How a client changes who is in a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    /// PUT of the group with all its members.
    Put,
    /// `replace` of `members` with all of them.
    Replace,
    /// Addition and removal by `members[value eq "…"]`, no value.
    ByPath,
    /// `remove` of `members` with a list of values.
    ByValue,
    /// As RFC 7644 has it.
    Rfc,
}

struct Speech {
    /// The first request.
    connect: &'static str,
    /// How people are looked up; `{}` is the name, encoded.
    lookup: &'static str,
    update: Update,
    join: Join,
    /// What stands after the path of a PUT.
    after_path: &'static str,
    /// Whether who leaves is deleted instead of deactivated.
    deletes: bool,
    /// What this client makes of the body of a user.
    body: fn(&mut Value),
}

const fn speech(client: Client) -> Speech {
    const PLAIN: Speech = Speech {
        connect: "/Users?filter=userName%20eq%20%22nobody%22",
        lookup: "/Users?filter=userName%20eq%20%22{}%22",
        update: Update::Put,
        join: Join::Rfc,
        after_path: "",
        deletes: false,
        body: |_| {},
    };
    match client {
        Client::OneLogin => Speech {
            connect: "/Users?filter=userName+eq+%22nobody%22&",
            lookup: "/Users?filter=userName+eq+%22{}%22&",
            join: Join::ByPath,
            after_path: "?",
            body: onelogin,
            ..PLAIN
        },
        Client::JumpCloud => Speech { join: Join::ByValue, body: jumpcloud, ..PLAIN },
        Client::Ping => {
            Speech { lookup: "/Users?filter=username%20eq%20%22{}%22", join: Join::Put, body: ping, ..PLAIN }
        }
        Client::Authentik => Speech {
            connect: "/ServiceProviderConfig",
            lookup: "/Users?filter=userName%20eq%20{}",
            update: Update::Whole,
            join: Join::ByValue,
            deletes: true,
            ..PLAIN
        },
        Client::Keycloak => Speech { join: Join::Replace, body: keycloak, ..PLAIN },
        Client::Rauthy => Speech {
            connect: "/Groups?startIndex=1&count=100",
            lookup: "/Users?filter=externalId%20eq%20%22{}%22",
            join: Join::ByValue,
            body: rauthy,
            ..PLAIN
        },
        _ => Speech { update: Update::Paths, ..PLAIN },
    }
}

/// A JSON template, filled in by text: `"active": "true"`, and URNs that no RFC has.
fn onelogin(body: &mut Value) {
    body["schemas"] = json!(["urn:scim:schemas:core:2.0"]);
    body["active"] = json!(body["active"].to_string());
    body["emails"] = body["emails"][0].clone();
    body["id"] = Value::Null;
}

/// Both schemas in another order, and empty lists.
fn jumpcloud(body: &mut Value) {
    body["schemas"] = json!([ENTERPRISE, USER]);
    for name in ["addresses", "phoneNumbers"] {
        if body.get(name).is_none() {
            body[name] = json!([]);
        }
    }
}

/// Where one of two addresses is empty both are the same, and both primary.
fn ping(body: &mut Value) {
    let mut home = body["emails"][0].clone();
    home["type"] = json!("home");
    if let Some(emails) = body["emails"].as_array_mut() {
        emails.push(home);
    }
}

/// What only the service provider writes, and truth values as text.
fn keycloak(body: &mut Value) {
    body["meta"] = json!({ "resourceType": "User", "location": "Users/of-the-client" });
    body["active"] = json!(body["active"].to_string());
}

/// An object of its own beside the core attributes, and an empty name.
fn rauthy(body: &mut Value) {
    body["custom"] = json!({ "shoe_size": "42" });
    body["name"]["middleName"] = json!("");
}

pub(super) fn say(client: Client, stage: Stage, title: &str, deed: Deed<'_>) -> Vec<Step> {
    let speech = speech(client);
    let step = match deed {
        Deed::Connect => Step::get(stage, title, speech.connect),
        Deed::Find { user_name, external_id } => {
            let asked = if speech.lookup.contains("externalId") { external_id } else { user_name };
            Step::get(stage, title, speech.lookup.replace("{}", &encoded(asked)))
        }
        Deed::Create { key, body } => {
            let mut body = body.clone();
            (speech.body)(&mut body);
            Step::send(stage, title, "POST", "/Users", body).keep(key)
        }
        Deed::Change { key, whole, changes } => speech.change(stage, title, key, whole, changes),
        Deed::Leave { key, .. } if speech.deletes => Step::delete(stage, title, format!("/Users/{{{key}}}")),
        Deed::Leave { key, whole } => speech.change(stage, title, key, whole, &[("/active", json!(false))]),
        Deed::Activate { key, whole, active } => {
            speech.change(stage, title, key, whole, &[("/active", json!(active))])
        }
        Deed::FindGroup { name } => {
            let filter = encoded(&format!("displayName eq \"{name}\""));
            Step::get(stage, title, format!("/Groups?filter={filter}"))
        }
        Deed::CreateGroup { key, name } => {
            let created = json!({ "schemas": [GROUP], "displayName": name });
            Step::send(stage, title, "POST", "/Groups", created).keep(key)
        }
        Deed::RenameGroup { key, name, members } => speech.rename(stage, title, key, name, members),
        Deed::Members(members) => speech.members(stage, title, &members),
        Deed::Delete { .. } | Deed::DeleteGroup { .. } | Deed::Read { .. } => return Vec::new(),
    };
    vec![step]
}

impl Speech {
    /// One change of a user, who is this afterwards.
    fn change(&self, stage: Stage, title: &str, key: &str, whole: &Value, changes: &[(&str, Value)]) -> Step {
        let path = format!("/Users/{{{key}}}");
        if self.update == Update::Paths {
            let operation = |(pointer, value): &(&str, Value)| match value {
                Value::Null => json!({ "op": "remove", "path": scim_path(pointer) }),
                value => json!({ "op": "replace", "path": scim_path(pointer), "value": value }),
            };
            let body = patch(&changes.iter().map(operation).collect());
            return Step::send(stage, title, "PATCH", path, body);
        }
        let mut whole = whole.clone();
        (self.body)(&mut whole);
        whole["id"] = json!(format!("{{{key}}}"));
        match self.update {
            Update::Whole => {
                let body = patch(&json!([{ "op": "replace", "path": null, "value": whole }]));
                Step::send(stage, title, "PATCH", path, body)
            }
            _ => Step::send(stage, title, "PUT", format!("{path}{}", self.after_path), whole),
        }
    }

    fn rename(&self, stage: Stage, title: &str, key: &str, name: &str, members: &[&str]) -> Step {
        let path = format!("/Groups/{{{key}}}");
        match self.join {
            Join::Put => Step::send(stage, title, "PUT", path, whole_group(name, members)),
            _ => {
                let operation = json!({ "op": "replace", "path": "displayName", "value": name });
                Step::send(stage, title, "PATCH", path, patch(&json!([operation])))
            }
        }
    }

    fn members(&self, stage: Stage, title: &str, change: &Members<'_>) -> Step {
        let Members { key, name, joining, leaving, all } = *change;
        let path = format!("/Groups/{{{key}}}");
        let by_path = |op: &'static str| move |key: &&str| json!({ "op": op, "path": format!("members[value eq \"{{{key}}}\"]") });
        let list = |op: &str, keys: &[&str]| {
            let values: Value = keys.iter().map(|key| json!({ "value": format!("{{{key}}}") })).collect();
            json!({ "op": op, "path": "members", "value": values })
        };
        let mut operations: Vec<Value> = Vec::new();
        match self.join {
            Join::Put => return Step::send(stage, title, "PUT", path, whole_group(name, all)),
            Join::Replace => {
                operations.push(json!({ "op": "replace", "path": "members", "value": members(all) }));
            }
            Join::ByPath => {
                operations.extend(leaving.iter().map(by_path("remove")));
                operations.extend(joining.iter().map(by_path("add")));
            }
            Join::ByValue | Join::Rfc => {
                match self.join {
                    _ if leaving.is_empty() => {}
                    Join::ByValue => operations.push(list("remove", leaving)),
                    _ => operations.extend(leaving.iter().map(by_path("remove"))),
                }
                if !joining.is_empty() {
                    operations.push(list("add", joining));
                }
            }
        }
        Step::send(stage, title, "PATCH", path, patch(&Value::Array(operations)))
    }
}

fn whole_group(name: &str, keys: &[&str]) -> Value {
    json!({ "schemas": [GROUP], "displayName": name, "members": members(keys) })
}

fn members(keys: &[&str]) -> Value {
    let member = |key: &&str| json!({ "value": format!("{{{key}}}"), "$ref": format!("Users/{{{key}}}") });
    keys.iter().map(member).collect()
}
