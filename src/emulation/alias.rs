//! `filter.alias`: attributes that have other names in a filter than in a resource.
//!
//! Needed by Slack's SCIM 1.1 (`username`, `email`), Notion and GitLab.

use super::profile::Reader;
use crate::scim::filter::Filter;
use crate::scim::name::AttrPath;
use crate::scim::schema::Catalog;
use crate::yaml::{Mistake, Node};

/// Attributes, and the names that they have in filters.
pub(super) type Aliases = Vec<(AttrPath, AttrPath)>;

pub(super) fn read(node: &Node, reader: &mut Reader<'_>, catalog: &Catalog) -> Aliases {
    let mut out = Vec::new();
    for (key, value) in node.get("alias").map(Node::entries).unwrap_or_default() {
        let Some(path) = reader.path(&key.text, key.span, catalog) else { continue };
        match value.text().and_then(AttrPath::parse) {
            Some(name) => out.push((path, name)),
            None => reader.mistakes.push(
                Mistake::new(value.span, "not a name that could stand in a filter").hint("such as username"),
            ),
        }
    }
    out
}

/// A filter with the vendor's names.
pub(super) fn apply(aliases: &Aliases, filter: Filter) -> Filter {
    if aliases.is_empty() {
        return filter;
    }
    renamed(filter, &|path: &AttrPath| {
        aliases.iter().find(|(known, _)| known == path).map_or_else(|| path.clone(), |(_, name)| name.clone())
    })
}

/// A filter with another name for each attribute; those within an element keep theirs.
pub(super) fn renamed(filter: Filter, name: &impl Fn(&AttrPath) -> AttrPath) -> Filter {
    let all = |parts: Vec<Filter>| parts.into_iter().map(|part| renamed(part, name)).collect();
    match filter {
        Filter::Compare { path, op, value } => Filter::Compare { path: name(&path), op, value },
        Filter::Present(path) => Filter::Present(name(&path)),
        Filter::Element(path, inner) => Filter::Element(name(&path), inner),
        Filter::And(parts) => Filter::And(all(parts)),
        Filter::Or(parts) => Filter::Or(all(parts)),
        Filter::Not(inner) => Filter::Not(Box::new(renamed(*inner, name))),
    }
}
