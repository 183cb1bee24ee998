//! What takes access away: it is carried out, or it is refused; it never only seems to have been done.

use std::sync::{Arc, Mutex};

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan, vendor};
use crate::peer::client::Client;
use crate::peer::directory::Directory;
use crate::peer::script::{self, Asked, Script};

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
        json!({ "members": [{ "display": "ana" }] }),
        json!({ "members": ana }),
        json!({ "mem bers": [{ "value": ana, "operation": "delete" }] }),
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
fn numbers() -> impl FnMut(&Asked) -> (u16, Value) + Send + 'static {
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

/// A bridge in front of a directory, with a mapping of the test's own.
async fn scene(mapping: &str, directory: Directory) -> (Bridge, Script, Arc<Mutex<Directory>>) {
    scene_with(mapping, directory, |_| None).await
}

/// The same; some requests are answered otherwise.
async fn scene_with(
    mapping: &str,
    directory: Directory,
    mut otherwise: impl FnMut(&Asked) -> Option<(u16, Value)> + Send + 'static,
) -> (Bridge, Script, Arc<Mutex<Directory>>) {
    let directory = Arc::new(Mutex::new(directory));
    let held = directory.clone();
    let script =
        Script::start(move |asked| otherwise(asked).unwrap_or_else(|| held.lock().unwrap().answer(asked)))
            .await;
    let mut plan = Plan::new().file("own.yaml", &format!("format: 1\nvendor: a scripted one\n{mapping}"));
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./own.yaml").done();
    (plan.start().await, script, directory)
}

fn off() -> Value {
    json!([{ "op": "replace", "path": "active", "value": false }])
}

/// Rules and a profile that take nothing of what the account holds.
const NARROW: &str = "profile:\n  resources:\n    Users:\n      patch: none\n      attrs:\n        enum: { userType: { values: [endUser] } }\n        \
                      required: [displayName]\ntables:\n  codes: { rows: { A: \"1\" } }\nusers:\n  rules:\n    - move: [$.title, $.nickName]\n      \
                      via: [table: codes]\n    - drop: $.locale\n    - refuse: $.timezone == 'nowhere'\n      detail: no such place\n";

fn from_before() -> Directory {
    let more = json!({ "userType": "boss", "nickName": "odd", "locale": "pt-PT", "timezone": "nowhere" });
    Directory::default().user("ana", &more)
}

#[tokio::test]
async fn an_account_from_before_the_bridge_can_be_deactivated() {
    let patch = json!([{ "op": "replace", "path": "active", "value": false }]);
    for how in ["patch", "put", "delete"] {
        let mapping = match how {
            "delete" => NARROW.replace("patch: none", "patch: none\n      delete: unsupported"),
            _ => NARROW.to_owned(),
        };
        let (bridge, _script, directory) = scene(&mapping, from_before()).await;
        let idp = bridge.client();
        let answer = match how {
            "patch" => idp.patch("/Users/ana", &patch).await,
            "delete" => idp.delete("/Users/ana").await,
            // As Okta does it: what it read, with `active` changed.
            _ => {
                let mut read = idp.get("/Users/ana").await.body;
                read["active"] = json!(false);
                idp.put("/Users/ana", &read).await
            }
        };
        assert!([200, 204].contains(&answer.status), "{how}: {answer:?}");
        let now = directory.lock().unwrap().resources["/Users/ana"].clone();
        assert_eq!(now["active"], false, "{how}");
        for (name, value) in
            [("userType", "boss"), ("nickName", "odd"), ("locale", "pt-PT"), ("timezone", "nowhere")]
        {
            assert_eq!(now[name], value, "{how}: what the vendor had stays");
        }
    }
    // What does change is judged.
    let (bridge, _script, _directory) = scene(NARROW, from_before()).await;
    for (path, value) in [("title", "unknown"), ("userType", "chief"), ("timezone", "nowhere ")] {
        let operation = json!([{ "op": "replace", "path": path, "value": value.trim_end() }]);
        let expected = if path == "timezone" { 200 } else { 400 };
        assert_eq!(bridge.client().patch("/Users/ana", &operation).await.status, expected, "{path}");
    }
}

#[tokio::test]
async fn a_revoke_that_the_vendor_refuses_for_something_else_is_carried_out_alone() {
    let fussy = |asked: &Asked| {
        let refused =
            ["PATCH", "PUT"].contains(&asked.method.as_str()) && asked.body.to_string().contains("Dr");
        refused.then_some((400, Value::Null))
    };
    let (bridge, _script, directory) =
        scene_with("", Directory::default().user("ana", &json!({})), fussy).await;
    let idp = bridge.client();
    let operations = json!([off()[0], { "op": "replace", "path": "title", "value": "Dr" }]);
    let answer = idp.patch("/Users/ana", &operations).await;
    assert_eq!(
        (answer.status, &answer.body["scimType"]),
        (400, &json!("invalidValue")),
        "the title was refused"
    );
    assert_eq!(directory.lock().unwrap().resources["/Users/ana"]["active"], false);
    // Nobody is left who could be deactivated.
    assert_eq!(idp.patch("/Users/nobody", &off()).await.status, 404);
}

#[tokio::test]
async fn a_put_that_does_not_say_active_does_not_change_it() {
    for mapping in ["", "profile: { resources: { Users: { patch: none } } }\n"] {
        let directory = Directory::default().user("ana", &json!({ "active": false, "title": "Dr" }));
        let (bridge, _script, directory) = scene(mapping, directory).await;
        let answer = bridge.client().put("/Users/ana", &json!({ "userName": "ana", "nickName": "A" })).await;
        assert_eq!((answer.status, &answer.body["active"]), (200, &json!(false)), "{answer:?}");
        let now = directory.lock().unwrap().resources["/Users/ana"].clone();
        assert_eq!((&now["active"], now.get("title"), &now["nickName"]), (&json!(false), None, &json!("A")));
    }
}

#[tokio::test]
async fn nothing_is_done_to_somebody_who_is_not_there() {
    let mapping = "users:\n  rules:\n    - drop: $.locale\n    - drop: $.password\n      back: hide\n";
    let (bridge, _script, _directory) = scene(mapping, Directory::default().user("ana", &json!({}))).await;
    let idp = bridge.client();
    for operations in [
        json!([{ "op": "replace", "path": "locale", "value": "pt-PT" }]),
        json!([{ "op": "replace", "path": "password", "value": "a long one" }]),
        json!([{ "op": "replace", "value": { "unheardOf": 1 } }]),
        json!([{ "op": "add", "path": "emails", "value": [] }]),
        off(),
    ] {
        assert_eq!(idp.patch("/Users/nobody", &operations).await.status, 404, "{operations}");
        assert!([200, 204].contains(&idp.patch("/Users/ana", &operations).await.status), "{operations}");
    }
    assert_eq!(idp.get("/Users/ana").await.body["locale"], "pt-PT");
    assert_eq!(idp.put("/Users/nobody", &json!({ "userName": "nobody" })).await.status, 404);
}

#[tokio::test]
async fn a_conflict_is_only_said_when_it_is_known() {
    for (looked_up, expected) in [(500, 503), (504, 504), (200, 409), (404, 409), (400, 409)] {
        let mapping = "profile: { resources: { Users: { delete: deactivate } } }\n";
        let otherwise = move |asked: &Asked| match (asked.method.as_str(), asked.query.contains("filter")) {
            ("POST", _) => Some((409, Value::Null)),
            ("GET", true) if looked_up != 200 => Some((looked_up, Value::Null)),
            _ => None,
        };
        let (bridge, _script, _directory) = scene_with(mapping, Directory::default(), otherwise).await;
        let answer = bridge.client().post("/Users", &json!({ "userName": "ana" })).await;
        assert_eq!(answer.status, expected, "the look-up answered {looked_up}: {answer:?}");
        let okta = bridge.client().with("user-agent", "Okta SCIM Client 1.0.0");
        let answer = okta.post("/Users", &json!({ "userName": "ana" })).await;
        assert_eq!(answer.status, if expected == 409 { 409 } else { 429 }, "Okta repeats after 429 alone");
    }
}

#[tokio::test]
async fn nobody_else_comes_back_to_life() {
    // A vendor that keeps who was deleted, and looks at no filter.
    let mapping = "profile: { resources: { Users: { delete: deactivate } } }\n";
    let directory = Directory::default().user("ana", &json!({}));
    let shown = directory.resources["/Users/ana"].clone();
    let otherwise = move |asked: &Asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", _) => Some((409, Value::Null)),
        ("GET", "/Users") => Some((200, script::list(std::slice::from_ref(&shown)))),
        ("DELETE", _) => Some((204, Value::Null)),
        _ => None,
    };
    let (bridge, script, _directory) = scene_with(mapping, directory, otherwise).await;
    let idp = bridge.client();
    assert_eq!(idp.delete("/Users/ana").await.status, 204);
    assert_eq!(idp.delete("/Users/ana").await.status, 204, "a repeated removal succeeds");
    assert_eq!(idp.get("/Users/ana").await.status, 404);
    for answer in
        [idp.put("/Users/ana", &json!({ "userName": "ana" })).await, idp.patch("/Users/ana", &off()).await]
    {
        assert_eq!(answer.status, 404, "{answer:?}");
    }
    script.asked();
    assert_eq!(idp.post("/Users", &json!({ "userName": "bo" })).await.status, 409);
    assert!(!script.asked().iter().any(|asked| ["PUT", "PATCH"].contains(&asked.method.as_str())));
}

#[tokio::test]
async fn a_web_page_does_not_say_that_somebody_is_gone() {
    let page = |_: &Asked| Some((404, Value::from("<html>404</html>")));
    let (bridge, _script, _directory) = scene_with("", Directory::default(), page).await;
    let idp = bridge.client();
    for answer in
        [idp.delete("/Users/ana").await, idp.patch("/Users/ana", &off()).await, idp.get("/Users/ana").await]
    {
        assert_eq!(answer.status, 503, "{answer:?}");
    }
}
