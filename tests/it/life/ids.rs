//! The id that an identity provider knows stays, whatever the vendor calls the resource.

use scim_bridge::simulator::Vendor;
use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan, vendor};
use crate::peer::script::{self, Asked, Script};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn user(name: &str, external: &str) -> Value {
    json!({ "schemas": [USER], "userName": name, "externalId": external, "active": true,
        "name": { "formatted": name }, "emails": [{ "value": format!("{name}@acme.example") }] })
}

fn replace(path: &str, value: impl Into<Value>) -> Value {
    json!([{ "op": "replace", "path": path, "value": value.into() }])
}

#[tokio::test]
async fn a_user_keeps_his_id_when_gitlab_gives_him_another() {
    let simulator = vendor(Vendor::GitLab).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    let made = idp.post("/Users", &user("ana", "7")).await;
    assert_eq!((made.status, &made.body["id"]), (201, &json!("7")), "{}", made.text);
    let changed = idp.patch("/Users/7", &replace("externalId", "8")).await;
    assert!(changed.status < 300, "{}", changed.text);
    assert_eq!(simulator.state()["users"][0]["id"], "8");

    let read = idp.get("/Users/7").await;
    assert_eq!((read.status, &read.body["id"], &read.body["externalId"]), (200, &json!("7"), &json!("8")));
    assert!(read.body["meta"]["location"].as_str().unwrap().ends_with("/Users/7"), "{}", read.text);
    for filter in ["externalId%20eq%20%228%22", "id%20eq%20%227%22", "id%20sw%20%227%22"] {
        let found = idp.get(&format!("/Users?filter={filter}")).await;
        assert_eq!(found.body["totalResults"], 1, "{filter}: {}", found.text);
        assert_eq!(found.body["Resources"][0]["id"], "7", "{filter}");
    }
    // What the vendor calls him now is not a name that the identity provider was told.
    assert_eq!(idp.get("/Users/8").await.status, 404);
    assert_eq!(idp.get("/Users?filter=id%20eq%20%228%22").await.body["totalResults"], 0);

    // Somebody else gets what he was called before: he is another for the identity provider, too.
    let other = idp.post("/Users", &user("bo", "7")).await;
    assert_eq!(other.status, 201, "{}", other.text);
    let id = other.body["id"].as_str().unwrap();
    assert!(id != "7" && id != "8", "{id}");
    assert_eq!(idp.get(&format!("/Users/{id}")).await.body["userName"], "bo");
    assert_eq!(idp.get("/Users/7").await.body["userName"], "ana");
    assert_eq!(idp.delete(&format!("/Users/{id}")).await.status, 204);
    assert_eq!(simulator.state()["users"][0]["userName"], "ana");
    // And again, by the id that he has always had.
    assert!(idp.patch("/Users/7", &replace("externalId", "9")).await.status < 300);
    assert_eq!(idp.delete("/Users/7").await.status, 204);
    assert_eq!(simulator.state()["users"].as_array().map(Vec::len), Some(0));
    assert_eq!(idp.get("/Users/7").await.status, 404);
}

#[tokio::test]
async fn without_the_field_the_user_is_lost() {
    let simulator = vendor(Vendor::GitLab).await;
    let bridge = Bridge::with(&simulator, "rfc").await;
    let idp = bridge.client();
    idp.post("/Users", &user("ana", "7")).await;
    assert!(idp.patch("/Users/7", &replace("externalId", "8")).await.status < 300);
    assert_eq!(idp.get("/Users/7").await.status, 404);
}

/// A vendor whose id is the externalId, with a group and an operation a request.
async fn scripted(id: &str) -> (Bridge, Script) {
    let (mut user, mut group) =
        (user("ana", "7"), json!({ "schemas": [GROUP], "id": "g1", "displayName": "Staff" }));
    user["id"] = json!("7");
    let script = Script::start(move |asked: &Asked| {
        let own = format!("/Users/{}", user["id"].as_str().unwrap());
        match (asked.method.as_str(), asked.path.as_str()) {
            ("PATCH", path) if path == own => {
                for operation in asked.body["Operations"].as_array().unwrap() {
                    user[operation["path"].as_str().unwrap()] = operation["value"].clone();
                }
                user["id"] = user["externalId"].clone();
                (204, Value::Null)
            }
            ("GET", path) if path == own => (200, user.clone()),
            ("PUT", "/Groups/g1") => {
                group = asked.body.clone();
                (200, group.clone())
            }
            ("PATCH", "/Groups/g1") => (204, Value::Null),
            ("GET", "/Groups/g1") => (200, group.clone()),
            ("GET", "/Groups") => (200, script::list(std::slice::from_ref(&group))),
            ("GET", "/Users") => (200, script::list(std::slice::from_ref(&user))),
            _ => {
                (404, json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404" }))
            }
        }
    })
    .await;
    let users = format!("{{ patch: {{ max_ops: 1 }}{id} }}");
    let mapping = format!(
        "format: 1\nvendor: a scripted one\nprofile: {{ resources: {{ Users: {users}, Groups: {{ patch: none }} }} }}\n"
    );
    let mut plan = Plan::new().file("vendor.yaml", &mapping);
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./vendor.yaml").done();
    (plan.start().await, script)
}

/// Interaction 12 of the vocabulary.
#[tokio::test]
async fn the_next_call_of_the_same_request_goes_to_the_new_url() {
    let change = json!([
        { "op": "replace", "path": "externalId", "value": "8" },
        { "op": "replace", "path": "title", "value": "Dr" },
    ]);
    let (with, script) = scripted(", id: { kind: external_id, stable: false }").await;
    let changed = with.client().patch("/Users/7", &change).await;
    assert!(changed.status < 300, "{}", changed.text);
    let asked: Vec<_> = script.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(asked, ["/Users/7", "/Users/8"]);
    let read = with.client().get("/Users/7").await;
    assert_eq!((&read.body["title"], &read.body["id"]), (&json!("Dr"), &json!("7")), "{}", read.text);

    let (without, script) = scripted("").await;
    assert!(without.client().patch("/Users/7", &change).await.status >= 400);
    assert!(script.asked().iter().all(|asked| asked.path != "/Users/8"));
}

#[tokio::test]
async fn references_follow_wherever_they_stand() {
    let (bridge, script) = scripted(", id: { kind: external_id, stable: false }").await;
    let idp = bridge.client();
    assert!(idp.patch("/Users/7", &replace("externalId", "8")).await.status < 300);
    script.asked();
    // In a body, and in what comes back.
    let put = json!({ "schemas": [GROUP], "displayName": "Staff", "members": [{ "value": "7" }] });
    let answer = idp.put("/Groups/g1", &put).await;
    assert_eq!((answer.status, &answer.body["members"][0]["value"]), (200, &json!("7")), "{}", answer.text);
    let sent = script.asked().into_iter().find(|asked| asked.method == "PUT").unwrap();
    assert_eq!(sent.body["members"][0]["value"], "8");
    let read = idp.get("/Groups/g1").await;
    assert_eq!(read.body["members"][0]["value"], "7");
    // In filters.
    script.asked();
    for (query, asked) in [
        ("/Users?filter=id%20eq%20%227%22", r#"id eq "8""#),
        ("/Groups?filter=members.value%20eq%20%227%22", r#"members.value eq "8""#),
        ("/Groups?filter=members%5Bvalue%20eq%20%227%22%5D", r#"members[value eq "8"]"#),
    ] {
        let found = idp.get(query).await;
        assert_eq!(found.body["totalResults"], 1, "{query}: {}", found.text);
        assert!(script.asked()[0].query.contains(asked), "{query}");
    }
    // Of the manager.
    let manager =
        json!([{ "op": "replace", "path": format!("{ENTERPRISE}:manager"), "value": { "value": "7" } }]);
    assert!(idp.patch("/Users/7", &manager).await.status < 300);
    let sent = script.asked().into_iter().find(|asked| asked.method == "PATCH").unwrap();
    assert_eq!(sent.body["Operations"][0]["value"]["value"], "8", "{}", sent.body);
    // A name that it was never told is nobody's.
    let put = json!({ "schemas": [GROUP], "displayName": "Staff", "members": [{ "value": "8" }] });
    let refused = idp.put("/Groups/g1", &put).await;
    assert_eq!(
        (refused.status, &refused.body["scimType"]),
        (400, &json!("invalidValue")),
        "{}",
        refused.text
    );
}
