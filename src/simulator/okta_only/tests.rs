//! Every rule of the vendor that knows only Okta, through the socket.

use serde_json::{Value, json};

use crate::simulator::harness::client::{Answer, Client};
use crate::simulator::{Options, Simulator, Vendor};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

async fn start() -> (Simulator, Client) {
    let simulator = Simulator::start(Vendor::OktaOnly, Options::default()).await.unwrap();
    let client = Client::of(&simulator).with("user-agent", "Okta SCIM Client 1.0.0");
    (simulator, client)
}

/// The body of Okta's reference, word for word in its form.
fn mila() -> Value {
    json!({
        "schemas": [USER],
        "userName": "mila@harbor.example",
        "name": { "givenName": "Mila", "familyName": "Kowalski" },
        "emails": [{ "primary": true, "value": "mila@harbor.example", "type": "work" }],
        "displayName": "Mila Kowalski",
        "locale": "en-US",
        "externalId": "00uf1a2b3c4D5e6F7g8h",
        "groups": [],
        "password": "Zk7pQ1vx",
        "active": true
    })
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn without(mut body: Value, name: &str) -> Value {
    body.as_object_mut().unwrap().remove(name);
    body
}

async fn create(client: &Client, path: &str, body: &Value) -> String {
    client.post(path, body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn broke(answer: &Answer, rule: &str) {
    let detail = answer.body["detail"].as_str().unwrap_or_default().to_owned();
    assert_eq!(answer.status, 400, "{rule}: {detail}");
    assert!(detail.starts_with(rule), "{rule}: {detail}");
}

#[tokio::test]
async fn ok_01_to_03_who_asks_and_how() {
    let (simulator, client) = start().await;
    let stranger = Client::new(&simulator.base_url()).with("user-agent", "Okta");
    stranger.get("/Users?startIndex=1&count=2").await.refused(401, "");
    client.with("authorization", "Bearer no").get("/Users?startIndex=1&count=2").await.refused(401, "");
    assert_eq!(simulator.counters().unauthorised, 2);
    broke(
        &client.with("user-agent", "OKTA SCIM Integration").get("/Users?startIndex=1&count=2").await,
        "OK-02",
    );
    broke(&client.with("user-agent", "azure").get("/Users?startIndex=1&count=2").await, "OK-02");
    broke(&client.with("content-type", "text/json").post("/Users", &mila()).await, "OK-03");
    client.with("content-type", "application/json; charset=utf-8").post("/Users", &mila()).await.expect(201);
}

#[tokio::test]
async fn ok_04_to_07_the_queries() {
    let (_simulator, client) = start().await;
    let mut ids = Vec::new();
    for n in 0..101 {
        let user = with(mila(), "userName", json!(format!("u{n}+x@harbor.example")));
        ids.push(create(&client, "/Users", &with(user, "externalId", json!(format!("00u{n}")))).await);
    }
    let found = client
        .get("/Users?filter=userName eq \"U7%2Bx@harbor.example\"&startIndex=1&count=100")
        .await
        .expect(200);
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(ids[7])));
    let none = client.get("/Users?filter=userName eq \"nobody\"&startIndex=1&count=100").await.expect(200);
    assert_eq!((&none["totalResults"], &none["Resources"]), (&json!(0), &json!([])));
    let page = client.get("/Users?startIndex=101&count=100").await.expect(200);
    assert_eq!(
        (&page["totalResults"], &page["itemsPerPage"], &page["startIndex"]),
        (&json!(101), &json!(1), &json!(101))
    );
    assert_eq!(client.get("/Users?startIndex=1&count=2").await.expect(200)["itemsPerPage"], 2);
    client.get("/Groups?startIndex=1&count=100").await.expect(200);
    client.get("/Groups?filter=displayName eq \"x\"&startIndex=1&count=100").await.expect(200);
    client.get(&format!("/Users/{}", ids[0])).await.expect(200);
    client.get("/Users/0101").await.expect(404);
    for query in [
        "filter=userName eq \"x\"",
        "filter=userName eq \"x\"&startIndex=1&count=1",
        "startIndex=1&count=100&filter=userName eq \"x\"x",
        "filter=username eq \"x\"&startIndex=1&count=100",
        "filter=displayName eq \"x\"&startIndex=1&count=100",
        "filter=userName sw \"x\"&startIndex=1&count=100",
        "filter=userName+eq+\"x\"&startIndex=1&count=100",
        "filter=userName eq \"x\" and active eq true&startIndex=1&count=100",
    ] {
        let answer = client.get(&format!("/Users?{query}")).await;
        let detail = answer.body["detail"].as_str().unwrap_or_default().to_owned();
        assert!(answer.status == 400 && detail.starts_with("OK-0"), "{query}: {} {detail}", answer.status);
    }
    for query in [
        "",
        "?startIndex=1",
        "?startIndex=2&count=100",
        "?count=100&startIndex=1",
        "?startIndex=1&count=50",
        "?startIndex=1&count=100&attributes=id",
    ] {
        broke(&client.get(&format!("/Users{query}")).await, "OK-05");
    }
    broke(&client.get(&format!("/Users/{}?attributes=id", ids[0])).await, "OK-06");
}

#[tokio::test]
async fn ok_08_ok_09_a_user_is_created_in_oktas_form_alone() {
    let (simulator, client) = start().await;
    let user = client.post("/Users", &mila()).await.expect(201);
    assert_eq!(user["id"].as_str().unwrap().len(), 24);
    // OK-19: what is answered.
    assert_eq!((&user["groups"], &user["meta"]), (&json!([]), &json!({ "resourceType": "User" })));
    assert_eq!((&user["schemas"], user.get("password")), (&json!([USER]), None));
    assert_eq!(user["externalId"], mila()["externalId"]);
    client
        .post("/Users", &with(mila(), "userName", json!("MILA@harbor.example")))
        .await
        .refused(409, "uniqueness");
    client.post("/Users", &with(mila(), "userName", json!("other"))).await.expect(201);
    let counters = simulator.counters();
    assert_eq!((counters.duplicate_creates, counters.conflicts), (1, 1), "one externalId twice, one refusal");

    let email = |email: Value| with(mila(), "emails", json!([email]));
    for body in [
        json!([]),
        without(mila(), "schemas"),
        without(mila(), "userName"),
        without(mila(), "name"),
        without(mila(), "emails"),
        without(mila(), "active"),
        with(mila(), "schemas", json!([USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"])),
        with(mila(), "title", json!("Captain")),
        with(mila(), "id", json!("1")),
        with(
            mila(),
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            json!({ "department": "x" }),
        ),
        with(mila(), "name", json!({ "givenName": "Mila", "familyName": "K", "formatted": "Mila K" })),
        with(mila(), "name", json!({ "givenName": "Mila" })),
        with(mila(), "active", json!("true")),
        with(mila(), "groups", json!([{ "value": "g" }])),
        with(mila(), "emails", json!({ "value": "a@b.example" })),
        with(mila(), "emails", json!([])),
        email(json!({ "value": "a@b.example", "type": "work" })),
        email(json!({ "value": "a@b.example", "type": "work", "primary": false })),
        email(json!({ "value": "a@b.example", "type": "work", "primary": true, "display": "a" })),
        with(mila(), "displayName", Value::Null),
    ] {
        broke(&client.post("/Users", &body).await, "OK-08");
    }
    let least =
        ["displayName", "locale", "externalId", "groups", "password"].into_iter().fold(mila(), without);
    client.post("/Users", &with(least, "userName", json!("least"))).await.expect(201);
}

#[tokio::test]
async fn ok_10_a_user_is_updated_whole() {
    let (_simulator, client) = start().await;
    let id = create(&client, "/Users", &mila()).await;
    let path = format!("/Users/{id}");
    // What Okta does: read, change, send back, with `display` in the e-mail.
    let mut profile = client.get(&path).await.expect(200);
    profile["name"]["givenName"] = json!("Milena");
    profile["emails"][0]["display"] = json!("mila@harbor.example");
    let user = client.put(&path, &profile).await.expect(200);
    assert_eq!(user["name"]["givenName"], "Milena");
    let bare = without(without(without(profile.clone(), "externalId"), "displayName"), "locale");
    let user = client.put(&path, &with(bare, "active", json!(false))).await.expect(200);
    assert_eq!(
        (&user["active"], user.get("externalId")),
        (&json!(false), None),
        "a PUT is the whole profile"
    );
    broke(&client.put(&path, &with(profile.clone(), "id", json!("other"))).await, "OK-10");
    broke(&client.put(&path, &with(profile.clone(), "title", json!("x"))).await, "OK-10");
    broke(&client.put(&path, &without(profile.clone(), "active")).await, "OK-10");
    client.put("/Users/nobody", &profile).await.expect(404);
    let other = create(&client, "/Users", &with(mila(), "userName", json!("other"))).await;
    client.put(&format!("/Users/{other}"), &without(profile, "id")).await.refused(409, "uniqueness");
}

#[tokio::test]
async fn ok_11_ok_12_a_user_is_patched_in_two_forms_and_never_deleted() {
    let (_simulator, client) = start().await;
    let id = create(&client, "/Users", &mila()).await;
    let path = format!("/Users/{id}");
    for active in [false, true] {
        let user = client
            .patch(&path, &json!([{ "op": "replace", "value": { "active": active } }]))
            .await
            .expect(200);
        assert_eq!(user["active"], active);
    }
    client.patch(&path, &json!([{ "op": "replace", "value": { "password": "n3w" } }])).await.expect(200);
    for operations in [
        json!([]),
        json!([{ "op": "replace", "path": "active", "value": false }]),
        json!([{ "op": "Replace", "value": { "active": false } }]),
        json!([{ "op": "add", "value": { "active": false } }]),
        json!([{ "op": "replace", "value": { "active": "false" } }]),
        json!([{ "op": "replace", "value": { "active": false, "password": "x" } }]),
        json!([{ "op": "replace", "value": { "title": "x" } }]),
        json!([{ "op": "replace", "value": { "active": true } }, { "op": "replace", "value": { "active": false } }]),
    ] {
        broke(&client.patch(&path, &operations).await, "OK-11");
    }
    let no_schemas = json!({ "Operations": [{ "op": "replace", "value": { "active": false } }] });
    broke(&client.send("PATCH", &path, &no_schemas).await, "OK-11");
    let answer = client.delete(&path).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, PUT, PATCH"));
    client.get(&path).await.expect(200);
}

#[tokio::test]
async fn ok_13_to_16_ok_18_ok_19_groups() {
    let (simulator, client) = start().await;
    let (a, b) = (
        create(&client, "/Users", &mila()).await,
        create(&client, "/Users", &with(mila(), "userName", json!("b"))).await,
    );
    let group = json!({ "schemas": [GROUP], "displayName": "Dock Crew", "members": [] });
    let id = create(&client, "/Groups", &group).await;
    let path = format!("/Groups/{id}");
    broke(&client.post("/Groups", &with(group.clone(), "externalId", json!("x"))).await, "OK-13");
    broke(&client.post("/Groups", &without(group.clone(), "members")).await, "OK-13");
    broke(&client.post("/Groups", &with(group.clone(), "members", json!([{ "value": a }]))).await, "OK-13");

    let rename = json!({ "op": "replace", "value": { "id": id, "displayName": "Dock" } });
    let add = json!({ "op": "add", "path": "members", "value": [{ "value": a, "display": "mila" }, { "value": b, "display": "b" }] });
    let answer = client.patch(&path, &json!([rename, add, add])).await;
    assert_eq!(answer.status, 204);
    let read = client.get(&path).await.expect(200);
    assert_eq!((&read["displayName"], read["members"].as_array().unwrap().len()), (&json!("Dock"), 2));
    client
        .patch(&path, &json!([{ "op": "remove", "path": format!("members[value eq \"{a}\"]") }]))
        .await
        .expect(204);
    assert_eq!(client.get(&path).await.expect(200)["members"][0]["value"], json!(b));
    client
        .patch(&path, &json!([{ "op": "replace", "path": "members", "value": [{ "value": a }] }]))
        .await
        .expect(204);
    client.patch(&path, &json!([{ "op": "replace", "path": "members", "value": [] }])).await.expect(204);
    for operations in [
        json!([{ "op": "remove", "path": "members", "value": [{ "value": a }] }]),
        json!([{ "op": "remove", "path": "members" }]),
        json!([{ "op": "remove", "path": format!("members[value eq \"{a}\"].display") }]),
        json!([{ "op": "remove", "path": format!("members[display eq \"{a}\"]") }]),
        json!([{ "op": "replace", "path": "displayName", "value": "x" }]),
        json!([{ "op": "replace", "value": { "displayName": "x" } }]),
        json!([{ "op": "replace", "value": { "id": "other", "displayName": "x" } }]),
        json!([{ "op": "add", "path": "members", "value": { "value": a } }]),
        json!([{ "op": "add", "path": "members", "value": [{ "value": a, "type": "User" }] }]),
        json!([{ "op": "Add", "path": "members", "value": [{ "value": a }] }]),
        json!([{ "op": "add", "value": { "members": [{ "value": a }] } }]),
    ] {
        broke(&client.patch(&path, &operations).await, "OK-14");
    }
    broke(
        &client
            .patch(&path, &json!([{ "op": "add", "path": "members", "value": [{ "value": "ghost" }] }]))
            .await,
        "OK-18",
    );

    let whole = json!({ "schemas": [GROUP], "id": id, "displayName": "Dock", "members": [{ "value": a, "display": "m" }] });
    assert_eq!(client.put(&path, &whole).await.expect(200)["members"][0]["value"], json!(a));
    broke(&client.put(&path, &with(whole, "externalId", json!("x"))).await, "OK-15");
    simulator.console("delete", &json!({ "id": a })).unwrap();
    assert_eq!(client.get(&path).await.expect(200)["members"], json!([]));
    assert_eq!(client.delete(&path).await.status, 204);
    client.delete(&path).await.expect(404);
    assert_eq!(simulator.state()["users"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_replace_made_from_an_old_reading_loses_a_member() {
    let (simulator, client) = start().await;
    let (a, b) = (
        create(&client, "/Users", &mila()).await,
        create(&client, "/Users", &with(mila(), "userName", json!("b"))).await,
    );
    let group = json!({ "schemas": [GROUP], "displayName": "Dock Crew", "members": [] });
    let path = format!("/Groups/{}", create(&client, "/Groups", &group).await);
    let replace = |id: &str| json!([{ "op": "replace", "path": "members", "value": [{ "value": id }] }]);
    client.get(&path).await.expect(200);
    client.patch(&path, &replace(&a)).await.expect(204);
    client.patch(&path, &replace(&b)).await.expect(204);
    assert_eq!(simulator.counters().members_lost, 1);
}

#[tokio::test]
async fn ok_17_there_is_nothing_else() {
    let (_simulator, client) = start().await;
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/Me", "/Bulk", "/Users/x/y", ""] {
        client.get(path).await.refused(404, "");
    }
    client.post("/Users/.search", &json!({})).await.expect(404);
    client.send("PATCH", "/Users", &json!({})).await.expect(405);
}

#[tokio::test]
async fn an_administrator_edits_behind_the_clients_back() {
    let (simulator, client) = start().await;
    let id = create(&client, "/Users", &mila()).await;
    simulator.console("edit", &json!({ "id": id, "set": { "displayName": "M", "locale": null } })).unwrap();
    let user = client.get(&format!("/Users/{id}")).await.expect(200);
    assert_eq!((&user["displayName"], user.get("locale")), (&json!("M"), None));
    for (action, arguments, status) in [
        ("edit", json!({ "id": "x", "set": {} }), 404),
        ("edit", json!({ "id": id }), 400),
        ("delete", json!({ "id": "x" }), 404),
        ("dance", json!({}), 404),
    ] {
        assert_eq!(simulator.console(action, &arguments).unwrap_err().status, status, "{action}");
    }
}
