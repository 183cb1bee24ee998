//! The parts of attributes that a query names, so that a name which nothing has is refused when a file is loaded: a
//! query that finds nothing is no mistake to JSONPath, and nobody would notice.

use compact_str::CompactString;
use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Segment, Selector, SingularQuery,
    SingularQuerySegment, Test, TestFunction,
};

use super::path::first_attribute;
use crate::scim::name::AttrPath;

/// `value` of `emails`, for `$.emails[*].value`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    /// The attribute, without a sub-attribute.
    pub(super) attribute: AttrPath,
    /// Its part.
    pub(super) sub: CompactString,
    /// Whether it is the part of each element, as it must be of a list.
    pub(super) of_elements: bool,
}

/// Those that a query from the root names.
pub(super) fn named(segments: &[Segment]) -> Vec<Part> {
    match first_attribute(segments) {
        Some(path) if path.name == "$old" => named(&segments[1..]),
        Some(path) => of(&path, &segments[if path.schema.is_some() { 2 } else { 1 }..]),
        None => Vec::new(),
    }
}

/// Those that a query from an attribute on names.
pub(super) fn of(attribute: &AttrPath, segments: &[Segment]) -> Vec<Part> {
    let mut found = Found { attribute, of_elements: false, parts: Vec::new() };
    for segment in segments {
        match segment {
            Segment::Selector(Selector::Name(name)) => {
                found.part(name);
                break;
            }
            Segment::Selector(selector) => found.selector(selector),
            Segment::Selectors(selectors) => selectors.iter().for_each(|selector| found.selector(selector)),
            Segment::Descendant(_) => break,
        }
    }
    found.parts
}

struct Found<'a> {
    attribute: &'a AttrPath,
    of_elements: bool,
    parts: Vec<Part>,
}

impl Found<'_> {
    fn part(&mut self, name: &str) {
        let sub = CompactString::from(name);
        self.parts.push(Part { attribute: self.attribute.clone(), sub, of_elements: self.of_elements });
    }

    fn selector(&mut self, selector: &Selector) {
        self.of_elements = true;
        if let Selector::Filter(filter) = selector {
            self.filter(filter);
        }
    }

    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::Or(parts) | Filter::And(parts) => parts.iter().for_each(|part| self.filter(part)),
            Filter::Atom(FilterAtom::Filter { expr, .. }) => self.filter(expr),
            Filter::Atom(FilterAtom::Test { expr, .. }) => self.test(expr),
            Filter::Atom(FilterAtom::Comparison(comparison)) => {
                let (Comparison::Eq(a, b)
                | Comparison::Ne(a, b)
                | Comparison::Gt(a, b)
                | Comparison::Gte(a, b)
                | Comparison::Lt(a, b)
                | Comparison::Lte(a, b)) = comparison.as_ref();
                self.comparable(a);
                self.comparable(b);
            }
        }
    }

    fn comparable(&mut self, comparable: &Comparable) {
        match comparable {
            Comparable::Function(function) => self.function(function),
            Comparable::SingularQuery(SingularQuery::Current(segments)) => {
                if let Some(SingularQuerySegment::Name(name)) = segments.first() {
                    self.part(name);
                }
            }
            Comparable::SingularQuery(SingularQuery::Root(_)) | Comparable::Literal(_) => {}
        }
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::RelQuery(segments) => {
                if let Some(Segment::Selector(Selector::Name(name))) = segments.first() {
                    self.part(name);
                }
            }
            Test::Function(function) => self.function(function),
            Test::AbsQuery(JpQuery { .. }) => {}
        }
    }

    fn function(&mut self, function: &TestFunction) {
        let argument = match function {
            TestFunction::Length(argument) => argument.as_ref(),
            TestFunction::Value(argument) | TestFunction::Count(argument) => argument,
            TestFunction::Search(..) | TestFunction::Match(..) | TestFunction::Custom(..) => return, // refused
        };
        match argument {
            FnArg::Literal(_) => {}
            FnArg::Test(test) => self.test(test),
            FnArg::Filter(filter) => self.filter(filter),
        }
    }
}
