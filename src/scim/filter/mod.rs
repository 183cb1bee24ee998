//! Filters (RFC 7644 §3.4.2.2): the tree, how it is read, printed and evaluated.

mod eval;
mod parse;
mod print;

use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::schema::{AttributeType, Catalog};

pub(super) use parse::{Input, State, attr_path, finish, value_filter};
pub use parse::{SyntaxError, Tolerated};

/// Bounds on what is read; a longer or deeper filter is an attack, not a question.
pub const MAX_LENGTH: usize = 8 * 1_024;
/// Groups, value paths and `not`s within one another.
pub const MAX_DEPTH: usize = 40;
/// Comparisons.
pub const MAX_NODES: usize = 256;

/// A filter. `And` and `Or` hold at least two parts, none of their own kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// `userName eq "ana"`
    Compare {
        /// What is compared.
        path: AttrPath,
        /// How.
        op: Op,
        /// With what: a string, number, truth value or `null`.
        value: Value,
    },
    /// `title pr`
    Present(AttrPath),
    /// `emails[type eq "work"]`: one element for which the inner filter holds.
    Element(AttrPath, Box<Filter>),
    /// All hold.
    And(Vec<Filter>),
    /// One holds.
    Or(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the RFC's own words")]
pub enum Op {
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

impl Op {
    /// All of them.
    pub const ALL: [Self; 9] =
        [Self::Eq, Self::Ne, Self::Co, Self::Sw, Self::Ew, Self::Gt, Self::Ge, Self::Lt, Self::Le];

    /// The RFC's word, in lower case.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    /// From the RFC's word, in any case: "attribute operators are case insensitive".
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.word().eq_ignore_ascii_case(word))
    }
}

impl Filter {
    /// `path eq value`.
    pub fn eq(path: AttrPath, value: impl Into<Value>) -> Self {
        Self::Compare { path, op: Op::Eq, value: value.into() }
    }

    /// All of the parts: flat, and without a wrapper around a single one. `None` of no parts.
    pub fn all(parts: impl IntoIterator<Item = Filter>) -> Option<Self> {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() < 2 { flat.pop() } else { Some(Self::And(flat)) }
    }

    /// One of the parts, as [`Filter::all`].
    pub fn any(parts: impl IntoIterator<Item = Filter>) -> Option<Self> {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() < 2 { flat.pop() } else { Some(Self::Or(flat)) }
    }

    /// If this is `path eq value`, both.
    pub fn as_eq(&self) -> Option<(&AttrPath, &Value)> {
        match self {
            Self::Compare { path, op: Op::Eq, value } => Some((path, value)),
            _ => None,
        }
    }

    /// Whether every comparison has a meaning: "Boolean and Binary attributes" have no order (RFC 7644 table 3).
    ///
    /// # Errors
    /// The attribute that is compared by an order which it does not have.
    pub fn check(&self, catalog: &Catalog) -> Result<(), AttrPath> {
        match self {
            Self::Compare { path, op, .. } => {
                let orders = matches!(op, Op::Gt | Op::Ge | Op::Lt | Op::Le);
                let kind = catalog.target(path).map(|attribute| attribute.kind);
                let ordered = !matches!(kind, Some(AttributeType::Boolean | AttributeType::Binary));
                if orders && !ordered { Err(path.clone()) } else { Ok(()) }
            }
            Self::Present(_) => Ok(()),
            Self::Element(path, inner) => {
                let mut wrong = None;
                inner.each_compare(&mut |sub, op| {
                    let full = path.with_sub(&sub.name);
                    let one = Self::Compare { path: full, op, value: Value::null() };
                    wrong = wrong.take().or(one.check(catalog).err());
                });
                wrong.map_or(Ok(()), Err)
            }
            Self::And(parts) | Self::Or(parts) => parts.iter().try_for_each(|part| part.check(catalog)),
            Self::Not(inner) => inner.check(catalog),
        }
    }

    fn each_compare(&self, visit: &mut impl FnMut(&AttrPath, Op)) {
        match self {
            Self::Compare { path, op, .. } => visit(path, *op),
            Self::Present(_) | Self::Element(..) => {}
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each_compare(visit)),
            Self::Not(inner) => inner.each_compare(visit),
        }
    }

    /// Calls `visit` with every attribute that the filter reads, the ones within an element with the element's name.
    pub fn each_path(&self, visit: &mut dyn FnMut(&AttrPath)) {
        match self {
            Self::Compare { path, .. } | Self::Present(path) => visit(path),
            Self::Element(path, inner) => {
                inner.each_path(&mut |sub: &AttrPath| visit(&path.with_sub(&sub.name)));
            }
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each_path(visit)),
            Self::Not(inner) => inner.each_path(visit),
        }
    }
}
