//! Operations as a vendor takes them: in its form, and no more of them in a request than it takes.

use compact_str::CompactString;

use super::members::{AddForm, Members, RemoveForm};
use super::resource::Resource;
use super::scim11;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{self, Op, Operation};
use crate::scim::path::Path;
use crate::scim::schema::ResourceType;

/// The body of one PATCH.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    /// The message.
    pub body: Value,
    /// Whether it takes access away.
    pub revokes: bool,
}

/// Whether the vendor takes these operations for what they say. Those that it does not can still be written as the
/// difference that they make.
pub(super) fn takes(able: &Resource, operations: &[Operation]) -> bool {
    let attribute = |operation: &Operation| operation.path.as_ref().and_then(Path::attribute);
    let names = |operation: &Operation, path: &AttrPath| {
        attribute(operation).is_some_and(|other| other.same_attribute(path))
    };
    let twice = |path: &&AttrPath| operations.iter().filter(|operation| names(operation, path)).count() > 1;
    let too_many = |operation: &Operation| {
        able.members.per_patch.is_some_and(|most| operation.value.each().len() > most)
            || able.body_max.is_some_and(|most| operation.value.to_bytes().len() + ENVELOPE > most)
    };
    let one = |operation: &Operation| {
        let all =
            operation.path.as_ref().and_then(Path::as_plain).is_some_and(|path| path.is_core("members"));
        let whole = match operation.op {
            Op::Add => true,
            // In pieces, it would take people out who are to stay.
            Op::Replace => !(all && (able.members.no_replace || too_many(operation))),
            Op::Remove => !(all && able.members.no_remove_all),
        };
        whole && is_listed(able, &attribute(operation)) && !cannot_go(able, operation)
    };
    operations.iter().all(one) && !able.one_op.iter().any(|path| twice(&path))
}

/// Whether PATCH changes an attribute at all.
pub(super) fn is_listed(able: &Resource, path: &Option<AttrPath>) -> bool {
    let Some(listed) = &able.patch_listed else { return true };
    path.as_ref().is_some_and(|path| listed.iter().any(|one| one.same_attribute(path)))
}

/// Whether it takes something away that the vendor does not let go.
pub(super) fn cannot_go(able: &Resource, operation: &Operation) -> bool {
    let attribute = operation.path.as_ref().and_then(Path::attribute);
    operation.op == Op::Remove
        && attribute.is_some_and(|path| able.never_removed.iter().any(|one| one.same_attribute(&path)))
}

/// The requests that carry operations out, in their order, and as few as the vendor's limits allow.
pub(super) fn requests(
    able: &Resource,
    operations: Vec<Operation>,
    revokes: impl Fn(&Operation) -> bool,
) -> Vec<Request> {
    let members = &able.members;
    let mut out: Vec<Filled> = Vec::new();
    for operation in in_form(members, operations) {
        let revokes = revokes(&operation);
        let mut rest = Some(operation);
        while let Some(operation) = rest.take() {
            let number = changed_members(&operation);
            let part = is_part(able, &operation);
            let has_room = |filled: &Filled| {
                filled.part == part
                    && able.max_ops.is_none_or(|most| filled.operations.len() < most)
                    && (number == 0 || members.per_patch.is_none_or(|most| filled.members < most))
            };
            if !out.last().is_some_and(has_room) {
                out.push(Filled { part, ..Filled::default() });
            }
            let Some(filled) = out.last_mut() else { break };
            let room = members.per_patch.map_or(number, |most| most.saturating_sub(filled.members));
            let (now, later) = split(operation, number, room);
            filled.members += number.min(room);
            filled.operations.push(now);
            filled.revokes |= revokes;
            rest = later;
        }
    }
    out.into_iter().flat_map(|filled| filled.requests(able)).collect()
}

/// A request that is being filled.
#[derive(Default)]
struct Filled {
    operations: Vec<Operation>,
    /// It is a part of the resource, and no list of operations.
    part: bool,
    /// How many members they change.
    members: usize,
    revokes: bool,
}

impl Filled {
    fn body(&self, able: &Resource) -> Value {
        match (self.part, able.scim11) {
            (true, true) => scim11::resource(scim11::partial(&self.operations)),
            (true, false) => {
                let mut body = scim11::partial(&self.operations);
                body.set_first("schemas", vec![Value::from(ResourceType::Group.urn())]);
                body
            }
            (false, _) => patch::envelope(self.operations.iter().map(|one| written(able, one)).collect()),
        }
    }

    /// One request, or as many as the length of a body makes of it.
    fn requests(self, able: &Resource) -> Vec<Request> {
        let body = self.body(able);
        let fits = able.body_max.is_none_or(|most| body.to_bytes().len() <= most);
        let revokes = self.revokes;
        match if fits { Err(self) } else { self.halves() } {
            Ok(halves) => halves.into_iter().flat_map(|half| half.requests(able)).collect(),
            Err(_) => vec![Request { body, revokes }],
        }
    }

    /// Half of what it does, and then the other half; the whole again when it cannot be parted.
    fn halves(mut self) -> Result<[Self; 2], Self> {
        let like = |operations, of: &Self| Self { operations, members: 0, ..*of };
        if self.operations.len() > 1 {
            let later = self.operations.split_off(self.operations.len() / 2);
            let later = like(later, &self);
            return Ok([self, later]);
        }
        let number = match self.operations.first() {
            // In pieces, a replacement would take people out who are to stay.
            Some(only) if only.op != Op::Replace && is_about_members(only) => only.value.items().len(),
            _ => 0,
        };
        match self.operations.pop() {
            Some(only) if number > 1 => {
                let (now, later) = split(only, number, number / 2);
                let later = like(later.into_iter().collect(), &self);
                Ok([like(vec![now], &self), later])
            }
            only => {
                self.operations.extend(only);
                Err(self)
            }
        }
    }
}

/// Whether an operation is written as a part of the resource, as SCIM 1.1 does: some vendors of SCIM 2.0 do so for members.
pub(super) fn is_part(able: &Resource, operation: &Operation) -> bool {
    let leaves = operation.path.as_ref().and_then(Path::as_member).is_some();
    able.scim11
        || match operation.op {
            Op::Remove => leaves && able.members.remove_form == RemoveForm::V1Operation,
            _ => able.members.add_form == AddForm::PartialResource && is_about_members(operation),
        }
}

/// Removals of single members that follow each other, together, where the vendor takes a list of them.
fn in_form(members: &Members, operations: Vec<Operation>) -> Vec<Operation> {
    if members.remove_form != RemoveForm::ValueArray {
        return operations;
    }
    let mut out: Vec<Operation> = Vec::with_capacity(operations.len());
    for operation in operations {
        let leaves = operation.path.as_ref().and_then(Path::as_member).filter(|_| operation.op == Op::Remove);
        let Some(id) = leaves else {
            out.push(operation);
            continue;
        };
        let element: Value = [("value", Value::from(id))].into_iter().collect();
        match out.last_mut().filter(|last| is_list_of_leavers(last)).and_then(|last| last.value.items_mut()) {
            Some(items) => items.push(element),
            None => {
                let path = Path::Attribute(AttrPath::core("members"));
                out.push(Operation::new(Op::Remove, path, vec![element]));
            }
        }
    }
    out
}

fn is_list_of_leavers(operation: &Operation) -> bool {
    operation.op == Op::Remove && is_about_members(operation) && operation.value.is_list()
}

fn is_about_members(operation: &Operation) -> bool {
    operation
        .path
        .as_ref()
        .and_then(Path::as_plain)
        .is_some_and(|path| path.is_core("members") && path.sub.is_none())
}

/// How many members an operation names.
fn changed_members(operation: &Operation) -> usize {
    if operation.path.as_ref().and_then(Path::as_member).is_some() {
        return 1;
    }
    if is_about_members(operation) { operation.value.each().len() } else { 0 }
}

/// What of an operation that names so many members a request has room for, and what is left for the next.
fn split(mut operation: Operation, number: usize, room: usize) -> (Operation, Option<Operation>) {
    let left = match operation.value.items_mut() {
        Some(items) if number > room => items.split_off(room),
        _ => return (operation, None),
    };
    let path = Path::Attribute(AttrPath::core("members"));
    let later = Operation::new(operation.op, path, left);
    (operation, Some(later))
}

/// An operation as it stands in the message.
fn written(able: &Resource, operation: &Operation) -> Value {
    let members = &able.members;
    let mut value = operation.to_value();
    if operation.op != Op::Remove && is_about_members(operation) {
        let object = || Value::from_iter([("members", operation.value.clone())]);
        match members.add_form {
            AddForm::PathlessObject => {
                value.remove("path");
                value.set("value", object());
            }
            AddForm::PathObject => value.set("value", object()),
            AddForm::PathArray | AddForm::PartialResource => {}
        }
    }
    let leaves = operation.path.as_ref().and_then(Path::as_member);
    match (members.remove_form, leaves) {
        // A quotation mark or blank in an id would end it: those are written as the RFC wants them.
        (RemoveForm::FilterPathUnquoted, Some(id)) if id.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            value.set("path", format!("members[value eq {id}]"));
        }
        _ => {}
    }
    able.op_form.apply(operation, &mut value);
    value
}

/// What surrounds the value of an operation in the message, and some room.
const ENVELOPE: usize = 256;

/// Takes members beyond what a creation may bring out of its body, and gives the operations that add them afterwards.
pub(super) fn after_creation(able: &Resource, body: &mut Value) -> Vec<Operation> {
    let most = [able.members.per_create, able.body_max.and_then(|most| brought(body, most))];
    let Some(most) = most.into_iter().flatten().min() else { return Vec::new() };
    let Some(items) = body.get_mut("members").and_then(Value::items_mut).filter(|items| items.len() > most)
    else {
        return Vec::new();
    };
    let later = items.split_off(most);
    vec![Operation::new(Op::Add, Path::Attribute(AttrPath::core("members")), later)]
}

/// How many members a creation of so many bytes has room for; `None` for all.
fn brought(body: &Value, most: usize) -> Option<usize> {
    let mut over = (body.to_bytes().len() + ENVELOPE).checked_sub(most).filter(|over| *over > 0)?;
    let items = body.get("members").map(Value::items).unwrap_or_default();
    let mut left = items.len();
    for item in items.iter().rev() {
        left -= 1;
        match over.checked_sub(item.to_bytes().len() + 1).filter(|over| *over > 0) {
            Some(less) => over = less,
            None => break,
        }
    }
    Some(left)
}

/// The filter that finds the users of a group, where the vendor does not show them with it.
pub fn members_of(able: &Resource, group: &str) -> Option<Filter> {
    able.members.query.clone().map(|path| Filter::eq(path, group))
}

/// Elements of `members` for these ids.
pub fn as_members(ids: impl IntoIterator<Item = CompactString>) -> Value {
    ids.into_iter()
        .map(|id| [("value", Value::from(id.as_str()))].into_iter().collect::<Value>())
        .collect::<Vec<_>>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    fn operations(json: &str) -> Vec<Operation> {
        let value = Value::read(json.as_bytes(), &Limits::REQUEST).unwrap();
        value.items().iter().map(|one| Operation::read(one).unwrap()).collect()
    }

    fn sent(members: Members, max_ops: Option<usize>, json: &str) -> Vec<String> {
        let able = Resource { members, max_ops, ..Resource::default() };
        let requests = requests(&able, operations(json), |operation| operation.op == Op::Remove);
        let shown = |request: &Request| {
            let operations = request.body.get("Operations").unwrap().to_json();
            format!("{}{operations}", if request.revokes { "! " } else { "" })
        };
        requests.iter().map(shown).collect()
    }

    const LEAVE: &str = r#"{"op":"remove","path":"members[value eq \"a\"]"},{"op":"remove","path":"members[value eq \"b 1\"]"}"#;
    const JOIN: &str = r#"{"op":"add","path":"members","value":[{"value":"c"},{"value":"d"},{"value":"e"}]}"#;

    #[test]
    fn a_vendor_without_limits_gets_one_request_as_it_is() {
        let all = format!(r#"[{LEAVE},{{"op":"replace","path":"displayName","value":"g"}},{JOIN}]"#);
        assert_eq!(sent(Members::default(), None, &all), [format!("! {all}")]);
    }

    #[test]
    fn members_are_taken_out_in_the_form_that_the_vendor_reads() {
        let form = |remove_form| Members { remove_form, ..Members::default() };
        assert_eq!(
            sent(form(RemoveForm::ValueArray), None, &format!("[{LEAVE},{JOIN}]")),
            [format!(
                r#"! [{{"op":"remove","path":"members","value":[{{"value":"a"}},{{"value":"b 1"}}]}},{JOIN}]"#
            )]
        );
        assert_eq!(
            sent(form(RemoveForm::FilterPathUnquoted), None, &format!("[{LEAVE}]")),
            [
                r#"! [{"op":"remove","path":"members[value eq a]"},{"op":"remove","path":"members[value eq \"b 1\"]"}]"#
            ]
        );
    }

    #[test]
    fn a_request_changes_no_more_members_than_the_vendor_takes() {
        let two = |remove_form| Members { remove_form, per_patch: Some(2), ..Members::default() };
        let rename = r#"{"op":"replace","path":"displayName","value":"g"}"#;
        assert_eq!(
            sent(two(RemoveForm::FilterPath), None, &format!("[{LEAVE},{rename},{JOIN}]")),
            [
                format!("! [{LEAVE},{rename}]"),
                r#"[{"op":"add","path":"members","value":[{"value":"c"},{"value":"d"}]}]"#.to_owned(),
                r#"[{"op":"add","path":"members","value":[{"value":"e"}]}]"#.to_owned(),
            ]
        );
        // No room is left in a request that another has to follow.
        let one = r#"{"op":"remove","path":"members[value eq \"a\"]"}"#;
        assert_eq!(
            sent(two(RemoveForm::FilterPath), None, &format!("[{one},{JOIN}]")),
            [
                format!(r#"! [{one},{{"op":"add","path":"members","value":[{{"value":"c"}}]}}]"#),
                r#"[{"op":"add","path":"members","value":[{"value":"d"},{"value":"e"}]}]"#.to_owned(),
            ]
        );
        let three = r#"{"op":"remove","path":"members[value eq \"x\"]"}"#;
        assert_eq!(
            sent(two(RemoveForm::ValueArray), None, &format!("[{LEAVE},{three}]")),
            [
                r#"! [{"op":"remove","path":"members","value":[{"value":"a"},{"value":"b 1"}]}]"#,
                r#"! [{"op":"remove","path":"members","value":[{"value":"x"}]}]"#,
            ]
        );
        assert_eq!(sent(Members::default(), Some(1), &format!("[{LEAVE},{rename}]")).len(), 3);
    }

    #[test]
    fn what_the_vendor_would_misread_is_not_sent_as_it_is() {
        let listed = Some(vec![AttrPath::core("displayName"), AttrPath::core("members")]);
        let able = Resource {
            members: Members { no_replace: true, no_remove_all: true, ..Members::default() },
            patch_listed: listed,
            one_op: vec![AttrPath::core("displayName")],
            never_removed: vec![AttrPath::core("displayName")],
            ..Resource::default()
        };
        let rename = r#"{"op":"replace","path":"displayName","value":"g"}"#;
        for (json, expected) in [
            (format!("[{LEAVE},{JOIN},{rename}]"), true),
            (r#"[{"op":"replace","path":"members","value":[{"value":"a"}]}]"#.to_owned(), false),
            (r#"[{"op":"remove","path":"members"}]"#.to_owned(), false),
            (r#"[{"op":"replace","path":"externalId","value":"x"}]"#.to_owned(), false),
            (format!("[{rename},{rename}]"), false),
            (r#"[{"op":"remove","path":"displayName"}]"#.to_owned(), false),
        ] {
            assert_eq!(takes(&able, &operations(&json)), expected, "{json}");
        }
        let replace =
            operations(r#"[{"op":"replace","path":"members","value":[{"value":"a"},{"value":"b"}]}]"#);
        let two = |per_patch| Resource {
            members: Members { per_patch, ..Members::default() },
            ..Resource::default()
        };
        assert!(
            takes(&two(Some(2)), &replace) && !takes(&two(Some(1)), &replace),
            "in pieces, it takes people out"
        );
    }

    #[test]
    fn a_creation_brings_no_more_members_than_the_vendor_takes() {
        let mut body = Value::read(
            br#"{"displayName":"g","members":[{"value":"a"},{"value":"b"},{"value":"c"}]}"#,
            &Limits::REQUEST,
        )
        .unwrap();
        let able = Resource {
            members: Members { per_create: Some(1), ..Members::default() },
            ..Resource::default()
        };
        let later = after_creation(&able, &mut body);
        assert_eq!(body.to_json(), r#"{"displayName":"g","members":[{"value":"a"}]}"#);
        let shown: Vec<_> = later.iter().map(|one| one.to_value().to_json()).collect();
        assert_eq!(shown, [r#"{"op":"add","path":"members","value":[{"value":"b"},{"value":"c"}]}"#]);
    }
}
