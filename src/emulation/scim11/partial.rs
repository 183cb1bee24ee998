//! PATCH as SCIM 1.1 has it (protocol 1.1 §3.3.2): a part of the resource. What it names is set, elements of a list are
//! added, or taken out by `"operation": "delete"`, and before that goes what `meta.attributes` names.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use compact_str::{CompactString, ToCompactString};

use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{Op, Operation};
use crate::scim::path::Path;
use crate::scim::schema::{Catalog, ResourceType};
use crate::scim::scim11::older_path;

/// What a part of a resource says of one attribute.
#[derive(Default)]
struct Said {
    whole: bool,
    subs: Vec<CompactString>,
    /// Elements by their value, and whether they stay.
    elements: HashMap<CompactString, bool>,
    /// Elements without one.
    others: bool,
}

impl Said {
    fn nothing(&self) -> bool {
        !self.whole && self.subs.is_empty() && self.elements.is_empty() && !self.others
    }

    /// Notes that an element stays or goes; `false` when the opposite was said.
    fn element(&mut self, value: Option<&str>, stays: bool) -> bool {
        if self.whole || !self.subs.is_empty() {
            return false;
        }
        let Some(value) = value else {
            self.others = true;
            return stays;
        };
        match self.elements.entry(value.into()) {
            Entry::Occupied(known) => *known.get() == stays,
            Entry::Vacant(new) => {
                new.insert(stays);
                true
            }
        }
    }
}

/// Whether one part of a resource says what these operations say: it has no order, and names elements by their values.
pub(in crate::emulation) fn can_say<'o>(
    resource: ResourceType,
    operations: impl IntoIterator<Item = &'o Operation>,
) -> bool {
    let catalog = Catalog::standard(resource);
    let mut said: HashMap<CompactString, Said> = HashMap::new();
    operations.into_iter().all(|operation| {
        let Some(attribute) = operation.path.as_ref().and_then(Path::attribute) else { return false };
        let said = said.entry(attribute.to_compact_string().to_lowercase()).or_default();
        match &operation.path {
            Some(Path::Attribute(AttrPath { sub: Some(sub), .. })) => {
                let new = !said.subs.contains(sub) && !said.whole && said.elements.is_empty() && !said.others;
                said.subs.push(sub.clone());
                new && catalog.attribute(&attribute).is_none_or(|attribute| !attribute.multi_valued)
            }
            Some(Path::Attribute(_)) if operation.op == Op::Add && operation.value.is_list() => {
                let mut items = operation.value.items().iter();
                items.all(|item| said.element(item.text_at("value"), true))
            }
            Some(Path::Attribute(_)) => {
                let new = said.nothing();
                said.whole = true;
                new
            }
            Some(path @ Path::Element { .. }) => match leaver(path).filter(|_| operation.op == Op::Remove) {
                Some(value) => said.element(Some(value), false),
                None => false,
            },
            _ => false,
        }
    })
}

/// If this is `attribute[value eq "x"]`, the x.
fn leaver(path: &Path) -> Option<&str> {
    let Path::Element { filter, sub: None, .. } = path else { return None };
    let (path, value) = filter.as_eq()?;
    if path.is_core("value") && path.sub.is_none() { value.as_str() } else { None }
}

/// The part of a resource that says what operations say, in the names of RFC 7643 but for those that are cleared, and
/// without schemas.
pub(in crate::emulation) fn partial(operations: &[Operation]) -> Value {
    let mut body = Value::object();
    let mut cleared: Vec<Value> = Vec::new();
    for operation in operations {
        match &operation.path {
            Some(Path::Attribute(path)) => {
                let is_set = operation.op != Op::Remove && !operation.value.is_unassigned();
                // A list would be added to.
                if !is_set || (operation.op == Op::Replace && operation.value.is_list()) {
                    cleared.push(older_path(path).to_string().into());
                }
                if !is_set {
                    continue;
                }
                match (path.attribute_in(&body).is_some_and(Value::is_list), operation.value.items()) {
                    (true, items) => items.iter().for_each(|item| add(path, item.clone(), &mut body)),
                    (false, _) => path.set(&mut body, operation.value.clone()),
                }
            }
            Some(path @ Path::Element { attribute, .. }) => {
                let value = leaver(path).unwrap_or_default();
                let element = [("value", Value::from(value)), ("operation", Value::from("delete"))];
                add(attribute, element.into_iter().collect(), &mut body);
            }
            _ => {}
        }
    }
    if !cleared.is_empty() {
        body.set("meta", Value::from_iter([("attributes", Value::from(cleared))]));
    }
    body
}

fn add(path: &AttrPath, element: Value, body: &mut Value) {
    let holder = match &path.schema {
        Some(schema) => body.entry(schema),
        None => body,
    };
    holder.entry(&path.name).push(element);
}

/// A resource with a part of it merged into it, both in the words of SCIM 1.1: what a vendor makes of a PATCH.
pub fn merged(mut resource: Value, part: &Value) -> Value {
    let cleared = part.get("meta").and_then(|meta| meta.get("attributes")).map(Value::items);
    for name in cleared.unwrap_or_default().iter().filter_map(Value::as_str) {
        if let Some(path) = AttrPath::parse(name) {
            path.remove(&mut resource);
        }
    }
    for (name, value) in part.members().filter(|(name, _)| !["schemas", "id", "meta"].contains(name)) {
        merge(resource.entry(name), value);
    }
    resource
}

fn merge(held: &mut Value, part: &Value) {
    if part.is_object() && held.is_object() {
        part.members().for_each(|(name, value)| merge(held.entry(name), value));
    } else if part.is_list() {
        for item in part.items() {
            let mut kept = std::mem::take(held).into_items();
            kept.retain(|other| item.get("value").is_none() || other.get("value") != item.get("value"));
            if item.text_at("operation") != Some("delete") {
                kept.push(item.clone());
            }
            *held = Value::from(kept);
        }
    } else {
        *held = part.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
    }

    fn operations(json: &str) -> Vec<Operation> {
        value(json).items().iter().map(|one| Operation::read(one).unwrap()).collect()
    }

    #[test]
    fn operations_become_a_part_of_the_resource() {
        for (given, part) in [
            (
                r#"[{"op":"replace","path":"name.familyName","value":"L"},{"op":"add","path":"title","value":"T"}]"#,
                r#"{"name":{"familyName":"L"},"title":"T"}"#,
            ),
            (
                r#"[{"op":"remove","path":"title"},{"op":"replace","path":"emails","value":[{"value":"a"}]}]"#,
                r#"{"emails":[{"value":"a"}],"meta":{"attributes":["title","emails"]}}"#,
            ),
            (
                r#"[{"op":"remove","path":"members[value eq \"a\"]"},{"op":"add","path":"members","value":[{"value":"b"}]}]"#,
                r#"{"members":[{"value":"a","operation":"delete"},{"value":"b"}]}"#,
            ),
            (
                r#"[{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"}]"#,
                r#"{"meta":{"attributes":["urn:scim:schemas:extension:enterprise:1.0:department"]}}"#,
            ),
            (r#"[{"op":"replace","path":"members","value":[]}]"#, r#"{"meta":{"attributes":["members"]}}"#),
        ] {
            let given = operations(given);
            assert!(can_say(ResourceType::User, &given), "{part}");
            assert_eq!(partial(&given).to_json(), part);
        }
    }

    #[test]
    fn what_depends_on_an_order_or_on_another_filter_cannot_be_said() {
        for (given, right) in [
            (
                r#"[{"op":"add","path":"members","value":[{"value":"a"}]},{"op":"remove","path":"members[value eq \"a\"]"}]"#,
                false,
            ),
            (
                r#"[{"op":"add","path":"members","value":[{"value":"a"}]},{"op":"add","path":"members","value":[{"value":"b"}]}]"#,
                true,
            ),
            (
                r#"[{"op":"remove","path":"members"},{"op":"add","path":"members","value":[{"value":"b"}]}]"#,
                false,
            ),
            (r#"[{"op":"replace","path":"emails[type eq \"work\"].value","value":"a"}]"#, false),
            (r#"[{"op":"remove","path":"emails[type eq \"work\"]"}]"#, false),
            (r#"[{"op":"replace","path":"emails.value","value":"a"}]"#, false),
            (r#"[{"op":"add","value":{"title":"T"}}]"#, false),
            (
                r#"[{"op":"replace","path":"name.givenName","value":"a"},{"op":"remove","path":"name"}]"#,
                false,
            ),
            (
                r#"[{"op":"replace","path":"name.givenName","value":"a"},{"op":"remove","path":"name.familyName"}]"#,
                true,
            ),
        ] {
            assert_eq!(can_say(ResourceType::User, &operations(given)), right, "{given}");
        }
    }

    #[test]
    fn a_part_is_merged() {
        let held = value(
            r#"{"title":"T","name":{"givenName":"A"},"emails":[{"value":"a"},{"value":"b","type":"work"}]}"#,
        );
        let part = value(
            r#"{"schemas":[],"name":{"familyName":"L"},"emails":[{"value":"a","operation":"delete"},{"value":"b"},{"value":"c"}],"meta":{"attributes":["title"]}}"#,
        );
        assert_eq!(
            merged(held, &part).to_json(),
            r#"{"name":{"givenName":"A","familyName":"L"},"emails":[{"value":"b"},{"value":"c"}]}"#
        );
    }
}
