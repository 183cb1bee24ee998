//! What the vendor says about itself: RFC 7644 §4, RFC 7643 §5 to §7.

use http::Method;
use serde_json::{Value, json};

use super::schema::{ENTERPRISE_URN, Type, described, extension};
use super::{not_allowed, not_found};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request, list};

/// Answers below `/ServiceProviderConfig`, `/ResourceTypes` and `/Schemas`.
pub(super) fn answer(request: &Request, path: &[&str], world: &World) -> Result<Reply, Reply> {
    if request.method != Method::GET {
        return Err(not_allowed("GET"));
    }
    // "If a filter is provided, the service provider SHOULD respond with HTTP status code 403" (RFC 7644 §4).
    if request.parameter("filter").is_some() {
        return Err(Reply::error(403, None, "discovery is not filtered"));
    }
    let documents = match path {
        ["ServiceProviderConfig"] => return Ok(Reply::scim(200, service_provider_config(world))),
        ["ResourceTypes", ..] => [Type::User, Type::Group].map(|kind| resource_type(kind, world)).to_vec(),
        ["Schemas", ..] => schemas(world),
        _ => return Err(not_found()),
    };
    match path {
        [_] => Ok(Reply::scim(200, list(documents.len(), 1, documents))),
        [_, id] => {
            let named = documents.into_iter().find(|document| document["id"] == *id);
            named.map(|document| Reply::scim(200, document)).ok_or_else(not_found)
        }
        _ => Err(not_found()),
    }
}

fn service_provider_config(world: &World) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "documentationUri": "https://www.rfc-editor.org/rfc/rfc7644",
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": world.knobs.count("max_results") },
        "changePassword": { "supported": true },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "The token of the console, as RFC 6750 presents it",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": true
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{}/ServiceProviderConfig", world.base_url)
        }
    })
}

fn resource_type(kind: Type, world: &World) -> Value {
    let mut document = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": kind.name(),
        "name": kind.name(),
        "description": format!("{}s", kind.name()),
        "endpoint": format!("/{}", kind.endpoint()),
        "schema": kind.urn(),
        "meta": { "resourceType": "ResourceType", "location": world.location("ResourceTypes", kind.name()) }
    });
    if kind == Type::User {
        document["schemaExtensions"] = json!([{ "schema": ENTERPRISE_URN, "required": false }]);
    }
    document
}

fn schemas(world: &World) -> Vec<Value> {
    let user = (Type::User.urn(), "User", Type::User.attributes());
    let group = (Type::Group.urn(), "Group", Type::Group.attributes());
    let enterprise = (ENTERPRISE_URN, "EnterpriseUser", extension(ENTERPRISE_URN).unwrap_or_default());
    let document = |(urn, name, attributes): (&str, &str, &[super::schema::Attribute])| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": urn,
            "name": name,
            "description": format!("{name}, as of RFC 7643"),
            "attributes": attributes.iter().map(described).collect::<Vec<_>>(),
            "meta": { "resourceType": "Schema", "location": world.location("Schemas", urn) }
        })
    };
    [user, group, enterprise].into_iter().map(document).collect()
}
