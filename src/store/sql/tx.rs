//! One transaction of a database, as the verbs need it: SQLite and PostgreSQL understand the same text.

use crate::store::{Later, StoreError};

/// A value that goes into a statement.
#[derive(Clone, Debug)]
pub enum Param {
    /// A number; a truth is 0 or 1.
    Int(i64),
    /// Text that is neither personal nor secret.
    Text(String),
    /// Everything else, sealed or hashed.
    Bytes(Vec<u8>),
    /// Nothing.
    Null,
}

impl From<i64> for Param {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Param {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl From<&str> for Param {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<Vec<u8>> for Param {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Param {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row that a statement gave.
#[derive(Clone, Debug)]
pub struct Row(pub Vec<Param>);

impl Row {
    /// A number.
    ///
    /// # Errors
    /// When the column holds something else: the store is not what it should be.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        match self.0.get(column) {
            Some(Param::Int(value)) => Ok(*value),
            _ => Err(unexpected()),
        }
    }

    /// Bytes.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn bytes(&self, column: usize) -> Result<&[u8], StoreError> {
        self.bytes_if_any(column)?.ok_or_else(unexpected)
    }

    /// Bytes, or none.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn bytes_if_any(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self.0.get(column) {
            Some(Param::Bytes(value)) => Ok(Some(value)),
            Some(Param::Null) => Ok(None),
            _ => Err(unexpected()),
        }
    }
}

fn unexpected() -> StoreError {
    StoreError("a column holds what it should not".to_owned())
}

/// An open transaction. Statements number their parameters `$1`, `$2`, … in the order in which they first stand in the
/// text, which both databases count alike.
pub trait Tx: Send {
    /// Runs a statement and gives its rows.
    fn query<'t>(&'t mut self, sql: &'static str, params: Vec<Param>) -> Later<'t, Vec<Row>>;

    /// Runs statements that take and give nothing, apart from each other by `;`.
    fn script<'t>(&'t mut self, sql: String) -> Later<'t, ()>;

    /// Runs a statement once for each of these, in any order, and gives the rows of each.
    fn each<'t>(&'t mut self, sql: &'static str, all: Vec<Vec<Param>>) -> Later<'t, Vec<Vec<Row>>>;
}
