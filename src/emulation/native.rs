//! `scim_version: none`: a vendor without SCIM, whose own interface makes, reads, lists, replaces and deletes users as resources
//! at a path. What its attributes are called, what a PUT does, how pages follow each other and how somebody loses his access
//! other fields of the profile say; this is the rest: bodies without schemas, in an envelope, and look-ups by parameters.
//!
//! Needed by SentinelOne, whose management API has all of that; Aha!, mParticle and 6sense are of the same kind.

use compact_str::CompactString;

use super::plan::Call;
use super::resource::{Patch, Resource};
use crate::scim::filter::Op;
use crate::scim::json::Value;
use crate::scim::schema::{Catalog, ResourceType};
use crate::yaml::Node;

/// How a vendor's own interface says what SCIM says otherwise.
#[derive(Clone, Debug, Default)]
pub(super) struct Native {
    /// The member of a body, and of an answer, in which the resource stands, or the list of them; `None`: it is the whole.
    wrap: Option<CompactString>,
    /// What a resource may hold: whatever else the vendor has of somebody is nobody else's business.
    known: Vec<CompactString>,
}

impl Native {
    /// `None` for a vendor that speaks SCIM, of whatever version.
    pub(super) fn read(profile: &Node) -> Option<Self> {
        let wrap = profile.get("native").and_then(|native| native.text_at("wrap"));
        let native = Self { wrap: wrap.map(CompactString::from), known: Vec::new() };
        (profile.text_at("scim_version") == Some("none")).then_some(native)
    }

    /// Its resources have these schemas.
    pub(super) fn know(&mut self, catalog: &Catalog) {
        let core = catalog.core.attributes.iter().map(|attribute| attribute.name.clone());
        let own = catalog.extensions.iter().map(|schema| schema.id.clone());
        self.known =
            core.chain(own).chain(["schemas", "id", "externalId"].map(CompactString::from)).collect();
    }

    /// Leaves of a resource what its schemas have.
    pub(super) fn fit(&self, resource: &mut Value) {
        resource.retain(|name, _| self.known.iter().any(|known| known.eq_ignore_ascii_case(name)));
    }

    /// What no such interface has: filters but for equality of one attribute, and PATCH.
    pub(super) fn bound(able: &mut Resource) {
        able.patch = Patch::None;
        let filter = &mut able.filter;
        filter.attributes.get_or_insert_default();
        filter.ops = Some(vec![Op::Eq]);
        (filter.no_present, filter.no_and, filter.no_or) = (true, true, true);
        (filter.no_not, filter.no_element) = (true, true);
        // A parameter has no quotes; and in some, a comma makes two values of one.
        filter.wording.unquoted = true;
    }

    /// A call in the vendor's form.
    pub(super) fn tell(&self, call: &mut Call) {
        for (name, value) in &mut call.query {
            if name == "filter"
                && let Some((attribute, wanted)) = value.split_once(" eq ")
            {
                (*name, *value) = (attribute.into(), wanted.to_owned());
            }
        }
        if let Some(body) = &mut call.body {
            ["schemas", "id", "meta"].iter().for_each(|name| drop(body.remove(name)));
            if let Some(wrap) = &self.wrap {
                *body = [(wrap.as_str(), std::mem::take(body))].into_iter().collect();
            }
        }
    }

    /// An answer in SCIM's form: the resource, or a list of them with what else the envelope holds.
    pub(super) fn hear(&self, resource: ResourceType, body: Value) -> Value {
        let (held, rest) = match &self.wrap {
            Some(wrap) if body.has(wrap) => {
                let mut rest = body;
                (rest.remove(wrap).unwrap_or_default(), rest)
            }
            _ => (body, Value::object()),
        };
        let schemas = |urn: &str| Value::from(vec![Value::from(urn)]);
        if !held.is_list() {
            let mut held = held;
            if held.is_object() {
                held.set("schemas", schemas(resource.urn()));
            }
            return held;
        }
        let mut list = Value::object();
        list.set("schemas", schemas("urn:ietf:params:scim:api:messages:2.0:ListResponse"));
        for (name, value) in rest.into_members() {
            // Such as `pagination`, in which the next page is named.
            match value.is_object() {
                true => value.into_members().for_each(|(name, value)| list.set(&name, value)),
                false => list.set(&name, value),
            }
        }
        list.set("Resources", held);
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulation::Verb;
    use crate::scim::json::Limits;

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REPLY).unwrap()
    }

    #[test]
    fn envelopes_are_put_on_and_taken_off() {
        let native = |wrap: Option<&str>| Native { wrap: wrap.map(CompactString::from), known: Vec::new() };
        for (wrap, told, one, many) in [
            (
                Some("data"),
                r#"{"data":{"email":"a"}}"#,
                r#"{"data":{"id":"7","email":"a"}}"#,
                r#"{"data":[{"id":"7"}],"pagination":{"nextCursor":"c","totalItems":1}}"#,
            ),
            (None, r#"{"email":"a"}"#, r#"{"id":"7","email":"a"}"#, r#"[{"id":"7"}]"#),
        ] {
            let mut call = Call::new(Verb::Post, ResourceType::User, None, "");
            call.query = vec![("filter".into(), "email eq a@b".to_owned()), ("limit".into(), "5".to_owned())];
            call.body = Some(value(r#"{"schemas":["x"],"email":"a"}"#));
            native(wrap).tell(&mut call);
            assert_eq!(call.body.unwrap().to_json(), told);
            assert_eq!(call.query, [("email".into(), "a@b".to_owned()), ("limit".into(), "5".to_owned())]);
            let read = native(wrap).hear(ResourceType::User, value(one));
            assert_eq!(
                (read.text_at("id"), read.text_at("email"), read.has("schemas")),
                (Some("7"), Some("a"), true)
            );
            let list = native(wrap).hear(ResourceType::User, value(many));
            assert_eq!(list.get("Resources").unwrap().items()[0].text_at("id"), Some("7"));
            assert_eq!(list.text_at("nextCursor"), wrap.map(|_| "c"));
        }
    }
}
