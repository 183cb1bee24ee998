//! The values that a mapping names: what it compares with, looks up or sends. They say nothing of a person, and another
//! value in their place would take another branch.

use crate::mapping::Scope;
use crate::yaml::{Kind, Node};

/// What a mapping names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Literals {
    /// Whole values.
    pub values: Vec<String>,
    /// What values begin with.
    pub beginnings: Vec<String>,
}

impl Literals {
    /// Of a file that is right, with the parameters that are given.
    pub(super) fn of(file: &Node, scope: &Scope) -> Self {
        let mut out = Self::default();
        out.values.extend(scope.parameters.values().flat_map(|value| {
            value.each().iter().filter_map(|one| one.scalar_text().map(str::to_owned)).collect::<Vec<_>>()
        }));
        for (_, table) in file.get("tables").map(Node::entries).unwrap_or_default() {
            let rows = table.get("rows");
            for (key, value) in rows.map(Node::entries).unwrap_or_default() {
                out.values.push(key.text.clone());
                scalars(value, &mut out.values);
                if table.text_at("match") == Some("prefix") {
                    out.beginnings.push(key.text.clone());
                }
            }
            rows.map(Node::items).unwrap_or_default().iter().for_each(|row| scalars(row, &mut out.values));
        }
        for section in ["users", "groups"] {
            let rules = file.get(section).and_then(|section| section.get("rules"));
            for rule in rules.map(Node::items).unwrap_or_default() {
                for key in ["value", "else"] {
                    rule.get(key).into_iter().for_each(|node| scalars(node, &mut out.values));
                }
                for (_, node) in rule.entries() {
                    quoted(node, &mut out.values);
                }
                rule.get("via").into_iter().for_each(|node| scalars(node, &mut out.beginnings));
            }
        }
        let resources = file.get("profile").and_then(|profile| profile.get("resources"));
        for (_, resource) in resources.map(Node::entries).unwrap_or_default() {
            for key in ["enum", "default"] {
                let values = resource.get("attrs").and_then(|attrs| attrs.get(key));
                values.into_iter().for_each(|node| scalars(node, &mut out.values));
            }
        }
        out
    }
}

fn scalars(node: &Node, out: &mut Vec<String>) {
    match &node.kind {
        Kind::Scalar { text, .. } => out.push(text.clone()),
        Kind::List(items) => items.iter().for_each(|item| scalars(item, out)),
        Kind::Map(entries) => entries.iter().for_each(|(_, node)| scalars(node, out)),
    }
}

/// The texts that a path or a condition compares with.
fn quoted(node: &Node, out: &mut Vec<String>) {
    match &node.kind {
        Kind::Scalar { text, .. } if text.contains('$') => {
            out.extend(text.split(['\'', '"']).skip(1).step_by(2).map(str::to_owned));
        }
        Kind::Scalar { .. } => {}
        Kind::List(items) => items.iter().for_each(|item| quoted(item, out)),
        Kind::Map(entries) => entries.iter().for_each(|(_, node)| quoted(node, out)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_mapping_names_is_found() {
        let text = "tables:\n  t: { match: prefix, rows: { Retail: '17' } }\nparameters: { org: { default: All } }\nusers:\n  rules:\n    - set: $.userType\n      value: Technician\n      when: $groups[?@.displayName == 'NinjaOne Technicians']\n      else: endUser\n    - move: [$.externalId, $.externalId]\n      via: [{ prefix: emp- }]\n";
        let file = crate::yaml::parse(0, text).unwrap();
        let mut mistakes = Vec::new();
        let scope = Scope::read(&file, None, &mut mistakes);
        let mut found = Literals::of(&file, &scope);
        found.values.sort();
        assert_eq!(found.values, ["17", "All", "NinjaOne Technicians", "Retail", "Technician", "endUser"]);
        assert_eq!(found.beginnings, ["Retail", "emp-"]);
    }
}
