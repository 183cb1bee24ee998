//! A vendor that has no groups, but an attribute of its users: the identity provider has its groups, and the vendor the
//! attribute of whoever is in them.

use serde_json::{Value, json};

use crate::attributes::Vendor;
use crate::peer::bridge::{Bridge, Plan};
use crate::peer::client::Client;
use crate::peer::directory::Directory;
use crate::peer::script::{self, Asked, Script};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// Roles by the names of groups, at a vendor that knows nothing of groups.
async fn roles(profile: &str, more: &str) -> (Client, Vendor, Bridge) {
    let directory: std::sync::Arc<std::sync::Mutex<Directory>> = std::sync::Arc::default();
    let held = directory.clone();
    let script = Script::start(move |asked: &Asked| match asked.path.starts_with("/Groups") {
        true => (501, Value::Null),
        false => held.lock().unwrap().answer(asked),
    })
    .await;
    let mapping = format!(
        "format: 1\nvendor: one without groups\nprofile: {profile}\nusers:\n  rules:\n    - set: $.userType\n      value: Admin\n      \
         when: $groups[?@.displayName == 'Admins']\n      else: Viewer\n"
    );
    let mut plan = Plan::new().file("vendor.yaml", &mapping);
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./vendor.yaml").more(more).done();
    let bridge = plan.start().await;
    (bridge.client(), Vendor { script, directory }, bridge)
}

const KEPT: &str = "{ resources: { Groups: { as: attribute } } }";

async fn made(idp: &Client, path: &str, body: &Value) -> String {
    let made = idp.post(path, body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["id"].as_str().unwrap().to_owned()
}

fn user(name: &str) -> Value {
    json!({ "schemas": [USER], "userName": name, "active": true })
}

fn group(name: &str, members: &[&str]) -> Value {
    let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({ "schemas": [GROUP], "displayName": name, "externalId": name, "members": members })
}

/// Who is in a group, as the identity provider reads it.
async fn members(idp: &Client, path: &str) -> Vec<String> {
    let read = idp.get(path).await;
    assert_eq!(read.status, 200, "{read:?}");
    let mut ids: Vec<_> = read.body["members"].as_array().into_iter().flatten().cloned().collect();
    ids.sort_by_key(|one| one["value"].to_string());
    ids.iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn who_joins_a_group_has_the_attribute() {
    let (idp, vendor, _bridge) = roles(KEPT, "").await;
    let (ana, bo) = (made(&idp, "/Users", &user("ana")).await, made(&idp, "/Users", &user("bo")).await);
    let is = |id: &str| vendor.user(id)["userType"].clone();
    assert_eq!((is(&ana), is(&bo)), (json!("Viewer"), json!("Viewer")));
    let admins = format!("/Groups/{}", made(&idp, "/Groups", &group("Admins", &[&ana])).await);
    assert_eq!((is(&ana), is(&bo)), (json!("Admin"), json!("Viewer")));
    // In each of the ways in which identity providers write groups.
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": bo }] }]);
    assert!(idp.patch(&admins, &add).await.status < 300);
    assert_eq!((members(&idp, &admins).await.len(), is(&bo)), (2, json!("Admin")));
    let remove = json!([{ "op": "remove", "path": format!("members[value eq \"{ana}\"]") }]);
    assert!(idp.patch(&admins, &remove).await.status < 300);
    assert_eq!((members(&idp, &admins).await, is(&ana)), (vec![bo.clone()], json!("Viewer")));
    assert_eq!(idp.put(&admins, &group("Admins", &[&ana])).await.status, 200);
    assert_eq!((is(&ana), is(&bo)), (json!("Admin"), json!("Viewer")));
    // The name is what counts.
    let rename = json!([{ "op": "replace", "path": "displayName", "value": "Staff" }]);
    assert!(idp.patch(&admins, &rename).await.status < 300);
    assert_eq!(is(&ana), "Viewer");
    assert_eq!(idp.put(&admins, &group("Admins", &[&ana])).await.status, 200);
    assert_eq!(is(&ana), "Admin");
    let cyclic = json!([{ "op": "replace", "path": "schemas", "value": 7 }]);
    assert_eq!(idp.patch(&admins, &cyclic).await.status, 400);
    assert_eq!(idp.delete(&admins).await.status, 204);
    assert_eq!((idp.get(&admins).await.status, is(&ana)), (404, json!("Viewer")));
    // And the vendor was never asked for a group.
    assert!(vendor.script.asked().iter().all(|asked| asked.path.starts_with("/Users")));
}

#[tokio::test]
async fn groups_are_found_and_have_each_their_name() {
    let (idp, _vendor, _bridge) = roles(KEPT, "").await;
    let ana = made(&idp, "/Users", &user("ana")).await;
    let staff = made(&idp, "/Groups", &group("Staff", &[&ana])).await;
    let crew = made(&idp, "/Groups", &group("Crew", &[])).await;
    let taken = idp.post("/Groups", &group("STAFF", &[])).await;
    assert_eq!((taken.status, &taken.body["scimType"]), (409, &json!("uniqueness")), "{taken:?}");
    let rename = json!([{ "op": "replace", "path": "displayName", "value": "staff" }]);
    assert_eq!(idp.patch(&format!("/Groups/{crew}"), &rename).await.status, 409);
    for (filter, ids) in [
        ("", vec![&staff, &crew]),
        ("?filter=displayName%20eq%20%22staff%22", vec![&staff]),
        ("?filter=externalId%20eq%20%22Crew%22", vec![&crew]),
        ("?filter=displayName%20eq%20%22none%22", vec![]),
    ] {
        let page = idp.get(&format!("/Groups{filter}")).await;
        let mut found: Vec<_> = page.body["Resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap())
            .collect();
        let mut ids: Vec<_> = ids.into_iter().map(String::as_str).collect();
        found.sort_unstable();
        ids.sort_unstable();
        assert_eq!((found, &page.body["totalResults"]), (ids.clone(), &json!(ids.len())), "{filter}");
    }
    let page = idp.get("/Groups?startIndex=2&count=1").await.body;
    assert_eq!((page["Resources"].as_array().unwrap().len(), &page["totalResults"]), (1, &json!(2)));
    // Whoever is deleted is in no group any more.
    assert_eq!(idp.delete(&format!("/Users/{ana}")).await.status, 204);
    assert!(members(&idp, &format!("/Groups/{staff}")).await.is_empty());
}

#[tokio::test]
async fn without_it_the_vendor_is_asked_and_has_none() {
    for (profile, more) in
        [("{}", ""), (KEPT, "    state: none\n"), ("{ resources: { Groups: { as: role } } }", "")]
    {
        let (idp, _vendor, _bridge) = roles(profile, more).await;
        assert_eq!(idp.post("/Groups", &group("Admins", &[])).await.status, 501, "{profile}");
    }
}
