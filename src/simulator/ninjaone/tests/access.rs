//! Who gets in, and what is there: NJ-01 to NJ-05, NJ-25, NJ-26.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{end_user, start};
use crate::simulator::harness::client::Client;
use crate::simulator::{Options, Simulator, Vendor};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn nj_01_to_04_tokens() {
    let (simulator, client) = start().await;
    assert_eq!(simulator.base_url().rsplit_once(':').unwrap().1.split_once('/').unwrap().1, "ws/scim/v2");
    assert_eq!(
        client.with("authorization", "Bearer nope").get("/Users").await.refused(401, ""),
        "Unauthorized"
    );
    client.with("authorization", "Basic eDp5").get("/Users").await.expect(401);
    Client::new(&simulator.base_url()).get("/Users").await.expect(401);
    client.get("/Users").await.expect(200);

    // NJ-02: from 1 January to 1 July, to the second.
    simulator.advance(DAY * 181 - Duration::from_secs(1));
    client.get("/Users").await.expect(200);
    simulator.advance(Duration::from_secs(1));
    client.get("/Users").await.expect(401);
    assert_eq!(simulator.state()["tokens"][0]["expires"], "2026-07-01T00:00:00Z");

    // NJ-03, NJ-04: only the console makes one, and it ends the one before.
    simulator.make_token(&Value::Null).unwrap();
    let second = Client::of(&simulator);
    second.get("/Users").await.expect(200);
    simulator.make_token(&Value::Null).unwrap();
    second.get("/Users").await.expect(401);
    let third = Client::of(&simulator);
    simulator.set_knob("overlap", json!("both")).unwrap();
    simulator.make_token(&Value::Null).unwrap();
    third.get("/Users").await.expect(200);
    assert_eq!(simulator.console("revoke-token", &Value::Null).unwrap(), json!({ "revoked": 2 }));
    third.get("/Users").await.expect(401);
    assert!(simulator.state().to_string().find(&simulator.token()).is_none(), "a token is shown once");
}

#[tokio::test]
async fn nj_05_nothing_works_before_sso() {
    let (simulator, client) = start().await;
    simulator.console("sso", &json!({ "on": false })).unwrap();
    assert_eq!(client.get("/Users").await.refused(403, ""), "SCIM is not enabled");
    client.with("authorization", "Bearer nope").post("/Users", &end_user("a@x.example")).await.expect(403);
    assert_eq!(simulator.make_token(&Value::Null).unwrap_err().status, 409);
    simulator.console("sso", &json!("on")).unwrap();
    client.get("/Users").await.expect(200);
    simulator.console("scim", &json!("off")).unwrap();
    client.get("/Users").await.expect(403);
}

#[tokio::test]
async fn nj_25_a_token_belongs_to_its_region() {
    let (simulator, client) = start().await;
    client.with("host", "app.ninjarmm.com").get("/Users").await.expect(200);
    client.with("host", "eu.ninjarmm.com:443").get("/Users").await.refused(401, "");
    simulator.make_token(&json!({ "region": "eu" })).unwrap();
    let european = Client::of(&simulator);
    european.with("host", "eu.ninjarmm.com").get("/Users").await.expect(200);
    european.with("host", "app.ninjarmm.com").get("/Users").await.refused(401, "");
    european.get("/Users").await.expect(200);
    simulator.set_knob("region", json!("oc")).unwrap();
    simulator.make_token(&Value::Null).unwrap();
    Client::of(&simulator).with("host", "oc.ninjarmm.com").get("/Users").await.expect(200);
    assert_eq!(simulator.make_token(&json!({ "region": "mars" })).unwrap_err().status, 400);
}

#[tokio::test]
async fn nj_26_no_limit_but_by_the_knob() {
    let knobs = Map::from_iter([("rps".to_owned(), json!(1))]);
    let simulator =
        Simulator::start(Vendor::NinjaOne, Options { knobs, ..Options::default() }).await.unwrap();
    let client = Client::of(&simulator);
    client.get("/Users").await.expect(200);
    let answer = client.get("/Users").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, ""));
    assert_eq!(simulator.counters().rate_violations, 1);
}

#[tokio::test]
async fn there_is_nothing_else() {
    let (_simulator, client) = start().await;
    for path in ["/ServiceProviderConfig", "/Schemas", "/ResourceTypes", "/Me", "/Users/1/x", ""] {
        client.get(path).await.refused(404, "");
    }
    client.send("PUT", "/Users", &json!({})).await.refused(405, "");
    client.post("/Users", &json!("text")).await.refused(400, "invalidSyntax");
}
