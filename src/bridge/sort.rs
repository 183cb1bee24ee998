//! The order of a list that the vendor does not sort (RFC 7644 §3.4.2.3).

use std::cmp::Ordering;

use super::Integration;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::schema::ResourceType;

/// Sorts resources by an attribute, as the identity provider sees them.
pub(super) fn sort_by(
    found: &mut [Value],
    path: &AttrPath,
    descending: bool,
    integration: &Integration,
    resource: ResourceType,
) {
    let exact = integration.catalog(resource).target(path).is_some_and(|attribute| attribute.case_exact);
    let key = |value: &Value| {
        // "If it is a multi-valued attribute, the primary value is used, or else the first" (RFC 7644 §3.4.2.3).
        let attribute = path.attribute_in(value)?;
        let primary =
            attribute.each().iter().find(|one| one.get("primary").and_then(Value::as_bool) == Some(true));
        let element = primary.or(attribute.each().first())?;
        let one = path.sub.as_deref().map_or(Some(element), |sub| element.get(sub))?;
        let text = one.get("value").unwrap_or(one).scalar_text()?.to_owned();
        Some(if exact { text } else { text.to_lowercase() })
    };
    found.sort_by_cached_key(|value| Sortable(key(value)));
    if descending {
        found.reverse();
    }
}

/// What has no value comes last when ascending, and first when descending.
#[derive(PartialEq, Eq)]
struct Sortable(Option<String>);

impl Ord for Sortable {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }
}

impl PartialOrd for Sortable {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
