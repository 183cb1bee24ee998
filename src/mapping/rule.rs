//! A compiled rule.

use super::Operation;
use super::expression::Condition;
use super::function::Pipeline;
use super::made::Made;
use super::merge::Merge;
use super::path::{Place, Source};
use super::template::Template;
use crate::yaml::Span;

/// One rule of a mapping.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Where it stands.
    pub span: Span,
    /// What it does.
    pub verb: Verb,
    /// Only if this holds.
    pub when: Option<Condition>,
    /// Only on these operations; empty: on all.
    pub ops: Vec<Operation>,
    /// What the identity provider reads back.
    pub back: Back,
    /// What becomes of the elements that a list has already.
    pub merge: Merge,
}

/// What a rule does.
#[derive(Clone, Debug)]
pub enum Verb {
    /// One place on the identity provider's side is another on the vendor's.
    Move {
        /// On the identity provider's side.
        from: Place,
        /// On the vendor's side.
        to: Place,
        /// What becomes of the value.
        via: Pipeline,
        /// The vendor's value when there is none.
        otherwise: Option<Template>,
    },
    /// A place on the vendor's side is derived.
    Set {
        /// On the vendor's side.
        to: Place,
        /// From what.
        from: From,
        /// Its value, with holes.
        value: Option<Template>,
        /// What becomes of the value.
        via: Pipeline,
        /// The value when there is none.
        otherwise: Option<Template>,
    },
    /// A place of the identity provider's that the vendor never gets.
    Drop(Place),
    /// A place of the vendor's that the identity provider never sees.
    Hide(Place),
    /// A request that is refused.
    Refuse {
        /// When this holds for the resource that would result.
        when: Condition,
        /// What the administrator is told.
        detail: String,
    },
}

/// What a derived value is made from.
#[derive(Clone, Debug)]
pub enum From {
    /// Nothing: the value is a literal.
    Nothing,
    /// The first that is not empty.
    First(Vec<Source>),
    /// Each under its name.
    Named(Vec<(String, Source)>),
    /// The time or chance, once.
    Made(Made),
}

impl From {
    /// Everything that it reads.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        let (first, named): (&[Source], &[(String, Source)]) = match self {
            Self::Nothing | Self::Made(_) => (&[], &[]),
            Self::First(sources) => (sources, &[]),
            Self::Named(sources) => (&[], sources),
        };
        first.iter().chain(named.iter().map(|(_, source)| source))
    }
}

/// What the identity provider reads where a rule has been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// The vendor's value, undone.
    Invert,
    /// What it wrote, while the vendor holds what was made of it.
    Echo,
    /// Nothing.
    Hide,
    /// The vendor's value as it is.
    Vendor,
}

impl Back {
    /// The word of the file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Invert => "invert",
            Self::Echo => "echo",
            Self::Hide => "hide",
            Self::Vendor => "vendor",
        }
    }
}

impl Rule {
    /// Whether it applies to an operation.
    pub fn applies_to(&self, operation: Operation) -> bool {
        self.ops.is_empty() || self.ops.contains(&operation)
    }
}
