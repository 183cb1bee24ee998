//! Users: NJ-06 to NJ-17.

use serde_json::{Value, json};

use super::super::intake::{ENTERPRISE, EXTENSION};
use super::{create, end_user, set, start, with_own};
use crate::simulator::harness::client::Answer;

#[tokio::test]
async fn nj_06_to_11_what_a_user_needs() {
    let (simulator, client) = start().await;
    let mut n = 0;
    let mut post = async |mut body: Value| -> Answer {
        n += 1;
        if body["userName"] == "ada@x.example" {
            body["userName"] = json!(format!("ada{n}@x.example"));
        }
        client.post("/Users", &body).await
    };
    for body in [
        json!({ EXTENSION: { "organizationId": "1" } }),
        json!({ "userName": "ada", EXTENSION: { "organizationId": "1" } }),
        json!({ "userName": "", "emails": [{ "value": "a@x.example" }], EXTENSION: { "organizationId": "1" } }),
        json!({ "userName": "ada", "emails": [{ "value": "ada" }], EXTENSION: { "organizationId": "1" } }),
        json!({ "userName": "ada", "emails": "ada@x.example", EXTENSION: { "organizationId": "1" } }),
        with_own(&json!({ "userType": "enduser", "organizationId": "1" })),
        with_own(&json!({ "userType": "ENDUSER", "organizationId": "1" })),
        with_own(&json!({ "userType": "technician" })),
        with_own(&json!({ "userType": "Technician | endUser" })),
        with_own(&json!({ "userType": 1 })),
        with_own(&json!({ "userType": "endUser" })),
        with_own(&json!({})),
        json!({ "userName": "ada@x.example" }),
        with_own(&json!({ "organizationId": "4" })),
        with_own(&json!({ "organizationId": "all" })),
        with_own(&json!({ "organizationId": "1,2" })),
        with_own(&json!({ "organizationId": ["1"] })),
    ] {
        let text = body.to_string();
        let answer = post(body).await;
        assert_eq!((answer.status, &answer.body["scimType"]), (400, &json!("invalidValue")), "{text}");
    }
    assert_eq!(
        post(with_own(&json!({ "organizationId": 99 }))).await.refused(400, "invalidValue"),
        "Organization not found"
    );

    for (own, stored) in [
        (json!({ "organizationId": "17" }), json!({ "userType": "endUser", "organizationId": "17" })),
        (
            json!({ "organizationId": 23, "userType": null }),
            json!({ "userType": "endUser", "organizationId": "23" }),
        ),
        (
            json!({ "userType": "endUser", "organizationId": "All" }),
            json!({ "userType": "endUser", "organizationId": "All" }),
        ),
        (json!({ "userType": "Technician", "organizationId": "1" }), json!({ "userType": "Technician" })),
        (json!({ "userType": "Technician" }), json!({ "userType": "Technician" })),
    ] {
        assert_eq!(post(with_own(&own)).await.expect(201)[EXTENSION], stored);
    }
    let mail = json!({ "userName": "grace", "emails": [{ "value": "grace@x.example" }], EXTENSION: { "organizationId": 1 } });
    assert_eq!(post(mail).await.expect(201)["userName"], "grace");

    for (knob, value) in [
        ("accept_lower_technician", json!(true)),
        ("multi_org", json!(true)),
        ("org_absent", json!("global")),
        ("org_ids", json!([4, 5])),
    ] {
        simulator.set_knob(knob, value).unwrap();
    }
    assert_eq!(
        post(with_own(&json!({ "userType": "technician" }))).await.expect(201)[EXTENSION]["userType"],
        "Technician"
    );
    assert_eq!(
        post(with_own(&json!({ "organizationId": "4,5" }))).await.expect(201)[EXTENSION]["organizationId"],
        "4,5"
    );
    post(with_own(&json!({ "organizationId": "4,1" }))).await.expect(400);
    assert_eq!(post(with_own(&json!({}))).await.expect(201)[EXTENSION]["organizationId"], "All");
}

#[tokio::test]
async fn nj_12_nj_13_an_existing_account_is_taken_over_or_in_the_way() {
    let (simulator, client) = start().await;
    let old = simulator
        .console(
            "add-user",
            &json!({
        "email": "Old@x.example", "firstName": "Old", "userType": "Technician", "phone": "1" }),
        )
        .unwrap();
    let found = client.get("/Users?filter=userName eq \"old@x.example\"").await.expect(200);
    assert_eq!(found["totalResults"], 0, "SCIM does not see whom it does not manage");
    client.get(&format!("/Users/{}", old["id"])).await.expect(404);

    let body = json!({ "userName": "new.name", "emails": [{ "value": "old@X.example" }], "name": { "familyName": "N" } });
    let user = client.post("/Users", &body).await.expect(201);
    assert_eq!(user["id"], old["id"].to_string());
    assert_eq!((&user["userName"], &user["name"]), (&json!("new.name"), &json!({ "familyName": "N" })));
    assert_eq!(user[EXTENSION], json!({ "userType": "Technician" }), "what is not given stays");
    let state = simulator.state();
    assert_eq!((&state["users"][0]["scimUser"], &state["users"][0]["phone"]), (&json!(true), &json!("1")));
    assert_eq!(state["activities"][0]["activity"], "user taken over by SCIM");

    client.post("/Users", &body).await.refused(409, "uniqueness");
    client
        .post("/Users", &json!({ "userName": "NEW.NAME", "emails": [{ "value": "z@x.example" }] }))
        .await
        .refused(409, "uniqueness");
    client.post("/Users", &json!({ "userName": "OLD@x.example" })).await.refused(409, "uniqueness");
    let mut other = end_user("other@x.example");
    other["emails"] = json!([{ "value": "other@x.example" }]);
    let other = create(&client, "/Users", &other).await;
    client
        .patch(&format!("/Users/{other}"), &set("userName", &json!("new.name")))
        .await
        .refused(409, "uniqueness");
    simulator.console("add-user", &json!({ "email": "third@x.example" })).unwrap();
    let taken = set("emails", &json!([{ "value": "third@x.example" }]));
    client.patch(&format!("/Users/{other}"), &taken).await.refused(409, "uniqueness");
    assert_eq!(simulator.counters().conflicts, 3);
}

#[tokio::test]
async fn nj_14_nj_15_what_scim_cannot_set() {
    let (simulator, client) = start().await;
    let mut body = end_user("ada@x.example");
    body["phoneNumbers"] = json!([{ "value": "555", "type": "work" }]);
    body["password"] = json!("x");
    body["shoeSize"] = json!(42);
    body["roles"] = json!([{ "value": "Technician - L1" }]);
    body[ENTERPRISE] = json!({ "department": "D", "manager": { "value": "7" } });
    let user = client.post("/Users", &body).await.expect(201);
    for name in ["phoneNumbers", "password", "shoeSize", "roles"] {
        assert_eq!(user.get(name), None, "{name}");
    }
    assert_eq!(user[ENTERPRISE], body[ENTERPRISE]);
    let path = format!("/Users/{}", user["id"].as_str().unwrap());
    let phone = json!([{ "op": "add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1" }]);
    assert_eq!(client.patch(&path, &phone).await.expect(200), user);
    client
        .patch(&path, &json!([{ "op": "replace", "value": { "phoneNumbers": [], "shoeSize": 1 } }]))
        .await
        .expect(200);

    for (name, value) in [
        ("roles", json!([{ "value": "System Administrator" }])),
        ("roles", json!(["system administrator"])),
        (EXTENSION, json!({ "userType": "Technician", "role": "System Administrator" })),
    ] {
        let mut body = end_user("eve@x.example");
        body[name] = value;
        client.post("/Users", &body).await.refused(403, "");
    }
    let roles = json!([{ "value": "System Administrator" }]);
    client.patch(&path, &json!([{ "op": "add", "path": "roles", "value": roles }])).await.refused(403, "");
    client.patch(&path, &json!([{ "op": "add", "value": { "roles": roles } }])).await.refused(403, "");
    client.patch(&path, &set(&format!("{EXTENSION}:roles"), &roles)).await.refused(403, "");
    create(&client, "/Groups", &json!({ "displayName": "Admins" })).await;
    let mapping = json!({ "group": "Admins", "role": "System Administrator" });
    assert_eq!(simulator.console("map-group", &mapping).unwrap_err().status, 409);
}

#[tokio::test]
async fn nj_16_nj_17_users_leave_and_come_back() {
    let (simulator, client) = start().await;
    let id = create(&client, "/Users", &end_user("ada@x.example")).await;
    let path = format!("/Users/{id}");
    assert_eq!(client.patch(&path, &set("active", &json!(false))).await.expect(200)["active"], false);
    assert_eq!(client.get("/Users").await.expect(200)["Resources"][0]["active"], false, "still listed");
    assert_eq!(simulator.state()["users"][0]["enabled"], false);
    let pathless = json!([{ "op": "replace", "value": { "active": true } }]);
    assert_eq!(client.patch(&path, &pathless).await.expect(200)["active"], true);
    client.patch(&path, &set("active", &json!("False"))).await.refused(400, "invalidValue");
    simulator.set_knob("string_booleans", json!(true)).unwrap();
    assert_eq!(client.patch(&path, &set("active", &json!("False"))).await.expect(200)["active"], false);
    client.patch(&path, &set("active", &json!("no"))).await.refused(400, "invalidValue");
    client.patch(&path, &set("active", &json!(true))).await.expect(200);

    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.get(&path).await.expect(200)["active"], false);
    assert_eq!(client.delete(&path).await.status, 204);
    client.post("/Users", &end_user("ada@x.example")).await.refused(409, "uniqueness");
    let group = json!({ "displayName": "g", "members": [{ "value": id }] });
    let group = format!("/Groups/{}", create(&client, "/Groups", &group).await);
    simulator.set_knob("delete", json!("hard")).unwrap();
    client.delete(&path).await.expect(204);
    client.delete(&path).await.expect(404);
    assert_eq!(client.get(&group).await.expect(200)["members"], json!([]));
    assert_ne!(create(&client, "/Users", &end_user("ada@x.example")).await, id);
}

#[tokio::test]
async fn a_user_is_patched_and_put_in_the_forms_of_the_rfc() {
    let (_simulator, client) = start().await;
    let mut body = end_user("ada@x.example");
    body["emails"] = json!([{ "value": "ada@x.example", "type": "work" }]);
    let id = create(&client, "/Users", &body).await;
    let path = format!("/Users/{id}");
    let operations = json!([
        { "op": "add", "path": "name.givenName", "value": "Ada" },
        { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "countess@x.example" },
        { "op": "add", "path": format!("{ENTERPRISE}:department"), "value": "Engines" },
        { "op": "replace", "path": format!("{EXTENSION}:userType"), "value": "Technician" },
        { "op": "add", "path": "unheard:of", "value": 1 },
    ]);
    client.patch(&path, &operations).await.refused(400, "invalidPath");
    let known: Vec<_> = operations.as_array().unwrap()[..4].to_vec();
    let user = client.patch(&path, &json!(known)).await.expect(200);
    assert_eq!(
        (&user["name"]["givenName"], &user["emails"][0]["value"]),
        (&json!("Ada"), &json!("countess@x.example"))
    );
    assert_eq!(user[ENTERPRISE], json!({ "department": "Engines" }));
    assert_eq!(user[EXTENSION], json!({ "userType": "Technician" }));
    for (keyword, operations) in [
        ("noTarget", set("emails[type eq \"home\"].value", &json!("x@x.example"))),
        ("invalidSyntax", json!([{ "op": "Replace", "path": "title", "value": "x" }])),
        ("invalidSyntax", json!([])),
        ("mutability", set("id", &json!("1"))),
        ("mutability", json!([{ "op": "remove", "path": "userName" }])),
        ("invalidValue", set(&format!("{EXTENSION}:userType"), &json!("boss"))),
        // An end user needs an organisation, also one who was a technician.
        ("invalidValue", set(&format!("{EXTENSION}:userType"), &json!("endUser"))),
        ("invalidValue", set("title", &json!(7))),
    ] {
        let answer = client.patch(&path, &operations).await;
        assert_eq!((answer.status, &answer.body["scimType"]), (400, &json!(keyword)), "{operations}");
    }
    let user = client.put(&path, &end_user("new@x.example")).await.expect(200);
    assert_eq!(
        (&user["userName"], user.get("name"), &user["id"]),
        (&json!("new@x.example"), None, &json!(id))
    );
    assert_eq!(user[EXTENSION]["userType"], "endUser");
    client.patch("/Users/1", &set("title", &json!("x"))).await.expect(404);
    client.get(&format!("/Users/0{id}")).await.expect(404);
}
