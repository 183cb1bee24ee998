//! Groups of the size of a company: no request is larger than the vendor takes, none overlaps another, nobody is lost, and
//! one who joins is one who is sent.

use scim_bridge::simulator::{LogEntry, Options, Simulator, Vendor};
use serde_json::{Value, json};

use crate::peer::bridge::Bridge;

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

async fn simulated(vendor: Vendor, knobs: Value) -> Simulator {
    let knobs = knobs.as_object().cloned().unwrap_or_default();
    Simulator::start(vendor, Options { knobs, ..Options::default() }).await.unwrap()
}

fn group(members: &[Value]) -> Value {
    let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({ "schemas": [GROUP], "displayName": "Everybody", "members": members })
}

/// How many members a request names.
fn named(entry: &LogEntry) -> usize {
    let body = entry.body.clone().unwrap_or_default();
    let count = |members: &Value| members.as_array().map_or(0, Vec::len);
    let operation = |one: &Value| {
        let by_path = one["path"].as_str().is_some_and(|path| path.starts_with("members["));
        if by_path { 1 } else { count(&one["value"]) }
    };
    let operations = body["Operations"].as_array().into_iter().flatten().map(operation).sum::<usize>();
    operations + count(&body["members"])
}

/// The writes since the last look, with their numbers of members.
fn writes(simulator: &Simulator) -> Vec<(String, usize)> {
    let log = simulator.log();
    simulator.clear_log();
    log.iter().filter(|one| one.method != "GET").map(|one| (one.method.clone(), named(one))).collect()
}

fn held(simulator: &Simulator) -> usize {
    simulator.state()["groups"][0]["members"].as_array().map_or(0, Vec::len)
}

fn unharmed(simulator: &Simulator) {
    let counters = simulator.counters();
    let harm = (counters.members_lost, counters.concurrent_writes_same_resource, counters.rate_violations);
    assert_eq!(harm, (0, 0, 0), "{counters:?}");
}

#[tokio::test]
async fn a_put_of_250_at_aws_is_three_requests_of_at_most_a_hundred() {
    let aws = simulated(Vendor::Aws, json!({ "rps": 0 })).await;
    let bridge = Bridge::with(&aws, "aws-identity-center").await;
    let idp = bridge.client().with("user-agent", "Okta SCIM Client 1.0.0");
    let ids = aws.people(250, &Value::Null).unwrap();
    let made = idp.post("/Groups", &group(&[])).await;
    let path = format!("/Groups/{}", made.body["id"].as_str().unwrap());
    writes(&aws);
    assert_eq!(idp.put(&path, &group(&ids)).await.status, 200);
    let patch = |count| ("PATCH".to_owned(), count);
    assert_eq!(writes(&aws), [patch(100), patch(100), patch(50)]);
    assert_eq!(held(&aws), 250);
    // The same again is nothing, and one more is one.
    assert_eq!(idp.put(&path, &group(&ids)).await.status, 200);
    assert_eq!(writes(&aws), []);
    assert_eq!(idp.put(&path, &group(&ids[1..])).await.status, 200);
    assert_eq!(writes(&aws), [patch(1)]);
    assert_eq!(held(&aws), 249);
    unharmed(&aws);
}

#[tokio::test]
async fn a_put_of_12000_at_slack_comes_in_pieces_one_after_the_other() {
    let slack = simulated(Vendor::Slack, json!({ "limits": false })).await;
    let bridge = Bridge::with(&slack, "slack").await;
    let idp = bridge.client();
    let ids = slack.people(12_000, &Value::Null).unwrap();
    let made = idp.post("/Groups", &group(&[])).await;
    let path = format!("/Groups/{}", made.body["id"].as_str().unwrap());
    writes(&slack);
    assert_eq!(idp.put(&path, &group(&ids)).await.status, 200);
    let patch = |count| ("PATCH".to_owned(), count);
    assert_eq!(writes(&slack), [patch(5_000), patch(5_000), patch(2_000)]);
    assert_eq!(held(&slack), 12_000);
    let (gone, rest) = ids.split_at(6_000);
    assert_eq!(idp.put(&path, &group(rest)).await.status, 200);
    assert_eq!(writes(&slack), [patch(5_000), patch(1_000)], "{} left", gone.len());
    assert_eq!(held(&slack), 6_000);
    unharmed(&slack);
}

#[tokio::test]
async fn one_who_joins_50000_is_one_on_the_wire_and_nobody_is_read() {
    let vendor = simulated(Vendor::Rfc, Value::Null).await;
    let bridge = Bridge::to(&vendor).await;
    let idp = bridge.client();
    let ids = vendor.people(50_000, &Value::Null).unwrap();
    let made = idp.post("/Groups", &group(&ids[1..])).await;
    assert_eq!(made.status, 201);
    let path = format!("/Groups/{}", made.body["id"].as_str().unwrap());
    vendor.clear_log();
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": ids[0] }] }]);
    let joined = idp.patch(&path, &join).await;
    assert!(joined.status < 300, "{joined:?}");
    let log = vendor.log();
    let calls: Vec<_> = log.iter().map(|one| (one.method.as_str(), named(one))).collect();
    assert_eq!(calls, [("PATCH", 1)]);
    assert_eq!(held(&vendor), 50_000);
    vendor.clear_log();
    let leave = json!([{ "op": "remove", "path": format!("members[value eq {}]", ids[7]) }]);
    assert!(idp.patch(&path, &leave).await.status < 300);
    assert_eq!(vendor.log().len(), 1);
    assert_eq!(held(&vendor), 49_999);
    unharmed(&vendor);
}
