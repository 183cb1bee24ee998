//! Strict reading: what a careless peer would let through is refused here, before anything looks at it.
//!
//! jiter does the syntax (RFC 8259, UTF-8, no byte order mark, no lone surrogates) and gives numbers as the bytes they
//! are. On top of it: one name twice in an object, in any case, is refused, because two readers would disagree about
//! which counts; NUL is refused, because the next reader may be written in C; depth, size and count are bounded,
//! because the sender is not trusted.

use std::collections::HashSet;

use compact_str::CompactString;
use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};

use super::{Node, Value, quick, same_name};

/// How much of a document is read before it is refused.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Objects and arrays within one another.
    pub depth: usize,
    /// Members of one object.
    pub members: usize,
    /// Values in the whole document.
    pub values: usize,
    /// Bytes of one string.
    pub text: usize,
}

impl Limits {
    /// For what an identity provider sends.
    pub const REQUEST: Self = Self { depth: 32, members: 1_024, values: 200_000, text: 64 * 1_024 };
    /// For what a vendor answers: a page of resources is larger than one.
    pub const REPLY: Self = Self { depth: 32, members: 4_096, values: 4_000_000, text: 1_024 * 1_024 };
}

/// Bytes of one number: no attribute needs more, and a million digits are an attack.
pub(super) const NUMBER_TEXT: usize = 128;

/// Why a document was refused, with its place. The text names no content, so it may be shown to the sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at line {line} column {column}")]
pub struct ReadError {
    /// What is wrong.
    pub kind: ReadErrorKind,
    /// From 1.
    pub line: usize,
    /// From 1, in bytes.
    pub column: usize,
}

/// What is wrong with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadErrorKind {
    /// Not JSON.
    #[error("the body is not valid JSON")]
    Syntax,
    /// It stops early.
    #[error("the body ends in the middle of a JSON value")]
    Incomplete,
    /// One name twice in an object, perhaps in another case.
    #[error("an attribute occurs twice in one object")]
    Duplicate,
    /// `\u0000` in a string.
    #[error("a string holds the NUL character")]
    Nul,
    /// Deeper than [`Limits::depth`].
    #[error("the body is nested too deeply")]
    Depth,
    /// More than [`Limits::members`] or [`Limits::values`].
    #[error("the body holds too many values")]
    Count,
    /// Longer than [`Limits::text`], or a number of absurd length.
    #[error("a value is too long")]
    Length,
}

impl Value {
    /// Reads one JSON document that fills the whole slice.
    ///
    /// # Errors
    /// When it is not JSON, holds a duplicate name or NUL, or passes a limit.
    pub fn read(json: &[u8], limits: &Limits) -> Result<Self, ReadError> {
        quick::read(json, limits).map_or_else(|| Self::read_strictly(json, limits), Ok)
    }

    pub(super) fn read_strictly(json: &[u8], limits: &Limits) -> Result<Self, ReadError> {
        let mut reader = Reader { json: Jiter::new(json), limits: *limits, values: 0 };
        reader.document().map_err(|kind| {
            let position = reader.json.current_position();
            ReadError { kind, line: position.line, column: position.column }
        })
    }
}

/// Whether the text is a JSON number (RFC 8259 §6).
pub(super) fn is_number(text: &str) -> bool {
    let mut json = Jiter::new(text.as_bytes());
    json.next_number_bytes().is_ok_and(|number| number.len() == text.len())
}

impl From<JiterError> for ReadErrorKind {
    fn from(error: JiterError) -> Self {
        use JsonErrorType as E;
        match error.error_type {
            JiterErrorType::JsonError(
                E::EofWhileParsingList
                | E::EofWhileParsingObject
                | E::EofWhileParsingString
                | E::EofWhileParsingValue,
            ) => Self::Incomplete,
            _ => Self::Syntax,
        }
    }
}

struct Reader<'j> {
    json: Jiter<'j>,
    limits: Limits,
    values: usize,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Value, ReadErrorKind> {
        let peek = self.json.peek()?;
        let value = self.value(peek, self.limits.depth)?;
        self.json.finish()?;
        Ok(value)
    }

    /// Reads the value that begins with `peek`, in which `depth` more levels may open.
    fn value(&mut self, peek: Peek, depth: usize) -> Result<Value, ReadErrorKind> {
        self.values += 1;
        if self.values > self.limits.values {
            return Err(ReadErrorKind::Count);
        }
        match peek {
            Peek::String => {
                let text = self.json.known_str()?;
                check(text, &self.limits).map(|text| Value(Node::Text(text)))
            }
            Peek::True | Peek::False => Ok(self.json.known_bool(peek)?.into()),
            Peek::Null => {
                self.json.known_null()?;
                Ok(Value::null())
            }
            Peek::Array | Peek::Object if depth == 0 => Err(ReadErrorKind::Depth),
            Peek::Array => self.list(depth - 1),
            Peek::Object => self.object(depth - 1),
            number => {
                let text = self.json.known_number_bytes(number)?;
                if text.len() > NUMBER_TEXT {
                    return Err(ReadErrorKind::Length);
                }
                let text = CompactString::from_utf8(text).map_err(|_| ReadErrorKind::Syntax)?;
                Ok(Value(Node::Number(text)))
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, ReadErrorKind> {
        let mut items = Vec::new();
        let mut next = self.json.known_array()?;
        while let Some(peek) = next {
            items.push(self.value(peek, depth)?);
            next = self.json.array_step()?;
        }
        Ok(Value(Node::List(items)))
    }

    fn object(&mut self, depth: usize) -> Result<Value, ReadErrorKind> {
        let mut members: Vec<(CompactString, Value)> = Vec::new();
        let mut seen = Seen::default();
        let mut next = self.json.known_object()?;
        while let Some(name) = next {
            let name = check(name, &self.limits)?;
            if members.len() == self.limits.members {
                return Err(ReadErrorKind::Count);
            }
            if !seen.is_new(&name, &members) {
                return Err(ReadErrorKind::Duplicate);
            }
            let peek = self.json.peek()?;
            let value = self.value(peek, depth)?;
            if members.is_empty() {
                members.reserve(8);
            }
            members.push((name, value));
            next = self.json.next_key()?;
        }
        Ok(Value(Node::Object(members)))
    }
}

fn check(text: &str, limits: &Limits) -> Result<CompactString, ReadErrorKind> {
    if text.len() > limits.text {
        Err(ReadErrorKind::Length)
    } else if text.as_bytes().contains(&0) {
        Err(ReadErrorKind::Nul)
    } else {
        Ok(text.into())
    }
}

/// Which names an object has had. Most are new by what little is noted of each; small objects are looked through, and a
/// large one gets a set, so that hostile input costs no quadratic time.
#[derive(Default)]
pub(super) struct Seen {
    /// A bit for each kind of name that there was.
    kinds: u64,
    names: HashSet<CompactString>,
}

impl Seen {
    const SMALL: usize = 24;

    /// Whether the name, which is noted, is none of the members'.
    #[inline]
    pub(super) fn is_new(&mut self, name: &str, members: &[(CompactString, Value)]) -> bool {
        let kind = 1 << (kind(name) % 64);
        let first_of_kind = self.kinds & kind == 0;
        self.kinds |= kind;
        if members.len() < Self::SMALL {
            return first_of_kind || !members.iter().any(|(key, _)| same_name(key, name));
        }
        if self.names.is_empty() {
            self.names.extend(members.iter().map(|(key, _)| key.to_ascii_lowercase()));
        }
        self.names.insert(name.to_ascii_lowercase().into())
    }
}

/// The same for the same name in any case: from its length and three of its letters.
#[inline]
pub(in crate::scim) fn kind(name: &str) -> usize {
    let letter = |at: usize| name.as_bytes().get(at).map_or(0, |byte| usize::from(byte | 0x20));
    name.len() + 7 * letter(0) + 13 * letter(name.len() / 2) + 29 * letter(name.len().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> ReadErrorKind {
        Value::read(json.as_bytes(), &Limits::REQUEST).unwrap_err().kind
    }

    #[test]
    fn what_two_readers_would_read_differently_is_refused() {
        for json in [
            r#"{"active":true,"active":false}"#,
            r#"{"active":true,"ACTIVE":false}"#,
            r#"{"active":true,"\u0061ctive":false}"#,
            r#"{"a":{"b":1,"B":1}}"#,
        ] {
            assert_eq!(refusal(json), ReadErrorKind::Duplicate, "{json}");
        }
        let many: Vec<_> = (0..100).map(|n| format!(r#""k{n}":1"#)).collect();
        assert!(Value::read(format!("{{{}}}", many.join(",")).as_bytes(), &Limits::REQUEST).is_ok());
        assert_eq!(refusal(&format!(r#"{{{},"K42":1}}"#, many.join(","))), ReadErrorKind::Duplicate);
        assert_eq!(refusal(r#"{"a":"x\u0000"}"#), ReadErrorKind::Nul);
        assert_eq!(refusal(r#"{"a\u0000":"x"}"#), ReadErrorKind::Nul);
    }

    #[test]
    fn limits_hold() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(Value::read(nested(32).as_bytes(), &Limits::REQUEST).is_ok());
        assert_eq!(refusal(&nested(33)), ReadErrorKind::Depth);
        assert_eq!(refusal(&nested(1_000_000)), ReadErrorKind::Depth);
        assert_eq!(refusal(&format!("[{}1]", "1,".repeat(200_000))), ReadErrorKind::Count);
        assert_eq!(refusal(&format!("\"{}\"", "x".repeat(65_537))), ReadErrorKind::Length);
        assert_eq!(refusal(&"1".repeat(129)), ReadErrorKind::Length);
        let keys: Vec<_> = (0..1_025).map(|n| format!(r#""k{n}":1"#)).collect();
        assert_eq!(refusal(&format!("{{{}}}", keys.join(","))), ReadErrorKind::Count);
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for json in
            ["{'a':1}", "{\"a\":1}x", "\u{feff}{}", r#""\ud800""#, "NaN", "[1,]", "01", "[1 2]", "{}{}"]
        {
            assert_eq!(refusal(json), ReadErrorKind::Syntax, "{json}");
        }
        for json in ["", "{", "[1", r#"{"a":"#] {
            assert_eq!(refusal(json), ReadErrorKind::Incomplete, "{json}");
        }
        let error = Value::read(b"{\n \"a\": x}", &Limits::REQUEST).unwrap_err();
        assert_eq!(error.to_string(), "the body is not valid JSON at line 2 column 7");
    }

    #[test]
    fn numbers_are_told_from_look_alikes() {
        for good in ["0", "-0", "10", "1.10", "1e5", "1E+5", "-1.5e-3", "123456789012345678901234567890"] {
            assert!(is_number(good), "{good}");
        }
        for bad in ["", "-", "01", "1.", ".5", "1e", "+1", "1_0", "0x1", "NaN", "1e+", " 1"] {
            assert!(!is_number(bad), "{bad}");
        }
    }
}
