//! Which attributes an answer shows: `attributes`, `excludedAttributes` and the schema's `returned` (RFC 7644 §3.9,
//! RFC 7643 §2.2).

use compact_str::CompactString;

use crate::scim::json::{Kind, Value, same_name};
use crate::scim::name::{self, AttrPath};
use crate::scim::schema::{Attribute, Catalog, Returned};

/// Which attributes an answer shows (RFC 7644 §3.9).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    /// `attributes`: only these, and what is always returned. Empty: all that are returned by default.
    pub only: Vec<AttrPath>,
    /// `excludedAttributes`: all but these.
    pub without: Vec<AttrPath>,
}

impl Projection {
    /// Whether everything that is returned by default is shown.
    pub fn is_whole(&self) -> bool {
        self.only.is_empty() && self.without.is_empty()
    }

    /// Whether an attribute, without regard to sub-attributes, is shown at least in part.
    pub fn shows(&self, path: &AttrPath) -> bool {
        let excluded = self.without.iter().any(|other| other.sub.is_none() && other.same_attribute(path));
        !excluded && (self.only.is_empty() || self.only.iter().any(|other| other.same_attribute(path)))
    }

    /// Leaves in a resource what is shown.
    pub fn apply(&self, resource: &mut Value, catalog: &Catalog) {
        resource.retain(|key, value| {
            if same_name(key, "schemas") {
                return true;
            }
            if let Some(attribute) = catalog.core_attribute(key) {
                return self.keep(None, attribute, &attribute.name, value);
            }
            if !value.is_object() || !(catalog.extension(key).is_some() || name::is_schema_urn(key)) {
                return self.only.is_empty();
            }
            let schema = catalog.extension(key);
            let whole = |list: &[AttrPath]| list.iter().any(|path| is_whole_extension(path, key));
            if whole(&self.without) {
                return false;
            }
            if !whole(&self.only) {
                value.retain(|name, value| match schema.and_then(|schema| schema.attribute(name)) {
                    Some(attribute) => self.keep(Some(key), attribute, name, value),
                    None if self.is_whole() => true,
                    None => self.keep(Some(key), &Attribute::string(name), name, value),
                });
            }
            value.members().len() > 0
        });
    }

    fn keep(&self, schema: Option<&str>, attribute: &Attribute, name: &str, value: &mut Value) -> bool {
        if self.is_whole() {
            return attribute.is_shown();
        }
        let path = AttrPath { schema: schema.map(CompactString::from), name: name.into(), sub: None };
        match attribute.returned {
            Returned::Always => return true,
            Returned::Never => return false,
            Returned::Request if !self.only.iter().any(|other| other.same_attribute(&path)) => return false,
            _ => {}
        }
        if !self.shows(&path) {
            return false;
        }
        let subs = |list: &[AttrPath]| -> Vec<CompactString> {
            list.iter()
                .filter(|other| other.same_attribute(&path))
                .filter_map(|other| other.sub.clone())
                .collect()
        };
        let named = |list: &[CompactString], sub: &str| list.iter().any(|name| same_name(name, sub));
        let whole = self.only.iter().any(|other| other.sub.is_none() && other.same_attribute(&path));
        let (only, without) = (if whole { Vec::new() } else { subs(&self.only) }, subs(&self.without));
        if only.is_empty() && without.is_empty() {
            return true;
        }
        let trim = |element: &mut Value| {
            element.retain(|sub, _| (only.is_empty() || named(&only, sub)) && !named(&without, sub));
        };
        match value.items_mut() {
            Some(items) => items.iter_mut().for_each(trim),
            None => trim(value),
        }
        !value.is_empty() || value.kind() == Kind::Bool
    }
}

/// `attributes=urn:…:enterprise:2.0:User` reads as the attribute `User` of `urn:…:enterprise:2.0`.
fn is_whole_extension(path: &AttrPath, urn: &str) -> bool {
    path.sub.is_none()
        && path.schema.as_deref().is_some_and(|schema| {
            urn.len() == schema.len() + 1 + path.name.len()
                && urn.get(..schema.len()).is_some_and(|start| start.eq_ignore_ascii_case(schema))
                && urn.get(schema.len() + 1..).is_some_and(|end| end.eq_ignore_ascii_case(&path.name))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;
    use crate::scim::name::ENTERPRISE;
    use crate::scim::schema::ResourceType;

    #[test]
    fn projection_shows_what_is_asked_for() {
        let user = format!(
            r#"{{"schemas":["x"],"id":"1","userName":"ana","password":"p","name":{{"givenName":"G","familyName":"F"}},"emails":[{{"type":"work","value":"w"}}],"active":false,"{ENTERPRISE}":{{"department":"D","division":"V"}}}}"#
        );
        let show = |only: &[&str], without: &[&str]| {
            let paths = |list: &[&str]| list.iter().map(|text| AttrPath::parse(text).unwrap()).collect();
            let mut user = Value::read(user.as_bytes(), &Limits::REQUEST).unwrap();
            Projection { only: paths(only), without: paths(without) }
                .apply(&mut user, &Catalog::standard(ResourceType::User));
            user.to_json()
        };
        assert!(!show(&[], &[]).contains("password"));
        assert_eq!(show(&["password", "active"], &[]), r#"{"schemas":["x"],"id":"1","active":false}"#);
        assert_eq!(
            show(&["NAME.givenname", "emails.value"], &["id"]),
            r#"{"schemas":["x"],"id":"1","name":{"givenName":"G"},"emails":[{"value":"w"}]}"#
        );
        let division = format!("{ENTERPRISE}:division");
        assert_eq!(
            show(&[], &["userName", "name", "emails", "active", &division]),
            format!(r#"{{"schemas":["x"],"id":"1","{ENTERPRISE}":{{"department":"D"}}}}"#)
        );
        assert_eq!(
            show(&[ENTERPRISE], &[]),
            format!(r#"{{"schemas":["x"],"id":"1","{ENTERPRISE}":{{"department":"D","division":"V"}}}}"#)
        );
        assert!(!show(&[], &[ENTERPRISE]).contains("enterprise"));
    }
}
