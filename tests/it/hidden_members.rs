//! A vendor like AWS IAM Identity Center: it has no PUT of groups, never shows their members, takes neither `replace` of
//! members nor their removal at once, changes a hundred in a request, and pages by a cursor.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan};
use crate::peer::script::{self, Asked, Script};

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The most members that one request may name.
const MOST: usize = 100;

type Members = Arc<Mutex<BTreeSet<String>>>;

fn refusal(why: &str) -> (u16, Value) {
    (400, json!({ "schemas": [ERROR], "status": "400", "detail": why }))
}

fn changed(asked: &Asked, members: &Members) -> (u16, Value) {
    let operations = asked.body["Operations"].as_array().unwrap();
    let named = |operation: &Value| -> Vec<String> {
        let values = operation["value"].as_array().cloned().unwrap_or_default();
        values.iter().filter_map(|one| one["value"].as_str().map(str::to_owned)).collect()
    };
    if operations.iter().map(|operation| named(operation).len()).sum::<usize>() > MOST {
        return refusal("too many members");
    }
    let mut members = members.lock().unwrap();
    for operation in operations {
        match (operation["op"].as_str().unwrap(), operation["path"].as_str().unwrap()) {
            ("add", "members") => members.extend(named(operation)),
            ("remove", "members") if !named(operation).is_empty() => {
                let gone = named(operation);
                members.retain(|id| !gone.contains(id));
            }
            (_, "displayName" | "externalId") => {}
            _ => return refusal("not supported"),
        }
    }
    (204, Value::Null)
}

/// The page of users that a cursor asks for; a page holds a hundred.
fn page(asked: &Asked, all: &[String]) -> (u16, Value) {
    let parameter = |name: &str| {
        asked.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    };
    let Some(cursor) = parameter("cursor") else { return refusal("pages follow by a cursor") };
    let from = cursor.parse().unwrap_or(0);
    let count = parameter("count").and_then(|count| count.parse().ok()).unwrap_or(MOST).min(MOST);
    let shown: Vec<_> =
        all[from..].iter().take(count).map(|id| json!({ "id": id, "userName": id })).collect();
    let mut body = json!({ "schemas": [LIST], "itemsPerPage": shown.len(), "Resources": shown });
    if from + shown.len() < all.len() {
        body["nextCursor"] = json!((from + shown.len()).to_string());
    }
    (200, body)
}

async fn bridge() -> (Bridge, Script, Members) {
    let members: Members = Arc::default();
    let known = members.clone();
    let script = Script::start(move |asked: &Asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/Groups") => {
            let first: Vec<_> = asked.body["members"].as_array().cloned().unwrap_or_default();
            if first.len() > MOST {
                return refusal("too many members");
            }
            known.lock().unwrap().extend(first.iter().map(|one| one["value"].as_str().unwrap().to_owned()));
            (201, json!({ "schemas": [GROUP], "id": "g1", "displayName": asked.body["displayName"] }))
        }
        ("PATCH", "/Groups/g1") => changed(asked, &known),
        ("GET", "/Groups/g1") => {
            (200, json!({ "schemas": [GROUP], "id": "g1", "displayName": "Staff", "members": [] }))
        }
        ("GET", "/Users") if asked.query.contains("groups.value eq \"g1\"") => {
            page(asked, &known.lock().unwrap().iter().cloned().collect::<Vec<_>>())
        }
        ("GET", "/Users") => page(asked, &(0..230).map(|at| format!("u{at:03}")).collect::<Vec<_>>()),
        ("PUT", _) => (404, json!({ "schemas": [ERROR], "status": "404" })),
        _ => (200, script::list(&[])),
    })
    .await;
    let mut plan = Plan::new();
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("aws-identity-center").done();
    (plan.start().await, script, members)
}

fn ids(range: std::ops::Range<usize>) -> Vec<Value> {
    range.map(|at| json!({ "value": format!("u{at:03}") })).collect()
}

fn writes(script: &Script) -> Vec<Asked> {
    script.asked().into_iter().filter(|asked| asked.method != "GET").collect()
}

#[tokio::test]
async fn a_put_of_a_large_group_becomes_changes_that_the_vendor_takes() {
    let (bridge, script, members) = bridge().await;
    let idp = bridge.client();
    let made = idp
        .post("/Groups", &json!({ "schemas": [GROUP], "displayName": "Staff", "members": ids(0..250) }))
        .await;
    assert_eq!(
        (made.status, made.body["members"].as_array().map(Vec::len)),
        (201, Some(250)),
        "{}",
        made.text
    );
    assert_eq!((members.lock().unwrap().len(), writes(&script).len()), (250, 3));

    // As Okta's wizard applications do: everything, each time.
    let put = json!({ "schemas": [GROUP], "id": "g1", "displayName": "Staff", "members": ids(120..370) });
    let answer = idp.put("/Groups/g1", &put).await;
    assert_eq!(
        (answer.status, answer.body["members"].as_array().map(Vec::len)),
        (200, Some(250)),
        "{}",
        answer.text
    );
    let now: Vec<_> = members.lock().unwrap().iter().cloned().collect();
    assert_eq!((now.len(), now[0].as_str(), now[249].as_str()), (250, "u120", "u369"));
    let sent = writes(&script);
    // 120 leave and 120 join: no fewer requests can say that.
    assert_eq!(sent.len(), 3, "{sent:?}");
    let first = sent[0].body["Operations"][0]["op"].as_str();
    assert_eq!(first, Some("remove"), "who leaves goes first");

    // The same again changes nothing.
    assert_eq!(idp.put("/Groups/g1", &put).await.status, 200);
    assert_eq!(writes(&script).len(), 0);

    let empty = json!({ "schemas": [GROUP], "id": "g1", "displayName": "Staff", "members": [] });
    assert_eq!(idp.put("/Groups/g1", &empty).await.status, 200);
    assert_eq!((members.lock().unwrap().len(), writes(&script).len()), (0, 3));
}

#[tokio::test]
async fn members_are_shown_though_the_vendor_never_shows_them() {
    let (bridge, script, _) = bridge().await;
    let idp = bridge.client();
    idp.post("/Groups", &json!({ "schemas": [GROUP], "displayName": "Staff", "members": ids(0..3) })).await;
    let group = idp.get("/Groups/g1").await;
    assert_eq!(group.body["members"].as_array().map(Vec::len), Some(3), "{}", group.text);
    script.asked();
    // Who does not ask for them does not wait for them.
    let group = idp.get("/Groups/g1?excludedAttributes=members").await;
    assert!(group.body["members"].is_null() && script.asked().len() == 1, "{}", group.text);

    // One by one, as Entra ID says it: no look at the group is needed.
    let join = json!([{ "op": "Add", "path": "members", "value": [{ "value": "u009" }] }]);
    assert!(idp.patch("/Groups/g1", &join).await.status < 300);
    let leave = json!([{ "op": "Remove", "path": "members[value eq \"u001\"]" }]);
    assert!(idp.patch("/Groups/g1", &leave).await.status < 300);
    let methods: Vec<_> = script.asked().into_iter().map(|asked| asked.method).collect();
    assert_eq!(methods, ["PATCH", "PATCH"]);
    // All at once is written as the difference.
    let replace = json!([{ "op": "replace", "path": "members", "value": ids(5..7) }]);
    assert!(idp.patch("/Groups/g1", &replace).await.status < 300);
    let clear = json!([{ "op": "remove", "path": "members" }]);
    assert!(idp.patch("/Groups/g1", &clear).await.status < 300);
    assert_eq!(idp.get("/Groups/g1").await.body["members"].as_array().map_or(0, Vec::len), 0);
}

#[tokio::test]
async fn a_client_pages_by_index_through_pages_that_follow_by_a_cursor() {
    let (bridge, script, _) = bridge().await;
    let idp = bridge.client();
    let mut seen = Vec::new();
    for start in [1, 101, 201] {
        let page = idp.get(&format!("/Users?startIndex={start}&count=100")).await;
        assert_eq!((page.status, &page.body["totalResults"]), (200, &json!(230)), "{}", page.text);
        seen.extend(page.body["Resources"].as_array().unwrap().iter().map(|one| one["id"].clone()));
    }
    let all: Vec<Value> = (0..230).map(|at| json!(format!("u{at:03}"))).collect();
    assert_eq!(seen, all);
    let asked = script.asked();
    assert!(
        asked.iter().all(|asked| asked.query.contains("count=100") && asked.query.contains("cursor=")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_change_that_stops_in_the_middle_is_finished_by_its_repetition() {
    let (bridge, script, members) = bridge().await;
    let idp = bridge.client();
    idp.post("/Groups", &json!({ "schemas": [GROUP], "displayName": "Staff", "members": ids(0..250) })).await;
    let mut patches = 0;
    script.otherwise(move |asked| {
        patches += usize::from(asked.method == "PATCH");
        (asked.method == "PATCH" && patches == 2)
            .then(|| (400, json!({ "schemas": [ERROR], "status": "400" })))
    });
    let put = json!({ "schemas": [GROUP], "id": "g1", "displayName": "Staff", "members": ids(240..400) });
    let stopped = idp.put("/Groups/g1", &put).await;
    assert!(stopped.status >= 400, "{}", stopped.text);
    assert_eq!(members.lock().unwrap().len(), 150, "the first hundred have left");
    let answer = idp.put("/Groups/g1", &put).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let now: Vec<_> = members.lock().unwrap().iter().cloned().collect();
    assert_eq!((now.len(), now[0].as_str(), now[159].as_str()), (160, "u240", "u399"));
}

#[tokio::test]
async fn a_group_has_one_version_though_its_members_are_never_shown() {
    let (bridge, _script, _) = bridge().await;
    let idp = bridge.client();
    let reference = format!("{}/Users/u002", bridge.url("acme"));
    let members =
        json!([{ "value": "u002", "type": "User", "$ref": reference }, { "value": "u001", "type": "User" }]);
    let group = json!({ "schemas": [GROUP], "displayName": "Staff", "members": members });
    let made = idp.post("/Groups", &group).await;
    let read = idp.get("/Groups/g1").await;
    assert_eq!(made.body["members"], read.body["members"]);
    assert_eq!(made.body["meta"]["version"], read.body["meta"]["version"]);
    // What was read of the creation is a condition that holds.
    let version = made.body["meta"]["version"].as_str().unwrap();
    let put = idp.send("PUT", "/Groups/g1", Some(group.to_string()), &[("if-match", version)]).await;
    assert_eq!(put.status, 200, "{}", put.text);
    assert_eq!(put.body["meta"]["version"], read.body["meta"]["version"]);
}

#[tokio::test]
async fn a_member_whom_the_vendor_does_not_find_is_a_mistake_of_the_request() {
    let (bridge, script, _) = bridge().await;
    let idp = bridge.client();
    idp.post("/Groups", &json!({ "schemas": [GROUP], "displayName": "Staff", "members": ids(0..2) })).await;
    script.otherwise(|asked| {
        (asked.method == "PATCH").then(|| (404, json!({ "schemas": [ERROR], "status": "404" })))
    });
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": "nobody" }] }]);
    let put = json!({ "schemas": [GROUP], "displayName": "Staff", "members": [{ "value": "nobody" }] });
    for answer in [idp.patch("/Groups/g1", &join).await, idp.put("/Groups/g1", &put).await] {
        assert_eq!((answer.status, answer.body["scimType"].as_str()), (400, Some("invalidValue")));
        assert!(answer.body["detail"].as_str().unwrap().contains("one of the members"), "{}", answer.text);
    }
    // Where nobody joins it is something else, and neither is the group unknown.
    let rename = json!([{ "op": "replace", "path": "displayName", "value": "Crew" }]);
    assert_eq!(idp.patch("/Groups/g1", &rename).await.status, 502);
}

#[tokio::test]
async fn who_is_in_a_group_is_asked_once_for_a_put() {
    let (bridge, script, _) = bridge().await;
    let idp = bridge.client();
    idp.post("/Groups", &json!({ "schemas": [GROUP], "displayName": "Staff", "members": ids(0..3) })).await;
    script.asked();
    let put = json!({ "schemas": [GROUP], "displayName": "Staff", "members": ids(1..5) });
    let answer = idp.put("/Groups/g1", &put).await;
    assert_eq!(
        (answer.status, answer.body["members"].as_array().map(Vec::len)),
        (200, Some(4)),
        "{}",
        answer.text
    );
    let asked = script.asked();
    let about_users = asked.iter().filter(|asked| asked.path == "/Users").count();
    assert_eq!((about_users, asked.len()), (1, 4), "{asked:?}");
    assert_eq!(idp.get("/Groups/g1").await.body["meta"]["version"], answer.body["meta"]["version"]);
}
