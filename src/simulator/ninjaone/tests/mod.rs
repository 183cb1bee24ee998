//! Every rule of NinjaOne, through the socket.

mod access;
mod groups;
mod users;
mod views;

use serde_json::{Value, json};

use super::intake::EXTENSION;
use crate::simulator::harness::client::Client;
use crate::simulator::{Options, Simulator, Vendor};

async fn start() -> (Simulator, Client) {
    let simulator = Simulator::start(Vendor::NinjaOne, Options::default()).await.unwrap();
    let client = Client::of(&simulator);
    (simulator, client)
}

fn end_user(mail: &str) -> Value {
    json!({ "userName": mail, EXTENSION: { "organizationId": "17" } })
}

fn with_own(own: &Value) -> Value {
    json!({ "userName": "ada@x.example", EXTENSION: own })
}

async fn create(client: &Client, path: &str, body: &Value) -> String {
    client.post(path, body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

fn set(path: &str, value: &Value) -> Value {
    json!([{ "op": "replace", "path": path, "value": value }])
}
