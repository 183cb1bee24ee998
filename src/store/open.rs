//! Which store, and how it is opened.

use std::path::PathBuf;
use std::sync::Arc;

use super::seal::Seal;
use super::sql::Sql;
use super::sqlite::Sqlite;
use super::{Store, StoreError, StoreKey};

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file of its own, SQLite's.
    File(PathBuf),
    /// The memory of the process.
    Memory,
}

impl Place {
    /// Reads `sqlite:FILE` or `sqlite::memory:`.
    ///
    /// # Errors
    /// When it is neither, with a hint.
    pub fn parse(url: &str) -> Result<Self, String> {
        let Some(file) = url.strip_prefix("sqlite:") else {
            return Err("a store is `sqlite:FILE` or `sqlite::memory:`".to_owned());
        };
        match file.strip_prefix("//").unwrap_or(file) {
            "" => Err("the file is missing: `sqlite:bridge.db`".to_owned()),
            ":memory:" => Ok(Self::Memory),
            file => Ok(Self::File(file.into())),
        }
    }

    /// Whether it outlives the process.
    pub fn lasts(&self) -> bool {
        *self != Self::Memory
    }
}

/// Opens a store.
///
/// # Errors
/// When it cannot be trusted: another key, a newer version, damage, another process. Nothing of it is changed then.
pub fn open(place: &Place, key: &StoreKey) -> Result<Arc<dyn Store>, StoreError> {
    let seal = Seal::new(key)?;
    Ok(match place {
        Place::Memory => Arc::new(Sql::new(Sqlite::memory(&seal)?, seal)),
        Place::File(path) => Arc::new(Sql::new(Sqlite::file(path, &seal)?, seal)),
    })
}
