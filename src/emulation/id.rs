//! A vendor's identifiers: what they are made of, and when a resource gets another.

use compact_str::CompactString;

use super::plan::{Call, Verb};
use super::removal::Inactive;
use crate::scim::json::Value;
use crate::scim::schema::ResourceType;
use crate::yaml::Node;

/// The identifiers of one resource type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// A resource may get another: its own is kept for the identity provider (RFC 7643 §3.1: "id" never changes).
    pub unstable: bool,
    kind: Kind,
}

/// What identifiers are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// Nothing that a client writes.
    #[default]
    Opaque,
    /// The address, which is the user name where that is one.
    Email,
    /// `externalId`.
    ExternalId,
}

impl Ids {
    pub(super) fn read(node: Option<&Node>) -> Self {
        let kind = node.and_then(|node| node.text().or_else(|| node.text_at("kind")));
        Self {
            unstable: node.and_then(|node| node.get("stable")).and_then(Node::truth) == Some(false),
            kind: match kind {
                Some("email") => Kind::Email,
                Some("external_id") => Kind::ExternalId,
                _ => Kind::Opaque,
            },
        }
    }

    /// Whether an identifier says something about somebody, so that it belongs in no log.
    pub fn are_personal(&self) -> bool {
        self.kind != Kind::Opaque
    }

    /// The identifier that a resource has after a write, as far as the write and its answer tell; `None`: still the same.
    pub fn after(&self, call: &Call, answered: Option<&Value>) -> Option<CompactString> {
        if !self.unstable || !matches!(call.verb, Verb::Put | Verb::Patch) {
            return None;
        }
        let answered = answered.and_then(|body| body.text_at("id")).filter(|id| !id.is_empty());
        let names: &[&str] = match self.kind {
            Kind::Opaque => return answered.map(CompactString::from),
            Kind::Email => &["userName", "emails"],
            Kind::ExternalId => &["externalId"],
        };
        let body = call.body.as_ref()?;
        let written = names.iter().find_map(|name| written(body, name))?;
        // A vendor may write it in another case; with anything else it answers for somebody else.
        let same = answered.filter(|id| id.to_lowercase() == written.to_lowercase());
        Some(same.unwrap_or(written).into())
    }
}

/// What a write makes of an attribute: the last of its operations counts.
fn written<'b>(body: &'b Value, name: &str) -> Option<&'b str> {
    let text = |value: &'b Value| {
        let is_primary = |item: &&Value| item.get("primary").and_then(Value::as_bool) == Some(true);
        let items = value.items();
        let item = items.iter().find(is_primary).or(items.first());
        value.as_str().or_else(|| item.and_then(|item| item.text_at("value"))).filter(|text| !text.is_empty())
    };
    let Some(operations) = body.get("Operations") else { return body.get(name).and_then(text) };
    operations.items().iter().rev().find_map(|operation| {
        let value = operation.get("value")?;
        match operation.text_at("path") {
            Some(path) if path.eq_ignore_ascii_case(name) => text(value),
            Some(_) => None,
            None => value.get(name).and_then(text),
        }
    })
}

impl super::Profile {
    /// Whether the vendor's identifiers of a resource type may be others than those that the identity provider knows.
    pub fn has_aliases(&self, resource: ResourceType) -> bool {
        let resource = self.resource(resource);
        let life = &resource.life;
        resource.ids.unstable || life.back.post || life.inactive == Inactive::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulation::Profile;
    use crate::scim::json::Limits;

    fn ids(text: &str) -> Ids {
        Ids::read(Some(&crate::yaml::parse(0, text).unwrap()))
    }

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REPLY).unwrap()
    }

    #[test]
    fn a_write_tells_the_identifier_that_it_makes() {
        let call = |body: &str| {
            let mut call = super::super::delete(&Profile::default(), ResourceType::User, "7");
            (call.verb, call.body) = (Verb::Patch, Some(value(body)));
            call
        };
        let operations = r#"{"Operations":[{"op":"replace","path":"externalId","value":"8"},{"op":"replace","path":"externalId","value":"9"}]}"#;
        for (profile, body, answered, expected) in [
            ("{ kind: external_id, stable: false }", operations, None, Some("9")),
            ("{ kind: external_id, stable: false }", operations, Some(r#"{"id":"1"}"#), Some("9")),
            (
                "{ kind: external_id, stable: false }",
                r#"{"Operations":[{"op":"replace","value":{"externalId":"8"}}]}"#,
                None,
                Some("8"),
            ),
            ("{ kind: external_id, stable: false }", r#"{"userName":"a"}"#, Some(r#"{"id":"1"}"#), None),
            ("external_id", operations, None, None),
            ("{ kind: email, stable: false }", r#"{"userName":"A@b"}"#, Some(r#"{"id":"a@b"}"#), Some("a@b")),
            (
                "{ kind: email, stable: false }",
                r#"{"Operations":[{"op":"replace","path":"emails","value":[{"value":"x"},{"value":"y","primary":true}]}]}"#,
                None,
                Some("y"),
            ),
            ("{ stable: false }", operations, Some(r#"{"id":"1"}"#), Some("1")),
            ("{ stable: false }", operations, None, None),
        ] {
            let answered = answered.map(value);
            let got = ids(profile).after(&call(body), answered.as_ref());
            assert_eq!(got.as_deref(), expected, "{profile}: {body}");
        }
        assert!(ids("email").are_personal() && !ids("int").are_personal());
    }
}
