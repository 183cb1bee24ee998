//! Lists, the console and the public API: NJ-18, NJ-19, NJ-22 to NJ-24.

use std::time::Duration;

use serde_json::{Value, json};

use super::{create, end_user, set, start, with_own};
use crate::simulator::harness::client::Client;

#[tokio::test]
async fn nj_18_nj_19_few_filters_and_a_list() {
    let (simulator, client) = start().await;
    let mut body = end_user("ada@x.example");
    body["emails"] = json!([{ "value": "Countess@x.example" }]);
    create(&client, "/Users", &body).await;
    for n in 0..100 {
        create(&client, "/Users", &end_user(&format!("u{n}@x.example"))).await;
    }
    simulator.console("add-user", &json!({ "email": "native@x.example" })).unwrap();
    let total =
        async |query: &str| client.get(&format!("/Users?{query}")).await.expect(200)["totalResults"].clone();
    assert_eq!(total("filter=userName eq \"ADA@x.example\"").await, 1);
    assert_eq!(total("filter=emails.value eq \"countess@x.example\"").await, 1);
    assert_eq!(total("filter=userName eq \"nobody\"").await, 0);
    for filter in [
        "userName sw \"a\"",
        "externalId eq \"a\"",
        "userName eq \"a\" or userName eq \"b\"",
        "emails eq \"a\"",
        "emails[value eq \"a\"]",
        "id eq \"1\"",
        "nonsense",
    ] {
        client.get(&format!("/Users?filter={filter}")).await.refused(400, "invalidFilter");
    }
    let page = client.get("/Users").await.expect(200);
    assert_eq!((&page["totalResults"], &page["itemsPerPage"]), (&json!(101), &json!(100)));
    let page = client.get("/Users?startIndex=101&count=5&attributes=userName").await.expect(200);
    assert_eq!((&page["startIndex"], &page["itemsPerPage"]), (&json!(101), &json!(1)));
    assert_eq!(page["Resources"][0].as_object().unwrap().len(), 3);
    simulator.set_knob("list", json!("empty")).unwrap();
    assert_eq!(total("").await, 0);
    assert_eq!(total("filter=userName eq \"ada@x.example\"").await, 1);
    simulator.set_knob("list", json!("501")).unwrap();
    client.get("/Users").await.refused(501, "");
}

#[tokio::test]
async fn nj_22_nj_23_the_console_is_locked_and_no_mail_is_sent() {
    let (simulator, client) = start().await;
    let id = create(&client, "/Users", &end_user("ada@x.example")).await;
    let refused = |action: &str, arguments: Value| simulator.console(action, &arguments).unwrap_err().status;
    assert_eq!(refused("edit-user", json!({ "id": id, "firstName": "Eve" })), 409);
    assert_eq!(refused("delete-user", json!({ "id": id })), 409);
    assert_eq!(refused("edit-user", json!({ "id": "1", "phone": "5" })), 404);
    assert_eq!(refused("dance", json!({})), 404);
    simulator.console("edit-user", &json!({ "id": id, "phone": "5", "language": "de" })).unwrap();
    simulator.console("scim", &json!({ "on": false })).unwrap();
    simulator.console("edit-user", &json!({ "id": id, "firstName": "Eve" })).unwrap();
    simulator.console("scim", &json!({ "on": true })).unwrap();
    let user = client.get(&format!("/Users/{id}")).await.expect(200);
    assert_eq!((&user["name"]["givenName"], user.get("phoneNumbers")), (&json!("Eve"), None));
    let native = simulator.console("add-user", &json!({ "email": "n@x.example" })).unwrap();
    simulator.console("delete-user", &native).unwrap();

    client.patch(&format!("/Users/{id}"), &set("active", &json!(false))).await.expect(200);
    client.patch(&format!("/Users/{id}"), &set("active", &json!(false))).await.expect(200);
    let state = simulator.state();
    assert_eq!(state["mails"], json!([]));
    let activities: Vec<_> =
        state["activities"].as_array().unwrap().iter().map(|one| &one["activity"]).collect();
    assert_eq!(activities, ["user created by SCIM", "user deactivated by SCIM"]);
}

#[tokio::test]
async fn nj_24_the_public_api_shows_the_same_users() {
    let (simulator, client) = start().await;
    let id = create(&client, "/Users", &with_own(&json!({ "userType": "Technician" }))).await;
    create(&client, "/Users", &end_user("end@x.example")).await;
    simulator.console("add-user", &json!({ "email": "native@x.example", "organizationId": 2 })).unwrap();
    client.patch(&format!("/Users/{id}"), &set("active", &json!(false))).await.expect(200);

    let origin = simulator.base_url().replace("/ws/scim/v2", "");
    let api = Client::new(&origin);
    // The client of the tests sends JSON, in whose quotes this form is still found.
    let form = |secret: &str| {
        json!(format!("&grant_type=client_credentials&client_id=simulator&client_secret={secret}&"))
    };
    api.post("/ws/oauth/token", &form("no")).await.expect(401);
    api.post("/ws/oauth/token", &json!("&")).await.expect(400);
    let granted = api.post("/ws/oauth/token", &form("simulator")).await.expect(200);
    assert_eq!(granted["expires_in"], 3600);
    let api = api.with("authorization", &format!("Bearer {}", granted["access_token"].as_str().unwrap()));

    let users = api.get("/v2/users").await.expect(200);
    assert_eq!(users.as_array().unwrap().len(), 3);
    let technicians = api.get("/v2/user/technicians").await.expect(200);
    let technician = &technicians[0];
    assert_eq!(
        (technician["id"].to_string(), &technician["enabled"], &technician["scimUser"]),
        (id.clone(), &json!(false), &json!(true))
    );
    assert_eq!(technician["userType"], "TECHNICIAN");
    let end_users = api.get("/v2/user/end-users").await.expect(200);
    assert_eq!((&end_users[0]["organizationId"], &end_users[1]["scimUser"]), (&json!(17), &json!(false)));
    assert_eq!(api.get("/v2/users?userType=END_USER").await.expect(200), end_users);
    assert_eq!(api.get(&format!("/v2/user/technician/{id}")).await.expect(200), *technician);
    assert_eq!(api.get(&format!("/v2/user/end-user/{id}")).await.expect(400)["resultCode"], "FAILURE");
    assert_eq!(api.get("/v2/user/technician/1").await.expect(404)["resultCode"], "NOT_FOUND");
    api.delete(&format!("/v2/user/technician/{id}")).await.expect(405);
    api.get("/v2/devices").await.expect(404);
    api.get("/elsewhere").await.refused(404, "");

    let scim = Client::new(&origin).with("authorization", &format!("Bearer {}", simulator.token()));
    assert_eq!(scim.get("/v2/users").await.expect(401)["error"], "invalid_token");
    api.get("/ws/scim/v2/Users").await.expect(401);
    simulator.advance(Duration::from_secs(3_600));
    api.get("/v2/users").await.expect(401);
}
