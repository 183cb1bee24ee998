//! What is wrong with a request, in the words of RFC 7644 §3.12. The pure part knows no status codes: `inbound` chooses
//! them.

use std::fmt;

/// `scimType`: the RFC's word for what is wrong (RFC 7644 table 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the RFC's own words")]
pub enum ErrorType {
    InvalidFilter,
    TooMany,
    Uniqueness,
    Mutability,
    InvalidSyntax,
    InvalidPath,
    NoTarget,
    InvalidValue,
    Sensitive,
}

impl ErrorType {
    /// The word as it is written in an error.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::Sensitive => "sensitive",
        }
    }

    /// From the word, as a vendor's error has it.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::InvalidFilter,
            Self::TooMany,
            Self::Uniqueness,
            Self::Mutability,
            Self::InvalidSyntax,
            Self::InvalidPath,
            Self::NoTarget,
            Self::InvalidValue,
            Self::Sensitive,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
    }
}

/// A request that cannot be carried out as it stands.
///
/// The detail is read by the administrator of the identity provider: it names attributes and says what is expected, and
/// never repeats a value, since that may be a person's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorType,
    /// What to do about it.
    pub detail: String,
}

impl Error {
    /// An error of that kind.
    pub fn new(kind: ErrorType, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// A body that is no message of the right form.
    pub fn syntax(detail: impl Into<String>) -> Self {
        Self::new(ErrorType::InvalidSyntax, detail)
    }

    /// A value that its attribute cannot have.
    pub fn value(detail: impl Into<String>) -> Self {
        Self::new(ErrorType::InvalidValue, detail)
    }

    /// An attribute that may not be changed.
    pub fn mutability(attribute: impl fmt::Display) -> Self {
        Self::new(ErrorType::Mutability, format!("{attribute} cannot be changed"))
    }

    /// A path that cannot be read or names nothing.
    pub fn path(detail: impl Into<String>) -> Self {
        Self::new(ErrorType::InvalidPath, detail)
    }

    /// A filter that cannot be read or answered.
    pub fn filter(detail: impl Into<String>) -> Self {
        Self::new(ErrorType::InvalidFilter, detail)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.word(), self.detail)
    }
}

impl std::error::Error for Error {}
