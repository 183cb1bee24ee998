//! Reading what is right, quickly.
//!
//! Nearly every document is right, and then the strict reader ([`super::read`]) spends most of its time on being able to
//! say what is wrong. This one cannot: what it does not take at once, for whatever reason, it leaves to the strict one,
//! whose word counts. What it takes it reads as the strict one does, and a test compares the two.

use compact_str::CompactString;
use jiter::Jiter;

use super::read::{Limits, NUMBER_TEXT, Seen};
use super::scan::plain;
use super::{Node, Value};

/// A document, if there is nothing to say against it.
pub(super) fn read(json: &[u8], limits: &Limits) -> Option<Value> {
    // What lies between two ASCII characters is then text as well.
    let text = std::str::from_utf8(json).ok()?;
    let mut reader = Reader {
        text,
        bytes: json,
        at: 0,
        limits,
        values: 0,
        members: Vec::with_capacity(32),
        items: Vec::new(),
    };
    reader.blank();
    let value = reader.value(limits.depth)?;
    reader.blank();
    (reader.at == json.len()).then_some(value)
}

struct Reader<'j> {
    text: &'j str,
    bytes: &'j [u8],
    at: usize,
    limits: &'j Limits,
    values: usize,
    /// The members and elements of what has been begun. What has ended takes its own out, and no more room than they need:
    /// a page of resources is many small objects.
    members: Vec<(CompactString, Value)>,
    items: Vec<Value>,
}

impl<'j> Reader<'j> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn blank(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// One character, and the blanks after it.
    #[inline]
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then_some(())?;
        self.at += 1;
        self.blank();
        Some(())
    }

    fn word(&mut self, word: &str, node: Node) -> Option<Value> {
        self.bytes[self.at..].starts_with(word.as_bytes()).then_some(())?;
        self.at += word.len();
        Some(Value(node))
    }

    /// The value that begins here, in which `depth` more levels may open.
    fn value(&mut self, depth: usize) -> Option<Value> {
        self.values += 1;
        if self.values > self.limits.values {
            return None;
        }
        match self.peek()? {
            b'"' => self.string().map(|text| Value(Node::Text(text))),
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.list(depth.checked_sub(1)?),
            b't' => self.word("true", Node::Bool(true)),
            b'f' => self.word("false", Node::Bool(false)),
            b'n' => self.word("null", Node::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        self.take(b'{')?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(Value::object());
        }
        let first = self.members.len();
        let mut seen = Seen::default();
        loop {
            if self.peek()? != b'"' || self.members.len() - first == self.limits.members {
                return None;
            }
            let name = self.string()?;
            if !seen.is_new(&name, &self.members[first..]) {
                return None;
            }
            self.blank();
            self.take(b':')?;
            let value = self.value(depth)?;
            self.members.push((name, value));
            self.blank();
            match self.peek()? {
                b',' => self.take(b',')?,
                b'}' => {
                    self.at += 1;
                    return Some(Value(Node::Object(self.members.split_off(first))));
                }
                _ => return None,
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        self.take(b'[')?;
        if self.peek()? == b']' {
            self.at += 1;
            return Some(Value(Node::List(Vec::new())));
        }
        let first = self.items.len();
        loop {
            let item = self.value(depth)?;
            self.items.push(item);
            self.blank();
            match self.peek()? {
                b',' => self.take(b',')?,
                b']' => {
                    self.at += 1;
                    return Some(Value(Node::List(self.items.split_off(first))));
                }
                _ => return None,
            }
        }
    }

    /// The string whose quote is here.
    #[inline]
    fn string(&mut self) -> Option<CompactString> {
        let start = self.at + 1;
        let mut end = start + plain(&self.bytes[start..]);
        if *self.bytes.get(end)? == b'"' {
            self.at = end + 1;
            return (end - start <= self.limits.text).then(|| CompactString::from(&self.text[start..end]));
        }
        while *self.bytes.get(end)? == b'\\' {
            end += 2;
            end += plain(self.bytes.get(end..)?);
        }
        if *self.bytes.get(end)? != b'"' {
            return None;
        }
        let mut escaped = Jiter::new(&self.bytes[start - 1..=end]);
        self.at = end + 1;
        let decoded = escaped.next_str().ok()?;
        (decoded.len() <= self.limits.text && !decoded.contains('\0')).then(|| decoded.into())
    }

    /// RFC 8259 §6
    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        self.at += usize::from(self.peek()? == b'-');
        match self.peek()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek()?, b'+' | b'-'));
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        (text.len() <= NUMBER_TEXT).then(|| Value(Node::Number(text.into())))
    }

    /// At least one.
    fn digits(&mut self) -> Option<()> {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What both readers make of a document: the same, or the quick one nothing.
    fn agree(json: &str) -> Result<(), TestCaseError> {
        for limits in [Limits::REQUEST, Limits { depth: 2, members: 3, values: 6, text: 4 }] {
            let strict = Value::read_strictly(json.as_bytes(), &limits).ok().map(|value| value.to_json());
            let quick = read(json.as_bytes(), &limits).map(|value| value.to_json());
            prop_assert_eq!(&quick, &strict, "{}", json);
        }
        Ok(())
    }

    #[test]
    fn both_readers_read_the_same() {
        for json in [
            r#"{"a":[],"b":{},"c":1.10,"d":-0,"e":1E+2,"f":null,"g":[true,false],"h":"é\u00e9\n\ud83d\ude00"}"#,
            " [ 1 , { } , \"\" ] \n",
            r#"{"a":1,"A":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#""\u0000""#,
            r#""\ud800""#,
            r#""\x""#,
            "\"\u{1}\"",
            r#""\"#,
            r#""\""#,
            "01",
            "1.",
            "-",
            "1e",
            "+1",
            "nul",
            "truely",
            "[1,]",
            "{\"a\":1,}",
            "{,}",
            "[1 2]",
            "",
            "\u{feff}1",
            "1\u{a0}",
        ] {
            agree(json).unwrap();
        }
        agree(&"1".repeat(129)).unwrap();
        agree(&format!("\"{}\"", "x".repeat(65_537))).unwrap();
    }

    proptest! {
        #[test]
        fn both_readers_read_the_same_of_anything(
            json in r#"([{}\[\],:" ]|"a"|"b\\n"|\\|\\u00e9|\\u0000|-?[0-9]{1,3}(\.[0-9])?([eE][+-]?[0-9])?|true|null|é|\PC){0,24}"#
        ) {
            agree(&json)?;
        }

        #[test]
        fn both_readers_read_the_same_of_objects(
            members in prop::collection::vec((r#"[a-cA-C]{1,2}|\\u0061"#, r#"[0-9]|"[ -~é]{0,6}"|\[[0-9],\{\}\]|\{"x":null\}"#), 0..6)
        ) {
            let members: Vec<_> = members.iter().map(|(name, value)| format!(r#""{name}" : {value}"#)).collect();
            agree(&format!("{{{}}}", members.join(" ,")))?;
        }
    }
}
