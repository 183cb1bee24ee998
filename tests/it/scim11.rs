//! A vendor that speaks SCIM 1.1: the identity provider does not notice.

use scim_bridge::simulator::idp::{Client as Story, Idp};
use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan, TOKEN, vendor};
use crate::peer::client::Client;
use crate::peer::script::{self, Script};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const CORE_1: &str = "urn:scim:schemas:core:1.0";
const ENTERPRISE_1: &str = "urn:scim:schemas:extension:enterprise:1.0";

async fn slack() -> (Simulator, Bridge) {
    let simulator = vendor(Vendor::SlackV1).await;
    // What the rates are is another matter than what is said.
    simulator.set_knob("limits", json!(false)).unwrap();
    let bridge = Bridge::to(&simulator).await;
    (simulator, bridge)
}

/// Bodies that were written to the vendor since the log was emptied.
fn written(simulator: &Simulator) -> Vec<(String, Value)> {
    let log = simulator.log();
    simulator.clear_log();
    let writes = log.into_iter().filter(|entry| entry.method != "GET");
    writes.map(|entry| (entry.method, entry.body.unwrap_or_default())).collect()
}

fn user(name: &str) -> Value {
    json!({
        "schemas": [USER, ENTERPRISE], "userName": format!("{name}@acme.example"), "externalId": name, "active": true,
        "displayName": name, "title": "Engineer", "name": { "givenName": name, "familyName": "Silva" },
        "emails": [{ "value": format!("{name}@acme.example"), "type": "work", "primary": true }],
        ENTERPRISE: { "department": "IT" },
    })
}

async fn make(idp: &Client, path: &str, body: &Value) -> String {
    let made = idp.post(path, body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_client_tells_its_story_to_a_vendor_of_scim_1_1() {
    let mut first: Option<Value> = None;
    for client in Story::ALL {
        let (simulator, bridge) = slack().await;
        let mut idp = Idp::new(client, &bridge.url("acme"), TOKEN);
        for step in client.life_cycle() {
            let answer = idp.play(&step).await.unwrap();
            let expected = step.expect.contains(&answer.status);
            assert!(expected, "{}: {} answered {} {}", client.name(), step.title, answer.status, answer.body);
        }
        let counters = simulator.counters();
        let wrong =
            (counters.members_lost, counters.duplicate_creates, counters.concurrent_writes_same_resource);
        assert_eq!(wrong, (0, 0, 0), "{}", client.name());
        let state = held(&simulator.state());
        assert_eq!(state["users"][0]["displayName"], "Ana Souza", "{}: {state:#}", client.name());
        assert_eq!(state["users"][0]["name"], json!({ "givenName": "Ana", "familyName": "Souza" }));
        assert_eq!(state["users"][1][ENTERPRISE_1]["department"], "Logistics - Porto");
        assert_eq!(
            (&state["users"][1]["active"], &state["users"][2]["active"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(state["groups"][0]["members"], json!([state["users"][0]["userName"]]));
        let first = first.get_or_insert_with(|| state.clone());
        assert_eq!(state, *first, "{} leaves another state", client.name());
    }
}

/// The vendor's state without ids and times.
fn held(state: &Value) -> Value {
    let users = state["users"].as_array().unwrap().iter().map(|user| {
        let mut user = user.clone();
        ["id", "meta"].iter().for_each(|name| drop(user.as_object_mut().unwrap().remove(*name)));
        user
    });
    let groups = state["groups"].as_array().unwrap().iter().map(|group| {
        let members =
            group["members"].as_array().into_iter().flatten().map(|member| member["display"].clone());
        json!({ "displayName": group["displayName"], "members": members.collect::<Vec<_>>() })
    });
    json!({ "users": users.collect::<Vec<_>>(), "groups": groups.collect::<Vec<_>>() })
}

#[tokio::test]
async fn changes_of_a_user_are_parts_of_the_resource() {
    let (simulator, bridge) = slack().await;
    let idp = bridge.client();
    let boss = make(&idp, "/Users", &user("boss")).await;
    simulator.clear_log();
    let ana = make(&idp, "/Users", &user("ana")).await;
    let [(method, body)] = &written(&simulator)[..] else { panic!() };
    assert_eq!((method.as_str(), &body["schemas"]), ("POST", &json!([CORE_1, ENTERPRISE_1])));
    assert_eq!(body[ENTERPRISE_1], json!({ "department": "IT" }));
    let path = format!("/Users/{ana}");

    let change = json!([
        { "op": "replace", "path": "name.familyName", "value": "Souza" },
        { "op": "remove", "path": "title" },
        { "op": "add", "path": format!("{ENTERPRISE}:manager.value"), "value": boss },
        { "op": "remove", "path": format!("{ENTERPRISE}:department") },
    ]);
    let after = idp.patch(&path, &change).await;
    assert!(after.status < 300, "{}", after.text);
    assert_eq!(
        written(&simulator),
        [(
            "PATCH".to_owned(),
            json!({
                "schemas": [CORE_1, ENTERPRISE_1], "name": { "familyName": "Souza" },
                ENTERPRISE_1: { "manager": { "managerId": boss } },
                "meta": { "attributes": ["title", format!("{ENTERPRISE_1}:department")] },
            })
        )]
    );
    let read = idp.get(&path).await.body;
    assert_eq!(read["schemas"], json!([USER, ENTERPRISE]));
    assert_eq!((&read["name"]["familyName"], &read["title"]), (&json!("Souza"), &Value::Null));
    assert_eq!(read[ENTERPRISE]["manager"]["value"], json!(boss), "{read:#}");
    assert!(read[ENTERPRISE]["department"].is_null(), "{read:#}");

    // A list is what it was said to be, and not what was there besides.
    let moved =
        json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "new@acme.example" }]);
    assert!(idp.patch(&path, &moved).await.status < 300);
    let [(_, body)] = &written(&simulator)[..] else { panic!() };
    assert_eq!(body["meta"]["attributes"], json!(["emails"]), "{body:#}");
    let emails = idp.get(&path).await.body["emails"].clone();
    assert_eq!(emails, json!([{ "value": "new@acme.example", "type": "work", "primary": true }]));

    for active in [false, true] {
        let switched =
            idp.patch(&path, &json!([{ "op": "replace", "path": "active", "value": active }])).await;
        assert!(switched.status < 300, "{}", switched.text);
        assert_eq!(written(&simulator)[0].1, json!({ "schemas": [CORE_1], "active": active }));
        assert_eq!(idp.get(&path).await.body["active"], active);
    }
    // PUT as PATCH of what differs.
    let mut whole = idp.get(&path).await.body;
    whole["displayName"] = json!("Ana S");
    assert_eq!(idp.put(&path, &whole).await.status, 200);
    assert_eq!(written(&simulator)[0].1, json!({ "schemas": [CORE_1], "displayName": "Ana S" }));

    let taken = idp.post("/Users", &user("boss")).await;
    assert_eq!((taken.status, &taken.body["scimType"]), (409, &json!("uniqueness")), "{}", taken.text);
    assert_eq!(idp.get("/Users/U0").await.status, 404);
    assert_eq!(idp.delete(&path).await.status, 204);
    assert_eq!(idp.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_group_of_250_is_made_changed_and_emptied() {
    let (simulator, bridge) = slack().await;
    let idp = bridge.client();
    let mut ids = Vec::new();
    for at in 0..260 {
        ids.push(make(&idp, "/Users", &user(&format!("u{at}"))).await);
    }
    let members = |ids: &[String]| ids.iter().map(|id| json!({ "value": id })).collect::<Vec<_>>();
    let group = json!({ "schemas": [GROUP], "displayName": "Staff", "members": members(&ids[..250]) });
    let path = format!("/Groups/{}", make(&idp, "/Groups", &group).await);
    simulator.clear_log();
    let held = |number: usize| {
        let state = simulator.state();
        assert_eq!(state["groups"][0]["members"].as_array().unwrap().len(), number);
    };
    held(250);

    let add = json!([{ "op": "add", "path": "members", "value": members(&ids[250..251]) }]);
    assert!(idp.patch(&path, &add).await.status < 300);
    held(251);
    assert_eq!(written(&simulator)[0].1, json!({ "schemas": [CORE_1], "members": [{ "value": ids[250] }] }));
    let remove = json!([{ "op": "remove", "path": format!("members[value eq \"{}\"]", ids[0]) }]);
    assert!(idp.patch(&path, &remove).await.status < 300);
    held(250);
    assert_eq!(
        written(&simulator)[0].1,
        json!({ "schemas": [CORE_1], "members": [{ "value": ids[0], "operation": "delete" }] })
    );
    // One after the other: a part has no order, so this is written as the difference that it makes.
    let both = json!([
        { "op": "add", "path": "members", "value": members(&ids[251..253]) },
        { "op": "remove", "path": format!("members[value eq \"{}\"]", ids[251]) },
    ]);
    assert!(idp.patch(&path, &both).await.status < 300);
    held(251);
    assert_eq!(written(&simulator).len(), 1);

    let whole = json!({ "schemas": [GROUP], "displayName": "Crew", "members": members(&ids[100..260]) });
    let replaced = idp.put(&path, &whole).await;
    assert_eq!((replaced.status, replaced.body["members"].as_array().map(Vec::len)), (200, Some(160)));
    assert_eq!(written(&simulator).len(), 1);
    held(160);
    let all = json!([{ "op": "replace", "path": "members", "value": members(&ids[..3]) }]);
    assert!(idp.patch(&path, &all).await.status < 300);
    held(3);
    let found = idp.get("/Groups?filter=displayName%20eq%20%22Crew%22").await;
    assert_eq!((found.status, &found.body["totalResults"]), (200, &json!(1)), "{}", found.text);
    let none = json!([{ "op": "remove", "path": "members" }]);
    assert!(idp.patch(&path, &none).await.status < 300);
    held(0);
    assert_eq!(idp.delete(&path).await.status, 204);
    assert_eq!(simulator.counters().members_lost, 0);
}

#[tokio::test]
async fn queries_have_the_names_of_scim_1_1() {
    let script = Script::start(|asked| match asked.path.as_str() {
        "/Nobody" | "/Users/u1" => (404, json!({ "Errors": [{ "description": "no", "code": "404" }] })),
        _ => (200, json!({ "schemas": [CORE_1], "totalResults": 0, "Resources": [] })),
    })
    .await;
    for (version, filter, discovery) in [
        (
            "1.1",
            format!("username eq \"a\" and {ENTERPRISE_1}:department sw \"b\""),
            "/ServiceProviderConfigs",
        ),
        ("2.0", format!("username eq \"a\" and {ENTERPRISE}:department sw \"b\""), "/ServiceProviderConfig"),
    ] {
        let mapping = format!(
            "format: 1\nvendor: Odd\nprofile:\n  scim_version: \"{version}\"\n  resources:\n    Users: {{ filter: {{ attr_alias: {{ userName: username }} }} }}\n"
        );
        let mut plan = Plan::new().file("odd.yaml", &mapping);
        plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./odd.yaml").done();
        let bridge = plan.start().await;
        let idp = bridge.client();
        // Before anything else was answered, a 404 is looked into.
        assert_eq!(idp.get("/Users/u1").await.status, 404);
        assert!(script.asked().iter().any(|asked| asked.path == discovery), "{version}");
        let asked = format!("userName%20eq%20%22a%22%20and%20{ENTERPRISE}:department%20sw%20%22b%22");
        let answer = idp.get(&format!("/Users?filter={asked}&sortBy={ENTERPRISE}:department")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let query = script.asked().remove(0).query;
        assert!(query.contains(&format!("filter={filter}&")), "{version}: {query}");
        let extension = if version == "1.1" { ENTERPRISE_1 } else { ENTERPRISE };
        assert!(query.contains(&format!("sortBy={extension}:department")), "{version}: {query}");
        // What the vendor has no word for is asked of all, and looked through here.
        idp.get("/Users?filter=not%20(title%20pr)").await;
        assert_eq!(script.asked()[0].query.contains("filter"), version == "2.0");
        bridge.stop().await;
    }
}

#[tokio::test]
async fn other_names_are_put_in_scim_1_1_too() {
    let ana = json!({ "schemas": [CORE_1, ENTERPRISE_1], "id": "u1", "userName": "ana", "job": "Dr", "first_name": "Ana",
        ENTERPRISE_1: { "unit": "IT", "manager": { "employee": "7" } } });
    let held = ana.clone();
    let script = Script::start(move |asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", _) => (201, held.clone()),
        ("GET", "/Users") => (200, json!({ "totalResults": 1, "Resources": [held] })),
        _ => (200, held.clone()),
    })
    .await;
    let fields = format!(
        "Users: {{ attrs: {{ rename: [{{ scim: title, vendor: job }}, {{ scim: name.givenName, vendor: first_name }}, {{ scim: \
         '{ENTERPRISE}:department', vendor: '{ENTERPRISE}:unit' }}] }}, manager: {{ key: employee }} }}"
    );
    for (fields, named) in [(fields.as_str(), true), ("Users: {}", false)] {
        let mapping = format!(
            "format: 1\nvendor: Odd\nprofile:\n  scim_version: \"1.1\"\n  resources:\n    {fields}\n"
        );
        let mut plan = Plan::new().file("odd.yaml", &mapping);
        plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./odd.yaml").done();
        let bridge = plan.start().await;
        let idp = bridge.client();
        let read = idp.get("/Users/u1").await.body;
        assert_eq!(read["title"] == "Dr", named, "{read}");
        if !named {
            continue;
        }
        let wrote = json!({ "schemas": [USER, ENTERPRISE], "userName": "ana", "title": "Dr", "name": { "givenName": "Ana" },
            ENTERPRISE: { "department": "IT", "manager": { "value": "7" } } });
        for place in
            ["/title", "/name", &format!("/{ENTERPRISE}/department"), &format!("/{ENTERPRISE}/manager/value")]
        {
            assert_eq!(read.pointer(place), wrote.pointer(place), "{read}");
        }
        script.asked();
        let made = idp.post("/Users", &wrote).await;
        assert_eq!((made.status, &made.body["title"]), (201, &json!("Dr")), "{}", made.text);
        let mut sent = script.asked().remove(0).body;
        sent["id"] = json!("u1");
        assert_eq!(sent, ana);
        let set = json!([{ "op": "replace", "path": "title", "value": "Prof" }]);
        assert_eq!(idp.patch("/Users/u1", &set).await.status, 200);
        assert_eq!(script.asked().pop().unwrap().body, json!({ "schemas": [CORE_1], "job": "Prof" }));
        let cleared = json!([{ "op": "remove", "path": "title" }]);
        assert_eq!(idp.patch("/Users/u1", &cleared).await.status, 200);
        assert_eq!(script.asked().pop().unwrap().body["meta"]["attributes"], json!(["job"]));
        let moved = json!([{ "op": "replace", "path": format!("{ENTERPRISE}:manager.value"), "value": "8" }]);
        assert_eq!(idp.patch("/Users/u1", &moved).await.status, 200);
        assert_eq!(
            script.asked().pop().unwrap().body[ENTERPRISE_1],
            json!({ "manager": { "employee": "8" } })
        );
        let asked = format!(
            "title%20eq%20%22Dr%22%20and%20{ENTERPRISE}:department%20eq%20%22IT%22%20and%20{ENTERPRISE}:manager.value%20eq%20%227%22"
        );
        let found = idp.get(&format!("/Users?filter={asked}&sortBy=title")).await;
        assert_eq!((found.status, &found.body["totalResults"]), (200, &json!(1)), "{}", found.text);
        let query = script.asked().remove(0).query;
        let filter = format!(
            "filter=job eq \"Dr\" and {ENTERPRISE_1}:unit eq \"IT\" and {ENTERPRISE_1}:manager.employee eq \"7\""
        );
        assert!(query.contains(&filter) && query.contains("sortBy=job"), "{query}");
        bridge.stop().await;
    }
}
