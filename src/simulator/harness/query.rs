//! What vendors that are no database understand of a query: one look-up by equality, and a page.

use serde_json::Value;

use super::message::Request;
use crate::simulator::oracle::filter::{Filter, Operator, parse};

/// The filter `attribute eq "value"` on one of the `known` attributes, which have no case: that attribute, as written in
/// `known`, and the value as the client wrote it. `None` for every other filter.
pub(crate) fn equality(filter: &str, known: &[&'static str]) -> Option<(&'static str, String)> {
    let Ok(Filter::Compare(path, Operator::Eq, Value::String(value))) = parse(filter) else { return None };
    let written = match &path.sub {
        Some(sub) => format!("{}.{sub}", path.name),
        None => path.name.clone(),
    };
    known.iter().find(|name| name.eq_ignore_ascii_case(&written)).map(|name| (*name, value))
}

/// `startIndex` and `count`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) start: usize,
    pub(crate) count: usize,
}

impl Page {
    /// Those of the request: 1 and `usual` where absent or unreadable, never more than `most`.
    pub(crate) fn of(request: &Request, usual: usize, most: usize) -> Self {
        let number = |name: &str| request.parameter(name).and_then(|text| text.parse::<usize>().ok());
        Self {
            start: number("startIndex").unwrap_or(1).max(1),
            count: number("count").unwrap_or(usual).min(most),
        }
    }

    /// What is on it.
    pub(crate) fn cut<'a, T>(&self, all: &'a [T]) -> impl Iterator<Item = &'a T> {
        all.iter().skip(self.start - 1).take(self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_equality_of_a_known_attribute_is_understood() {
        let known = ["userName", "emails.value"];
        for (filter, found) in [
            ("USERNAME eq \"A\"", Some(("userName", "A"))),
            ("emails.value EQ \"a@b\"", Some(("emails.value", "a@b"))),
            ("userName co \"a\"", None),
            ("userName eq 1", None),
            ("title eq \"a\"", None),
            ("userName eq \"a\" or userName eq \"b\"", None),
            ("", None),
        ] {
            let found = found.map(|(name, value)| (name, value.to_owned()));
            assert_eq!(equality(filter, &known), found, "{filter}");
        }
    }
}
