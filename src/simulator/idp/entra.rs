//! Microsoft Entra ID's provisioning service, in its two dialects.

use serde_json::{Value, json};

use super::{ENTERPRISE, GROUP, PEOPLE, Stage, Step, TECHNICIANS, encoded, patch};

const ADSCIM: &str = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";

/// `flag`: with `aadOptscim062020`.
pub(super) fn life_cycle(flag: bool) -> Vec<Step> {
    let words = Words { flag };
    let mut steps = vec![lookup(
        Stage::Connect,
        "tests the connection with a name that nobody has",
        "f3b1d6a2-55a1-4b7e",
    )];
    for person in &PEOPLE {
        let display_name = person.display_name();
        steps.push(lookup(Stage::Create, &format!("looks {display_name} up"), person.user_name));
        let mut body = person.attributes();
        body["meta"] = json!({ "resourceType": "User" });
        body["roles"] = json!([]);
        steps.push(
            Step::send(Stage::Create, format!("creates {display_name}"), "POST", "/Users", body)
                .keep(person.key),
        );
    }
    steps.push(Step::send(
        Stage::Rename,
        "gives Ana her new family name",
        "PATCH",
        "/Users/{ana}",
        words.gathered(&[
            ("displayName", json!("Ana Souza")),
            ("name.familyName", json!("Souza")),
            ("emails[type eq \"work\"].value", json!("ana.souza@acme.example")),
        ]),
    ));
    let department = format!("{ENTERPRISE}:department");
    steps.push(Step::send(
        Stage::Department,
        "moves Bo to another department",
        "PATCH",
        "/Users/{bo}",
        words.gathered(&[(&department, json!("Logistics - Porto"))]),
    ));
    steps.extend(group(&words));
    for (title, active) in [("deactivates Bo", false), ("lets Bo come back", true)] {
        let body = patch(&json!([words.replace("active", &words.boolean(active))]));
        steps.push(Step::send(Stage::Suspend, title, "PATCH", "/Users/{bo}", body));
    }
    let off = patch(&json!([words.replace("active", &words.boolean(false))]));
    steps.push(Step::send(Stage::Leave, "deactivates Cem, who leaves", "PATCH", "/Users/{cem}", off));
    steps.push(Step {
        method: "DELETE",
        expect: &[204],
        ..Step::get(Stage::Leave, "deletes Cem, thirty days later", "/Users/{cem}")
    });
    steps.push(Step::get(Stage::Read, "reads Ana", "/Users/{ana}"));
    steps.push(Step::get(Stage::Read, "reads Bo", "/Users/{bo}"));
    steps
}

fn lookup(stage: Stage, title: &str, user_name: &str) -> Step {
    let filter = encoded(&format!("userName eq \"{user_name}\""));
    Step::get(stage, title, format!("/Users?filter={filter}"))
}

fn group(words: &Words) -> Vec<Step> {
    let stage = Stage::Group;
    let filter = encoded(&format!("displayName eq \"{TECHNICIANS}\""));
    let created = json!({
        "schemas": [GROUP, ADSCIM],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": TECHNICIANS,
        "meta": { "resourceType": "Group" },
    });
    vec![
        Step::get(stage, "looks the group up", format!("/Groups?excludedAttributes=members&filter={filter}")),
        Step::send(stage, "creates the group", "POST", "/Groups", created).keep("group"),
        Step::send(stage, "adds Ana to the group", "PATCH", "/Groups/{group}", words.add_member("{ana}")),
        Step::send(stage, "adds Bo to the group", "PATCH", "/Groups/{group}", words.add_member("{bo}")),
        Step::get(
            stage,
            "looks at the group, without its members",
            "/Groups/{group}?excludedAttributes=members",
        ),
        Step::send(
            stage,
            "removes Bo from the group",
            "PATCH",
            "/Groups/{group}",
            words.remove_member("{bo}"),
        ),
    ]
}

/// How the two dialects say the same.
struct Words {
    flag: bool,
}

impl Words {
    fn boolean(&self, value: bool) -> Value {
        match (self.flag, value) {
            (true, value) => json!(value),
            (false, true) => json!("True"),
            (false, false) => json!("False"),
        }
    }

    fn replace(&self, path: &str, value: &Value) -> Value {
        json!({ "op": if self.flag { "replace" } else { "Replace" }, "path": path, "value": value })
    }

    /// Several changes: an operation each, or one without a path and value paths apart.
    fn gathered(&self, changes: &[(&str, Value)]) -> Value {
        if !self.flag {
            return patch(&changes.iter().map(|(path, value)| self.replace(path, value)).collect());
        }
        let (apart, together): (Vec<_>, Vec<_>) = changes.iter().partition(|(path, _)| path.contains('['));
        let value: serde_json::Map<String, Value> =
            together.into_iter().map(|(path, value)| ((*path).to_owned(), value.clone())).collect();
        let mut operations = vec![json!({ "op": "replace", "value": value })];
        operations.extend(apart.into_iter().map(|(path, value)| self.replace(path, value)));
        patch(&Value::Array(operations))
    }

    fn add_member(&self, id: &str) -> Value {
        let op = if self.flag { "add" } else { "Add" };
        patch(&json!([{ "op": op, "path": "members", "value": [{ "$ref": null, "value": id }] }]))
    }

    fn remove_member(&self, id: &str) -> Value {
        if self.flag {
            return patch(&json!([{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }]));
        }
        patch(&json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": id }] }]))
    }
}
