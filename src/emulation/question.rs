//! How a filter is put to a vendor: in its names, its case and its quotes, and of no more attributes together than it takes.
//!
//! Needed by AWS IAM Identity Center (`combos`), Notion and GitLab (`attr_alias`, `value_quote`), HCP Terraform, Mirantis,
//! Bitwarden and Cloudflare (`match_case`), ServiceNow and Snowflake (`post_check`).

use compact_str::CompactString;

use super::profile::Reader;
use crate::scim::filter::{Filter, Op};
use crate::scim::json::{Kind, Value};
use crate::scim::name::AttrPath;
use crate::scim::schema::Catalog;
use crate::yaml::{Mistake, Node};

/// How a vendor wants to be asked.
#[derive(Clone, Debug, Default)]
pub struct Wording {
    /// All sets of attributes that one filter compares, joined by `and`; `None`: any.
    pub combos: Option<Vec<Vec<AttrPath>>>,
    /// What it calls attributes in a filter.
    pub alias: Vec<(AttrPath, CompactString)>,
    /// Attributes that it compares by case, though the schema does not: it misses whoever is written otherwise.
    pub strict: Vec<AttrPath>,
    /// Attributes that it compares without regard to case, though the schema does: it finds more than there are.
    pub loose: Vec<AttrPath>,
    /// Attributes that hold no capitals at the vendor, and are compared by case.
    pub lowered: Vec<AttrPath>,
    /// Values stand without quotes.
    pub unquoted: bool,
    /// What it finds may be something else, or too much.
    pub doubtful: bool,
}

impl Wording {
    pub(super) fn read(node: &Node, reader: &mut Reader<'_>, catalog: &Catalog) -> Self {
        let mut out = Self {
            combos: node
                .get("combos")
                .map(|combos| combos.items().iter().map(|combo| reader.paths(combo, catalog)).collect()),
            unquoted: node.text_at("value_quote") == Some("none"),
            doubtful: node.get("post_check").and_then(Node::truth) == Some(true),
            ..Self::default()
        };
        for (key, name) in node.get("attr_alias").map(Node::entries).unwrap_or_default() {
            let text = name.text().unwrap_or_default();
            if AttrPath::parse(text).is_none() {
                let mistake = Mistake::new(name.span, "not a name that can stand in a filter");
                reader
                    .mistakes
                    .push(mistake.hint("letters, digits, - and _, in two parts at most: email, user.name"));
            }
            out.alias.extend(reader.path(&key.text, key.span, catalog).map(|path| (path, text.into())));
        }
        for (key, word) in node.get("match_case").map(Node::entries).unwrap_or_default() {
            let Some(path) = reader.path(&key.text, key.span, catalog) else { continue };
            let exact = catalog.target(&path).is_some_and(|attribute| attribute.case_exact);
            match word.text() {
                Some("exact") if !exact => out.strict.push(path),
                Some("ci") if exact => out.loose.push(path),
                _ => {}
            }
        }
        out
    }

    /// An attribute holds no capitals at the vendor: in lower case, nobody is missed.
    pub(super) fn lower(&mut self, path: &AttrPath) {
        if self.strict.contains(path) {
            self.strict.retain(|other| other != path);
            self.lowered.push(path.clone());
        }
    }

    /// Whether a filter without `and` can be put.
    pub(super) fn takes(&self, filter: &Filter) -> bool {
        match filter {
            Filter::Compare { path, op, value } => {
                let loose = !self.loose.contains(path) || matches!(op, Op::Eq | Op::Sw | Op::Co | Op::Ew);
                let strict = !self.strict.contains(path) || has_no_case(value);
                let plain = !self.unquoted || value.as_str().is_none_or(is_plain);
                loose && strict && plain && self.has_combo(&[path])
            }
            Filter::Element(path, inner) => {
                let mut takes = self.combos.is_none() && !self.unquoted;
                inner.each_path(&mut |sub: &AttrPath| {
                    let path = path.with_sub(&sub.name);
                    takes &= ![&self.strict, &self.loose].iter().any(|list| list.contains(&path));
                });
                takes
            }
            // The opposite of more than was asked for is less.
            Filter::Not(inner) => self.combos.is_none() && !self.widens(inner),
            Filter::Present(_) | Filter::And(_) | Filter::Or(_) => self.combos.is_none(),
        }
    }

    /// Whether more is found than a filter asks for.
    pub(super) fn widens(&self, filter: &Filter) -> bool {
        let mut loose = self.doubtful;
        filter.each_path(&mut |path: &AttrPath| loose |= self.loose.contains(path));
        loose
    }

    fn has_combo(&self, paths: &[&AttrPath]) -> bool {
        let is = |combo: &Vec<AttrPath>| {
            combo.len() == paths.len() && combo.iter().all(|path| paths.contains(&path))
        };
        self.combos.as_ref().is_none_or(|combos| combos.iter().any(is))
    }

    /// Whether comparisons can be put together.
    pub(super) fn takes_all(&self, parts: &[Filter]) -> bool {
        let paths: Option<Vec<_>> = parts.iter().map(|part| part.as_eq().map(|(path, _)| path)).collect();
        self.combos.is_none() || paths.is_some_and(|paths| self.has_combo(&paths))
    }

    /// The most of some comparisons that can be put together.
    pub(super) fn most(&self, parts: &[Filter]) -> Vec<Filter> {
        let of = |path: &AttrPath| {
            let mut same = parts.iter().filter(|part| part.as_eq().is_some_and(|(other, _)| other == path));
            same.next().filter(|_| same.next().is_none()).cloned()
        };
        let all = |combo: &Vec<AttrPath>| combo.iter().map(of).collect::<Option<Vec<_>>>();
        let found = self.combos.iter().flatten().filter_map(all);
        found.max_by_key(Vec::len).unwrap_or_default()
    }

    /// The text of a filter.
    pub fn text(&self, filter: &Filter) -> String {
        let name = |path: &AttrPath| {
            let alias = self.alias.iter().find(|(known, _)| known == path);
            alias.map_or_else(|| path.to_string(), |(_, name)| name.to_string())
        };
        let value = |path: &AttrPath, value: &Value| {
            let lowered = value.as_str().filter(|_| self.lowered.contains(path)).map(str::to_lowercase);
            let value = lowered.map_or_else(|| value.clone(), Value::from);
            match value.as_str() {
                Some(text) if self.unquoted => text.to_owned(),
                _ => value.to_json(),
            }
        };
        filter.written(&name, &value)
    }
}

/// Whether a value is the same in any case.
fn has_no_case(value: &Value) -> bool {
    value.kind() != Kind::Text
        || value.as_str().is_some_and(|text| text.chars().all(|c| !c.is_lowercase() && !c.is_uppercase()))
}

/// Whether a text can stand without quotes and mean nothing but itself.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "@._+-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_without_quotes_is_no_part_of_the_question() {
        let wording = Wording { unquoted: true, ..Wording::default() };
        for (value, takes) in
            [("ana@acme.example", true), ("a\" or title pr", false), ("a b", false), ("", false)]
        {
            let filter = Filter::eq(AttrPath::core("userName"), value);
            assert_eq!(wording.takes(&filter), takes, "{value}");
        }
        let filter = Filter::parse("userName eq \"a.b\" and active eq true").unwrap();
        assert_eq!(wording.text(&filter), "userName eq a.b and active eq true");
    }
}
