//! SL-20, SL-21.

use std::time::Duration;

use serde_json::json;

use super::{group, id, refused, start, user};
use crate::simulator::Vendor;

#[tokio::test]
async fn sl_21_the_limits_are_those_of_the_organisation() {
    let (simulator, client) = start(Vendor::Slack).await;
    for at in 0..20 {
        client.post("/Users", &user(&format!("u{at}"), &json!({}))).await.expect(201);
    }
    let next = user("next", &json!({}));
    let answer = client.post("/Users", &next).await;
    refused(&answer, 429, "too_many_requests");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(simulator.counters().rate_violations, 1);
    client.post("/Groups", &group("g", &[])).await.expect(201);
    let token = simulator.make_token(&json!(null)).unwrap();
    let client = client.with("authorization", &format!("Bearer {token}"));
    refused(&client.post("/Users", &next).await, 429, "too_many_requests");
    simulator.advance(Duration::from_secs(1));
    client.post("/Users", &next).await.expect(201);

    simulator.console("other-app", &json!({ "rpm": 100_000 })).unwrap();
    client.post("/Groups", &group("h", &[])).await.expect(201);
    let answer = client.post("/Groups", &group("i", &[])).await;
    refused(&answer, 429, "too_many_requests");
    assert_eq!(answer.header("retry-after"), "60");
    simulator.set_knob("limits", json!(false)).unwrap();
    client.post("/Groups", &group("i", &[])).await.expect(201);
}

#[tokio::test]
async fn sl_20_one_write_a_resource_at_a_time() {
    let (simulator, client) = start(Vendor::Slack).await;
    let path = format!("/Groups/{}", id(&client.post("/Groups", &group("g", &[])).await.expect(201)));
    simulator.fault(&json!({ "match": { "method": "PUT", "nth": 1 }, "delay": "300ms" })).unwrap();
    let (one, other) = (group("one", &[]), group("other", &[]));
    let slow = client.put(&path, &one);
    let fast = async {
        while simulator.log().iter().all(|entry| entry.method != "PUT") {
            tokio::task::yield_now().await;
        }
        client.put(&path, &other).await
    };
    let (slow, fast) = tokio::join!(slow, fast);
    slow.expect(200);
    refused(&fast, 429, "resource_locked");
    assert_eq!(fast.header("retry-after"), "1");
    assert_eq!(simulator.counters().concurrent_writes_same_resource, 1);
    client.put(&path, &other).await.expect(200);
}
