//! The version of a resource as an entity tag (RFC 7644 §3.14), made from what the client sees of it.
//!
//! It does not come from the vendor: vendors leave theirs out, or send one that never changes, and what the bridge
//! remembers is part of what the client sees.

use sha2::{Digest as _, Sha256};

use crate::scim::json::Value;

/// The weak entity tag of a whole resource; `meta.version` itself does not count.
pub fn version(resource: &mut Value) -> String {
    let vendors = resource.get_mut("meta").and_then(|meta| meta.remove("version"));
    let mut text = Vec::with_capacity(4_096);
    resource.write_plainly(&mut text);
    if let Some(vendors) = vendors {
        resource.entry("meta").set("version", vendors);
    }
    let digest = Sha256::digest(&text);
    let mut tag = String::with_capacity(36);
    tag.push_str("W/\"");
    for byte in &digest[..12] {
        tag.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        tag.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
    }
    tag.push('"');
    tag
}

/// Whether an `If-Match` or `If-None-Match` names the version: `*`, or a list with it, compared weakly (RFC 9110
/// §8.8.3.2).
pub fn names(condition: &str, version: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    condition.trim() == "*" || condition.split(',').any(|tag| opaque(tag) == opaque(version))
}

/// Whether the text is an `If-Match` or `If-None-Match`: `*`, or a list of entity tags (RFC 9110 §8.8.3).
pub fn is_condition(text: &str) -> bool {
    let is_tag = |tag: &str| {
        let opaque = tag.trim().strip_prefix("W/").unwrap_or(tag.trim());
        opaque.len() >= 2 && opaque.starts_with('"') && opaque.ends_with('"')
    };
    text.trim() == "*" || text.split(',').all(is_tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    #[test]
    fn a_version_is_of_the_content() {
        let read = |json: &str| Value::read(json.as_bytes(), &Limits::REQUEST).unwrap();
        let mut a = read(r#"{"userName":"ana","meta":{"version":"W/\"vendor\""}}"#);
        let mut b = read(r#"{"userName":"ana","meta":{}}"#);
        let mut c = read(r#"{"userName":"bo","meta":{}}"#);
        assert_eq!(version(&mut a), version(&mut b));
        assert_ne!(version(&mut b), version(&mut c));
        // Attributes have no order (RFC 8259 §4), and vendors give them in any.
        let mut d = read(r#"{"meta":{},"userName":"ana"}"#);
        assert_eq!(version(&mut b), version(&mut d));
        assert_eq!(a.get("meta").unwrap().text_at("version"), Some("W/\"vendor\""));
    }

    #[test]
    fn conditions_name_versions() {
        for (condition, expected) in [
            ("*", true),
            ("W/\"a\"", true),
            ("\"a\"", true),
            ("\"x\", W/\"a\"", true),
            ("\"b\"", false),
            ("garbage", false),
        ] {
            assert_eq!(names(condition, "W/\"a\""), expected, "{condition}");
            assert_eq!(is_condition(condition), condition != "garbage", "{condition}");
        }
    }
}
