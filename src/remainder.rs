//! What the vendor cannot hold and the bridge remembers, one resource at a time.
//!
//! An attribute is remembered as two values: what the identity provider *wrote*, and what reading the vendor gave right
//! after (*seen*). While the vendor still gives what was seen, the answer is what was written, so a client that compares
//! finds no difference; once it gives something else, somebody changed it there, and the answer is the truth.

use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::schema::{Catalog, Returned};

/// Which attributes may have to be remembered: those that a rule or the vendor's profile changes, and no others.
#[derive(Clone, Debug, PartialEq)]
pub enum Remembered {
    /// These.
    These(Vec<AttrPath>),
    /// All but these.
    AllBut(Vec<AttrPath>),
}

impl Default for Remembered {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

impl Remembered {
    /// Whether there is nothing to remember, ever.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::These(paths) if paths.is_empty())
    }

    /// Whether an attribute is among them.
    pub fn includes(&self, path: &AttrPath) -> bool {
        let named = |paths: &[AttrPath]| paths.iter().any(|other| other.same_attribute(path));
        match self {
            Self::These(paths) => named(paths),
            Self::AllBut(paths) => !named(paths),
        }
    }

    /// The attributes of either.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::These(mut a), Self::These(b)) => {
                for path in b {
                    if !a.iter().any(|known| known.same_attribute(&path)) {
                        a.push(path);
                    }
                }
                Self::These(a)
            }
            (Self::AllBut(a), Self::AllBut(b)) => {
                let both = |path: &AttrPath| b.iter().any(|other| other.same_attribute(path));
                Self::AllBut(a.into_iter().filter(both).collect())
            }
            (Self::AllBut(a), Self::These(b)) | (Self::These(b), Self::AllBut(a)) => {
                let stays = |path: &AttrPath| !b.iter().any(|other| other.same_attribute(path));
                Self::AllBut(a.into_iter().filter(stays).collect())
            }
        }
    }
}

/// One remembered attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Which, without sub-attribute.
    pub path: AttrPath,
    /// What the identity provider wrote; `None`: it is not to see the attribute.
    pub wrote: Option<Value>,
    /// What reading the vendor gave.
    pub seen: Option<Value>,
}

impl Entry {
    /// The text that the identity provider wrote, alone or as `value`.
    pub fn text(&self) -> Option<&str> {
        let wrote = self.wrote.as_ref()?;
        wrote.scalar_text().or_else(|| wrote.get("value")?.scalar_text())
    }
}

/// What the vendor was sent, and must be known again: elements of a list that are the bridge's own, a value that was made
/// from nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// On the vendor's side.
    pub path: AttrPath,
    /// What it was sent.
    pub value: Value,
}

/// What is remembered of one resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remainder(pub Vec<Entry>, Vec<Sent>);

impl Remainder {
    /// What must be remembered so that reading gives back what was written: every attribute among `which` for which
    /// reading alone would not. A password never is, nor anything that is never returned.
    pub fn of(which: &Remembered, written: &Value, seen: &Value, catalog: &Catalog) -> Self {
        let paths = match which {
            Remembered::These(paths) => paths.clone(),
            Remembered::AllBut(_) => {
                let all = attributes(written, catalog).into_iter().chain(attributes(seen, catalog));
                let mut paths: Vec<AttrPath> = Vec::new();
                for path in all.filter(|path| which.includes(path)) {
                    if !paths.iter().any(|known| known.same_attribute(&path)) {
                        paths.push(path);
                    }
                }
                paths
            }
        };
        let may_be_kept = |path: &AttrPath| {
            !["schemas", "id", "meta"].iter().any(|name| path.is_core(name))
                && catalog.attribute(path).is_none_or(|attribute| attribute.returned != Returned::Never)
        };
        let entry = |path: AttrPath| {
            let read = |from: &Value| path.attribute_in(from).filter(|value| !value.is_unassigned()).cloned();
            let (wrote, seen) = (read(written), read(seen));
            (wrote != seen).then_some(Entry { path, wrote, seen })
        };
        Self(paths.into_iter().filter(may_be_kept).filter_map(entry).collect(), Vec::new())
    }

    /// The same, with what the vendor was sent.
    #[must_use]
    pub fn with_sent(mut self, sent: Vec<Sent>) -> Self {
        self.1 = sent;
        self
    }

    /// All that the vendor was sent.
    pub fn all_sent(&self) -> Vec<Sent> {
        self.1.clone()
    }

    /// What the vendor was sent there.
    pub fn sent(&self, path: &AttrPath) -> Option<&Value> {
        self.1.iter().find(|sent| sent.path == *path).map(|sent| &sent.value)
    }

    /// Puts what was written where reading gave what was seen.
    pub fn restore(&self, resource: &mut Value) {
        for Entry { path, wrote, seen } in &self.0 {
            let now = path.attribute_in(resource).filter(|value| !value.is_unassigned());
            if now != seen.as_ref() {
                continue;
            }
            match wrote {
                Some(wrote) => path.set(resource, wrote.clone()),
                None => drop(path.remove(resource)),
            }
        }
    }

    /// What was written as text, as it is looked up: the attribute and the text, both in lower case.
    pub fn texts(&self) -> impl Iterator<Item = (String, String)> {
        self.0
            .iter()
            .filter_map(|entry| Some((entry.path.to_string().to_lowercase(), entry.text()?.to_lowercase())))
    }

    /// Whether nothing needs to be remembered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty() && self.1.is_empty()
    }
}

/// The attributes that a resource has, those of extensions with their URN.
fn attributes(resource: &Value, catalog: &Catalog) -> Vec<AttrPath> {
    let mut out = Vec::new();
    for (key, value) in resource.members() {
        if catalog.extension(key).is_some() || (crate::scim::name::is_schema_urn(key) && value.is_object()) {
            let path = |name: &str| AttrPath { schema: Some(key.into()), name: name.into(), sub: None };
            out.extend(value.members().map(|(name, _)| path(name)));
        } else {
            out.push(AttrPath::core(key));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;
    use crate::scim::schema::ResourceType;

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
    }

    #[test]
    fn what_was_written_is_read_until_the_vendor_changes() {
        let catalog = Catalog::standard(ResourceType::User);
        let which = Remembered::These(vec![
            AttrPath::core("title"),
            AttrPath::core("nickName"),
            AttrPath::core("password"),
        ]);
        let written = value(r#"{"title":"Dr","nickName":"Bo","password":"p","userName":"u"}"#);
        let remainder = Remainder::of(&which, &written, &value(r#"{"title":"dr","userName":"U"}"#), &catalog);
        assert_eq!(remainder.0.len(), 2);
        for (now, expected) in [
            (r#"{"title":"dr","userName":"U"}"#, r#"{"title":"Dr","userName":"U","nickName":"Bo"}"#),
            (r#"{"title":"Prof","nickName":"X"}"#, r#"{"title":"Prof","nickName":"X"}"#),
        ] {
            let mut resource = value(now);
            remainder.restore(&mut resource);
            assert_eq!(resource.to_json(), expected);
        }
    }

    #[test]
    fn everything_but_some_can_be_remembered() {
        let catalog = Catalog::standard(ResourceType::User);
        let urn = "urn:x:1.0:User";
        let written = value(&format!(r#"{{"userName":"u","title":"T","{urn}":{{"a":1,"b":2}}}}"#));
        let which = Remembered::AllBut(vec![AttrPath::core("userName")]);
        let remainder = Remainder::of(&which, &written, &value(r#"{"id":"1","userName":"v"}"#), &catalog);
        let mut resource = value(r#"{"id":"1","userName":"v"}"#);
        remainder.restore(&mut resource);
        assert_eq!(
            resource,
            value(&format!(r#"{{"id":"1","userName":"v","title":"T","{urn}":{{"a":1,"b":2}}}}"#))
        );
        let both = which.and(Remembered::These(vec![AttrPath::core("userName")]));
        assert!(both.includes(&AttrPath::core("userName")));
    }
}
