//! How one page of the vendor's follows another (RFC 7644 §3.4.2.4 knows an index; RFC 9865 and vendors know cursors).

use compact_str::CompactString;

use crate::scim::json::Value;
use crate::yaml::Node;

/// How pages follow each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Paging {
    /// `startIndex`, as the RFC says.
    #[default]
    Index,
    /// Each page says how the next is asked for.
    Cursor {
        /// The name of the parameter.
        param: CompactString,
        /// Where a page holds the next one's value.
        next: CompactString,
        /// What asks for the first page, where something must.
        first: Option<String>,
    },
    /// Pages are numbered, from 1.
    Page {
        /// The name of the parameter.
        param: CompactString,
    },
    /// There is one page, which holds everything.
    None,
}

/// A page to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// The one that begins with this resource, the first being 1.
    Index(usize),
    /// The one of this number, the first being 1.
    Page(usize),
    /// The one that the page before it names; `None`: the first.
    Cursor(Option<String>),
}

impl Paging {
    /// Reads `list.paging`, whose shape is right.
    pub(super) fn read(node: Option<&Node>) -> Self {
        let Some(node) = node else { return Self::Index };
        let part = |of: &Node, key: &str| of.text_at(key).map(CompactString::from);
        if let Some(of) = node.get("cursor") {
            let next = part(of, "next").unwrap_or("nextCursor".into());
            return Self::Cursor {
                param: part(of, "param").unwrap_or("cursor".into()),
                next: next.trim_start_matches('/').into(),
                first: of.text_at("first").map(str::to_owned),
            };
        }
        if let Some(of) = node.get("page") {
            return Self::Page { param: part(of, "param").unwrap_or("page".into()) };
        }
        match node.text() {
            Some("cursor") => {
                Self::Cursor { param: "cursor".into(), next: "nextCursor".into(), first: Some(String::new()) }
            }
            Some("page") => Self::Page { param: "page".into() },
            Some("none") => Self::None,
            _ => Self::Index,
        }
    }

    /// The first page.
    pub fn first(&self) -> At {
        match self {
            Self::Index | Self::None => At::Index(1),
            Self::Cursor { .. } => At::Cursor(None),
            Self::Page { .. } => At::Page(1),
        }
    }

    /// The page after one that held so many resources; `None` where that was the last.
    pub fn next(&self, at: &At, held: usize, body: &Value) -> Option<At> {
        match (self, at) {
            (Self::Cursor { next, .. }, _) => {
                let cursor =
                    body.get(next).and_then(Value::scalar_text).filter(|cursor| !cursor.is_empty())?;
                Some(At::Cursor(Some(cursor.to_owned())))
            }
            (Self::None, _) => None,
            (_, At::Page(number)) => (held > 0).then_some(At::Page(number + 1)),
            (_, At::Index(start)) => (held > 0).then_some(At::Index(start + held)),
            (_, At::Cursor(_)) => None,
        }
    }

    /// Whether a page that begins there can be asked for as it is.
    pub(super) fn reaches(&self, start: usize) -> bool {
        match self {
            Self::Index => true,
            Self::Cursor { .. } | Self::Page { .. } => start == 1,
            Self::None => false,
        }
    }

    /// The parameter that asks for a page, if it needs one.
    pub(super) fn parameter(&self, at: &At) -> Option<(CompactString, String)> {
        match (self, at) {
            (Self::Cursor { param, first, .. }, At::Cursor(cursor)) => {
                cursor.clone().or(first.clone()).map(|cursor| (param.clone(), cursor))
            }
            (Self::Page { param }, At::Page(number)) => Some((param.clone(), number.to_string())),
            (Self::Index, At::Index(start)) if *start > 1 => Some(("startIndex".into(), start.to_string())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    #[test]
    fn pages_follow_each_other() {
        let page = Value::read(br#"{"nextCursor":"c2"}"#, &Limits::REPLY).unwrap();
        let last = Value::object();
        let read = |text: &str| Paging::read(Some(&crate::yaml::parse(0, text).unwrap()));
        for (text, first, second, ends) in [
            ("index", None, Some(("startIndex", "3")), false),
            ("cursor", Some(("cursor", "")), Some(("cursor", "c2")), true),
            ("{ cursor: { param: c, next: /nextCursor } }", None, Some(("c", "c2")), true),
            ("page", Some(("page", "1")), Some(("page", "2")), false),
            ("none", None, None, true),
        ] {
            let paging = read(text);
            let shown = |at: &At| paging.parameter(at);
            let owned =
                |pair: Option<(&str, &str)>| pair.map(|(a, b)| (CompactString::from(a), b.to_owned()));
            let at = paging.first();
            assert_eq!(shown(&at), owned(first), "{text}");
            let next = paging.next(&at, 2, &page);
            assert_eq!(next.as_ref().and_then(shown), owned(second), "{text}");
            assert_eq!(paging.next(&at, 2, &last).is_none(), ends, "{text}");
            assert_eq!((paging.reaches(1), paging.reaches(2)), (text != "none", text == "index"), "{text}");
        }
    }
}
