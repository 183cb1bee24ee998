//! Whether a resource satisfies a filter: RFC 7644 §3.4.2.2, table 3.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Map, Number, Value};

use super::attribute::{AttributePath, member};
use super::filter::{Filter, Operator};

/// Whether `resource` satisfies `filter`. Inside of a value path, the resource is one of the attribute's values.
pub(crate) fn matches(filter: &Filter, resource: &Map<String, Value>) -> bool {
    match filter {
        Filter::Not(inner) => !matches(inner, resource),
        Filter::And(left, right) => matches(left, resource) && matches(right, resource),
        Filter::Or(left, right) => matches(left, resource) || matches(right, resource),
        Filter::Present(path) => path.values(resource).into_iter().any(is_present),
        Filter::Selected(path, inner) => path.values(resource).into_iter().any(|value| selects(inner, value)),
        Filter::Compare(path, operator, literal) => {
            let values: Vec<&Value> = path.values(resource).into_iter().filter_map(comparable).collect();
            match (values.is_empty(), literal, operator) {
                (unassigned, Value::Null, Operator::Eq) => unassigned,
                (unassigned, Value::Null, _) => !unassigned,
                (true, _, operator) => *operator == Operator::Ne,
                (false, ..) => values.into_iter().any(|value| compare(path, value, *operator, literal)),
            }
        }
    }
}

/// Whether one value of a multi-valued attribute satisfies the filter of a value path. A simple value is what its
/// `value` sub-attribute would be (RFC 7643 §2.4).
pub(super) fn selects(filter: &Filter, value: &Value) -> bool {
    match value {
        Value::Object(element) => matches(filter, element),
        simple => matches(filter, &Map::from_iter([("value".to_owned(), simple.clone())])),
    }
}

/// `pr`: "has a non-empty or non-null value, or if it contains a non-empty node for complex attributes".
fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => values.iter().any(is_present),
        Value::Object(members) => members.values().any(is_present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// What a value is compared by: itself, or for a complex one its `value`.
fn comparable(value: &Value) -> Option<&Value> {
    match value {
        Value::Object(element) => {
            member(element, "value").map(|(_, value)| value).filter(|value| !value.is_null())
        }
        simple => Some(simple),
    }
}

fn compare(path: &AttributePath, value: &Value, operator: Operator, literal: &Value) -> bool {
    match (value, literal) {
        (Value::String(value), Value::String(literal)) => texts(path, value, operator, literal),
        (Value::Number(value), Value::Number(literal)) => ordered(numbers(value, literal), operator),
        (value, literal) => match operator {
            Operator::Eq => value == literal,
            Operator::Ne => value != literal,
            _ => false,
        },
    }
}

fn texts(path: &AttributePath, value: &str, operator: Operator, literal: &str) -> bool {
    let (value, literal) = if path.is_case_exact() {
        (value.to_owned(), literal.to_owned())
    } else {
        (value.to_lowercase(), literal.to_lowercase())
    };
    match operator {
        Operator::Co => value.contains(&literal),
        Operator::Sw => value.starts_with(&literal),
        Operator::Ew => value.ends_with(&literal),
        _ => {
            let instants = if path.is_date_time() { instants(&value, &literal) } else { None };
            ordered(instants.unwrap_or_else(|| value.cmp(&literal)), operator)
        }
    }
}

fn instants(value: &str, literal: &str) -> Option<Ordering> {
    // `T` and `Z` arrive in lower case, which RFC 3339 §5.6 allows and so does the parser.
    Some(value.parse::<Timestamp>().ok()?.cmp(&literal.parse::<Timestamp>().ok()?))
}

/// Whole numbers exactly, the rest as floating point.
fn numbers(value: &Number, literal: &Number) -> Ordering {
    let (value, literal) = (value.to_string(), literal.to_string());
    if let (Ok(value), Ok(literal)) = (value.parse::<i128>(), literal.parse::<i128>()) {
        return value.cmp(&literal);
    }
    let float = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
    float(&value).total_cmp(&float(&literal))
}

fn ordered(order: Ordering, operator: Operator) -> bool {
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::Ne => order.is_ne(),
        Operator::Gt => order.is_gt(),
        Operator::Ge => order.is_ge(),
        Operator::Lt => order.is_lt(),
        Operator::Le => order.is_le(),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}
