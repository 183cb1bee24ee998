//! Every rule of AWS IAM Identity Center, through the socket.

mod groups;
mod lists;
mod users;

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::simulator::harness::client::{Answer, Client};
use crate::simulator::{Options, Simulator, Vendor};

/// One without a rate limit, unless these knobs say otherwise.
async fn start(knobs: &Value) -> (Simulator, Client) {
    let mut turned = Map::from_iter([("rps".to_owned(), json!(0))]);
    turned.extend(knobs.as_object().unwrap().clone());
    let options = Options { knobs: turned, ..Options::default() };
    let simulator = Simulator::start(Vendor::Aws, options).await.unwrap();
    let client = Client::of(&simulator);
    (simulator, client)
}

fn user(name: &str, more: &Value) -> Value {
    let mut user =
        json!({ "userName": name, "displayName": name, "name": { "givenName": "G", "familyName": "F" } });
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user
}

async fn make(client: &Client, path: &str, body: &Value) -> String {
    client.post(path, body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

fn people(ids: &[String]) -> Value {
    ids.iter().map(|id| json!({ "value": id })).collect()
}

fn set(path: &str, value: &Value) -> Value {
    json!([{ "op": "replace", "path": path, "value": value }])
}

/// Asserts an error in the form of AWS, and gives its detail.
#[track_caller]
fn refused(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{:#}", answer.body);
    let body = &answer.body;
    assert_eq!((&body["schema"], &body["status"]), (&body["schemas"], &json!(status.to_string())));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!((body.get("scimType"), body["exceptionRequestId"].as_str().unwrap().len()), (None, 36));
    body["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn aw_01_aw_02_tokens_and_tenants() {
    let (simulator, client) = start(&json!({})).await;
    refused(&client.with("authorization", "Bearer x").get("/Users").await, 401);
    let other = simulator.base_url().replace("a1b2c3d4e5f", "another");
    let token = format!("Bearer {}", simulator.token());
    refused(&Client::new(&other).with("authorization", &token).get("/Users").await, 401);
    let second = simulator.make_token(&Value::Null).unwrap();
    let client_2 = client.with("authorization", &format!("Bearer {second}"));
    client.get("/Users").await.expect(200);
    client_2.get("/Users").await.expect(200);
    assert!(simulator.make_token(&Value::Null).is_err(), "a third");
    simulator.console("delete-token", &json!({ "token": second })).unwrap();
    refused(&client_2.get("/Users").await, 401);
    simulator.make_token(&Value::Null).unwrap();
    simulator.advance(Duration::from_secs(365 * 86_400 - 1));
    client.get("/Users").await.expect(200);
    simulator.advance(Duration::from_secs(1));
    refused(&client.get("/Users").await, 401);
}

#[tokio::test]
async fn aw_03_to_aw_06_forms_and_what_is_not_there() {
    let (simulator, client) = start(&json!({})).await;
    let answer = client.get("/ServiceProviderConfig").await;
    assert_eq!(
        (answer.header("x-amzn-requestid").len(), answer.header("content-type")),
        (36, "application/json")
    );
    assert_eq!(answer.body["filter"], json!({ "supported": true, "maxResults": 50 }));
    client.get("/Schemas").await.expect(200);
    client.get("/ResourceTypes").await.expect(200);
    let answer = client.get("/Users/none").await;
    refused(&answer, 404);
    assert_eq!(answer.body["timeStamp"], "2026-01-01 00:00:00.000");
    let group = make(&client, "/Groups", &json!({ "displayName": "g" })).await;
    for status in ["404", "405", "501"] {
        simulator.set_knob("unsupported_endpoint", json!(status)).unwrap();
        let put = client.put(&format!("/Groups/{group}"), &json!({ "displayName": "h" })).await;
        refused(&put, status.parse().unwrap());
        refused(&client.get("/Me").await, status.parse().unwrap());
        refused(&client.post("/Bulk", &json!({})).await, status.parse().unwrap());
    }
}

#[tokio::test]
async fn aw_24_throttling_names_no_time() {
    let (simulator, client) = start(&json!({ "rps": 2 })).await;
    client.get("/Users").await.expect(200);
    client.get("/Users").await.expect(200);
    let answer = client.get("/Users").await;
    refused(&answer, 429);
    assert_eq!((answer.header("retry-after"), simulator.counters().rate_violations), ("", 1));
    simulator.advance(Duration::from_secs(1));
    client.get("/Users").await.expect(200);
    simulator.set_knob("rps", json!(0)).unwrap();
    for _ in 0..5 {
        client.get("/Users").await.expect(200);
    }
}
