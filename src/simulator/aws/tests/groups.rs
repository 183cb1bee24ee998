//! Groups: AW-13, AW-17, AW-21 to AW-23.

use serde_json::{Value, json};

use super::{make, people, refused, set, start, user};

#[tokio::test]
async fn aw_13_aw_17_aw_21_a_group_hides_its_members() {
    let (simulator, client) = start(&json!({})).await;
    let ada = make(&client, "/Users", &user("ada", &json!({}))).await;
    let made = client
        .post(
            "/Groups",
            &json!({ "displayName": "g", "externalId": "e", "members": people(std::slice::from_ref(&ada)) }),
        )
        .await
        .expect(201);
    assert_eq!(made.get("members"), None);
    let path = format!("/Groups/{}", made["id"].as_str().unwrap());
    assert_eq!(client.get(&path).await.expect(200)["members"], json!([]));
    assert_eq!(client.get("/Groups").await.expect(200)["Resources"][0]["members"], json!([]));
    assert_eq!(simulator.state()["groups"][0]["members"], json!([{ "value": ada }]));
    refused(&client.post("/Groups", &json!({ "displayName": "G" })).await, 409);
    refused(&client.post("/Groups", &json!({ "displayName": "h", "externalId": "e" })).await, 409);
    refused(&client.post("/Groups", &json!({ "displayName": "" })).await, 400);
    let many: Vec<String> = vec![ada; 101];
    refused(&client.post("/Groups", &json!({ "displayName": "h", "members": people(&many) })).await, 400);
}

#[tokio::test]
async fn aw_22_aw_23_patch_of_a_group() {
    let (simulator, client) = start(&json!({})).await;
    let mut ids = Vec::new();
    for at in 0..101 {
        ids.push(make(&client, "/Users", &user(&format!("u{at}"), &json!({}))).await);
    }
    let path = format!("/Groups/{}", make(&client, "/Groups", &json!({ "displayName": "g" })).await);
    let held = || simulator.state()["groups"][0]["members"].as_array().unwrap().len();
    let members = |op: &str, ids: &[String]| json!([{ "op": op, "path": "members", "value": people(ids) }]);
    refused(&client.patch(&path, &members("add", &ids)).await, 400);
    client.patch(&path, &members("add", &ids[..100])).await.expect(204);
    client.patch(&path, &members("ADD", &ids[..2])).await.expect(204);
    assert_eq!(held(), 100);
    let split = json!([
        { "op": "add", "path": "members", "value": people(&ids[..60]) },
        { "op": "remove", "path": "members", "value": people(&ids[60..]) },
    ]);
    refused(&client.patch(&path, &split).await, 400);
    client.patch(&path, &members("remove", &ids[..2])).await.expect(204);
    client.patch(&path, &members("remove", &ids[..2])).await.expect(204);
    client
        .patch(&path, &json!([{ "op": "remove", "path": format!("members[value eq \"{}\"]", ids[2]) }]))
        .await
        .expect(204);
    assert_eq!(held(), 97);
    for operations in [
        members("replace", &ids[..1]),
        members("remove", &[]),
        json!([{ "op": "remove", "path": "members" }]),
        json!([{ "op": "remove", "path": "displayName" }]),
        json!([{ "op": "replace", "value": { "displayName": "h", "externalId": "e" } }]),
        json!([{ "op": "replace", "value": { "displayName": "h", "schemas": [] } }]),
        set("title", &json!("t")),
        json!([]),
    ] {
        refused(&client.patch(&path, &operations).await, 400);
    }
    client.patch(&path, &set("displayName", &json!("h"))).await.expect(204);
    client.patch(&path, &json!([{ "op": "replace", "value": { "externalId": "e" } }])).await.expect(204);
    let read = client.get(&path).await.expect(200);
    assert_eq!((&read["displayName"], &read["externalId"]), (&json!("h"), &json!("e")));
    let ghost = members("add", &["ghost".to_owned()]);
    refused(&client.patch(&path, &ghost).await, 404);
    simulator.set_knob("unknown_member", json!("400")).unwrap();
    refused(&client.patch(&path, &ghost).await, 400);
    refused(&client.send("PATCH", "/Groups/none", &Value::Null).await, 400);
    refused(&client.patch("/Groups/none", &ghost).await, 404);
    assert_eq!((held(), simulator.counters().members_lost), (97, 0));
}
