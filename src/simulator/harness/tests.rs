//! The harness, through its sockets. The vendor behind it is the plainest one.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::client::{Answer, Client};
use crate::clock::Clock;
use crate::simulator::{Options, Simulator, Vendor};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

async fn start() -> (Simulator, Client) {
    let simulator = Simulator::start(Vendor::Rfc, Options::default()).await.unwrap();
    let client = Client::of(&simulator);
    (simulator, client)
}

fn user(name: &str) -> Value {
    json!({ "schemas": [USER], "userName": name })
}

fn control(simulator: &Simulator) -> Client {
    Client::new(&simulator.control_url().unwrap())
}

#[tokio::test]
async fn the_control_plane_says_and_does_everything() {
    let (simulator, client) = start().await;
    let control = control(&simulator);
    client.post("/Users", &user("ada")).await.expect(201);
    client.get("/Users?count=1").await.expect(200);

    let state = control.get("/_sim/state").await.expect(200);
    assert_eq!(state["vendor"], "rfc");
    assert_eq!(state["users"][0]["userName"], "ada");
    assert_eq!(state["counters"]["writes"], 1);
    assert_eq!(state, simulator.state());

    let log = control.get("/_sim/log").await.expect(200);
    assert_eq!(log.as_array().unwrap().len(), 2);
    assert_eq!(log[0]["method"], "POST");
    assert_eq!(log[0]["path"], "/scim/v2/Users");
    assert_eq!(log[0]["body"]["userName"], "ada");
    assert_eq!(log[0]["status"], 201);
    assert_eq!(log[0]["headers"]["content-type"], "application/scim+json");
    assert_eq!(log[1]["query"], "count=1");
    assert_eq!(simulator.log()[0].header("content-type"), Some("application/scim+json"));

    let knobs = control.send("PATCH", "/_sim/knobs", &json!({ "max_results": 5 })).await.expect(200);
    assert_eq!(knobs["max_results"], 5);
    for (knobs, says) in
        [(json!({ "max": 5 }), "no knob"), (json!({ "rps": "x" }), "a whole number"), (json!(1), "object")]
    {
        let error = control.send("PATCH", "/_sim/knobs", &knobs).await.expect(400);
        assert!(error["error"].as_str().unwrap().contains(says), "{error}");
    }
    assert_eq!(control.get("/_sim/knobs").await.expect(200)[0]["value"], 5);

    let clock = control.post("/_sim/clock", &json!({ "advance": "190d" })).await.expect(200);
    assert_eq!(clock["now"], "2026-07-10T00:00:00Z");
    control.post("/_sim/clock", &json!({ "advance": "a while" })).await.expect(400);

    let token = control.post("/_sim/token", &Value::Null).await.expect(200)["token"].clone();
    assert_eq!(token, simulator.token());
    client.get("/Users").await.expect(401);
    assert_eq!(simulator.counters().unauthorised, 1);

    control.post("/_sim/console/dance", &json!({})).await.expect(404);
    control.get("/_sim/nothing").await.expect(404);
    control.delete("/_sim/log").await.expect(200);
    assert!(simulator.log().is_empty());

    control.post("/_sim/reset", &Value::Null).await.expect(200);
    let state = simulator.state();
    assert_eq!((&state["users"], &state["knobs"]["max_results"]), (&json!([]), &json!(200)));
    assert_eq!(state["now"], "2026-07-10T00:00:00Z", "time only goes forward");
    client.get("/Users").await.expect(200);
}

#[tokio::test]
async fn a_fault_answers_in_the_vendors_place_for_the_request_that_it_matches() {
    let (simulator, client) = start().await;
    let order = json!({
        "match": { "method": "POST", "path": "/Users", "nth": 2 },
        "respond": { "status": 503, "headers": { "retry-after": "7" }, "body": "busy" }
    });
    control(&simulator).post("/_sim/fault", &order).await.expect(200);
    client.get("/Users").await.expect(200);
    client.post("/Users", &user("a")).await.expect(201);
    let answer = client.post("/Users", &user("b")).await;
    assert_eq!((answer.status, answer.header("retry-after"), &answer.body), (503, "7", &json!("busy")));
    client.post("/Users", &user("b")).await.expect(201);
    assert_eq!(simulator.log()[2].fault, Some("respond"));
    assert_eq!(simulator.counters().writes, 2);

    simulator
        .fault(&json!({ "match": { "path": "/scim/v2/Users/*" }, "respond": { "status": 500 } }))
        .unwrap();
    client.get("/Users/x").await.expect(500);
    client.get("/Users/x").await.expect(500);
    control(&simulator).delete("/_sim/fault").await.expect(200);
    client.get("/Users/x").await.expect(404);
    assert!(simulator.fault(&json!({ "explode": true })).is_err());
}

#[tokio::test]
async fn a_write_can_be_applied_and_its_answer_lost() {
    let (simulator, client) = start().await;
    simulator.fault(&json!({ "match": { "method": "POST", "nth": 1 }, "apply_then_fail": true })).unwrap();
    client.try_send("POST", "/Users", &user("ada")).await.unwrap_err();
    assert_eq!(simulator.state()["users"][0]["userName"], "ada");
    let entry = simulator.log().remove(0);
    assert_eq!((entry.status, entry.fault), (None, Some("apply_then_fail")));
    client.post("/Users", &user("ada")).await.refused(409, "uniqueness");
    let counters = simulator.counters();
    assert_eq!((counters.writes, counters.conflicts, counters.duplicate_creates), (1, 1, 0));
}

#[tokio::test]
async fn a_connection_can_be_reset_or_cut() {
    let (simulator, client) = start().await;
    simulator.fault(&json!({ "match": { "nth": 1 }, "reset": true })).unwrap();
    simulator.fault(&json!({ "match": { "nth": 2 }, "close_after_bytes": 40 })).unwrap();
    let error = client.try_send("POST", "/Users", &user("a")).await.unwrap_err();
    assert!(error.contains("ConnectionReset"), "{error}");
    let error = client.try_send("POST", "/Users", &user("b")).await.unwrap_err();
    assert!(!error.contains("ConnectionReset"), "{error}");
    let users = simulator.state()["users"].clone();
    assert_eq!((users.as_array().unwrap().len(), &users[0]["userName"]), (1, &json!("b")));
    client.get("/Users").await.expect(200);
}

#[tokio::test]
async fn a_delayed_write_is_seen_to_overlap_with_another() {
    let (simulator, client) = start().await;
    let id = client.post("/Users", &user("ada")).await.expect(201)["id"].as_str().unwrap().to_owned();
    simulator.fault(&json!({ "match": { "method": "PATCH", "nth": 1 }, "delay": "1h" })).unwrap();
    simulator.fault(&json!({ "match": { "method": "DELETE" }, "delay": "1ms" })).unwrap();
    simulator.clear_log();
    let path = format!("/Users/{id}");
    let title = json!([{ "op": "replace", "path": "title", "value": "x" }]);
    let slow = tokio::spawn({
        let (client, path, title) = (client.clone(), path.clone(), title.clone());
        async move { client.patch(&path, &title).await }
    });
    while simulator.log().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(simulator.counters().concurrent_writes_same_resource, 0);
    client.patch(&path, &title).await.expect(200);
    assert_eq!(simulator.counters().concurrent_writes_same_resource, 1);
    slow.abort();
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(simulator.log().last().unwrap().fault, Some("delay"));
}

#[tokio::test]
async fn http2_is_spoken_to_whoever_begins_with_it() {
    let (simulator, _) = start().await;
    let base = simulator.base_url();
    let client = Client::http2(&base).with("authorization", &format!("Bearer {}", simulator.token()));
    client.get("/Users").await.expect(200);
    simulator.fault(&json!({ "reset": true })).unwrap();
    client.try_send("GET", "/Users", &Value::Null).await.unwrap_err();
}

#[tokio::test]
async fn one_seed_makes_one_run() {
    let run = async |seed: u64| {
        let simulator = Simulator::start(Vendor::Rfc, Options { seed, ..Options::default() }).await.unwrap();
        let created = Client::of(&simulator).post("/Users", &user("ada")).await.expect(201);
        (simulator.token(), created["id"].clone(), created["meta"]["created"].clone())
    };
    assert_eq!(run(3).await, run(3).await);
    assert_ne!(run(3).await.0, run(4).await.0);
}

#[tokio::test]
async fn the_rate_is_counted_in_virtual_time() {
    let (simulator, client) = start().await;
    simulator.set_knob("rps", json!(2)).unwrap();
    let statuses = async |n: usize| {
        let mut statuses = Vec::new();
        for _ in 0..n {
            statuses.push(client.get("/Users").await.status);
        }
        statuses
    };
    assert_eq!(statuses(3).await, [200, 200, 429]);
    simulator.advance(Duration::from_secs(1));
    assert_eq!(statuses(1).await, [200]);
    assert_eq!(simulator.counters().rate_violations, 1);
}

#[tokio::test]
async fn options_choose_token_clock_origin_and_knobs() {
    let clock = Clock::manual("2030-02-03T04:05:06Z".parse().unwrap());
    let options = Options {
        token: Some("t0k3n".to_owned()),
        clock: clock.clone(),
        origin: Some("https://vendor.example/".to_owned()),
        knobs: Map::from_iter([("max_results".to_owned(), json!(1))]),
        control: None,
        ..Options::default()
    };
    let simulator = Simulator::start(Vendor::Rfc, options).await.unwrap();
    assert_eq!(simulator.base_url(), "https://vendor.example/scim/v2");
    assert_eq!((simulator.token(), simulator.control_url()), ("t0k3n".to_owned(), None));
    assert_eq!(simulator.state()["knobs"]["max_results"], 1);
    simulator.advance(Duration::from_secs(60));
    assert_eq!(clock.now().to_string(), "2030-02-03T04:06:06Z");

    let knobs = Map::from_iter([("nosuch".to_owned(), json!(1))]);
    let error = Simulator::start(Vendor::Rfc, Options { knobs, ..Options::default() }).await.err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn it_stops_when_told_to_and_when_dropped() {
    let (simulator, client) = start().await;
    let answer: Answer = client.get("/Users").await;
    assert!(answer.header("date").ends_with("2026 00:00:00 GMT"), "the vendor's clock is the virtual one");
    let address = simulator.base_url().replace("http://", "").replace("/scim/v2", "");
    simulator.stop().await;
    assert!(tokio::net::TcpStream::connect(&address).await.is_err());
    let simulator =
        Simulator::start(Vendor::Rfc, Options { listen: address.parse().unwrap(), ..Options::default() });
    drop(simulator.await.unwrap());
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[test]
fn every_vendor_is_listed_with_knobs_that_hold_their_defaults() {
    for vendor in Vendor::ALL {
        assert_eq!(Vendor::from_name(vendor.name()), Some(vendor));
        assert!(!vendor.summary().is_empty());
        let defaults =
            vendor.knobs().iter().map(|knob| (knob.name.to_owned(), knob.default_value())).collect();
        super::knobs::Knobs::new(vendor.knobs()).set(&defaults).unwrap();
    }
    assert_eq!(Vendor::from_name("nobody"), None);
}
