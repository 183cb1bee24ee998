//! What NinjaOne needs and no identity provider has: `userType` and `organizationId`.

use scim_bridge::simulator::Vendor;
use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan, vendor};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const NINJA: &str = "urn:ietf:params:scim:schemas:extension:ninjaone:2.0:User";

fn entra_user(name: &str, department: Option<&str>) -> Value {
    let mut user = json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": name,
        "userName": format!("{name}@acme.example"),
        "active": true,
        "displayName": name,
        "emails": [{ "primary": true, "type": "work", "value": format!("{name}@acme.example") }],
        "name": { "givenName": name, "familyName": "Silva" },
        "phoneNumbers": [{ "type": "mobile", "value": "+351 900 000 000" }],
    });
    if let Some(department) = department {
        user[ENTERPRISE] = json!({ "department": department });
    }
    user
}

/// What was written, as it must be read: without what only the bridge knows.
fn without_links(value: &Value) -> Value {
    let mut value = value.clone();
    for name in ["id", "meta", "schemas"] {
        value.as_object_mut().unwrap().remove(name);
    }
    value
}

#[tokio::test]
async fn the_vendor_gets_both_and_the_identity_provider_reads_what_it_wrote() {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    let mut plan = Plan::new();
    plan.integration("acme", &ninjaone.base_url(), &ninjaone.token())
        .mapping("ninjaone")
        .more("    with: { organization: \"3\", technicians: [Helpdesk] }\n")
        .done();
    let bridge = plan.start().await;
    let idp = bridge.client();
    for (name, department, organization) in
        [("bo", Some("Retail - Lisbon"), "17"), ("cem", Some("Legal"), "3"), ("dee", None, "3")]
    {
        ninjaone.clear_log();
        let written = entra_user(name, department);
        let made = idp.post("/Users", &written).await;
        assert_eq!(made.status, 201, "{made:?}");
        let sent = ninjaone.log().pop().unwrap().body.unwrap();
        assert_eq!(sent[NINJA], json!({ "userType": "endUser", "organizationId": organization }), "{name}");
        assert!(sent.get("phoneNumbers").is_none(), "NinjaOne loses phone numbers: they are remembered");
        let read = idp.get(&format!("/Users/{}", made.body["id"].as_str().unwrap())).await;
        assert_eq!(without_links(&read.body), without_links(&written));
        assert_eq!(read.body, made.body, "a read after a write shows what the write showed");
        let location = format!("{}/Users/{}", bridge.url("acme"), made.body["id"].as_str().unwrap());
        assert_eq!(made.headers["location"], location.as_str());
        assert_eq!(read.body["meta"]["location"], location.as_str());
    }
}

#[tokio::test]
async fn a_changed_department_changes_the_organisation_and_nothing_else() {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    let bridge = Bridge::to(&ninjaone).await;
    let idp = bridge.client();
    let id =
        idp.post("/Users", &entra_user("bo", Some("Retail"))).await.body["id"].as_str().unwrap().to_owned();
    ninjaone.clear_log();
    let path = format!("{ENTERPRISE}:department");
    let patched = idp
        .patch(&format!("/Users/{id}"), &json!([{ "op": "Replace", "path": path, "value": "Logistics" }]))
        .await;
    assert_eq!(patched.status, 200, "{patched:?}");
    let writes: Vec<_> = ninjaone.log().into_iter().filter(|entry| entry.method != "GET").collect();
    let [only] = writes.as_slice() else { panic!("{writes:?}") };
    let operations = only.body.as_ref().unwrap()["Operations"].clone();
    let organization = format!("{NINJA}:organizationId");
    assert_eq!(
        operations,
        json!([
            { "op": "replace", "path": path, "value": "Logistics" },
            { "op": "replace", "path": organization, "value": "23" },
        ])
    );
    assert_eq!(patched.body[ENTERPRISE]["department"], "Logistics");
    assert!(patched.body.get(NINJA).is_none());

    // A repeated change changes nothing, and nothing is written.
    ninjaone.clear_log();
    idp.patch(&format!("/Users/{id}"), &json!([{ "op": "Replace", "path": path, "value": "Logistics" }]))
        .await;
    assert!(ninjaone.log().iter().all(|entry| entry.method == "GET"));
}

#[tokio::test]
async fn membership_of_a_group_makes_a_technician_and_its_end_unmakes_him() {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    let bridge = Bridge::to(&ninjaone).await;
    let idp = bridge.client();
    let id =
        idp.post("/Users", &entra_user("ana", Some("Retail"))).await.body["id"].as_str().unwrap().to_owned();
    let group =
        json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Helpers" });
    let group = idp.post("/Groups", &group).await.body["id"].as_str().unwrap().to_owned();
    let class = || {
        let users = ninjaone.state()["users"].as_array().cloned().unwrap();
        let user = users.iter().find(|user| user["scim"]["id"] == id.as_str()).unwrap().clone();
        user["scim"][NINJA].clone()
    };
    let member = json!([{ "value": id }]);
    let path = format!("/Groups/{group}");
    let end_user = json!({ "userType": "endUser", "organizationId": "17" });

    idp.patch(&path, &json!([{ "op": "add", "path": "members", "value": member }])).await;
    assert_eq!(class(), end_user);
    idp.patch(&path, &json!([{ "op": "replace", "path": "displayName", "value": "NinjaOne Technicians" }]))
        .await;
    assert_eq!(
        class(),
        json!({ "userType": "Technician" }),
        "a group that gets the name makes its members technicians"
    );
    idp.patch(&path, &json!([{ "op": "Remove", "path": "members", "value": member }])).await;
    assert_eq!(class(), end_user);
    idp.patch(&path, &json!([{ "op": "replace", "path": "members", "value": member }])).await;
    assert_eq!(class(), json!({ "userType": "Technician" }));
    assert_eq!(idp.delete(&path).await.status, 204);
    assert_eq!(class(), end_user);
}

#[tokio::test]
async fn a_bridge_that_was_restarted_knows_who_is_a_technician() {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    let first = Bridge::to(&ninjaone).await;
    let idp = first.client();
    let id = idp.post("/Users", &entra_user("ana", None)).await.body["id"].as_str().unwrap().to_owned();
    let group = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "NinjaOne Technicians",
        "members": [{ "value": id }] });
    assert_eq!(idp.post("/Groups", &group).await.status, 201);
    first.stop().await;

    let second = Bridge::to(&ninjaone).await;
    let renamed = second
        .client()
        .patch(&format!("/Users/{id}"), &json!([{ "op": "replace", "value": { "title": "Dr" } }]))
        .await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
    let renamed = second.client().patch(&format!("/Users/{id}"), &json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "new@acme.example" }])).await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
    let users = ninjaone.state()["users"].clone();
    assert_eq!(users[0]["scim"][NINJA], json!({ "userType": "Technician" }));
}

#[tokio::test]
async fn filters_on_what_ninjaone_does_not_filter_by_are_right_all_the_same() {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    let bridge = Bridge::to(&ninjaone).await;
    let idp = bridge.client();
    for (name, department) in [("ana", "Retail"), ("bo", "Legal"), ("cem", "Retail")] {
        assert_eq!(idp.post("/Users", &entra_user(name, Some(department))).await.status, 201);
    }
    let names = async |filter: &str| {
        let filter =
            percent_encoding::utf8_percent_encode(filter, percent_encoding::NON_ALPHANUMERIC).to_string();
        let answer = idp.get(&format!("/Users?filter={filter}&startIndex=1&count=100")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let found = answer.body["Resources"].as_array().cloned().unwrap();
        assert_eq!(answer.body["totalResults"], found.len());
        found.iter().map(|user| user["displayName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(r#"userName eq "BO@acme.example""#).await, ["bo"]);
    assert_eq!(names(r#"emails[type eq "work"].value eq "cem@acme.example""#).await, ["cem"]);
    assert_eq!(names(r#"externalId eq "ana""#).await, ["ana"]);
    let retail = format!(r#"{ENTERPRISE}:department eq "Retail""#);
    assert_eq!(names(&retail).await, ["ana", "cem"]);
    assert_eq!(names(&format!(r#"{retail} and not (userName sw "ana")"#)).await, ["cem"]);
    // What the vendor does not have is remembered, and can be asked for.
    assert_eq!(names(r#"phoneNumbers.value eq "+351 900 000 000""#).await.len(), 3);
    // What is derived is not the identity provider's: to it, nobody has a user type.
    assert!(names(&format!(r#"{NINJA}:userType eq "endUser""#)).await.is_empty());
    // The vendor was never asked what it would answer wrongly.
    for entry in ninjaone.log() {
        let query = entry.query.clone();
        assert!(
            entry.status == Some(200) || entry.status == Some(201),
            "{query:?} answered {:?}",
            entry.status
        );
    }
    let sorted = idp.get("/Users?sortBy=displayName&sortOrder=descending").await;
    assert_eq!(sorted.body["Resources"][0]["displayName"], "cem");
}

#[tokio::test]
async fn who_was_deleted_is_gone_for_the_identity_provider_and_comes_back_as_new() {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    let bridge = Bridge::to(&ninjaone).await;
    let idp = bridge.client();
    let id =
        idp.post("/Users", &entra_user("ana", Some("Retail"))).await.body["id"].as_str().unwrap().to_owned();
    assert_eq!(idp.delete(&format!("/Users/{id}")).await.status, 204);
    assert_eq!(ninjaone.state()["users"][0]["scim"]["active"], json!(false), "NinjaOne keeps the record");
    assert_eq!(idp.get(&format!("/Users/{id}")).await.status, 404);
    assert_eq!(idp.delete(&format!("/Users/{id}")).await.status, 204, "a repeated removal succeeds");
    let lookup = "/Users?filter=userName%20eq%20%22ana%40acme.example%22";
    assert_eq!(idp.get(lookup).await.body["totalResults"], 0);
    let again = idp.post("/Users", &entra_user("ana", Some("Logistics"))).await;
    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(idp.get(lookup).await.body["totalResults"], 1);
    let state = ninjaone.state();
    assert_eq!(state["users"].as_array().unwrap().len(), 1);
    assert_eq!(state["users"][0]["scim"]["active"], json!(true));
    assert_eq!(state["users"][0]["scim"][NINJA]["organizationId"], "23");
}

#[tokio::test]
async fn nobody_makes_himself_a_technician() {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    let bridge = Bridge::to(&ninjaone).await;
    let mut user = entra_user("eve", None);
    user[NINJA] = json!({ "userType": "Technician" });
    let made = bridge.client().post("/Users", &user).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(ninjaone.state()["users"][0]["scim"][NINJA]["userType"], "endUser");
    assert_eq!(
        made.body[NINJA],
        json!({ "userType": "Technician" }),
        "and still it reads back what it wrote"
    );
}
