//! The life of an account at a vendor that ends, renames, hides or forgets it: the identity provider sees one account, which
//! keeps its id.

mod adopting;
mod ending;
mod hidden;
mod ids;
mod leaving;
mod protected;

use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan};
use crate::peer::client::Client;
use scim_bridge::simulator::Simulator;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// A bridge with a mapping of the test's own, and more lines of its integration.
async fn mapped(url: &str, token: &str, mapping: &str, more: &str) -> Bridge {
    let mapping = format!("format: 1\nvendor: of a test\n{mapping}\n");
    let mut plan = Plan::new().file("vendor.yaml", &mapping);
    plan.integration("acme", url, token).mapping("./vendor.yaml").more(more).done();
    plan.start().await
}

/// A bridge in front of a simulated vendor, with a profile of the test's own.
async fn profiled(simulator: &Simulator, profile: &str) -> Bridge {
    let mapping = format!("format: 1\nvendor: of a test\nprofile: {profile}\n");
    let mut plan = Plan::new().file("vendor.yaml", &mapping);
    plan.integration("acme", &simulator.base_url(), &simulator.token()).mapping("./vendor.yaml").done();
    plan.start().await
}

fn user(name: &str) -> Value {
    json!({ "schemas": [USER], "userName": format!("{name}@acme.example"), "displayName": name, "active": true,
        "emails": [{ "value": format!("{name}@acme.example"), "primary": true }], "title": "Dr" })
}

async fn make(idp: &Client, name: &str) -> String {
    let made = idp.post("/Users", &user(name)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.body["id"].as_str().unwrap().to_owned()
}

async fn group(idp: &Client, name: &str, members: &[&str]) -> String {
    let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
    let made =
        idp.post("/Groups", &json!({ "schemas": [GROUP], "displayName": name, "members": members })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.body["id"].as_str().unwrap().to_owned()
}

fn replace(path: &str, value: impl Into<Value>) -> Value {
    json!([{ "op": "replace", "path": path, "value": value.into() }])
}

/// Who is in a group, by id.
fn members(group: &Value) -> Vec<String> {
    let all = group["members"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<_> = all.iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect();
    ids.sort_unstable();
    ids
}

/// Who is in a group at the vendor, by user name.
fn held(simulator: &Simulator, name: &str) -> Vec<String> {
    let state = simulator.state();
    let groups = state["groups"].as_array().unwrap();
    let group = groups.iter().find(|group| group["displayName"] == name).unwrap_or(&Value::Null);
    let users = state["users"].as_array().unwrap();
    let named = |id: &String| {
        let user = users.iter().find(|user| user["id"] == id.as_str());
        user.map_or("?".to_owned(), |user| user["userName"].as_str().unwrap().to_owned())
    };
    let mut names: Vec<_> = members(group).iter().map(named).collect();
    names.sort_unstable();
    names
}

fn by_name(name: &str) -> String {
    format!("/Users?filter=userName%20eq%20%22{name}@acme.example%22")
}

fn sorted(ids: &[&str]) -> Vec<String> {
    let mut ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
    ids.sort_unstable();
    ids
}
