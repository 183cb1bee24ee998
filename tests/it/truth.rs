//! Answers that mean something else than their status says: successes that are none, and states of the whole account.

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use crate::attributes::{bridge, bridge_to, replace};
use crate::peer::bridge::{Bridge, Plan, vendor};
use crate::peer::client::{Answer, Client};
use crate::peer::directory::Directory;
use crate::peer::script::Asked;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

fn user(name: &str) -> Value {
    json!({ "schemas": [USER], "userName": format!("{name}@acme.example"), "displayName": name, "active": true })
}

#[track_caller]
fn is_patience(answer: &Answer, says: &str) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
    assert!(answer.body["detail"].as_str().unwrap().contains(says), "{answer:?}");
}

fn test_mode(knowbe4: &Simulator, on: bool) {
    knowbe4.console("test-mode", &json!({ "on": on })).unwrap();
}

/// The shipped mapping, and the same without the field.
async fn to_knowbe4(knowbe4: &Simulator, verifies: bool) -> Bridge {
    let shipped = include_str!("../../mappings/knowbe4.yaml");
    let without = shipped.replace("kind: async, settle: 5m, test_mode: true", "kind: async");
    assert_ne!(shipped, without);
    let mut plan = Plan::new().file("own.yaml", if verifies { shipped } else { &without });
    plan.integration("acme", &knowbe4.base_url(), &knowbe4.token())
        .mapping("./own.yaml")
        .vendor("      armed: true\n")
        .done();
    plan.start().await
}

async fn made(idp: &Client, path: &str, body: &Value) -> String {
    let made = idp.post(path, body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_test_mode_is_never_a_success() {
    const SAYS: &str = "did nothing";
    let knowbe4 = vendor(Vendor::KnowBe4).await;
    let bridge = to_knowbe4(&knowbe4, true).await;
    let idp = bridge.client();
    is_patience(&idp.post("/Users", &user("ana")).await, SAYS);
    assert_eq!(idp.get("/Users").await.body["totalResults"], 0);
    // Somebody who is there from before, and a group.
    test_mode(&knowbe4, false);
    let ana = made(&idp, "/Users", &user("ana")).await;
    let staff = json!({ "schemas": [GROUP], "displayName": "Staff", "members": [{ "value": ana }] });
    let staff = made(&idp, "/Groups", &staff).await;
    let (ana, staff) = (format!("/Users/{ana}"), format!("/Groups/{staff}"));
    test_mode(&knowbe4, true);
    let mut other = user("ana");
    other["title"] = json!("Dr");
    let before = [idp.get(&ana).await.body, idp.get(&staff).await.body];
    // What changes nothing is true: it is so.
    assert!(idp.patch(&ana, &replace("displayName", "ana")).await.status < 300);
    is_patience(&idp.patch(&ana, &replace("title", "Dr")).await, SAYS);
    is_patience(&idp.put(&ana, &other).await, SAYS);
    is_patience(&idp.patch(&ana, &replace("active", false)).await, SAYS);
    is_patience(&idp.delete(&ana).await, SAYS);
    is_patience(&idp.patch(&staff, &json!([{ "op": "remove", "path": "members" }])).await, SAYS);
    is_patience(&idp.patch(&staff, &replace("displayName", "Crew")).await, SAYS);
    is_patience(&idp.delete(&staff).await, SAYS);
    assert_eq!([idp.get(&ana).await.body, idp.get(&staff).await.body], before);
    // Live, everything is what it says. Those who were to be gone go by themselves: these are others.
    test_mode(&knowbe4, false);
    let bo = made(&idp, "/Users", &user("bo")).await;
    let staff = json!({ "schemas": [GROUP], "displayName": "Others", "members": [{ "value": bo }] });
    let staff = format!("/Groups/{}", made(&idp, "/Groups", &staff).await);
    let (ana, mut other) = (format!("/Users/{bo}"), user("bo"));
    other["title"] = json!("Dr");
    assert_eq!(idp.put(&ana, &other).await.body["title"], "Dr");
    assert_eq!(idp.patch(&ana, &replace("title", "Prof")).await.body["title"], "Prof");
    assert!(idp.patch(&staff, &json!([{ "op": "remove", "path": "members" }])).await.status < 300);
    assert_eq!(idp.get(&staff).await.body["members"], json!([]));
    assert_eq!(idp.delete(&staff).await.status, 204);
    assert_eq!(idp.patch(&ana, &replace("active", false)).await.body["active"], false);
    assert_eq!(idp.delete(&ana).await.status, 204);
}

#[tokio::test]
async fn who_believes_a_test_mode_reports_what_is_not_there() {
    let knowbe4 = vendor(Vendor::KnowBe4).await;
    let bridge = to_knowbe4(&knowbe4, false).await;
    let idp = bridge.client();
    made(&idp, "/Users", &user("ana")).await;
    assert_eq!(idp.get("/Users").await.body["totalResults"], 0);
}

#[tokio::test]
async fn a_vendor_that_may_only_try_is_read_again() {
    for (profile, seen) in [
        ("{ errors: { success_lies: [{ verify: true }] } }", 503),
        ("{ responses: { eventual: { kind: sync, test_mode: true } } }", 503),
        ("{ responses: { eventual: dry_run } }", 503),
        ("{ responses: { eventual: async } }", 200),
        (
            "{ errors: { success_lies: [{ when: { method: [PUT, PATCH], resource: Users }, verify: true }] } }",
            503,
        ),
        ("{ errors: { success_lies: [{ when: { method: POST }, verify: true }] } }", 200),
        ("{ errors: { success_lies: [{ when: { resource: Groups }, verify: true }] } }", 200),
        ("{}", 200),
    ] {
        let there = Directory::default().user("ana", &json!({}));
        let (idp, vendor, _bridge) = bridge(profile, there).await;
        // It shows what would be, and does nothing.
        vendor.script.otherwise(|asked: &Asked| {
            let title = asked.body["Operations"][0]["value"].clone();
            let would =
                json!({ "schemas": [USER], "id": "ana", "userName": "ana", "active": true, "title": title });
            (asked.method == "PATCH").then_some((200, would))
        });
        assert_eq!(idp.patch("/Users/ana", &replace("title", "Dr")).await.status, seen, "{profile}");
        // One that makes another value of what it is told has done it all the same: it says so, and shows it.
        let directory = vendor.directory.clone();
        vendor.script.otherwise(move |asked: &Asked| {
            let title = asked.body["Operations"][0]["value"].as_str()?.to_uppercase();
            let mut asked = asked.clone();
            asked.body["Operations"][0]["value"] = json!(title);
            Some(directory.lock().unwrap().answer(&asked))
        });
        assert_eq!(
            idp.patch("/Users/ana", &replace("title", "prof")).await.body["title"],
            "PROF",
            "{profile}"
        );
    }
}

#[tokio::test]
async fn a_success_that_says_that_it_failed_is_a_failure() {
    let lies = |then: &str| {
        format!(
            "{{ errors: {{ success_lies: [{{ when: {{ status: 200, code: not.permitted }}{then} }}] }} }}"
        )
    };
    for (profile, status, kind) in [
        (lies(""), 503, Value::Null),
        (lies(", then: { scimType: mutability }"), 400, json!("mutability")),
        (lies(", then: { status: 409 }"), 409, json!("uniqueness")),
        ("{}".to_owned(), 200, Value::Null),
    ] {
        let there = Directory::default().user("ana", &json!({})).user("bo", &json!({}));
        let (idp, vendor, _bridge) = bridge(&profile, there).await;
        vendor.script.otherwise(|asked: &Asked| {
            let said = json!({ "schemas": [USER], "id": "ana", "userName": "ana", "note": "Not permitted: not.permitted" });
            (asked.method != "GET" && asked.path == "/Users/ana").then_some((200, said))
        });
        let answer = idp.patch("/Users/ana", &replace("title", "Dr")).await;
        assert_eq!((answer.status, &answer.body["scimType"]), (status, &kind), "{profile} {answer:?}");
        assert_eq!(idp.patch("/Users/bo", &replace("title", "Dr")).await.status, 200, "{profile}");
    }
}

#[tokio::test]
async fn a_state_of_the_account_is_not_an_answer_about_somebody() {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    for (mapping, gated) in [("ninjaone", true), ("rfc", false)] {
        let bridge = Bridge::with(&ninjaone, mapping).await;
        let idp = bridge.client();
        let ana = format!("/Users/{}", made(&idp, "/Users", &json!({ "schemas": [USER], "active": true,
            "userName": format!("{mapping}@acme.example"), "emails": [{ "value": format!("{mapping}@acme.example") }],
            "urn:ietf:params:scim:schemas:extension:ninjaone:2.0:User": { "userType": "Technician" } })).await);
        ninjaone.console("sso", &json!({ "on": false })).unwrap();
        for answer in [
            idp.get(&ana).await,
            idp.patch(&ana, &replace("active", false)).await,
            idp.post("/Users", &user("bo")).await,
        ] {
            match gated {
                true => is_patience(&answer, "SCIM is switched off in NinjaOne"),
                // To the identity provider this is somebody whom the vendor protects.
                false => assert_eq!(answer.status, 403, "{answer:?}"),
            }
        }
        ninjaone.console("sso", &json!({ "on": true })).unwrap();
        assert!(idp.patch(&ana, &replace("active", false)).await.status < 300);
        ninjaone.console("sso", &json!({ "on": false })).unwrap();
        let answer = idp.delete(&ana).await;
        match gated {
            true => is_patience(&answer, "SCIM is switched off in NinjaOne"),
            false => assert_eq!(answer.status, 403, "{answer:?}"),
        }
        ninjaone.console("sso", &json!({ "on": true })).unwrap();
        assert!(idp.delete(&ana).await.status < 300);
    }
}

#[tokio::test]
async fn a_state_is_told_by_the_whole_answer() {
    let gate = "{ gate: { probe: Users, states: [{ when: { status: 402 }, meaning: the plan has no SCIM, retry_after: 2h }, \
                { when: { code: 'paused' }, meaning: it is paused }] } }";
    let there = Directory::default().user("ana", &json!({}));
    let (idp, vendor, _bridge) = bridge_to(gate, there, |_| {}).await;
    // The operator learns of the state at the start.
    vendor.script.until(|asked| asked.method == "GET" && asked.path == "/Users").await;
    vendor.script.otherwise(|_| Some((402, json!({}))));
    let answer = idp.get("/Users/ana").await;
    is_patience(&answer, "the plan has no SCIM");
    assert_eq!(answer.headers["retry-after"], "7200");
    vendor.script.otherwise(|_| Some((200, json!({ "message": "the account is paused" }))));
    is_patience(&idp.patch("/Users/ana", &replace("title", "Dr")).await, "it is paused");
    vendor.script.otherwise(|_| None);
    assert_eq!(idp.patch("/Users/ana", &replace("title", "Dr")).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_undone_waits_for_the_operator() {
    let shipped = include_str!("../../mappings/knowbe4.yaml");
    let without = shipped.replace("policy: { arm_required: true }", "policy: {}");
    assert_ne!(shipped, without);
    for (mapping, vendor_says, held) in [
        (shipped, "", true),
        (shipped, "      armed: false\n", true),
        (shipped, "      armed: true\n", false),
        (&without, "", false),
    ] {
        let knowbe4 = vendor(Vendor::KnowBe4).await;
        test_mode(&knowbe4, false);
        let there = knowbe4
            .console("add-user", &json!({ "email": "bo@acme.example", "aliases": ["bo.lund@acme.example"] }))
            .unwrap();
        let mut plan = Plan::new().file("own.yaml", mapping);
        let integration = plan.integration("acme", &knowbe4.base_url(), &knowbe4.token());
        integration.mapping("./own.yaml").vendor(vendor_says).done();
        let bridge = plan.start().await;
        let idp = bridge.client();
        let path = format!("/Users/{}", there["id"].as_str().unwrap());
        for answer in [
            idp.post("/Users", &user("ana")).await,
            idp.patch(&path, &replace("title", "Dr")).await,
            idp.put(&path, &user("bo")).await,
            idp.delete(&path).await,
        ] {
            match held {
                true => {
                    is_patience(&answer, "held");
                    assert_eq!(answer.headers["retry-after"], "3600");
                }
                false => assert!(answer.status < 300, "{answer:?}"),
            }
        }
        // What is there can be seen all the same.
        assert_eq!(idp.get("/Users").await.status, 200);
        let wrote = knowbe4.log().iter().any(|entry| entry.method != "GET");
        assert_eq!(wrote, !held);
    }
}
