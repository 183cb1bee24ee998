//! The grammar of filters, RFC 7644 §3.4.2.2 figure 1, as a recursive descent over the text.

use serde_json::Value;

use super::Refusal;
use super::attribute::AttributePath;

/// Parentheses may be nested this deep; a filter is outside input and recursion uses the stack.
const DEPTH: usize = 50;

/// A filter, as parsed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    /// `title pr`.
    Present(AttributePath),
    /// `userName eq "x"`.
    Compare(AttributePath, Operator, Value),
    /// `emails[type eq "work"]`.
    Selected(AttributePath, Box<Filter>),
    /// `not (…)`.
    Not(Box<Filter>),
    /// `… and …`.
    And(Box<Filter>, Box<Filter>),
    /// `… or …`.
    Or(Box<Filter>, Box<Filter>),
}

impl Filter {
    /// Whether an attribute of that name is asked for.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        match self {
            Self::Present(path) | Self::Compare(path, ..) | Self::Selected(path, _) => {
                path.name.eq_ignore_ascii_case(name)
            }
            Self::Not(inner) => inner.mentions(name),
            Self::And(left, right) | Self::Or(left, right) => left.mentions(name) || right.mentions(name),
        }
    }
}

/// The comparisons of RFC 7644 table 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

/// Reads a whole filter.
pub(crate) fn parse(text: &str) -> Result<Filter, Refusal> {
    let mut parser = Parser::new(text);
    let filter = parser.alternatives(false)?;
    if parser.rest.is_empty() { Ok(filter) } else { Err(parser.unexpected("the end")) }
}

/// Reads the filter of a value path up to its `]`, and gives what follows that bracket.
pub(super) fn parse_bracketed(text: &str) -> Result<(Filter, &str), Refusal> {
    let mut parser = Parser::new(text);
    let filter = parser.alternatives(true)?;
    parser.expect("]")?;
    Ok((filter, parser.rest))
}

struct Parser<'t> {
    text: &'t str,
    rest: &'t str,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, rest: text, depth: 0 }
    }

    /// `or` binds weakest (RFC 7644 §3.4.2.2: grouping, then `not`, then `and`, then `or`).
    fn alternatives(&mut self, bracketed: bool) -> Result<Filter, Refusal> {
        let mut left = self.conjunction(bracketed)?;
        while self.word(" or ") {
            left = Filter::Or(Box::new(left), Box::new(self.conjunction(bracketed)?));
        }
        Ok(left)
    }

    fn conjunction(&mut self, bracketed: bool) -> Result<Filter, Refusal> {
        let mut left = self.term(bracketed)?;
        while self.word(" and ") {
            left = Filter::And(Box::new(left), Box::new(self.term(bracketed)?));
        }
        Ok(left)
    }

    fn term(&mut self, bracketed: bool) -> Result<Filter, Refusal> {
        if self.word("(") {
            return self.group(bracketed);
        }
        if self.word("not (") || self.word("not(") {
            return Ok(Filter::Not(Box::new(self.group(bracketed)?)));
        }
        let path = self.path()?;
        if self.word("[") {
            if bracketed {
                return Err(self.unexpected("a comparison, since a value path holds no other value path"));
            }
            let (filter, rest) = parse_bracketed(self.rest)?;
            self.rest = rest;
            // `emails[type eq "work"].value eq "x"` is seen in the wild and is not of the grammar.
            if rest.starts_with('.') {
                return Err(self.unexpected("`and`, `or` or the end after a value path"));
            }
            return Ok(Filter::Selected(path, Box::new(filter)));
        }
        self.expect(" ")?;
        let operator = self.token(&[' ', ')', ']']).to_ascii_lowercase();
        if operator == "pr" {
            return Ok(Filter::Present(path));
        }
        let operator = Operator::named(&operator)
            .ok_or_else(|| Refusal::new("invalidFilter", format!("`{operator}` is not an operator")))?;
        self.expect(" ")?;
        let literal = self.literal()?;
        operator.accepts(&literal)?;
        Ok(Filter::Compare(path, operator, literal))
    }

    fn group(&mut self, bracketed: bool) -> Result<Filter, Refusal> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Refusal::new("invalidFilter", "the parentheses are nested too deep"));
        }
        let inner = self.alternatives(bracketed)?;
        self.expect(")")?;
        self.depth -= 1;
        Ok(inner)
    }

    fn path(&mut self) -> Result<AttributePath, Refusal> {
        let text = self.token(&[' ', '[', ']', '(', ')', '"']);
        AttributePath::parse(text).map_err(|detail| Refusal::new("invalidFilter", detail))
    }

    /// `compValue`: a JSON string, number, `true`, `false` or `null`, by the rules of JSON.
    fn literal(&mut self) -> Result<Value, Refusal> {
        let length = if self.rest.starts_with('"') { string_length(self.rest) } else { None };
        let text = match length {
            Some(length) => {
                let (text, rest) = self.rest.split_at(length);
                self.rest = rest;
                text
            }
            None => self.token(&[' ', ')', ']']),
        };
        match serde_json::from_str(text) {
            Ok(value @ (Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null)) => Ok(value),
            _ => Err(Refusal::new(
                "invalidFilter",
                format!("`{text}` is not a JSON string, number, boolean or null"),
            )),
        }
    }

    /// Takes `word` when it comes next, in whatever case (ABNF strings have none, RFC 5234 §2.3).
    fn word(&mut self, word: &str) -> bool {
        let next = self.rest.get(..word.len()).is_some_and(|next| next.eq_ignore_ascii_case(word));
        if next {
            self.rest = &self.rest[word.len()..];
        }
        next
    }

    fn expect(&mut self, word: &str) -> Result<(), Refusal> {
        if self.word(word) { Ok(()) } else { Err(self.unexpected(&format!("`{word}`"))) }
    }

    fn token(&mut self, ends: &[char]) -> &'t str {
        let (token, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        token
    }

    fn unexpected(&self, wanted: &str) -> Refusal {
        let at = self.text.len() - self.rest.len();
        Refusal::new("invalidFilter", format!("at position {at} of the filter: expected {wanted}"))
    }
}

impl Operator {
    fn named(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "co" => Self::Co,
            "sw" => Self::Sw,
            "ew" => Self::Ew,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            _ => return None,
        })
    }

    /// "Boolean and Binary attributes SHALL cause a failed response (HTTP status code 400) with scimType of
    /// invalidFilter" for the orders; a part of a string can only be a string.
    fn accepts(self, literal: &Value) -> Result<(), Refusal> {
        let fits = match self {
            Self::Eq | Self::Ne => true,
            Self::Co | Self::Sw | Self::Ew => literal.is_string(),
            Self::Gt | Self::Ge | Self::Lt | Self::Le => literal.is_string() || literal.is_number(),
        };
        let refusal = || {
            Refusal::new("invalidFilter", format!("{self:?} cannot compare with {literal}").to_lowercase())
        };
        if fits { Ok(()) } else { Err(refusal()) }
    }
}

/// The length of the JSON string at the start of `text`, both quotes included.
fn string_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}
