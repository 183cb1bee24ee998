//! What bounds an attribute at the vendor: how long it may be, how many values it has, and when it can be written.

use super::profile::Reader;
use crate::scim::error::Error;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::schema::Catalog;
use crate::yaml::Node;

/// The bounds of one resource type's attributes.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// How many characters a text may have. Longer ones are refused before the vendor is asked: a rule with `fit` cuts.
    pub max_len: Vec<(AttrPath, usize)>,
    /// How many characters of a text the vendor gets. The whole is remembered.
    pub cut: Vec<(AttrPath, usize)>,
    /// How many values a list may have. The others are remembered, not sent.
    pub max_values: Vec<MaxValues>,
    /// What a creation can set, and nothing else can. A change is remembered, not sent.
    pub create_only: Vec<AttrPath>,
    /// What can never be changed once it is there (RFC 7643 §2.2). A change is refused.
    pub immutable: Vec<AttrPath>,
    /// What the vendor garbles while the account is inactive. What was written is remembered, and written again with
    /// access.
    pub garbled: Vec<AttrPath>,
}

/// How many values a list may have.
#[derive(Clone, Debug)]
pub struct MaxValues {
    /// Which list.
    pub path: AttrPath,
    /// How many.
    pub n: usize,
    /// Which.
    pub keep: Keep,
}

/// Which values of a list are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// The primary one, and then the first ones.
    #[default]
    Primary,
    /// The first ones.
    First,
    /// So many of each type: the primary one of it, and then the first ones.
    Type,
}

impl Bounds {
    /// What becomes of the login and the addresses of an inactive account.
    pub(super) fn garbled(effect: Option<&str>) -> Vec<AttrPath> {
        let names: &[&str] = if effect == Some("obfuscate") { &["userName", "emails"] } else { &[] };
        names.iter().map(|name| AttrPath::core(name)).collect()
    }

    pub(super) fn read(attrs: &Node, reader: &mut Reader<'_>, catalog: &Catalog) -> Self {
        let max_len = counted(attrs.get("max_len"), reader, catalog);
        let max_values = counted(attrs.get("max_values"), reader, catalog);
        let list = |key: &str, reader: &mut Reader<'_>| {
            attrs.get(key).map(|list| reader.paths(list, catalog)).unwrap_or_default()
        };
        let keep = |node: &Node| match node.text_at("keep") {
            Some("first") => Keep::First,
            Some("type") => Keep::Type,
            _ => Keep::Primary,
        };
        let cuts = |(_, _, node): &(AttrPath, usize, &Node)| node.text_at("over") == Some("truncate");
        let (cut, max_len): (Vec<_>, Vec<_>) = max_len.into_iter().partition(cuts);
        Self {
            max_len: max_len.into_iter().map(|(path, n, _)| (path, n)).collect(),
            cut: cut.into_iter().map(|(path, n, _)| (path, n)).collect(),
            max_values: max_values
                .into_iter()
                .map(|(path, n, node)| MaxValues { path, n, keep: keep(node) })
                .collect(),
            create_only: list("create_only", reader),
            immutable: list("immutable", reader),
            garbled: Vec::new(),
        }
    }

    /// Whether an attribute is bounded in any way.
    pub fn concern(&self, path: &AttrPath) -> bool {
        let about = |other: &AttrPath| other.same_attribute(path);
        self.max_len.iter().any(|(other, _)| about(other)) || self.changed(path) || self.depend(path)
    }

    /// Whether an attribute does not always come back as it was sent.
    fn changed(&self, path: &AttrPath) -> bool {
        self.remembered().any(|other| other.same_attribute(path))
    }

    /// The attributes that do not always come back as they were sent.
    pub fn remembered(&self) -> impl Iterator<Item = &AttrPath> {
        let cut = self.cut.iter().map(|(path, _)| path);
        self.max_values.iter().map(|one| &one.path).chain(&self.create_only).chain(&self.garbled).chain(cut)
    }

    /// Whether what becomes of a change of an attribute depends on what the vendor has. Of a text that is cut, it may be
    /// nothing.
    pub(super) fn depend(&self, path: &AttrPath) -> bool {
        let once = self.create_only.iter().chain(&self.immutable).chain(&self.garbled);
        let cut = self.cut.iter().map(|(cut, _)| cut);
        once.chain(cut).any(|other| other.same_attribute(path))
            // What is garbled is seen by reading alone.
            || (!self.garbled.is_empty() && path.is_core("active"))
    }

    /// Whether the texts of a resource are as short as the vendor wants them; its lists, cut to what it gets.
    pub(super) fn apply_blindly(&self, resource: &mut Value) -> bool {
        self.cut(resource);
        self.max_len.iter().all(|(bound, most)| {
            bound.attribute_in(resource).is_none_or(|value| longest(value, bound) <= *most)
        })
    }

    /// Leaves so many values of a list, and so much of a text, as the vendor gets.
    fn cut(&self, resource: &mut Value) {
        for one in &self.max_values {
            if let Some(list) = one.path.get(resource).filter(|list| list.items().len() > one.n) {
                let kept = one.keep(list);
                one.path.set(resource, kept);
            }
        }
        for (path, most) in &self.cut {
            shorten(path, *most, resource);
        }
    }

    /// Puts a resource into the bounds. `before`: what the vendor has; `None` when it is about to be made.
    ///
    /// # Errors
    /// `invalidValue` for what is too long, `mutability` for a change of what cannot be changed.
    pub fn apply(
        &self,
        resource: &mut Value,
        before: Option<&Value>,
        catalog: &Catalog,
    ) -> Result<(), Error> {
        self.cut(resource);
        if let Some(before) = before {
            let both_off = is_off(before) && is_off(resource);
            let garbled = self.garbled.iter().filter(|_| both_off);
            for path in self.create_only.iter().chain(garbled) {
                put_back(path, resource, before);
            }
            for path in &self.immutable {
                let known = path.get(before).filter(|value| !value.is_empty());
                let Some(known) = known else { continue };
                // What is not named is not changed, and another spelling of the same is the same.
                let new = path.get(resource).filter(|value| !value.is_empty());
                if new.is_some_and(|new| !means(new, known, path, catalog)) {
                    return Err(Error::mutability(path));
                }
                put_back(path, resource, before);
            }
        }
        for (path, most) in &self.max_len {
            let had = before.and_then(|before| path.attribute_in(before));
            let now = path.attribute_in(resource);
            if now != had && now.is_some_and(|value| longest(value, path) > *most) {
                return Err(Error::value(format!("the vendor takes at most {most} characters in {path}")));
            }
        }
        Ok(())
    }
}

impl MaxValues {
    /// So many, the primary one among them.
    pub(super) fn primary(path: AttrPath, n: usize) -> Self {
        Self { path, n, keep: Keep::Primary }
    }

    /// The elements that the vendor gets, in their order.
    fn keep(&self, list: &Value) -> Value {
        let items = list.items();
        if self.keep == Keep::Type {
            return self.of_each_type(items);
        }
        let is_primary = |item: &Value| item.get("primary").and_then(Value::as_bool) == Some(true);
        let primary = items.iter().position(|item| self.keep == Keep::Primary && is_primary(item));
        let others = (0..items.len()).filter(|at| Some(*at) != primary);
        let mut kept: Vec<usize> = primary.into_iter().chain(others).take(self.n).collect();
        kept.sort_unstable();
        kept.into_iter().filter_map(|at| items.get(at)).cloned().collect()
    }

    fn of_each_type(&self, items: &[Value]) -> Value {
        let kind = |item: &Value| item.text_at("type").unwrap_or_default().to_lowercase();
        let is_primary = |item: &Value| item.get("primary").and_then(Value::as_bool) == Some(true);
        let before = |at: usize, item: &Value| {
            let (own, earlier) = (kind(item), |other: usize| other < at);
            let alike = items.iter().enumerate().filter(|(_, other)| kind(other) == own);
            alike
                .filter(|(other, one)| match (is_primary(one), is_primary(item)) {
                    (first, second) if first == second => earlier(*other),
                    (first, _) => first,
                })
                .count()
        };
        let kept = items.iter().enumerate().filter(|(at, item)| before(*at, item) < self.n);
        kept.map(|(_, item)| item.clone()).collect()
    }
}

/// Cuts the text at a path, or in every element.
fn shorten(path: &AttrPath, most: usize, resource: &mut Value) {
    let Some(mut attribute) = path.attribute_in(resource).cloned() else { return };
    let cut = |value: &mut Value| {
        if let Some(text) = value.as_str().filter(|text| text.chars().count() > most) {
            *value = Value::from(text.chars().take(most).collect::<String>());
        }
    };
    let one = |item: &mut Value| match &path.sub {
        Some(sub) => item.get_mut(sub).into_iter().for_each(cut),
        None => cut(item),
    };
    match attribute.items_mut() {
        Some(items) => items.iter_mut().for_each(one),
        None => one(&mut attribute),
    }
    path.whole().set(resource, attribute);
}

fn is_off(user: &Value) -> bool {
    user.get("active").and_then(Value::as_bool) == Some(false)
}

/// The attribute as the vendor has it.
fn put_back(path: &AttrPath, resource: &mut Value, before: &Value) {
    match path.get(before) {
        Some(value) => path.set(resource, value.clone()),
        None => drop(path.remove(resource)),
    }
}

fn means(a: &Value, b: &Value, path: &AttrPath, catalog: &Catalog) -> bool {
    let exact = catalog.target(path).is_some_and(|attribute| attribute.case_exact);
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) if !exact => a.to_lowercase() == b.to_lowercase(),
        _ => a == b,
    }
}

/// The length of the longest text at the path.
fn longest(attribute: &Value, path: &AttrPath) -> usize {
    let texts = attribute.each().iter().filter_map(|item| match &path.sub {
        Some(sub) => item.get(sub)?.as_str(),
        None => item.as_str(),
    });
    texts.map(|text| text.chars().count()).max().unwrap_or_default()
}

/// Attributes with a number each: `{ userName: 21 }`, `{ emails: { n: 2, keep: first } }`.
fn counted<'n>(
    node: Option<&'n Node>,
    reader: &mut Reader<'_>,
    catalog: &Catalog,
) -> Vec<(AttrPath, usize, &'n Node)> {
    let entries = node.map(Node::entries).unwrap_or_default().iter();
    let one = |(key, node): &'n (crate::yaml::Key, Node)| {
        let path = reader.path(&key.text, key.span, catalog)?;
        let n = node.whole().or_else(|| node.get("n").and_then(Node::whole))?;
        Some((path, usize::try_from(n).unwrap_or(usize::MAX), node))
    };
    entries.filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::emulation::{Profile, fit};
    use crate::scim::json::Limits;
    use crate::scim::schema::ResourceType;
    use crate::yaml::parse;

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
    }

    fn bounded(attrs: &str, user: &str, before: Option<&str>) -> Result<String, String> {
        let mut mistakes = Vec::new();
        let text = format!("resources:\n  Users:\n    attrs: {attrs}\n");
        let profile = Profile::read(Some(&parse(0, &text).unwrap()), &HashMap::new(), &mut mistakes);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let catalog = profile.catalog(ResourceType::User);
        let before = before.map(value);
        let out = fit(profile.resource(ResourceType::User), value(user), &catalog, before.as_ref());
        let mut out = out.map_err(|error| error.to_string())?;
        out.remove("schemas");
        Ok(out.to_json())
    }

    #[test]
    fn lists_are_cut_and_the_primary_one_stays() {
        let emails = r#"{"emails":[{"value":"a"},{"value":"b"},{"value":"c","primary":true}]}"#;
        for (attrs, expected) in [
            ("{ max_values: { emails: 1 } }", r#"{"emails":[{"value":"c","primary":true}]}"#),
            ("{ max_values: { emails: 2 } }", r#"{"emails":[{"value":"a"},{"value":"c","primary":true}]}"#),
            ("{ max_values: { emails: { n: 1, keep: first } } }", r#"{"emails":[{"value":"a"}]}"#),
            ("{ max_values: { emails: 3 } }", emails),
        ] {
            assert_eq!(bounded(attrs, emails, None).unwrap(), expected, "{attrs}");
        }
    }

    #[test]
    fn what_is_too_long_is_refused_unless_it_is_there_already() {
        let attrs = "{ max_len: { userName: 3, emails.value: 3 } }";
        assert!(bounded(attrs, r#"{"userName":"äöü"}"#, None).is_ok());
        assert!(
            bounded(attrs, r#"{"userName":"abcd"}"#, None)
                .unwrap_err()
                .contains("at most 3 characters in userName")
        );
        assert!(bounded(attrs, r#"{"userName":"abcd"}"#, Some(r#"{"userName":"abcd"}"#)).is_ok());
        let error = bounded(attrs, r#"{"emails":[{"value":"a"},{"value":"abcd"}]}"#, None).unwrap_err();
        assert!(error.contains("emails.value") && !error.contains("abcd"), "{error}");
    }

    #[test]
    fn what_can_be_set_once_is_set_once() {
        let attrs = "{ create_only: [displayName], immutable: [userName, externalId] }";
        let user = r#"{"userName":"Ana","displayName":"A"}"#;
        assert_eq!(bounded(attrs, user, None).unwrap(), user);
        let there = r#"{"userName":"ana","displayName":"Old"}"#;
        assert_eq!(bounded(attrs, user, Some(there)).unwrap(), there);
        assert_eq!(
            bounded(attrs, r#"{"title":"T"}"#, Some(there)).unwrap(),
            r#"{"title":"T","displayName":"Old","userName":"ana"}"#
        );
        assert!(
            bounded(attrs, r#"{"userName":"bo"}"#, Some(there))
                .unwrap_err()
                .starts_with("mutability: userName")
        );
        // It can be given where there is none yet; in another case it is another value, where case counts.
        assert!(bounded(attrs, r#"{"userName":"ana","externalId":"X"}"#, Some(there)).is_ok());
        assert!(bounded(attrs, r#"{"externalId":"x"}"#, Some(r#"{"externalId":"X"}"#)).is_err());
    }
}
