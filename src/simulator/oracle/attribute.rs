//! The names of attributes as filters and paths write them: `attrPath` of RFC 7644 §3.4.2.2, and where one lives.

use serde_json::{Map, Value};

/// Every schema that RFC 7643 calls core begins so; its attributes stand at the top of a resource.
pub(crate) const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:";

/// `[URI ":"] ATTRNAME ["." ATTRNAME]`, as written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AttributePath {
    text: String,
    urn: Option<String>,
    /// The attribute.
    pub(crate) name: String,
    /// The sub-attribute.
    pub(crate) sub: Option<String>,
}

/// Where an [`AttributePath`] points, in one given resource.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// The URN of the extension whose object holds the attribute; `None` for the resource itself.
    pub(crate) extension: Option<String>,
    /// The attribute; `None` when the extension object as a whole is meant.
    pub(crate) attribute: Option<String>,
    /// The sub-attribute.
    pub(crate) sub: Option<String>,
}

impl AttributePath {
    /// Reads a path. `Err` says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (urn, rest) = match text.rsplit_once(':') {
            Some((urn, rest)) if is_urn(urn) => (Some(urn.to_owned()), rest),
            Some(_) => return Err(format!("`{text}` is qualified by something that is no URN")),
            None => (None, text),
        };
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        if !is_name(name) || sub.is_some_and(|sub| !is_name(sub)) {
            return Err(format!("`{text}` is not an attribute path"));
        }
        // `urn:…:enterprise:2.0:User.manager` is a slip for `…:User:manager`; taken literally it would name nothing.
        if sub.is_some() && urn.as_deref().is_some_and(ends_in_version) && starts_upper(name) {
            return Err(format!("`{text}` joins a schema and an attribute by a dot"));
        }
        Ok(Self { text: text.to_owned(), urn, name: name.to_owned(), sub: sub.map(str::to_owned) })
    }

    /// Where it points in `resource`.
    pub(crate) fn place(&self, resource: &Map<String, Value>) -> Place {
        let attribute =
            |extension| Place { extension, attribute: Some(self.name.clone()), sub: self.sub.clone() };
        match &self.urn {
            None => attribute(None),
            Some(urn) if is_core(urn) => attribute(None),
            Some(_) if self.names_a_schema(resource) => {
                Place { extension: Some(self.text.clone()), attribute: None, sub: None }
            }
            Some(urn) => attribute(Some(urn.clone())),
        }
    }

    /// Whether the text names a schema rather than an attribute of one. The grammar does not tell the two apart, so the
    /// resource decides; where it is silent, a name like `User` after a version number is taken for the end of a URN.
    fn names_a_schema(&self, resource: &Map<String, Value>) -> bool {
        let Some(urn) = self.urn.as_deref() else { return false };
        if knows(resource, &self.text) {
            return true;
        }
        !knows(resource, urn) && ends_in_version(urn) && starts_upper(&self.name)
    }

    /// Every value it has in `resource`: arrays are flattened, `null` is no value.
    pub(crate) fn values<'v>(&self, resource: &'v Map<String, Value>) -> Vec<&'v Value> {
        let place = self.place(resource);
        let mut found = match &place.extension {
            None => place.attribute.as_deref().map(|name| of_attribute(resource, name)).unwrap_or_default(),
            Some(urn) => match (member(resource, urn), &place.attribute) {
                (Some((_, Value::Object(extension))), Some(name)) => of_attribute(extension, name),
                (Some((_, extension)), None) => flat(extension),
                _ => Vec::new(),
            },
        };
        if let Some(sub) = &place.sub {
            found = found
                .into_iter()
                .filter_map(Value::as_object)
                .filter_map(|element| member(element, sub))
                .flat_map(|(_, value)| flat(value))
                .collect();
        }
        found
    }

    /// Whether the case of its text counts (`caseExact`, RFC 7643 §3.1 and §2.3.7).
    pub(crate) fn is_case_exact(&self) -> bool {
        let own = |name: &str| self.sub.is_none() && self.name.eq_ignore_ascii_case(name);
        own("id")
            || own("externalId")
            || own("$ref")
            || self.sub.as_deref().is_some_and(|sub| sub.eq_ignore_ascii_case("$ref"))
            || self.is_meta(&["location", "version", "resourceType"])
    }

    /// Whether its text is an instant (RFC 7643 §3.1).
    pub(crate) fn is_date_time(&self) -> bool {
        self.is_meta(&["created", "lastModified"])
    }

    fn is_meta(&self, subs: &[&str]) -> bool {
        self.name.eq_ignore_ascii_case("meta")
            && self.sub.as_deref().is_some_and(|sub| subs.iter().any(|known| known.eq_ignore_ascii_case(sub)))
    }
}

/// The member of `object` with that name, in whatever case ("attribute names are case insensitive", RFC 7643 §2.1).
pub(crate) fn member<'v>(object: &'v Map<String, Value>, name: &str) -> Option<(&'v String, &'v Value)> {
    object.get_key_value(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)))
}

/// The key under which `object` holds `name`, or `name` itself.
pub(crate) fn key(object: &Map<String, Value>, name: &str) -> String {
    member(object, name).map_or_else(|| name.to_owned(), |(key, _)| key.clone())
}

/// Whether `text` can be the name of an attribute. `$ref` is outside of the ABNF and inside of the schemas.
pub(crate) fn is_name(text: &str) -> bool {
    text.eq_ignore_ascii_case("$ref")
        || (text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'))
}

/// Whether `text` begins as a URN does.
pub(crate) fn is_urn(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
        && text.len() > 4
        && !text.contains(|c: char| c.is_whitespace() || "[]\"()".contains(c))
}

/// Whether `urn` is one of the core schemas.
pub(crate) fn is_core(urn: &str) -> bool {
    urn.get(..CORE.len()).is_some_and(|start| start.eq_ignore_ascii_case(CORE))
}

fn ends_in_version(urn: &str) -> bool {
    urn.rsplit_once(':').is_some_and(|(_, last)| {
        last.contains(|c: char| c.is_ascii_digit()) && last.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

fn starts_upper(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
}

fn knows(resource: &Map<String, Value>, urn: &str) -> bool {
    let listed = || {
        let schemas = member(resource, "schemas").and_then(|(_, schemas)| schemas.as_array());
        schemas.is_some_and(|all| {
            all.iter().any(|one| one.as_str().is_some_and(|one| one.eq_ignore_ascii_case(urn)))
        })
    };
    member(resource, urn).is_some() || listed()
}

fn of_attribute<'v>(object: &'v Map<String, Value>, name: &str) -> Vec<&'v Value> {
    member(object, name).map(|(_, value)| flat(value)).unwrap_or_default()
}

fn flat(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().filter(|value| !value.is_null()).collect(),
        single => vec![single],
    }
}
