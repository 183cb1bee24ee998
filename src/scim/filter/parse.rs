//! From text to a [`Filter`]: the ABNF of RFC 7644 §3.4.2.2, precedence as its figure 1 says (grouping and `not`, then
//! `and`, then `or`).
//!
//! Identity providers also send two things that the ABNF does not have: a literal without quotes, and
//! `emails[type eq "work"].value eq "x"`. They are read only when asked for, and reported.

use std::fmt;

use winnow::ascii::multispace0;
use winnow::combinator::{alt, cut_err, delimited, fail, opt, peek, preceded, terminated};
use winnow::error::{ContextError, ErrMode, StrContext, StrContextValue};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location as _, Stateful};
use winnow::token::{any, one_of, take_till, take_while};

use super::{Filter, MAX_DEPTH, MAX_LENGTH, MAX_NODES, Op};
use crate::scim::json::{Limits, Value};
use crate::scim::name::AttrPath;

/// What a parser reads from.
pub(in crate::scim) type Input<'i> = Stateful<LocatingSlice<&'i str>, State>;

/// What a parser remembers while it reads.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::scim) struct State {
    tolerant: bool,
    tolerated: Tolerated,
    depth: usize,
    nodes: usize,
}

/// Which forms outside the grammar were met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tolerated {
    /// `externalId eq ana`
    pub bare_literal: bool,
    /// `emails[type eq "work"].value eq "x"`
    pub element_sub_attribute: bool,
}

/// Where a filter or path cannot be read, and what should stand there. Holds nothing of the text itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Offset in bytes.
    pub at: usize,
    /// What was expected.
    pub expected: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at character {}", self.expected, self.at + 1)
    }
}

impl std::error::Error for SyntaxError {}

impl Filter {
    /// Reads a filter as the RFC writes it.
    ///
    /// # Errors
    /// When it is not one, or passes [`MAX_LENGTH`], [`MAX_DEPTH`] or [`MAX_NODES`].
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        run(text, State::default()).map(|(filter, _)| filter)
    }

    /// The same with the forms of [`Tolerated`].
    ///
    /// # Errors
    /// As [`Filter::parse`].
    pub fn parse_tolerant(text: &str) -> Result<(Self, Tolerated), SyntaxError> {
        run(text, State { tolerant: true, ..State::default() })
    }
}

fn run(text: &str, state: State) -> Result<(Filter, Tolerated), SyntaxError> {
    if text.len() > MAX_LENGTH {
        return Err(SyntaxError { at: MAX_LENGTH, expected: format!("at most {MAX_LENGTH} characters") });
    }
    let mut input = Stateful { input: LocatingSlice::new(text), state };
    let filter = finish(delimited(multispace0, or, multispace0), &mut input, "the end, `and` or `or`")?;
    Ok((filter, input.state.tolerated))
}

/// Runs a parser over the whole input and turns its failure into a place and an expectation.
pub(in crate::scim) fn finish<'i, O>(
    mut parser: impl Parser<Input<'i>, O, ErrMode<ContextError>>,
    input: &mut Input<'i>,
    end: &str,
) -> Result<O, SyntaxError> {
    let result = parser.parse_next(input);
    let at = input.current_token_start();
    match result {
        Ok(value) if input.is_empty() => Ok(value),
        Ok(_) => Err(SyntaxError { at, expected: end.to_owned() }),
        Err(error) => {
            let context = error.into_inner().unwrap_or_default();
            let mut expected: Vec<_> = context
                .context()
                .filter_map(|context| match context {
                    StrContext::Expected(value) => Some(value.to_string()),
                    _ => None,
                })
                .collect();
            expected.truncate(1);
            Err(SyntaxError { at, expected: expected.pop().unwrap_or_else(|| "a filter".to_owned()) })
        }
    }
}

const fn expected(what: &'static str) -> StrContext {
    StrContext::Expected(StrContextValue::Description(what))
}

fn spaces(input: &mut Input<'_>) -> ModalResult<()> {
    take_while(1.., ' ').void().parse_next(input)
}

fn or(input: &mut Input<'_>) -> ModalResult<Filter> {
    let mut parts = vec![and(input)?];
    while opt(keyword("or")).parse_next(input)?.is_some() {
        parts.push(cut_err(and).parse_next(input)?);
    }
    Filter::any(parts).map_or_else(|| fail.parse_next(input), Ok)
}

fn and(input: &mut Input<'_>) -> ModalResult<Filter> {
    let mut parts = vec![term(input)?];
    while opt(keyword("and")).parse_next(input)?.is_some() {
        parts.push(cut_err(term).parse_next(input)?);
    }
    Filter::all(parts).map_or_else(|| fail.parse_next(input), Ok)
}

/// A word between two filters, with the spaces around it.
fn keyword<'i>(word: &'static str) -> impl Parser<Input<'i>, (), ErrMode<ContextError>> {
    (spaces, take_while(1.., ('a'..='z', 'A'..='Z')), spaces)
        .verify(move |(_, found, _): &((), &str, ())| found.eq_ignore_ascii_case(word))
        .void()
}

fn term(input: &mut Input<'_>) -> ModalResult<Filter> {
    let negated = opt((
        take_while(3, ('a'..='z', 'A'..='Z')).verify(|word: &str| word.eq_ignore_ascii_case("not")),
        take_while(0.., ' '),
        peek('('),
    ))
    .parse_next(input)?;
    if negated.is_some() {
        return group(input).map(|inner| Filter::Not(Box::new(inner)));
    }
    if peek(opt('(')).parse_next(input)?.is_some() { group(input) } else { attribute(input) }
}

fn group(input: &mut Input<'_>) -> ModalResult<Filter> {
    let inner = |input: &mut Input<'_>| nested(or, input);
    delimited(('(', multispace0), cut_err(inner), (multispace0, cut_err(')').context(expected("`)`"))))
        .parse_next(input)
}

/// Runs a parser one level deeper.
fn nested<'i>(
    mut parser: impl Parser<Input<'i>, Filter, ErrMode<ContextError>>,
    input: &mut Input<'i>,
) -> ModalResult<Filter> {
    input.state.depth += 1;
    if input.state.depth > MAX_DEPTH {
        return cut_err(fail.context(expected("less nesting"))).parse_next(input);
    }
    let filter = parser.parse_next(input)?;
    input.state.depth -= 1;
    Ok(filter)
}

fn attribute(input: &mut Input<'_>) -> ModalResult<Filter> {
    input.state.nodes += 1;
    if input.state.nodes > MAX_NODES {
        return cut_err(fail.context(expected("fewer comparisons"))).parse_next(input);
    }
    let path = attr_path(input)?;
    if peek(opt('[')).parse_next(input)?.is_none() {
        return comparison(path, input);
    }
    let inner = value_filter(input)?;
    if input.state.tolerant && peek(opt('.')).parse_next(input)?.is_some() {
        let sub = preceded('.', attr_path).parse_next(input)?;
        input.state.tolerated.element_sub_attribute = true;
        let compared = comparison(sub, input)?;
        let both = Filter::all([inner, compared]).map_or_else(|| fail.parse_next(input), Ok)?;
        return Ok(Filter::Element(path, Box::new(both)));
    }
    Ok(Filter::Element(path, Box::new(inner)))
}

/// `[filter]`, the filter without another value path in it.
pub(in crate::scim) fn value_filter(input: &mut Input<'_>) -> ModalResult<Filter> {
    let inner = |input: &mut Input<'_>| nested(or, input);
    delimited(
        ('[', multispace0),
        cut_err(inner.verify(|filter: &Filter| !holds_element(filter))),
        (multispace0, cut_err(']').context(expected("`]`"))),
    )
    .parse_next(input)
}

fn holds_element(filter: &Filter) -> bool {
    match filter {
        Filter::Element(..) => true,
        Filter::And(parts) | Filter::Or(parts) => parts.iter().any(holds_element),
        Filter::Not(inner) => holds_element(inner),
        Filter::Compare { .. } | Filter::Present(_) => false,
    }
}

/// An attribute's name.
pub(in crate::scim) fn attr_path(input: &mut Input<'_>) -> ModalResult<AttrPath> {
    take_while(1.., ('a'..='z', 'A'..='Z', '0'..='9', ':', '.', '_', '-', '$'))
        .verify_map(AttrPath::parse)
        .context(expected("an attribute name"))
        .parse_next(input)
}

fn comparison(path: AttrPath, input: &mut Input<'_>) -> ModalResult<Filter> {
    let word = preceded(spaces, take_while(2, ('a'..='z', 'A'..='Z')))
        .context(expected("an operator"))
        .parse_next(input)?;
    if word.eq_ignore_ascii_case("pr") {
        return Ok(Filter::Present(path));
    }
    let Some(op) = Op::parse(word) else {
        return cut_err(fail.context(expected("an operator: eq ne co sw ew gt ge lt le pr")))
            .parse_next(input);
    };
    let value = cut_err(preceded(spaces, literal)).context(expected("a value")).parse_next(input)?;
    Ok(Filter::Compare { path, op, value })
}

fn literal(input: &mut Input<'_>) -> ModalResult<Value> {
    if peek(opt('"')).parse_next(input)?.is_some() {
        return string.parse_next(input);
    }
    let tolerant = input.state.tolerant;
    let word = take_till(1.., (' ', ')', ']', '"', '(', '[')).parse_next(input)?;
    let value = match word {
        "true" => Some(Value::from(true)),
        "false" => Some(Value::from(false)),
        "null" => Some(Value::null()),
        number => Value::number(number),
    };
    match value {
        Some(value) => Ok(value),
        None if tolerant && !word.contains(char::is_control) => {
            input.state.tolerated.bare_literal = true;
            Ok(Value::from(word))
        }
        None => fail.context(expected("a quoted string, a number, true, false or null")).parse_next(input),
    }
}

/// A JSON string; the reader of bodies decides about its escapes, so that both agree.
fn string(input: &mut Input<'_>) -> ModalResult<Value> {
    let escaped = ('\\', any).void();
    let plain = one_of(|c: char| c != '"' && c != '\\').void();
    let body = winnow::combinator::repeat::<_, (), (), _, _>(0.., alt((plain, escaped)));
    terminated(('"', body), cut_err('"').context(expected("a closing `\"`")))
        .take()
        .verify_map(|quoted: &str| Value::read(quoted.as_bytes(), &Limits::REQUEST).ok())
        .context(expected("a JSON string"))
        .parse_next(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfcs_examples_are_read_and_printed() {
        for text in [
            r#"userName eq "bjensen""#,
            r#"name.familyName co "O'Malley""#,
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department sw "J""#,
            "title pr",
            r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
            r#"title pr and userType eq "Employee""#,
            r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
            r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#,
            r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
            r#"active eq true or n gt 1.50 or x eq null or a eq "quote \" and \\ back""#,
        ] {
            assert_eq!(Filter::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn precedence_and_spelling_are_made_canonical() {
        for (text, canonical) in [
            ("a pr or b pr and c pr", "a pr or b pr and c pr"),
            ("(a pr or b pr) and c pr", "(a pr or b pr) and c pr"),
            ("((a pr)) and (b pr and (c pr))", "a pr and b pr and c pr"),
            ("NOT (a PR) AND b EQ 1", "not (a pr) and b eq 1"),
            (r#"userName Eq "x""#, r#"userName eq "x""#),
            (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "x""#, r#"userName eq "x""#),
            ("not(a pr)", "not (a pr)"),
            ("  a pr  ", "a pr"),
        ] {
            assert_eq!(Filter::parse(text).unwrap().to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_filter_is_refused_with_its_place() {
        for (text, at, expected) in [
            ("", 0, "an attribute name"),
            ("userName", 8, "an operator"),
            ("userName is 1", 11, "an operator: eq ne co sw ew gt ge lt le pr"),
            ("userName eq", 11, "a value"),
            ("userName eq ana", 15, "a quoted string, a number, true, false or null"),
            (r#"userName eq "ana"#, 16, "a closing `\"`"),
            (r#"userName eq "a" and"#, 16, "the end, `and` or `or`"),
            (r#"userName eq "a" und b pr"#, 16, "the end, `and` or `or`"),
            ("(a pr", 5, "`)`"),
            ("emails[type pr", 14, "`]`"),
            ("a pr)", 4, "the end, `and` or `or`"),
            (r#"emails[type eq "work"].value eq "x""#, 22, "the end, `and` or `or`"),
        ] {
            let error = Filter::parse(text).unwrap_err();
            assert_eq!((error.at, error.expected.as_str()), (at, expected), "{text}");
        }
        for text in ["a[b[c pr]]", "eq 1", "a eq 01", "a.b.c pr", "a eq 1 or", "a eq \"\\x\"", "1 eq 1"] {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn limits_hold_without_deep_recursion() {
        let deep = |n: usize| format!("{}a pr{}", "(".repeat(n), ")".repeat(n));
        assert!(Filter::parse(&deep(40)).is_ok());
        assert_eq!(Filter::parse(&deep(41)).unwrap_err().expected, "less nesting");
        assert_eq!(Filter::parse(&deep(4_000)).unwrap_err().expected, "less nesting");
        assert!(Filter::parse(&vec!["a pr"; 256].join(" or ")).is_ok());
        assert_eq!(Filter::parse(&vec!["a pr"; 257].join(" or ")).unwrap_err().expected, "fewer comparisons");
        assert!(Filter::parse(&format!("a eq \"{}\"", "x".repeat(9_000))).is_err());
    }

    #[test]
    fn forms_outside_the_grammar_are_read_only_when_asked_for() {
        let (filter, tolerated) = Filter::parse_tolerant(r#"emails[type eq "work"].value eq "x""#).unwrap();
        assert_eq!(filter.to_string(), r#"emails[type eq "work" and value eq "x"]"#);
        assert!(tolerated.element_sub_attribute && !tolerated.bare_literal);
        let (filter, tolerated) = Filter::parse_tolerant("id eq 7d-3 and manager eq 9a").unwrap();
        assert_eq!(filter.to_string(), r#"id eq "7d-3" and manager eq "9a""#);
        assert!(tolerated.bare_literal && !tolerated.element_sub_attribute);
        let (_, tolerated) = Filter::parse_tolerant(r#"userName eq "ana" or active eq true"#).unwrap();
        assert_eq!(tolerated, Tolerated::default());
    }
}
