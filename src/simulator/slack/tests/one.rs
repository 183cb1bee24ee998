//! SCIM 1.1: V1-01 to V1-11.

use serde_json::{Value, json};

use super::{id, start};
use crate::simulator::Vendor;
use crate::simulator::harness::client::Client;
use crate::simulator::harness::shape::{ENTERPRISE, USER};
use crate::simulator::slack::wire::CORE_V1;

const ENTERPRISE_V1: &str = "urn:scim:schemas:extension:enterprise:1.0";

fn user(name: &str, more: &Value) -> Value {
    let mut user = super::user(name, &json!({ "schemas": [CORE_V1] }));
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user
}

async fn make(client: &Client, path: &str, body: &Value) -> Value {
    client.post(path, body).await.expect(201)
}

#[tokio::test]
async fn v1_01_v1_02_discovery() {
    let (_simulator, client) = start(Vendor::SlackV1).await;
    client.get("/ServiceProviderConfigs").await.expect(200);
    client.get("/Schemas/Groups").await.expect(200);
    let users = client.get("/Schemas/Users").await.expect(200);
    let attributes = users["attributes"].as_array().unwrap();
    assert!(attributes.iter().all(|attribute| attribute["name"] != "userName"));
    assert!(attributes[0]["subattributes"].is_array());
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/Schemas/Nobodies"] {
        client.get(path).await.expect(404);
    }
}

#[tokio::test]
async fn v1_03_v1_04_v1_05_its_own_urns_lists_and_errors() {
    let (simulator, client) = start(Vendor::SlackV1).await;
    let made = make(&client, "/Users", &user("ada", &json!({ ENTERPRISE_V1: { "department": "IT" } }))).await;
    assert_eq!(made["schemas"], json!([CORE_V1, ENTERPRISE_V1]));
    assert_eq!(made[ENTERPRISE_V1], json!({ "department": "IT" }));
    for newer in [json!({ "schemas": [USER] }), json!({ ENTERPRISE: {} })] {
        let answer = client.post("/Users", &user("bo", &newer)).await;
        assert_eq!(answer.expect(400)["Errors"][0]["description"], "invalid_schema");
    }
    let list = client.get("/Users?filter=username eq \"nobody\"").await;
    assert_eq!(list.header("content-type"), "application/json");
    let expected = json!({ "schemas": [CORE_V1], "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": [] });
    assert_eq!(list.expect(200), expected);
    let one = json!({ "description": "no_such_user", "code": "404" });
    for (form, expected) in [
        ("array", json!({ "Errors": [one] })),
        ("object", json!({ "Errors": one })),
        ("string", json!({ "error": "no_such_user" })),
    ] {
        simulator.set_knob("errors", json!(form)).unwrap();
        assert_eq!(client.get("/Users/U0").await.expect(404), expected);
    }
}

#[tokio::test]
async fn v1_06_v1_11_filters() {
    let (_simulator, client) = start(Vendor::SlackV1).await;
    let guest = json!({ "urn:scim:schemas:extension:slack:guest:1.0": { "type": "single" } });
    make(&client, "/Users", &user("ada", &json!({}))).await;
    make(&client, "/Users", &user("bob", &guest)).await;
    make(&client, "/Groups", &json!({ "schemas": [CORE_V1], "displayName": "Crew" })).await;
    for (filter, found) in [
        ("userName eq \"ADA\"", 1),
        ("USERNAME sw \"a\"", 1),
        ("email co \"@x.example\"", 2),
        ("email eq \"bob@x.example\" and username gt \"ada\"", 1),
        ("username le \"ada\" or ultra_restricted eq true", 2),
        ("restricted eq true", 0),
        ("email pr", 2),
    ] {
        assert_eq!(
            client.get(&format!("/Users?filter={filter}")).await.expect(200)["totalResults"],
            found,
            "{filter}"
        );
    }
    assert_eq!(client.get("/Groups?filter=displayName eq \"crew\"").await.expect(200)["totalResults"], 1);
    for bad in ["title eq \"t\"", "emails.value eq \"a\"", "username eq 'ada'", "not (username pr)"] {
        client.get(&format!("/Users?filter={bad}")).await.expect(400);
    }
}

#[tokio::test]
async fn v1_07_v1_08_v1_09_patch_is_a_partial_resource() {
    let (_simulator, client) = start(Vendor::SlackV1).await;
    let ada = make(
        &client,
        "/Users",
        &user("ada", &json!({ "title": "t", "name": { "givenName": "Ada" }, "roles": ["a"] })),
    )
    .await;
    let path = format!("/Users/{}", id(&ada));
    let with = |more: Value| {
        let mut body = json!({ "schemas": [CORE_V1] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let patch = |body: Value| {
        let (client, path) = (client.clone(), path.clone());
        async move { client.send("PATCH", &path, &body).await }
    };
    let after = patch(with(json!({
        "displayName": "Ada L",
        "name": { "familyName": "L" },
        "emails": [{ "value": "new@x.example", "primary": true }],
        "meta": { "attributes": ["title"] },
    })))
    .await
    .expect(200);
    assert_eq!((&after["displayName"], &after["title"]), (&json!("Ada L"), &Value::Null));
    assert_eq!(after["name"], json!({ "givenName": "Ada", "familyName": "L" }));
    assert_eq!(after["emails"][0], json!({ "value": "new@x.example", "primary": true }));
    let after = patch(with(json!({ "emails": [{ "value": "ada@x.example", "operation": "delete" }] })))
        .await
        .expect(200);
    assert_eq!(after["emails"].as_array().unwrap().len(), 1);
    let cleared = patch(with(json!({ "meta": { "attributes": ["name.familyName"] } }))).await.expect(200);
    assert_eq!(cleared["name"], json!({ "givenName": "Ada" }));
    patch(with(json!({ ENTERPRISE_V1: { "department": "IT", "division": "EU" } }))).await.expect(200);
    let of_extension = json!({ "meta": { "attributes": [format!("{ENTERPRISE_V1}:department")] } });
    let cleared = patch(with(of_extension)).await.expect(200);
    assert_eq!(cleared[ENTERPRISE_V1], json!({ "division": "EU" }));
    patch(with(json!({ "Operations": [{ "op": "add", "value": {} }] }))).await.expect(400);
    patch(with(json!({ "meta": { "attributes": "title" } }))).await.expect(400);
    let overridden = client.with("x-http-method-override", "PATCH");
    assert_eq!(overridden.post(&path, &with(json!({ "title": "u" }))).await.expect(200)["title"], "u");
}

#[tokio::test]
async fn v1_07_v1_10_groups() {
    let (_simulator, client) = start(Vendor::SlackV1).await;
    let a = id(&make(&client, "/Users", &user("a", &json!({}))).await);
    let b = id(&make(&client, "/Users", &user("b", &json!({}))).await);
    let made = make(
        &client,
        "/Groups",
        &json!({ "schemas": [CORE_V1], "displayName": "g", "members": [{ "value": a }] }),
    )
    .await;
    let path = format!("/Groups/{}", id(&made));
    let change = json!({
        "schemas": [CORE_V1], "displayName": "h",
        "members": [{ "value": a, "operation": "delete" }, { "value": b }],
    });
    let after = client.send("PATCH", &path, &change).await.expect(200);
    assert_eq!(
        (&after["displayName"], &after["members"]),
        (&json!("h"), &json!([{ "value": b, "display": "b" }]))
    );
    let empty = json!({ "schemas": [CORE_V1], "meta": { "attributes": ["members"] } });
    assert_eq!(client.send("PATCH", &path, &empty).await.expect(200)["members"], json!([]));
    client.delete(&format!("/Users/{a}")).await.expect(204);
    assert_eq!(client.get(&format!("/Users/{a}")).await.expect(200)["active"], false);
}
