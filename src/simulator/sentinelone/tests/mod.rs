//! Every rule of SentinelOne, through the socket.

mod tokens;
mod users;

use serde_json::{Value, json};

use super::ROLES;
use crate::simulator::harness::client::{Answer, Client};
use crate::simulator::{Options, Simulator, Vendor};

async fn start() -> (Simulator, Client) {
    let simulator = Simulator::start(Vendor::SentinelOne, Options::default()).await.unwrap();
    let client = with(&Client::of(&simulator), &simulator.token());
    (simulator, client)
}

fn with(client: &Client, token: &str) -> Client {
    client.with("authorization", &format!("ApiToken {token}"))
}

/// A user with the role of that place in `ROLES`.
fn user(mail: &str, role: usize) -> Value {
    json!({ "email": mail, "fullName": "Ada L", "scope": "site", "scopeRoles": [{ "id": "1", "roleId": ROLES[role].0 }] })
}

async fn make(client: &Client, mail: &str, role: usize) -> String {
    let made = client.post("/users", &json!({ "data": user(mail, role) })).await.expect(200);
    made["data"]["id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn refused(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{:#}", answer.body);
    let error = answer.body["errors"][0].clone();
    assert_eq!(error["code"], u32::from(status) * 10_000 + 10);
    error
}
