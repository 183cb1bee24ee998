//! What takes access away: it is carried out, or it is refused; it never only seems to have been done.

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan, vendor};
use crate::peer::client::Client;
use crate::peer::script::{self, Script};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

async fn user(client: &Client, name: &str) -> String {
    let made = client.post("/Users", &json!({ "schemas": [USER], "userName": name, "active": true })).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["id"].as_str().unwrap().to_owned()
}

async fn group(client: &Client, name: &str, members: &[&str]) -> String {
    let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
    let body = json!({ "schemas": [GROUP], "displayName": name, "members": members });
    let made = client.post("/Groups", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["id"].as_str().unwrap().to_owned()
}

fn members(simulator: &Simulator) -> usize {
    simulator.state()["groups"][0]["members"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_removal_of_members_that_cannot_be_read_is_refused() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    let (ana, bo) = (user(&idp, "ana").await, user(&idp, "bo").await);
    let path = format!("/Groups/{}", group(&idp, "ops", &[&ana, &bo]).await);
    simulator.clear_log();
    for operation in [
        json!({ "op": "remove", "path": "members", "value": [ana] }),
        json!({ "op": "remove", "path": "members", "value": ana }),
        json!({ "op": "remove", "path": "members", "value": { "id": ana } }),
        json!({ "op": "remove", "path": "members", "value": [{ "value": "" }] }),
        json!({ "op": "remove", "path": "members", "value": [{ "value": bo }, { "$ref": format!("../Users/{ana}") }] }),
        json!({ "op": "remove", "path": "members", "value": [{ "value": { "value": ana } }] }),
        json!({ "op": "remove", "path": "members.value", "value": [{ "value": ana }] }),
        json!({ "op": "remove", "path": format!("members[id eq \"{ana}\"]") }),
        json!({ "op": "remove", "path": "members[value eq true]" }),
        json!({ "op": "remove", "value": { "members": [{ "value": ana }] } }),
        json!({ "op": "replace", "path": "members", "value": "" }),
    ] {
        let answer = idp.patch(&path, &json!([operation])).await;
        assert_eq!(answer.status, 400, "{operation}: {answer:?}");
        assert_eq!(members(&simulator), 2, "{operation}");
    }
    for body in [
        json!({ "members": [{ "id": ana, "operation": "delete" }] }),
        json!({ "members": [{ "value": ana, "operation": "destroy" }] }),
        json!({ "members": ana }),
        json!({ "meta": { "attributes": [["members"]] } }),
        json!({ "meta": { "attributes": ["mem bers"] } }),
    ] {
        let mut body = body;
        body["schemas"] = json!(["urn:scim:schemas:core:1.0"]);
        let answer = idp.send("PATCH", &path, Some(body.to_string()), &[]).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
    }
    assert!(simulator.log().is_empty(), "the vendor was asked");
    // The forms that are known are carried out.
    for operation in [
        json!({ "op": "Remove", "path": "members", "value": [{ "value": ana }] }),
        json!({ "op": "remove", "path": format!("members[value eq \"{bo}\"]") }),
    ] {
        let before = members(&simulator);
        let answer = idp.patch(&path, &json!([operation])).await;
        assert!([200, 204].contains(&answer.status), "{operation}: {answer:?}");
        assert_eq!(members(&simulator), before - 1, "{operation}");
    }
}

#[tokio::test]
async fn the_rfc_dialect_does_not_empty_a_group_for_a_removal_of_one() {
    let simulator = vendor(Vendor::Rfc).await;
    let mut plan = Plan::new();
    plan.integration("acme", &simulator.base_url(), &simulator.token()).dialect("rfc").done();
    let bridge = plan.start().await;
    let idp = bridge.client();
    let (ana, bo) = (user(&idp, "ana").await, user(&idp, "bo").await);
    let path = format!("/Groups/{}", group(&idp, "ops", &[&ana, &bo]).await);
    let removal = json!([{ "op": "remove", "path": "members", "value": [{ "value": ana }] }]);
    assert_eq!(idp.patch(&path, &removal).await.status, 400);
    assert_eq!(members(&simulator), 2);
}

/// A vendor whose ids are numbers, and which takes a whole group and nothing else.
fn numbers() -> impl FnMut(&script::Asked) -> (u16, Value) + Send + 'static {
    let mut group = json!({ "schemas": [GROUP], "id": 70, "displayName": "ops", "members": [{ "value": 7 }, { "value": 8 }] });
    move |asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/Groups/70") => (200, group.clone()),
        ("GET", "/Groups") => (200, script::list(&[group.clone()])),
        ("PUT", "/Groups/70") => {
            group = asked.body.clone();
            group["id"] = json!(70);
            (200, group.clone())
        }
        _ => (501, Value::Null),
    }
}

#[tokio::test]
async fn ids_that_a_vendor_writes_as_numbers_are_ids() {
    let script = Script::start(numbers()).await;
    let mapping = "format: 1\nvendor: numbers\nprofile:\n  resources:\n    Groups: { patch: none }\n";
    let mut plan = Plan::new().file("numbers.yaml", mapping);
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./numbers.yaml").done();
    let bridge = plan.start().await;
    let idp = bridge.client();
    let read = idp.get("/Groups/70").await;
    assert_eq!((read.status, &read.body["id"]), (200, &json!("70")), "{read:?}");
    assert_eq!(read.body["members"][0]["value"], "7");
    for (path, left) in [("members[value eq 7]", &["8"][..]), ("members[value eq \"8\"]", &[])] {
        script.asked();
        let answer = idp.patch("/Groups/70", &json!([{ "op": "remove", "path": path }])).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let put = script.asked().pop().unwrap();
        let sent = put.body["members"].as_array().cloned().unwrap_or_default();
        assert_eq!(sent.iter().map(|member| &member["value"]).collect::<Vec<_>>(), left, "{path}");
    }
}
