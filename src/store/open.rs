//! Which store, and how it is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;

use super::postgres::Postgres;
use super::seal::Seal;
use super::sql::Sql;
use super::sqlite::{self, Sqlite};
use super::{Store, StoreError, StoreKey};
use crate::secret::Secret;

/// Where a store is.
#[derive(Clone, Debug)]
pub enum Place {
    /// A file of its own, SQLite's.
    File(PathBuf),
    /// The memory of the process.
    Memory,
    /// A PostgreSQL database.
    Postgres(Database),
}

/// A PostgreSQL database.
#[derive(Clone, Debug)]
pub struct Database {
    /// Where it is, without a password.
    pub url: String,
    /// The password.
    pub password: Option<Secret<String>>,
    /// Certificates to trust instead of the public ones; none: the public ones.
    pub roots: Vec<CertificateDer<'static>>,
}

impl Place {
    /// Reads `sqlite:FILE`, `sqlite::memory:` or `postgres://…`.
    ///
    /// # Errors
    /// When it is neither, with a hint.
    pub fn parse(url: &str) -> Result<Self, String> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return match url.parse::<tokio_postgres::Config>() {
                Ok(config) if config.get_password().is_some() => Err(
                    "a password does not stand in a file that is shown: `password: { env: NAME }` beside it"
                        .to_owned(),
                ),
                Ok(_) => {
                    Ok(Self::Postgres(Database { url: url.to_owned(), password: None, roots: Vec::new() }))
                }
                Err(error) => Err(format!("it is not a URL of PostgreSQL: {error}")),
            };
        }
        let Some(file) = url.strip_prefix("sqlite:") else {
            return Err(
                "a store is `sqlite:FILE`, `sqlite::memory:` or `postgres://USER@HOST/DATABASE`".to_owned()
            );
        };
        match file.strip_prefix("//").unwrap_or(file) {
            "" => Err("the file is missing: `sqlite:bridge.db`".to_owned()),
            ":memory:" => Ok(Self::Memory),
            file => Ok(Self::File(file.into())),
        }
    }

    /// Whether it outlives the process.
    pub fn lasts(&self) -> bool {
        !matches!(self, Self::Memory)
    }
}

/// Opens a store.
///
/// # Errors
/// When it cannot be trusted: another key, a newer version, damage, another process. Nothing of it is changed then.
pub async fn open(place: &Place, key: &StoreKey) -> Result<Arc<dyn Store>, StoreError> {
    let seal = Arc::new(Seal::new(key)?);
    Ok(match place {
        Place::Postgres(database) => {
            let opened = Postgres::connect(database, &seal).await?;
            Arc::new(Sql::new(opened, seal))
        }
        Place::Memory => Arc::new(Sql::new(Sqlite::memory(&seal)?, seal)),
        Place::File(path) => Arc::new(Sql::new(Sqlite::file(path, &seal)?, seal)),
    })
}

/// Puts a copy of a SQLite store where a store was or is to be, once it has been opened with this key; gives where what was there
/// before is kept.
///
/// # Errors
/// When the copy does not open with that key, or a bridge has the store open. What is there stays.
pub fn restore(from: &Path, to: &Path, key: &StoreKey) -> Result<Option<PathBuf>, StoreError> {
    sqlite::restore(from, to, &Seal::new(key)?)
}
