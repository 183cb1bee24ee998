//! Every rule of KnowBe4, through the socket.

use std::time::Duration;

use serde_json::{Value, json};

use super::users::EXTENSION;
use crate::simulator::harness::client::Client;
use crate::simulator::harness::shape::ENTERPRISE;
use crate::simulator::{Options, Simulator, Vendor};

/// One that lives: out of Test Mode.
async fn start() -> (Simulator, Client) {
    let simulator = Simulator::start(Vendor::KnowBe4, Options::default()).await.unwrap();
    simulator.console("test-mode", &json!({ "on": false })).unwrap();
    let client = Client::of(&simulator);
    (simulator, client)
}

async fn create(client: &Client, path: &str, body: &Value) -> String {
    client.post(path, body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

fn ada() -> Value {
    json!({ "userName": "ada@x.example" })
}

fn set(path: &str, value: &Value) -> Value {
    json!([{ "op": "replace", "path": path, "value": value }])
}

async fn found(client: &Client, name: &str) -> Value {
    client.get(&format!("/Users?filter=userName eq \"{name}\"")).await.expect(200)["totalResults"].clone()
}

#[tokio::test]
async fn kb_01_kb_02_kb_17_a_new_token_ends_the_old_one() {
    let (simulator, client) = start().await;
    client.with("authorization", "Bearer wrong").get("/Users").await.refused(401, "");
    let next = simulator.make_token(&Value::Null).unwrap();
    client.get("/Users").await.refused(401, "");
    let client = client.with("authorization", &format!("Bearer {next}"));
    client.get("/Users").await.expect(200);
    simulator.advance(Duration::from_secs(400 * 86_400));
    client.get("/Users").await.expect(200);
    simulator.set_knob("token_days", json!(30)).unwrap();
    let ending =
        client.with("authorization", &format!("Bearer {}", simulator.make_token(&Value::Null).unwrap()));
    simulator.advance(Duration::from_secs(30 * 86_400 - 1));
    ending.get("/Users").await.expect(200);
    simulator.advance(Duration::from_secs(1));
    ending.get("/Users").await.refused(401, "");
    let client = Client::of(&simulator)
        .with("authorization", &format!("Bearer {}", simulator.make_token(&Value::Null).unwrap()));
    client.with("content-type", "application/json").post("/Users", &ada()).await.expect(201);
    client.with("content-type", "text/plain").post("/Users", &ada()).await.refused(415, "");
    simulator.console("revoke-token", &Value::Null).unwrap();
    client.get("/Users").await.refused(401, "");
    client.get("/Nothing").await.refused(401, "");
}

#[tokio::test]
async fn kb_03_without_sso_nothing_comes_of_a_write() {
    let (simulator, client) = start().await;
    simulator.console("sso", &json!({ "on": false })).unwrap();
    let id = create(&client, "/Users", &ada()).await;
    client.get(&format!("/Users/{id}")).await.refused(404, "");
    assert_eq!(simulator.state()["sync_report"], json!([]));
    simulator.console("sso", &json!({ "on": true })).unwrap();
    let id = create(&client, "/Users", &ada()).await;
    client.get(&format!("/Users/{id}")).await.expect(200);
}

#[tokio::test]
async fn kb_04_test_mode_reports_and_changes_nothing() {
    let simulator = Simulator::start(Vendor::KnowBe4, Options::default()).await.unwrap();
    let client = Client::of(&simulator);
    assert_eq!(simulator.state()["test_mode"], true);
    let id = create(&client, "/Users", &ada()).await;
    client.get(&format!("/Users/{id}")).await.refused(404, "");
    assert_eq!(found(&client, "ada@x.example").await, 0);
    assert_eq!(simulator.state()["sync_report"][0]["outcome"], "Test");

    simulator.set_knob("test_read", json!("virtual")).unwrap();
    let id = create(&client, "/Users", &ada()).await;
    client.get(&format!("/Users/{id}")).await.expect(200);
    client.post("/Users", &ada()).await.refused(409, "uniqueness");
    assert_eq!(simulator.state()["users"], json!([]), "and yet nothing is held");
    simulator.console("test-mode", &json!({ "on": false })).unwrap();
    client.get(&format!("/Users/{id}")).await.refused(404, "");
}

#[tokio::test]
async fn kb_05_what_was_written_is_applied_at_a_sync() {
    let (simulator, client) = start().await;
    let applied = || simulator.state()["applied"].as_array().unwrap().len();
    client.get("/Users").await.expect(200);
    create(&client, "/Users", &ada()).await;
    assert_eq!((applied(), found(&client, "ada@x.example").await), (0, json!(1)));
    simulator.advance(Duration::from_secs(299));
    assert_eq!(applied(), 0);
    simulator.advance(Duration::from_secs(1));
    assert_eq!(applied(), 1);

    simulator.set_knob("lag_filter", json!(true)).unwrap();
    let id = create(&client, "/Users", &json!({ "userName": "bo@x.example" })).await;
    assert_eq!(found(&client, "bo@x.example").await, 0);
    client.get(&format!("/Users/{id}")).await.expect(200);
    client.post("/Users", &json!({ "userName": "BO@x.example" })).await.refused(409, "uniqueness");
    simulator.console("force-sync", &Value::Null).unwrap();
    assert_eq!((applied(), found(&client, "bo@x.example").await), (2, json!(1)));
}

#[tokio::test]
async fn kb_06_kb_07_kb_08_kb_10_kb_15_users() {
    let (_simulator, client) = start().await;
    client.post("/Users", &json!({ "displayName": "x" })).await.refused(400, "invalidValue");
    let user = client
        .post(
            "/Users",
            &json!({
                "userName": "ada@x.example",
                "nickName": "A",
                "name": { "givenName": "Ada", "middleName": "M" },
                "emails": [{ "value": "ada@x.example" }, { "value": "second@x.example" }],
                ENTERPRISE: { "department": "IT", "costCenter": "7", "manager": { "value": "1", "displayName": "B" } },
                EXTENSION: { "customField1": "a", "customDate1": "2026-01-31", "customOther": "b" },
            }),
        )
        .await
        .expect(201);
    assert_eq!(user["name"], json!({ "givenName": "Ada" }));
    assert_eq!(user["emails"], json!([{ "value": "ada@x.example", "primary": true }]));
    assert_eq!(user[ENTERPRISE], json!({ "department": "IT", "manager": { "value": "1" } }));
    assert_eq!(user[EXTENSION], json!({ "customField1": "a", "customDate1": "2026-01-31" }));
    assert_eq!((user.get("nickName"), &user["active"]), (None, &json!(true)));
    let path = format!("/Users/{}", user["id"].as_str().unwrap());
    for (own, keyword) in [
        (json!({ "customDate1": "31.01.2026" }), "invalidValue"),
        (json!({ "customField1": 1 }), "invalidValue"),
    ] {
        client
            .put(&path, &json!({ "userName": "ada@x.example", EXTENSION: own }))
            .await
            .refused(400, keyword);
    }
    client.patch(&path, &set("active", &json!("False"))).await.refused(400, "invalidValue");
    let patched = client.patch(&path, &set("title", &json!("t"))).await.expect(200);
    assert_eq!((&patched["title"], &patched["name"]["givenName"]), (&json!("t"), &json!("Ada")));
    let put = client.put(&path, &ada()).await.expect(200);
    assert_eq!((put.get("title"), put.get("name")), (None, None));
    client.get("/Users?filter=title eq \"t\"").await.refused(400, "invalidFilter");
    client.get("/Users/none").await.refused(404, "");
    client.put("/Users/none", &ada()).await.refused(404, "");
    client.delete("/Users/none").await.refused(404, "");
}

#[tokio::test]
async fn kb_09_kb_13_kb_14_kb_19_a_sync_takes_over() {
    let (simulator, client) = start().await;
    let add = |email: &str| {
        let made =
            simulator.console("add-user", &json!({ "email": email, "aliases": [format!("x{email}")] }));
        made.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (ada, bo) = (add("ada@x.example"), add("bo@x.example"));
    let key = simulator.console("reporting-token", &Value::Null).unwrap();
    let origin = simulator.base_url().replace("/scim/v2", "");
    let reporting =
        Client::new(&origin).with("authorization", &format!("Bearer {}", key["token"].as_str().unwrap()));
    Client::new(&origin).get("/v1/users").await.expect(401);
    let users = reporting.get("/v1/users?page=1&per_page=1").await;
    assert_eq!(users.header("x-next-cursor"), "2");
    assert!(users.body[0]["id"].is_u64());
    assert_eq!(users.body[0]["aliases"], json!(["xada@x.example"]));

    client.patch(&format!("/Users/{ada}"), &set("title", &json!("t"))).await.expect(200);
    simulator.console("edit-user", &json!({ "id": ada, "set": { "title": "by hand" } })).unwrap();
    simulator.console("force-sync", &Value::Null).unwrap();
    let users = reporting.get("/v1/users").await;
    assert_eq!(
        (&users.body[0]["aliases"], &users.body[1]["aliases"]),
        (&json!([]), &json!(["xbo@x.example"]))
    );
    assert_eq!(client.get(&format!("/Users/{ada}")).await.expect(200)["title"], "t");

    simulator.console("exclude", &json!({ "userNames": ["bo@x.example"] })).unwrap();
    client.patch(&format!("/Users/{bo}"), &set("title", &json!("t"))).await.expect(200);
    assert_eq!(client.get(&format!("/Users/{bo}")).await.expect(200).get("title"), None);
    assert_eq!(simulator.state()["sync_report"][1]["outcome"], "Skipped");

    simulator.set_knob("archive_missing_after_full_sync", json!(true)).unwrap();
    simulator.console("force-sync", &Value::Null).unwrap();
    let status = |at: usize| simulator.state()["applied"][at]["status"].clone();
    assert_eq!((status(0), status(1)), (json!("active"), json!("archived")));
}

#[tokio::test]
async fn kb_11_kb_12_archived_is_not_gone() {
    let (_simulator, client) = start().await;
    let path = format!("/Users/{}", create(&client, "/Users", &ada()).await);
    assert_eq!(client.patch(&path, &set("active", &json!(false))).await.expect(200)["active"], false);
    assert_eq!(client.patch(&path, &set("active", &json!(true))).await.expect(200)["active"], true);
    client.delete(&path).await.expect(204);
    assert_eq!(client.get(&path).await.expect(200)["active"], false);
    assert_eq!(client.put(&path, &ada()).await.expect(200)["active"], false, "PUT says nothing of it");
    client.post("/Users", &ada()).await.refused(409, "uniqueness");
}

#[tokio::test]
async fn kb_16_kb_18_groups_hold_users_only() {
    let (simulator, client) = start().await;
    let ada = create(&client, "/Users", &ada()).await;
    let inner = create(&client, "/Groups", &json!({ "displayName": "inner" })).await;
    let path = format!(
        "/Groups/{}",
        create(&client, "/Groups", &json!({ "displayName": "g", "externalId": "e" })).await
    );
    let add = |id: &str| json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
    assert_eq!(
        client.patch(&path, &add(&inner)).await.refused(400, "invalidValue"),
        "Nested groups are not supported"
    );
    client.patch(&path, &add("ghost")).await.refused(400, "invalidValue");
    simulator.set_knob("nested", json!("ignore")).unwrap();
    assert_eq!(client.patch(&path, &add(&inner)).await.expect(200)["members"], json!([]));
    assert_eq!(client.patch(&path, &add(&ada)).await.expect(200)["members"], json!([{ "value": ada }]));
    client.get(&path).await.expect(200);
    client
        .patch(&path, &json!([{ "op": "remove", "path": format!("members[value eq \"{ada}\"]") }]))
        .await
        .expect(200);
    client.patch(&path, &set("displayName", &json!("inner"))).await.refused(409, "uniqueness");
    client.patch(&path, &set("displayName", &json!("h"))).await.expect(200);
    assert_eq!(client.get("/Groups?filter=displayName eq \"H\"").await.expect(200)["totalResults"], 1);
    let list = client.get("/Groups?startIndex=2&count=5").await.expect(200);
    assert_eq!((&list["totalResults"], &list["itemsPerPage"]), (&json!(2), &json!(1)));
    client.get("/Groups?filter=members.value eq \"x\"").await.refused(400, "invalidFilter");
    client.put(&path, &json!({ "displayName": "g" })).await.refused(405, "");
    client.delete(&path).await.expect(204);
    client.get(&path).await.refused(404, "");
    assert_eq!(simulator.counters().members_lost, 0);
}
