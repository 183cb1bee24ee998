//! Tables as a file writes them: a mapping from keys to values, or, with `keys`, a list of rows.

use super::table::{Match, Row, Table};
use crate::yaml::{Kind, Mistake, Node, Span};

/// Compiles the definition of the table of this name, whose shape is right.
///
/// # Errors
/// What is wrong with it, with its place.
pub(super) fn table(name: &str, definition: &Node) -> Result<Table, Mistake> {
    let by = definition.text_at("match").and_then(Match::parse).unwrap_or(Match::Exact);
    let names = names(definition);
    let Some(node) = definition.get("rows") else {
        return Err(Mistake::new(definition.span, "`rows` is missing").hint("rows: { key: value }"));
    };
    let mut spans: Vec<Span> = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    match (&node.kind, definition.get("keys")) {
        (Kind::Map(entries), None) => {
            for (key, value) in entries {
                spans.push(key.span);
                rows.push((vec![key.text.clone()], value.to_value()));
            }
        }
        (Kind::List(items), Some(keys)) => {
            if names.len() < 2 {
                let mistake = Mistake::new(keys.span, "`keys` names at least two keys");
                return Err(mistake.hint("a table with one key has none, and its rows are a mapping"));
            }
            if matches!(by, Match::Prefix | Match::Regex) {
                let mistake = Mistake::new(keys.span, "several keys are compared exactly or in any case");
                return Err(mistake.hint("`match: exact` or `match: ci`"));
            }
            for item in items {
                let Some((value, keys)) =
                    item.items().split_last().filter(|(_, keys)| keys.len() == names.len())
                else {
                    let message = format!(
                        "a row has {} elements: {}, and its value",
                        names.len() + 1,
                        names.join(", ")
                    );
                    return Err(Mistake::new(item.span, message).hint(row_of(&names)));
                };
                let texts: Option<Vec<_>> = keys
                    .iter()
                    .map(
                        |key| if key.is_null() { Some(String::new()) } else { key.text().map(str::to_owned) },
                    )
                    .collect();
                let texts = texts
                    .ok_or_else(|| Mistake::new(item.span, "a key is plain text").hint(row_of(&names)))?;
                spans.push(item.span);
                rows.push((texts, value.to_value()));
            }
        }
        (Kind::List(_), None) => {
            let mistake = Mistake::new(node.span, "rows in a list have several keys, and `keys` names them");
            return Err(mistake.hint("`keys: [department, country]`, or rows as a mapping"));
        }
        _ => return Err(Mistake::new(node.span, "with `keys`, each row is a list").hint(row_of(&names))),
    }
    if let Some(at) = rows.iter().position(|(keys, _)| keys.len() > 1 && keys.iter().all(String::is_empty)) {
        let mistake = Mistake::new(spans[at], "a row without any key can never match");
        return Err(mistake.hint("what is sent otherwise is the `else` of the rule"));
    }
    Table::new(name, by, names, rows).map_err(|(at, why)| {
        let never = why.contains("never match");
        let mistake = Mistake::new(spans.get(at).copied().unwrap_or(node.span), why);
        mistake.hint(match by {
            Match::Ci => "keys that differ in case alone are one key in this table: take one of them out",
            Match::Regex if never => {
                "the first expression that matches the whole value decides: the narrow ones first"
            }
            Match::Regex => {
                "an expression matches the whole value; ( [ { + * ? . stand for themselves after a \\"
            }
            Match::Exact | Match::Prefix => "take it out, or change its key",
        })
    })
}

/// The names of a table's several keys, if they can be read.
pub(super) fn names(definition: &Node) -> Vec<String> {
    let keys = definition.get("keys").map(Node::items).unwrap_or_default();
    keys.iter().filter_map(Node::text).map(str::to_owned).collect()
}

/// What a row with these keys looks like.
fn row_of(names: &[String]) -> String {
    format!("such as [{}, value]", names.join(", "))
}
