//! Functions that only some values have a result for: what they do not fit has none, so `else` applies, and a `move`
//! without one is refused.

use regex::{Regex, RegexBuilder};

use crate::mapping::template::Template;
use crate::scim::json::Value;

/// What a compiled expression may take, in bytes: an honest one needs a hundredth.
const MAX_PROGRAM: usize = 1 << 18;

/// Takes a beginning and an end away; `None` when the text does not have both.
pub(super) fn strip<'t>(prefix: &str, suffix: &str, text: &'t str) -> Option<&'t str> {
    text.strip_prefix(prefix)?.strip_suffix(suffix)
}

/// A whole text that an expression matches, written in another way.
#[derive(Clone, Debug)]
pub struct Rewrite {
    pattern: Regex,
    to: Template,
}

impl Rewrite {
    /// Compiles the expression; `to` has the groups as its holes, by number or name, `{0}` is the whole.
    ///
    /// # Errors
    /// What is wrong with either, in words.
    pub fn new(pattern: &str, to: Template) -> Result<Self, String> {
        let pattern = compile(pattern)?;
        for name in to.names() {
            let known = match name.parse::<usize>() {
                Ok(number) => number < pattern.captures_len(),
                Err(_) => pattern.capture_names().flatten().any(|group| group == name),
            };
            if !known {
                return Err(format!("`{{{name}}}` is no group of the expression"));
            }
        }
        Ok(Self { pattern, to })
    }

    /// The text in its other form; `None` when the expression does not match it, or a group that is needed is empty.
    pub fn apply(&self, text: &str) -> Option<Value> {
        let found = self.pattern.captures(text)?;
        self.to.fill(&|name: &str| {
            let group = name.parse().map_or_else(|_| found.name(name), |number| found.get(number));
            group.map(|group| Value::from(group.as_str()))
        })
    }
}

/// An expression that must match the whole text. The engine takes time in proportion to the text, whatever the expression.
///
/// # Errors
/// Why it cannot be compiled, in words.
pub(in crate::mapping) fn compile(pattern: &str) -> Result<Regex, String> {
    // Compiled alone first: what is open in it must not close what stands around it.
    let alone = |pattern: &str| RegexBuilder::new(pattern).size_limit(MAX_PROGRAM).build();
    alone(pattern).and_then(|_| alone(&format!("\\A(?:{pattern})\\z"))).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the regular expression is too large".to_owned(),
        other => {
            let text = other.to_string();
            let why = text
                .lines()
                .rev()
                .find_map(|line| line.trim().strip_prefix("error: "))
                .unwrap_or("it cannot be read");
            format!("the regular expression cannot be compiled: {why}")
        }
    })
}
