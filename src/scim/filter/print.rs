//! From a [`Filter`] to its one canonical text: lower-case operators, quoted strings, only the parentheses it needs.

use std::fmt;

use super::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self, f, &|path| path.to_string(), &|_, value| value.to_json())
    }
}

impl Filter {
    /// The text with other names of attributes that are compared, and other forms of values.
    pub fn written(
        &self,
        name: &dyn Fn(&AttrPath) -> String,
        value: &dyn Fn(&AttrPath, &Value) -> String,
    ) -> String {
        let mut out = String::new();
        // A string takes whatever is written.
        let _ = write(self, &mut out, name, value);
        out
    }
}

fn write(
    filter: &Filter,
    out: &mut dyn fmt::Write,
    name: &dyn Fn(&AttrPath) -> String,
    value: &dyn Fn(&AttrPath, &Value) -> String,
) -> fmt::Result {
    let mut list = |parts: &[Filter], word: &str| {
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                out.write_str(word)?;
            }
            // `and` binds tighter than `or`: only an `or` inside an `and` needs them.
            let group = matches!(part, Filter::Or(_));
            out.write_str(if group { "(" } else { "" })?;
            write(part, out, name, value)?;
            out.write_str(if group { ")" } else { "" })?;
        }
        Ok(())
    };
    match filter {
        Filter::Compare { path, op, value: literal } => {
            write!(out, "{} {} {}", name(path), op.word(), value(path, literal))
        }
        Filter::Present(path) => write!(out, "{} pr", name(path)),
        Filter::Element(path, inner) => write!(out, "{path}[{inner}]"),
        Filter::Not(inner) => {
            out.write_str("not (")?;
            write(inner, out, name, value)?;
            out.write_str(")")
        }
        Filter::And(parts) => list(parts, " and "),
        Filter::Or(parts) => list(parts, " or "),
    }
}
