//! Tables: what one value, or several together, become, row by row.

use std::collections::HashMap;

use regex::{Regex, RegexSet, RegexSetBuilder};

use super::function::pattern;
use crate::scim::json::Value;

/// What the compiled expressions of one table may take, in bytes.
const MAX_PROGRAM: usize = 1 << 20;

/// How a table's keys are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// Letter by letter.
    Exact,
    /// In any case.
    Ci,
    /// The longest key that the value begins with.
    Prefix,
    /// The first regular expression that matches the whole value.
    Regex,
}

impl Match {
    /// The words of the file.
    pub const NAMES: [&'static str; 4] = ["exact", "ci", "prefix", "regex"];

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "exact" => Some(Self::Exact),
            "ci" => Some(Self::Ci),
            "prefix" => Some(Self::Prefix),
            "regex" => Some(Self::Regex),
            _ => None,
        }
    }
}

/// Stands between several keys, and in none.
const BETWEEN: char = '\0';

/// A row as it is written: its keys, of which there is one unless the table names several, and its value.
pub type Row = (Vec<String>, Value);

/// A compiled table.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    by: Match,
    /// The names of its keys, when it has several.
    names: Vec<String>,
    rows: Vec<Row>,
    /// Where the row of a key is, as the table compares; of several keys, with [`BETWEEN`] between them.
    index: HashMap<String, usize>,
    /// For prefixes: the lengths of the keys, longest first.
    lengths: Vec<usize>,
    /// For expressions: all of them, run at once.
    patterns: RegexSet,
    /// Where the row of a value is, by its JSON.
    back: HashMap<String, usize>,
    one_to_one: bool,
}

impl Table {
    /// A table of these rows, with the name that it has in its file; `names` is empty when it has one key.
    ///
    /// # Errors
    /// What is wrong with a row, and with which: it can never match, because an earlier one always does.
    pub fn new(name: &str, by: Match, names: Vec<String>, rows: Vec<Row>) -> Result<Self, (usize, String)> {
        let mut table = Self {
            name: name.to_owned(),
            by,
            names,
            rows: Vec::new(),
            index: HashMap::new(),
            lengths: Vec::new(),
            patterns: RegexSet::empty(),
            back: HashMap::new(),
            one_to_one: true,
        };
        let mut compiled: Vec<Regex> = Vec::new();
        for (at, (keys, value)) in rows.iter().enumerate() {
            let never =
                || (at, format!("the row `{}` can never match: an earlier one always does", keys.join(", ")));
            if table.index.insert(table.folded(keys.join("\0")), at).is_some() {
                return Err(never());
            }
            if by == Match::Regex {
                let own = pattern(&keys[0]).map_err(|why| (at, why))?;
                if shadowed(&keys[0], &rows[..at], &compiled) {
                    return Err(never());
                }
                compiled.push(own);
            }
            table.one_to_one &= table.back.insert(value.to_json(), at).is_none();
            table.lengths.extend(keys.first().map(String::len));
        }
        if by == Match::Regex {
            let whole = rows.iter().map(|(keys, _)| format!("\\A(?:{})\\z", keys[0]));
            let set = RegexSetBuilder::new(whole).size_limit(MAX_PROGRAM).build();
            table.patterns =
                set.map_err(|_| (0, "the regular expressions are too large together".to_owned()))?;
        }
        table.lengths.sort_unstable_by(|a, b| b.cmp(a));
        table.lengths.dedup();
        table.rows = rows;
        Ok(table)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn folded(&self, key: String) -> String {
        if self.by == Match::Ci { key.to_lowercase() } else { key }
    }

    /// How it compares.
    pub fn by(&self) -> Match {
        self.by
    }

    /// The names of its keys, when it has several.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether no two rows have the same value.
    pub fn is_one_to_one(&self) -> bool {
        self.one_to_one
    }

    /// Whether a value has nothing but what the table's keys look at.
    pub fn takes(&self, value: &Value) -> bool {
        self.names.is_empty()
            || value
                .members()
                .all(|(name, _)| self.names.iter().any(|known| known.eq_ignore_ascii_case(name)))
    }

    /// What a value becomes; `None` when no row has it.
    pub fn get(&self, value: &Value) -> Option<&Value> {
        if !self.names.is_empty() {
            let mut keys = String::new();
            for (at, name) in self.names.iter().enumerate() {
                let part = value.get(name).and_then(Value::scalar_text).unwrap_or_default();
                if part.contains(BETWEEN) {
                    return None;
                }
                keys.extend((at > 0).then_some(BETWEEN));
                keys.push_str(part);
            }
            return self.row(self.index.get(&self.folded(keys)));
        }
        let key = value.scalar_text()?;
        match self.by {
            Match::Exact => self.row(self.index.get(key)),
            Match::Ci => self.row(self.index.get(&key.to_lowercase())),
            Match::Prefix => {
                let begins = |&length: &usize| self.index.get(key.get(..length)?);
                self.row(self.lengths.iter().find_map(begins))
            }
            Match::Regex => self.row(self.patterns.matches(key).iter().next().as_ref()),
        }
    }

    fn row(&self, at: Option<&usize>) -> Option<&Value> {
        at.and_then(|at| self.rows.get(*at)).map(|(_, value)| value)
    }

    /// What became that value; only of use when the table is one to one.
    pub fn invert(&self, value: &Value) -> Option<Value> {
        self.back.get(&value.to_json()).and_then(|at| self.rows.get(*at)).map(|(keys, _)| self.key(keys))
    }

    /// What the table turns into something else: its keys as values. An expression is not a value that it matches.
    pub fn inputs(&self) -> Vec<Value> {
        let known = self.rows.iter().filter(|_| self.by != Match::Regex);
        known.map(|(keys, _)| self.key(keys)).collect()
    }

    fn key(&self, keys: &[String]) -> Value {
        match keys {
            [only] if self.names.is_empty() => Value::from(only.as_str()),
            _ => {
                let parts = self.names.iter().zip(keys).filter(|(_, key)| !key.is_empty());
                parts.map(|(name, key)| (name.as_str(), Value::from(key.as_str()))).collect()
            }
        }
    }
}

/// Whether every text that an expression matches is matched by an earlier one: it is plain text that one matches, or one
/// matches anything.
fn shadowed(own: &str, earlier: &[Row], compiled: &[Regex]) -> bool {
    let plain = regex::escape(own) == own;
    earlier.iter().any(|(keys, _)| [".*", "(?s).*", "(?s:.*)"].contains(&keys[0].as_str()))
        || (plain && compiled.iter().any(|earlier| earlier.is_match(own)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(by: Match, rows: &[(&str, &str)]) -> Result<Table, (usize, String)> {
        let rows = rows.iter().map(|(key, value)| (vec![(*key).to_owned()], Value::from(*value)));
        Table::new("codes", by, Vec::new(), rows.collect())
    }

    fn get(table: &Table, key: &str) -> Option<String> {
        table.get(&Value::from(key)).and_then(Value::as_str).map(str::to_owned)
    }

    #[test]
    fn rows_are_found_as_the_table_compares() {
        let exact = table(Match::Exact, &[("Retail", "17"), ("retail", "18")]).unwrap();
        assert_eq!(get(&exact, "retail").as_deref(), Some("18"));
        assert_eq!(exact.invert(&Value::from("17")).unwrap().as_str(), Some("Retail"));
        let ci = table(Match::Ci, &[("Retail", "17")]).unwrap();
        assert_eq!(get(&ci, "RETAIL").as_deref(), Some("17"));
        let prefix = table(Match::Prefix, &[("Re", "1"), ("Retail", "17"), ("", "0")]).unwrap();
        for (key, value) in [("Retail - Lisbon", "17"), ("Repair", "1"), ("é", "0")] {
            assert_eq!(get(&prefix, key).as_deref(), Some(value), "{key}");
        }
        assert!(get(&exact, "x").is_none() && exact.is_one_to_one());
        assert!(!table(Match::Exact, &[("a", "1"), ("b", "1")]).unwrap().is_one_to_one());
        assert_eq!(table(Match::Ci, &[("a", "1"), ("A", "2")]).unwrap_err().0, 1);
    }

    #[test]
    fn the_first_expression_that_matches_the_whole_counts() {
        let regex = table(Match::Regex, &[("R&D", "rd"), ("(?i)r.*", "r"), ("[0-9]{4}|x", "four")]).unwrap();
        for (key, value) in [
            ("R&D", Some("rd")),
            ("retail", Some("r")),
            ("2026", Some("four")),
            ("x", Some("four")),
            ("20261", None),
            ("", None),
        ] {
            assert_eq!(get(&regex, key).as_deref(), value, "{key}");
        }
        let huge = "x{100}".repeat(4_000);
        for (rows, at, why) in [
            (&[("a", "1"), ("(", "2")][..], 1, "cannot be compiled: unclosed group"),
            (&[("a)|(b", "1")], 0, "cannot be compiled"),
            (&[("r.*", "1"), ("retail", "2")], 1, "can never match"),
            (&[(".*", "1"), ("r.+", "2")], 1, "can never match"),
            (&[(huge.as_str(), "1")], 0, "too large"),
        ] {
            let error = table(Match::Regex, rows).unwrap_err();
            assert!(error.0 == at && error.1.contains(why), "{error:?}");
        }
    }

    #[test]
    fn several_keys_make_one_row() {
        let names = vec!["department".to_owned(), "country".to_owned()];
        let row = |a: &str, b: &str, value: &str| (vec![a.to_owned(), b.to_owned()], Value::from(value));
        let rows = vec![row("Retail", "PT", "17"), row("Retail", "ES", "18"), row("Retail", "", "19")];
        let table = Table::new("codes", Match::Ci, names, rows).unwrap();
        let of = |json: &str| Value::read(json.as_bytes(), &crate::scim::json::Limits::REQUEST).unwrap();
        for (given, value) in [
            (r#"{"department":"retail","country":"es"}"#, Some("18")),
            (r#"{"department":"Retail"}"#, Some("19")),
            (r#"{"country":"PT"}"#, None),
        ] {
            assert_eq!(table.get(&of(given)).and_then(Value::as_str), value, "{given}");
        }
        assert_eq!(
            table.invert(&Value::from("17")).unwrap().to_json(),
            r#"{"department":"Retail","country":"PT"}"#
        );
        assert_eq!(table.invert(&Value::from("19")).unwrap().to_json(), r#"{"department":"Retail"}"#);
        assert!(!table.takes(&of(r#"{"department":"x","more":1}"#)));
    }
}
