//! A vendor whose look-ups show later what was written: whoever looks through the bridge finds what is, and nothing else.

use scim_bridge::simulator::{Options, Simulator, Vendor};
use serde_json::{Value, json};

use crate::attributes::{bridge, found, replace};
use crate::peer::bridge::Plan;
use crate::peer::directory::Directory;
use crate::peer::script::Asked;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

fn user(name: &str) -> Value {
    json!({ "schemas": [USER], "userName": name, "displayName": name, "active": true })
}

#[tokio::test]
async fn who_was_made_just_now_is_found() {
    let shipped = include_str!("../../mappings/knowbe4.yaml");
    let without = shipped.replace("kind: async, settle: 5m", "kind: sync");
    assert_ne!(shipped, without);
    for (mapping, finds) in [(shipped, true), (&without, false)] {
        let knobs = serde_json::Map::from_iter([("lag_filter".to_owned(), json!(true))]);
        let options = Options { knobs, ..Options::default() };
        let knowbe4 = Simulator::start(Vendor::KnowBe4, options).await.unwrap();
        knowbe4.console("test-mode", &json!({ "on": false })).unwrap();
        let mut plan = Plan::new().file("own.yaml", mapping);
        plan.integration("acme", &knowbe4.base_url(), &knowbe4.token())
            .mapping("./own.yaml")
            .vendor("      armed: true\n")
            .done();
        let bridge = plan.start().await;
        let idp = bridge.client();
        let made = idp.post("/Users", &user("ana@acme.example")).await;
        assert_eq!(made.status, 201, "{made:?}");
        let id = made.body["id"].as_str().unwrap().to_owned();
        let who = |is: bool| if is { vec![id.clone()] } else { Vec::new() };
        let by_name = |name: &str| format!("userName eq \"{name}@acme.example\"");
        assert_eq!(found(&idp, &by_name("ANA")).await, who(finds));
        assert_eq!(idp.post("/Users", &user("ana@acme.example")).await.status, 409);
        // The vendor has caught up: it finds her itself, by her old name for another while.
        knowbe4.console("force-sync", &json!({})).unwrap();
        assert_eq!(found(&idp, &by_name("ana")).await, who(true));
        let path = format!("/Users/{id}");
        assert!(idp.patch(&path, &replace("userName", "ana.souza@acme.example")).await.status < 300);
        assert_eq!(found(&idp, &by_name("ana.souza")).await, who(finds));
        assert_eq!(found(&idp, &format!("{} and active eq true", by_name("ana.souza"))).await, who(finds));
        assert_eq!(found(&idp, &by_name("bo")).await, who(false));
        if finds {
            assert_eq!(found(&idp, &by_name("ana")).await, who(false));
            assert!(idp.patch(&path, &replace("active", false)).await.status < 300);
            let gone = format!("{} and active eq true", by_name("ana.souza"));
            assert_eq!(found(&idp, &gone).await, who(false));
            // Whoever is deleted is not found, whatever the vendor still shows.
            assert_eq!(idp.delete(&path).await.status, 204);
            assert_eq!(found(&idp, &by_name("ana.souza")).await, who(false));
        }
        knowbe4.console("force-sync", &json!({})).unwrap();
        assert_eq!(found(&idp, &by_name("ana.souza")).await, who(!finds));
    }
}

/// The vendor answers writes without the resource, and its look-ups show nothing of them.
#[tokio::test]
async fn what_the_vendor_did_not_show_is_read_by_its_id() {
    let old = Directory::default().user("ana", &json!({ "title": "Dr" })).user("bo", &json!({}));
    for (eventual, finds) in [(", eventual: async", true), ("", false)] {
        let profile = format!("{{ responses: {{ body: none{eventual} }} }}");
        let (idp, vendor, _bridge) = bridge(&profile, old.clone()).await;
        let mut before = old.clone();
        let directory = vendor.directory.clone();
        vendor.script.otherwise(move |asked: &Asked| match asked.method.as_str() {
            "GET" => asked.query.contains("filter=").then(|| before.answer(asked)),
            method => {
                let (status, body) = directory.lock().unwrap().answer(asked);
                let answer = if method == "POST" { json!({ "id": body["id"] }) } else { Value::Null };
                Some((status, answer))
            }
        });
        assert!(idp.patch("/Users/ana", &replace("title", "Prof")).await.status < 300);
        let made = idp.post("/Users", &user("cem")).await;
        assert_eq!(made.status, 201, "{made:?}");
        let cem = vec![made.body["id"].as_str().unwrap().to_owned()];
        assert_eq!(idp.delete("/Users/bo").await.status, 204);
        vendor.script.asked();
        assert_eq!(found(&idp, "userName eq \"cem\"").await, if finds { cem } else { Vec::new() });
        // Each is read once, and not again while nothing else is written.
        let read =
            vendor.script.asked().into_iter().filter(|asked| asked.path.matches('/').count() == 2).count();
        assert_eq!(read, if finds { 3 } else { 0 });
        assert_eq!(found(&idp, "title eq \"Dr\"").await.is_empty(), finds);
        assert_eq!(found(&idp, "title eq \"Prof\"").await.is_empty(), !finds);
        assert_eq!(found(&idp, "userName eq \"bo\"").await.is_empty(), finds);
        let read =
            vendor.script.asked().into_iter().filter(|asked| asked.path.matches('/').count() == 2).count();
        assert_eq!(read, 0);
        // A list without a filter is the vendor's.
        assert_eq!(idp.get("/Users").await.body["totalResults"], 2);
    }
}
