//! SCIM 1.1, as Okta still speaks it: other URNs, and a PATCH whose body is a part of the resource (SCIM 1.1 §3.3.2).

use super::rule::{Rule, Touched};
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
pub(super) fn operations(body: &Value, touched: &mut Touched) -> Option<Vec<Operation>> {
    if body.has("Operations") || !is(body) {
        return None;
    }
    touched.by(Rule::PartialResource);
    let mut out = Vec::new();
    for name in body.get("meta").and_then(|meta| meta.get("attributes")).map(Value::items).unwrap_or_default()
    {
        let path = name.as_str().and_then(|name| Path::parse(name).ok());
        out.extend(path.map(|path| Operation::new(Op::Remove, path, Value::null())));
    }
    let mut rest = body.clone();
    rest.retain(|name, _| !["schemas", "id", "meta"].iter().any(|known| name.eq_ignore_ascii_case(known)));
    resource(&mut rest, touched);
    for (name, value) in rest.into_members() {
        if name.eq_ignore_ascii_case("members") {
            members(&value, &mut out, touched);
        } else if let Some(path) = AttrPath::parse(&name) {
            let operation = Operation::new(Op::Replace, Path::Attribute(path), value);
            out.push(Operation { missing: Missing::Create, ..operation });
        }
    }
    Some(out)
}

fn members(value: &Value, out: &mut Vec<Operation>, touched: &mut Touched) {
    let path = AttrPath::core("members");
    let removes =
        |item: &Value| item.text_at("operation").is_some_and(|word| word.eq_ignore_ascii_case("delete"));
    let (gone, mut new): (Vec<Value>, Vec<Value>) = value.items().iter().cloned().partition(removes);
    for id in gone.iter().filter_map(|item| item.get("value")) {
        touched.by(Rule::MemberOperation);
        let filter = crate::scim::Filter::eq(AttrPath::core("value"), id.clone());
        let path = Path::Element { attribute: path.clone(), filter, sub: None };
        out.push(Operation::new(Op::Remove, path, Value::null()));
    }
    if !new.is_empty() {
        new.iter_mut().for_each(|item| drop(item.remove("operation")));
        out.push(Operation::new(Op::Add, Path::Attribute(path), new));
    }
}
