//! Users: AW-14 to AW-20, AW-25.

use serde_json::{Map, Value, json};

use super::Aws;
use super::wire::{Trouble, duplicate, gone, new_id, shown};
use crate::simulator::harness::World;
use crate::simulator::harness::message::Reply;
use crate::simulator::harness::records::forget_member;
use crate::simulator::harness::shape::{ENTERPRISE, document, only, operations};
use crate::simulator::oracle;
use crate::simulator::oracle::attribute::member;
use crate::simulator::oracle::filter::{Filter, Operator};
use crate::simulator::oracle::path;

const KEPT: &[&str] = &[
    "userName",
    "displayName",
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "active",
    "externalId",
    "name",
    "emails",
    "addresses",
    "phoneNumbers",
    "roles",
    ENTERPRISE,
];

/// AW-16.
const UNSUPPORTED: [&str; 6] = ["password", "ims", "photos", "x509Certificates", "entitlements", "groups"];

/// AW-18, word for word.
pub(super) const ONE_ATTRIBUTE: &str = "Current PATCH support allows omitting \"path\" attribute only for Add and Replace operations modifying a single attribute.";

impl Aws {
    pub(super) fn read_user(&self, id: &str) -> Result<Reply, Trouble> {
        let user = self.users.get(id).ok_or_else(|| gone("USER", id))?;
        Ok(Reply::json(200, Value::Object(shown(user, "User"))))
    }

    pub(super) fn create_user(&mut self, body: &Value, world: &mut World) -> Result<Reply, Trouble> {
        let attributes = intake(body, world)?;
        self.unique(&attributes, None)?;
        let id = new_id(world);
        let user = self.users.insert(id, attributes, world.now());
        Ok(Reply::json(201, Value::Object(shown(user, "User"))))
    }

    pub(super) fn replace_user(&mut self, id: &str, body: &Value, world: &World) -> Result<Reply, Trouble> {
        self.users.get(id).ok_or_else(|| gone("USER", id))?;
        let attributes = intake(body, world)?;
        self.unique(&attributes, Some(id))?;
        self.users.update(id, attributes, world.now());
        self.read_user(id)
    }

    pub(super) fn patch_user(&mut self, id: &str, body: &Value, world: &World) -> Result<Reply, Trouble> {
        let user = self.users.get(id).ok_or_else(|| gone("USER", id))?;
        let operations = operations(body)?;
        well_formed(&operations)?;
        let before = document(user, "User", world);
        let after = oracle::apply(&before, &Value::Array(operations))?;
        self.replace_user(id, &Value::Object(after), world)
    }

    pub(super) fn delete_user(&mut self, id: &str, world: &World) -> Result<Reply, Trouble> {
        self.users.remove(id).ok_or_else(|| gone("USER", id))?;
        forget_member(&mut self.groups, id, world.now()); // AW-25
        Ok(Reply::empty(204))
    }

    /// AW-17.
    fn unique(&self, attributes: &Map<String, Value>, own: Option<&str>) -> Result<(), Trouble> {
        let name = attributes["userName"].as_str().unwrap_or_default().to_lowercase();
        let external = attributes.get("externalId");
        for user in self.users.iter().filter(|user| own != Some(user.id.as_str())) {
            if user.key == name || (external.is_some() && user.attributes.get("externalId") == external) {
                return Err(duplicate());
            }
        }
        Ok(())
    }
}

/// AW-14 to AW-16.
fn intake(body: &Value, world: &World) -> Result<Map<String, Value>, Trouble> {
    let bad = |detail: String| Err(Trouble::new(400, detail));
    let mut kept = only(body, KEPT);
    let strict = world.knobs.word("unsupported") == "400";
    let given = body.as_object().cloned().unwrap_or_default();
    for name in UNSUPPORTED {
        if strict && member(&given, name).is_some_and(|(_, value)| !value.is_null()) {
            return bad(format!("{name} is not supported"));
        }
    }
    let name = kept.get("name").cloned().unwrap_or_default();
    let required = [
        ("userName", kept.get("userName")),
        ("displayName", kept.get("displayName")),
        ("givenName", name.get("givenName")),
        ("familyName", name.get("familyName")),
    ];
    for (name, value) in required {
        if value.and_then(Value::as_str).is_none_or(str::is_empty) {
            return bad(format!("{name} is required and must not be empty"));
        }
    }
    if !kept.entry("active").or_insert(json!(true)).is_boolean() {
        return bad("active must be a boolean".to_owned());
    }
    for name in ["emails", "addresses", "phoneNumbers", "roles"] {
        let Some(list) = kept.get_mut(name) else { continue };
        let Some(list) = list.as_array_mut() else { return bad(format!("{name} must be a list")) };
        if list.len() > 1 {
            return bad(format!("List attribute {name} exceeds allowed limit of 1"));
        }
        if name == "emails" {
            for email in list {
                if email.get("primary") != Some(&json!(true)) {
                    return bad("the e-mail must be primary".to_owned());
                }
                unsupported_part(email, "display", strict)?;
            }
        }
    }
    if let Some(manager) = kept.get_mut(ENTERPRISE).and_then(|extension| extension.get_mut("manager")) {
        unsupported_part(manager, "displayName", strict)?;
    }
    Ok(kept)
}

fn unsupported_part(complex: &mut Value, part: &str, strict: bool) -> Result<(), Trouble> {
    match complex.as_object_mut().and_then(|complex| complex.remove(part)) {
        Some(_) if strict => Err(Trouble::new(400, format!("{part} is not supported"))),
        _ => Ok(()),
    }
}

/// AW-18, AW-19.
pub(super) fn well_formed(operations: &[Value]) -> Result<(), Trouble> {
    let bad = |detail: &str| Err(Trouble::new(400, detail));
    let mut seen = Vec::new();
    for operation in operations {
        let op = operation["op"].as_str().unwrap_or_default();
        let value = operation.get("value").filter(|value| !value.is_null());
        let name = match operation.get("path").and_then(Value::as_str) {
            None if op == "remove" => return bad("remove needs a path"),
            None => {
                let Some(set) = value.and_then(Value::as_object).filter(|set| set.len() == 1) else {
                    return bad(ONE_ATTRIBUTE);
                };
                set.keys().next().cloned().unwrap_or_default()
            }
            Some(text) => {
                let path = path::parse(text)?;
                if path.filter.as_ref().is_some_and(|filter| !is_equality(filter)) {
                    return bad("only eq selects a value");
                }
                text.to_owned()
            }
        };
        if op != "remove" && value.is_none() {
            return bad("value is missing");
        }
        for once in ["userName", "active"] {
            if name.eq_ignore_ascii_case(once) {
                if op == "remove" || seen.contains(&once) {
                    return bad("userName and active are set once, and never removed");
                }
                seen.push(once);
            }
        }
    }
    Ok(())
}

fn is_equality(filter: &Filter) -> bool {
    matches!(filter, Filter::Compare(_, Operator::Eq, _))
}
