//! One line: its fields, escaped, and its time.

use std::fmt::{self, Write as _};

use jiff::Timestamp;
use tracing::Level;
use tracing::field::{Field, Visit};

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// Appends fields to a line, each in its form, with a comma or a space before it.
pub(super) struct Fields<'l> {
    pub(super) format: Format,
    pub(super) line: &'l mut String,
}

impl Fields<'_> {
    fn name(&mut self, field: &Field) {
        // The words of macros that come from the log crate.
        let name = field.name().strip_prefix("r#").unwrap_or(field.name());
        match self.format {
            Format::Json => {
                self.line.push_str(",\"");
                escape(name, self.line);
                self.line.push_str("\":");
            }
            Format::Text if name == "message" => self.line.push(' '),
            Format::Text => {
                self.line.push(' ');
                escape(name, self.line);
                self.line.push('=');
            }
        }
    }

    fn plain(&mut self, field: &Field, value: impl fmt::Display) {
        self.name(field);
        // Writing to a String does not fail.
        let _ = write!(self.line, "{value}");
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        match self.format {
            Format::Json => {
                self.line.push('"');
                escape(value, self.line);
                self.line.push('"');
            }
            Format::Text => escape(value, self.line),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field);
        let quote = if self.format == Format::Json { "\"" } else { "" };
        self.line.push_str(quote);
        // One that fails is cut off there.
        let _ = write!(Escaped(self.line), "{value:?}");
        self.line.push_str(quote);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value);
    }
}

/// Escapes whatever is written to it.
struct Escaped<'l>(&'l mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(text, self.0);
        Ok(())
    }
}

/// Text as it may stand in a JSON string (RFC 8259 §7). In a line for people, too: whatever it holds, a line stays one
/// line, and what it says cannot move the cursor.
pub(super) fn escape(text: &str, line: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\' | 0x7f)) {
        line.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => line.push_str("\\\""),
            b'\\' => line.push_str("\\\\"),
            b'\n' => line.push_str("\\n"),
            b'\r' => line.push_str("\\r"),
            b'\t' => line.push_str("\\t"),
            other => {
                let _ = write!(line, "\\u{other:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    line.push_str(rest);
}

/// The level, as wide as the widest; coloured for a terminal.
pub(super) fn level(level: Level, coloured: bool) -> &'static str {
    match (level, coloured) {
        (Level::ERROR, false) => "ERROR",
        (Level::WARN, false) => " WARN",
        (Level::INFO, false) => " INFO",
        (Level::DEBUG, false) => "DEBUG",
        (Level::TRACE, false) => "TRACE",
        (Level::ERROR, true) => "\x1b[31mERROR\x1b[0m",
        (Level::WARN, true) => "\x1b[33m WARN\x1b[0m",
        (Level::INFO, true) => "\x1b[32m INFO\x1b[0m",
        (Level::DEBUG, true) => "\x1b[34mDEBUG\x1b[0m",
        (Level::TRACE, true) => "\x1b[35mTRACE\x1b[0m",
    }
}

/// Writes times. Most lines are of the same second as the one before.
#[derive(Default)]
pub(super) struct Stamp {
    second: i64,
    text: String,
}

impl Stamp {
    /// Appends a time, to the microsecond (RFC 3339).
    pub(super) fn write(&mut self, now: Timestamp, line: &mut String) {
        if self.text.is_empty() || now.as_second() != self.second {
            self.second = now.as_second();
            self.text.clear();
            let whole = Timestamp::from_second(self.second).unwrap_or_default();
            let _ = write!(self.text, "{whole}");
            self.text.pop();
        }
        line.push_str(&self.text);
        line.push('.');
        let mut divisor = 100_000_000;
        while divisor >= 1_000 {
            let digit = now.subsec_nanosecond().unsigned_abs() / divisor % 10;
            line.push(char::from(b'0' + u8::try_from(digit).unwrap_or(0)));
            divisor /= 10;
        }
        line.push('Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_six_digits_after_the_second() {
        let mut stamp = Stamp::default();
        for (text, expected) in [
            ("2026-11-21T08:09:10.000001Z", "2026-11-21T08:09:10.000001Z"),
            ("2026-11-21T08:09:10.5Z", "2026-11-21T08:09:10.500000Z"),
            ("2026-11-21T08:09:11Z", "2026-11-21T08:09:11.000000Z"),
        ] {
            let mut line = String::new();
            stamp.write(text.parse().unwrap(), &mut line);
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn whatever_is_said_stays_in_its_line() {
        let mut line = String::new();
        escape("a\"b\\c\nd\re\tf\u{1b}[31mg\u{7f}é", &mut line);
        assert_eq!(line, r#"a\"b\\c\nd\re\tf\u001b[31mg\u007fé"#);
    }
}
