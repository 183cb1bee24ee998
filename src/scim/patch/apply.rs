//! What operations do to a resource (RFC 7644 §3.5.2.1 to §3.5.2.3). All or nothing: a resource that an operation
//! fails on is not given back.

use std::collections::HashMap;

use compact_str::CompactString;

use super::{Missing, Op, Operation};
use crate::scim::error::{Error, ErrorType};
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::path::Path;
use crate::scim::schema::{Attribute, AttributeType, Catalog, Mutability};

/// The resource after the operations, in their order.
///
/// # Errors
/// `mutability` for a read-only or required attribute, `noTarget` when a path selects nothing that can be changed,
/// `invalidValue` and `invalidPath` for values and paths that do not fit the schema.
pub fn apply(mut resource: Value, operations: &[Operation], catalog: &Catalog) -> Result<Value, Error> {
    for operation in operations {
        match &operation.path {
            Some(path) => at_path(&mut resource, operation, path, catalog)?,
            None => pathless(&mut resource, operation, catalog)?,
        }
    }
    Ok(resource)
}

/// "If omitted, the target location is assumed to be the resource itself" and the value "contains a set of attributes".
/// What may not be written is ignored, as in a PUT.
fn pathless(resource: &mut Value, operation: &Operation, catalog: &Catalog) -> Result<(), Error> {
    if !operation.value.is_object() {
        return Err(Error::value("an operation without a path needs an object of attributes as its value"));
    }
    for (name, value) in operation.value.members() {
        let part = Operation { path: None, value: value.clone(), ..*operation };
        if name.eq_ignore_ascii_case("schemas") {
            continue;
        }
        if catalog.extension(name).is_some() || crate::scim::name::is_schema_urn(name) {
            extension(resource, name, &part, catalog)?;
            continue;
        }
        let path =
            AttrPath::parse(name).ok_or_else(|| Error::path("a member of the value names no attribute"))?;
        if catalog.attribute(&path).is_none_or(|attribute| attribute.mutability != Mutability::ReadOnly) {
            check_mutability(&path, &part, catalog)?;
            plain(resource, &path, &part, catalog)?;
        }
    }
    Ok(())
}

fn at_path(resource: &mut Value, operation: &Operation, path: &Path, catalog: &Catalog) -> Result<(), Error> {
    match path {
        Path::Attribute(path) => {
            check_mutability(path, operation, catalog)?;
            plain(resource, path, operation, catalog)
        }
        Path::Element { attribute, filter, sub } => {
            check_mutability(attribute, operation, catalog)?;
            element(resource, attribute, filter, sub.as_ref(), operation, catalog)
        }
        Path::Extension(urn) => extension(resource, urn, operation, catalog),
    }
}

/// Whether an operation leaves nothing where it applies. To *add* nothing changes nothing.
fn clears(operation: &Operation) -> bool {
    operation.op == Op::Remove || (operation.op == Op::Replace && operation.value.is_unassigned())
}

/// Whether an operation adds nothing.
fn adds_nothing(operation: &Operation) -> bool {
    operation.op == Op::Add && operation.value.is_unassigned()
}

/// "If the target attribute is read-only, or required and removed: mutability".
pub(in crate::scim) fn check_mutability(
    path: &AttrPath,
    operation: &Operation,
    catalog: &Catalog,
) -> Result<(), Error> {
    let Some(attribute) = catalog.attribute(path) else { return Ok(()) };
    if attribute.mutability == Mutability::ReadOnly {
        return Err(Error::mutability(path));
    }
    if clears(operation) && attribute.required && path.sub.is_none() {
        return Err(Error::new(ErrorType::Mutability, format!("{path} is required and cannot be removed")));
    }
    Ok(())
}

fn extension(resource: &mut Value, urn: &str, operation: &Operation, catalog: &Catalog) -> Result<(), Error> {
    if adds_nothing(operation) {
        return Ok(());
    }
    if clears(operation) {
        resource.remove(urn);
        return Ok(());
    }
    if !operation.value.is_object() {
        return Err(Error::value("the value of an extension must be an object"));
    }
    for (name, value) in operation.value.members() {
        let path = AttrPath { schema: Some(urn.into()), name: name.into(), sub: None };
        plain(resource, &path, &Operation { path: None, value: value.clone(), ..*operation }, catalog)?;
    }
    Ok(())
}

fn plain(
    resource: &mut Value,
    path: &AttrPath,
    operation: &Operation,
    catalog: &Catalog,
) -> Result<(), Error> {
    let attribute = catalog.attribute(path);
    let current = path.attribute_in(resource);
    let many = match attribute {
        Some(attribute) => attribute.multi_valued,
        None => current.is_some_and(Value::is_list),
    };
    if adds_nothing(operation) {
        return Ok(());
    }
    if clears(operation) {
        if many && path.sub.is_some() {
            return each_element(resource, path, operation);
        }
        path.remove(resource);
        return Ok(());
    }
    match (&path.sub, many) {
        (Some(_), true) => each_element(resource, path, operation),
        (Some(_), false) => {
            let whole = path.whole();
            if whole.get(resource).is_some_and(|holder| !holder.is_object()) {
                return Err(Error::path(format!("{whole} has no sub-attributes")));
            }
            path.set(resource, operation.value.clone());
            Ok(())
        }
        (None, true) => {
            let items = operation.value.each();
            let mut after = match current {
                Some(current) if operation.op == Op::Add => current.items().to_vec(),
                _ => Vec::new(),
            };
            merge_elements(&mut after, items);
            let made =
                |element: &Value| items.iter().any(|item| is_primary(item) && same_element(element, item));
            let made: Vec<_> = after.iter().map(|element| is_primary(element) && made(element)).collect();
            one_primary(path, &mut after, &made)?;
            path.set(resource, Value::from(after));
            Ok(())
        }
        (None, false) => single(resource, path, operation, attribute),
    }
}

/// A single-valued attribute. The value of a complex one is "a set of sub-attributes" that "replaces any existing values
/// or adds where an attribute did not previously exist": what is not named stays.
fn single(
    resource: &mut Value,
    path: &AttrPath,
    operation: &Operation,
    attribute: Option<&Attribute>,
) -> Result<(), Error> {
    let complex = attribute.is_some_and(|attribute| attribute.kind == AttributeType::Complex);
    if complex && !operation.value.is_object() {
        return Err(Error::value(format!("{path} needs an object of sub-attributes")));
    }
    let known = path.get(resource).is_some_and(Value::is_object);
    if !operation.value.is_object() {
        path.set(resource, operation.value.clone());
        return Ok(());
    }
    if !known {
        let mut value = operation.value.clone();
        value.retain(|_, part| !part.is_unassigned());
        if value.members().len() > 0 {
            path.set(resource, value);
        }
        return Ok(());
    }
    for (sub, value) in operation.value.members() {
        let sub = path.with_sub(sub);
        if value.is_unassigned() {
            sub.remove(resource);
        } else {
            sub.set(resource, value.clone());
        }
    }
    Ok(())
}

/// `emails.type` without a filter: every element.
fn each_element(resource: &mut Value, path: &AttrPath, operation: &Operation) -> Result<(), Error> {
    let Some(sub) = &path.sub else { return Ok(()) };
    let whole = path.whole();
    let before = whole.attribute_in(resource).map(Value::items).unwrap_or_default().to_vec();
    if before.is_empty() {
        return match operation.op {
            Op::Remove => Ok(()),
            Op::Add | Op::Replace => Err(no_target(&whole)),
        };
    }
    let mut after = before;
    for element in &mut after {
        set_sub(element, sub, operation);
    }
    let made = vec![makes_primary(Some(sub), &operation.value); after.len()];
    one_primary(&whole, &mut after, &made)?;
    after.retain(|element| !(element.is_object() && element.members().len() == 0));
    store(resource, &whole, after);
    Ok(())
}

fn set_sub(element: &mut Value, sub: &str, operation: &Operation) {
    if clears(operation) {
        element.remove(sub);
    } else {
        element.set(sub, operation.value.clone());
    }
}

fn element(
    resource: &mut Value,
    path: &AttrPath,
    filter: &Filter,
    sub: Option<&CompactString>,
    operation: &Operation,
    catalog: &Catalog,
) -> Result<(), Error> {
    let attribute = catalog.attribute(path);
    let before = path.attribute_in(resource).map(Value::each).unwrap_or_default().to_vec();
    let hit = |element: &Value| filter.matches_element(element, attribute);
    if adds_nothing(operation) {
        return Ok(());
    }
    let removes = clears(operation);
    let mut made: Vec<_> = before.iter().map(hit).collect();
    let mut after = before;
    if !made.contains(&true) {
        if removes {
            return Ok(()); // what is not there is gone already: a repeated removal succeeds
        }
        let created =
            (operation.missing == Missing::Create).then(|| new_element(filter, sub, &operation.value));
        after.push(created.flatten().ok_or_else(|| no_target(path))?);
        made.push(true);
    } else {
        match sub {
            Some(sub) => {
                after
                    .iter_mut()
                    .filter(|element| hit(element))
                    .for_each(|element| set_sub(element, sub, operation));
            }
            None if removes => {
                after
                    .iter_mut()
                    .filter(|element| hit(element))
                    .for_each(|element| *element = Value::object());
            }
            None if operation.op == Op::Add && operation.value.is_object() => {
                for element in after.iter_mut().filter(|element| hit(element)) {
                    for (name, value) in operation.value.members() {
                        element.set(name, value.clone());
                    }
                }
            }
            // "All matching record values SHALL be replaced."
            None => {
                let [value] = operation.value.each() else {
                    return Err(Error::value(format!(
                        "{path} needs one value for the elements that the path selects"
                    )));
                };
                after.iter_mut().filter(|element| hit(element)).for_each(|element| *element = value.clone());
            }
        }
    }
    if makes_primary(sub, &operation.value) && !removes {
        one_primary(path, &mut after, &made)?;
    }
    after.retain(|element| !(element.is_object() && element.members().len() == 0));
    store(resource, path, after);
    Ok(())
}

/// "If no other values remain, the attribute is considered unassigned."
fn store(resource: &mut Value, path: &AttrPath, elements: Vec<Value>) {
    if elements.is_empty() {
        path.remove(resource);
    } else {
        path.set(resource, Value::from(elements));
    }
}

fn no_target(path: &AttrPath) -> Error {
    Error::new(ErrorType::NoTarget, format!("no element of {path} is selected by the path"))
}

/// The element that a filter of equalities describes, with the value in its place.
fn new_element(filter: &Filter, sub: Option<&CompactString>, value: &Value) -> Option<Value> {
    let mut element = Value::object();
    let mut fill = |part: &Filter| {
        let (path, value) = part.as_eq()?;
        path.set(&mut element, value.clone());
        Some(())
    };
    match filter {
        Filter::And(parts) => parts.iter().try_for_each(fill)?,
        part => fill(part)?,
    }
    match sub {
        Some(sub) => element.set(sub, value.clone()),
        None => value.members().for_each(|(name, value)| element.set(name, value.clone())),
    }
    Some(element)
}

/// Adds elements, or changes the ones that are the same: "if the value already exists, no changes are made".
///
/// Two elements are the same when their `value` and `type` are (RFC 7643 §2.4: one combination SHOULD occur once); what
/// the new one says besides is taken over. A group may have 50,000 members, so a large list is looked up, not searched.
fn merge_elements(elements: &mut Vec<Value>, items: &[Value]) {
    const SMALL: usize = 4_096;
    if elements.len().saturating_add(items.len()).saturating_mul(items.len()) <= SMALL {
        for item in items {
            match elements.iter_mut().find(|element| same_element(element, item)) {
                Some(element) => take_over(element, item),
                None => elements.push(item.clone()),
            }
        }
        return;
    }
    let key = |element: &Value| element.get("value").unwrap_or(element).to_json();
    let mut places: HashMap<String, Vec<usize>> = HashMap::with_capacity(elements.len() + items.len());
    for (at, element) in elements.iter().enumerate() {
        places.entry(key(element)).or_default().push(at);
    }
    for item in items {
        let known = places.entry(key(item)).or_default();
        match known.iter().find(|&&at| same_element(&elements[at], item)) {
            Some(&at) => take_over(&mut elements[at], item),
            None => {
                known.push(elements.len());
                elements.push(item.clone());
            }
        }
    }
}

/// A member is who it is, whatever its type is said to be.
fn same_element(element: &Value, item: &Value) -> bool {
    let is_resource = |kind: Option<&str>| matches!(kind, None | Some("User" | "Group"));
    match (element.get("value"), item.get("value")) {
        (Some(a), Some(b)) => {
            let (kind, other) = (element.text_at("type"), item.text_at("type"));
            let omitted = kind.is_none() || other.is_none();
            a == b && (kind == other || (omitted && is_resource(kind) && is_resource(other)))
        }
        _ => element == item,
    }
}

fn take_over(element: &mut Value, item: &Value) {
    for (name, value) in item.members() {
        element.set(name, value.clone());
    }
}

fn is_primary(element: &Value) -> bool {
    element.get("primary").and_then(Value::as_bool) == Some(true)
}

/// Whether what an operation writes, to an element or to a sub-attribute of it, makes the element the preferred one.
fn makes_primary(sub: Option<&CompactString>, value: &Value) -> bool {
    match sub {
        Some(sub) => sub.eq_ignore_ascii_case("primary") && value.as_bool() == Some(true),
        None => value.each().iter().any(is_primary),
    }
}

/// "The service provider SHALL set the value of the existing attribute with primary true to false" when another is made
/// so; one operation cannot make several.
fn one_primary(path: &AttrPath, elements: &mut [Value], made: &[bool]) -> Result<(), Error> {
    match made.iter().filter(|made| **made).count() {
        0 => return Ok(()),
        1 => {}
        _ => return Err(Error::value(format!("only one element of {path} can be primary"))),
    }
    for (element, _) in elements.iter_mut().zip(made).filter(|(element, made)| !**made && is_primary(element))
    {
        element.set("primary", false);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;
    use crate::scim::schema::ResourceType;

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
    }

    fn patched(resource: &str, operations: &str, missing: Missing) -> Result<String, String> {
        let operations: Vec<_> = value(operations)
            .items()
            .iter()
            .map(|operation| Operation { missing, ..Operation::read(operation).unwrap() })
            .collect();
        apply(value(resource), &operations, &Catalog::standard(ResourceType::User))
            .map(|resource| resource.to_json())
            .map_err(|error| error.kind.word().to_owned())
    }

    fn check(resource: &str, operations: &str, expected: &str) {
        let done = patched(resource, operations, Missing::Refuse).unwrap();
        assert_eq!(done, value(expected).to_json(), "{operations}");
    }

    #[test]
    fn add() {
        let user = r#"{"userName":"a","name":{"givenName":"G"},"emails":[{"type":"work","value":"w","primary":true}]}"#;
        check(
            r#"{"userName":"a"}"#,
            r#"[{"op":"add","path":"title","value":"T"}]"#,
            r#"{"userName":"a","title":"T"}"#,
        );
        check(
            user,
            r#"[{"op":"add","path":"name","value":{"familyName":"F"}},{"op":"add","value":{"title":"T","id":"x"}}]"#,
            r#"{"userName":"a","name":{"givenName":"G","familyName":"F"},"emails":[{"type":"work","value":"w","primary":true}],"title":"T"}"#,
        );
        check(
            user,
            r#"[{"op":"add","path":"emails","value":[{"type":"home","value":"h","primary":true},{"type":"work","value":"w"}]}]"#,
            r#"{"userName":"a","name":{"givenName":"G"},"emails":[{"type":"work","value":"w","primary":false},{"type":"home","value":"h","primary":true}]}"#,
        );
        check(
            r#"{"userName":"a"}"#,
            r#"[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":{"department":"D"}},
                {"op":"add","value":{"urn:x:1.0:User":{"level":1}}}]"#,
            r#"{"userName":"a","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D"},"urn:x:1.0:User":{"level":1}}"#,
        );
    }

    #[test]
    fn remove() {
        let user = r#"{"userName":"a","emails":[{"type":"work","value":"w"},{"type":"home","value":"h"}],"name":{"givenName":"G"}}"#;
        check(
            user,
            r#"[{"op":"remove","path":"emails"},{"op":"remove","path":"name.givenName"}]"#,
            r#"{"userName":"a"}"#,
        );
        check(
            user,
            r#"[{"op":"remove","path":"emails[type eq \"work\"]"},{"op":"remove","path":"name"},{"op":"remove","path":"title"}]"#,
            r#"{"userName":"a","emails":[{"type":"home","value":"h"}]}"#,
        );
        check(
            user,
            r#"[{"op":"remove","path":"emails[value pr]"},{"op":"remove","path":"emails[type eq \"x\"]"},{"op":"replace","path":"name","value":null}]"#,
            r#"{"userName":"a"}"#,
        );
        check(
            user,
            r#"[{"op":"remove","path":"emails[type eq \"work\"].value"},{"op":"remove","path":"name"},{"op":"remove","path":"emails.type"}]"#,
            r#"{"userName":"a","emails":[{"value":"h"}]}"#,
        );
    }

    #[test]
    fn replace() {
        let user = r#"{"userName":"a","emails":[{"type":"work","value":"w","primary":true},{"type":"home","value":"h"}],"name":{"givenName":"G","familyName":"F"}}"#;
        check(
            user,
            r#"[{"op":"replace","path":"emails[type eq \"home\"].value","value":"h2"},{"op":"replace","path":"name","value":{"givenName":"H"}}]"#,
            r#"{"userName":"a","emails":[{"type":"work","value":"w","primary":true},{"type":"home","value":"h2"}],"name":{"givenName":"H","familyName":"F"}}"#,
        );
        check(
            user,
            r#"[{"op":"replace","path":"emails[type eq \"home\"].primary","value":true},{"op":"remove","path":"name"}]"#,
            r#"{"userName":"a","emails":[{"type":"work","value":"w","primary":false},{"type":"home","value":"h","primary":true}]}"#,
        );
        check(
            user,
            r#"[{"op":"replace","path":"emails","value":[{"value":"n"}]},{"op":"replace","value":{"name":{"familyName":"X"}}},
                {"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:userName","value":"b"}]"#,
            r#"{"userName":"b","emails":[{"value":"n"}],"name":{"givenName":"G","familyName":"X"}}"#,
        );
        check(
            user,
            r#"[{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"n"}},{"op":"replace","path":"emails","value":[]},{"op":"remove","path":"name"}]"#,
            r#"{"userName":"a"}"#,
        );
    }

    #[test]
    fn what_may_not_be_done_is_refused() {
        let user = r#"{"userName":"a","emails":[{"type":"work","value":"w"}]}"#;
        for (operation, expected) in [
            (r#"[{"op":"replace","path":"id","value":"x"}]"#, "mutability"),
            (r#"[{"op":"add","path":"groups","value":[{"value":"g"}]}]"#, "mutability"),
            (r#"[{"op":"remove","path":"meta.created"}]"#, "mutability"),
            (r#"[{"op":"remove","path":"userName"}]"#, "mutability"),
            (r#"[{"op":"replace","path":"emails[type eq \"home\"].value","value":"x"}]"#, "noTarget"),
            (r#"[{"op":"replace","path":"phoneNumbers.type","value":"x"}]"#, "noTarget"),
            (r#"[{"op":"add","value":"x"}]"#, "invalidValue"),
            (r#"[{"op":"add","path":"name","value":"x"}]"#, "invalidValue"),
            (r#"[{"op":"replace","path":"userName.x","value":"x"}]"#, "invalidPath"),
            (
                r#"[{"op":"add","path":"emails","value":[{"value":"1","primary":true},{"value":"2","primary":true}]}]"#,
                "invalidValue",
            ),
        ] {
            assert_eq!(patched(user, operation, Missing::Refuse), Err(expected.to_owned()), "{operation}");
        }
    }

    #[test]
    fn a_large_list_is_merged_as_a_small_one() {
        let member = |n: usize, of: &str| value(&format!(r#"{{"value":"u{n}","display":"{of}{n}"}}"#));
        let mut elements: Vec<_> = (0..300).map(|n| member(n, "a")).collect();
        let items: Vec<_> = (200..500).map(|n| member(n, "d")).collect();
        let mut one_by_one = elements.clone();
        items.iter().for_each(|item| merge_elements(&mut one_by_one, std::slice::from_ref(item)));
        merge_elements(&mut elements, &items);
        assert_eq!(elements.len(), 500);
        assert!(elements == one_by_one);
        assert_eq!(elements[250].text_at("display"), Some("d250"));
    }

    #[test]
    fn a_missing_element_is_made_when_asked_for_and_found_by_the_next_operation() {
        let done = patched(
            r#"{"userName":"a"}"#,
            r#"[{"op":"add","path":"addresses[type eq \"work\"].locality","value":"Bergen"},
                {"op":"replace","path":"addresses[type eq \"work\"].country","value":"NO"},
                {"op":"add","path":"emails[type eq \"work\" and primary eq true].value","value":"w"}]"#,
            Missing::Create,
        );
        let expected = r#"{"userName":"a","addresses":[{"type":"work","locality":"Bergen","country":"NO"}],"emails":[{"type":"work","primary":true,"value":"w"}]}"#;
        assert_eq!(done.unwrap(), expected);
        let vague = r#"[{"op":"replace","path":"emails[value co \"x\"].value","value":"w"}]"#;
        assert_eq!(patched(r#"{"userName":"a"}"#, vague, Missing::Create), Err("noTarget".to_owned()));
    }
}
