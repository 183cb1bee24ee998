//! Every rule of Slack in both versions, through the socket.

mod limits;
mod one;
mod two;

use serde_json::{Value, json};

use crate::simulator::harness::client::{Answer, Client};
use crate::simulator::harness::shape::{GROUP, USER};
use crate::simulator::{Options, Simulator, Vendor};

async fn start(vendor: Vendor) -> (Simulator, Client) {
    let simulator = Simulator::start(vendor, Options::default()).await.unwrap();
    let client = Client::of(&simulator);
    (simulator, client)
}

/// A user of SCIM 2.0 with the members given.
fn user(name: &str, more: &Value) -> Value {
    let mut user = json!({
        "schemas": [USER],
        "userName": name,
        "emails": [{ "value": format!("{name}@x.example"), "primary": true }],
    });
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user
}

fn group(name: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({ "schemas": [GROUP], "displayName": name, "members": members })
}

fn id(made: &Value) -> String {
    made["id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{:#}", answer.body);
    assert_eq!((&answer.body["detail"], &answer.body["status"]), (&json!(code), &json!(status)));
    assert_eq!(answer.header("content-type"), "application/json");
}
