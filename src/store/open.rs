//! Which store, and how it is opened.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;

use super::postgres::Postgres;
use super::seal::Seal;
use super::sql::Sql;
use super::sqlite::Sqlite;
use super::{Store, StoreError, StoreKey};
use crate::secret::Secret;

/// Where a store is.
#[derive(Clone, Debug)]
pub enum Place {
    /// A file of its own, SQLite's.
    File(PathBuf),
    /// The memory of the process.
    Memory,
    /// A PostgreSQL database, by its URL, which may hold a password; and certificates to trust instead of the public ones.
    Postgres(Secret<String>, Vec<CertificateDer<'static>>),
}

impl Place {
    /// Reads `sqlite:FILE`, `sqlite::memory:` or `postgres://…`.
    ///
    /// # Errors
    /// When it is neither, with a hint.
    pub fn parse(url: &str) -> Result<Self, String> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return match url.parse::<tokio_postgres::Config>() {
                Ok(_) => Ok(Self::Postgres(Secret::new(url.to_owned()), Vec::new())),
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
        Place::Postgres(url, roots) => {
            let opened = Postgres::connect(url.expose(), roots, &seal).await?;
            Arc::new(Sql::new(opened, seal))
        }
        Place::Memory => Arc::new(Sql::new(Sqlite::memory(&seal)?, seal)),
        Place::File(path) => Arc::new(Sql::new(Sqlite::file(path, &seal)?, seal)),
    })
}
