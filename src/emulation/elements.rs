//! Sub-attributes that a vendor needs in every element of a list, or gives them by itself: `primary`, `type`.
//!
//! Needed by AWS IAM Identity Center, Millie, Slack and Passbolt.

use super::profile::Reader;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::schema::Catalog;
use crate::yaml::Node;

/// What elements get that they do not have, by list.
#[derive(Clone, Debug, Default)]
pub struct Elements(Vec<(AttrPath, Value)>);

impl Elements {
    pub(super) fn read(node: &Node, reader: &mut Reader<'_>, catalog: &Catalog) -> Self {
        let one = |(key, given): &(crate::yaml::Key, Node)| {
            Some((reader.path(&key.text, key.span, catalog)?, given.to_value()))
        };
        Self(node.entries().iter().filter_map(one).collect())
    }

    /// The lists that do not come back as they were sent.
    pub fn lists(&self) -> impl Iterator<Item = &AttrPath> {
        self.0.iter().map(|(path, _)| path)
    }

    /// Gives the elements what they need. One is the primary one, and no second (RFC 7643 §2.4).
    pub(super) fn apply(&self, resource: &mut Value) {
        for (path, given) in &self.0 {
            let Some(mut list) = path.attribute_in(resource).cloned() else { continue };
            let Some(items) = list.items_mut() else { continue };
            for (sub, value) in given.members() {
                if sub == "primary" && value.as_bool() == Some(true) {
                    let is_primary = |item: &Value| item.get(sub).and_then(Value::as_bool) == Some(true);
                    let none = !items.iter().any(is_primary);
                    items.first_mut().filter(|_| none).into_iter().for_each(|first| first.set(sub, true));
                    continue;
                }
                for item in items.iter_mut().filter(|item| item.is_object() && !item.has(sub)) {
                    item.set(sub, value.clone());
                }
            }
            path.whole().set(resource, list);
        }
    }
}
