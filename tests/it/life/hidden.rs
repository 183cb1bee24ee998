//! Members that a vendor never shows, and that nothing finds: who it was told of is remembered.

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use super::{GROUP, group, held, make, members, profiled, replace, sorted, user};
use crate::peer::bridge::{Bridge, vendor};
use crate::peer::client::Client;

fn one(op: &str, id: &str) -> Value {
    match op {
        "remove" => json!([{ "op": op, "path": format!("members[value eq \"{id}\"]") }]),
        _ => json!([{ "op": op, "path": "members", "value": [{ "value": id }] }]),
    }
}

async fn shown(idp: &Client, group: &str) -> Vec<String> {
    members(&idp.get(&format!("/Groups/{group}")).await.body)
}

async fn staffed() -> (Simulator, Bridge, [String; 3], String) {
    let simulator = vendor(Vendor::Bitwarden).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    let people = [make(&idp, "ana").await, make(&idp, "bo").await, make(&idp, "cem").await];
    let staff = group(&idp, "Staff", &[&people[0], &people[1]]).await;
    (simulator, bridge, people, staff)
}

#[tokio::test]
async fn members_are_shown_as_the_vendor_was_told_of_them() {
    let (simulator, bridge, [ana, bo, cem], staff) = staffed().await;
    let idp = bridge.client();
    assert_eq!(shown(&idp, &staff).await, sorted(&[&ana, &bo]));
    let path = format!("/Groups/{staff}");
    for (change, expected) in [
        (one("add", &cem), vec![&ana, &bo, &cem]),
        (one("remove", &ana), vec![&bo, &cem]),
        (one("replace", &ana), vec![&ana]),
        (
            json!([{ "op": "add", "path": "members", "value": [{ "value": bo }, { "value": cem }] }]),
            vec![&ana, &bo, &cem],
        ),
    ] {
        let answer = idp.patch(&path, &change).await;
        assert!(answer.status < 300, "{change}: {}", answer.text);
        let expected: Vec<&str> = expected.iter().map(|id| id.as_str()).collect();
        assert_eq!(shown(&idp, &staff).await, sorted(&expected), "{change}");
        assert_eq!(held(&simulator, "Staff").len(), expected.len(), "{change}");
    }
    // A PUT is the difference, and answers with everybody.
    let put = json!({ "schemas": [GROUP], "displayName": "Crew", "members": [{ "value": bo }] });
    let answer = idp.put(&path, &put).await;
    assert_eq!((answer.status, members(&answer.body)), (200, sorted(&[&bo])), "{}", answer.text);
    assert_eq!(held(&simulator, "Crew"), ["bo@acme.example"]);
    let listed = idp.get("/Groups?filter=displayName%20eq%20%22Crew%22").await;
    assert_eq!(members(&listed.body["Resources"][0]), sorted(&[&bo]), "{}", listed.text);
    // Who is deleted is in no group; a group that is made again has nobody.
    assert_eq!(idp.delete(&format!("/Users/{bo}")).await.status, 204);
    assert!(shown(&idp, &staff).await.is_empty());
    assert_eq!(idp.delete(&path).await.status, 204);
    assert!(shown(&idp, &group(&idp, "Crew", &[]).await).await.is_empty());
}

#[tokio::test]
async fn nobody_stays_in_a_group_of_which_nothing_is_known() {
    let (simulator, first, [ana, bo, cem], staff) = staffed().await;
    first.stop().await;
    // Another process has never told the vendor of anybody.
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    let path = format!("/Groups/{staff}");
    assert!(idp.patch(&path, &one("add", &cem)).await.status < 300);
    assert_eq!(shown(&idp, &staff).await, sorted(&[&cem]), "as far as is known");
    assert!(idp.patch(&path, &one("remove", &ana)).await.status < 300);
    assert_eq!(held(&simulator, "Staff"), ["bo@acme.example", "cem@acme.example"]);
    let put = json!({ "schemas": [GROUP], "displayName": "Staff", "members": [{ "value": cem }] });
    let answer = idp.put(&path, &put).await;
    assert_eq!((answer.status, members(&answer.body)), (200, sorted(&[&cem])), "{}", answer.text);
    assert_eq!(held(&simulator, "Staff"), ["cem@acme.example"], "{bo} was never told of, and is out");
}

#[tokio::test]
async fn without_the_field_there_is_nobody() {
    let simulator = vendor(Vendor::Bitwarden).await;
    let profile =
        "{ headers: { User-Agent: Okta }, resources: { Users: { filter: { attrs: [externalId] } } } }";
    let bridge = profiled(&simulator, profile).await;
    let idp = bridge.client();
    let ana = make(&idp, "ana").await;
    let staff = group(&idp, "Staff", &[&ana]).await;
    assert!(shown(&idp, &staff).await.is_empty());
    assert_eq!(held(&simulator, "Staff"), ["ana@acme.example"]);
}

#[tokio::test]
async fn bitwarden_makes_somebody_when_he_is_active() {
    let simulator = vendor(Vendor::Bitwarden).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    let mut inactive = user("ana");
    inactive["active"] = json!(false);
    let made = idp.post("/Users", &inactive).await;
    assert_eq!((made.status, &made.body["active"]), (201, &json!(false)), "{}", made.text);
    let id = made.body["id"].as_str().unwrap();
    let staff = group(&idp, "Staff", &[id]).await;
    assert_eq!(shown(&idp, &staff).await, [id]);
    let on = idp.patch(&format!("/Users/{id}"), &replace("active", true)).await;
    assert_eq!((on.status, &on.body["id"]), (200, &json!(id)), "{}", on.text);
    assert_eq!(held(&simulator, "Staff"), ["ana@acme.example"]);
    assert_eq!(shown(&idp, &staff).await, [id]);
    // Inactive, he is revoked, and read by the same id.
    assert!(idp.patch(&format!("/Users/{id}"), &replace("active", false)).await.status < 300);
    assert_eq!(idp.get(&format!("/Users/{id}")).await.body["active"], false);
}

#[tokio::test]
async fn memberships_are_given_back_with_access_and_not_before() {
    let (simulator, bridge, [ana, bo, _], staff) = staffed().await;
    let idp = bridge.client();
    let path = format!("/Users/{ana}");
    simulator.clear_log();
    let group = |simulator: &Simulator| {
        simulator.log().iter().any(|entry| entry.method == "PATCH" && entry.path.ends_with(&staff))
    };
    let off = idp.patch(&path, &replace("active", false)).await;
    assert!(off.status < 300, "{}", off.text);
    let calls = |simulator: &Simulator| -> Vec<String> {
        simulator.log().into_iter().map(|entry| entry.method).collect()
    };
    // Who he is, where he is in, and that he leaves.
    assert_eq!(calls(&simulator), ["GET", "GET", "PATCH"]);
    assert!(!group(&simulator), "who has no access is given no membership");
    assert_eq!(shown(&idp, &staff).await, sorted(&[&ana, &bo]));
    assert_eq!(idp.get(&path).await.body["active"], false);
    let on = idp.patch(&path, &replace("active", true)).await;
    assert!(on.status < 300, "{}", on.text);
    assert!(group(&simulator), "with access he is given back what he had");
    assert_eq!(held(&simulator, "Staff"), ["ana@acme.example", "bo@acme.example"]);
}
