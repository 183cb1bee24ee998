//! How what is remembered is written down, before it is sealed: JSON, so that a later version can read it and a person who
//! has the key, too.

use crate::remainder::{Entry, Remainder, Sent};
use crate::scim::json::{Limits, Value};
use crate::scim::patch::{Missing, Operation};
use crate::scim::request::{Action, Request};
use crate::scim::{AttrPath, ResourceType};
use crate::store::{Absent, State, StoreError};

/// What we wrote ourselves: values of a reply, some levels further in.
const KEPT: Limits = Limits { depth: Limits::REPLY.depth + 8, ..Limits::REPLY };

/// The remainder of a resource: `{"entries":[{"path","wrote","seen"}],"sent":[{"path","value"}]}`.
pub fn write_remainder(remainder: &Remainder) -> Vec<u8> {
    let mut entries = Value::from(Vec::new());
    for entry in &remainder.0 {
        let mut one = path(&entry.path);
        for (name, value) in [("wrote", &entry.wrote), ("seen", &entry.seen)] {
            if let Some(value) = value {
                one.set(name, value.clone());
            }
        }
        entries.push(one);
    }
    let mut sent = Value::from(Vec::new());
    for one in remainder.all_sent() {
        let mut written = path(&one.path);
        written.set("value", one.value);
        sent.push(written);
    }
    let mut all = Value::object();
    all.set("entries", entries);
    all.set("sent", sent);
    all.to_bytes()
}

/// What was written so.
///
/// # Errors
/// When it was not.
pub fn read_remainder(json: &[u8]) -> Result<Remainder, StoreError> {
    let all = read(json)?;
    let items = |name: &str| all.get(name).map(Value::items).unwrap_or_default();
    let mut remainder = Remainder::default();
    for one in items("entries") {
        let member = |name: &str| one.get(name).cloned();
        remainder.0.push(Entry { path: path_of(one)?, wrote: member("wrote"), seen: member("seen") });
    }
    let mut sent = Vec::new();
    for one in items("sent") {
        sent.push(Sent { path: path_of(one)?, value: one.get("value").cloned().unwrap_or_default() });
    }
    Ok(remainder.with_sent(sent))
}

/// An account that the vendor does not have.
///
/// # Errors
/// When it was not written by us.
pub fn read_absent(json: &[u8], state: i64) -> Result<Absent, StoreError> {
    let states = [State::Leaving, State::Left, State::Returning, State::Pending, State::Frozen];
    let state = states.into_iter().find(|one| state_code(*one) == state).ok_or_else(unreadable)?;
    Ok(Absent { account: read(json)?, state })
}

/// A change that was asked for: `{"resource","action","id","body","operations","ifMatch"}`. What the answer was to show is
/// not kept: nobody waits for it.
pub fn write_request(request: &Request) -> Vec<u8> {
    let mut all = Value::object();
    all.set("resource", request.resource.name());
    let (action, id, body) = match &request.action {
        Action::Create(body) => ("create", None, Some(body)),
        Action::Replace(id, body) => ("replace", Some(id), Some(body)),
        Action::Modify(id, _) => ("modify", Some(id), None),
        Action::Delete(id) => ("delete", Some(id), None),
        Action::Read(_) | Action::List(_) => ("read", None, None),
    };
    all.set("action", action);
    if let Some(id) = id {
        all.set("id", id.as_str());
    }
    if let Some(body) = body {
        all.set("body", body.clone());
    }
    if let Action::Modify(_, operations) = &request.action {
        all.set("operations", operations.iter().map(write_operation).collect::<Vec<_>>());
    }
    if let Some(version) = &request.if_match {
        all.set("ifMatch", version.as_str());
    }
    all.to_bytes()
}

/// What was written so.
///
/// # Errors
/// When it was not.
pub fn read_request(json: &[u8]) -> Result<Request, StoreError> {
    let all = read(json)?;
    let resource = ResourceType::ALL.into_iter().find(|one| all.text_at("resource") == Some(one.name()));
    let id = || all.text_at("id").map(Into::into).ok_or_else(unreadable);
    let body = || all.get("body").cloned().ok_or_else(unreadable);
    let operations = all.get("operations").map(Value::items).unwrap_or_default();
    let action = match all.text_at("action") {
        Some("create") => Action::Create(body()?),
        Some("replace") => Action::Replace(id()?, body()?),
        Some("modify") => {
            Action::Modify(id()?, operations.iter().map(read_operation).collect::<Result<_, _>>()?)
        }
        Some("delete") => Action::Delete(id()?),
        _ => return Err(unreadable()),
    };
    let mut request = Request::new(resource.ok_or_else(unreadable)?, action);
    request.if_match = all.text_at("ifMatch").map(Into::into);
    Ok(request)
}

fn write_operation(operation: &Operation) -> Value {
    let mut one = Value::object();
    one.set("op", operation.op.word());
    if let Some(path) = &operation.path {
        one.set("path", path.to_string());
    }
    one.set("value", operation.value.clone());
    if operation.missing == Missing::Create {
        one.set("create", true);
    }
    one
}

fn read_operation(one: &Value) -> Result<Operation, StoreError> {
    let mut operation = Operation::read(one).map_err(|_| unreadable())?;
    if one.has("create") {
        operation.missing = Missing::Create;
    }
    Ok(operation)
}

/// The number that a state is kept as.
pub fn state_code(state: State) -> i64 {
    match state {
        State::Leaving => 0,
        State::Left => 1,
        State::Returning => 2,
        State::Pending => 3,
        State::Frozen => 4,
    }
}

/// A path, with its parts apart: an attribute of a URN has dots of its own.
fn path(path: &AttrPath) -> Value {
    let mut parts = Value::object();
    for (name, part) in
        [("schema", path.schema.as_ref()), ("name", Some(&path.name)), ("sub", path.sub.as_ref())]
    {
        if let Some(part) = part {
            parts.set(name, part.as_str());
        }
    }
    let mut one = Value::object();
    one.set("path", parts);
    one
}

fn path_of(one: &Value) -> Result<AttrPath, StoreError> {
    let parts = one.get("path").ok_or_else(unreadable)?;
    let part = |name: &str| parts.text_at(name).map(Into::into);
    Ok(AttrPath { schema: part("schema"), name: part("name").ok_or_else(unreadable)?, sub: part("sub") })
}

fn read(json: &[u8]) -> Result<Value, StoreError> {
    Value::read(json, &KEPT).map_err(|_| unreadable())
}

fn unreadable() -> StoreError {
    StoreError("what was remembered cannot be read".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let value = |json: &str| Value::read(json.as_bytes(), &Limits::REQUEST).unwrap();
        let extension =
            AttrPath { schema: Some("urn:x:2.0:User".into()), name: "a".into(), sub: Some("b".into()) };
        let mut remainder = Remainder::default();
        remainder.0.push(Entry {
            path: AttrPath::core("emails"),
            wrote: Some(value(r#"[{"value":"a@b.c"}]"#)),
            seen: None,
        });
        remainder.0.push(Entry { path: extension.clone(), wrote: None, seen: Some(value("1.50")) });
        let remainder = remainder.with_sent(vec![Sent { path: extension, value: value("null") }]);
        assert_eq!(read_remainder(&write_remainder(&remainder)).unwrap(), remainder);
        for state in [State::Leaving, State::Left, State::Returning, State::Pending, State::Frozen] {
            let absent = read_absent(br#"{"userName":"a"}"#, state_code(state)).unwrap();
            assert_eq!(absent, Absent { account: value(r#"{"userName":"a"}"#), state });
        }
        let mut create = Operation::read(&value(
            r#"{"op":"add","path":"emails[type eq \"work\"].value","value":"a@b.c"}"#,
        ))
        .unwrap();
        create.missing = Missing::Create;
        let remove = value(r#"{"op":"remove","path":"members[value eq \"7\"]"}"#);
        let whole = value(r#"{"op":"replace","value":{"active":false}}"#);
        let operations = vec![create, Operation::read(&remove).unwrap(), Operation::read(&whole).unwrap()];
        for action in [
            Action::Create(value(r#"{"userName":"a"}"#)),
            Action::Replace("7".into(), value(r#"{"userName":"a","active":false}"#)),
            Action::Modify("a b/c".into(), operations),
            Action::Delete("7".into()),
        ] {
            let mut request = Request::new(ResourceType::Group, action);
            request.if_match = Some("W/\"1\"".into());
            let again = read_request(&write_request(&request)).unwrap();
            assert_eq!(format!("{again:?}"), format!("{request:?}"));
        }
        assert!(read_absent(b"{}", 9).is_err() && read_remainder(b"{").is_err());
    }
}
