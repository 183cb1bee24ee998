//! Discovery of our own (RFC 7644 §4, RFC 7643 §5 to §7): made from the mapping and the profile, never the vendor's.

use crate::bridge::Integration;
use crate::scim::json::Value;
use crate::scim::request::list_response;
use crate::scim::schema::{Attribute, ResourceType, Schema};

/// The most resources that a filter gives; see the pages of lists.
const MAX_RESULTS: i64 = 200;

/// `/ServiceProviderConfig`
pub(super) fn service_provider_config(integration: &Integration) -> Value {
    let supported = |yes: bool| Value::from_iter([("supported", Value::from(yes))]);
    let mut out = Value::object();
    out.set("schemas", vec![Value::from("urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig")]);
    out.set("patch", supported(true));
    let mut bulk = supported(false);
    bulk.set("maxOperations", 0_i64);
    bulk.set("maxPayloadSize", 0_i64);
    out.set("bulk", bulk);
    let mut filter = supported(true);
    filter.set("maxResults", MAX_RESULTS);
    out.set("filter", filter);
    out.set("changePassword", supported(false));
    out.set("sort", supported(true));
    out.set("etag", supported(true));
    let bearer = Value::from_iter([
        ("type", Value::from("oauthbearertoken")),
        ("name", Value::from("Bearer token")),
        ("description", Value::from("A bearer token in the Authorization header")),
        ("specUri", Value::from("https://www.rfc-editor.org/info/rfc6750")),
        ("primary", Value::from(true)),
    ]);
    out.set("authenticationSchemes", vec![bearer]);
    out.set("meta", meta(integration, "ServiceProviderConfig", "/ServiceProviderConfig"));
    out
}

/// `/ResourceTypes`
pub(super) fn resource_types(integration: &Integration) -> Value {
    listed(offered(integration).map(|resource| resource_type(integration, resource)).collect())
}

/// `/ResourceTypes/{name}`
pub(super) fn one_resource_type(integration: &Integration, name: &str) -> Option<Value> {
    let resource = offered(integration).find(|resource| resource.name() == name)?;
    Some(resource_type(integration, resource))
}

fn offered(integration: &Integration) -> impl Iterator<Item = ResourceType> {
    let is_offered = |resource: &ResourceType| !integration.profile.resource(*resource).unsupported;
    ResourceType::ALL.into_iter().filter(is_offered)
}

fn resource_type(integration: &Integration, resource: ResourceType) -> Value {
    let mut out = Value::object();
    out.set("schemas", vec![Value::from("urn:ietf:params:scim:schemas:core:2.0:ResourceType")]);
    out.set("id", resource.name());
    out.set("name", resource.name());
    out.set("endpoint", format!("/{}", resource.endpoint()));
    out.set("description", integration.catalog(resource).core.description.as_str());
    out.set("schema", resource.urn());
    let extensions = integration.catalog(resource).extensions.iter();
    let extensions: Value = extensions
        .map(|schema| {
            Value::from_iter([("schema", Value::from(schema.id.as_str())), ("required", Value::from(false))])
        })
        .collect();
    if !extensions.is_unassigned() {
        out.set("schemaExtensions", extensions);
    }
    out.set("meta", meta(integration, "ResourceType", &format!("/ResourceTypes/{}", resource.name())));
    out
}

/// `/Schemas`
pub(super) fn schemas(integration: &Integration) -> Value {
    listed(each_schema(integration).map(|schema| shown(integration, schema)).collect())
}

/// `/Schemas/{urn}`
pub(super) fn one_schema(integration: &Integration, urn: &str) -> Option<Value> {
    let schema = each_schema(integration).find(|schema| schema.id.eq_ignore_ascii_case(urn))?;
    Some(shown(integration, schema))
}

fn each_schema(integration: &Integration) -> impl Iterator<Item = &Schema> {
    offered(integration).flat_map(|resource| integration.catalog(resource).schemas())
}

fn shown(integration: &Integration, schema: &Schema) -> Value {
    let mut out = Value::object();
    out.set("schemas", vec![Value::from("urn:ietf:params:scim:schemas:core:2.0:Schema")]);
    out.set("id", schema.id.as_str());
    out.set("name", schema.name.as_str());
    out.set("description", schema.description.as_str());
    out.set("attributes", schema.attributes.iter().map(Attribute::to_value).collect::<Value>());
    out.set("meta", meta(integration, "Schema", &format!("/Schemas/{}", schema.id)));
    out
}

fn listed(resources: Vec<Value>) -> Value {
    list_response(resources.len(), 1, resources)
}

fn meta(integration: &Integration, kind: &str, path: &str) -> Value {
    Value::from_iter([
        ("resourceType", Value::from(kind)),
        ("location", Value::from(format!("{}{path}", integration.base))),
    ])
}
