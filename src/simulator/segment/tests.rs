//! Every rule of Segment, through the socket.

use serde_json::{Value, json};

use crate::simulator::harness::client::Client;
use crate::simulator::{Options, Simulator, Vendor};

async fn start() -> (Simulator, Client) {
    let simulator = Simulator::start(Vendor::Segment, Options::default()).await.unwrap();
    let client = Client::of(&simulator);
    (simulator, client)
}

async fn make(client: &Client, path: &str, body: &Value) -> String {
    client.post(path, body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

fn ada() -> Value {
    json!({ "userName": "ada@x.example", "displayName": "Ada" })
}

fn set(path: &str, value: &Value) -> Value {
    json!([{ "op": "replace", "path": path, "value": value }])
}

#[tokio::test]
async fn sg_01_sg_16_access_and_rate() {
    let (simulator, client) = start().await;
    client.with("authorization", "Bearer x").get("/Users").await.refused(401, "");
    client.get("/Users").await.expect(200);
    simulator.set_knob("rps", json!(3)).unwrap();
    client.get("/Users").await.expect(200);
    client.get("/Users").await.refused(429, "");
    assert_eq!(simulator.counters().rate_violations, 1);
    simulator.set_knob("rps", json!(0)).unwrap();
    client.get("/ServiceProviderConfig").await.refused(404, "");
    client.post("/Users/x", &ada()).await.refused(405, "");
}

#[tokio::test]
async fn sg_02_to_sg_06_sg_11_sg_15_accounts_and_members() {
    let (simulator, client) = start().await;
    client
        .post("/Users", &json!({ "userName": "ada", "displayName": "Ada" }))
        .await
        .refused(400, "invalidValue");
    let made = client
        .post("/Users", &json!({ "userName": "ada@x.example", "displayName": "Ada", "title": "t" }))
        .await
        .expect(201);
    assert_eq!(
        (&made["displayName"], made.get("title"), &made["active"]),
        (&json!("Ada"), None, &json!(true))
    );
    let account = |at: usize| simulator.state()["accounts"][at].clone();
    assert_eq!(account(0)["permission"], "Minimal Workspace Access");
    client.post("/Users", &ada()).await.refused(409, "uniqueness");
    simulator.set_knob("dup", json!("200")).unwrap();
    assert_eq!(client.post("/Users", &ada()).await.expect(200)["id"], made["id"]);

    let bo = simulator.console("add-account", &json!({ "email": "bo@x.example", "name": "Bo Old" })).unwrap();
    assert_eq!(client.get("/Users?filter=userName eq \"bo@x.example\"").await.expect(200)["totalResults"], 0);
    let adopted = client
        .post("/Users", &json!({ "userName": "BO@x.example", "displayName": "Bo New" }))
        .await
        .expect(201);
    assert_eq!((&adopted["id"], &adopted["displayName"]), (&bo["id"], &json!("Bo Old")));
    simulator.console("permission", &json!({ "id": bo["id"], "permission": "Workspace Owner" })).unwrap();
    client.delete(&format!("/Users/{}", bo["id"].as_str().unwrap())).await.expect(204);
    assert_eq!((&account(1)["email"], &account(1)["permission"]), (&json!("bo@x.example"), &Value::Null));
}

#[tokio::test]
async fn sg_07_names_never_change() {
    let (simulator, client) = start().await;
    let path = format!("/Users/{}", make(&client, "/Users", &ada()).await);
    let renamed = client.patch(&path, &set("displayName", &json!("Ada L"))).await.expect(200);
    assert_eq!(renamed["displayName"], "Ada");
    let put = json!({ "userName": "new@x.example", "displayName": "New" });
    assert_eq!(client.put(&path, &put).await.expect(200)["userName"], "ada@x.example");
    simulator.set_knob("immutable", json!("400")).unwrap();
    client.put(&path, &put).await.refused(400, "mutability");
    client.patch(&path, &set("displayName", &json!("Ada L"))).await.refused(400, "mutability");
    client.put(&path, &ada()).await.expect(200);
    client.patch(&path, &set("active", &json!(true))).await.expect(200);
}

#[tokio::test]
async fn sg_08_sg_09_sg_10_leaving_and_coming_back() {
    let (simulator, client) = start().await;
    let id = make(&client, "/Users", &ada()).await;
    let path = format!("/Users/{id}");
    let group = make(&client, "/Groups", &json!({ "displayName": "g", "members": [{ "value": id }] })).await;
    let group = format!("/Groups/{group}");
    assert_eq!(client.patch(&path, &set("active", &json!(false))).await.expect(200)["active"], false);
    assert_eq!(client.get(&group).await.expect(200)["members"], json!([]));
    assert_eq!(client.get("/Users").await.expect(200)["totalResults"], 0);
    client.get(&path).await.refused(404, "");
    client.delete(&path).await.refused(404, "");
    client.put(&path, &json!({ "active": false })).await.refused(404, "");
    simulator.set_knob("removed_get", json!("inactive")).unwrap();
    assert_eq!(client.get(&path).await.expect(200)["active"], false);
    simulator.set_knob("removed_get", json!("404")).unwrap();
    assert_eq!(client.patch(&path, &set("active", &json!(true))).await.expect(200)["active"], true);
    assert_eq!(client.get(&group).await.expect(200)["members"], json!([]), "the groups do not come back");
    client.put(&path, &json!({ "userName": "ada@x.example", "active": false })).await.expect(200);
    assert_eq!(make(&client, "/Users", &ada()).await, id);
    client.patch(&path, &set("active", &json!("no"))).await.refused(400, "invalidValue");
}

#[tokio::test]
async fn sg_12_sg_13_sg_14_groups() {
    let (simulator, client) = start().await;
    let ada = make(&client, "/Users", &ada()).await;
    let bo = make(&client, "/Users", &json!({ "userName": "bo@x.example", "displayName": "Bo" })).await;
    let path = format!("/Groups/{}", make(&client, "/Groups", &json!({ "displayName": "g" })).await);
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": ada }, { "value": bo }] }]);
    let count = |group: &Value| group["members"].as_array().unwrap().len();
    assert_eq!(count(&client.patch(&path, &add).await.expect(200)), 2);
    let legacy = json!([{ "op": "Remove", "path": "members", "value": [{ "value": ada }] }]);
    for (how, left) in [("noop", 2), ("remove_all", 0)] {
        simulator.set_knob("legacy_remove", json!(how)).unwrap();
        client.patch(&path, &add).await.expect(200);
        assert_eq!(count(&client.patch(&path, &legacy).await.expect(200)), left, "{how}");
    }
    simulator.set_knob("legacy_remove", json!("400")).unwrap();
    client.patch(&path, &legacy).await.refused(400, "invalidPath");
    client.patch(&path, &add).await.expect(200);
    let remove = json!([{ "op": "remove", "path": format!("members[value eq \"{ada}\"]") }]);
    assert_eq!(client.patch(&path, &remove).await.expect(200)["members"], json!([{ "value": bo }]));
    assert_eq!(client.patch(&path, &set("displayName", &json!("h"))).await.expect(200)["displayName"], "h");
    client.post("/Groups", &json!({ "displayName": "H" })).await.refused(409, "uniqueness");
    let ghost = json!([{ "op": "add", "path": "members", "value": [{ "value": "ghost" }] }]);
    client.patch(&path, &ghost).await.refused(400, "invalidValue");
    assert_eq!(client.get("/Groups?filter=displayName eq \"H\"").await.expect(200)["totalResults"], 1);
    assert_eq!(client.get("/Users?filter=displayName eq \"bo\"").await.expect(200)["totalResults"], 1);
    client.get("/Users?filter=emails.value eq \"bo\"").await.refused(400, "invalidFilter");
    client.get("/Groups?filter=id eq \"x\"").await.refused(400, "invalidFilter");
    assert_eq!(client.get("/Users?startIndex=2&count=1").await.expect(200)["Resources"][0]["id"], json!(bo));
    client.put(&path, &json!({ "displayName": "g" })).await.refused(405, "");
    client.delete(&path).await.expect(204);
    assert_eq!(client.get("/Users").await.expect(200)["totalResults"], 2);
}
