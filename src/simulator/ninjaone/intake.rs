//! What NinjaOne makes of a user that is sent to it: NJ-06 to NJ-11, NJ-14 to NJ-16.

use serde_json::{Map, Value, json};

use super::person::{Class, is_mail, mails};
use super::{ADMINISTRATOR, invalid};
use crate::simulator::harness::knobs::Knobs;
use crate::simulator::harness::message::Reply;

/// NinjaOne's own extension (NJ3).
pub(super) const EXTENSION: &str = "urn:ietf:params:scim:schemas:extension:ninjaone:2.0:User";
/// The enterprise extension, of which everything is kept (assumed).
pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The attributes that are kept. `phoneNumbers` is not among them (NJ-14), nor is `password`: people sign in by SSO.
const KEPT: [&str; 14] = [
    "userName",
    "externalId",
    "name",
    "displayName",
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "emails",
    "addresses",
    "photos",
];

/// A user as sent, checked.
#[derive(Clone, Debug)]
pub(super) struct Intake {
    pub(super) attributes: Map<String, Value>,
    pub(super) active: Option<bool>,
    pub(super) class: Option<Class>,
    pub(super) organization: Option<String>,
}

/// Whether NinjaOne does anything with that attribute at the top of a user.
pub(super) fn is_known(name: &str) -> bool {
    let known = KEPT.iter().chain(&["schemas", "id", "meta", "active"]);
    known.into_iter().any(|known| known.eq_ignore_ascii_case(name)) || is_extension(name)
}

/// Whether that is the URN of an extension that is kept.
pub(super) fn is_extension(urn: &str) -> bool {
    [EXTENSION, ENTERPRISE].iter().any(|known| known.eq_ignore_ascii_case(urn))
}

/// Reads a whole user.
pub(super) fn read(body: &Value, knobs: &Knobs) -> Result<Intake, Reply> {
    let body = body
        .as_object()
        .ok_or_else(|| Reply::error(400, Some("invalidSyntax"), "The body must be an object"))?;
    let get = |name: &str| {
        let found = body.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        found.filter(|value| !value.is_null())
    };
    no_administrator(get("roles"))?;
    let mut attributes = Map::new();
    for name in KEPT {
        if let Some(value) = get(name) {
            well_formed(name, value)?;
            attributes.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(enterprise) = get(ENTERPRISE) {
        let enterprise =
            enterprise.as_object().ok_or_else(|| invalid("The enterprise extension must be an object"))?;
        if !enterprise.is_empty() {
            attributes.insert(ENTERPRISE.to_owned(), Value::Object(enterprise.clone()));
        }
    }
    let empty = Map::new();
    let own = match get(EXTENSION) {
        None => &empty,
        Some(own) => own.as_object().ok_or_else(|| invalid("The NinjaOne extension must be an object"))?,
    };
    no_administrator(own.get("role"))?;
    no_administrator(own.get("roles"))?;
    // NJ-06.
    let name = attributes.get("userName").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() || mails(&attributes).is_empty() {
        return Err(invalid("userName and an e-mail are required"));
    }
    Ok(Intake {
        active: get("active").map(|active| flag(active, knobs)).transpose()?,
        class: own
            .get("userType")
            .filter(|given| !given.is_null())
            .map(|given| class(given, knobs))
            .transpose()?,
        organization: own
            .get("organizationId")
            .filter(|given| !given.is_null())
            .map(|given| organization(given, knobs))
            .transpose()?,
        attributes,
    })
}

/// NJ-07, NJ-11: what an end user without an organisation becomes.
pub(super) fn settle(
    class: Class,
    organization: Option<String>,
    knobs: &Knobs,
) -> Result<Option<String>, Reply> {
    match (class, organization) {
        (Class::Technician, _) => Ok(None),
        (Class::EndUser, Some(organization)) => Ok(Some(organization)),
        (Class::EndUser, None) if knobs.word("org_absent") == "global" => Ok(Some("All".to_owned())),
        (Class::EndUser, None) => Err(invalid("organizationId is required for an end user")),
    }
}

fn well_formed(name: &str, value: &Value) -> Result<(), Reply> {
    let fits = match name {
        "name" => value.is_object(),
        "emails" => value.as_array().is_some_and(|emails| {
            emails.iter().all(|email| email.get("value").and_then(Value::as_str).is_some_and(is_mail))
        }),
        "addresses" | "photos" => value.is_array(),
        _ => value.is_string(),
    };
    if fits { Ok(()) } else { Err(invalid(&format!("{name} is not valid"))) }
}

/// NJ-16.
fn flag(value: &Value, knobs: &Knobs) -> Result<bool, Reply> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) if knobs.flag("string_booleans") => match text.to_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(invalid("active must be true or false")),
        },
        _ => Err(invalid("active must be true or false")),
    }
}

/// NJ-08, NJ-09.
fn class(value: &Value, knobs: &Knobs) -> Result<Class, Reply> {
    match value.as_str() {
        Some("endUser") => Ok(Class::EndUser),
        Some("Technician") => Ok(Class::Technician),
        Some("technician") if knobs.flag("accept_lower_technician") => Ok(Class::Technician),
        _ => Err(invalid("userType must be endUser or Technician")),
    }
}

/// NJ-10.
fn organization(value: &Value, knobs: &Knobs) -> Result<String, Reply> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(invalid("organizationId must be a string or a number")),
    };
    let exists = |id: &str| id.trim().parse::<u64>().is_ok_and(|id| knobs.counts("org_ids").contains(&id));
    let all = text == "All" || exists(&text) || (knobs.flag("multi_org") && text.split(',').all(exists));
    if all { Ok(text) } else { Err(invalid("Organization not found")) }
}

/// NJ-15: a role may be a text, an object that holds one, or a list of either.
pub(super) fn no_administrator(roles: Option<&Value>) -> Result<(), Reply> {
    fn names(value: &Value) -> bool {
        match value {
            Value::String(text) => text.trim().eq_ignore_ascii_case(ADMINISTRATOR),
            Value::Array(values) => values.iter().any(names),
            Value::Object(members) => members.values().any(names),
            _ => false,
        }
    }
    if roles.is_some_and(names) {
        return Err(Reply::error(403, None, "System administrators cannot be assigned through SCIM"));
    }
    Ok(())
}

/// The operations of a PATCH that touch something known; the others are ignored, as unknown attributes are in a body.
pub(super) fn known_operations(operations: &[Value]) -> Result<Vec<Value>, Reply> {
    use crate::simulator::oracle::path;
    let mut known = Vec::new();
    for operation in operations {
        let text = operation.get("path").and_then(Value::as_str);
        if let Some(Ok(path)) = text.map(path::parse) {
            let place = path.attribute.place(&Map::new());
            if place.attribute.as_deref().is_some_and(|name| name.to_lowercase().starts_with("role")) {
                no_administrator(operation.get("value"))?;
            }
            let is_known = match (&place.extension, &place.attribute) {
                (Some(urn), _) => is_extension(urn),
                (None, name) => name.as_deref().is_some_and(is_known),
            };
            if is_known {
                known.push(operation.clone());
            }
        } else if let (None, Some(Value::Object(value))) = (operation.get("path"), operation.get("value")) {
            no_administrator(value.get("roles"))?;
            let kept: Map<String, Value> = value
                .iter()
                .filter(|(name, _)| is_known(name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            if !kept.is_empty() {
                let mut operation = operation.clone();
                operation["value"] = json!(kept);
                known.push(operation);
            }
        } else {
            // Malformed: the engine says how.
            known.push(operation.clone());
        }
    }
    Ok(known)
}
