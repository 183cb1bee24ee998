//! The JSON tree that the crate works on, and the only place that knows how it is represented.
//!
//! Invariants: numbers keep the text they came with, members keep their order, names are looked up without regard to
//! case (RFC 7643 §2.1) and keep the case they were written in, no object holds one name twice. Outside `scim`
//! nothing matches on the representation, so that it can become spans of the original bytes.

mod print;
mod query;
mod quick;
mod read;
mod scan;

use std::fmt;

use compact_str::CompactString;

pub(super) use read::kind as kind_of_name;
pub use read::{Limits, ReadError, ReadErrorKind};
pub(super) use scan::is_one_plain_text;

/// A JSON value. `Debug` shows its shape, never its content: a resource is personal data.
#[derive(Clone, Default)]
pub struct Value(Node);

#[derive(Clone, Default)]
enum Node {
    #[default]
    Null,
    Bool(bool),
    /// The text as it came: `1.10` stays `1.10`.
    Number(CompactString),
    Text(CompactString),
    List(Vec<Value>),
    Object(Vec<(CompactString, Value)>),
}

/// Whether two names are the same: in any case (RFC 7643 §2.1). Most that are not differ in their length, and most that are
/// do not differ at all.
#[inline]
pub fn same_name(a: &str, b: &str) -> bool {
    a.len() == b.len() && (a == b || a.eq_ignore_ascii_case(b))
}

/// What a [`Value`] is, without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// any number
    Number,
    /// a string
    Text,
    /// an array
    List,
    /// an object
    Object,
}

impl Value {
    /// `null`.
    pub const fn null() -> Self {
        Self(Node::Null)
    }

    /// `{}`.
    pub const fn object() -> Self {
        Self(Node::Object(Vec::new()))
    }

    /// `{}`, which so many members can be set in before it grows.
    pub fn object_with_room(members: usize) -> Self {
        Self(Node::Object(Vec::with_capacity(members)))
    }

    /// A number from its JSON text; `None` when the text is not one (RFC 8259 §6).
    pub fn number(text: &str) -> Option<Self> {
        read::is_number(text).then(|| Self(Node::Number(text.into())))
    }

    /// What it is.
    pub const fn kind(&self) -> Kind {
        match &self.0 {
            Node::Null => Kind::Null,
            Node::Bool(_) => Kind::Bool,
            Node::Number(_) => Kind::Number,
            Node::Text(_) => Kind::Text,
            Node::List(_) => Kind::List,
            Node::Object(_) => Kind::Object,
        }
    }

    /// Whether it is `null`.
    pub const fn is_null(&self) -> bool {
        matches!(self.0, Node::Null)
    }

    /// Whether it is an object.
    pub const fn is_object(&self) -> bool {
        matches!(self.0, Node::Object(_))
    }

    /// Whether it is an array.
    pub const fn is_list(&self) -> bool {
        matches!(self.0, Node::List(_))
    }

    /// `null` and `[]` are the same as an attribute that is not there (RFC 7643 §2.5).
    pub fn is_unassigned(&self) -> bool {
        match &self.0 {
            Node::Null => true,
            Node::List(items) => items.is_empty(),
            _ => false,
        }
    }

    /// Unassigned, or `""`, or an object with no member that holds anything.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Node::Null => true,
            Node::Text(text) => text.is_empty(),
            Node::List(items) => items.iter().all(Self::is_empty),
            Node::Object(members) => members.iter().all(|(_, value)| value.is_empty()),
            Node::Bool(_) | Node::Number(_) => false,
        }
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub const fn as_bool(&self) -> Option<bool> {
        match self.0 {
            Node::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The text of the number, if it is one.
    pub fn as_number(&self) -> Option<&str> {
        match &self.0 {
            Node::Number(text) => Some(text),
            _ => None,
        }
    }

    /// The number as a whole one, if it is one and fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.parse().ok()
    }

    /// A scalar as the text a person would write for it; `None` for `null`, arrays and objects.
    pub fn scalar_text(&self) -> Option<&str> {
        match &self.0 {
            Node::Text(text) | Node::Number(text) => Some(text),
            Node::Bool(true) => Some("true"),
            Node::Bool(false) => Some("false"),
            Node::Null | Node::List(_) | Node::Object(_) => None,
        }
    }

    /// The elements of an array; an empty slice for anything else.
    pub fn items(&self) -> &[Value] {
        match &self.0 {
            Node::List(items) => items,
            _ => &[],
        }
    }

    /// The elements of an array, to change them; `None` for anything else.
    pub fn items_mut(&mut self) -> Option<&mut Vec<Value>> {
        match &mut self.0 {
            Node::List(items) => Some(items),
            _ => None,
        }
    }

    /// The elements of an array, or the value itself as the only one; nothing for `null`.
    pub fn each(&self) -> &[Value] {
        match &self.0 {
            Node::Null => &[],
            Node::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// The elements of an array, taken out; the value itself as the only one otherwise; nothing for `null`.
    pub fn into_items(self) -> Vec<Value> {
        match self.0 {
            Node::Null => Vec::new(),
            Node::List(items) => items,
            _ => vec![self],
        }
    }

    /// The members of an object in their order; nothing for anything else.
    pub fn members(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        let members = match &self.0 {
            Node::Object(members) => members.as_slice(),
            _ => &[],
        };
        members.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The members of an object, taken out; nothing for anything else.
    pub fn into_members(self) -> impl Iterator<Item = (CompactString, Value)> {
        let members = match self.0 {
            Node::Object(members) => members,
            _ => Vec::new(),
        };
        members.into_iter()
    }

    /// The member of that name, whatever its case; `None` also when this is not an object.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match &self.0 {
            Node::Object(members) => {
                members.iter().find(|(key, _)| same_name(key, name)).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        match &mut self.0 {
            Node::Object(members) => {
                members.iter_mut().find(|(key, _)| same_name(key, name)).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// Whether there is a member of that name, whatever it holds.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The text of a member, if it is there and a string.
    pub fn text_at(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Sets a member: in its place if it is there (its spelling stays), else at the end. What is not an object becomes
    /// one.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.get_mut(name) {
            Some(slot) => *slot = value,
            None => self.as_members().push((name.into(), value)),
        }
    }

    /// Sets a member that is not there yet, before all others. What is not an object becomes one.
    pub fn set_first(&mut self, name: &str, value: impl Into<Value>) {
        self.as_members().insert(0, (name.into(), value.into()));
    }

    /// The member of that name, made `null` at the end first if it is not there.
    pub fn entry(&mut self, name: &str) -> &mut Value {
        let members = self.as_members();
        let at = members.iter().position(|(key, _)| same_name(key, name)).unwrap_or_else(|| {
            members.push((name.into(), Value::null()));
            members.len() - 1
        });
        &mut members[at].1
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let Node::Object(members) = &mut self.0 else { return None };
        let at = members.iter().position(|(key, _)| same_name(key, name))?;
        Some(members.remove(at).1)
    }

    /// Keeps the members that `keep` says yes to.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        if let Node::Object(members) = &mut self.0 {
            members.retain_mut(|(name, value)| keep(name, value));
        }
    }

    /// Renames a member in its place. Nothing happens when it is not there.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Node::Object(members) = &mut self.0
            && let Some((key, _)) = members.iter_mut().find(|(key, _)| same_name(key, from))
        {
            *key = to.into();
        }
    }

    /// Adds an element. What is not an array becomes one: `null` an empty one, anything else the first element.
    pub fn push(&mut self, item: Value) {
        if let Node::List(items) = &mut self.0 {
            items.push(item);
            return;
        }
        let first = std::mem::take(self);
        let mut items = first.into_items();
        items.push(item);
        self.0 = Node::List(items);
    }

    fn as_members(&mut self) -> &mut Vec<(CompactString, Value)> {
        if !self.is_object() {
            *self = Self::object();
        }
        match &mut self.0 {
            Node::Object(members) => members,
            _ => unreachable!("made an object above"),
        }
    }
}

impl PartialEq for Value {
    /// Objects are equal whatever the order and the case of their names, numbers when they are the same number.
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Node::Null, Node::Null) => true,
            (Node::Bool(a), Node::Bool(b)) => a == b,
            (Node::Text(a), Node::Text(b)) => a == b,
            (Node::Number(a), Node::Number(b)) => {
                a == b
                    || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if a == b && a.abs() < 9e15)
            }
            (Node::List(a), Node::List(b)) => a == b,
            (Node::Object(a), Node::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(name, value)| other.get(name) == Some(value))
            }
            _ => false,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Node::List(items) => write!(f, "[list of {}]", items.len()),
            Node::Object(members) => write!(f, "[object of {}]", members.len()),
            _ => write!(f, "[{:?}]", self.kind()),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self(Node::Bool(value))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(Node::Text(text.into()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(Node::Text(text.into()))
    }
}

impl From<CompactString> for Value {
    fn from(text: CompactString) -> Self {
        Self(Node::Text(text))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self(Node::Number(compact_str::format_compact!("{number}")))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self(Node::Number(compact_str::format_compact!("{number}")))
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self(Node::List(items))
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self(Node::List(items.into_iter().collect()))
    }
}

impl<'a> FromIterator<(&'a str, Value)> for Value {
    fn from_iter<I: IntoIterator<Item = (&'a str, Value)>>(members: I) -> Self {
        let mut object = Self::object();
        for (name, value) in members {
            object.set(name, value);
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
    }

    #[test]
    fn names_are_found_in_any_case_and_keep_their_own() {
        let mut user = value(r#"{"UserName":"ana","active":true}"#);
        assert_eq!(user.text_at("username"), Some("ana"));
        user.set("USERNAME", "bo");
        user.set("title", "Dr");
        assert_eq!(user.to_json(), r#"{"UserName":"bo","active":true,"title":"Dr"}"#);
        user.rename("userName", "userName");
        assert_eq!(user.remove("ACTIVE"), Some(Value::from(true)));
        assert_eq!(user.to_json(), r#"{"userName":"bo","title":"Dr"}"#);
    }

    #[test]
    fn equality_is_of_meaning() {
        assert_eq!(value(r#"{"a":1,"b":[2.50]}"#), value(r#"{"B":[2.5],"A":1.0}"#));
        assert_ne!(value("[1,2]"), value("[2,1]"));
        assert_ne!(value("123456789012345678901234567890"), value("123456789012345678901234567891"));
        assert_ne!(value(r#"{"a":1}"#), value(r#"{"a":1,"b":null}"#));
    }

    #[test]
    fn empty_and_unassigned_differ_by_the_empty_string() {
        for (json, unassigned, empty) in [
            ("null", true, true),
            ("[]", true, true),
            (r#""""#, false, true),
            (r#"{"value":""}"#, false, true),
            ("false", false, false),
            ("0", false, false),
        ] {
            assert_eq!((value(json).is_unassigned(), value(json).is_empty()), (unassigned, empty), "{json}");
        }
    }

    #[test]
    fn debug_shows_no_content() {
        let shown = format!("{:?} {:?}", value(r#"{"userName":"ana"}"#), value(r#""ana""#));
        assert_eq!(shown, "[object of 1] [Text]");
    }
}
