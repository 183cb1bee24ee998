//! Tokens and limits: S1-01 to S1-05, S1-15, S1-16, S1-18.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::ROLES;
use super::{make, refused, start, user, with};

const DAY: u64 = 86_400;

fn nothing() -> Value {
    json!({ "data": {} })
}

#[tokio::test]
async fn s1_01_s1_02_only_an_api_token() {
    let (simulator, client) = start().await;
    let expected = json!({ "code": 4_010_010, "title": "Authentication Failed", "detail": null });
    assert_eq!(refused(&client.with("authorization", "Bearer x").get("/users").await, 401), expected);
    let bearer = format!("Bearer {}", simulator.token());
    assert_eq!(refused(&client.with("authorization", &bearer).get("/users").await, 401), expected);
    refused(&client.get("/nothing").await, 404);
    refused(&client.post("/users", &user("a@x.example", 0)).await, 400);
    assert_eq!(simulator.counters().unauthorised, 2);
}

#[tokio::test]
async fn s1_03_s1_04_s1_05_a_token_renews_itself_once() {
    let (simulator, client) = start().await;
    let id = client.get("/users").await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    let details = client.get(&format!("/users/{id}/api-token-details")).await.expect(200)["data"].clone();
    let expected = json!({ "createdAt": "2026-01-01T00:00:00Z", "expiresAt": "2026-01-31T00:00:00Z" });
    assert_eq!(details, expected);
    let own = json!({ "data": { "token": simulator.token() } });
    assert_eq!(client.post("/users/api-token-details", &own).await.expect(200)["data"], expected);
    refused(&client.post("/users/api-token-details", &json!({ "data": { "token": "x" } })).await, 400);

    simulator.set_knob("token_days", json!("180")).unwrap();
    let next = client.post("/users/generate-api-token", &nothing()).await.expect(200);
    refused(&client.get("/users").await, 401);
    let client = with(&client, next["data"]["token"].as_str().unwrap());
    simulator.advance(Duration::from_secs(180 * DAY - 1));
    client.get("/users").await.expect(200);
    simulator.advance(Duration::from_secs(1));
    refused(&client.get("/users").await, 401);

    let token = simulator.make_token(&Value::Null).unwrap();
    let client = with(&client, &token);
    simulator.console("edit-user", &json!({ "id": id, "set": { "canGenerateApiToken": false } })).unwrap();
    refused(&client.post("/users/generate-api-token", &nothing()).await, 403);
    simulator.console("revoke-token", &json!({ "id": id })).unwrap();
    refused(&client.get("/users").await, 401);
}

#[tokio::test]
async fn s1_03_a_service_user_lives_until_its_date() {
    let (simulator, client) = start().await;
    let service = json!({ "data": {
        "name": "bridge", "expirationDate": "2027-01-01T00:00:00Z", "scope": "account",
        "scopeRoles": [{ "id": "1", "roleId": ROLES[0].0 }],
    } });
    refused(&client.post("/service-users", &json!({ "data": { "name": "b" } })).await, 400);
    let made = client.post("/service-users", &service).await.expect(200);
    let own = with(&client, made["data"]["apiToken"]["value"].as_str().unwrap());
    assert_eq!(made["data"]["apiToken"]["expiresAt"], "2027-01-01T00:00:00Z");
    let listed = own.get("/service-users").await.expect(200);
    assert_eq!(listed["data"][0]["apiToken"].get("value"), None, "it is shown once");
    refused(&own.post("/users/generate-api-token", &nothing()).await, 403);
    simulator.advance(Duration::from_secs(364 * DAY));
    refused(&client.get("/users").await, 401);
    make(&own, "a@x.example", 0).await;
    simulator.advance(Duration::from_secs(DAY));
    refused(&own.get("/users").await, 401);
}

#[tokio::test]
async fn s1_15_s1_18_who_may_write_and_who_is_gone() {
    let (simulator, client) = start().await;
    let viewer = make(&client, "viewer@x.example", 1).await;
    let admin = make(&client, "admin@x.example", 0).await;
    let as_user = |id: &str| with(&client, &simulator.make_token(&json!({ "user": id })).unwrap());
    let (viewing, managing) = (as_user(&viewer), as_user(&admin));
    viewing.get("/users").await.expect(200);
    refused(&viewing.post("/users", &json!({ "data": user("x@x.example", 1) })).await, 403);
    refused(&viewing.delete(&format!("/users/{admin}")).await, 403);
    viewing.post("/users/generate-api-token", &nothing()).await.expect(200);
    managing.delete(&format!("/users/{admin}")).await.expect(200);
    refused(&managing.get("/users").await, 401);
    assert!(simulator.make_token(&json!({ "user": admin })).is_err());
    simulator.console("delete-user", &json!({ "id": viewer })).unwrap();
    assert_eq!(simulator.state()["users"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn s1_16_each_token_has_its_buckets() {
    let (simulator, client) = start().await;
    for _ in 0..80 {
        client.get("/users?limit=1").await.expect(200);
    }
    let answer = client.get("/users").await;
    refused(&answer, 429);
    assert_eq!((answer.header("retry-after"), simulator.counters().rate_violations), ("1", 1));
    client.get("/rbac/roles").await.expect(200);
    simulator.advance(Duration::from_secs(1));
    for _ in 0..40 {
        client.get("/users?limit=1").await.expect(200);
    }
    refused(&client.get("/users").await, 429);
    simulator.set_knob("limits", json!(false)).unwrap();
    client.get("/users").await.expect(200);
}
