//! How an account ends, what comes before it is active, and what it takes while it is not.

use scim_bridge::simulator::Vendor;
use serde_json::{Value, json};

use super::{by_name, group, held, make, members, profiled, replace, user};
use crate::peer::bridge::{Bridge, Plan, vendor};
use crate::peer::script::{self, Asked, Script};

fn error(status: u16) -> (u16, Value) {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
    (status, json!({ "schemas": schemas, "status": status.to_string(), "scimType": "uniqueness" }))
}

/// A vendor that keeps whom it deletes, inactive, and whose new accounts are active whatever is said.
async fn keeping(profile: &str) -> (Bridge, Script) {
    let mut users: Vec<Value> = Vec::new();
    let script = Script::start(move |asked: &Asked| {
        let id = asked.path.strip_prefix("/Users/").unwrap_or_default().to_owned();
        let at = users.iter().position(|user| user["id"] == id.as_str());
        match (asked.method.as_str(), at) {
            ("POST", _) if users.iter().any(|user| user["userName"] == asked.body["userName"]) => error(409),
            ("POST", _) => {
                let mut user = asked.body.clone();
                (user["id"], user["active"]) = (json!(format!("u{}", users.len())), json!(true));
                users.push(user.clone());
                (201, user)
            }
            ("GET", Some(at)) => (200, users[at].clone()),
            ("GET", None) if id.is_empty() => (200, script::list(&users)),
            ("PATCH", Some(at)) => {
                for operation in asked.body["Operations"].as_array().unwrap() {
                    users[at][operation["path"].as_str().unwrap()] = operation["value"].clone();
                }
                (200, users[at].clone())
            }
            ("PUT", Some(at)) => {
                users[at] = asked.body.clone();
                (200, users[at].clone())
            }
            ("DELETE", Some(at)) => {
                users[at]["active"] = json!(false);
                (204, Value::Null)
            }
            _ => error(404),
        }
    })
    .await;
    let mapping = format!("format: 1\nvendor: a keeping one\nprofile: {profile}\n");
    let mut plan = Plan::new().file("vendor.yaml", &mapping);
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./vendor.yaml").done();
    (plan.start().await, script)
}

fn writes(script: &Script) -> Vec<String> {
    let asked = script.asked().into_iter().filter(|asked| asked.method != "GET");
    asked.map(|asked| format!("{} {}", asked.method, asked.path)).collect()
}

#[tokio::test]
async fn whom_the_vendor_keeps_is_gone_for_the_identity_provider() {
    for (users, sent) in [
        ("{ delete: deactivate }", "DELETE /Users/u0"),
        ("{ delete: archive }", "DELETE /Users/u0"),
        ("{ delete: remove }", "DELETE /Users/u0"),
        ("{ delete: unsupported }", "PATCH /Users/u0"),
        ("{ delete: deny }", "PATCH /Users/u0"),
        ("{ delete: irreversible }", "PATCH /Users/u0"),
        ("{ delete: { allowed: false } }", "PATCH /Users/u0"),
    ] {
        let (bridge, script) = keeping(&format!("{{ resources: {{ Users: {users} }} }}")).await;
        let idp = bridge.client();
        let ana = make(&idp, "ana").await;
        script.asked();
        assert_eq!(idp.delete(&format!("/Users/{ana}")).await.status, 204, "{users}");
        assert_eq!(writes(&script), [sent], "{users}");
        assert_eq!(idp.get(&format!("/Users/{ana}")).await.status, 404, "{users}");
        for query in [by_name("ana"), "/Users".to_owned()] {
            assert_eq!(idp.get(&query).await.body["totalResults"], 0, "{users}: {query}");
        }
        // A later creation is the same account, and it has access.
        assert_eq!(make(&idp, "ana").await, ana, "{users}");
        assert_eq!(idp.get(&format!("/Users/{ana}")).await.body["active"], true, "{users}");
    }
    let (bridge, script) = keeping("{}").await;
    let idp = bridge.client();
    let ana = make(&idp, "ana").await;
    script.asked();
    assert_eq!(idp.delete(&format!("/Users/{ana}")).await.status, 204);
    assert_eq!(writes(&script), ["DELETE /Users/u0"]);
    assert_eq!(idp.get("/Users").await.body["totalResults"], 1, "without the field it is shown");
}

#[tokio::test]
async fn the_operator_says_what_becomes_of_a_deletion() {
    for (users, policy, status, sent) in [
        ("{}", "pass", 204, &["DELETE /Users/u0"][..]),
        ("{}", "as_deactivate", 204, &["PATCH /Users/u0"]),
        ("{}", "reject", 403, &[]),
        ("{ delete: irreversible }", "pass", 204, &["DELETE /Users/u0"]),
        ("{ delete: unsupported }", "pass", 204, &["PATCH /Users/u0"]),
        ("{ pre_delete: disable_first }", "pass", 204, &["PATCH /Users/u0", "DELETE /Users/u0"]),
        ("{ pre_delete: none }", "pass", 204, &["DELETE /Users/u0"]),
    ] {
        let profile = format!("{{ resources: {{ Users: {users} }}, policy: {{ delete: {policy} }} }}");
        let (bridge, script) = keeping(&profile).await;
        let idp = bridge.client();
        let ana = make(&idp, "ana").await;
        script.asked();
        let answer = idp.delete(&format!("/Users/{ana}")).await;
        assert_eq!(answer.status, status, "{profile}: {}", answer.text);
        assert_eq!(writes(&script), sent, "{profile}");
        if status == 403 {
            assert!(answer.body["detail"].as_str().unwrap().contains("deactivate"), "{}", answer.text);
            assert_eq!(idp.get(&format!("/Users/{ana}")).await.body["active"], true);
        }
    }
}

#[tokio::test]
async fn segment_takes_back_whom_the_identity_provider_had_deleted() {
    for removed in ["404", "inactive"] {
        let simulator = vendor(Vendor::Segment).await;
        simulator.set_knob("removed_get", json!(removed)).unwrap();
        let bridge = Bridge::to(&simulator).await;
        let idp = bridge.client();
        let ana = make(&idp, "ana").await;
        let path = format!("/Users/{ana}");
        assert_eq!(idp.delete(&path).await.status, 204);
        assert_eq!((idp.get(&path).await.status, idp.delete(&path).await.status), (404, 204));
        // Segment answers with the id that the account has always had.
        assert_eq!(make(&idp, "ana").await, ana);
        assert_eq!(idp.get(&path).await.status, 200);
        assert_eq!(idp.get(&by_name("ana")).await.body["totalResults"], 1);
        // Whoever is away is deleted for good, too.
        assert!(idp.patch(&path, &replace("active", false)).await.status < 300);
        assert_eq!(idp.delete(&path).await.status, 204);
        assert_eq!(idp.get(&path).await.status, 404);
        assert_eq!(idp.get("/Users").await.body["totalResults"], 0);
    }
}

#[tokio::test]
async fn who_cannot_be_made_inactive_is_made_when_he_is_active() {
    let mut inactive = user("ana");
    inactive["active"] = json!(false);
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = profiled(&simulator, "{ resources: { Users: { create: { inactive: rejected } } } }").await;
    let idp = bridge.client();
    let made = idp.post("/Users", &inactive).await;
    assert_eq!((made.status, &made.body["active"]), (201, &json!(false)), "{}", made.text);
    let id = made.body["id"].as_str().unwrap().to_owned();
    let path = format!("/Users/{id}");
    assert!(made.body["meta"]["location"].as_str().unwrap().ends_with(&path));
    assert_eq!(simulator.state()["users"].as_array().map(Vec::len), Some(0));
    assert_eq!(idp.get(&path).await.body["title"], "Dr");
    assert_eq!(idp.get(&by_name("ana")).await.body["Resources"][0]["id"], id.as_str());
    assert_eq!(idp.post("/Users", &inactive).await.status, 409);
    assert_eq!(idp.patch(&path, &replace("title", "Prof")).await.body["title"], "Prof");
    let staff = group(&idp, "Staff", &[&id]).await;
    assert_eq!(members(&idp.get(&format!("/Groups/{staff}")).await.body), [id.as_str()]);
    assert!(held(&simulator, "Staff").is_empty());

    let on = idp.patch(&path, &replace("active", true)).await;
    assert_eq!(
        (on.status, &on.body["id"], &on.body["title"]),
        (200, &json!(id), &json!("Prof")),
        "{}",
        on.text
    );
    let state = simulator.state();
    let now = &state["users"][0];
    assert_eq!((&now["active"], &now["title"]), (&json!(true), &json!("Prof")));
    assert_ne!(now["id"], id.as_str());
    assert_eq!(held(&simulator, "Staff"), ["ana@acme.example"]);
    assert_eq!(idp.get("/Users").await.body["totalResults"], 1);
    assert_eq!(idp.delete(&path).await.status, 204);
    assert_eq!(simulator.state()["users"].as_array().map(Vec::len), Some(0));
    // One who was never made is forgotten without a word to the vendor.
    let made = idp.post("/Users", &inactive).await;
    simulator.clear_log();
    let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
    assert_eq!((idp.delete(&path).await.status, idp.get(&path).await.status), (204, 404));
    assert!(simulator.log().iter().all(|entry| entry.method == "GET"));

    let simulator = vendor(Vendor::Rfc).await;
    let without = Bridge::to(&simulator).await;
    assert_eq!(without.client().post("/Users", &inactive).await.status, 201);
    assert_eq!(simulator.state()["users"][0]["active"], false);
}

#[tokio::test]
async fn who_is_made_active_against_the_wish_is_deactivated() {
    let mut inactive = user("ana");
    inactive["active"] = json!(false);
    for (profile, active) in
        [("{ resources: { Users: { create: { inactive: ignored } } } }", false), ("{}", true)]
    {
        let (bridge, _script) = keeping(profile).await;
        let idp = bridge.client();
        let made = idp.post("/Users", &inactive).await;
        assert_eq!((made.status, &made.body["active"]), (201, &json!(active)), "{profile}: {}", made.text);
        let read = idp.get(&format!("/Users/{}", made.body["id"].as_str().unwrap())).await;
        assert_eq!(read.body["active"], active, "{profile}");
    }
}

#[tokio::test]
async fn changes_of_a_frozen_account_wait_for_its_access() {
    for (profile, waits) in [
        ("{ resources: { Users: { inactive_frozen: true, filter: { attrs: [userName] } } } }", true),
        ("{}", false),
    ] {
        let simulator = vendor(Vendor::LaunchDarkly).await;
        let bridge = profiled(&simulator, profile).await;
        let idp = bridge.client();
        make(&idp, "owner").await;
        let path = format!("/Users/{}", make(&idp, "ana").await);
        let of = || {
            let state = simulator.state();
            state["users"]
                .as_array()
                .unwrap()
                .iter()
                .find(|user| user["displayName"] == "ana")
                .unwrap()
                .clone()
        };
        assert!(idp.patch(&path, &replace("active", false)).await.status < 300);
        let changed = idp.patch(&path, &replace("title", "Prof")).await;
        if !waits {
            assert_eq!(changed.status, 400, "{}", changed.text);
            continue;
        }
        assert_eq!((changed.status, &changed.body["title"]), (200, &json!("Prof")), "{}", changed.text);
        assert_eq!(of()["title"], "Dr");
        let read = idp.get(&path).await;
        assert_eq!((&read.body["title"], &read.body["active"]), (&json!("Prof"), &json!(false)));
        let found = idp.get("/Users?filter=title%20eq%20%22Prof%22").await;
        assert_eq!(found.body["totalResults"], 1, "{}", found.text);
        let on = idp.patch(&path, &replace("active", true)).await;
        assert_eq!((on.status, &on.body["title"]), (200, &json!("Prof")), "{}", on.text);
        assert_eq!((of()["active"].clone(), of()["title"].clone()), (json!(true), json!("Prof")));
        // What is changed of him now is changed there.
        assert!(idp.patch(&path, &replace("title", "Dean")).await.status < 300);
        assert_eq!(
            (of()["title"].clone(), idp.get(&path).await.body["title"].clone()),
            (json!("Dean"), json!("Dean"))
        );
    }
}
