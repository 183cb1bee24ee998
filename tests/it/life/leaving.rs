//! Who is deactivated stays to be seen, and comes back as he was.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use super::{GROUP, USER, by_name, group, held, make, members, profiled, replace, sorted};
use crate::peer::bridge::{Bridge, Plan, vendor};
use crate::peer::client::Client;
use crate::peer::script::{self, Asked, Script};

/// What the vendor has of a user; `None`: nothing.
fn at_vendor(simulator: &Simulator, name: &str) -> Option<Value> {
    let state = simulator.state();
    let mut users = state["users"].as_array().unwrap().iter();
    users.find(|user| user["userName"] == format!("{name}@acme.example")).cloned()
}

async fn off(idp: &Client, id: &str) {
    let answer = idp.patch(&format!("/Users/{id}"), &replace("active", false)).await;
    assert_eq!((answer.status, &answer.body["active"]), (200, &json!(false)), "{}", answer.text);
}

async fn on(idp: &Client, id: &str) {
    let answer = idp.patch(&format!("/Users/{id}"), &replace("active", true)).await;
    assert_eq!((answer.status, &answer.body["active"]), (200, &json!(true)), "{}", answer.text);
    assert_eq!(answer.body["id"], id);
}

/// Ana is inactive, and the identity provider sees her wherever it looks.
async fn is_seen(idp: &Client, id: &str, all: usize) {
    let read = idp.get(&format!("/Users/{id}")).await;
    assert_eq!((read.status, &read.body["id"], &read.body["active"]), (200, &json!(id), &json!(false)));
    assert_eq!(read.body["title"], "Dr", "{}", read.text);
    assert!(read.body["meta"]["version"].is_string());
    for query in [by_name("ana"), "/Users?filter=active%20eq%20false".to_owned()] {
        let found = idp.get(&query).await;
        assert_eq!(found.body["totalResults"], 1, "{query}: {}", found.text);
        assert_eq!(found.body["Resources"][0]["id"], id, "{query}");
        assert_eq!(found.body["Resources"][0]["active"], false, "{query}");
    }
    assert_eq!(idp.get("/Users").await.body["totalResults"], all);
    // A name that is known is taken.
    let again = idp.post("/Users", &super::user("ana")).await;
    assert_eq!((again.status, &again.body["scimType"]), (409, &json!("uniqueness")), "{}", again.text);
}

/// Interaction 2 of the vocabulary.
#[tokio::test]
async fn segment_removes_whom_the_identity_provider_still_sees_and_takes_back() {
    for removed in ["404", "inactive"] {
        let simulator = vendor(Vendor::Segment).await;
        simulator.set_knob("removed_get", json!(removed)).unwrap();
        let bridge = Bridge::to(&simulator).await;
        let idp = bridge.client();
        let (ana, bo) = (make(&idp, "ana").await, make(&idp, "bo").await);
        let staff = format!("/Groups/{}", group(&idp, "Staff", &[&ana, &bo]).await);
        off(&idp, &ana).await;
        assert!(at_vendor(&simulator, "ana").is_none());
        assert_eq!(held(&simulator, "Staff"), ["bo@acme.example"]);
        is_seen(&idp, &ana, 2).await;
        assert_eq!(members(&idp.get(&staff).await.body), sorted(&[&ana, &bo]));
        // What is changed meanwhile is remembered; a repetition takes nothing away twice.
        let path = format!("/Users/{ana}");
        let renamed = idp.patch(&path, &replace("displayName", "Ana Costa")).await;
        assert_eq!((renamed.status, &renamed.body["displayName"]), (200, &json!("Ana Costa")));
        off(&idp, &ana).await;

        on(&idp, &ana).await;
        assert_eq!(at_vendor(&simulator, "ana").unwrap()["id"], ana.as_str());
        assert_eq!(held(&simulator, "Staff"), ["ana@acme.example", "bo@acme.example"]);
        let read = idp.get(&path).await.body;
        assert_eq!((&read["displayName"], &read["title"]), (&json!("Ana Costa"), &json!("Dr")));
        assert_eq!(idp.get("/Users").await.body["totalResults"], 2);
        assert_eq!(simulator.counters().members_lost, 0);
    }
}

#[tokio::test]
async fn without_the_fields_segment_loses_them() {
    let simulator = vendor(Vendor::Segment).await;
    let bridge = profiled(&simulator, "{ resources: { Users: { patch: active_only } } }").await;
    let idp = bridge.client();
    let ana = make(&idp, "ana").await;
    group(&idp, "Staff", &[&ana]).await;
    let path = format!("/Users/{ana}");
    assert!(idp.patch(&path, &replace("active", false)).await.status < 300);
    assert_eq!(idp.get(&path).await.status, 404);
    idp.patch(&path, &replace("active", true)).await;
    assert!(held(&simulator, "Staff").is_empty());
}

#[tokio::test]
async fn amplitude_forgets_and_is_told_again() {
    let simulator = vendor(Vendor::Amplitude).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    let (ana, bo) = (make(&idp, "ana").await, make(&idp, "bo").await);
    let staff = group(&idp, "Staff", &[&ana, &bo]).await;
    off(&idp, &ana).await;
    assert!(at_vendor(&simulator, "ana").is_none());
    is_seen(&idp, &ana, 2).await;
    on(&idp, &ana).await;
    let back = at_vendor(&simulator, "ana").unwrap();
    assert_eq!((&back["id"], &back["name"]["givenName"]), (&json!(ana), &json!("ana")));
    assert_eq!(held(&simulator, "Staff"), ["ana@acme.example", "bo@acme.example"]);
    assert_eq!(members(&idp.get(&format!("/Groups/{staff}")).await.body), sorted(&[&ana, &bo]));
}

#[tokio::test]
async fn gitlab_gives_another_identity_and_the_id_stays() {
    let simulator = vendor(Vendor::GitLab).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    let mut body = super::user("ana");
    (body["externalId"], body["name"]) = (json!("7"), json!({ "formatted": "Ana" }));
    assert_eq!(idp.post("/Users", &body).await.body["id"], "7");
    assert!(idp.patch("/Users/7", &replace("externalId", "8")).await.status < 300);
    off(&idp, "7").await;
    assert!(at_vendor(&simulator, "ana").is_none());
    is_seen(&idp, "7", 1).await;
    on(&idp, "7").await;
    assert_eq!(at_vendor(&simulator, "ana").unwrap()["id"], "8");
    assert_eq!(idp.get("/Users/7").await.body["externalId"], "8");
}

#[tokio::test]
async fn an_account_that_is_made_again_under_another_id_is_the_same() {
    let users = "{ patch: active_only, put: none, deactivate: { via: patch, effect: remove, keeps_record: false, loses_memberships: true }, reactivate: post_new_id }";
    let groups =
        "{ filter: { attrs: [displayName], ops: [eq] }, members: { per_create: 1, remove_all: false } }";
    let profile = format!("{{ resources: {{ Users: {users}, Groups: {groups} }} }}");
    let simulator = vendor(Vendor::Sentry).await;
    let bridge = profiled(&simulator, &profile).await;
    let idp = bridge.client();
    let ana = make(&idp, "ana").await;
    let staff = group(&idp, "staff", &[]).await;
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": ana }] }]);
    assert!(idp.patch(&format!("/Groups/{staff}"), &join).await.status < 300);
    off(&idp, &ana).await;
    is_seen(&idp, &ana, 1).await;
    on(&idp, &ana).await;
    let now = at_vendor(&simulator, "ana").unwrap()["id"].clone();
    assert_ne!(now, ana.as_str());
    assert_eq!(idp.get(&format!("/Users/{ana}")).await.body["id"], ana.as_str());
    assert_eq!(members(&idp.get(&format!("/Groups/{staff}")).await.body), [ana.as_str()]);
    assert_eq!(idp.get("/Users").await.body["Resources"][0]["id"], ana.as_str());
    // And once more, from there.
    off(&idp, &ana).await;
    assert!(at_vendor(&simulator, "ana").is_none());
    on(&idp, &ana).await;
    assert!(at_vendor(&simulator, "ana").is_some());
    assert_eq!(idp.delete(&format!("/Users/{ana}")).await.status, 204);
    assert!(at_vendor(&simulator, "ana").is_none());
    assert_eq!(idp.get(&format!("/Users/{ana}")).await.status, 404);
}

const BY_DELETE: &str = "{ resources: { Users: { deactivate: { via: delete, effect: none, loses_memberships: true }, reactivate: post_new_id } } }";

#[tokio::test]
async fn who_cannot_be_inactive_is_deleted_and_made_again() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = profiled(&simulator, BY_DELETE).await;
    let idp = bridge.client();
    let ana = make(&idp, "ana").await;
    group(&idp, "Staff", &[&ana]).await;
    off(&idp, &ana).await;
    assert!(at_vendor(&simulator, "ana").is_none());
    is_seen(&idp, &ana, 1).await;
    on(&idp, &ana).await;
    assert_eq!(at_vendor(&simulator, "ana").unwrap()["title"], "Dr");
    assert_eq!(held(&simulator, "Staff"), ["ana@acme.example"]);
    // A PUT says it, too.
    let mut put = super::user("ana");
    put["active"] = json!(false);
    let answer = idp.put(&format!("/Users/{ana}"), &put).await;
    assert_eq!((answer.status, &answer.body["active"]), (200, &json!(false)), "{}", answer.text);
    assert!(at_vendor(&simulator, "ana").is_none());

    let simulator = vendor(Vendor::Rfc).await;
    let without = Bridge::to(&simulator).await;
    let idp = without.client();
    let ana = make(&idp, "ana").await;
    off(&idp, &ana).await;
    assert_eq!(at_vendor(&simulator, "ana").unwrap()["active"], false);
}

/// Somebody made the account again at the vendor before it came back.
#[tokio::test]
async fn who_is_there_again_is_the_same_unless_he_is_somebody_elses() {
    for (external, same) in [(Value::Null, true), (json!("8"), false)] {
        let simulator = vendor(Vendor::Rfc).await;
        let bridge = profiled(&simulator, BY_DELETE).await;
        let idp = bridge.client();
        let ana = make(&idp, "ana").await;
        off(&idp, &ana).await;
        let console = Client::new(simulator.base_url(), simulator.token());
        let again = json!({ "schemas": [USER], "userName": "ana@acme.example", "externalId": external });
        assert_eq!(console.post("/Users", &again).await.status, 201);
        let path = format!("/Users/{ana}");
        let answer = idp.patch(&path, &replace("active", true)).await;
        if same {
            assert_eq!((answer.status, &answer.body["id"]), (200, &json!(ana)), "{}", answer.text);
            assert_eq!(idp.get(&path).await.body["title"], "Dr");
            assert_eq!(at_vendor(&simulator, "ana").unwrap()["title"], "Dr");
        } else {
            assert_eq!(
                (answer.status, &answer.body["scimType"]),
                (409, &json!("uniqueness")),
                "{}",
                answer.text
            );
            assert_eq!(idp.get(&path).await.body["active"], false);
        }
        assert_eq!(simulator.state()["users"].as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test]
async fn groups_change_while_somebody_is_away() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = profiled(&simulator, BY_DELETE).await;
    let idp = bridge.client();
    let (ana, bo) = (make(&idp, "ana").await, make(&idp, "bo").await);
    let mut paths = Vec::new();
    for name in ["kept", "left", "put", "emptied", "ended"] {
        paths.push(format!("/Groups/{}", group(&idp, name, &[&ana, &bo]).await));
    }
    let joined = format!("/Groups/{}", group(&idp, "joined", &[&bo]).await);
    off(&idp, &ana).await;
    simulator.clear_log();
    let gone = json!([{ "op": "remove", "path": format!("members[value eq \"{ana}\"]") }]);
    assert!(idp.patch(&paths[1], &gone).await.status < 300);
    let put = json!({ "schemas": [GROUP], "displayName": "put", "members": [{ "value": bo }] });
    assert_eq!(idp.put(&paths[2], &put).await.status, 200);
    assert!(idp.patch(&paths[3], &json!([{ "op": "remove", "path": "members" }])).await.status < 300);
    assert_eq!(idp.delete(&paths[4]).await.status, 204);
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": ana }] }]);
    assert!(idp.patch(&joined, &join).await.status < 300);
    let made = format!("/Groups/{}", group(&idp, "made", &[&ana, &bo]).await);
    for (path, expected) in [
        (&paths[0], sorted(&[&ana, &bo])),
        (&paths[1], sorted(&[&bo])),
        (&paths[2], sorted(&[&bo])),
        (&paths[3], sorted(&[])),
        (&joined, sorted(&[&ana, &bo])),
        (&made, sorted(&[&ana, &bo])),
    ] {
        assert_eq!(members(&idp.get(path).await.body), expected, "{path}");
    }
    // The vendor was never told of somebody whom it does not have.
    let told = simulator.log().iter().any(|entry| format!("{entry:?}").contains(&ana));
    assert!(!told, "{:?}", simulator.log());
    on(&idp, &ana).await;
    let both = ["ana@acme.example", "bo@acme.example"];
    for (name, expected) in [
        ("kept", &both[..]),
        ("left", &both[1..]),
        ("put", &both[1..]),
        ("emptied", &[]),
        ("joined", &both),
        ("made", &both),
    ] {
        assert_eq!(held(&simulator, name), expected, "{name}");
    }
}

/// A vendor with one account, which active:false ends, unless it refuses to.
async fn strict(profile: &str) -> (Bridge, Script, Arc<AtomicUsize>) {
    let refuses: Arc<AtomicUsize> = Arc::default();
    let answers = refuses.clone();
    let there = Arc::new(Mutex::new(true));
    let script = Script::start(move |asked: &Asked| {
        let mut there = there.lock().unwrap();
        let user = json!({ "schemas": [USER], "id": "u1", "userName": "ana@acme.example", "title": "Dr", "active": true });
        let with = answers.load(Ordering::SeqCst) as u16;
        match asked.method.as_str() {
            "GET" if asked.path == "/Users/u1" && *there => (200, user),
            "GET" if asked.path == "/Users" => (200, script::list(if *there { std::slice::from_ref(&user) } else { &[] })),
            "GET" if asked.path == "/Groups" => (200, script::list(&[])),
            "PATCH" | "PUT" | "DELETE" | "POST" if with != 0 => {
                (with, json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": with.to_string() }))
            }
            "POST" => {
                *there = true;
                (201, user)
            }
            "PATCH" | "PUT" if *there => {
                *there = !asked.body.to_string().contains("false");
                (204, Value::Null)
            }
            _ => (404, json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404" })),
        }
    })
    .await;
    let mapping =
        format!("format: 1\nvendor: a strict one\nprofile: {{ resources: {{ Users: {profile} }} }}\n");
    let mut plan = Plan::new().file("vendor.yaml", &mapping);
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./vendor.yaml").done();
    (plan.start().await, script, refuses)
}

#[tokio::test]
async fn who_could_not_be_taken_out_is_shown_as_he_is() {
    let forgets = "{ deactivate: { via: patch, keeps_record: false, loses_memberships: true }, reactivate: [patch, post_again] }";
    let (bridge, script, refuses) = strict(forgets).await;
    let idp = bridge.client();
    for status in [403, 503] {
        refuses.store(status, Ordering::SeqCst);
        let answer = idp.patch("/Users/u1", &replace("active", false)).await;
        assert_eq!(usize::from(answer.status), status, "{}", answer.text);
        assert_eq!(idp.get("/Users/u1").await.body["active"], true);
        assert_eq!(idp.get(&by_name("ana")).await.body["Resources"][0]["active"], true);
    }
    refuses.store(0, Ordering::SeqCst);
    off(&idp, "u1").await;
    assert_eq!(idp.get("/Users/u1").await.body["active"], false);
    // Nor does he come back by half.
    refuses.store(503, Ordering::SeqCst);
    assert_eq!(idp.patch("/Users/u1", &replace("active", true)).await.status, 503);
    assert_eq!(idp.get("/Users/u1").await.body["active"], false);
    refuses.store(0, Ordering::SeqCst);
    script.asked();
    on(&idp, "u1").await;
    let writes: Vec<_> =
        script.asked().into_iter().filter(|asked| asked.method != "GET").map(|asked| asked.method).collect();
    assert_eq!(writes, ["PATCH", "POST"], "first on the old id, then anew");
}

#[tokio::test]
async fn access_that_was_given_at_the_vendor_is_shown() {
    let simulator = vendor(Vendor::Segment).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    let ana = make(&idp, "ana").await;
    off(&idp, &ana).await;
    let console = Client::new(simulator.base_url(), simulator.token());
    let given = console.post("/Users", &json!({ "schemas": [USER], "userName": "ana@acme.example" })).await;
    assert_eq!(given.status, 201, "{}", given.text);
    assert_eq!(idp.get(&format!("/Users/{ana}")).await.body["active"], true);
    assert_eq!(idp.get(&by_name("ana")).await.body["Resources"][0]["active"], true);
    // And it is taken away once more.
    off(&idp, &ana).await;
    assert!(at_vendor(&simulator, "ana").is_none());
}

#[tokio::test]
async fn access_is_given_and_taken_in_the_way_that_the_vendor_has() {
    // By a PUT, even where there is a PATCH.
    for (profile, method) in
        [("{ deactivate: { via: put } }", "PUT"), ("{ deactivate: { via: patch } }", "PATCH")]
    {
        let (bridge, script, _) = strict(profile).await;
        assert!(bridge.client().patch("/Users/u1", &replace("active", false)).await.status >= 200);
        let sent = script.asked().into_iter().find(|asked| asked.method != "GET").unwrap();
        assert_eq!(sent.method, method, "{profile}");
    }
    // Not at all.
    let forgets = "deactivate: { via: patch, keeps_record: false }";
    let (bridge, script, _) = strict(&format!("{{ {forgets}, reactivate: impossible }}")).await;
    let idp = bridge.client();
    off(&idp, "u1").await;
    script.asked();
    let refused = idp.patch("/Users/u1", &replace("active", true)).await;
    assert_eq!((refused.status, &refused.body["scimType"]), (400, &json!("mutability")), "{}", refused.text);
    assert!(script.asked().iter().all(|asked| asked.method == "GET"));
    assert_eq!(idp.get("/Users/u1").await.body["active"], false);
}
