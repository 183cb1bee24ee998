//! The target of a PATCH operation (RFC 7644 §3.5.2): `attrPath`, or `attr[filter]` with perhaps a sub-attribute.

use std::fmt;

use compact_str::CompactString;
use winnow::combinator::{opt, peek, preceded};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Stateful};

use crate::scim::filter::{self, Filter, SyntaxError};
use crate::scim::name::{self, AttrPath};

/// Where an operation applies.
#[derive(Clone, Debug, PartialEq)]
pub enum Path {
    /// `title`, `name.givenName`, `urn:…:User:manager.value`
    Attribute(AttrPath),
    /// `emails[type eq "work"]`, `emails[type eq "work"].value`
    Element {
        /// The multi-valued attribute; it has no sub-attribute itself.
        attribute: AttrPath,
        /// Which of its elements.
        filter: Filter,
        /// Which part of them.
        sub: Option<CompactString>,
    },
    /// A whole extension: `urn:…:enterprise:2.0:User`. The RFC's grammar has no such path; clients send it.
    Extension(CompactString),
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// When it is not one, or passes the limits of a filter.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        if text.len() > filter::MAX_LENGTH {
            let expected = format!("at most {} characters", filter::MAX_LENGTH);
            return Err(SyntaxError { at: filter::MAX_LENGTH, expected });
        }
        if name::is_schema_urn(text)
            && let Some(urn) = name::extension(text)
        {
            return Ok(Self::Extension(urn));
        }
        let mut input = Stateful { input: LocatingSlice::new(text), state: filter::State::default() };
        filter::finish(path, &mut input, "the end of the path")
    }

    /// The attribute that the path names, without sub-attribute; `None` for a whole extension.
    pub fn attribute(&self) -> Option<AttrPath> {
        match self {
            Self::Attribute(path) => Some(path.whole()),
            Self::Element { attribute, .. } => Some(attribute.clone()),
            Self::Extension(_) => None,
        }
    }

    /// The attribute path, if it is a plain one.
    pub fn as_plain(&self) -> Option<&AttrPath> {
        match self {
            Self::Attribute(path) => Some(path),
            _ => None,
        }
    }

    /// The path of one member of a group, by its id: `members[value eq "…"]`.
    pub fn member(id: &str) -> Self {
        let filter = Filter::eq(AttrPath::core("value"), id);
        Self::Element { attribute: AttrPath::core("members"), filter, sub: None }
    }

    /// If this is `members[value eq "x"]`, the x: one member of a group.
    pub fn as_member(&self) -> Option<&str> {
        match self {
            Self::Element { attribute, filter, sub: None } if attribute.is_core("members") => {
                let (path, value) = filter.as_eq()?;
                if path.is_core("value") && path.sub.is_none() { value.as_str() } else { None }
            }
            _ => None,
        }
    }
}

fn path(input: &mut filter::Input<'_>) -> ModalResult<Path> {
    let attribute = filter::attr_path(input)?;
    if attribute.sub.is_some() || peek(opt('[')).parse_next(input)?.is_none() {
        return Ok(Path::Attribute(attribute));
    }
    let inner = filter::value_filter(input)?;
    let sub = opt(preceded('.', filter::attr_path)).parse_next(input)?.map(|sub| sub.name);
    Ok(Path::Element { attribute, filter: inner, sub })
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(path) => path.fmt(f),
            Self::Element { attribute, filter, sub } => {
                write!(f, "{attribute}[{filter}]")?;
                sub.iter().try_for_each(|sub| write!(f, ".{sub}"))
            }
            Self::Extension(urn) => f.write_str(urn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::name::ENTERPRISE;

    #[test]
    fn paths_are_read_and_printed() {
        for text in [
            "members",
            "name.familyName",
            r#"addresses[type eq "work"]"#,
            r#"members[value eq "2819c223-7f76-453a-919d-413861904646"]"#,
            r#"members[value eq "2819c223"].displayName"#,
            &format!("{ENTERPRISE}:manager.value"),
            ENTERPRISE,
        ] {
            assert_eq!(Path::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Path::parse(r#"members[value eq "u 1"]"#).unwrap().as_member(), Some("u 1"));
        assert_eq!(Path::parse(r#"members[type eq "User"]"#).unwrap().as_member(), None);
    }

    #[test]
    fn what_is_not_a_path_is_refused() {
        for text in [
            "",
            "a b",
            "emails[",
            "emails[]",
            "emails[type]",
            "emails[type eq work]",
            "a[b pr]c",
            "a.b[c pr]",
            ".",
        ] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
        let deep = format!("a[{}b pr{}]", "(".repeat(5_000), ")".repeat(5_000));
        assert!(Path::parse(&deep).is_err());
    }
}
