//! Every shipped mapping that loads, in front of a vendor that holds what it is sent: the identity provider reads what it
//! wrote, whatever the vendor got of it, and somebody who leaves has no access.

use scim_bridge::config::{self, Checked, Secrets};
use scim_bridge::scim::schema::ResourceType;
use scim_bridge::simulator::Vendor;
use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, vendor};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Those whose vendor takes forms that no conformant one does: the tests of the profile's fields show those.
const OTHERS: [&str; 4] = ["aws-identity-center", "sentinelone-api", "slack", "slack-v1"];

fn user() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE], "userName": "Ana.Silva@acme.example", "externalId": "7", "active": true,
        "displayName": "Ana Silva", "title": "Engineer", "locale": "pt-PT", "nickName": "Ana",
        "name": { "givenName": "Ana", "familyName": "Silva", "formatted": "Ana Silva" },
        "emails": [
            { "value": "silva@acme.example", "type": "other" },
            { "value": "ana@acme.example", "type": "work", "primary": true },
        ],
        "phoneNumbers": [{ "value": "+351 21 000 0000", "type": "work" }],
        ENTERPRISE: { "department": "Retail", "costCenter": "17" },
    })
}

/// What was written, of what is read.
fn written(read: &Value, wrote: &Value) -> Value {
    let names = wrote.as_object().unwrap().keys().filter(|name| *name != "schemas");
    names.map(|name| (name.clone(), read[name].clone())).collect::<serde_json::Map<_, _>>().into()
}

fn without_schemas(value: &Value) -> Value {
    written(value, value)
}

#[tokio::test]
async fn who_writes_reads_what_he_wrote() {
    let mut seen = 0;
    for (name, _) in config::SHIPPED.iter().filter(|(name, _)| !OTHERS.contains(name)) {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("mappings/{name}.yaml"));
        let Ok(Checked::Mapping(compiled)) = config::check(&file, Secrets::Unread) else { continue };
        seen += 1;
        let simulator = vendor(Vendor::Rfc).await;
        let bridge = Bridge::with(&simulator, name).await;
        let idp = bridge.client();
        let wrote = user();
        let made = idp.post("/Users", &wrote).await;
        assert_eq!(made.status, 201, "{name}: {made:?}");
        assert_eq!(written(&made.body, &wrote), without_schemas(&wrote), "{name}");
        let id = made.body["id"].as_str().unwrap().to_owned();
        let path = format!("/Users/{id}");
        assert_eq!(written(&idp.get(&path).await.body, &wrote), without_schemas(&wrote), "{name}");
        // It is found by its name, and by what the vendor may not hold.
        for filter in ["userName%20eq%20%22ana.silva@acme.example%22", "externalId%20eq%20%227%22"] {
            let found = idp.get(&format!("/Users?filter={filter}")).await;
            assert_eq!(found.body["Resources"][0]["id"], id.as_str(), "{name}: {filter}: {found:?}");
        }
        let change = json!([
            { "op": "replace", "path": "title", "value": "Dr" },
            { "op": "replace", "path": format!("{ENTERPRISE}:department"), "value": "Legal" },
        ]);
        let changed = idp.patch(&path, &change).await;
        assert!(changed.status < 300, "{name}: {changed:?}");
        let read = idp.get(&path).await.body;
        assert_eq!(
            (&read["title"], &read[ENTERPRISE]["department"]),
            (&json!("Dr"), &json!("Legal")),
            "{name}"
        );

        if !compiled.profile.resource(ResourceType::Group).unsupported {
            let group = json!({ "schemas": [GROUP], "displayName": "Staff", "members": [{ "value": id }] });
            let made = idp.post("/Groups", &group).await;
            assert_eq!(made.status, 201, "{name}: {made:?}");
            let path = format!("/Groups/{}", made.body["id"].as_str().unwrap());
            assert_eq!(idp.get(&path).await.body["members"][0]["value"], id.as_str(), "{name}");
            let gone = json!([{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }]);
            assert!(idp.patch(&path, &gone).await.status < 300, "{name}");
            assert_eq!(idp.get(&path).await.body["members"].as_array().map_or(0, Vec::len), 0, "{name}");
        }

        let off = json!([{ "op": "replace", "path": "active", "value": false }]);
        assert!(idp.patch(&path, &off).await.status < 300, "{name}");
        assert_eq!(idp.get(&path).await.body["active"], false, "{name}");
        let state = simulator.state().to_string();
        assert!(state.contains("\"active\":false"), "{name}: {state}");
    }
    assert_eq!(seen, 18);
}
