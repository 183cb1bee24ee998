//! Paths of a mapping: RFC 9535 JSONPath, compiled once.
//!
//! What a path may *write* is just what a SCIM value path can say: a chain of names, or one equality filter
//! (`$.emails[?@.type == 'work'].value`), so the two translate into each other without loss. Those are walked by hand
//! (a tenth of the cost of a query); every other path only reads, through jsonpath-rust.

use std::fmt;

use compact_str::CompactString;
use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter as JpFilter, FilterAtom, JpQuery, Literal, Segment, Selector,
    SingularQuery, SingularQuerySegment,
};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;

use super::expression::special_member;
use super::made::Moment;
use super::parts::{self, Part};
use crate::remainder::Remainder;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::{AttrPath, is_schema_urn};
use crate::scim::path::Path as ScimPath;

/// Names that stand for values which the bridge hands in.
pub(super) const SPECIALS: [&str; 3] = ["groups", "op", "old"];

/// A place that can be written: an attribute, or the one element of a list that a filter of equality names.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The attribute; its `sub` is set only when there is no element.
    pub attribute: AttrPath,
    /// Which element of a multi-valued attribute.
    pub element: Option<Element>,
}

/// The element for which `key == value`, and which part of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// `type`
    pub key: CompactString,
    /// `"work"`
    pub value: Value,
    /// `value`; `None` is the whole element.
    pub sub: Option<CompactString>,
}

impl Element {
    fn selects(&self, element: &Value) -> bool {
        match (element.get(&self.key), &self.value) {
            (Some(found), wanted) => match (found.as_str(), wanted.as_str()) {
                (Some(found), Some(wanted)) => found.eq_ignore_ascii_case(wanted),
                _ => found == wanted,
            },
            (None, _) => false,
        }
    }
}

impl Place {
    /// The attribute without its sub-attribute.
    pub fn whole(&self) -> AttrPath {
        self.attribute.whole()
    }

    /// The value there.
    pub fn get<'v>(&self, resource: &'v Value) -> Option<&'v Value> {
        let Some(element) = &self.element else { return self.attribute.get(resource) };
        let found =
            self.attribute.attribute_in(resource)?.items().iter().find(|item| element.selects(item))?;
        match &element.sub {
            Some(sub) => found.get(sub),
            None => Some(found),
        }
    }

    /// Writes a value there, making the element if there is none.
    pub fn set(&self, resource: &mut Value, value: Value) {
        let Some(element) = &self.element else { return self.attribute.set(resource, value) };
        if self.attribute.attribute_in(resource).is_none_or(|list| !list.is_list()) {
            self.attribute.set(resource, Value::from(Vec::new()));
        }
        let Some(items) = list_mut(&self.attribute, resource) else { return };
        let at = items.iter().position(|item| element.selects(item)).unwrap_or_else(|| {
            items.push(Value::object());
            items.len() - 1
        });
        match &element.sub {
            Some(sub) => items[at].set(sub, value),
            None => items[at] = value,
        }
        if !element.selects(&items[at]) {
            items[at].set(&element.key, element.value.clone());
        }
    }

    /// Takes over what is there in another resource: the value, with the element that it is a part of if that is not there.
    pub fn keep(&self, from: &Value, into: &mut Value) {
        let element = self.element.as_ref().map(|element| Element { sub: None, ..element.clone() });
        let whole = Self { attribute: self.attribute.clone(), element };
        let place = if whole.get(into).is_none() { &whole } else { self };
        if let (Some(value), Some(_)) = (place.get(from), self.get(from)) {
            place.set(into, value.clone());
        }
    }

    /// Takes the value out. An element that says nothing more without it goes too: what it is for (`type`), how it is
    /// shown and whether it is the preferred one are about a value.
    pub fn take(&self, resource: &mut Value) -> Option<Value> {
        let Some(element) = &self.element else { return self.attribute.remove(resource) };
        let items = list_mut(&self.attribute, resource)?;
        let at = items.iter().position(|item| element.selects(item))?;
        let taken = match &element.sub {
            None => Some(items.remove(at)),
            Some(sub) => {
                let taken = items[at].remove(sub);
                let about =
                    |name: &str| ["type", "primary", "display"].contains(&name) || name == element.key;
                if taken.is_some() && items[at].members().all(|(name, _)| about(name)) {
                    items.remove(at);
                }
                taken
            }
        };
        if items.is_empty() {
            self.attribute.remove(resource);
        }
        taken
    }

    /// The same place as a SCIM path.
    pub fn to_path(&self) -> ScimPath {
        match &self.element {
            None => ScimPath::Attribute(self.attribute.clone()),
            Some(element) => ScimPath::Element {
                attribute: self.attribute.clone(),
                filter: Filter::eq(AttrPath::core(&element.key), element.value.clone()),
                sub: element.sub.clone(),
            },
        }
    }

    /// Whether a SCIM path names just this place.
    pub fn is(&self, path: &ScimPath) -> bool {
        match (path, &self.element) {
            (ScimPath::Attribute(path), None) => *path == self.attribute,
            (ScimPath::Element { attribute, filter, sub }, Some(element)) => {
                let same_sub = match (sub, &element.sub) {
                    (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
                    (a, b) => a.is_none() && b.is_none(),
                };
                let same_element = filter.as_eq().is_some_and(|(key, value)| {
                    key.is_core(&element.key)
                        && key.sub.is_none()
                        && element.selects(&one_member(&element.key, value))
                });
                attribute.same_attribute(&self.attribute) && same_element && same_sub
            }
            _ => false,
        }
    }
}

fn one_member(key: &str, value: &Value) -> Value {
    let mut object = Value::object();
    object.set(key, value.clone());
    object
}

fn list_mut<'v>(path: &AttrPath, resource: &'v mut Value) -> Option<&'v mut Vec<Value>> {
    let holder = match &path.schema {
        Some(schema) => resource.get_mut(schema)?,
        None => resource,
    };
    holder.get_mut(&path.name)?.items_mut()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_path().fmt(f)
    }
}

/// What a rule reads.
#[derive(Clone, Debug)]
pub struct Source {
    root: Root,
    access: Access,
}

/// In which value a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Resource,
    Groups,
    Old,
    Op,
}

#[derive(Clone, Debug)]
enum Access {
    /// The value itself.
    Whole,
    Place(Place),
    Query(JpQuery),
}

/// What the bridge hands to a mapping besides the resource.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'g> {
    /// The groups that the user is a member of, directly or through others: a list of `{value, displayName}`.
    pub groups: Option<&'g Value>,
    /// The resource as it was, on the identity provider's side.
    pub old: Option<&'g Value>,
    /// Whether the groups are others than when the rules ran last.
    pub regrouped: bool,
    /// What is being done.
    pub operation: super::Operation,
    /// The time and chance, for what is made once.
    pub moment: Moment,
    /// What is remembered of the resource.
    pub known: Option<&'g Remainder>,
}

impl Source {
    /// The value at the path: the one of a place, or all that a query finds, in a list. `None` when there is nothing.
    pub fn read(&self, resource: &Value, given: &Given<'_>) -> Option<Value> {
        let root = match self.root {
            Root::Resource => resource,
            Root::Groups => given.groups?,
            Root::Old => given.old?,
            Root::Op => return Some(Value::from(given.operation.word())),
        };
        match &self.access {
            Access::Whole => Some(root.clone()),
            Access::Place(place) => place.get(root).cloned(),
            Access::Query(query) => {
                // The only failures are of custom functions, which are refused at load.
                let found = js_path_process(query, root).unwrap_or_default();
                let found: Vec<Value> = found.into_iter().map(|found| found.val.clone()).collect();
                (!found.is_empty()).then(|| Value::from(found))
            }
        }
    }

    /// The place that it reads, if it reads one of the resource.
    pub fn as_place(&self) -> Option<&Place> {
        match (&self.access, self.root) {
            (Access::Place(place), Root::Resource) => Some(place),
            _ => None,
        }
    }

    pub(super) fn root(&self) -> Root {
        self.root
    }

    /// The parts of attributes that it names, those of a place aside.
    pub(super) fn parts(&self) -> Vec<Part> {
        let Access::Query(query) = &self.access else { return Vec::new() };
        match self.root {
            Root::Groups => parts::of(&AttrPath::core(&special_member("groups")), &query.segments),
            Root::Op | Root::Old | Root::Resource => parts::named(&query.segments),
        }
    }

    /// The attributes of the resource that it reads. `None`: perhaps all.
    pub(super) fn attributes(&self) -> Option<Vec<AttrPath>> {
        match (self.root, &self.access) {
            (Root::Groups | Root::Op, _) => Some(Vec::new()),
            // What was changes with every change of whatever it is.
            (Root::Old, _) | (Root::Resource, Access::Whole) => None,
            (Root::Resource, Access::Place(place)) => Some(vec![place.whole()]),
            (Root::Resource, Access::Query(query)) => first_attribute(&query.segments).map(|path| vec![path]),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.access, self.root) {
            (Access::Place(place), Root::Resource) => place.fmt(f),
            (Access::Place(place), _) => write!(f, "{place} as it was"),
            (_, Root::Groups) => f.write_str("the user's groups"),
            (_, Root::Op) => f.write_str("the operation"),
            (_, Root::Old) => f.write_str("the resource as it was"),
            (Access::Query(query), Root::Resource) => match first_attribute(&query.segments) {
                Some(path) => write!(f, "a query of {path}"),
                None => f.write_str("a query of the resource"),
            },
            (Access::Whole, Root::Resource) => f.write_str("the resource"),
        }
    }
}

/// Compiles the text of a path, prefixes expanded already.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn source(text: &str) -> Result<Source, String> {
    let (root, rest) = split_root(text);
    if root == Root::Op {
        return if rest.is_empty() {
            Ok(Source { root, access: Access::Whole })
        } else {
            Err("$op is a word and has no members".to_owned())
        };
    }
    if rest.is_empty() {
        return Ok(Source { root, access: Access::Whole });
    }
    let query = parse(&format!("${rest}"))?;
    let access = match (root, place_of(&query.segments)) {
        (Root::Resource | Root::Old, Some(place)) => Access::Place(place),
        _ => Access::Query(query),
    };
    Ok(Source { root, access })
}

/// Compiles the text of a path that is written.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn place(text: &str) -> Result<Place, String> {
    let compiled = source(text)?;
    match compiled.as_place() {
        Some(place) => Ok(place.clone()),
        None => Err("a written path names one attribute, or one element by one equality such as \
                     $.emails[?@.type == 'work'].value"
            .to_owned()),
    }
}

fn split_root(text: &str) -> (Root, &str) {
    for (name, root) in [("groups", Root::Groups), ("old", Root::Old), ("op", Root::Op)] {
        if let Some(rest) = text.strip_prefix('$').and_then(|text| text.strip_prefix(name))
            && !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        {
            return (root, rest);
        }
    }
    (Root::Resource, text.strip_prefix('$').unwrap_or(text))
}

/// Parses a query with jsonpath-rust, and refuses what it lets through.
pub(super) fn parse(text: &str) -> Result<JpQuery, String> {
    check_blanks(text)?;
    let query = parse_json_path(text).map_err(|_| "not a JSONPath (RFC 9535)".to_owned())?;
    super::expression::check_segments(&query.segments)?;
    Ok(query)
}

/// Blanks belong between the parts of a filter; elsewhere the library accepts `$.a b` and reads something else.
fn check_blanks(text: &str) -> Result<(), String> {
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') => depth = depth.saturating_sub(1),
            (None, c) if c.is_whitespace() && depth == 0 => {
                return Err(format!("a blank at character {} does not belong in a path", at + 1));
            }
            _ => {}
        }
    }
    Ok(())
}

fn place_of(segments: &[Segment]) -> Option<Place> {
    let mut names = Vec::new();
    let mut element = None;
    for segment in segments {
        let Segment::Selector(selector) = segment else { return None };
        match (selector, &mut element) {
            (Selector::Name(name), None) => names.push(CompactString::from(name.as_str())),
            (Selector::Name(name), Some(Element { sub: sub @ None, .. })) => {
                *sub = Some(name.as_str().into());
            }
            (Selector::Filter(filter), None) => element = Some(equality(filter)?),
            _ => return None,
        }
    }
    let schema = names.first().is_some_and(|name| is_schema_urn(name)).then(|| names.remove(0));
    let mut names = names.into_iter();
    let attribute = AttrPath { schema, name: names.next()?, sub: names.next() };
    if names.next().is_some() || (element.is_some() && attribute.sub.is_some()) {
        return None;
    }
    Some(Place { attribute, element })
}

/// `@.type == 'work'`
fn equality(filter: &JpFilter) -> Option<Element> {
    let filter = match filter {
        JpFilter::Or(parts) | JpFilter::And(parts) => match parts.as_slice() {
            [only] => return equality(only),
            _ => return None,
        },
        JpFilter::Atom(FilterAtom::Comparison(comparison)) => comparison,
        JpFilter::Atom(FilterAtom::Filter { expr, not: false }) => return equality(expr),
        JpFilter::Atom(_) => return None,
    };
    let Comparison::Eq(left, right) = filter.as_ref() else { return None };
    let ((Comparable::SingularQuery(query), Comparable::Literal(literal))
    | (Comparable::Literal(literal), Comparable::SingularQuery(query))) = (left, right)
    else {
        return None;
    };
    let SingularQuery::Current(segments) = query else { return None };
    let [SingularQuerySegment::Name(key)] = segments.as_slice() else { return None };
    Some(Element { key: key.as_str().into(), value: literal_value(literal), sub: None })
}

/// `@.key == 'value' || …`: each key and its value.
pub(super) fn equalities(filter: &JpFilter) -> Option<Vec<(String, Value)>> {
    let parts = match filter {
        JpFilter::Or(parts) => parts.as_slice(),
        JpFilter::Atom(FilterAtom::Filter { expr, not: false }) => return equalities(expr),
        one => std::slice::from_ref(one),
    };
    parts.iter().map(|part| equality(part).map(|Element { key, value, .. }| (key.into(), value))).collect()
}

pub(super) fn literal_value(literal: &Literal) -> Value {
    match literal {
        Literal::Int(number) => Value::from(*number),
        Literal::Float(number) => Value::from(*number),
        Literal::String(text) => Value::from(text.as_str()),
        Literal::Bool(truth) => Value::from(*truth),
        Literal::Null => Value::null(),
    }
}

/// The attribute that a query starts at; `None` when it may start at any.
pub(super) fn first_attribute(segments: &[Segment]) -> Option<AttrPath> {
    let name = |segment: Option<&Segment>| match segment {
        Some(Segment::Selector(Selector::Name(name))) => Some(name.clone()),
        _ => None,
    };
    let first = name(segments.first())?;
    if is_schema_urn(&first) {
        return name(segments.get(1)).map(|name| AttrPath {
            schema: Some(first.into()),
            name: name.into(),
            sub: None,
        });
    }
    Some(AttrPath { schema: None, name: first.into(), sub: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
    }

    #[test]
    fn written_paths_are_scim_paths() {
        for (text, path) in [
            ("$.userName", "userName"),
            ("$['name']['givenName']", "name.givenName"),
            ("$['urn:x:1.0:User'].badge", "urn:x:1.0:User:badge"),
            ("$['urn:x:1.0:User'].boss.value", "urn:x:1.0:User:boss.value"),
            ("$.emails[?@.type == 'work'].value", r#"emails[type eq "work"].value"#),
            ("$.emails[?'work'==@.type]", r#"emails[type eq "work"]"#),
            ("$.emails[?(@.primary == true)].value", "emails[primary eq true].value"),
        ] {
            assert_eq!(place(text).unwrap().to_string(), path, "{text}");
            assert!(place(text).unwrap().is(&ScimPath::parse(path).unwrap()), "{text}");
        }
        for text in [
            "$.emails[*].value",
            "$.emails[0].value",
            "$.emails[?@.type == 'a' && @.primary == true].value",
            "$.a.b.c",
            "$..a",
            "$",
            "$groups",
            "$.emails[?@.type != 'a'].value",
        ] {
            assert!(place(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_the_library_lets_through_is_refused() {
        for text in [
            "$.a b",
            "$.a ",
            " $.a",
            "$.a\n",
            "$.",
            "a.b",
            "$[?length(@.a)]",
            "$[?match(@.a, 'x')]",
            "$.a[?@.b ==]",
        ] {
            assert!(source(text).is_err(), "{text}");
        }
        assert!(source("$.emails[? @.type == 'a b' ].value").is_ok());
    }

    #[test]
    fn places_are_read_written_and_emptied() {
        let work = place("$.emails[?@.type == 'work'].value").unwrap();
        let mut user = value(r#"{"userName":"a","emails":[{"type":"home","value":"h"}]}"#);
        assert!(work.get(&user).is_none());
        work.set(&mut user, Value::from("w"));
        assert_eq!(
            user.to_json(),
            r#"{"userName":"a","emails":[{"type":"home","value":"h"},{"value":"w","type":"work"}]}"#
        );
        assert_eq!(work.get(&user).unwrap().as_str(), Some("w"));
        assert_eq!(work.take(&mut user).unwrap().as_str(), Some("w"));
        assert_eq!(
            place("$.emails[?@.type == 'home'].value").unwrap().take(&mut user).unwrap().as_str(),
            Some("h")
        );
        assert_eq!(user.to_json(), r#"{"userName":"a"}"#);
        let badge = place("$['urn:x:1.0:User'].badge").unwrap();
        badge.set(&mut user, Value::from("b"));
        assert_eq!(user.to_json(), r#"{"userName":"a","urn:x:1.0:User":{"badge":"b"}}"#);
        badge.take(&mut user);
        assert_eq!(user.to_json(), r#"{"userName":"a"}"#);
    }

    #[test]
    fn sources_read_what_is_there() {
        let user = value(r#"{"emails":[{"value":"a"},{"value":"b"}],"title":"T"}"#);
        let groups = value(r#"[{"value":"g1","displayName":"Ops"}]"#);
        let given = Given { groups: Some(&groups), ..Given::default() };
        for (text, expected) in [
            ("$.title", Some(r#""T""#)),
            ("$.emails[*].value", Some(r#"["a","b"]"#)),
            ("$groups[*].displayName", Some(r#"["Ops"]"#)),
            ("$groups", Some(r#"[{"value":"g1","displayName":"Ops"}]"#)),
            ("$op", Some(r#""create""#)),
            ("$old.title", None),
            ("$.nothing", None),
            ("$.emails[?@.value == 'z']", None),
        ] {
            let read = source(text).unwrap().read(&user, &given);
            assert_eq!(read.map(|value| value.to_json()).as_deref(), expected, "{text}");
        }
    }
}
