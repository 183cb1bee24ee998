//! What was accepted is carried out: once, in order, also when the answer was lost, the vendor was away, or the bridge ended
//! in between.

use scim_bridge::simulator::{Simulator, Vendor};
use scim_bridge::store::StoreKey;
use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan, vendor};
use crate::peer::client::Client;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// A store that outlives its bridges.
struct Kept {
    folder: tempfile::TempDir,
    key: StoreKey,
}

impl Kept {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), key: StoreKey::random().unwrap() }
    }

    /// A bridge that remembers there.
    async fn bridge(&self, simulator: &Simulator) -> Bridge {
        let file = self.folder.path().join("bridge.db");
        let store = format!("store: {{ url: 'sqlite:{}', key: {{ file: store.key }} }}\n", file.display());
        let mut plan = Plan::new().head(&store).file("store.key", &self.key.to_hex());
        plan.integration("acme", &simulator.base_url(), &simulator.token())
            .mapping(simulator.vendor().name())
            .done();
        plan.start().await
    }
}

async fn user(client: &Client, name: &str) -> String {
    let made = client.post("/Users", &json!({ "schemas": [USER], "userName": name, "active": true })).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["id"].as_str().unwrap().to_owned()
}

fn off() -> Value {
    json!([{ "op": "replace", "path": "active", "value": false }])
}

fn set(attribute: &str, value: impl Into<Value>) -> Value {
    json!([{ "op": "replace", "path": attribute, "value": value.into() }])
}

fn users(simulator: &Simulator) -> Vec<Value> {
    simulator.state()["users"].as_array().cloned().unwrap_or_default()
}

/// Waits until the vendor is so, as it is when nobody asks any more.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let waits = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), waits)
        .await
        .unwrap_or_else(|_| panic!("{what}"));
}

fn is_off(simulator: &Simulator, name: &str) -> bool {
    users(simulator).iter().any(|user| user["userName"] == name && user["active"] == false)
}

#[tokio::test]
async fn access_is_taken_away_though_nobody_asks_again() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    let ana = user(&idp, "ana").await;
    for fault in [
        json!({ "respond": { "status": 503 } }),
        json!({ "reset": true }),
        json!({ "respond": { "status": 429, "headers": { "retry-after": "1" } } }),
    ] {
        assert_eq!(idp.patch(&format!("/Users/{ana}"), &set("active", true)).await.status, 200);
        simulator.fault(&fault).unwrap();
        let answer = idp.patch(&format!("/Users/{ana}"), &off()).await;
        assert!(answer.status >= 500 || answer.status == 429, "{fault}: {answer:?}");
        assert!(!is_off(&simulator, "ana"));
        simulator.fault(&Value::Null).unwrap();
        until("she has access still", || is_off(&simulator, "ana")).await;
    }
}

#[tokio::test]
async fn access_is_taken_away_by_the_bridge_that_comes_after() {
    let (simulator, kept) = (vendor(Vendor::Rfc).await, Kept::new());
    let bridge = kept.bridge(&simulator).await;
    let idp = bridge.client();
    let (ana, bo, cy) = (user(&idp, "ana").await, user(&idp, "bo").await, user(&idp, "cy").await);
    let group = json!({ "schemas": [GROUP], "displayName": "ops", "members": [{ "value": cy }] });
    let ops = idp.post("/Groups", &group).await.body["id"].as_str().unwrap().to_owned();
    simulator.fault(&json!({ "respond": { "status": 503 } })).unwrap();
    assert_eq!(idp.patch(&format!("/Users/{ana}"), &off()).await.status, 503);
    assert_eq!(idp.delete(&format!("/Users/{bo}")).await.status, 503);
    let leaves = json!([{ "op": "remove", "path": format!("members[value eq \"{cy}\"]") }]);
    assert_eq!(idp.patch(&format!("/Groups/{ops}"), &leaves).await.status, 503);
    bridge.stop().await;
    simulator.fault(&Value::Null).unwrap();
    assert_eq!((users(&simulator).len(), is_off(&simulator, "ana")), (3, false));
    let _bridge = kept.bridge(&simulator).await;
    until("it was not carried out", || {
        let members = simulator.state()["groups"][0]["members"].as_array().map_or(0, Vec::len);
        is_off(&simulator, "ana") && users(&simulator).len() == 2 && members == 0
    })
    .await;
}

#[tokio::test]
async fn a_later_change_does_not_overtake_an_earlier_one() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    let ana = format!("/Users/{}", user(&idp, "ana").await);
    simulator.fault(&json!({ "respond": { "status": 503 } })).unwrap();
    assert_eq!(idp.patch(&ana, &off()).await.status, 503);
    // While the earlier one cannot be done, the later one cannot either.
    assert_eq!(idp.patch(&ana, &set("title", "Dr")).await.status, 503);
    simulator.fault(&Value::Null).unwrap();
    simulator.clear_log();
    assert_eq!(idp.patch(&ana, &set("title", "Dr")).await.status, 200);
    let user = &users(&simulator)[0];
    assert_eq!((&user["active"], &user["title"]), (&json!(false), &json!("Dr")));
    // She comes back: what was to be done before is done before.
    simulator.fault(&json!({ "respond": { "status": 503 } })).unwrap();
    assert_eq!(idp.patch(&ana, &off()).await.status, 503);
    simulator.fault(&Value::Null).unwrap();
    assert_eq!(idp.patch(&ana, &set("active", true)).await.status, 200);
    assert_eq!(users(&simulator)[0]["active"], true);
}

#[tokio::test]
async fn what_is_replaced_need_not_be_done_before() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    let id = user(&idp, "ana").await;
    let ana = format!("/Users/{id}");
    simulator.fault(&json!({ "respond": { "status": 503 } })).unwrap();
    assert_eq!(idp.patch(&ana, &off()).await.status, 503);
    simulator.fault(&Value::Null).unwrap();
    let whole = json!({ "schemas": [USER], "userName": "ana", "active": true, "title": "Dr" });
    assert_eq!(idp.put(&ana, &whole).await.status, 200);
    // A change after that finds nothing that was to be done before it.
    simulator.clear_log();
    assert_eq!(idp.patch(&ana, &set("title", "Prof")).await.status, 200);
    assert_eq!(users(&simulator)[0]["active"], true);
    let log = simulator.log();
    assert!(!format!("{log:?}").contains("Bool(false)"), "{log:?}");
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_has_one_effect() {
    for fault in [
        json!({ "match": { "method": "POST", "nth": 1 }, "apply_then_fail": true }),
        json!({ "match": { "method": "POST", "nth": 1 }, "close_after_bytes": 0 }),
        json!({ "match": { "method": "POST", "nth": 1 }, "close_after_bytes": 40 }),
    ] {
        let simulator = vendor(Vendor::Rfc).await;
        let bridge = Bridge::to(&simulator).await;
        let idp = bridge.client();
        simulator.fault(&fault).unwrap();
        let body = json!({ "schemas": [USER], "userName": "ana", "externalId": "x1", "active": true });
        let answer = idp.post("/Users", &body).await;
        assert_eq!((answer.status, users(&simulator).len()), (201, 1), "{fault}: {answer:?}");
        assert_eq!(answer.body["externalId"], "x1");
        // It is known from now on, and nobody is made again.
        assert_eq!(idp.post("/Users", &body).await.status, 409);
        let id = answer.body["id"].as_str().unwrap();
        assert_eq!(idp.get(&format!("/Users/{id}")).await.status, 200);
    }
}

#[tokio::test]
async fn a_creation_in_doubt_is_looked_for_before_it_is_sent_again() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    let body = json!({ "schemas": [USER], "userName": "ana", "externalId": "x1", "active": true });
    // It was made, and nobody can be asked whether it was.
    simulator.fault(&json!({ "match": { "method": "POST" }, "apply_then_fail": true })).unwrap();
    simulator.fault(&json!({ "match": { "method": "GET" }, "respond": { "status": 503 } })).unwrap();
    assert_eq!(idp.post("/Users", &body).await.status, 503);
    assert_eq!(idp.post("/Users", &body).await.status, 503);
    assert_eq!(users(&simulator).len(), 1);
    simulator.fault(&Value::Null).unwrap();
    simulator.clear_log();
    let answer = idp.post("/Users", &body).await;
    assert_eq!((answer.status, users(&simulator).len()), (201, 1), "{answer:?}");
    assert!(simulator.log().iter().all(|entry| entry.method == "GET"), "it was not sent again");
}

#[tokio::test]
async fn somebody_of_the_same_name_is_not_taken_for_what_was_made() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    // Somebody else's account, under the name that is to be made.
    let theirs = json!({ "schemas": [USER], "userName": "ana", "externalId": "theirs", "active": true });
    assert_eq!(idp.post("/Users", &theirs).await.status, 201);
    simulator.fault(&json!({ "match": { "method": "POST" }, "reset": true })).unwrap();
    let ours = json!({ "schemas": [USER], "userName": "ana", "externalId": "ours", "active": true });
    let answer = idp.post("/Users", &ours).await;
    assert!(answer.status >= 500, "{answer:?}");
    assert_eq!(users(&simulator)[0]["externalId"], "theirs");
}

#[tokio::test]
async fn a_removal_that_the_vendor_refuses_is_not_forgotten() {
    let (simulator, kept) = (vendor(Vendor::Rfc).await, Kept::new());
    let bridge = kept.bridge(&simulator).await;
    let idp = bridge.client();
    let ana = format!("/Users/{}", user(&idp, "ana").await);
    simulator.fault(&json!({ "match": { "method": "PATCH" }, "respond": { "status": 403 } })).unwrap();
    assert_eq!(idp.patch(&ana, &off()).await.status, 403);
    // What comes after it is not held up by it, and does not end it.
    simulator.fault(&Value::Null).unwrap();
    assert_eq!(idp.patch(&ana, &set("title", "Dr")).await.status, 200);
    assert!(!is_off(&simulator, "ana"));
    bridge.stop().await;
    let _bridge = kept.bridge(&simulator).await;
    until("it was forgotten", || is_off(&simulator, "ana")).await;
}

#[tokio::test]
async fn a_removal_that_was_refused_ends_with_what_contradicts_it() {
    let (simulator, kept) = (vendor(Vendor::Rfc).await, Kept::new());
    let bridge = kept.bridge(&simulator).await;
    let idp = bridge.client();
    let (ana, bo) = (user(&idp, "ana").await, user(&idp, "bo").await);
    simulator.fault(&json!({ "respond": { "status": 403 } })).unwrap();
    assert_eq!(idp.patch(&format!("/Users/{ana}"), &off()).await.status, 403);
    assert_eq!(idp.delete(&format!("/Users/{bo}")).await.status, 403);
    simulator.fault(&Value::Null).unwrap();
    assert_eq!(idp.patch(&format!("/Users/{ana}"), &set("active", true)).await.status, 200);
    let answer = idp.patch(&format!("/Users/{bo}"), &set("title", "Dr")).await;
    assert_eq!(answer.status, 200, "{answer:?} {:?}", simulator.log());
    let third = user(&idp, "cy").await;
    simulator.fault(&json!({ "respond": { "status": 503 } })).unwrap();
    assert_eq!(idp.patch(&format!("/Users/{third}"), &off()).await.status, 503);
    bridge.stop().await;
    simulator.fault(&Value::Null).unwrap();
    // The next one carries out what is left, and nothing of what was given up.
    let _bridge = kept.bridge(&simulator).await;
    until("it was forgotten", || is_off(&simulator, "cy")).await;
    let active =
        |name: &str| users(&simulator).iter().any(|user| user["userName"] == name && user["active"] == true);
    assert!(active("ana") && active("bo"));
}

#[tokio::test]
async fn many_creations_of_one_name_at_once_make_one() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    simulator.fault(&json!({ "match": { "method": "POST", "nth": 1 }, "apply_then_fail": true })).unwrap();
    let body = json!({ "schemas": [USER], "userName": "ana", "externalId": "x1", "active": true });
    let answers = futures_util::future::join_all((0..8).map(|_| idp.post("/Users", &body))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!((made, users(&simulator).len()), (1, 1));
    assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status)), "{answers:?}");
    assert_eq!(simulator.counters().duplicate_creates, 0);
}
