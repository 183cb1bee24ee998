//! Whether a filter holds for a resource (RFC 7644 §3.4.2.2), with the case rules of its schema.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::{Filter, Op};
use crate::scim::json::{Kind, Value};
use crate::scim::name::AttrPath;
use crate::scim::schema::{Attribute, AttributeType, Catalog};

impl Filter {
    /// Whether the filter holds for a whole resource.
    pub fn matches(&self, resource: &Value, catalog: &Catalog) -> bool {
        match self {
            Self::Compare { path, op, value } => {
                let attribute = catalog.attribute(path);
                compare(path.attribute_in(resource), path.sub.as_deref(), attribute, *op, value)
            }
            Self::Present(path) => present(path.attribute_in(resource), path.sub.as_deref()),
            Self::Element(path, inner) => {
                let attribute = catalog.attribute(path);
                let elements = path.attribute_in(resource).map(Value::each).unwrap_or_default();
                elements.iter().any(|element| inner.matches_element(element, attribute))
            }
            Self::And(parts) => parts.iter().all(|part| part.matches(resource, catalog)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(resource, catalog)),
            Self::Not(inner) => !inner.matches(resource, catalog),
        }
    }

    /// Whether the filter of a value path holds for one element of `attribute`. An element that is no object, as in a
    /// multi-valued attribute of strings, is its own `value`.
    pub fn matches_element(&self, element: &Value, attribute: Option<&Attribute>) -> bool {
        let of = |path: &AttrPath| {
            let value = if element.is_object() {
                element.get(&path.name)
            } else {
                path.name.eq_ignore_ascii_case("value").then_some(element)
            };
            (value, attribute.and_then(|attribute| attribute.sub(&path.name)))
        };
        match self {
            Self::Compare { path, op, value } => {
                let (found, sub) = of(path);
                compare(found, path.sub.as_deref(), sub, *op, value)
            }
            Self::Present(path) => present(of(path).0, path.sub.as_deref()),
            Self::Element(..) => false, // the grammar has no value path within another
            Self::And(parts) => parts.iter().all(|part| part.matches_element(element, attribute)),
            Self::Or(parts) => parts.iter().any(|part| part.matches_element(element, attribute)),
            Self::Not(inner) => !inner.matches_element(element, attribute),
        }
    }
}

/// "If the attribute has a non-empty or non-null value, or if it contains a non-empty node for complex attributes".
fn present(value: Option<&Value>, sub: Option<&str>) -> bool {
    let Some(value) = value else { return false };
    match sub {
        None => !value.is_empty(),
        Some(sub) => {
            value.each().iter().any(|element| element.get(sub).is_some_and(|value| !value.is_empty()))
        }
    }
}

/// Compares every value at the path, and holds if it does for one of them. An attribute without a value is `null`: it
/// equals nothing else, and differs from everything else.
fn compare(
    value: Option<&Value>,
    sub: Option<&str>,
    attribute: Option<&Attribute>,
    op: Op,
    literal: &Value,
) -> bool {
    let target = match (sub, attribute) {
        (Some(sub), Some(attribute)) => attribute.sub(sub),
        // "emails co x" means the `value` of each, the default sub-attribute (RFC 7643 §2.4).
        (None, Some(attribute)) if attribute.kind == AttributeType::Complex => attribute.sub("value"),
        (_, attribute) => attribute,
    };
    let mut some = false;
    let mut holds = false;
    for element in value.map(Value::each).unwrap_or_default() {
        let found = match sub {
            Some(sub) => element.get(sub),
            None if element.is_object() => element.get("value"),
            None => Some(element),
        };
        for found in found.map(Value::each).unwrap_or_default() {
            some = true;
            holds = holds || compare_scalar(found, target, op, literal);
        }
    }
    match op {
        _ if some => holds,
        Op::Eq => literal.is_null(),
        Op::Ne => !literal.is_null(),
        _ => false,
    }
}

fn compare_scalar(found: &Value, attribute: Option<&Attribute>, op: Op, literal: &Value) -> bool {
    if op == Op::Ne {
        return !compare_scalar(found, attribute, Op::Eq, literal);
    }
    match (found.kind(), literal.kind()) {
        (Kind::Text, Kind::Text) => {
            let (found, literal) = (found.as_str().unwrap_or_default(), literal.as_str().unwrap_or_default());
            if attribute.is_some_and(|attribute| attribute.kind == AttributeType::DateTime)
                && let Some(order) = instants(found, literal)
            {
                return holds(op, order);
            }
            if attribute.is_some_and(|attribute| attribute.case_exact) {
                text(op, found, literal)
            } else {
                text(op, &fold(found), &fold(literal))
            }
        }
        (Kind::Number, Kind::Number) => numbers(found, literal).is_some_and(|order| holds(op, order)),
        (Kind::Bool | Kind::Null, _) => op == Op::Eq && found == literal,
        _ => false,
    }
}

fn text(op: Op, found: &str, literal: &str) -> bool {
    match op {
        Op::Co => found.contains(literal),
        Op::Sw => found.starts_with(literal),
        Op::Ew => found.ends_with(literal),
        _ => holds(op, found.cmp(literal)),
    }
}

const fn holds(op: Op, order: Ordering) -> bool {
    match op {
        Op::Eq => order.is_eq(),
        Op::Ne => order.is_ne(),
        Op::Gt => order.is_gt(),
        Op::Ge => order.is_ge(),
        Op::Lt => order.is_lt(),
        Op::Le => order.is_le(),
        Op::Co | Op::Sw | Op::Ew => false,
    }
}

fn fold(text: &str) -> String {
    text.to_lowercase()
}

fn instants(a: &str, b: &str) -> Option<Ordering> {
    let (a, b): (Timestamp, Timestamp) = (a.parse().ok()?, b.parse().ok()?);
    Some(a.cmp(&b))
}

/// Exact for whole numbers of any length, by value for the rest.
fn numbers(a: &Value, b: &Value) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    if let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) {
        return Some(a.cmp(&b));
    }
    let (a, b): (f64, f64) = (a.as_number()?.parse().ok()?, b.as_number()?.parse().ok()?);
    a.partial_cmp(&b).filter(|order| order.is_ne())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;
    use crate::scim::schema::ResourceType;

    fn matching(filter: &str) -> bool {
        let user = br#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"Ab1","userName":"Ana@X.example",
            "externalId":"00uA","active":true,"title":"","nickName":null,"locale":"de-DE",
            "name":{"familyName":"O'Malley"},
            "emails":[{"type":"work","value":"ana@x.example","primary":true},{"type":"home","value":"a@home.example"}],
            "meta":{"created":"2026-01-02T03:04:05+01:00"},"roles":[],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Deck","manager":{"value":"M1"}},
            "urn:x:1.0:User":{"level":3,"tags":["a","B"]}}"#;
        let user = Value::read(user, &Limits::REQUEST).unwrap();
        Filter::parse(filter).unwrap().matches(&user, &Catalog::standard(ResourceType::User))
    }

    #[test]
    fn operators_follow_the_rfc() {
        for (filter, expected) in [
            (r#"userName eq "ANA@x.EXAMPLE""#, true), // caseExact false
            (r#"id eq "ab1""#, false),                // caseExact true
            (r#"externalId eq "00ua""#, false),
            (r#"userName sw "ana" and userName ew ".example" and userName co "@x""#, true),
            (r#"userName ne "x""#, true),
            (r#"title pr"#, false),
            (r#"nickName pr"#, false),
            (r#"roles pr"#, false),
            (r#"emails pr"#, true),
            (r#"emails.value pr"#, true),
            (r#"nickName eq null"#, true),
            (r#"nothing ne "x""#, true),
            (r#"emails co "home""#, true), // the default sub-attribute
            (r#"emails.type eq "HOME""#, true),
            (r#"emails[type eq "work" and value co "home"]"#, false),
            (r#"emails[type eq "home" and value co "home"]"#, true),
            (r#"emails[not (type eq "work") and primary pr]"#, false),
            (r#"active eq true"#, true),
            (r#"active ne false"#, true),
            (r#"active eq "true""#, false),
            (r#"meta.created gt "2026-01-02T02:04:04Z""#, true),
            (r#"meta.created eq "2026-01-02T02:04:05Z""#, true),
            (r#"meta.created lt "2026-01-02T02:04:05Z""#, false),
            (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department sw "d""#, true),
            (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "M1""#, true),
            (r#"urn:x:1.0:User:level ge 3 and urn:x:1.0:User:level lt 10"#, true),
            (r#"urn:x:1.0:User:tags eq "b""#, true),
            (r#"urn:x:1.0:User:tags[value eq "a"]"#, true),
            (r#"not (userName pr)"#, false),
        ] {
            assert_eq!(matching(filter), expected, "{filter}");
        }
    }
}
