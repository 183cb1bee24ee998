//! The path of a PATCH operation, RFC 7644 §3.5.2: `PATH = attrPath / valuePath [subAttr]`.

use super::Refusal;
use super::attribute::{AttributePath, is_name};
use super::filter::{self, Filter};

/// What an operation is to touch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    /// The attribute, with its sub-attribute when there is no filter.
    pub(crate) attribute: AttributePath,
    /// Which of its values.
    pub(crate) filter: Option<Filter>,
    /// The sub-attribute after the filter.
    pub(crate) sub: Option<String>,
}

/// Reads a path.
pub(crate) fn parse(text: &str) -> Result<Path, Refusal> {
    let invalid = |detail: String| Refusal::new("invalidPath", detail);
    let Some((attribute, rest)) = text.split_once('[') else {
        return Ok(Path { attribute: AttributePath::parse(text).map_err(invalid)?, filter: None, sub: None });
    };
    let attribute = AttributePath::parse(attribute).map_err(invalid)?;
    if attribute.sub.is_some() {
        return Err(invalid(format!("`{text}` selects values of a sub-attribute")));
    }
    // Table 9 names a broken filter in a path by its own keyword.
    let (filter, rest) = filter::parse_bracketed(rest)?;
    let sub = match rest.strip_prefix('.') {
        Some(sub) if is_name(sub) => Some(sub.to_owned()),
        None if rest.is_empty() => None,
        _ => {
            return Err(invalid(format!(
                "`{text}` goes on after its filter with something that is no sub-attribute"
            )));
        }
    };
    Ok(Path { attribute, filter: Some(filter), sub })
}
