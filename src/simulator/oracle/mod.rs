//! A second opinion on filters and PATCH: RFC 7644 §3.4.2.2 and §3.5.2, read literally and without cleverness.
//!
//! The simulators evaluate requests with it, and property tests hold the bridge's own engines against it; so it
//! shares no code with them, knows no dialect, and prefers an obvious loop to a fast one. It works on plain JSON and
//! has no schema: what it must know of one (the few attributes whose case counts, those that are read-only, those that
//! are multi-valued even when absent) stands in `attribute` and `mutability` as short lists.
//!
//! Where the RFC leaves a choice, this is the one taken:
//!
//! - One space stands wherever the grammar says `SP`; after `not` it may be left out. Nothing surrounds a filter.
//! - A comparison with a complex value means its `value` sub-attribute (`emails co "x"`, as in the RFC's own example).
//! - Unassigned, `null` and `[]` are one thing (RFC 7643 §2.5): `eq null` is the opposite of `pr`, and `ne "x"` is true
//!   of an attribute that has no value. A multi-valued attribute matches when any of its values does.
//! - Text is compared by its Unicode lower case, unless the attribute is `id`, `externalId`, a `$ref` or one of
//!   `meta.location`, `meta.version`, `meta.resourceType`. `meta.created` and `meta.lastModified` compare as instants.
//! - `add` of a value whose `value` and `type` are there already updates that value (RFC 7643 §2.4 forbids the pair twice);
//!   of a member it is enough that `value` is. `replace` of a complex attribute keeps the sub-attributes it does not name.
//! - A path with a filter that selects nothing is `noTarget`, for all three operations (RFC 7644 table 9); `remove` of an
//!   attribute that is not there changes nothing.
//! - `schemas` follows the extension objects that the result holds.

pub(crate) mod attribute;
mod evaluate;
pub(crate) mod filter;
mod mutability;
mod patch;
pub(crate) mod path;
mod values;

use std::fmt;

use serde_json::{Map, Value};

pub(crate) use evaluate::matches;
pub(crate) use patch::apply;

/// Why a filter or an operation is refused: what a SCIM error carries (RFC 7644 §3.12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The keyword of RFC 7644 table 9, such as `invalidFilter` or `noTarget`.
    pub scim_type: &'static str,
    /// What is wrong, in words.
    pub detail: String,
}

impl Refusal {
    pub(crate) fn new(scim_type: &'static str, detail: impl Into<String>) -> Self {
        Self { scim_type, detail: detail.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.scim_type, self.detail)
    }
}

impl std::error::Error for Refusal {}

/// Whether `resource` (a JSON object) satisfies `filter`, which is the decoded text of the query parameter.
///
/// # Errors
///
/// `invalidFilter` when the text is not of the grammar of RFC 7644 §3.4.2.2, when an order is asked of booleans or nulls,
/// or when `co`, `sw` or `ew` is given anything but a string.
pub fn filter_matches(filter: &str, resource: &Value) -> Result<bool, Refusal> {
    let filter = filter::parse(filter)?;
    Ok(matches(&filter, &object(resource)?))
}

/// What `resource` becomes by `operations`, the array under `Operations` of a PATCH request (RFC 7644 §3.5.2). All
/// operations are applied in order, or none: on error nothing was changed, since the result is a new value.
///
/// # Errors
///
/// A [`Refusal`] with `invalidSyntax`, `invalidPath`, `invalidFilter`, `noTarget`, `mutability` or `invalidValue`.
pub fn apply_patch(resource: &Value, operations: &Value) -> Result<Value, Refusal> {
    apply(&object(resource)?, operations).map(Value::Object)
}

fn object(resource: &Value) -> Result<Map<String, Value>, Refusal> {
    resource.as_object().cloned().ok_or_else(|| Refusal::new("invalidSyntax", "a resource is a JSON object"))
}

#[cfg(test)]
mod tests;
