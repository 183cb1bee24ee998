//! Each deviation of each of these vendors, through the socket.

use std::time::Duration;

use serde_json::{Value, json};

use crate::simulator::harness::client::Client;
use crate::simulator::harness::shape::ENTERPRISE;
use crate::simulator::{Options, Simulator, Vendor};

async fn start(vendor: Vendor) -> (Simulator, Client) {
    let simulator = Simulator::start(vendor, Options::default()).await.unwrap();
    let client = Client::of(&simulator);
    (simulator, client)
}

fn ada() -> Value {
    json!({
        "userName": "Ada@x.example", "externalId": "e1", "displayName": "Ada",
        "name": { "givenName": "Ada", "familyName": "L" },
        "emails": [{ "value": "ada@x.example", "primary": true }],
    })
}

fn set(path: &str, value: &Value) -> Value {
    json!([{ "op": "replace", "path": path, "value": value }])
}

fn members(op: &str, id: &str) -> Value {
    json!([{ "op": op, "path": "members", "value": [{ "value": id }] }])
}

fn id(body: &Value) -> String {
    body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_plain_vendor_is_conformant_enough() {
    let (simulator, client) = start(Vendor::Snowflake).await;
    simulator.set_knob("legacy", json!(false)).unwrap();
    client.with("authorization", "Bearer x").get("/Users").await.refused(401, "");
    client.post("/Users", &json!({ "displayName": "x" })).await.refused(400, "invalidValue");
    let user = client.post("/Users", &ada()).await.expect(201);
    client.post("/Users", &ada()).await.refused(409, "uniqueness");
    let path = format!("/Users/{}", id(&user));
    for filter in
        ["userName eq \"ADA@x.example\"", "externalId eq \"e1\"", "emails.value eq \"ada@X.example\""]
    {
        assert_eq!(
            client.get(&format!("/Users?filter={filter}")).await.expect(200)["totalResults"],
            1,
            "{filter}"
        );
    }
    assert_eq!(client.get("/Users?attributes=userName").await.expect(200)["Resources"][0].get("name"), None);
    assert_eq!(client.patch(&path, &set("title", &json!("t"))).await.expect(200)["title"], "t");
    let group = client
        .post("/Groups", &json!({ "displayName": "g", "members": [{ "value": id(&user) }] }))
        .await
        .expect(201);
    let group = format!("/Groups/{}", id(&group));
    client.patch(&group, &members("add", "ghost")).await.refused(400, "invalidValue");
    assert_eq!(client.put(&group, &json!({ "displayName": "h" })).await.expect(200)["members"], json!([]));
    client.patch(&group, &members("add", &id(&user))).await.expect(200);
    client
        .patch(&group, &json!([{ "op": "remove", "path": "displayName" }]))
        .await
        .refused(400, "invalidValue");
    client.delete(&path).await.expect(204);
    assert_eq!(client.get(&group).await.expect(200)["members"], json!([]));
    client.delete(&group).await.expect(204);
    client.delete(&group).await.refused(404, "");
    client.post(&group, &json!({})).await.refused(405, "");
    client.get("/Nothing").await.refused(404, "");
    assert!(simulator.console("delete", &json!({ "id": "none" })).is_err());
}

#[tokio::test]
async fn amplitude() {
    let (simulator, client) = start(Vendor::Amplitude).await;
    let user = client.post("/Users", &ada()).await.expect(201);
    assert_eq!((&user["id"], user["meta"].get("location")), (&json!("ada@x.example"), None));
    client.post("/Users", &json!({ "userName": "bo@x.example" })).await.expect(201);
    assert_eq!(client.get("/Users?itemsPerPage=1").await.expect(200)["itemsPerPage"], 1);
    assert_eq!(client.get("/Users?count=1").await.expect(200)["itemsPerPage"], 2);
    let change = json!({ "userName": "new@x.example", "title": "t" });
    assert_eq!(client.put("/Users/ada@x.example", &change).await.expect(200), change, "the echo");
    let read = client.get("/Users/ada@x.example").await.expect(200);
    assert_eq!((&read["userName"], &read["title"]), (&json!("Ada@x.example"), &json!("t")));
    let echo = client.patch("/Users/ada@x.example", &set("title", &json!("u"))).await.expect(200);
    assert_eq!(echo["Operations"][0]["value"], "u");
    let group = client.post("/Groups", &json!({ "displayName": "g" })).await.expect(200);
    let path = format!("/Groups/{}", group["id"].as_u64().unwrap());
    assert!(client.get(&path).await.expect(200)["id"].is_string());
    assert!(client.get("/Groups").await.expect(200)["Resources"][0]["id"].is_u64());
    client.patch("/Users/ada@x.example", &set("active", &json!(false))).await.expect(200);
    client.get("/Users/ada@x.example").await.expect(404);
    for _ in 0..120 {
        client.get("/Users").await;
    }
    client.get("/Users").await.expect(429);
    simulator.advance(Duration::from_secs(60));
    client.get("/Users").await.expect(200);
    simulator.set_knob("limits", json!(false)).unwrap();
    for _ in 0..120 {
        client.get("/Users").await.expect(200);
    }
    simulator.make_token(&Value::Null).unwrap();
    client.get("/Users").await.expect(401);
}

#[tokio::test]
async fn bitwarden() {
    let (simulator, client) = start(Vendor::Bitwarden).await;
    for bad in [json!({ "userName": "ada" }), json!({ "userName": "a@x.example", "active": false })] {
        assert_eq!(client.post("/Users", &bad).await.expect(400)["status"], 400);
    }
    let user = client.post("/Users", &ada()).await.expect(201);
    assert_eq!((&user["groups"], user["meta"].get("location")), (&json!([]), None));
    let path = format!("/Users/{}", id(&user));
    for nobody in ["displayName eq \"Ada\"", "userName eq \"Ada\"", "nonsense"] {
        assert_eq!(
            client.get(&format!("/Users?filter={nobody}")).await.expect(200)["totalResults"],
            0,
            "{nobody}"
        );
    }
    assert_eq!(client.get("/Users?filter=externalId eq \"e1\"&count=7").await.expect(200)["itemsPerPage"], 7);
    client.get("/Users?count=0").await.expect(400);
    client.patch(&path, &set("displayName", &json!("New"))).await.expect(204);
    client
        .patch(&path, &json!([{ "op": "replace", "value": { "active": "False", "externalId": "e2" } }]))
        .await
        .expect(204);
    let read = client.get(&path).await.expect(200);
    assert_eq!(
        (&read["displayName"], &read["active"], &read["externalId"]),
        (&json!("Ada"), &json!(false), &json!("e2"))
    );
    let put = client.put(&path, &json!({ "userName": "x@x.example", "active": true })).await.expect(200);
    assert_eq!((&put["userName"], &put["active"]), (&json!("Ada@x.example"), &json!(true)));
    let held = |at: usize| simulator.state()["groups"][at]["members"].as_array().unwrap().len();
    let body = json!({ "displayName": "g", "members": [{ "value": id(&user) }, { "value": "ghost" }] });
    let group = client.post("/Groups", &body).await.expect(201);
    assert_eq!((held(0), group.get("members")), (0, None));
    let mut named = body.clone();
    named["displayName"] = json!("h");
    client.with("user-agent", "Okta SCIM Client 1.0.0").post("/Groups", &named).await.expect(201);
    assert_eq!(held(1), 1);
    let path = format!("/Groups/{}", id(&group));
    client.patch(&path, &members("add", &id(&user))).await.expect(204);
    client.patch(&path, &members("add", "ghost")).await.expect(204);
    client.put(&path, &json!({ "displayName": "g", "members": [] })).await.expect(200);
    assert_eq!(held(0), 1);
    assert_eq!(client.get(&path).await.expect(200).get("members"), None);
}

#[tokio::test]
async fn github() {
    let (simulator, anonymous) = start(Vendor::GitHub).await;
    anonymous.get("/Users").await.refused(403, "");
    let client = anonymous.with("user-agent", "test");
    let user = client.post("/Users", &ada()).await.expect(201);
    let path = format!("/Users/{}", id(&user));
    client.get("/Users?filter=title eq \"t\"").await.refused(400, "invalidFilter");
    let mut nameless = ada();
    nameless.as_object_mut().unwrap().remove("externalId");
    client.post("/Users", &nameless).await.refused(400, "invalidValue");
    let off = client.patch(&path, &set("active", &json!(false))).await.expect(200);
    assert_ne!(off["userName"], user["userName"]);
    assert_ne!(off["emails"], user["emails"]);
    let on = client.patch(&path, &set("active", &json!(true))).await.expect(200);
    assert_eq!((&on["userName"], &on["emails"]), (&user["userName"], &user["emails"]));
    client.delete(&path).await.expect(204);
    assert_ne!(client.post("/Users", &ada()).await.expect(201)["id"], user["id"]);
    simulator.set_knob("limits", json!(true)).unwrap();
    for _ in 0..997 {
        client.post("/Users", &json!({})).await.expect(400);
    }
    client.post("/Users", &json!({})).await.refused(429, "");
    simulator.set_knob("limits", json!(false)).unwrap();
    client.post("/Users", &json!({})).await.expect(400);
}

#[tokio::test]
async fn gitlab() {
    let (_simulator, client) = start(Vendor::GitLab).await;
    client.get("/Groups").await.refused(404, "");
    client.post("/Users", &json!({ "userName": "a" })).await.refused(400, "invalidValue");
    let user = client.post("/Users", &ada()).await.expect(201);
    assert_eq!(
        (&user["id"], &user["name.formatted"], user.get("name")),
        (&json!("e1"), &json!("Ada L"), None)
    );
    client.post("/Users", &ada()).await.refused(409, "uniqueness");
    assert_eq!(client.get("/Users?filter=id eq e1").await.expect(200)["totalResults"], 1);
    assert_eq!(client.get("/Users?filter=id eq e2").await.expect(200)["totalResults"], 0);
    client.patch("/Users/e1", &set("displayName", &json!("New"))).await.expect(204);
    client.patch("/Users/e1", &set("externalId", &json!("e2"))).await.expect(204);
    client.get("/Users/e1").await.refused(404, "");
    assert_eq!(client.get("/Users/e2").await.expect(200)["displayName"], "Ada");
    client.patch("/Users/e2", &set("active", &json!("False"))).await.expect(204);
    client.get("/Users/e2").await.refused(404, "");
}

#[tokio::test]
async fn salesforce() {
    let (simulator, client) = start(Vendor::Salesforce).await;
    client.get("/ServiceProviderConfigs").await.expect(200);
    client.get("/ServiceProviderConfig").await.refused(404, "");
    let user = id(&client.post("/Users", &ada()).await.expect(201));
    let path =
        format!("/Groups/{}", id(&client.post("/Groups", &json!({ "displayName": "g" })).await.expect(201)));
    client.patch(&path, &members("add", &user)).await.refused(400, "invalidValue");
    let object = json!([{ "op": "add", "path": "members", "value": { "members": [{ "value": user }] } }]);
    assert_eq!(client.patch(&path, &object).await.expect(200)["members"], json!([{ "value": user }]));
    assert_eq!(client.put(&path, &json!({ "displayName": "h" })).await.expect(200), Value::Null);
    simulator.set_knob("bare_members", json!("accept")).unwrap();
    client.patch(&path, &members("add", &user)).await.expect(200);
    let user = format!("/Users/{user}");
    client.delete(&user).await.refused(405, "");
    simulator.set_knob("delete", json!("deactivate")).unwrap();
    client.delete(&user).await.expect(204);
    assert_eq!(client.get(&user).await.expect(200)["active"], false);
    client.delete("/Users/none").await.refused(404, "");
}

#[tokio::test]
async fn snowflake() {
    let (simulator, client) = start(Vendor::Snowflake).await;
    client.post("/Users", &ada()).await.expect(201);
    assert_eq!(client.get("/Users").await.expect(200)["Resources"][0]["userName"], "synthesis_user");
    let both = "/Users?filter=userName eq \"Ada@x.example\" and externalId eq \"e1\"";
    assert_eq!(client.get(both).await.expect(200)["totalResults"], 0);
    assert_eq!(
        client.get("/Users?filter=userName eq \"Ada@x.example\"").await.expect(200)["totalResults"],
        1
    );
    assert_eq!(client.get("/ServiceProviderConfig").await.expect(200)["filter"]["supported"], 0);
    simulator.set_knob("legacy", json!(false)).unwrap();
    assert_eq!(client.get("/Users").await.expect(200)["Resources"][0]["userName"], "Ada@x.example");
    assert_eq!(client.get("/ServiceProviderConfig").await.expect(200)["filter"]["supported"], true);
    client.get(both).await.refused(400, "invalidFilter");
    let next = simulator.make_token(&Value::Null).unwrap();
    client.get("/Users").await.expect(200);
    client.with("authorization", &format!("Bearer {next}")).get("/Users").await.expect(200);
    simulator.advance(Duration::from_secs(190 * 86_400));
    client.get("/Users").await.refused(401, "");
}

#[tokio::test]
async fn miro() {
    let (simulator, client) = start(Vendor::Miro).await;
    let user = id(&client.post("/Users", &ada()).await.expect(201));
    let path =
        format!("/Groups/{}", id(&client.post("/Groups", &json!({ "displayName": "g" })).await.expect(201)));
    for _ in 0..6 {
        client.patch(&path, &members("add", &user)).await.expect(200);
    }
    let twenty: Vec<Value> = (0..20).map(|_| json!({ "value": user })).collect();
    let large = json!([{ "op": "add", "path": "members", "value": twenty }]);
    for _ in 0..5 {
        client.patch(&path, &large).await.expect(200);
    }
    let answer = client.patch(&path, &large).await;
    assert_eq!(answer.header("retry-after"), "6");
    answer.refused(429, "");
    client.patch(&path, &members("add", &user)).await.expect(200);
    simulator.advance(Duration::from_secs(30));
    client.patch(&path, &large).await.expect(200);
    for _ in 0..5 {
        client.get("/Groups").await.expect(200);
    }
    client.get("/Groups").await.refused(429, "");
    simulator.set_knob("limits", json!(false)).unwrap();
    client.get("/Groups").await.expect(200);
    let many: Vec<Value> = (0..8_001).map(|_| json!({ "value": user })).collect();
    client.patch(&path, &json!([{ "op": "add", "path": "members", "value": many }])).await.refused(413, "");
    client.put(&path, &json!({ "displayName": "g", "members": many })).await.refused(413, "");
    let fat = json!({ "displayName": "x".repeat(800_001) });
    client.put(&path, &fat).await.refused(413, "");
    simulator.set_knob("limits", json!(true)).unwrap();
    for _ in 0..20 {
        client.delete("/Users/none").await.refused(404, "");
    }
    client.delete("/Users/none").await.refused(429, "");
}

#[tokio::test]
async fn sentry() {
    let (simulator, client) = start(Vendor::Sentry).await;
    let made = client.post("/Users", &ada()).await.expect(201);
    assert_eq!(made["name"]["givenName"], "N/A");
    let twice = client.post("/Users", &ada()).await.expect(409);
    assert_eq!((twice.get("scimType"), twice.get("status")), (None, None));
    let user = id(&made);
    assert!(user.parse::<u64>().is_ok());
    assert_eq!(client.get("/Users?filter=title eq \"ADA@x.example\"").await.expect(200)["totalResults"], 1);
    let group = json!({ "displayName": "My Team!", "members": [{ "value": user }] });
    let group = client.post("/Groups", &group).await.expect(201);
    assert_eq!((&group["displayName"], &group["members"]), (&json!("my-team"), &json!([])));
    let path = format!("/Groups/{}", id(&group));
    client.patch(&path, &members("add", &user)).await.expect(204);
    client.patch(&path, &members("remove", &user)).await.refused(400, "invalidPath");
    client.patch(&path, &set("displayName", &json!("Other Team"))).await.expect(204);
    assert_eq!(simulator.state()["groups"][0]["displayName"], "other-team");
    let by_filter = json!([{ "op": "remove", "path": format!("members[value eq \"{user}\"]") }]);
    client.patch(&path, &by_filter).await.expect(204);
    assert_eq!(client.get(&path).await.expect(200)["members"], json!([]));
    let path = format!("/Users/{user}");
    client.patch(&path, &set("title", &json!("t"))).await.refused(400, "invalidSyntax");
    client.patch(&path, &set("active", &json!(false))).await.expect(204);
    client.get(&path).await.refused(404, "");
}

#[tokio::test]
async fn servicenow() {
    let (simulator, client) = start(Vendor::ServiceNow).await;
    let mut long = ada();
    long["title"] = json!("t".repeat(150));
    long[ENTERPRISE] = json!({ "department": "IT" });
    let made = client.post("/Users", &long).await.expect(201);
    assert_eq!((made["title"].as_str().unwrap().len(), made.get(ENTERPRISE)), (100, None));
    let mut twin = ada();
    twin["userName"] = json!("other@x.example");
    client.post("/Users", &twin).await.expect(201);
    assert_eq!(simulator.counters().duplicate_creates, 1);
    assert_eq!(client.get("/Users?filter=externalId eq \"e1\"").await.expect(200)["totalResults"], 2);
    let path = format!("/Users/{}", id(&made));
    let title = set("title", &json!("u".repeat(101)));
    assert_eq!(client.patch(&path, &title).await.expect(200)["title"], "u".repeat(100));
    simulator.set_knob("validate", json!(true)).unwrap();
    client.patch(&path, &title).await.refused(400, "invalidValue");
    client.put(&path, &long).await.refused(400, "invalidValue");
    client.put(&path, &ada()).await.expect(200);
}

#[tokio::test]
async fn launchdarkly() {
    let (_simulator, client) = start(Vendor::LaunchDarkly).await;
    let owner = format!(
        "/Users/{}",
        id(&client.post("/Users", &json!({ "userName": "owner@x.example" })).await.expect(201))
    );
    let path = format!("/Users/{}", id(&client.post("/Users", &ada()).await.expect(201)));
    client.post("/Users", &ada()).await.refused(409, "uniqueness");
    client.post("/Users", &json!({ "userName": "bo" })).await.refused(400, "invalidValue");
    let long = json!({ "userName": "bo@x.example", "name": { "givenName": "b".repeat(257) } });
    client.post("/Users", &long).await.refused(400, "invalidValue");
    client.delete(&owner).await.refused(400, "invalidValue");
    client.patch(&owner, &set("active", &json!(false))).await.refused(400, "invalidValue");
    client.patch(&owner, &set("title", &json!("t"))).await.expect(200);
    client.patch(&path, &set("active", &json!(false))).await.expect(200);
    client.patch(&path, &set("title", &json!("t"))).await.refused(400, "mutability");
    assert_eq!(client.get(&path).await.expect(200).get("title"), None);
    client.patch(&path, &set("active", &json!(true))).await.expect(200);
    client.patch(&path, &set("title", &json!("t"))).await.expect(200);
    client.delete(&path).await.expect(204);
}
