//! The clients besides Entra and Okta, as data: how each asks, which requests it makes, and how its bodies look. What is
//! known of them is in their products' documentation and source; where an administrator chooses (OneLogin's templates,
//! authentik's property mappings) the choice is the one that says the same as the others.

use serde_json::{Value, json};

use super::{Client, ENTERPRISE, GROUP, PEOPLE, Person, Stage, Step, TECHNICIANS, USER, encoded, patch};

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
    body["addresses"] = json!([]);
    body["phoneNumbers"] = json!([]);
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

pub(super) fn life_cycle(client: Client) -> Vec<Step> {
    let speech = speech(client);
    let mut steps = vec![Step::get(Stage::Connect, "tests the connection", speech.connect)];
    for person in &PEOPLE {
        let display_name = person.display_name();
        let asked = if speech.lookup.contains("externalId") { person.key } else { person.user_name };
        let path = speech.lookup.replace("{}", &encoded(asked));
        steps.push(Step::get(Stage::Create, format!("looks {display_name} up"), path));
        let mut body = person.attributes();
        (speech.body)(&mut body);
        let title = format!("creates {display_name}");
        steps.push(Step::send(Stage::Create, title, "POST", "/Users", body).keep(person.key));
    }
    let [ana, bo, cem] = &PEOPLE;
    let renamed: &[(&str, Value)] = &[
        ("/displayName", json!("Ana Souza")),
        ("/name/familyName", json!("Souza")),
        ("/emails/0/value", json!("ana.souza@acme.example")),
    ];
    steps.push(speech.change(Stage::Rename, "gives Ana her new family name", ana, &[], renamed));
    let moved: &[(&str, Value)] = &[(DEPARTMENT, json!("Logistics - Porto"))];
    steps.push(speech.change(Stage::Department, "moves Bo to another department", bo, &[], moved));
    steps.extend(speech.group());
    for (title, active) in [("deactivates Bo", false), ("lets Bo come back", true)] {
        steps.push(speech.change(Stage::Suspend, title, bo, moved, &[("/active", json!(active))]));
    }
    steps.push(if speech.deletes {
        let path = format!("/Users/{{{}}}", cem.key);
        Step { method: "DELETE", expect: &[204], ..Step::get(Stage::Leave, "deletes Cem, who leaves", path) }
    } else {
        speech.change(Stage::Leave, "deactivates Cem, who leaves", cem, &[], &[("/active", json!(false))])
    });
    steps.push(Step::get(Stage::Read, "reads Ana", "/Users/{ana}"));
    steps.push(Step::get(Stage::Read, "reads Bo", "/Users/{bo}"));
    steps
}

/// A JSON pointer: the slash is the separator, and the URN has none.
const DEPARTMENT: &str = "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department";

impl Speech {
    /// One change of a person who had other changes before.
    fn change(
        &self,
        stage: Stage,
        title: &str,
        person: &Person,
        before: &[(&str, Value)],
        now: &[(&str, Value)],
    ) -> Step {
        let path = format!("/Users/{{{}}}", person.key);
        if self.update == Update::Paths {
            let operation = |(pointer, value): &(&str, Value)| json!({ "op": "replace", "path": scim_path(pointer), "value": value });
            let body = patch(&now.iter().map(operation).collect());
            return Step::send(stage, title, "PATCH", path, body);
        }
        let mut whole = person.attributes();
        for (pointer, value) in before.iter().chain(now) {
            if let Some(place) = whole.pointer_mut(pointer) {
                *place = value.clone();
            }
        }
        (self.body)(&mut whole);
        whole["id"] = json!(format!("{{{}}}", person.key));
        match self.update {
            Update::Whole => {
                let body = patch(&json!([{ "op": "replace", "path": null, "value": whole }]));
                Step::send(stage, title, "PATCH", path, body)
            }
            _ => Step::send(stage, title, "PUT", format!("{path}{}", self.after_path), whole),
        }
    }

    fn group(&self) -> Vec<Step> {
        let stage = Stage::Group;
        let filter = encoded(&format!("displayName eq \"{TECHNICIANS}\""));
        let created = json!({ "schemas": [GROUP], "displayName": TECHNICIANS });
        vec![
            Step::get(stage, "looks the group up", format!("/Groups?filter={filter}")),
            Step::send(stage, "creates the group", "POST", "/Groups", created).keep("group"),
            self.join("adds Ana to the group", Some("{ana}"), None, &["{ana}"]),
            self.join("adds Bo to the group", Some("{bo}"), None, &["{ana}", "{bo}"]),
            self.join("removes Bo from the group", None, Some("{bo}"), &["{ana}"]),
        ]
    }

    /// Somebody joins or leaves; `then` are all who are in the group afterwards.
    fn join(&self, title: &str, new: Option<&str>, gone: Option<&str>, then: &[&str]) -> Step {
        let path = "/Groups/{group}";
        let member = |id: &&str| json!({ "value": id, "$ref": format!("Users/{id}") });
        let all: Value = then.iter().map(member).collect();
        let by_path = |op: &str, id: &str| json!({ "op": op, "path": format!("members[value eq \"{id}\"]") });
        let list = |op: &str, id: &str| json!({ "op": op, "path": "members", "value": [{ "value": id }] });
        let operation = match (self.join, new, gone) {
            (Join::Put, ..) => {
                let body = json!({ "schemas": [GROUP], "displayName": TECHNICIANS, "members": all });
                return Step::send(Stage::Group, title, "PUT", path, body);
            }
            (Join::Replace, ..) => json!({ "op": "replace", "path": "members", "value": all }),
            (Join::ByPath, Some(id), _) => by_path("add", id),
            (_, Some(id), _) => list("add", id),
            (Join::ByValue, None, Some(id)) => list("remove", id),
            (_, None, id) => by_path("remove", id.unwrap_or_default()),
        };
        Step::send(Stage::Group, title, "PATCH", path, patch(&json!([operation])))
    }
}

/// The path of an attribute as RFC 7644 writes it.
fn scim_path(pointer: &str) -> String {
    match pointer {
        "/emails/0/value" => "emails[type eq \"work\"].value".to_owned(),
        DEPARTMENT => format!("{ENTERPRISE}:department"),
        _ => pointer.trim_start_matches('/').replace('/', "."),
    }
}
