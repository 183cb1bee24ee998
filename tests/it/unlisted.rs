//! A vendor that does not list its users: those whom the identity provider made through the bridge are listed all the same.

use scim_bridge::simulator::{Options, Simulator, Vendor};
use serde_json::{Value, json};

use crate::attributes::{bridge, users};
use crate::peer::bridge::{Bridge, Plan};
use crate::peer::client::Client;
use crate::peer::directory::Directory;
use crate::peer::script::{self, Asked};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

fn user(name: &str) -> Value {
    let mail = format!("{name}@acme.example");
    json!({ "schemas": [USER], "userName": mail, "externalId": name, "active": true, "emails": [{ "value": mail }] })
}

/// NinjaOne with a setting of its knob, behind its mapping or that without the field.
async fn ninjaone(list: &str, knows: bool) -> (Simulator, Bridge, Vec<String>) {
    let knobs = serde_json::Map::from_iter([("list".to_owned(), json!(list))]);
    let simulator =
        Simulator::start(Vendor::NinjaOne, Options { knobs, ..Options::default() }).await.unwrap();
    let shipped = include_str!("../../mappings/ninjaone.yaml");
    let without = shipped.replace("  policy: { import: none }", "  policy: {}");
    assert_ne!(shipped, without);
    let mut plan = Plan::new().file("own.yaml", if knows { shipped } else { &without });
    plan.integration("acme", &simulator.base_url(), &simulator.token()).mapping("./own.yaml").done();
    let bridge = plan.start().await;
    let idp = bridge.client();
    let mut ids = Vec::new();
    for name in ["ana", "bo", "cem"] {
        let made = idp.post("/Users", &user(name)).await;
        assert_eq!(made.status, 201, "{made:?}");
        ids.push(made.body["id"].as_str().unwrap().to_owned());
    }
    ids.sort();
    simulator.clear_log();
    (simulator, bridge, ids)
}

/// The ids of a page, and the total.
async fn page(idp: &Client, query: &str) -> (Vec<String>, i64) {
    let page = idp.get(&format!("/Users{query}")).await;
    assert_eq!(page.status, 200, "{page:?}");
    let resources = page.body["Resources"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<_> = resources.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    (ids, page.body["totalResults"].as_i64().unwrap())
}

const BY_EXTERNAL_ID: &str = "?filter=externalId%20eq%20%22bo%22";

#[tokio::test]
async fn who_was_made_is_listed_and_found() {
    for list in ["empty", "501", "scim_only"] {
        let (simulator, bridge, ids) = ninjaone(list, true).await;
        let idp = bridge.client();
        assert_eq!(page(&idp, "").await, (ids.clone(), 3), "{list}");
        // Whom the vendor lists is not read one by one.
        assert_eq!(simulator.log().len(), if list == "scim_only" { 1 } else { 1 + 1 + 3 }, "{list}");
        let (first, second) = (page(&idp, "?count=2").await, page(&idp, "?startIndex=3&count=2").await);
        assert_eq!((first.0.len(), first.1, second.0.len(), second.1), (2, 3, 1, 3), "{list}");
        let bo = page(&idp, BY_EXTERNAL_ID).await.0;
        assert_eq!(bo.len(), 1, "{list}");
        assert_eq!(idp.get("/Users?count=0").await.body["totalResults"], 3);
        assert_eq!(idp.delete(&format!("/Users/{}", bo[0])).await.status, 204);
        assert_eq!(page(&idp, "").await.1, 2, "{list}");
        assert_eq!(page(&idp, BY_EXTERNAL_ID).await, (Vec::new(), 0), "{list}");
    }
}

#[tokio::test]
async fn without_it_nobody_is_there() {
    for (list, status) in [("empty", 200), ("501", 501)] {
        let (_simulator, bridge, _) = ninjaone(list, false).await;
        let idp = bridge.client();
        for query in ["", BY_EXTERNAL_ID] {
            let answer = idp.get(&format!("/Users{query}")).await;
            let total = if status == 200 { json!(0) } else { Value::Null };
            assert_eq!((answer.status, &answer.body["totalResults"]), (status, &total), "{list} {query}");
        }
    }
}

#[tokio::test]
async fn whoever_is_taken_over_is_listed_too() {
    for (field, seen) in [("visibility: none", 2), ("visibility: all", 0), ("", 0)] {
        let fields = format!("{field}, create: {{ existing: {{ kind: convert, match: userName }} }}");
        let there = Directory::default().user("ana", &json!({}));
        let (idp, vendor, _bridge) = bridge(&users(fields.trim_start_matches(", ")), there).await;
        vendor.script.otherwise(|asked: &Asked| {
            let all = asked.method == "GET" && asked.path == "/Users" && !asked.query.contains("filter");
            all.then(|| (200, script::list(&[])))
        });
        for name in ["ana", "bo"] {
            let made = idp.post("/Users", &json!({ "schemas": [USER], "userName": name })).await;
            assert_eq!(made.status, 201, "{made:?}");
        }
        assert_eq!(page(&idp, "").await.1, seen, "{field}");
        // Who went at the vendor is not there any more.
        vendor.directory.lock().unwrap().resources.remove("/Users/ana");
        assert_eq!(page(&idp, "").await.1, seen / 2, "{field}");
    }
}
