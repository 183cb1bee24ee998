//! The bodies that Okta sends, member by member: OK-08, OK-10, OK-11, OK-13, OK-14, OK-15.
//!
//! **Which members of a user are mandatory.** Okta's profile requires user name, given name, family name and e-mail, and
//! its client always writes `schemas` and `active`: those six are demanded. `displayName` and `locale` can be unmapped by
//! an administrator, and `password`, `externalId` and `groups` are missing from the PUT bodies of O20: those five are
//! taken and not demanded. A `name` has exactly the two parts, an e-mail exactly `value`, `type` and `primary`, and one
//! e-mail is primary. For a member of a group, `display` is always sent by Okta and is taken as optional (assumed), since
//! a vendor has no use for it.

use serde_json::{Map, Value};

use super::broken;
use crate::simulator::harness::message::Reply;
use crate::simulator::oracle::filter::{Filter, Operator};
use crate::simulator::oracle::path;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

type Object = Map<String, Value>;

/// What a PATCH of a user asks for.
pub(super) enum UserPatch {
    Active(bool),
    Password(String),
}

/// What one operation of a group's PATCH asks for.
pub(super) enum GroupPatch {
    Rename(String),
    Add(Vec<Value>),
    Remove(String),
    Replace(Vec<Value>),
}

/// A user as created (`id` is `None`) or as updated.
pub(super) fn user(body: &Value, id: Option<&str>) -> Result<Object, Reply> {
    let rule = if id.is_some() { "OK-10" } else { "OK-08" };
    let body = object(rule, "the body", body)?;
    let mut known = vec![
        "schemas",
        "userName",
        "name",
        "emails",
        "displayName",
        "locale",
        "externalId",
        "groups",
        "password",
        "active",
    ];
    if id.is_some() {
        known.extend(["id", "meta"]);
    }
    only(rule, "a user", body, &known)?;
    schemas(rule, body, USER)?;
    same_id(rule, body, id)?;
    for name in ["userName", "displayName", "locale", "externalId", "password"] {
        if name == "userName" || body.contains_key(name) {
            text(rule, body, name)?;
        }
    }
    let name = object(rule, "name", body.get("name").unwrap_or(&Value::Null))?;
    only(rule, "name", name, &["givenName", "familyName"])?;
    text(rule, name, "givenName")?;
    text(rule, name, "familyName")?;
    emails(rule, body.get("emails").unwrap_or(&Value::Null), id.is_some())?;
    if !body.get("active").is_some_and(Value::is_boolean) {
        return Err(broken(rule, "active must be true or false"));
    }
    if body.get("groups").is_some_and(|groups| groups.as_array().is_none_or(|groups| !groups.is_empty())) {
        return Err(broken(rule, "groups must be an empty list"));
    }
    Ok(without(body, &["schemas", "groups", "id", "meta"]))
}

fn emails(rule: &str, emails: &Value, echoed: bool) -> Result<(), Reply> {
    let emails = emails.as_array().filter(|emails| !emails.is_empty());
    let emails = emails.ok_or_else(|| broken(rule, "emails must be a list of at least one"))?;
    let mut primaries = 0;
    for email in emails {
        let email = object(rule, "an e-mail", email)?;
        let known: &[&str] =
            if echoed { &["primary", "value", "type", "display"] } else { &["primary", "value", "type"] };
        only(rule, "an e-mail", email, known)?;
        text(rule, email, "value")?;
        text(rule, email, "type")?;
        let primary = email.get("primary").and_then(Value::as_bool);
        primaries += u32::from(primary.ok_or_else(|| broken(rule, "primary must be true or false"))?);
    }
    if primaries == 1 { Ok(()) } else { Err(broken(rule, "one e-mail must be primary")) }
}

/// OK-11.
pub(super) fn user_patch(body: &Value) -> Result<UserPatch, Reply> {
    let [operation] = operations("OK-11", body)? else {
        return Err(broken("OK-11", "a user is patched by one operation"));
    };
    let operation = object("OK-11", "an operation", operation)?;
    only("OK-11", "an operation", operation, &["op", "value"])?;
    let value = object("OK-11", "value", operation.get("value").unwrap_or(&Value::Null))?;
    let one = value.len() == 1 && operation.get("op").is_some_and(|op| op == "replace");
    match (value.get("active"), value.get("password")) {
        (Some(Value::Bool(active)), None) if one => Ok(UserPatch::Active(*active)),
        (None, Some(Value::String(password))) if one => Ok(UserPatch::Password(password.clone())),
        _ => Err(broken("OK-11", "an operation is a pathless replace of active or of password")),
    }
}

/// A group as created (`id` is `None`) or as PUT whole.
pub(super) fn group(body: &Value, id: Option<&str>) -> Result<Object, Reply> {
    let rule = if id.is_some() { "OK-15" } else { "OK-13" };
    let body = object(rule, "the body", body)?;
    let known: &[&str] = if id.is_some() {
        &["schemas", "displayName", "members", "id", "meta"]
    } else {
        &["schemas", "displayName", "members"]
    };
    only(rule, "a group", body, known)?;
    schemas(rule, body, GROUP)?;
    same_id(rule, body, id)?;
    text(rule, body, "displayName")?;
    let members = members(rule, body.get("members").unwrap_or(&Value::Null))?;
    if id.is_none() && !members.is_empty() {
        return Err(broken(rule, "a group is created without members, which are added afterwards"));
    }
    Ok(without(body, &["schemas", "id", "meta"]))
}

/// OK-14.
pub(super) fn group_patch(body: &Value, id: &str) -> Result<Vec<GroupPatch>, Reply> {
    operations("OK-14", body)?.iter().map(|operation| group_operation(operation, id)).collect()
}

fn group_operation(operation: &Value, id: &str) -> Result<GroupPatch, Reply> {
    let rule = "OK-14";
    let operation = object(rule, "an operation", operation)?;
    only(rule, "an operation", operation, &["op", "path", "value"])?;
    let text_of = |name: &str| operation.get(name).and_then(Value::as_str);
    match (text_of("op"), operation.get("path").map(Value::as_str), operation.get("value")) {
        (Some("replace"), None, Some(value)) => {
            let value = object(rule, "value", value)?;
            only(rule, "value", value, &["id", "displayName"])?;
            if value.get("id").and_then(Value::as_str) != Some(id) {
                return Err(broken(rule, "a rename carries the id of the group"));
            }
            Ok(GroupPatch::Rename(text(rule, value, "displayName")?.to_owned()))
        }
        (Some("remove"), Some(Some(path)), None) => match removed_member(path) {
            Some(member) => Ok(GroupPatch::Remove(member)),
            None => Err(broken(rule, r#"a member is removed by the path members[value eq "id"]"#)),
        },
        (Some("add"), Some(Some("members")), Some(value)) => Ok(GroupPatch::Add(members(rule, value)?)),
        (Some("replace"), Some(Some("members")), Some(value)) => {
            Ok(GroupPatch::Replace(members(rule, value)?))
        }
        _ => Err(broken(rule, "not one of the four operations that Okta sends for a group")),
    }
}

fn removed_member(text: &str) -> Option<String> {
    if !text.starts_with("members[value eq ") {
        return None;
    }
    let path = path::parse(text).ok()?;
    match (path.filter?, path.sub) {
        (Filter::Compare(_, Operator::Eq, Value::String(member)), None) => Some(member),
        _ => None,
    }
}

fn members(rule: &str, members: &Value) -> Result<Vec<Value>, Reply> {
    let list = members.as_array().ok_or_else(|| broken(rule, "members must be a list"))?;
    for member in list {
        let member = object(rule, "a member", member)?;
        only(rule, "a member", member, &["value", "display"])?;
        text(rule, member, "value")?;
    }
    Ok(list.clone())
}

fn operations<'v>(rule: &str, body: &'v Value) -> Result<&'v [Value], Reply> {
    let body = object(rule, "the body", body)?;
    only(rule, "a PATCH", body, &["schemas", "Operations"])?;
    schemas(rule, body, PATCH)?;
    let operations =
        body.get("Operations").and_then(Value::as_array).filter(|operations| !operations.is_empty());
    operations.map(Vec::as_slice).ok_or_else(|| broken(rule, "Operations must be a list of at least one"))
}

fn schemas(rule: &str, body: &Object, schema: &str) -> Result<(), Reply> {
    let given = body.get("schemas").and_then(Value::as_array);
    let fits = given.is_some_and(|given| given.len() == 1 && given[0] == schema);
    if fits { Ok(()) } else { Err(broken(rule, &format!("schemas must be [\"{schema}\"]"))) }
}

fn same_id(rule: &str, body: &Object, id: Option<&str>) -> Result<(), Reply> {
    let differs = body.get("id").is_some_and(|given| given.as_str() != id);
    if differs { Err(broken(rule, "id is that of another resource")) } else { Ok(()) }
}

fn object<'v>(rule: &str, what: &str, value: &'v Value) -> Result<&'v Object, Reply> {
    value.as_object().ok_or_else(|| broken(rule, &format!("{what} must be an object")))
}

fn only(rule: &str, what: &str, object: &Object, known: &[&str]) -> Result<(), Reply> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(broken(rule, &format!("{what} has no `{key}`"))),
        None => Ok(()),
    }
}

fn text<'v>(rule: &str, object: &'v Object, name: &str) -> Result<&'v str, Reply> {
    let text = object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or_else(|| broken(rule, &format!("{name} must be a string and not empty")))
}

fn without(object: &Object, names: &[&str]) -> Object {
    let kept = object.iter().filter(|(key, _)| !names.contains(&key.as_str()));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}
