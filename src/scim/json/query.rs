//! What jsonpath-rust asks of a tree to run an RFC 9535 query over it.

use jsonpath_rust::query::queryable::Queryable;

use super::{Node, Value};

impl Queryable for Value {
    fn get(&self, key: &str) -> Option<&Self> {
        Value::get(self, key)
    }

    fn as_array(&self) -> Option<&Vec<Self>> {
        match &self.0 {
            Node::List(items) => Some(items),
            _ => None,
        }
    }

    fn as_object(&self) -> Option<Vec<(&str, &Self)>> {
        self.is_object().then(|| self.members().collect())
    }

    fn as_str(&self) -> Option<&str> {
        Value::as_str(self)
    }

    fn as_i64(&self) -> Option<i64> {
        Value::as_i64(self)
    }

    fn as_f64(&self) -> Option<f64> {
        self.as_number()?.parse().ok()
    }

    fn as_bool(&self) -> Option<bool> {
        Value::as_bool(self)
    }

    fn null() -> Self {
        Value::null()
    }
}

impl From<f64> for Value {
    /// A literal of a query. One that JSON cannot say (infinite, not a number) is `null`.
    fn from(number: f64) -> Self {
        Self::number(&number.to_string()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use crate::scim::json::{Limits, Value};

    #[test]
    fn jsonpath_runs_over_the_tree() {
        let user = br#"{"emails":[{"type":"home","value":"h@x"},{"TYPE":"work","value":"w@x"}],"n":[1,2.5]}"#;
        let user = Value::read(user, &Limits::REQUEST).unwrap();
        for (path, expected) in [
            ("$.emails[?@.type == 'work'].value", r#"["w@x"]"#),
            ("$.emails[*].value", r#"["h@x","w@x"]"#),
            ("$.n[?@ > 1.5]", "[2.5]"),
            ("$.nothing", "[]"),
        ] {
            let query = jsonpath_rust::parser::parse_json_path(path).unwrap();
            let found: Value = jsonpath_rust::query::js_path_process(&query, &user)
                .unwrap()
                .into_iter()
                .map(|found| found.val.clone())
                .collect();
            assert_eq!(found.to_json(), expected, "{path}");
        }
    }
}
