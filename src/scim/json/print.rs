//! From the tree to JSON text: compact, members in their order, numbers as they came (RFC 8259).

use compact_str::CompactString;

use super::scan::plain;
use super::{Node, Value};

/// So many elements of a list tell how long the others are likely to be.
const ALIKE: usize = 16;

impl Value {
    /// The JSON text.
    pub fn to_json(&self) -> String {
        // Only whole strings and ASCII are written, so the bytes are UTF-8.
        String::from_utf8(self.to_bytes()).unwrap_or_default()
    }

    /// The JSON text as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(2_048);
        self.write_to(&mut out);
        out
    }

    /// Appends the JSON text.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Node::Null => out.extend_from_slice(b"null"),
            Node::Bool(true) => out.extend_from_slice(b"true"),
            Node::Bool(false) => out.extend_from_slice(b"false"),
            Node::Number(text) => out.extend_from_slice(text.as_bytes()),
            Node::Text(text) => write_text(text, out),
            Node::List(items) => {
                let start = out.len();
                out.push(b'[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    item.write_to(out);
                    // The resources of a page are much alike: room is made for all of them, and not doubled each time.
                    if at == ALIKE {
                        out.reserve((out.len() - start) / ALIKE * (items.len() - ALIKE));
                    }
                }
                out.push(b']');
            }
            Node::Object(members) => {
                out.push(b'{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    write_text(name, out);
                    out.push(b':');
                    value.write_to(out);
                }
                out.push(b'}');
            }
        }
    }

    /// Appends all that the value is in a form of its own: each part is told from every other, the attributes of an object
    /// are in the order of their names, and nothing is escaped. It costs less than JSON, and nobody reads it.
    pub fn write_plainly(&self, out: &mut Vec<u8>) {
        let part = |kind: u8, text: &str, out: &mut Vec<u8>| {
            let short = u8::try_from(text.len()).unwrap_or(u8::MAX);
            out.extend_from_slice(&[kind, short]);
            if short == u8::MAX {
                out.extend_from_slice(&text.len().to_le_bytes());
            }
            out.extend_from_slice(text.as_bytes());
        };
        match &self.0 {
            Node::Null => out.push(b'n'),
            Node::Bool(value) => out.push(if *value { b't' } else { b'f' }),
            Node::Number(text) => part(b'0', text, out),
            Node::Text(text) => part(b'"', text, out),
            Node::List(items) => {
                out.push(b'[');
                items.iter().for_each(|item| item.write_plainly(out));
                out.push(b']');
            }
            Node::Object(members) => {
                out.push(b'{');
                let mut member = |(name, value): &(CompactString, Self)| {
                    part(b':', name, out);
                    value.write_plainly(out);
                };
                if members.is_sorted_by_key(|(name, _)| name) {
                    members.iter().for_each(&mut member);
                } else {
                    let mut members: Vec<_> = members.iter().collect();
                    members.sort_by_key(|(name, _)| name);
                    members.into_iter().for_each(member);
                }
                out.push(b'}');
            }
        }
    }

    /// The JSON text for people: two spaces a level.
    pub fn to_pretty_json(&self) -> String {
        let mut out = Vec::with_capacity(512);
        self.write_pretty(0, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    fn write_pretty(&self, level: usize, out: &mut Vec<u8>) {
        let indent = |level: usize, out: &mut Vec<u8>| {
            out.push(b'\n');
            out.resize(out.len() + 2 * level, b' ');
        };
        match &self.0 {
            Node::List(items) if !items.is_empty() => {
                out.push(b'[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    indent(level + 1, out);
                    item.write_pretty(level + 1, out);
                }
                indent(level, out);
                out.push(b']');
            }
            Node::Object(members) if !members.is_empty() => {
                out.push(b'{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    indent(level + 1, out);
                    write_text(name, out);
                    out.extend_from_slice(b": ");
                    value.write_pretty(level + 1, out);
                }
                indent(level, out);
                out.push(b'}');
            }
            _ => self.write_to(out),
        }
    }
}

/// Appends a JSON string. Most have nothing to escape, and are copied whole.
pub(in crate::scim) fn write_text(text: &str, out: &mut Vec<u8>) {
    if plain(text.as_bytes()) == text.len() {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // Writing to a Vec cannot fail, and neither can a str be refused.
        let _ = serde_json::to_writer(out, text);
    }
}

#[cfg(test)]
mod tests {
    use crate::scim::json::{Limits, Value};

    #[test]
    fn what_is_read_is_printed_the_same() {
        for json in [
            r#"{"a":[],"b":{},"c":1.10,"d":123456789012345678901234567890,"e":-0,"f":1E+2,"g":null,"h":[true,false]}"#,
            r#"{"quote\"d":"line\nbreak \\ tab\t é \u0001"}"#,
            r#""""#,
        ] {
            assert_eq!(Value::read(json.as_bytes(), &Limits::REQUEST).unwrap().to_json(), json);
        }
    }

    #[test]
    fn what_differs_is_plainly_different() {
        let plainly = |json: &str| {
            let mut out = Vec::new();
            Value::read(json.as_bytes(), &Limits::REQUEST).unwrap().write_plainly(&mut out);
            out
        };
        let different = [
            "[]",
            "[[]]",
            "[[],[]]",
            "{}",
            "null",
            "true",
            "1",
            "1.0",
            "\"1\"",
            "[1,2]",
            "[12]",
            "{\"a\":1}",
        ];
        let all: std::collections::HashSet<_> = different.iter().map(|json| plainly(json)).collect();
        assert_eq!(all.len(), different.len());
    }

    #[test]
    fn pretty_text_reads_back() {
        let json = r#"{"a":[1,{"b":[]}],"c":{}}"#;
        let value = Value::read(json.as_bytes(), &Limits::REQUEST).unwrap();
        let pretty = value.to_pretty_json();
        assert_eq!(pretty, "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}");
        assert_eq!(Value::read(pretty.as_bytes(), &Limits::REQUEST).unwrap(), value);
    }
}
