//! What each version tells of itself: SL-22, V1-01, V1-02.

use serde_json::{Value, json};

use super::wire::{CORE_V1, Version};
use crate::simulator::harness::message::{Reply, list};
use crate::simulator::harness::shape::{GROUP, USER};

pub(super) fn answer(version: Version, path: &[&str]) -> Option<Reply> {
    let body = match (version, path) {
        (Version::V2, ["ServiceProviderConfig"]) => json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": { "supported": true },
            "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
            "filter": { "supported": true, "maxResults": 1_000 },
            "changePassword": { "supported": false },
            "sort": { "supported": false },
            "etag": { "supported": false },
            "authenticationSchemes": [schemes()],
        }),
        (Version::V2, ["ResourceTypes"]) => {
            let one = |name: &str, schema: &str| {
                json!({
                    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
                    "id": name, "name": name, "endpoint": format!("/{name}s"), "schema": schema,
                })
            };
            list(2, 1, vec![one("User", USER), one("Group", GROUP)])
        }
        (Version::V2, ["Schemas"]) => {
            let one = |id: &str, name: &str| {
                json!({
                    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
                    "id": id, "name": name, "attributes": attributes(name, "subAttributes"),
                })
            };
            list(2, 1, vec![one(USER, "User"), one(GROUP, "Group")])
        }
        (Version::V1, ["ServiceProviderConfigs"]) => json!({
            "schemas": [CORE_V1],
            "patch": { "supported": true },
            "bulk": { "supported": false },
            "filter": { "supported": true, "maxResults": 1_000 },
            "changePassword": { "supported": false },
            "sort": { "supported": false },
            "etag": { "supported": false },
            "authenticationSchemes": [schemes()],
        }),
        (Version::V1, ["Schemas", name @ ("Users" | "Groups")]) => {
            let name = name.trim_end_matches('s');
            json!({
                "schemas": [CORE_V1],
                "id": format!("{CORE_V1}:{name}"), "name": name, "schema": CORE_V1,
                "endpoint": format!("/{name}s"), "attributes": attributes(name, "subattributes"),
            })
        }
        _ => return None,
    };
    Some(Reply::json(200, body))
}

fn schemes() -> Value {
    json!({ "type": "oauthbearertoken", "name": "OAuth Bearer Token", "description": "OAuth 2.0 bearer token" })
}

/// V1-02: those that are told; far fewer than those that work.
fn attributes(name: &str, subs: &str) -> Value {
    let of = |name: &str, many: bool, parts: &[&str]| {
        let parts: Vec<Value> = parts.iter().map(|part| json!({ "name": part, "type": "string" })).collect();
        json!({ "name": name, "type": "complex", "multiValued": many, subs: parts })
    };
    match name {
        "User" => json!([
            of("name", false, &["givenName", "familyName", "honorificPrefix"]),
            of("emails", true, &["value", "primary"]),
            of("phoneNumbers", true, &["value", "type"]),
            of("addresses", true, &["streetAddress", "locality", "region", "postalCode", "country"]),
            of("roles", true, &["value"]),
            of("groups", true, &["value", "display"]),
        ]),
        _ => json!([
            { "name": "displayName", "type": "string", "multiValued": false },
            of("members", true, &["value", "display"]),
        ]),
    }
}
