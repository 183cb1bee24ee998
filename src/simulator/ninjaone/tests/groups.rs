//! Groups: NJ-20, NJ-21.

use serde_json::{Value, json};

use super::{create, end_user, set, start, with_own};

#[tokio::test]
async fn nj_20_nj_21_groups_mean_nothing_until_mapped() {
    let (simulator, client) = start().await;
    let a = create(&client, "/Users", &with_own(&json!({ "userType": "Technician" }))).await;
    let b = create(&client, "/Users", &end_user("b@x.example")).await;
    let id = create(&client, "/Groups", &json!({ "displayName": "Techs", "externalId": "e" })).await;
    let path = format!("/Groups/{id}");
    client.post("/Groups", &json!({ "displayName": "TECHS" })).await.refused(409, "uniqueness");
    client.post("/Groups", &json!({})).await.refused(400, "invalidValue");
    client
        .post("/Groups", &json!({ "displayName": "x", "members": [{ "value": id }] }))
        .await
        .refused(400, "invalidValue");
    let members = |group: &Value| -> Vec<String> {
        group["members"]
            .as_array()
            .unwrap()
            .iter()
            .map(|member| member["value"].as_str().unwrap().to_owned())
            .collect()
    };
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": a }, { "value": b }] }]);
    assert_eq!(members(&client.patch(&path, &add).await.expect(200)), [a.clone(), b.clone()]);
    assert_eq!(members(&client.patch(&path, &add).await.expect(200)).len(), 2, "a second time is no news");
    for remove in [
        json!([{ "op": "remove", "path": format!("members[value eq \"{b}\"]") }]),
        json!([{ "op": "remove", "path": "members", "value": [{ "value": b }] }]),
    ] {
        client.patch(&path, &add).await.expect(200);
        assert_eq!(members(&client.patch(&path, &remove).await.expect(200)), [a.as_str()]);
        client.patch(&path, &remove).await.expect(200);
    }
    let renamed = client.patch(&path, &set("displayName", &json!("Crew"))).await.expect(200);
    assert_eq!((&renamed["displayName"], &renamed["externalId"]), (&json!("Crew"), &json!("e")));
    let pathless = json!([{ "op": "replace", "value": { "id": id, "displayName": "Technicians" } }]);
    assert_eq!(client.patch(&path, &pathless).await.expect(200)["displayName"], "Technicians");
    client.put(&path, &json!({ "displayName": "x" })).await.expect(405);
    for (keyword, operations) in [
        ("invalidPath", set("members", &json!([{ "value": b }]))),
        ("invalidPath", json!([{ "op": "remove", "path": "members[display eq \"x\"]" }])),
        ("invalidPath", json!([{ "op": "remove", "path": "displayName" }])),
        ("invalidPath", json!([{ "op": "remove", "path": null }])),
        ("invalidValue", json!([{ "op": "add", "path": "members", "value": [{ "value": "ghost" }] }])),
        ("invalidValue", json!([{ "op": "add", "path": "members", "value": ["x"] }])),
        ("invalidValue", json!([{ "op": "remove" }])),
        ("invalidSyntax", json!([{ "op": "Add", "path": "members", "value": [] }])),
    ] {
        let answer = client.patch(&path, &operations).await;
        assert_eq!((answer.status, &answer.body["scimType"]), (400, &json!(keyword)), "{operations}");
    }
    assert_eq!(
        client.get("/Groups?filter=displayName eq \"technicians\"").await.expect(200)["totalResults"],
        1
    );
    client.get("/Groups?filter=members.value eq \"x\"").await.refused(400, "invalidFilter");
    assert_eq!(
        client.get("/Groups?excludedAttributes=members").await.expect(200)["Resources"][0].get("members"),
        None
    );

    let roles = || simulator.state()["users"][0]["roles"].clone();
    assert_eq!(roles(), json!([]));
    simulator.console("map-group", &json!({ "group": "Technicians", "role": "Technician - L2" })).unwrap();
    assert_eq!(roles(), json!(["Technician - L2"]));
    simulator.console("map-group", &json!({ "group": id, "role": null })).unwrap();
    assert_eq!(roles(), json!([]));
    assert!(simulator.console("map-group", &json!({ "group": id, "role": "King" })).is_err());
    assert_eq!(client.delete(&path).await.status, 204);
    client.get(&path).await.expect(404);
}

#[tokio::test]
async fn a_list_of_members_made_from_an_old_reading_loses_one() {
    let (simulator, client) = start().await;
    simulator.set_knob("replace_members", json!("accept")).unwrap();
    let (a, b) = (
        create(&client, "/Users", &end_user("a@x.example")).await,
        create(&client, "/Users", &end_user("b@x.example")).await,
    );
    let path = format!("/Groups/{}", create(&client, "/Groups", &json!({ "displayName": "g" })).await);
    client.get(&path).await.expect(200);
    client
        .patch(&path, &json!([{ "op": "add", "path": "members", "value": [{ "value": a }] }]))
        .await
        .expect(200);
    client.patch(&path, &set("members", &json!([{ "value": b }]))).await.expect(200);
    assert_eq!(simulator.counters().members_lost, 1);
}
