//! Resources as they are taken in and shown: what a vendor keeps of a body, and what it puts around it.

use serde_json::{Map, Value, json};

use super::behaviour::World;
use super::message::Reply;
use super::records::Record;
use crate::simulator::oracle::attribute::{is_urn, member};

/// The schema of users.
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups.
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension (RFC 7643 §4.3).
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What a vendor keeps of `body`: the members with these names, which have no case, that are not `null`.
pub(crate) fn only(body: &Value, known: &[&str]) -> Map<String, Value> {
    let Some(body) = body.as_object() else { return Map::new() };
    let held = known.iter().filter_map(|name| Some((*name, member(body, name)?.1)));
    held.filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value.clone())).collect()
}

/// A resource with its `id`, `schemas` and `meta`. `kind` is its resource type, such as `User`.
pub(crate) fn document(record: &Record, kind: &str, world: &World) -> Map<String, Value> {
    let mut shown = record.attributes.clone();
    let core = if kind == "Group" { GROUP } else { USER };
    let extensions = record.attributes.keys().filter(|name| is_urn(name)).map(String::as_str);
    let schemas: Vec<&str> = std::iter::once(core).chain(extensions).collect();
    shown.insert("schemas".to_owned(), json!(schemas));
    shown.insert("id".to_owned(), json!(record.id));
    let meta = json!({
        "resourceType": kind,
        "created": record.created.to_string(),
        "lastModified": record.modified.to_string(),
        "location": world.location(&format!("{kind}s"), &record.id),
    });
    shown.insert("meta".to_owned(), meta);
    shown
}

/// A value of a body that has to be a text with something in it.
///
/// # Errors
///
/// The answer 400 `invalidValue`.
pub(crate) fn text(body: &Value, name: &str) -> Result<String, Reply> {
    let value = body.as_object().and_then(|body| member(body, name)).and_then(|(_, value)| value.as_str());
    let value = value.filter(|value| !value.is_empty());
    value
        .map(str::to_owned)
        .ok_or_else(|| Reply::error(400, Some("invalidValue"), &format!("{name} is required")))
}

/// Whether a text can be an e-mail address.
pub(crate) fn is_mail(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
}

/// The operations of a PATCH with their `op` in lower case, which vendors rarely mind.
///
/// # Errors
///
/// The answer 400 `invalidSyntax` when there are none.
pub(crate) fn operations(body: &Value) -> Result<Vec<Value>, Reply> {
    let operations =
        body.get("Operations").and_then(Value::as_array).filter(|operations| !operations.is_empty());
    let operations = operations.ok_or_else(|| {
        Reply::error(400, Some("invalidSyntax"), "Operations must be a list of at least one")
    })?;
    let lower = |operation: &Value| {
        let mut operation = operation.clone();
        if let Some(op) = operation.get("op").and_then(Value::as_str) {
            operation["op"] = json!(op.to_lowercase());
        }
        operation
    };
    Ok(operations.iter().map(lower).collect())
}
