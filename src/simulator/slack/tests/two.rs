//! SCIM 2.0: SL-01 to SL-19, SL-22.

use serde_json::{Value, json};

use super::{group, id, refused, start, user};
use crate::simulator::Vendor;
use crate::simulator::harness::shape::ENTERPRISE;
use crate::simulator::slack::wire::GUEST;

fn set(path: &str, value: &Value) -> Value {
    json!([{ "op": "replace", "path": path, "value": value }])
}

#[tokio::test]
async fn sl_01_to_sl_04_sl_22_access_and_discovery() {
    let (simulator, client) = start(Vendor::Slack).await;
    refused(&client.with("authorization", "Basic x").get("/Users").await, 401, "not_authed");
    refused(&client.with("authorization", "Bearer x").get("/Users").await, 401, "invalid_auth");
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"] {
        client.get(path).await.expect(200);
    }
    refused(&client.get("/ServiceProviderConfigs").await, 404, "not_found");
    let mut bare = user("ada", &json!({}));
    bare.as_object_mut().unwrap().remove("schemas");
    refused(&client.post("/Users", &bare).await, 400, "missing_schema_element");
    refused(&client.get("/Users/U0").await, 404, "no_such_user");
    refused(&client.get("/Groups/S0").await, 404, "no_such_group");
    refused(&client.post("/Users/U0", &user("a", &json!({}))).await, 405, "method_not_allowed");
    assert_eq!(simulator.counters().unauthorised, 2);
}

#[tokio::test]
async fn sl_05_sl_06_sl_07_names_and_addresses() {
    let (_simulator, client) = start(Vendor::Slack).await;
    let post = |body: Value| {
        let client = client.clone();
        async move { client.post("/Users", &body).await }
    };
    let made = post(user(
        "Ada.Love+lace@x.example",
        &json!({ "emails": [
        { "value": "c@x.example" },
        { "value": "a@x.example", "type": "work", "primary": true },
        { "value": "b@x.example" },
    ] }),
    ))
    .await
    .expect(201);
    assert_eq!((&made["userName"], &made["nickName"]), (&json!("ada.love_lace"), &json!("ada.love_lace")));
    let expected =
        json!([{ "value": "a@x.example", "primary": true }, { "value": "c@x.example", "primary": false }]);
    assert_eq!(made["emails"], expected);
    refused(
        &post(user("ada.love lace", &json!({ "emails": [{ "value": "z@x.example" }] }))).await,
        409,
        "username_taken",
    );
    refused(&post(user("b", &json!({ "emails": [{ "value": "A@x.example" }] }))).await, 409, "email_taken");
    refused(&post(user(&"x".repeat(22), &json!({}))).await, 400, "username_too_long");
    post(user(&"x".repeat(21), &json!({}))).await.expect(201);
    refused(&post(user("b", &json!({ "emails": [] }))).await, 400, "missing_primary_email");
    refused(&post(user("b", &json!({ "displayName": "b@x" }))).await, 400, "invalid_display_name");
    refused(&post(user("b", &json!({ "displayName": "b".repeat(81) }))).await, 400, "invalid_display_name");
}

#[tokio::test]
async fn sl_08_sl_09_sl_10_what_is_kept_and_shown() {
    let (_simulator, client) = start(Vendor::Slack).await;
    let boss = id(&client.post("/Users", &user("boss", &json!({}))).await.expect(201));
    let made = client
        .post(
            "/Users",
            &user("ada", &json!({
                "password": "p",
                "phoneNumbers": [{ "value": "1", "type": "mobile" }, { "value": "2", "type": "work" }, { "value": "3" }],
                "photos": [{ "value": "https://x.example/1" }, { "value": "https://x.example/2" }],
                "addresses": [{ "country": "PT", "formatted": "f" }, { "country": "DE" }],
                "roles": ["admin", "other"],
                "name": { "givenName": "Ada", "middleName": "M" },
                ENTERPRISE: { "manager": { "value": "ignored", "managerId": "boss@x.example" } },
            })),
        )
        .await
        .expect(201);
    assert_eq!(
        made["phoneNumbers"],
        json!([{ "value": "1", "type": "work" }, { "value": "2", "type": "mobile" }])
    );
    assert_eq!(made["photos"], json!([{ "value": "https://x.example/1" }]));
    assert_eq!(made["addresses"], json!([{ "country": "PT" }]));
    assert_eq!(made["roles"], json!([{ "value": "admin" }]));
    assert_eq!(made["name"], json!({ "givenName": "Ada" }));
    assert_eq!(made[ENTERPRISE], json!({ "manager": { "managerId": boss } }));
    assert_eq!(
        (&made["externalId"], &made["title"], made.get("title").is_some()),
        (&json!(""), &Value::Null, true)
    );
    assert_eq!(made.get("password"), None);
    let stranger = user("bo", &json!({ ENTERPRISE: { "manager": { "managerId": "nobody" } } }));
    refused(&client.post("/Users", &stranger).await, 400, "unknown_user");
}

#[tokio::test]
async fn sl_11_sl_12_sl_14_writes_of_users() {
    let (_simulator, client) = start(Vendor::Slack).await;
    let full = user("ada", &json!({ "externalId": "e", "title": "t", "profileUrl": "https://x.example" }));
    let path = format!("/Users/{}", id(&client.post("/Users", &full).await.expect(201)));
    let put = client.put(&path, &user("ada", &json!({ "externalId": "f" }))).await.expect(200);
    assert_eq!(
        (&put["externalId"], &put["title"], &put["profileUrl"]),
        (&json!("e"), &Value::Null, &json!("https://x.example"))
    );
    assert_eq!(client.patch(&path, &set("title", &json!("u"))).await.expect(200)["title"], "u");
    assert_eq!(client.patch(&path, &set("externalId", &json!("f"))).await.expect(200)["externalId"], "e");
    refused(&client.patch(&path, &set("active", &json!("False"))).await, 400, "invalid_request");
    client.delete(&path).await.expect(204);
    assert_eq!(client.get(&path).await.expect(200)["active"], false);
    assert_eq!(client.put(&path, &user("ada", &json!({}))).await.expect(200)["active"], false);
    assert_eq!(client.patch(&path, &set("active", &json!(true))).await.expect(200)["active"], true);
}

#[tokio::test]
async fn sl_15_sl_16_owners_and_guests() {
    let (simulator, client) = start(Vendor::Slack).await;
    let owner = id(&client.post("/Users", &user("owner", &json!({}))).await.expect(201));
    simulator.console("owner", &json!({ "id": owner })).unwrap();
    let path = format!("/Users/{owner}");
    refused(&client.delete(&path).await, 403, "cannot_disable_primary_owner");
    refused(&client.patch(&path, &set("active", &json!(false))).await, 403, "cannot_disable_primary_owner");
    refused(&client.patch(&path, &set("title", &json!("t"))).await, 403, "cannot_modify_owner");
    client.patch(&path, &set("active", &json!(true))).await.expect(200);
    simulator.console("owner", &json!({ "id": null })).unwrap();
    client.delete(&path).await.expect(204);
    let guest = client.patch(&path, &set(GUEST, &json!({ "type": "multi" }))).await.expect(200);
    assert_eq!((&guest["active"], &guest[GUEST]["type"]), (&json!(true), &json!("multi")));
    refused(&client.patch(&path, &set(GUEST, &json!({ "type": "king" }))).await, 400, "invalid_guest_type");
}

#[tokio::test]
async fn sl_17_sl_18_lists() {
    let (simulator, client) = start(Vendor::Slack).await;
    simulator.set_knob("limits", json!(false)).unwrap();
    for at in 0..12 {
        client.post("/Users", &user(&format!("u{at}"), &json!({}))).await.expect(201);
    }
    let list = client.get("/Users").await.expect(200);
    assert_eq!((&list["totalResults"], &list["itemsPerPage"]), (&json!(12), &json!(10)));
    assert_eq!(client.get("/Users?startIndex=12&count=5000").await.expect(200)["itemsPerPage"], 1);
    let filtered = "/Users?filter=userName eq \"nobody\"";
    assert_eq!(client.get(filtered).await.expect(200)["totalResults"], 12, "the filter is ignored");
    simulator.set_knob("v2_filter", json!("eq_username_email")).unwrap();
    assert_eq!(client.get(filtered).await.expect(200)["totalResults"], 0);
    for filter in ["userName eq \"U3\"", "emails.value eq \"u3@x.example\"", "emails eq \"u3@x.example\""] {
        assert_eq!(
            client.get(&format!("/Users?filter={filter}")).await.expect(200)["totalResults"],
            1,
            "{filter}"
        );
    }
    refused(&client.get("/Users?filter=title eq \"t\"").await, 400, "invalid_filter");
    refused(&client.get("/Groups?filter=id eq \"t\"").await, 400, "invalid_filter");
    assert_eq!(client.get("/Groups?filter=displayName eq \"t\"").await.expect(200)["totalResults"], 0);
}

#[tokio::test]
async fn sl_12_sl_13_sl_19_groups() {
    let (simulator, client) = start(Vendor::Slack).await;
    let (a, b) = (
        id(&client.post("/Users", &user("a", &json!({}))).await.expect(201)),
        id(&client.post("/Users", &user("b", &json!({}))).await.expect(201)),
    );
    let made = client.post("/Groups", &group("g", &[&a])).await.expect(201);
    assert_eq!(
        (&made["members"], &made["externalId"]),
        (&json!([{ "value": a, "display": "a" }]), &json!(""))
    );
    let path = format!("/Groups/{}", id(&made));
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": b }] }]);
    let count = |group: Value| group["members"].as_array().unwrap().len();
    assert_eq!(count(client.patch(&path, &add).await.expect(200)), 2);
    let remove = |path: String| json!([{ "op": "remove", "path": path }]);
    assert_eq!(count(client.patch(&path, &remove(format!("members[value eq {b}]"))).await.expect(200)), 1);
    client.patch(&path, &add).await.expect(200);
    let quoted = remove(format!("members[value eq \"{b}\"]"));
    simulator.set_knob("quoted", json!("400")).unwrap();
    refused(&client.patch(&path, &quoted).await, 400, "invalid_path");
    simulator.set_knob("quoted", json!("accept")).unwrap();
    assert_eq!(count(client.patch(&path, &quoted).await.expect(200)), 1);
    refused(&client.post("/Groups", &group("h", &["U0"])).await, 400, "unknown_user");
    refused(&client.post("/Groups", &group("", &[])).await, 400, "missing_display_name");
    assert_eq!(count(client.get(&path).await.expect(200)), 1);
    assert_eq!(count(client.put(&path, &group("g", &[])).await.expect(200)), 0);
    let many: Vec<String> = (0..15_001).map(|at| format!("U{at}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    refused(&client.put(&path, &group("g", &many)).await, 400, "too_many_users");
    let values: Vec<Value> = many.iter().map(|id| json!({ "value": id })).collect();
    let add = json!([{ "op": "add", "path": "members", "value": values }]);
    refused(&client.patch(&path, &add).await, 400, "too_many_users");
    simulator.console("link-channels", &json!({ "id": id(&made) })).unwrap();
    refused(&client.delete(&path).await, 409, "idp_group_linked_to_channels");
    simulator.console("link-channels", &json!({ "id": id(&made), "on": false })).unwrap();
    client.delete(&path).await.expect(204);
    client.get(&format!("/Users/{a}")).await.expect(200);
}

#[tokio::test]
async fn a_list_of_members_made_from_an_old_reading_loses_one() {
    let (simulator, client) = start(Vendor::Slack).await;
    let a = id(&client.post("/Users", &user("a", &json!({}))).await.expect(201));
    let b = id(&client.post("/Users", &user("b", &json!({}))).await.expect(201));
    let path = format!("/Groups/{}", id(&client.post("/Groups", &group("g", &[])).await.expect(201)));
    client.get(&path).await.expect(200);
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": a }] }]);
    client.patch(&path, &add).await.expect(200);
    client.put(&path, &group("g", &[&b])).await.expect(200);
    assert_eq!(simulator.counters().members_lost, 1);
}
