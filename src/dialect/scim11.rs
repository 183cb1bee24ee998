//! SCIM 1.1, as Okta still speaks it: other URNs, and a PATCH whose body is a part of the resource (SCIM 1.1 §3.3.2).

use super::rule::{Rule, Touched};
use crate::scim::error::Error;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{Missing, Op, Operation};
use crate::scim::path::Path;

const CORE: &str = "urn:scim:schemas:core:1.0";

/// Okta's extension for the description of a group; SCIM 2.0 groups have none.
const GROUP_DESCRIPTION: &str = "urn:okta:custom:group:1.0";

/// Whether a body says that it is SCIM 1.1.
pub(super) fn is(body: &Value) -> bool {
    let schemas = body.get("schemas").map(Value::items).unwrap_or_default();
    schemas.iter().filter_map(Value::as_str).any(|urn| urn.eq_ignore_ascii_case(CORE))
}

/// What is left of 1.1 in a whole resource.
pub(super) fn resource(body: &mut Value, touched: &mut Touched) {
    touched.by(Rule::SchemaUrn);
    if body.remove(GROUP_DESCRIPTION).is_some() {
        touched.by(Rule::UnknownAttribute);
    }
    for name in ["locale", "preferredLanguage"] {
        let Some(value) = body.get_mut(name) else { continue };
        if let Some(read) = value.as_str().and_then(hyphenated) {
            touched.by(Rule::LocaleUnderscore);
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

/// The operations that a partial resource means: a value replaces, members are added or, with `operation: delete`,
/// removed, and `meta.attributes` names what is cleared. `None` when the body is no partial resource.
///
/// # Errors
/// When a part of it cannot be understood: perhaps it takes access away.
pub(super) fn operations(body: &Value, touched: &mut Touched) -> Result<Option<Vec<Operation>>, Error> {
    if body.has("Operations") || !is(body) {
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
        if name.eq_ignore_ascii_case("members") {
            members(&value, &mut out, touched)?;
            continue;
        }
        let path =
            AttrPath::parse(&name).ok_or_else(|| Error::path("a member of the body names no attribute"))?;
        let operation = Operation::new(Op::Replace, Path::Attribute(path), value);
        out.push(Operation { missing: Missing::Create, ..operation });
    }
    Ok(Some(out))
}

fn members(value: &Value, out: &mut Vec<Operation>, touched: &mut Touched) -> Result<(), Error> {
    let path = AttrPath::core("members");
    let mut new = Vec::new();
    for item in value.each() {
        let id = item.get("value").and_then(Value::scalar_text).filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| Error::value("each of members needs a value: the id of a resource"))?;
        match item.get("operation").map(|word| word.as_str().unwrap_or_default()) {
            None => {}
            Some(word) if word.eq_ignore_ascii_case("add") => {}
            Some(word) if word.eq_ignore_ascii_case("delete") => {
                touched.by(Rule::MemberOperation);
                let filter = crate::scim::Filter::eq(AttrPath::core("value"), id);
                let path = Path::Element { attribute: path.clone(), filter, sub: None };
                out.push(Operation::new(Op::Remove, path, Value::null()));
                continue;
            }
            Some(_) => return Err(Error::value("the operation of a member is add or delete")),
        }
        let mut item = item.clone();
        item.remove("operation");
        new.push(item);
    }
    if !new.is_empty() {
        out.push(Operation::new(Op::Add, Path::Attribute(path), new));
    }
    Ok(())
}
