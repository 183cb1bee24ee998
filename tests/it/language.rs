//! What the mapping language does through the socket: values that are made once, lists that are shared with the vendor's
//! administrators, and lookups of what no rule would have made.

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan, vendor};
use crate::peer::client::Client;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

const MAPPING: &str = "format: 1
vendor: a vendor with rules
users:
  rules:
    - set: $.nickName
      via: [uuid]
      ops: [create]
    - set: $.timezone
      via: [now: '%Y', { replace: ['20', 'year 20'] }]
      ops: [create]
    - set: $.roles
      value: [{ value: staff }]
      when: $.title == 'Staff'
      merge: owned
    - move: [$.externalId, $.externalId]
      via: [{ prefix: x- }]
    - move: [$.displayName, $.displayName]
      via: [{ strip: { suffix: ' (acme)' } }]
      back: invert
";

async fn bridge(simulator: &Simulator) -> Bridge {
    let mut plan = Plan::new().file("rules.yaml", MAPPING);
    plan.integration("acme", &simulator.base_url(), &simulator.token()).mapping("./rules.yaml").done();
    plan.start().await
}

fn roles(user: &Value) -> Vec<&str> {
    let roles = user["roles"].as_array().map(Vec::as_slice).unwrap_or_default();
    roles.iter().filter_map(|role| role["value"].as_str()).collect()
}

#[tokio::test]
async fn what_is_made_once_stays_and_lists_are_shared() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = bridge(&simulator).await;
    let (idp, direct) = (bridge.client(), Client::new(simulator.base_url(), simulator.token()));
    let user = |title: &str| json!({ "schemas": [USER], "userName": "ana", "title": title, "displayName": "Ana (acme)" });
    let made = idp.post("/Users", &user("Staff")).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
    let first = direct.get(&path).await.body;
    assert_eq!(first["nickName"].as_str().map(str::len), Some(36), "{first}");
    assert!(first["timezone"].as_str().unwrap().starts_with("year 20"), "{first}");
    assert_eq!((roles(&first), first["displayName"].as_str()), (vec!["staff"], Some("Ana")));
    assert_eq!(made.body["displayName"], "Ana (acme)");
    assert!(made.body.get("nickName").is_none(), "the identity provider does not own it");

    // An administrator of the vendor adds a role.
    let more = json!([{ "op": "add", "path": "roles", "value": [{ "value": "auditor" }] }]);
    assert!(direct.patch(&path, &more).await.status < 300);
    let put = idp.put(&path, &user("Staff")).await;
    assert_eq!(put.status, 200, "{put:?}");
    let second = direct.get(&path).await.body;
    assert_eq!(second["nickName"], first["nickName"], "made once");
    assert_eq!(roles(&second), ["staff", "auditor"]);

    // The rule says it no longer: what the bridge added goes, and nothing else.
    let patch = json!([{ "op": "replace", "path": "title", "value": "Guest" }]);
    assert!(idp.patch(&path, &patch).await.status < 300);
    let third = direct.get(&path).await.body;
    assert_eq!((roles(&third), &third["nickName"]), (vec!["auditor"], &first["nickName"]));

    let refused =
        idp.put(&path, &json!({ "schemas": [USER], "userName": "ana", "displayName": "Ana" })).await;
    assert_eq!(
        (refused.status, refused.body["scimType"].as_str()),
        (400, Some("invalidValue")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_lookup_finds_what_no_rule_would_have_made() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = bridge(&simulator).await;
    let (idp, direct) = (bridge.client(), Client::new(simulator.base_url(), simulator.token()));
    let user = |name: &str, id: &str| json!({ "schemas": [USER], "userName": name, "externalId": id });
    assert_eq!(idp.post("/Users", &user("ana", "7")).await.status, 201);
    assert_eq!(direct.post("/Users", &user("bo", "8")).await.status, 201);
    for (id, name) in [("7", Some("ana")), ("8", Some("bo")), ("x-7", None)] {
        let found = idp.get(&format!("/Users?filter=externalId%20eq%20%22{id}%22")).await;
        let names: Vec<_> = found.body["Resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["userName"].as_str())
            .collect();
        assert_eq!(names, Vec::from_iter(name.map(Some)), "{id}: {found:?}");
        assert_eq!(found.body["totalResults"], names.len());
    }
    let not = idp.get("/Users?filter=not%20(externalId%20eq%20%227%22)").await;
    assert_eq!(
        (not.body["totalResults"].as_i64(), not.body["Resources"][0]["userName"].as_str()),
        (Some(1), Some("bo")),
        "{not:?}"
    );
}
