//! Okta's SCIM client: the apps of its catalogue, and those that the wizard makes.

use serde_json::{Value, json};

use super::{Body, ENTERPRISE, GROUP, PEOPLE, Stage, Step, TECHNICIANS, encoded, patch};

/// `wizard`: PUT for everything.
pub(super) fn life_cycle(wizard: bool) -> Vec<Step> {
    let mut steps = vec![Step::get(Stage::Connect, "tests the connection", "/Users?startIndex=1&count=2")];
    for person in &PEOPLE {
        let display_name = person.display_name();
        let filter = encoded(&format!("userName eq \"{}\"", person.user_name));
        let path = format!("/Users?filter={filter}&startIndex=1&count=100");
        steps.push(Step::get(Stage::Create, format!("looks {display_name} up"), path));
        let mut body = person.attributes();
        body["groups"] = json!([]);
        body["password"] = json!("Zk7pQ1vx-placeholder");
        steps.push(
            Step::send(Stage::Create, format!("creates {display_name}"), "POST", "/Users", body)
                .keep(person.key),
        );
    }
    let renamed = vec![
        ("/displayName", json!("Ana Souza")),
        ("/name/familyName", json!("Souza")),
        ("/emails/0/value", json!("ana.souza@acme.example")),
    ];
    steps.extend(update(Stage::Rename, "gives Ana her new family name", "ana", renamed));
    let moved = vec![(DEPARTMENT, json!("Logistics - Porto"))];
    steps.extend(update(Stage::Department, "moves Bo to another department", "bo", moved));
    steps.extend(group(wizard));
    for (title, active) in [("deactivates Bo", false), ("lets Bo come back", true)] {
        steps.extend(activate(wizard, Stage::Suspend, title, "bo", active));
    }
    steps.extend(activate(
        wizard,
        Stage::Leave,
        "deactivates Cem, who leaves: Okta never deletes",
        "cem",
        false,
    ));
    steps.push(Step::get(Stage::Read, "reads Ana", "/Users/{ana}"));
    steps.push(Step::get(Stage::Read, "reads Bo", "/Users/{bo}"));
    steps
}

/// A JSON pointer: the slash is the separator, and the URN has none.
const DEPARTMENT: &str = "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department";
const _: () = assert!(ENTERPRISE.len() + "//department".len() == DEPARTMENT.len());

/// Reads the profile, and writes it back with changes.
fn update(stage: Stage, title: &str, who: &'static str, changes: Vec<(&'static str, Value)>) -> Vec<Step> {
    let path = format!("/Users/{{{who}}}");
    let read = Step::get(stage, format!("reads the profile of {who}"), path.clone()).keep(who);
    let write = Step { method: "PUT", body: Body::Echo(who, changes), ..Step::get(stage, title, path) };
    vec![read, write]
}

fn activate(wizard: bool, stage: Stage, title: &str, who: &'static str, active: bool) -> Vec<Step> {
    if wizard {
        return update(stage, title, who, vec![("/active", json!(active))]);
    }
    let body = patch(&json!([{ "op": "replace", "value": { "active": active } }]));
    vec![Step::send(stage, title, "PATCH", format!("/Users/{{{who}}}"), body)]
}

fn group(wizard: bool) -> Vec<Step> {
    let stage = Stage::Group;
    let filter = encoded(&format!("displayName eq \"{TECHNICIANS}\""));
    let look =
        Step::get(stage, "looks the group up", format!("/Groups?filter={filter}&startIndex=1&count=100"));
    let created = json!({ "schemas": [GROUP], "displayName": TECHNICIANS, "members": [] });
    let create = Step::send(stage, "creates the group", "POST", "/Groups", created).keep("group");
    let member = |index: usize, id: &str| json!({ "value": id, "display": PEOPLE[index].user_name });
    let path = "/Groups/{group}";
    if wizard {
        let whole =
            |members: Value| json!({ "schemas": [GROUP], "displayName": TECHNICIANS, "members": members });
        let put = |title: &str, members: Value| Step::send(stage, title, "PUT", path, whole(members));
        return vec![
            look,
            create,
            put("adds Ana to the group", json!([member(0, "{ana}")])),
            put("adds Bo to the group", json!([member(0, "{ana}"), member(1, "{bo}")])),
            put("removes Bo from the group", json!([member(0, "{ana}")])),
        ];
    }
    // Okta renames a group whenever it changes its members.
    let rename = json!({ "op": "replace", "value": { "id": "{group}", "displayName": TECHNICIANS } });
    let add = |title: &str, member: Value| {
        let operation = json!({ "op": "add", "path": "members", "value": [member] });
        Step::send(stage, title, "PATCH", path, patch(&json!([operation])))
    };
    let removal = json!({ "op": "remove", "path": "members[value eq \"{bo}\"]" });
    vec![
        look,
        create,
        add("adds Ana to the group", member(0, "{ana}")),
        add("adds Bo to the group", member(1, "{bo}")),
        Step::send(stage, "names the group again, as Okta does", "PATCH", path, patch(&json!([rename]))),
        Step::send(stage, "removes Bo from the group", "PATCH", path, patch(&json!([removal]))),
    ]
}
