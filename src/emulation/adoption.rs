//! Accounts that a vendor had before the identity provider made them: how it answers, and how they are found.

use std::collections::HashMap;

use super::profile::{Profile, Reader};
use crate::scim::name::AttrPath;
use crate::scim::schema::{Catalog, ResourceType};
use crate::yaml::{Mistake, Node};

/// What becomes of a creation of what is there already.
#[derive(Clone, Debug, Default)]
pub struct Adoption {
    /// How the vendor answers it.
    pub answer: Known,
    /// The attributes by which what is there is found, on the identity provider's side; none: nothing is adopted.
    pub by: Vec<AttrPath>,
}

/// How a vendor answers a creation of what is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Known {
    /// 409, as RFC 7644 §3.3 says.
    #[default]
    Conflict,
    /// With this status, which may mean anything else as well.
    Status(u16),
    /// As if it had made it: what is there is attached, converted or given back.
    Silently,
}

impl Adoption {
    pub(super) fn read(node: &Node, reader: &mut Reader<'_>, catalog: &Catalog) -> Self {
        let existing = node.get("create").and_then(|create| create.get("existing"));
        let word = existing.and_then(|existing| existing.text().or_else(|| existing.text_at("kind")));
        let by = existing.and_then(|existing| existing.get("match")).map(Node::each).unwrap_or_default();
        let paths =
            by.iter().filter_map(|node| reader.path(node.text().unwrap_or_default(), node.span, catalog));
        Self {
            by: paths.collect(),
            answer: match word {
                Some("400") => Known::Status(400),
                Some("500") => Known::Status(500),
                Some("attach" | "convert" | "200") => Known::Silently,
                _ => Known::Conflict,
            },
        }
    }
}

impl Profile {
    /// Takes `users.match` and `groups.match` of a mapping file, and `policy.adopt_by` of its profile: they say more
    /// than the vendor's own attribute does.
    pub fn read_matches(
        &mut self,
        file: &Node,
        prefixes: &HashMap<String, String>,
        mistakes: &mut Vec<Mistake>,
    ) {
        for resource in ResourceType::ALL {
            let section = if resource == ResourceType::User { "users" } else { "groups" };
            let policy = file.get("profile").and_then(|profile| profile.get("policy"));
            let policy = policy.filter(|_| resource == ResourceType::User);
            let by = file.get(section).and_then(|section| section.get("match")?.get("by"));
            let Some(by) = by.or(policy.and_then(|policy| policy.get("adopt_by"))) else { continue };
            let catalog = self.catalog(resource);
            let mut reader = Reader { prefixes, mistakes };
            let one = |node: &Node| {
                // Equality with an element of a list is SCIM's equality with the list (RFC 7644 §3.4.2.2).
                let text = node.text().unwrap_or_default().replace("[*]", "");
                reader.path(&text, node.span, &catalog)
            };
            self.resource_mut(resource).adoption.by = by.each().iter().filter_map(one).collect();
        }
    }
}
