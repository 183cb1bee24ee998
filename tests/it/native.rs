//! A vendor without SCIM: its own interface is called, and the identity provider does not notice.

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use crate::attributes::found;
use crate::peer::bridge::{Bridge, Plan, vendor};
use crate::peer::client::Client;
use crate::peer::script::{self, Asked, Script};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ROLE: &str = "900000000000000002";

async fn sentinelone() -> (Simulator, Bridge) {
    let simulator = vendor(Vendor::SentinelOne).await;
    let mut plan = Plan::new();
    plan.integration("acme", &simulator.base_url(), &simulator.token())
        .mapping("sentinelone-api")
        .more(&format!("    with: {{ scope_id: \"17\", role: \"{ROLE}\" }}\n"))
        .done();
    let bridge = plan.start().await;
    (simulator, bridge)
}

fn user(name: &str) -> Value {
    let mail = format!("{name}@acme.example");
    json!({ "schemas": [USER], "userName": mail, "externalId": name, "displayName": name, "title": "Engineer",
        "active": true, "emails": [{ "value": mail, "type": "work", "primary": true }] })
}

/// Who the vendor has of that address.
fn held(simulator: &Simulator, name: &str) -> Value {
    let state = simulator.state();
    let mail = format!("{name}@acme.example");
    let users = state["users"].as_array().cloned().unwrap_or_default();
    users.into_iter().find(|user| user["email"] == mail.as_str()).unwrap_or_default()
}

async fn set(idp: &Client, path: &str, name: &str, value: Value) -> Value {
    let answer = idp.patch(path, &json!([{ "op": "replace", "path": name, "value": value }])).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

#[tokio::test]
async fn a_life_is_told_in_the_vendors_own_calls() {
    let (simulator, bridge) = sentinelone().await;
    let idp = bridge.client();
    let made = idp.post("/Users", &user("ana")).await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.body["id"].as_str().unwrap().to_owned();
    let path = format!("/Users/{id}");
    let ana = held(&simulator, "ana");
    assert_eq!((&ana["fullName"], &ana["scope"]), (&json!("ana"), &json!("account")));
    assert_eq!((&ana["scopeRoles"][0]["roleId"], &ana["scopeRoles"][0]["id"]), (&json!(ROLE), &json!("17")));
    let read = idp.get(&path).await.body;
    for name in ["userName", "externalId", "displayName", "title", "active", "emails"] {
        assert_eq!(read[name], user("ana")[name], "{name}: {read}");
    }
    assert!(!read.to_string().contains("scopeRoles"), "{read}");
    assert_eq!(found(&idp, "userName eq \"ANA@acme.example\"").await, [id.as_str()]);
    assert_eq!(found(&idp, "externalId eq \"ana\"").await, [id.as_str()]);
    assert!(found(&idp, "userName eq \"bo@acme.example\"").await.is_empty());
    assert!(read.get("dateJoined").is_none() && read.get("apiToken").is_none(), "{read}");
    let mut other = user("ana");
    other["externalId"] = json!("another");
    let again = idp.post("/Users", &other).await;
    assert_eq!((again.status, &again.body["scimType"]), (409, &json!("uniqueness")), "{again:?}");

    // A change is a PUT of what it needs, and what the vendor has no place for sends nothing.
    simulator.clear_log();
    assert_eq!(set(&idp, &path, "displayName", json!("Ana Silva")).await["displayName"], "Ana Silva");
    let log = simulator.log();
    let put = log.iter().find(|entry| entry.method == "PUT").unwrap();
    assert_eq!(put.body.as_ref().unwrap()["data"]["scope"], "account");
    assert_eq!(held(&simulator, "ana")["fullName"], "Ana Silva");
    simulator.clear_log();
    assert_eq!(set(&idp, &path, "title", json!("Boss")).await["title"], "Boss");
    assert!(simulator.log().iter().all(|entry| entry.method == "GET"));

    // Nobody is inactive there: he is deleted, and made again under another id.
    let before = held(&simulator, "ana")["id"].clone();
    assert_eq!(set(&idp, &path, "active", json!(false)).await["active"], false);
    assert_eq!(held(&simulator, "ana"), Value::Null);
    let away = idp.get(&path).await.body;
    assert_eq!(
        (&away["active"], &away["displayName"], &away["id"]),
        (&json!(false), &json!("Ana Silva"), &json!(id))
    );
    assert_eq!(set(&idp, &path, "active", json!(true)).await["id"], id.as_str());
    let back = held(&simulator, "ana");
    assert!(back["id"].is_string() && back["id"] != before && back["fullName"] == "Ana Silva", "{back}");
    assert_eq!(found(&idp, "userName eq \"ana@acme.example\"").await, [id.as_str()]);
    assert_eq!(idp.delete(&path).await.status, 204);
    assert_eq!((idp.get(&path).await.status, held(&simulator, "ana")), (404, Value::Null));
    assert_eq!(idp.delete(&path).await.status, 204);
    assert_eq!(idp.get("/Groups").await.status, 501);
    assert_eq!(simulator.counters().rate_violations, 0);
}

#[tokio::test]
async fn everybody_is_listed_by_cursor() {
    let (simulator, bridge) = sentinelone().await;
    let idp = bridge.client();
    let there = simulator.state()["users"].as_array().map_or(0, Vec::len);
    for at in 0..25 {
        assert_eq!(idp.post("/Users", &user(&format!("u{at}"))).await.status, 201);
    }
    simulator.clear_log();
    let page = idp.get("/Users?startIndex=11&count=10").await.body;
    assert_eq!(
        (&page["totalResults"], page["Resources"].as_array().map(Vec::len)),
        (&json!(25 + there), Some(10))
    );
    let log = simulator.log();
    assert!(log.len() == 1 && log[0].query.contains("limit=1000"), "{log:?}");
}

#[tokio::test]
async fn an_interface_without_an_envelope_is_spoken_too() {
    let script = Script::start(|asked: &Asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/people") => (200, json!([{ "id": 7, "login": "ana" }])),
        ("GET", "/people/7") => (200, json!({ "id": 7, "login": "ana" })),
        ("POST", _) => (200, json!({ "id": 8, "login": asked.body["login"] })),
        _ => (404, Value::Null),
    })
    .await;
    let fields = "Users: { filter: { attrs: [userName] }, attrs: { allow: [userName], rename: [{ scim: userName, vendor: login }] } }";
    for (version, seen) in [("none", true), ("2.0", false)] {
        let mapping = format!(
            "format: 1\nvendor: Bare\nprofile:\n  scim_version: \"{version}\"\n  paths: {{ Users: people }}\n  resources: {{ {fields} }}\n"
        );
        let mut plan = Plan::new().file("bare.yaml", &mapping);
        plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./bare.yaml").done();
        let bridge = plan.start().await;
        let idp = bridge.client();
        script.asked();
        let listed = idp.get("/Users").await;
        // What is no list of SCIM is none for a vendor that speaks it.
        assert_eq!(
            (listed.status == 200, listed.body["Resources"][0]["id"] == "7"),
            (seen, seen),
            "{listed:?}"
        );
        if seen {
            assert_eq!(idp.get("/Users/7").await.body["userName"], "ana");
            let made = idp.post("/Users", &json!({ "schemas": [USER], "userName": "bo" })).await;
            assert_eq!(
                (made.status, &made.body["id"], &made.body["userName"]),
                (201, &json!("8"), &json!("bo"))
            );
            assert_eq!(found(&idp, "userName eq \"ana\"").await, ["7"]);
            let asked = script.asked();
            let post = asked.iter().find(|asked| asked.method == "POST").unwrap();
            assert_eq!(post.body, json!({ "login": "bo" }));
            assert!(asked.last().unwrap().query.contains("login=ana"), "{asked:?}");
        }
        bridge.stop().await;
    }
}
