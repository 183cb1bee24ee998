//! The functions of `via`: what each does, its inverse, and how far the inverse can be trusted.

mod convert;
mod lossy;
mod partial;
mod text;

use std::sync::Arc;

pub use convert::CountryForm;
pub(super) use lossy::is_country;
pub use partial::Rewrite;
pub(super) use partial::compile as pattern;

use super::table::{Match, Table};
use crate::scim::json::Value;

/// How far a function can be undone. A pipeline has the worst class of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// There is an exact inverse.
    Iso,
    /// It makes a canonical form; what is read back is that form, and means the same.
    Retract,
    /// Some values have a result, and the others none.
    Partial,
    /// Something is lost.
    Lossy,
}

/// One step of a pipeline.
#[derive(Clone, Debug)]
pub enum Function {
    /// Adds text in front; undone by taking it away.
    Prefix(String),
    /// Adds text behind.
    Suffix(String),
    /// Puts one beginning in place of another.
    Swap(String, String),
    /// One text into a list, at a separator.
    Split(String),
    /// A list into one text.
    Join(String),
    /// The other truth value.
    Not,
    /// `"true"` into `true`.
    Bool,
    /// `"5"` into `5`.
    Number,
    /// `true` or `5` into text.
    Text,
    /// A value into a list of one, or an object of one member.
    Wrap(Option<String>),
    /// Out of a list of one, or an object of one member.
    Unwrap(Option<String>),
    /// Into base64.
    Base64,
    /// Out of base64.
    Unbase64,
    /// From one form of ISO 3166-1 into another.
    Country(CountryForm, CountryForm),
    /// `en-US` into `en_US`.
    Locale,
    /// From one form of a date into another (strftime).
    Date(String, String),
    /// Row by row.
    Table(Arc<Table>),
    /// Into lower case.
    Lower,
    /// Into upper case.
    Upper,
    /// Without blanks at both ends.
    Trim,
    /// One blank where there were several.
    Squeeze,
    /// A list without repetitions.
    Distinct,
    /// A list in order.
    Sort,
    /// Without accents.
    Deburr,
    /// The n-th word, from 1.
    Word(usize),
    /// What stands before the first occurrence.
    Before(String),
    /// What stands after it.
    After(String),
    /// Characters from, to.
    Slice(usize, Option<usize>),
    /// One text in place of another, everywhere.
    Replace(String, String),
    /// Each word with a capital.
    Title,
    /// At most that many characters.
    Fit(usize),
    /// Without a beginning and an end that it must have.
    Strip(String, String),
    /// Written in another way, where an expression matches the whole.
    Regex(Arc<Rewrite>),
    /// A telephone number in E.164; of that country when it names none.
    Phone(Option<String>),
    /// The SHA-256 of a text, in hexadecimal.
    Sha256,
    /// A date some time later.
    Plus(jiff::Span),
    /// To every element of a list.
    Each(Box<Function>),
}

/// The value is not one that the function can take without losing or inventing something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub String);

fn unfit<T>(why: impl Into<String>) -> Result<T, Unfit> {
    Err(Unfit(why.into()))
}

impl Function {
    /// Every name, for hints.
    pub const NAMES: [&'static str; 37] = [
        "prefix", "suffix", "swap", "split", "join", "not", "bool", "number", "text", "wrap", "unwrap",
        "base64", "unbase64", "country", "locale", "date", "table", "lower", "upper", "trim", "squeeze",
        "distinct", "sort", "deburr", "word", "before", "after", "slice", "replace", "title", "fit", "each",
        "strip", "regex", "phone", "sha256", "plus",
    ];

    /// Its name, and for what leads somewhere else what that is: `lower`, `table: orgs`, `each: lower`.
    pub fn name(&self) -> String {
        let name = match self {
            Self::Prefix(_) => "prefix",
            Self::Suffix(_) => "suffix",
            Self::Swap(..) => "swap",
            Self::Split(_) => "split",
            Self::Join(_) => "join",
            Self::Not => "not",
            Self::Bool => "bool",
            Self::Number => "number",
            Self::Text => "text",
            Self::Wrap(_) => "wrap",
            Self::Unwrap(_) => "unwrap",
            Self::Base64 => "base64",
            Self::Unbase64 => "unbase64",
            Self::Country(..) => "country",
            Self::Locale => "locale",
            Self::Date(..) => "date",
            Self::Lower => "lower",
            Self::Upper => "upper",
            Self::Trim => "trim",
            Self::Squeeze => "squeeze",
            Self::Distinct => "distinct",
            Self::Sort => "sort",
            Self::Deburr => "deburr",
            Self::Word(_) => "word",
            Self::Before(_) => "before",
            Self::After(_) => "after",
            Self::Slice(..) => "slice",
            Self::Replace(..) => "replace",
            Self::Title => "title",
            Self::Fit(_) => "fit",
            Self::Strip(..) => "strip",
            Self::Regex(_) => "regex",
            Self::Phone(_) => "phone",
            Self::Sha256 => "sha256",
            Self::Plus(_) => "plus",
            Self::Table(table) => return format!("table: {}", table.name()),
            Self::Each(inner) => return format!("each: {}", inner.name()),
        };
        name.to_owned()
    }

    /// How far it can be undone.
    pub fn class(&self) -> Class {
        match self {
            Self::Prefix(_)
            | Self::Suffix(_)
            | Self::Swap(..)
            | Self::Split(_)
            | Self::Join(_)
            | Self::Not
            | Self::Bool
            | Self::Number
            | Self::Text
            | Self::Wrap(_)
            | Self::Unwrap(_)
            | Self::Base64
            | Self::Unbase64
            | Self::Country(..)
            | Self::Locale
            | Self::Date(..) => Class::Iso,
            Self::Lower
            | Self::Upper
            | Self::Trim
            | Self::Squeeze
            | Self::Distinct
            | Self::Sort
            | Self::Deburr => Class::Retract,
            Self::Table(table) => match (table.is_one_to_one(), table.by()) {
                (true, Match::Exact) => Class::Iso,
                (true, Match::Ci) => Class::Retract,
                _ => Class::Lossy,
            },
            Self::Word(_)
            | Self::Before(_)
            | Self::After(_)
            | Self::Slice(..)
            | Self::Replace(..)
            | Self::Title
            | Self::Fit(_)
            | Self::Phone(_)
            | Self::Sha256
            | Self::Plus(_) => Class::Lossy,
            Self::Strip(..) | Self::Regex(_) => Class::Partial,
            Self::Each(inner) => inner.class(),
        }
    }

    /// Whether [`Function::invert`] gives back what it was given, wherever it has a result.
    pub fn can_be_undone(&self) -> bool {
        match self {
            Self::Each(inner) => inner.can_be_undone(),
            _ => matches!(self.class(), Class::Iso | Class::Retract) || matches!(self, Self::Strip(..)),
        }
    }

    /// Whether it takes a whole list, and not its elements.
    fn takes_list(&self) -> bool {
        matches!(
            self,
            Self::Join(_) | Self::Distinct | Self::Sort | Self::Each(_) | Self::Wrap(_) | Self::Unwrap(_)
        )
    }

    /// Its result; `None` when it has none for this value, as a table without a row for it.
    ///
    /// # Errors
    /// When the value cannot be taken without corrupting it.
    pub fn apply(&self, value: Value) -> Result<Option<Value>, Unfit> {
        if value.is_list() && !self.takes_list() {
            // One value was found where several could have been: the usual case of a path with [*].
            return match value.items() {
                [only] => self.apply(only.clone()),
                _ => unfit("a list needs `each`, `join` or a path to one value"),
            };
        }
        match self {
            Self::Each(inner) => {
                let items = value.into_items().into_iter().map(|item| inner.apply(item));
                let items = items.collect::<Result<Vec<_>, _>>()?;
                Ok(Some(items.into_iter().flatten().collect()))
            }
            Self::Table(table) if !table.takes(&value) => {
                unfit(format!("it has more than {}, which would be lost", table.names().join(" and ")))
            }
            Self::Table(table) => Ok(table.get(&value).cloned()),
            Self::Split(_)
            | Self::Join(_)
            | Self::Wrap(_)
            | Self::Unwrap(_)
            | Self::Distinct
            | Self::Sort => convert::structure(self, value).map(Some),
            Self::Not
            | Self::Bool
            | Self::Number
            | Self::Text
            | Self::Base64
            | Self::Unbase64
            | Self::Country(..)
            | Self::Locale
            | Self::Date(..) => convert::scalar(self, &value).map(Some),
            Self::Regex(rewrite) => match value.scalar_text() {
                Some(given) => Ok(rewrite.apply(given)),
                None => unfit("text is needed here"),
            },
            _ => match value.scalar_text() {
                Some(given) => text::apply(self, given).map(|text| text.map(Value::from)),
                None => unfit("text is needed here"),
            },
        }
    }

    /// Undoes it; for a retract, and for what could never have come from it, the value itself.
    pub fn invert(&self, value: Value) -> Value {
        match self {
            Self::Each(inner) => value.into_items().into_iter().map(|item| inner.invert(item)).collect(),
            // What had a result had both, and gets them again.
            Self::Strip(prefix, suffix) => match value.scalar_text() {
                Some(text) => Value::from(format!("{prefix}{text}{suffix}")),
                None => value,
            },
            Self::Table(table) if self.class() != Class::Lossy => table.invert(&value).unwrap_or(value),
            Self::Split(separator) => {
                convert::structure(&Self::Join(separator.clone()), value.clone()).unwrap_or(value)
            }
            Self::Join(separator) => {
                convert::structure(&Self::Split(separator.clone()), value.clone()).unwrap_or(value)
            }
            Self::Wrap(key) => convert::structure(&Self::Unwrap(key.clone()), value.clone()).unwrap_or(value),
            Self::Unwrap(key) => convert::structure(&Self::Wrap(key.clone()), value.clone()).unwrap_or(value),
            _ => match self.class() {
                Class::Iso => {
                    convert::undo(self, &value).or_else(|| text::undo(self, &value)).unwrap_or(value)
                }
                Class::Retract | Class::Partial | Class::Lossy => value,
            },
        }
    }
}

/// Several functions, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Pipeline(pub Vec<Function>);

impl Pipeline {
    /// The worst class of its parts.
    pub fn class(&self) -> Class {
        self.0.iter().map(Function::class).max().unwrap_or(Class::Iso)
    }

    /// The names of all, in their order.
    pub fn names(&self) -> String {
        self.0.iter().map(Function::name).collect::<Vec<_>>().join(", ")
    }

    /// Whether all of them can be undone.
    pub fn can_be_undone(&self) -> bool {
        self.0.iter().all(Function::can_be_undone)
    }

    /// Whether it does nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The result of all.
    ///
    /// # Errors
    /// When one of them cannot take its value.
    pub fn apply(&self, value: Value) -> Result<Option<Value>, Unfit> {
        let mut value = Some(value);
        for function in &self.0 {
            let Some(given) = value else { return Ok(None) };
            value = function.apply(given)?;
        }
        Ok(value)
    }

    /// The same, for what shall be undone: a list that would come back as another is refused.
    ///
    /// # Errors
    /// When one of them cannot take its value, or something would be lost.
    pub fn carry(&self, value: Value) -> Result<Option<Value>, Unfit> {
        let Some(first) = self.0.first().filter(|_| value.is_list() && self.can_be_undone()) else {
            return self.apply(value);
        };
        if !first.takes_list() {
            return unfit("a list needs `each`, `join` or a path to one value");
        }
        let many =
            self.0.iter().all(|function| matches!(function, Function::Each(_))).then(|| value.items().len());
        let made = self.apply(value)?;
        match (&made, many) {
            (Some(made), Some(many)) if made.items().len() != many => {
                unfit("no row of its table has one of the values")
            }
            _ => Ok(made),
        }
    }

    /// Undoes all, the last first.
    pub fn invert(&self, value: Value) -> Value {
        self.0.iter().rev().fold(value, |value, function| function.invert(value))
    }
}

#[cfg(test)]
mod tests;
