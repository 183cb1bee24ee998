//! YAML documents whose every node knows its place, so that each mistake in a file can be shown where it stands.
//!
//! A document is read into [`Node`]s without regard to what it should say; a [`shape::Shape`] then finds *all* that is
//! wrong with it, and is printed as JSON Schema for editors. Both come from one table, so they cannot disagree.

mod parse;
pub mod scalar;
mod schema;
pub mod shape;

use crate::scim::json::{Limits, Value};

pub use parse::parse;
pub use schema::json_schema;
pub use shape::{Field, Shape};

/// Where something stands in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Which file, as the loader numbers them.
    pub file: u16,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// How many characters on that line.
    pub width: u32,
}

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub span: Span,
    /// What.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// What stands there may be a secret, and is not shown.
    pub hidden: bool,
}

impl Mistake {
    /// A mistake without a hint.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), hint: None, hidden: false }
    }

    /// The same about something that may be a secret: where it stands is shown, and what is not.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// One value of a document.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a [`Node`] is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A scalar: its text, and whether it was written plainly, without quotes.
    Scalar {
        /// The text.
        text: String,
        /// Without quotes: `true` is a truth value, `"true"` is a string.
        plain: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in its order.
    Map(Vec<(Key, Node)>),
}

/// The key of a mapping's entry.
#[derive(Clone, Debug)]
pub struct Key {
    /// Where it stands.
    pub span: Span,
    /// Its text.
    pub text: String,
}

impl Node {
    /// An empty mapping at a place.
    pub const fn empty(span: Span) -> Self {
        Self { span, kind: Kind::Map(Vec::new()) }
    }

    /// The entry of that key, if this is a mapping and has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name.text == key).map(|(_, node)| node)
    }

    /// The entries of a mapping; none of anything else.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a sequence; none of anything else.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The elements of a sequence, or the node itself as the only one.
    pub fn each(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The text of an entry's scalar.
    pub fn text_at(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// A plain `true` or `false`.
    pub fn truth(&self) -> Option<bool> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => text.parse().ok(),
            _ => None,
        }
    }

    /// A plain whole number.
    pub fn whole(&self) -> Option<u64> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => text.parse().ok(),
            _ => None,
        }
    }

    /// Whether it was left empty: `key:` with nothing behind it, or `null`, or `~`.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if text.is_empty() || text == "null" || text == "~")
    }

    /// The value in JSON's terms: plain `true`, `false`, `null` and numbers are what they look like, and nothing else is
    /// (YAML's older truth values, `yes` and `on`, are strings).
    pub fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Scalar { text, plain } => {
                let known =
                    self.truth().map(Value::from).or_else(|| plain.then(|| Value::number(text)).flatten());
                match known {
                    Some(value) => value,
                    None if self.is_null() => Value::null(),
                    None => Value::from(text.as_str()),
                }
            }
            Kind::List(items) => items.iter().map(Self::to_value).collect(),
            Kind::Map(entries) => {
                entries.iter().map(|(key, node)| (key.text.as_str(), node.to_value())).collect()
            }
        }
    }

    /// A node from JSON text, without places: for values that come from no file.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub fn from_json(json: &str) -> Result<Self, crate::scim::json::ReadError> {
        fn node(value: &Value) -> Node {
            let kind = if value.is_object() {
                let key = |name: &str| Key { span: Span::default(), text: name.to_owned() };
                Kind::Map(value.members().map(|(name, value)| (key(name), node(value))).collect())
            } else if value.is_list() {
                Kind::List(value.items().iter().map(node).collect())
            } else {
                let text = value.scalar_text().unwrap_or("null").to_owned();
                Kind::Scalar { text, plain: value.as_str().is_none() }
            };
            Node { span: Span::default(), kind }
        }
        Ok(node(&Value::read(json.as_bytes(), &Limits::REQUEST)?))
    }
}

/// The candidate nearest to a word that is not among them, if one is near enough to be what was meant.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let distance = |candidate: &str| strsim::osa_distance(&word.to_lowercase(), &candidate.to_lowercase());
    candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_json_words_are_more_than_text() {
        let node =
            parse(0, "a: true\nb: \"true\"\nc: yes\nd: 1.10\ne: 017\nf:\ng: ~\nh: [1, x]\ni: '5'\n").unwrap();
        assert_eq!(
            node.to_value().to_json(),
            r#"{"a":true,"b":"true","c":"yes","d":1.10,"e":"017","f":null,"g":null,"h":[1,"x"],"i":"5"}"#
        );
    }

    #[test]
    fn the_nearest_word_is_near() {
        assert_eq!(nearest("organisation", ["organization", "user"]), Some("organization"));
        assert_eq!(nearest("Pass", ["pass", "path"]), Some("pass"));
        assert_eq!(nearest("zebra", ["organization", "user"]), None);
    }
}
