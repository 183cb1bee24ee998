//! Tables: what one value becomes, row by row.

use std::collections::HashMap;

use crate::scim::json::Value;

/// How a table's keys are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// Letter by letter.
    Exact,
    /// In any case.
    Ci,
    /// The longest key that the value begins with.
    Prefix,
}

impl Match {
    /// The words of the file.
    pub const NAMES: [&'static str; 3] = ["exact", "ci", "prefix"];

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "exact" => Some(Self::Exact),
            "ci" => Some(Self::Ci),
            "prefix" => Some(Self::Prefix),
            _ => None,
        }
    }
}

/// A compiled table.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    by: Match,
    rows: HashMap<String, Value>,
    /// For prefixes: the lengths of the keys, longest first.
    lengths: Vec<usize>,
    back: HashMap<String, String>,
    one_to_one: bool,
}

impl Table {
    /// A table of these rows, with the name that it has in its file.
    ///
    /// # Errors
    /// The row, by its place, that can never match, because an earlier one always does.
    pub fn new(name: &str, by: Match, rows: &[(String, Value)]) -> Result<Self, usize> {
        let fold = |key: &str| if by == Match::Ci { key.to_lowercase() } else { key.to_owned() };
        let mut table = Self {
            name: name.to_owned(),
            by,
            rows: HashMap::new(),
            lengths: Vec::new(),
            back: HashMap::new(),
            one_to_one: true,
        };
        for (at, (key, value)) in rows.iter().enumerate() {
            if table.rows.insert(fold(key), value.clone()).is_some() {
                return Err(at);
            }
            table.one_to_one &= table.back.insert(value.to_json(), key.clone()).is_none();
            table.lengths.push(key.len());
        }
        table.lengths.sort_unstable_by(|a, b| b.cmp(a));
        table.lengths.dedup();
        Ok(table)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it compares.
    pub fn by(&self) -> Match {
        self.by
    }

    /// Whether no two rows have the same value.
    pub fn is_one_to_one(&self) -> bool {
        self.one_to_one
    }

    /// What a value becomes; `None` when no row has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self.by {
            Match::Exact => self.rows.get(key),
            Match::Ci => self.rows.get(&key.to_lowercase()),
            Match::Prefix => self.lengths.iter().find_map(|&length| self.rows.get(key.get(..length)?)),
        }
    }

    /// What became that value; only of use when the table is one to one.
    pub fn invert(&self, value: &Value) -> Option<Value> {
        self.back.get(&value.to_json()).map(|key| Value::from(key.as_str()))
    }

    /// A key, for whoever needs an example.
    pub fn any_key(&self) -> Option<&str> {
        self.back.values().map(String::as_str).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(by: Match, rows: &[(&str, &str)]) -> Result<Table, usize> {
        let rows: Vec<_> = rows.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect();
        Table::new("codes", by, &rows)
    }

    #[test]
    fn rows_are_found_as_the_table_compares() {
        let exact = table(Match::Exact, &[("Retail", "17"), ("retail", "18")]).unwrap();
        assert_eq!(exact.get("retail").unwrap().as_str(), Some("18"));
        assert_eq!(exact.invert(&Value::from("17")).unwrap().as_str(), Some("Retail"));
        let ci = table(Match::Ci, &[("Retail", "17")]).unwrap();
        assert_eq!(ci.get("RETAIL").unwrap().as_str(), Some("17"));
        let prefix = table(Match::Prefix, &[("Re", "1"), ("Retail", "17"), ("", "0")]).unwrap();
        for (key, value) in [("Retail - Lisbon", "17"), ("Repair", "1"), ("é", "0")] {
            assert_eq!(prefix.get(key).unwrap().as_str(), Some(value), "{key}");
        }
        assert!(exact.get("x").is_none() && exact.is_one_to_one());
        assert!(!table(Match::Exact, &[("a", "1"), ("b", "1")]).unwrap().is_one_to_one());
        assert_eq!(table(Match::Ci, &[("a", "1"), ("A", "2")]).unwrap_err(), 1);
    }
}
