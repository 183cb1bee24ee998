//! SCIM 1.1, as Okta still speaks it: other URNs, a PATCH whose body is a part of the resource (SCIM 1.1 §3.3.2), and
//! answers of its own form.

use super::rule::{Rule, Touched};
use super::{Speaker, Version, operation};
use crate::scim::error::Error;
use crate::scim::json::Value;
use crate::scim::name::{AttrPath, ENTERPRISE, is_schema_urn};
use crate::scim::patch::{Op, Operation};
use crate::scim::path::Path;
use crate::scim::schema::Catalog;
use crate::scim::scim11::{CORE, ENTERPRISE_1};

/// Okta's extension for the description of a group; SCIM 2.0 groups have none.
pub(super) const GROUP_DESCRIPTION: &str = "urn:okta:custom:group:1.0";

/// Whether a body says that it is SCIM 1.1.
pub(super) fn is(body: &Value) -> bool {
    let schemas = body.get("schemas").map(Value::items).unwrap_or_default();
    schemas.iter().filter_map(Value::as_str).any(|urn| urn.eq_ignore_ascii_case(CORE))
}

/// What is left of 1.1 in a whole resource.
pub(super) fn resource(body: &mut Value, touched: &mut Touched) {
    touched.by(Rule::SchemaUrn);
    if body.remove(GROUP_DESCRIPTION).is_some() {
        touched.by(Rule::GroupDescription);
    }
    for name in ["locale", "preferredLanguage"] {
        let Some(value) = body.get_mut(name) else { continue };
        if let Some(read) = value.as_str().and_then(hyphenated)
            && touched.by(Rule::LocaleUnderscore)
        {
            *value = read.into();
        }
    }
}

/// `en_US` → `en-US` (RFC 5646).
fn hyphenated(text: &str) -> Option<String> {
    let (language, region) = text.split_once('_')?;
    let right = (2..=3).contains(&language.len()) && region.len() == 2;
    right.then(|| format!("{language}-{region}"))
}

/// The operations that a partial resource means: a single value replaces, values of a list are added or, with
/// `operation: delete`, removed, and `meta.attributes` names what is cleared. `None` when the body is no partial resource.
///
/// # Errors
/// When a part of it cannot be understood: perhaps it takes access away.
pub(super) fn operations(
    body: &Value,
    catalog: &Catalog,
    speaker: &Speaker,
    touched: &mut Touched,
) -> Result<Option<Vec<Operation>>, Error> {
    if body.has("Operations") || !(is(body) || speaker.manners.version == Version::One) {
        return Ok(None);
    }
    touched.by(Rule::PartialResource);
    let mut out = Vec::new();
    let cleared = body.get("meta").and_then(|meta| meta.get("attributes"));
    for name in cleared.map(Value::each).unwrap_or_default() {
        let path = name.as_str().and_then(|name| Path::parse(name).ok());
        let path = path.ok_or_else(|| Error::path("meta.attributes must hold names of attributes"))?;
        out.push(Operation::new(Op::Remove, path, Value::null()));
    }
    let mut rest = body.clone();
    rest.retain(|name, _| !["schemas", "id", "meta"].iter().any(|known| name.eq_ignore_ascii_case(known)));
    resource(&mut rest, touched);
    for (name, value) in rest.into_members() {
        match catalog.core_attribute(&name) {
            Some(attribute) if attribute.multi_valued => {
                elements(&AttrPath::core(&attribute.name), &value, &mut out, catalog, speaker, touched)?;
            }
            None if AttrPath::parse(&name).is_none() && !is_schema_urn(&name) => {
                return Err(Error::path("a member of the body names no attribute"));
            }
            _ => {
                let part = Value::from_iter([(name.as_str(), value)]);
                out.extend(operation::members_of(None, Op::Replace, &part, catalog, speaker, touched)?);
            }
        }
    }
    Ok(Some(out))
}

/// "A value is added if it does not exist, merged if it does; with `operation: delete` it is removed" (SCIM 1.1 §3.3.2).
/// What cannot be understood is refused: perhaps it takes access away.
fn elements(
    path: &AttrPath,
    value: &Value,
    out: &mut Vec<Operation>,
    catalog: &Catalog,
    speaker: &Speaker,
    touched: &mut Touched,
) -> Result<(), Error> {
    let mut new = Vec::new();
    for item in value.each() {
        let mut item = item.clone();
        let word = item.remove("operation");
        let id = item.get("value").and_then(Value::scalar_text).filter(|id| !id.is_empty());
        if id.is_none() && path.is_core("members") {
            return Err(Error::value("each of members needs a value: the id of a resource"));
        }
        match word.as_ref().map(|word| word.as_str().unwrap_or_default()) {
            None => new.push(item),
            Some(word) if word.eq_ignore_ascii_case("add") => new.push(item),
            Some(word) if word.eq_ignore_ascii_case("delete") => {
                touched.by(Rule::MemberOperation);
                let id = id.ok_or_else(|| {
                    Error::value(format!("each value of a removal from {path} names one element"))
                })?;
                let filter = crate::scim::Filter::eq(AttrPath::core("value"), id);
                let path = Path::Element { attribute: path.clone(), filter, sub: None };
                out.push(Operation::new(Op::Remove, path, Value::null()));
            }
            Some(_) => return Err(Error::value("the operation of a member is add or delete")),
        }
    }
    if !new.is_empty() {
        let path = Path::Attribute(path.clone());
        out.extend(operation::one(Op::Add, path, Value::from(new), catalog, speaker, touched));
    }
    Ok(())
}

/// A resource, list or discovery document in the form of SCIM 1.1.
pub(super) fn answer(mut body: Value) -> Value {
    if body.has("schemas") {
        let mut schemas = vec![Value::from(CORE)];
        schemas.extend(body.has(ENTERPRISE).then(|| Value::from(ENTERPRISE_1)));
        body.set("schemas", schemas);
    }
    if let Some(manager) = body.get_mut(ENTERPRISE).and_then(|extension| extension.get_mut("manager")) {
        manager.rename("value", "managerId");
    }
    body.rename(ENTERPRISE, ENTERPRISE_1);
    if let Some(meta) = body.get_mut("meta") {
        meta.remove("resourceType");
    }
    if let Some(resources) = body.get_mut("Resources").and_then(Value::items_mut) {
        for resource in resources {
            *resource = answer(std::mem::take(resource));
        }
    }
    body
}

/// An error in the form of SCIM 1.1 (§3.9).
pub(super) fn error(status: u16, detail: &str) -> Value {
    let mut error = Value::object();
    error.set("description", detail);
    error.set("code", status.to_string());
    Value::from_iter([("Errors", Value::from(vec![error]))])
}
