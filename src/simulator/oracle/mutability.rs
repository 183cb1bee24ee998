//! What a PATCH may not touch, and what is multi-valued although the resource at hand does not show it (RFC 7643 §4).

use serde_json::{Map, Value};

use super::Refusal;
use super::attribute::{Place, member};

/// The multi-valued attributes of RFC 7643 §4.1.2 and §4.2; those of an extension are told by their values alone.
const MULTI_VALUED: [&str; 11] = [
    "schemas",
    "emails",
    "phoneNumbers",
    "ims",
    "photos",
    "addresses",
    "groups",
    "entitlements",
    "roles",
    "x509Certificates",
    "members",
];

/// Whether `name` at the top of a resource is a list by its definition.
pub(super) fn is_multi_valued(extension: Option<&str>, name: &str) -> bool {
    extension.is_none() && MULTI_VALUED.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// "A client MUST NOT modify an attribute that has mutability readOnly or immutable" (RFC 7644 §3.5.2).
pub(super) fn check(place: &Place) -> Result<(), Refusal> {
    let (None, Some(attribute)) = (&place.extension, &place.attribute) else { return Ok(()) };
    let is = |name: &str| attribute.eq_ignore_ascii_case(name);
    let sub = |names: &[&str]| {
        place.sub.as_deref().is_some_and(|sub| names.iter().any(|name| name.eq_ignore_ascii_case(sub)))
    };
    if is("id") || is("meta") || is("groups") {
        return Err(Refusal::new("mutability", format!("`{attribute}` is readOnly")));
    }
    if is("members") && sub(&["value", "type", "$ref"]) {
        return Err(Refusal::new("mutability", "a member is immutable: remove it and add the other"));
    }
    Ok(())
}

/// "If an attribute is removed or becomes unassigned and is defined as a required attribute […] the server SHALL return
/// […] a scimType error code of mutability" (RFC 7644 §3.5.2.2).
pub(super) fn check_required(before: &Map<String, Value>, after: &Map<String, Value>) -> Result<(), Refusal> {
    let listed = |name: &str| {
        let schemas = member(before, "schemas").and_then(|(_, schemas)| schemas.as_array());
        schemas
            .is_some_and(|all| all.iter().filter_map(Value::as_str).any(|one| one.eq_ignore_ascii_case(name)))
    };
    let required = [
        ("urn:ietf:params:scim:schemas:core:2.0:User", "userName"),
        ("urn:ietf:params:scim:schemas:core:2.0:Group", "displayName"),
    ];
    for (schema, name) in required {
        if listed(schema) && member(before, name).is_some() && member(after, name).is_none() {
            return Err(Refusal::new("mutability", format!("`{name}` is required")));
        }
    }
    Ok(())
}
