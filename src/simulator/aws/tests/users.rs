//! Users: AW-07, AW-08, AW-14 to AW-20, AW-25.

use serde_json::{Value, json};

use super::{make, people, refused, set, start, user};
use crate::simulator::aws::users::ONE_ATTRIBUTE;
use crate::simulator::harness::shape::ENTERPRISE;

#[tokio::test]
async fn aw_07_aw_08_ids_and_meta() {
    let (simulator, client) = start(&json!({})).await;
    let answer = client.post("/Users", &user("ada", &json!({}))).await;
    assert_eq!(answer.header("location"), "");
    let made = answer.expect(201);
    let id = made["id"].as_str().unwrap();
    assert_eq!((id.len(), &id[10..11]), (47, "-"));
    let expected = json!({
        "resourceType": "User", "created": "2026-01-01T00:00:00Z", "lastModified": "2026-01-01T00:00:00Z",
    });
    assert_eq!(made["meta"], expected);
    simulator.set_knob("ids", json!("uuid")).unwrap();
    assert_eq!(make(&client, "/Users", &user("bo", &json!({}))).await.len(), 36);
}

#[tokio::test]
async fn aw_14_to_aw_17_what_a_user_must_and_must_not_have() {
    let (simulator, client) = start(&json!({})).await;
    for (name, value) in [
        ("userName", json!("")),
        ("displayName", Value::Null),
        ("name", json!({ "givenName": "G" })),
        ("name", json!({ "familyName": "F", "givenName": "" })),
        ("active", json!("true")),
        ("emails", json!([{ "value": "a@x.example", "primary": true }, { "value": "b@x.example" }])),
        ("emails", json!([{ "value": "a@x.example" }])),
        ("phoneNumbers", json!([{ "value": "1" }, { "value": "2" }])),
        ("addresses", json!([{ "country": "PT" }, { "country": "DE" }])),
        ("roles", json!([{ "value": "1" }, { "value": "2" }])),
    ] {
        refused(&client.post("/Users", &user("ada", &json!({ name: value }))).await, 400);
    }
    let unsupported = [
        json!({ "password": "p" }),
        json!({ "ims": [] }),
        json!({ "photos": [] }),
        json!({ "x509Certificates": [] }),
        json!({ "entitlements": [] }),
        json!({ "groups": [] }),
        json!({ ENTERPRISE: { "manager": { "value": "1", "displayName": "B" } } }),
        json!({ "emails": [{ "value": "a@x.example", "primary": true, "display": "d" }] }),
    ];
    for more in &unsupported {
        refused(&client.post("/Users", &user("ada", more)).await, 400);
    }
    simulator.set_knob("unsupported", json!("ignore")).unwrap();
    for (at, more) in unsupported.iter().enumerate() {
        let made = client.post("/Users", &user(&format!("u{at}"), more)).await.expect(201).to_string();
        assert!(
            !made.contains("\"password\"") && !made.contains("\"display\":") && !made.contains("\"photos\"")
        );
    }
    make(&client, "/Users", &user("ada", &json!({ "externalId": "e" }))).await;
    for twin in [user("ADA", &json!({})), user("bo", &json!({ "externalId": "e" }))] {
        let detail = refused(&client.post("/Users", &twin).await, 409);
        assert_eq!(detail, "Refused to create a new, duplicate resource.");
    }
    assert_eq!(simulator.counters().conflicts, 2);
}

#[tokio::test]
async fn aw_18_aw_19_patch() {
    let (_simulator, client) = start(&json!({})).await;
    let path = format!("/Users/{}", make(&client, "/Users", &user("ada", &json!({}))).await);
    let patched = client.patch(&path, &json!([{ "op": "Replace", "path": "active", "value": false }])).await;
    assert_eq!(patched.expect(200)["active"], false);
    client.patch(&path, &json!([{ "op": "add", "value": { "title": "t" } }])).await.expect(200);
    for two in [
        json!({ "title": "u", "locale": "pt" }),
        json!({ "title": "u", "schemas": [] }),
        json!({ "title": "u", "id": "1" }),
        json!({}),
    ] {
        let answer = client.patch(&path, &json!([{ "op": "replace", "value": two }])).await;
        assert_eq!(refused(&answer, 400), ONE_ATTRIBUTE);
    }
    let two = |name: &str, one: Value, other: Value| json!([{ "op": "replace", "path": name, "value": one }, { "op": "replace", "value": { name: other } }]);
    for operations in [
        two("userName", json!("a"), json!("b")),
        two("active", json!(true), json!(false)),
        json!([{ "op": "remove", "path": "userName" }]),
        json!([{ "op": "remove", "path": "active" }]),
        json!([{ "op": "remove" }]),
        json!([{ "op": "add", "path": "title" }]),
        json!([{ "op": "replace", "path": "emails[type co \"w\"].value", "value": "a" }]),
        json!([{ "op": "remove", "path": "displayName" }]),
        json!([]),
    ] {
        refused(&client.patch(&path, &operations).await, 400);
    }
    assert_eq!(client.get(&path).await.expect(200)["title"], "t");
    refused(&client.patch("/Users/none", &set("title", &json!("t"))).await, 404);
}

#[tokio::test]
async fn aw_20_aw_25_put_and_delete() {
    let (simulator, client) = start(&json!({})).await;
    let ada = make(&client, "/Users", &user("ada", &json!({ "title": "t" }))).await;
    let path = format!("/Users/{ada}");
    assert_eq!(client.put(&path, &user("ada", &json!({}))).await.expect(200).get("title"), None);
    refused(&client.put(&path, &json!({ "userName": "ada" })).await, 400);
    let group = json!({ "displayName": "g", "members": people(&[ada]) });
    let group = format!("/Groups/{}", make(&client, "/Groups", &group).await);
    client.delete(&path).await.expect(204);
    refused(&client.delete(&path).await, 404);
    assert_eq!(simulator.state()["groups"][0]["members"], json!([]));
    client.delete(&group).await.expect(204);
    refused(&client.delete(&group).await, 404);
}
