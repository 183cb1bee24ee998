//! Users: S1-06 to S1-14, S1-17, S1-19.

use serde_json::{Value, json};

use super::super::ROLES;
use super::{make, refused, start, user};

#[tokio::test]
async fn s1_06_s1_17_lists() {
    let (simulator, client) = start().await;
    simulator.set_knob("limits", json!(false)).unwrap();
    let mut ids = Vec::new();
    for at in 0..24 {
        ids.push(make(&client, &format!("u{at}@x.example"), at % 2).await);
    }
    let first = client.get("/users").await.expect(200);
    assert_eq!(
        (first["data"].as_array().unwrap().len(), &first["pagination"]["totalItems"]),
        (10, &json!(25))
    );
    let (mut cursor, mut seen) = (String::new(), 0);
    loop {
        let page = client.get(&format!("/users?limit=7{cursor}")).await.expect(200);
        seen += page["data"].as_array().unwrap().len();
        match page["pagination"]["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, 25);
    for bad in ["limit=0", "limit=1001", "limit=x", "skip=1001", "cursor=x"] {
        refused(&client.get(&format!("/users?{bad}")).await, 400);
    }
    let count = |list: &Value| list["data"].as_array().unwrap().len();
    let counted = client.get("/users?countOnly=true").await.expect(200);
    assert_eq!((count(&counted), &counted["pagination"]["totalItems"]), (0, &json!(25)));
    for (query, found) in [
        ("email=U3@x.example".to_owned(), 1),
        ("email=u3@x.example,u4@x.example".to_owned(), 2),
        ("email__contains=u1".to_owned(), 11),
        (format!("ids={},{}", ids[0], ids[1]), 2),
        (format!("roleIds={}", ROLES[1].0), 12),
        ("source=mgmt".to_owned(), 25),
        ("source=sso_saml".to_owned(), 0),
        ("fullName=ada l".to_owned(), 24),
        ("skip=20".to_owned(), 5),
    ] {
        assert_eq!(
            count(&client.get(&format!("/users?limit=1000&{query}")).await.expect(200)),
            found,
            "{query}"
        );
    }
    assert_eq!(
        client.get("/rbac/roles").await.expect(200)["data"][0],
        json!({ "id": ROLES[0].0, "name": ROLES[0].1 })
    );
}

#[tokio::test]
async fn s1_07_s1_08_s1_09_s1_13_creation() {
    let (simulator, client) = start().await;
    for name in ["email", "fullName", "scope", "scopeRoles"] {
        let mut without = user("a@x.example", 0);
        without.as_object_mut().unwrap().remove(name);
        refused(&client.post("/users", &json!({ "data": without })).await, 400);
    }
    let mut two = user("a@x.example", 0);
    two["scopeRoles"] = json!([{ "id": "1", "roleId": ROLES[0].0 }, { "id": "2", "roleId": ROLES[1].0 }]);
    simulator.set_knob("single_role", json!(true)).unwrap();
    refused(&client.post("/users", &json!({ "data": two })).await, 400);
    simulator.set_knob("single_role", json!(false)).unwrap();
    let made = client.post("/users", &json!({ "data": two })).await.expect(200)["data"].clone();
    let id = made["id"].as_str().unwrap();
    assert!((18..=19).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    assert_eq!(made["scopeRoles"][1]["roleName"], ROLES[1].1);
    assert!(["active", "enabled", "disabled"].iter().all(|name| made.get(*name).is_none()));
    let error = refused(&client.post("/users", &json!({ "data": user("A@x.example", 0) })).await, 400);
    assert_eq!(error["detail"], "User with this email already exists");
    simulator.set_knob("duplicate", json!("409")).unwrap();
    refused(&client.post("/users", &json!({ "data": user("a@x.example", 0) })).await, 409);
    let mut bad = user("b@x.example", 0);
    bad["scopeRoles"][0]["roleId"] = json!("1");
    refused(&client.post("/users", &json!({ "data": bad })).await, 400);
}

#[tokio::test]
async fn s1_10_s1_11_changes() {
    let (simulator, client) = start().await;
    let id = make(&client, "a@x.example", 0).await;
    let path = format!("/users/{id}");
    let put = |data: Value| {
        let (client, path) = (client.clone(), path.clone());
        async move { client.put(&path, &json!({ "data": data })).await }
    };
    refused(&put(json!({ "fullName": "New" })).await, 400);
    let after =
        put(json!({ "scope": "account", "fullName": "", "email": "new@x.example" })).await.expect(200);
    assert_eq!(
        (&after["data"]["fullName"], &after["data"]["email"]),
        (&json!("Ada L"), &json!("new@x.example"))
    );
    let roles = json!([{ "id": "9", "roleId": ROLES[2].0 }]);
    let after = put(json!({ "scope": "account", "scopeRoles": roles })).await.expect(200);
    assert_eq!(after["data"]["scopeRoles"].as_array().unwrap().len(), 1);
    assert_eq!(after["data"]["scopeRoles"][0]["roleName"], ROLES[2].1);
    make(&client, "b@x.example", 0).await;
    refused(&put(json!({ "scope": "site", "email": "B@x.example" })).await, 400);
    let set = json!({ "source": "sso_saml", "emailReadOnly": true });
    simulator.console("edit-user", &json!({ "id": id, "set": set })).unwrap();
    refused(&put(json!({ "scope": "site", "email": "c@x.example" })).await, 400);
    put(json!({ "scope": "site", "email": "new@x.example", "fullName": "N" })).await.expect(200);
    refused(&client.send("PATCH", &path, &json!({ "data": {} })).await, 405);
    refused(&client.put("/users/1", &json!({ "data": { "scope": "site" } })).await, 404);
}

#[tokio::test]
async fn s1_12_s1_14_deletion_is_for_ever() {
    let (simulator, client) = start().await;
    let id = make(&client, "a@x.example", 0).await;
    let path = format!("/users/{id}");
    simulator.console("edit-user", &json!({ "id": id, "set": { "isSystem": true } })).unwrap();
    refused(&client.delete(&path).await, 403);
    refused(&client.put(&path, &json!({ "data": { "scope": "site" } })).await, 403);
    simulator.console("edit-user", &json!({ "id": id, "set": { "isSystem": false } })).unwrap();
    assert_eq!(client.delete(&path).await.expect(200), json!({ "data": { "success": true } }));
    assert_eq!(refused(&client.delete(&path).await, 404)["title"], "Not Found");
    refused(&client.get(&path).await, 404);
    assert_ne!(make(&client, "a@x.example", 0).await, id);
}

#[tokio::test]
async fn s1_19_scim_is_hearsay() {
    let (simulator, client) = start().await;
    let scim = client.with("authorization", &format!("Bearer {}", simulator.token()));
    refused(&scim.get("/scim/v2/Users").await, 404);
    simulator.set_knob("scim_stub", json!(true)).unwrap();
    client.get("/scim/v2/Users").await.refused(401, "");
    let ada = json!({ "userName": "ada@x.example", "displayName": "Ada" });
    let made = scim.post("/scim/v2/Users", &ada).await.expect(201);
    scim.post("/scim/v2/Users", &ada).await.refused(409, "uniqueness");
    let found = scim.get("/scim/v2/Users?filter=userName eq \"ADA@x.example\"").await.expect(200);
    assert_eq!(found["Resources"][0], made);
    scim.get("/scim/v2/Users?filter=displayName eq \"Ada\"").await.refused(400, "invalidFilter");
    assert_eq!(scim.get("/scim/v2/Users").await.expect(200)["totalResults"], 2);
    let path = format!("/scim/v2/Users/{}", made["id"].as_str().unwrap());
    scim.patch(&path, &json!([{ "op": "replace", "path": "active", "value": false }])).await.refused(405, "");
    scim.get("/scim/v2/Groups").await.refused(404, "");
    scim.delete(&path).await.expect(204);
    scim.get(&path).await.refused(404, "");
}
