//! Names of attributes: `userName`, `name.givenName`, `urn:…:enterprise:2.0:User:manager.value` (RFC 7644 §3.10).

use std::fmt;

use compact_str::CompactString;

use crate::scim::json::{Value, same_name};

/// The start of every core schema's URN; an attribute of a core schema is written without it.
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:";

/// The enterprise extension of the User schema (RFC 7643 §4.3).
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// `attrPath`: an attribute or sub-attribute. Equal when they name the same one, in any case (RFC 7643 §2.1).
#[derive(Clone, Debug)]
pub struct AttrPath {
    /// The URN of the extension that it belongs to; `None` for core and common attributes.
    pub schema: Option<CompactString>,
    /// The attribute.
    pub name: CompactString,
    /// The sub-attribute.
    pub sub: Option<CompactString>,
}

impl AttrPath {
    /// A core attribute.
    pub fn core(name: &str) -> Self {
        Self { schema: None, name: name.into(), sub: None }
    }

    /// The same attribute with a sub-attribute.
    pub fn with_sub(&self, sub: &str) -> Self {
        Self { sub: Some(sub.into()), ..self.clone() }
    }

    /// The attribute alone, without its sub-attribute.
    pub fn whole(&self) -> Self {
        Self { sub: None, ..self.clone() }
    }

    /// Reads `[URN:]name[.sub]`. `None` when the text is not of that form.
    pub fn parse(text: &str) -> Option<Self> {
        let (schema, rest) = split_urn(text);
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        let right = is_name(name) && sub.is_none_or(is_name);
        right.then(|| Self {
            schema: schema.and_then(extension),
            name: name.into(),
            sub: sub.map(Into::into),
        })
    }

    /// Whether both name the same attribute, whatever their sub-attributes.
    pub fn same_attribute(&self, other: &Self) -> bool {
        same(self.schema.as_deref(), other.schema.as_deref()) && same_name(&self.name, &other.name)
    }

    /// Whether this is a core or common attribute of that name, whatever its sub-attribute.
    pub fn is_core(&self, name: &str) -> bool {
        self.schema.is_none() && same_name(&self.name, name)
    }

    /// The attribute's value in a resource, without regard to the sub-attribute.
    pub fn attribute_in<'v>(&self, resource: &'v Value) -> Option<&'v Value> {
        match &self.schema {
            Some(schema) => resource.get(schema)?.get(&self.name),
            None => resource.get(&self.name),
        }
    }

    /// The value at the path; for a sub-attribute of a multi-valued attribute, of its first element that has it.
    pub fn get<'v>(&self, resource: &'v Value) -> Option<&'v Value> {
        let value = self.attribute_in(resource)?;
        match &self.sub {
            None => Some(value),
            Some(sub) => value.each().iter().find_map(|element| element.get(sub)),
        }
    }

    /// Sets the value at the path, making what it stands in where that is missing. Not for sub-attributes of
    /// multi-valued attributes: which element is meant is a [`crate::scim::path::Path`]'s business.
    pub fn set(&self, resource: &mut Value, value: impl Into<Value>) {
        let holder = match &self.schema {
            Some(schema) => resource.entry(schema),
            None => resource,
        };
        match &self.sub {
            None => holder.set(&self.name, value),
            Some(sub) => holder.entry(&self.name).set(sub, value),
        }
    }

    /// Takes the value at the path out, and with it the complex attribute or extension that holds nothing more.
    pub fn remove(&self, resource: &mut Value) -> Option<Value> {
        if let Some(schema) = &self.schema {
            let holder = resource.get_mut(schema)?;
            let core = Self { schema: None, ..self.clone() };
            let removed = core.remove(holder);
            if holder.members().len() == 0 {
                resource.remove(schema);
            }
            return removed;
        }
        let Some(sub) = &self.sub else { return resource.remove(&self.name) };
        let holder = resource.get_mut(&self.name)?;
        let removed = holder.remove(sub);
        if holder.is_object() && holder.members().len() == 0 {
            resource.remove(&self.name);
        }
        removed
    }
}

impl PartialEq for AttrPath {
    fn eq(&self, other: &Self) -> bool {
        self.same_attribute(other) && same(self.sub.as_deref(), other.sub.as_deref())
    }
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}:")?;
        }
        f.write_str(&self.name)?;
        if let Some(sub) = &self.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}

/// Equal in any case, or both absent.
pub(super) fn same(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same_name(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// `ATTRNAME = ALPHA *(nameChar)`, and `$ref`, which the RFC's own schemas use against its own grammar.
pub(super) fn is_name(text: &str) -> bool {
    let text = text.strip_prefix('$').unwrap_or(text);
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Splits `urn:…:name` at the last colon; what does not start with `urn:`, or could not stand in a path or filter, has no
/// URN.
pub(super) fn split_urn(text: &str) -> (Option<&str>, &str) {
    // Nearly no name has one: that is known from its beginning.
    if !text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) {
        return (None, text);
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'.' | b'_' | b'-' | b'$');
    match text.rsplit_once(':') {
        Some((urn, name)) if text.bytes().all(plain) => (Some(urn), name),
        _ => (None, text),
    }
}

/// Whether the text is a whole schema URN, `urn:…:<version>:<resource>` (RFC 7643 §10.3), and not an attribute of one.
pub fn is_schema_urn(text: &str) -> bool {
    let (Some(urn), name) = split_urn(text) else { return false };
    let version = urn.rsplit(':').next().unwrap_or_default();
    is_name(name)
        && version.contains('.')
        && version.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether the text is the URN of a core schema, whose attributes are written without it.
pub fn is_core_urn(text: &str) -> bool {
    begins_as_core(text) && is_schema_urn(text)
}

/// The URN if it names an extension, `None` for a core schema.
pub(super) fn extension(urn: &str) -> Option<CompactString> {
    (!begins_as_core(urn)).then(|| urn.into())
}

fn begins_as_core(urn: &str) -> bool {
    urn.get(..CORE.len()).is_some_and(|start| start.eq_ignore_ascii_case(CORE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    #[test]
    fn names_are_read_and_printed() {
        for text in ["userName", "name.givenName", "members.$ref", &format!("{ENTERPRISE}:manager.value")] {
            assert_eq!(AttrPath::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "1a",
            "a.b.c",
            "a b",
            "urn:x:",
            "a..b",
            ".a",
            "urn:ietf:params:2.0:User:",
            "é",
            "urn:a<b:2.0:User:c",
            "urn:a b:2.0:User:c",
        ] {
            assert!(AttrPath::parse(text).is_none(), "{text}");
        }
        let core = AttrPath::parse("URN:ietf:params:scim:schemas:core:2.0:User:USERNAME").unwrap();
        assert_eq!(core, AttrPath::core("userName"));
    }

    #[test]
    fn a_schema_is_told_from_an_attribute_of_it() {
        assert!(is_schema_urn(ENTERPRISE));
        assert!(is_schema_urn("urn:ietf:params:scim:schemas:core:2.0:Group"));
        assert!(!is_schema_urn(&format!("{ENTERPRISE}:manager")));
        assert!(!is_schema_urn("urn:acme:badge"));
        assert!(is_core_urn("URN:ietf:params:scim:schemas:core:2.0:Group"));
        assert!(!is_core_urn("urn:ietf:params:scim:schemas:core:2.0:User:userName"));
        assert!(!is_core_urn(ENTERPRISE));
        assert!(!is_core_urn("userName"));
    }

    #[test]
    fn removing_the_last_member_removes_its_holder() {
        let mut user =
            Value::read(br#"{"userName":"a","name":{"givenName":"b"}}"#, &Limits::REQUEST).unwrap();
        let department = AttrPath::parse(&format!("{ENTERPRISE}:department")).unwrap();
        department.set(&mut user, "Deck");
        assert_eq!(department.get(&user).unwrap().as_str(), Some("Deck"));
        assert!(department.remove(&mut user).is_some());
        assert!(AttrPath::parse("name.givenName").unwrap().remove(&mut user).is_some());
        assert_eq!(user.to_json(), r#"{"userName":"a"}"#);
        assert!(department.remove(&mut user).is_none());
    }
}
