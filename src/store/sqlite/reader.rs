//! Connections that only read, each used by one at a time.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};

use super::{Transaction, failed};
use crate::store::StoreError;

/// So many are kept open, at most: as many as read at once, for a moment.
const KEPT: usize = 8;

/// Those that nobody uses.
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub fn new(path: PathBuf) -> Self {
        Self { path, idle: Mutex::default() }
    }

    /// Runs in a transaction that sees one state of the store, on the thread that asks: what it reads is in memory, or a few
    /// pages of a file that is.
    pub fn run<T>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect().map_err(|error| failed(&error))?,
        };
        let execute = |on: &Connection, sql| on.prepare_cached(sql)?.execute(()).map(drop);
        execute(&connection, "BEGIN").map_err(|error| failed(&error))?;
        let result = work(&mut Transaction(&mut connection));
        // A connection that cannot end its transaction is not used again.
        if execute(&connection, "COMMIT").is_ok() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < KEPT {
                idle.push(connection);
            }
        }
        result
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }
}
