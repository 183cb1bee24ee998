//! The identifiers of one resource on each side: where ids stand in what a vendor is sent and in what it answers.
//!
//! An id stands in `id`, in the members of a group, in the groups of a user and in a user's manager (RFC 7643 §3.1, §4);
//! in a filter or path about one of them (RFC 7644 §3.4.2.2, §3.5.2) as well. Everything else that looks like an id is
//! a value like any other: above all `externalId`, which the client chooses.

use compact_str::CompactString;

use crate::scim::filter::{Filter, Op};
use crate::scim::json::Value;
use crate::scim::name::{AttrPath, ENTERPRISE};
use crate::scim::path::Path;
use crate::scim::schema::ResourceType;

/// Is shown an id and of which type its resource is; gives the id that takes its place, if another does.
pub type Visit<'v> = dyn FnMut(ResourceType, &str) -> Option<CompactString> + Send + 'v;

/// Visits every id in a resource.
pub fn in_resource(resource: ResourceType, value: &mut Value, visit: &mut Visit<'_>) {
    text_at(value, "id", resource, visit);
    match resource {
        ResourceType::User => {
            elements(value.get_mut("groups"), ResourceType::Group, visit);
            let manager = value.get_mut(ENTERPRISE).and_then(|extension| extension.get_mut("manager"));
            elements(manager, ResourceType::User, visit);
        }
        ResourceType::Group => elements(value.get_mut("members"), ResourceType::User, visit),
    }
}

/// Visits every id in the body of a request: a resource, or the operations of a PATCH.
pub fn in_body(resource: ResourceType, body: &mut Value, visit: &mut Visit<'_>) {
    let Some(operations) = body.get_mut("Operations").and_then(Value::items_mut) else {
        return in_resource(resource, body, visit);
    };
    for operation in operations {
        let Some(path) = operation.text_at("path").map(str::to_owned) else {
            operation.get_mut("value").into_iter().for_each(|value| in_resource(resource, value, visit));
            continue;
        };
        if let Some(other) = unquoted(&path, visit) {
            operation.set("path", other);
            continue;
        }
        let about = match Path::parse(&path) {
            Ok(Path::Attribute(attribute)) => kind_of(resource, &attribute),
            Ok(Path::Element { attribute, mut filter, sub }) => {
                in_element(resource, &attribute, &mut filter, visit);
                operation.set("path", Path::Element { attribute, filter, sub }.to_string());
                continue;
            }
            Ok(Path::Extension(urn)) => {
                let mut whole = Value::object();
                whole.set(&urn, operation.remove("value").unwrap_or_default());
                in_resource(resource, &mut whole, visit);
                operation.set("value", whole.remove(&urn).unwrap_or_default());
                continue;
            }
            Err(_) => continue,
        };
        if let Some(about) = about {
            match operation.get("value").and_then(Value::as_str).and_then(|id| visit(about, id)) {
                Some(other) => operation.set("value", other),
                None => elements(operation.get_mut("value"), about, visit),
            }
        }
    }
}

/// Visits every id in a filter.
pub fn in_filter(resource: ResourceType, filter: &mut Filter, visit: &mut Visit<'_>) {
    match filter {
        Filter::Compare { path, value, .. } => {
            if let Some(about) = kind_of(resource, path) {
                compared(value, about, visit);
            }
        }
        Filter::Present(_) => {}
        Filter::Element(path, inner) => in_element(resource, path, inner, visit),
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter_mut().for_each(|part| in_filter(resource, part, visit));
        }
        Filter::Not(inner) => in_filter(resource, inner, visit),
    }
}

/// Whether a filter compares ids by something else than equality: what the ids of one side contain says nothing of those of
/// the other.
pub fn looks_into_ids(resource: ResourceType, filter: &Filter) -> bool {
    match filter {
        Filter::Compare { path, op, .. } => {
            kind_of(resource, path).is_some() && !matches!(op, Op::Eq | Op::Ne)
        }
        Filter::Present(_) => false,
        Filter::Element(path, inner) => {
            kind_of(resource, path).is_some() && looks_into_ids(resource, &within(path, inner))
        }
        Filter::And(parts) | Filter::Or(parts) => parts.iter().any(|part| looks_into_ids(resource, part)),
        Filter::Not(inner) => looks_into_ids(resource, inner),
    }
}

/// Of which type the resources are whose ids stand at a path.
fn kind_of(resource: ResourceType, path: &AttrPath) -> Option<ResourceType> {
    let whole_or_value = path.sub.as_deref().is_none_or(|sub| sub.eq_ignore_ascii_case("value"));
    let is_manager = path.schema.as_deref().is_some_and(|schema| schema.eq_ignore_ascii_case(ENTERPRISE))
        && path.name.eq_ignore_ascii_case("manager");
    match resource {
        _ if path.is_core("id") && path.sub.is_none() => Some(resource),
        ResourceType::User if path.is_core("groups") && whole_or_value => Some(ResourceType::Group),
        ResourceType::User if is_manager && whole_or_value => Some(ResourceType::User),
        ResourceType::Group if path.is_core("members") && whole_or_value => Some(ResourceType::User),
        _ => None,
    }
}

/// `members[value eq "x"]`: the filter about one element.
fn in_element(resource: ResourceType, attribute: &AttrPath, filter: &mut Filter, visit: &mut Visit<'_>) {
    let Some(about) = kind_of(resource, attribute) else { return };
    match filter {
        Filter::Compare { path, value, .. } if path.is_core("value") => compared(value, about, visit),
        Filter::Compare { .. } | Filter::Present(_) | Filter::Element(..) => {}
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter_mut().for_each(|part| in_element(resource, attribute, part, visit));
        }
        Filter::Not(inner) => in_element(resource, attribute, inner, visit),
    }
}

/// A filter about one element as one about the attribute.
fn within(attribute: &AttrPath, filter: &Filter) -> Filter {
    let all = |parts: &[Filter]| parts.iter().map(|part| within(attribute, part)).collect();
    match filter {
        Filter::Compare { path, op, value } => {
            Filter::Compare { path: attribute.with_sub(&path.name), op: *op, value: value.clone() }
        }
        Filter::Present(path) => Filter::Present(attribute.with_sub(&path.name)),
        Filter::Element(..) => filter.clone(),
        Filter::And(parts) => Filter::And(all(parts)),
        Filter::Or(parts) => Filter::Or(all(parts)),
        Filter::Not(inner) => Filter::Not(Box::new(within(attribute, inner))),
    }
}

/// `members[value eq x]`, as some vendors want it.
fn unquoted(path: &str, visit: &mut Visit<'_>) -> Option<String> {
    let id = path.strip_prefix("members[value eq ")?.strip_suffix(']').filter(|id| !id.contains('"'))?;
    let other = visit(ResourceType::User, id)?;
    let plain = other.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let filter = Filter::eq(AttrPath::core("value"), other.as_str());
    Some(if plain { format!("members[value eq {other}]") } else { format!("members[{filter}]") })
}

/// The elements of a reference to resources, or the one that there is.
fn elements(value: Option<&mut Value>, about: ResourceType, visit: &mut Visit<'_>) {
    let one = |element: &mut Value, visit: &mut Visit<'_>| {
        let is_group = element.text_at("type").is_some_and(|kind| kind.eq_ignore_ascii_case("Group"));
        let about = if is_group { ResourceType::Group } else { about };
        text_at(element, "value", about, visit);
    };
    let Some(value) = value else { return };
    match value.items_mut() {
        Some(items) => items.iter_mut().for_each(|element| one(element, visit)),
        None => one(value, visit),
    }
}

fn text_at(holder: &mut Value, name: &str, about: ResourceType, visit: &mut Visit<'_>) {
    if let Some(other) = holder.text_at(name).filter(|id| !id.is_empty()).and_then(|id| visit(about, id)) {
        holder.set(name, other);
    }
}

fn compared(value: &mut Value, about: ResourceType, visit: &mut Visit<'_>) {
    if let Some(other) = value.as_str().and_then(|id| visit(about, id)) {
        *value = Value::from(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    /// Another id for each, which tells the type.
    fn other(resource: ResourceType, id: &str) -> Option<CompactString> {
        Some(format!("{}-{id}", resource.name()).into())
    }

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
    }

    #[test]
    fn ids_are_found_wherever_they_stand_and_nowhere_else() {
        for (resource, body, expected) in [
            (
                ResourceType::User,
                r#"{"id":"1","externalId":"1","userName":"1","groups":[{"value":"1","type":"direct"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"1"},"department":"1"}}"#,
                r#"{"id":"User-1","externalId":"1","userName":"1","groups":[{"value":"Group-1","type":"direct"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"User-1"},"department":"1"}}"#,
            ),
            (
                ResourceType::Group,
                r#"{"id":"1","displayName":"1","members":[{"value":"1"},{"value":"2","type":"Group"},{"display":"1"}]}"#,
                r#"{"id":"Group-1","displayName":"1","members":[{"value":"User-1"},{"value":"Group-2","type":"Group"},{"display":"1"}]}"#,
            ),
            (
                ResourceType::Group,
                r#"{"Operations":[{"op":"remove","path":"members[value eq \"1\"]"},{"op":"remove","path":"members[value eq 1]"},{"op":"remove","path":"members[display eq \"1\"]"},{"op":"add","path":"members","value":[{"value":"1"}]},{"op":"replace","path":"displayName","value":"1"},{"op":"replace","value":{"id":"1","displayName":"1"}}]}"#,
                r#"{"Operations":[{"op":"remove","path":"members[value eq \"User-1\"]"},{"op":"remove","path":"members[value eq \"User-1\"]"},{"op":"remove","path":"members[display eq \"1\"]"},{"op":"add","path":"members","value":[{"value":"User-1"}]},{"op":"replace","path":"displayName","value":"1"},{"op":"replace","value":{"id":"Group-1","displayName":"1"}}]}"#,
            ),
            (
                ResourceType::User,
                r#"{"Operations":[{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value","value":"1"},{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":{"value":"1"}},{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":{"manager":{"value":"1"}}},{"op":"replace","path":"externalId","value":"1"}]}"#,
                r#"{"Operations":[{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value","value":"User-1"},{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":{"value":"User-1"}},{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":{"manager":{"value":"User-1"}}},{"op":"replace","path":"externalId","value":"1"}]}"#,
            ),
        ] {
            let mut body = value(body);
            in_body(resource, &mut body, &mut other);
            assert_eq!(body.to_json(), expected);
        }
    }

    #[test]
    fn filters_ask_for_the_ids_of_the_other_side() {
        for (resource, filter, expected) in [
            (ResourceType::User, r#"id eq "1" and userName eq "1""#, r#"id eq "User-1" and userName eq "1""#),
            (ResourceType::User, r#"groups.value eq "1""#, r#"groups.value eq "Group-1""#),
            (ResourceType::User, r#"groups[value eq "1"]"#, r#"groups[value eq "Group-1"]"#),
            (ResourceType::Group, r#"members eq "1""#, r#"members eq "User-1""#),
            (ResourceType::Group, r#"not (members.value eq "1")"#, r#"not (members.value eq "User-1")"#),
            (ResourceType::Group, r#"externalId eq "1""#, r#"externalId eq "1""#),
        ] {
            let mut parsed = Filter::parse(filter).unwrap();
            in_filter(resource, &mut parsed, &mut other);
            assert_eq!(parsed.to_string(), expected);
            assert!(!looks_into_ids(resource, &parsed), "{filter}");
        }
        for filter in [r#"id sw "1""#, r#"groups[value co "1"]"#] {
            assert!(looks_into_ids(ResourceType::User, &Filter::parse(filter).unwrap()), "{filter}");
        }
    }
}
