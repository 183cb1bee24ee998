//! `scim_version: "1.1"`: what the planner decides, in the words of SCIM 1.1, and its answers in ours.
//!
//! Needed by Slack's and Salesforce's older endpoints. The schemas have other URNs, a manager is a `managerId` (core
//! schema 1.1 §6), and an error is `{"Errors": [{"description", "code"}]}` (protocol 1.1 §3.9). How a PATCH is written is
//! in the module `partial`.

mod partial;

use super::plan::Call;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::{AttrPath, ENTERPRISE, is_schema_urn};
use crate::scim::schema::ResourceType;
use crate::scim::scim11::{CORE, ENTERPRISE_1, newer, older, older_path};

pub use partial::merged;
pub(super) use partial::{can_say, partial};

/// A call in the words of SCIM 1.1. The body of a PATCH has them already.
pub(super) fn written(mut call: Call) -> Call {
    call.body = call.body.map(|body| if body.has("Operations") { body } else { resource(body) });
    call
}

/// A resource in the words of SCIM 1.1.
pub(super) fn resource(mut body: Value) -> Value {
    if let Some(manager) = body.get_mut(ENTERPRISE).and_then(|extension| extension.get_mut("manager")) {
        manager.rename("value", "managerId");
    }
    let mut schemas = vec![Value::from(CORE)];
    let mut out = Value::object();
    for (name, value) in body.into_members() {
        if is_schema_urn(&name) {
            let old = older(&name);
            schemas.push(Value::from(old.as_str()));
            out.set(&old, value);
        } else if !name.eq_ignore_ascii_case("schemas") {
            out.set(&name, value);
        }
    }
    out.set_first("schemas", schemas);
    out
}

/// An answer, in our words: a resource, a list of them, or an error.
pub fn read(kind: ResourceType, mut body: Value) -> Value {
    if let Some(resources) = body.get_mut("Resources").and_then(Value::items_mut) {
        for one in resources {
            *one = newer_resource(kind, std::mem::take(one));
        }
        return body;
    }
    match body.remove("Errors") {
        Some(errors) => error(&errors),
        None => newer_resource(kind, body),
    }
}

fn newer_resource(kind: ResourceType, body: Value) -> Value {
    if !body.is_object() {
        return body;
    }
    let mut out = Value::object_with_room(body.members().len());
    for (name, mut value) in body.into_members() {
        if name.eq_ignore_ascii_case("schemas") {
            let urns = value.items().iter().filter_map(Value::as_str);
            value = urns.map(|urn| Value::from(newer(urn, kind))).collect::<Vec<_>>().into();
        } else if name.eq_ignore_ascii_case(ENTERPRISE_1)
            && let Some(manager) = value.get_mut("manager")
        {
            // An id is a text, whatever it was here (RFC 7643 §4.3).
            if let Some(id) = manager.remove("managerId").as_ref().and_then(Value::scalar_text) {
                manager.set("value", id);
            }
        }
        out.set(&newer(&name, kind), value);
    }
    out
}

/// The first of the errors; some give one where there should be a list.
fn error(errors: &Value) -> Value {
    let mut out = Value::object();
    let Some(first) = errors.each().first() else { return out };
    for (old, new) in [("description", "detail"), ("code", "status")] {
        if let Some(text) = first.get(old).and_then(Value::scalar_text) {
            out.set(new, text);
        }
    }
    out
}

/// A filter with the names of SCIM 1.1.
pub(super) fn filter(filter: Filter) -> Filter {
    renamed(filter, &older_path)
}

/// An attribute as it stands in a parameter of a query.
pub(super) fn named(path: &AttrPath) -> AttrPath {
    older_path(path)
}

/// A filter with another name for each attribute; those within an element keep theirs.
fn renamed(filter: Filter, name: &impl Fn(&AttrPath) -> AttrPath) -> Filter {
    let all = |parts: Vec<Filter>| parts.into_iter().map(|part| renamed(part, name)).collect();
    match filter {
        Filter::Compare { path, op, value } => Filter::Compare { path: name(&path), op, value },
        Filter::Present(path) => Filter::Present(name(&path)),
        Filter::Element(path, inner) => Filter::Element(name(&path), inner),
        Filter::And(parts) => Filter::And(all(parts)),
        Filter::Or(parts) => Filter::Or(all(parts)),
        Filter::Not(inner) => Filter::Not(Box::new(renamed(*inner, name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REPLY).unwrap()
    }

    #[test]
    fn a_resource_goes_there_and_comes_back() {
        let new = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"userName":"ana","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"IT","manager":{"value":"7"}}}"#;
        let old = r#"{"schemas":["urn:scim:schemas:core:1.0","urn:scim:schemas:extension:enterprise:1.0"],"userName":"ana","urn:scim:schemas:extension:enterprise:1.0":{"department":"IT","manager":{"managerId":"7"}}}"#;
        assert_eq!(resource(value(new)).to_json(), old);
        assert_eq!(read(ResourceType::User, value(old)), value(new));
        let list = read(ResourceType::User, value(&format!(r#"{{"totalResults":1,"Resources":[{old}]}}"#)));
        assert_eq!(list.get("Resources").unwrap().items(), [value(new)]);
    }

    #[test]
    fn an_error_is_read_in_each_of_its_forms() {
        for errors in [
            r#"[{"description":"no_such_user","code":"404"}]"#,
            r#"{"description":"no_such_user","code":404}"#,
        ] {
            let error = read(ResourceType::User, value(&format!(r#"{{"Errors":{errors}}}"#)));
            assert_eq!(error.to_json(), r#"{"detail":"no_such_user","status":"404"}"#);
        }
    }
}
