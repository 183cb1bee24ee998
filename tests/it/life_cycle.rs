//! Whoever tells the story, the vendor ends in the same state.

use scim_bridge::simulator::idp::{Client, Idp, Stage};
use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use crate::peer::bridge::{Plan, TOKEN, vendor};

/// Plays the story of a client against a vendor, and gives what the vendor holds then.
async fn play(client: Client, kind: Vendor, with_leave: bool, dialect: &str) -> Value {
    let simulator = vendor(kind).await;
    let mut plan = Plan::new();
    plan.integration("acme", &simulator.base_url(), &simulator.token())
        .mapping(kind.name())
        .dialect(dialect)
        .done();
    let bridge = plan.start().await;
    let mut idp = Idp::new(client, &bridge.url("acme"), TOKEN);
    for step in client.life_cycle().iter().filter(|step| with_leave || step.stage != Stage::Leave) {
        let answer = idp.play(step).await.unwrap();
        let expected = step.expect.contains(&answer.status);
        assert!(
            expected,
            "{} → {}: {} answered {} {}",
            client.name(),
            kind.name(),
            step.title,
            answer.status,
            answer.body
        );
    }
    invariants(&simulator);
    let state = holds(&simulator.state());
    bridge.stop().await;
    state
}

fn invariants(simulator: &Simulator) {
    let counters = simulator.counters();
    assert_eq!((counters.members_lost, counters.duplicate_creates, counters.unauthorised), (0, 0, 0));
}

/// The vendor's state without what no client can be the same in: ids, times, and the id that Entra alone gives a group.
fn holds(state: &Value) -> Value {
    let list = |name: &str| state[name].as_array().cloned().unwrap_or_default();
    let users: Vec<Value> =
        list("users").iter().map(|user| user.get("scim").unwrap_or(user).clone()).collect();
    let name_of = |id: &Value| {
        users.iter().find(|user| user["id"] == *id).map_or(Value::Null, |user| user["userName"].clone())
    };
    let plain = |user: &Value| {
        let mut user = user.clone();
        for name in ["id", "meta", "groups"] {
            user.as_object_mut().unwrap().remove(name);
        }
        user["schemas"].as_array_mut().unwrap().sort_by_key(ToString::to_string);
        user
    };
    let groups: Vec<Value> = list("groups")
        .iter()
        .map(|group| {
            let members = group["members"].as_array().cloned().unwrap_or_default();
            let members: Vec<_> = members.iter().map(|member| name_of(&member["value"])).collect();
            json!({ "displayName": group["displayName"], "members": members })
        })
        .collect();
    let mut users: Vec<_> = users.iter().map(plain).collect();
    users.sort_by_key(|user| user["userName"].to_string());
    json!({ "users": users, "groups": groups })
}

async fn same_for_all(kind: Vendor, with_leave: bool) -> Value {
    let mut first = None;
    for client in Client::ALL {
        for dialect in ["auto", named(client)] {
            let state = play(client, kind, with_leave, dialect).await;
            let first = first.get_or_insert_with(|| state.clone());
            assert_eq!(state, *first, "{} read as {dialect} leaves another state", client.name());
        }
    }
    first.unwrap()
}

/// The dialect that an administrator would name for a client.
fn named(client: Client) -> &'static str {
    match client {
        Client::Entra | Client::EntraFlag => "entra",
        Client::Okta | Client::OktaWizard => "okta",
        Client::OneLogin => "onelogin",
        Client::JumpCloud => "jumpcloud",
        Client::Ping => "ping",
        Client::Authentik => "authentik",
        Client::Keycloak => "keycloak",
        Client::Rauthy => "rauthy",
        Client::Rfc => "rfc",
    }
}

#[tokio::test]
async fn ninjaone_ends_the_same_and_as_it_should() {
    const NINJA: &str = "urn:ietf:params:scim:schemas:extension:ninjaone:2.0:User";
    let state = same_for_all(Vendor::NinjaOne, true).await;
    let of = |name: &str| {
        let users = state["users"].as_array().unwrap();
        let user =
            users.iter().find(|user| user["displayName"] == name).unwrap_or_else(|| panic!("{state:#}"));
        (user["active"].clone(), user[NINJA].clone())
    };
    assert_eq!(of("Ana Souza"), (json!(true), json!({ "userType": "Technician" })));
    assert_eq!(of("Bo Lund"), (json!(true), json!({ "userType": "endUser", "organizationId": "23" })));
    assert_eq!(of("Cem Arslan"), (json!(false), json!({ "userType": "endUser", "organizationId": "23" })));
    assert_eq!(state["groups"][0]["members"], json!(["ana.silva@acme.example"]));
}

#[tokio::test]
async fn a_conformant_vendor_ends_the_same() {
    // Okta never deletes, so the one who leaves is left out.
    let state = same_for_all(Vendor::Rfc, false).await;
    assert_eq!(state["users"].as_array().unwrap().len(), 3);
    assert_eq!(state["users"][0]["name"], json!({ "givenName": "Ana", "familyName": "Souza" }));
    assert_eq!(state["groups"][0]["members"], json!(["ana.silva@acme.example"]));
}

#[tokio::test]
async fn a_vendor_made_for_okta_ends_the_same() {
    let state = same_for_all(Vendor::OktaOnly, true).await;
    assert_eq!(state["users"][0]["displayName"], "Ana Souza");
    assert_eq!(state["users"][2]["active"], json!(false));
    assert_eq!(state["groups"][0]["members"], json!(["ana.silva@acme.example"]));
}

#[tokio::test]
async fn entra_deletes_at_a_conformant_vendor() {
    let state = play(Client::Entra, Vendor::Rfc, true, "auto").await;
    let users = state["users"].as_array().unwrap();
    assert_eq!(users.len(), 2, "{state:#}");
}
