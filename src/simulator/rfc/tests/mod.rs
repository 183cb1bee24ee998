//! The conformant vendor, through the socket: what it does, and what it refuses.

mod queries;

use serde_json::{Value, json};

use super::schema::ENTERPRISE_URN as ENTERPRISE;
use crate::simulator::harness::client::Client;
use crate::simulator::{Options, Simulator, Vendor};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

async fn start() -> (Simulator, Client) {
    let simulator = Simulator::start(Vendor::Rfc, Options::default()).await.unwrap();
    let client = Client::of(&simulator);
    (simulator, client)
}

fn barbara() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "userName": "bjensen",
        "externalId": "bJ",
        "name": { "familyName": "Jensen", "givenName": "Barbara" },
        "title": "Guide",
        "active": true,
        "password": "t1meMa$heen",
        "emails": [{ "value": "b@example.com", "type": "work", "primary": true }, { "value": "b@jensen.org", "type": "home" }],
        ENTERPRISE: { "department": "Tours", "manager": { "value": "26118915" } }
    })
}

fn named(name: &str) -> Value {
    json!({ "schemas": [USER], "userName": name })
}

async fn create(client: &Client, path: &str, body: &Value) -> String {
    client.post(path, body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_user_lives_from_post_to_delete() {
    let (simulator, client) = start().await;
    let answer = client.post("/Users", &barbara()).await;
    let (etag, location) = (answer.header("etag").to_owned(), answer.header("location").to_owned());
    assert_eq!(answer.header("content-type"), "application/scim+json");
    let user = answer.expect(201);
    let id = user["id"].as_str().unwrap();
    assert_eq!(location, format!("{}/Users/{id}", simulator.base_url()));
    let meta = json!({
        "resourceType": "User", "created": "2026-01-01T00:00:00Z", "lastModified": "2026-01-01T00:00:00Z",
        "location": location, "version": etag
    });
    assert_eq!(user["meta"], meta);
    assert_eq!((&user[ENTERPRISE], user.get("password")), (&barbara()[ENTERPRISE], None));

    let path = format!("/Users/{id}");
    assert_eq!(client.get(&path).await.expect(200), user);
    simulator.advance(std::time::Duration::from_secs(5));
    let replaced = client.put(&path, &named("bj")).await.expect(200);
    assert_eq!((&replaced["schemas"], replaced.get("title")), (&json!([USER]), None));
    assert_eq!(replaced["meta"]["lastModified"], "2026-01-01T00:00:05Z");
    let patched =
        client.patch(&path, &json!([{ "op": "add", "path": "title", "value": "T" }])).await.expect(200);
    assert_eq!(patched["title"], "T");
    assert_eq!(client.delete(&path).await.status, 204);
    client.get(&path).await.refused(404, "");
    client.delete(&path).await.expect(404);
    assert_eq!(simulator.counters().writes, 4);
}

#[tokio::test]
async fn what_is_not_canonical_is_refused_in_a_body() {
    let (_simulator, client) = start().await;
    let with = |name: &str, value: Value| {
        let mut body = named("x");
        body[name] = value;
        body
    };
    let cases = [
        ("invalidSyntax", json!([])),
        ("invalidSyntax", json!({ "userName": "x" })),
        ("invalidSyntax", json!({ "schemas": [], "userName": "x" })),
        ("invalidSyntax", json!({ "schemas": [GROUP], "userName": "x" })),
        ("invalidSyntax", json!({ "schemas": [USER, USER], "userName": "x" })),
        ("invalidSyntax", with("schemas", json!([USER, ENTERPRISE]))),
        ("invalidSyntax", with(ENTERPRISE, json!({ "department": "x" }))),
        ("invalidSyntax", with("department", json!("x"))),
        ("invalidSyntax", with("name.givenName", json!("x"))),
        ("invalidSyntax", with("name", json!({ "first": "x" }))),
        ("invalidSyntax", with("USERNAME", json!("y"))),
        (
            "invalidSyntax",
            json!({ "schemas": [USER, ENTERPRISE], "userName": "x", ENTERPRISE: { "team": "x" } }),
        ),
        (
            "invalidValue",
            json!({ "schemas": [USER, ENTERPRISE], "userName": "x", ENTERPRISE: { "manager": "u7" } }),
        ),
        ("invalidValue", json!({ "schemas": [USER, ENTERPRISE], "userName": "x", ENTERPRISE: "x" })),
        ("invalidValue", json!({ "schemas": [USER] })),
        ("invalidValue", with("userName", json!(""))),
        ("invalidValue", with("userName", Value::Null)),
        ("invalidValue", with("active", json!("True"))),
        ("invalidValue", with("title", json!(7))),
        ("invalidValue", with("name", json!("Barbara"))),
        ("invalidValue", with("emails", json!({ "value": "x" }))),
        ("invalidValue", with("emails", json!(["x"]))),
        ("invalidValue", with("emails", json!([{}]))),
        ("invalidValue", with("emails", json!([{ "value": "x", "primary": "true" }]))),
        (
            "invalidValue",
            with("emails", json!([{ "value": "x", "primary": true }, { "value": "y", "primary": true }])),
        ),
        ("invalidValue", with("x509Certificates", json!([{ "value": "not base64" }]))),
    ];
    for (keyword, body) in cases {
        let answer = client.post("/Users", &body).await;
        assert_eq!((answer.status, answer.body["scimType"].as_str()), (400, Some(keyword)), "{body}");
    }
    client.with("content-type", "text/plain").post("/Users", &named("x")).await.refused(415, "");
}

#[tokio::test]
async fn what_the_rfc_allows_is_allowed_in_a_body() {
    let (_simulator, client) = start().await;
    let body = json!({
        "SCHEMAS": [USER, "urn:acme:2.0:User"], "username": "x", "id": "mine", "meta": { "resourceType": "Group" },
        "groups": [], "title": null, "phoneNumbers": [], "urn:acme:2.0:User": { "shoe": 42, "size": serde_json::from_str::<Value>("1.10").unwrap() }
    });
    let user = client.with("content-type", "application/json").post("/Users", &body).await.expect(201);
    assert_ne!(user["id"], "mine");
    assert_eq!((&user["userName"], &user["meta"]["resourceType"]), (&json!("x"), &json!("User")));
    assert_eq!(
        user["urn:acme:2.0:User"].to_string(),
        r#"{"shoe":42,"size":1.10}"#,
        "a number stays as it was written"
    );
    assert_eq!((user.get("title"), user.get("phoneNumbers")), (None, None));
}

#[tokio::test]
async fn user_names_are_unique_without_regard_to_case() {
    let (simulator, client) = start().await;
    let id = create(&client, "/Users", &barbara()).await;
    client.post("/Users", &named("BJensen")).await.refused(409, "uniqueness");
    let other = create(&client, "/Users", &named("other")).await;
    client.put(&format!("/Users/{other}"), &named("bjensen")).await.refused(409, "uniqueness");
    let rename = json!([{ "op": "replace", "path": "userName", "value": "bjensen" }]);
    client.patch(&format!("/Users/{other}"), &rename).await.refused(409, "uniqueness");
    client.put(&format!("/Users/{id}"), &named("BJENSEN")).await.expect(200);
    let mut twin = named("twin");
    twin["externalId"] = json!("e");
    client.post("/Users", &twin).await.expect(201);
    twin["userName"] = json!("twin2");
    client.post("/Users", &twin).await.expect(201);
    let counters = simulator.counters();
    assert_eq!((counters.conflicts, counters.duplicate_creates), (1, 1));
}

#[tokio::test]
async fn a_patch_is_canonical_or_refused() {
    let (_simulator, client) = start().await;
    let path = format!("/Users/{}", create(&client, "/Users", &barbara()).await);
    let before = client.get(&path).await.expect(200);
    let cases = [
        ("invalidSyntax", json!([])),
        ("invalidSyntax", json!([{ "op": "Replace", "path": "title", "value": "x" }])),
        ("invalidSyntax", json!([{ "op": "replace", "value": { "name.givenName": "x" } }])),
        ("invalidSyntax", json!([{ "op": "replace", "value": { format!("{ENTERPRISE}:department"): "x" } }])),
        ("invalidSyntax", json!([{ "op": "replace", "value": { "department": "x" } }])),
        ("invalidPath", json!([{ "op": "replace", "path": null, "value": { "title": "x" } }])),
        ("invalidPath", json!([{ "op": "replace", "path": "department", "value": "x" }])),
        ("invalidPath", json!([{ "op": "replace", "path": "manager", "value": { "value": "x" } }])),
        ("invalidPath", json!([{ "op": "replace", "path": format!("{ENTERPRISE}:team"), "value": "x" }])),
        ("invalidPath", json!([{ "op": "replace", "path": format!("{ENTERPRISE}.manager"), "value": "x" }])),
        ("invalidPath", json!([{ "op": "replace", "path": "emails[type eq \"work\"].kind", "value": "x" }])),
        (
            "invalidFilter",
            json!([{ "op": "replace", "path": "emails[kind eq \"work\"].value", "value": "x" }]),
        ),
        (
            "invalidFilter",
            json!([{ "op": "replace", "path": "emails[primary eq \"True\"].value", "value": "x" }]),
        ),
        ("invalidFilter", json!([{ "op": "replace", "path": "emails[type eq work].value", "value": "x" }])),
        ("noTarget", json!([{ "op": "replace", "path": "emails[type eq \"other\"].value", "value": "x" }])),
        ("noTarget", json!([{ "op": "remove" }])),
        ("mutability", json!([{ "op": "replace", "value": { "id": "x", "title": "y" } }])),
        ("mutability", json!([{ "op": "replace", "path": "meta.created", "value": "x" }])),
        ("mutability", json!([{ "op": "remove", "path": "groups" }])),
        ("mutability", json!([{ "op": "remove", "path": "userName" }])),
        (
            "mutability",
            json!([{ "op": "replace", "path": format!("{ENTERPRISE}:manager.displayName"), "value": "x" }]),
        ),
        ("invalidValue", json!([{ "op": "replace", "path": "active", "value": "False" }])),
        (
            "invalidValue",
            json!([{ "op": "replace", "path": format!("{ENTERPRISE}:manager"), "value": "u7" }]),
        ),
        (
            "invalidValue",
            json!([{ "op": "remove", "path": "emails", "value": [{ "value": "b@example.com" }] }]),
        ),
    ];
    for (keyword, operations) in cases {
        let answer = client.patch(&path, &operations).await;
        assert_eq!((answer.status, answer.body["scimType"].as_str()), (400, Some(keyword)), "{operations}");
    }
    client
        .send("PATCH", &path, &json!({ "Operations": [{ "op": "remove", "path": "title" }] }))
        .await
        .refused(400, "invalidSyntax");
    assert_eq!(client.get(&path).await.expect(200), before, "a refused PATCH changes nothing");
    let same = client
        .patch(&path, &json!([{ "op": "replace", "path": "title", "value": "Guide" }]))
        .await
        .expect(200);
    assert_eq!(
        same["meta"]["version"], before["meta"]["version"],
        "neither does one that says what is so already"
    );

    let operations = json!([
        { "op": "replace", "value": { "title": "Boss", ENTERPRISE: { "department": "Ops" } } },
        { "op": "add", "path": "emails[type eq \"home\"].display", "value": "Home" },
        { "op": "remove", "path": format!("{ENTERPRISE}:manager") },
    ]);
    let after = client.patch(&path, &operations).await.expect(200);
    assert_eq!((&after["title"], &after["emails"][1]["display"]), (&json!("Boss"), &json!("Home")));
    assert_eq!(after[ENTERPRISE], json!({ "department": "Ops" }));
}

#[tokio::test]
async fn groups_hold_what_exists_and_users_know_their_groups() {
    let (simulator, client) = start().await;
    let user = create(&client, "/Users", &barbara()).await;
    let group =
        |name: &str, members: Value| json!({ "schemas": [GROUP], "displayName": name, "members": members });
    let inner = create(&client, "/Groups", &group("inner", json!([{ "value": user }]))).await;
    let outer = client
        .post("/Groups", &group("outer", json!([{ "value": inner, "type": "Group", "display": "?" }])))
        .await
        .expect(201);
    let base = simulator.base_url();
    assert_eq!(
        outer["members"],
        json!([
        { "value": inner, "type": "Group", "$ref": format!("{base}/Groups/{inner}"), "display": "inner" }])
    );
    let read = client.get(&format!("/Users/{user}")).await.expect(200);
    let kinds: Vec<_> =
        read["groups"].as_array().unwrap().iter().map(|group| (&group["display"], &group["type"])).collect();
    assert_eq!(kinds, [(&json!("inner"), &json!("direct")), (&json!("outer"), &json!("indirect"))]);
    let found = client.get(&format!("/Users?filter=groups.value eq \"{inner}\"")).await.expect(200);
    assert_eq!(found["totalResults"], 1);

    let path = format!("/Groups/{inner}");
    let operation = |op: &str, value: Value| json!([{ "op": op, "path": "members", "value": value }]);
    for member in [
        json!([{ "value": "ghost" }]),
        json!([{ "value": user, "type": "Group" }]),
        json!([{ "type": "User" }]),
        json!([{ "value": user, "$ref": "https://x/Users/other" }]),
        json!(["x"]),
        json!("x"),
    ] {
        client.patch(&path, &operation("add", member)).await.refused(400, "invalidValue");
    }
    client.post("/Groups", &json!({ "schemas": [GROUP] })).await.refused(400, "invalidValue");
    client
        .patch(&path, &json!([{ "op": "remove", "path": "members", "value": [{ "value": user }] }]))
        .await
        .refused(400, "invalidValue");
    client
        .patch(&path, &json!([{ "op": "replace", "value": { "id": inner, "displayName": "x" } }]))
        .await
        .refused(400, "mutability");
    client.patch(&path, &operation("add", json!([{ "value": user, "$ref": null }]))).await.expect(200);
    let one = client
        .patch(&path, &json!([{ "op": "remove", "path": format!("members[value eq \"{user}\"]") }]))
        .await
        .expect(200);
    assert_eq!(one.get("members"), None);
    client
        .patch(&path, &json!([{ "op": "remove", "path": format!("members[value eq \"{user}\"]") }]))
        .await
        .refused(400, "noTarget");
    client
        .patch(&path, &operation("add", json!([{ "value": user, "$ref": format!("{base}/Users/{user}") }])))
        .await
        .expect(200);
    client.delete(&format!("/Users/{user}")).await.expect(204);
    assert_eq!(client.get(&path).await.expect(200).get("members"), None);
    client.post("/Groups", &group("inner", json!([]))).await.expect(201);
    assert_eq!(simulator.counters().duplicate_creates, 1);
}

#[tokio::test]
async fn a_lost_update_is_counted_unless_if_match_proves_the_reading() {
    let (simulator, client) = start().await;
    let (a, b) = (create(&client, "/Users", &named("a")).await, create(&client, "/Users", &named("b")).await);
    let path = format!(
        "/Groups/{}",
        create(&client, "/Groups", &json!({ "schemas": [GROUP], "displayName": "g" })).await
    );
    let whole = |id: &str| json!({ "schemas": [GROUP], "displayName": "g", "members": [{ "value": id }] });
    client.get(&path).await.expect(200);
    client.put(&path, &whole(&a)).await.expect(200);
    let answer = client.put(&path, &whole(&b)).await;
    let etag = answer.header("etag").to_owned();
    assert_eq!(simulator.counters().members_lost, 1);
    client.with("if-match", &etag).put(&path, &whole(&a)).await.expect(200);
    client.patch(&path, &json!([{ "op": "remove", "path": "members" }])).await.expect(200);
    assert_eq!(simulator.counters().members_lost, 1);
    client
        .patch(&path, &json!([{ "op": "add", "value": { "members": [{ "value": a }] } }]))
        .await
        .expect(200);
    client
        .patch(&path, &json!([{ "op": "replace", "value": { "members": [{ "value": b }] } }]))
        .await
        .expect(200);
    assert_eq!(simulator.counters().members_lost, 2);
}

#[tokio::test]
async fn an_administrator_edits_behind_the_clients_back() {
    let (simulator, client) = start().await;
    let id = create(&client, "/Users", &barbara()).await;
    let path = format!("/Users/{id}");
    let before = client.get(&path).await.header("etag").to_owned();
    simulator
        .console("edit", &json!({ "id": id, "set": { "title": "Drifted", "externalId": null } }))
        .unwrap();
    let answer = client.get(&path).await;
    assert_ne!(answer.header("etag"), before);
    assert_eq!(answer.expect(200)["title"], "Drifted");
    simulator.console("delete", &json!({ "id": id })).unwrap();
    client.get(&path).await.expect(404);
    assert_eq!(simulator.console("delete", &json!({ "id": id })).unwrap_err().status, 404);
}
