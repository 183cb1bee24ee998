//! A store in a file of its own, or in memory: SQLite, with one thread that writes.
//!
//! The thread takes what is to be written in the order in which it was asked for. A verb is done, and seen by every later
//! one, as soon as it has run; what has run lasts once the transaction around it is committed, with one `fsync` for all that
//! came meanwhile ([`Backend::sync`] waits for that). Reads of an integration that has nothing uncommitted do not pass
//! through the thread: a disk that is slow to write does not slow them.

mod copy;
mod reader;
mod writer;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use futures_util::FutureExt as _;
use rusqlite::types::{ToSqlOutput, Value as Cell, ValueRef};
use rusqlite::{Connection, ToSql};

use super::seal::Seal;
use super::sql::{Backend, Mode, Names, Param, Row, Scope, Tx, open};
use super::{Later, Mark, StoreError};

pub use copy::{backup, restore};
use reader::Readers;
use writer::{Job, Writer};

const NAMES: Names = Names { serial: "INTEGER", ever: " AUTOINCREMENT", bytes: "BLOB" };

/// SQLite.
pub struct Sqlite {
    writer: Writer,
    readers: Option<Readers>,
    /// Held as long as the store is open: two bridges on one file would not know of each other's locks.
    _lock: Option<File>,
}

impl Sqlite {
    /// Opens the store in that file; makes it if there is none.
    ///
    /// # Errors
    /// When another process has it, it is damaged, or as [`open`] says.
    pub fn file(path: &Path, seal: &Seal) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        let mut connection = connect(path)?;
        let setting = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
            PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY";
        connection.execute_batch(setting).map_err(|error| whole(path, &error))?;
        check(&connection, path)?;
        prepare(&mut connection, seal)?;
        let readers = Readers::new(path.to_owned());
        Ok(Self { writer: Writer::start(connection)?, readers: Some(readers), _lock: Some(lock) })
    }

    /// A store that is gone when the process ends.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn memory(seal: &Seal) -> Result<Self, StoreError> {
        let mut connection = Connection::open_in_memory().map_err(|error| failed(&error))?;
        connection.execute_batch("PRAGMA foreign_keys = ON").map_err(|error| failed(&error))?;
        prepare(&mut connection, seal)?;
        Ok(Self { writer: Writer::start(connection)?, readers: None, _lock: None })
    }
}

impl Backend for Sqlite {
    fn run<T, W>(&self, mode: Mode, scope: &Scope, work: W) -> Later<'_, T>
    where
        T: Send + 'static,
        W: for<'t> FnOnce(&'t mut dyn Tx) -> Later<'t, T> + Send + 'static,
    {
        if mode == Mode::Read
            && let Some(readers) = &self.readers
            && scope.last.load(Ordering::Acquire) <= self.writer.committed()
        {
            return Box::pin(std::future::ready(readers.run(|tx| at_once(work(tx)))));
        }
        let (reply, answer) = tokio::sync::oneshot::channel();
        let run = Box::new(move |tx: &mut Transaction<'_>| {
            let result = at_once(work(tx));
            let done = result.is_ok();
            // Whoever asked may have gone.
            let _ = reply.send(result);
            done
        });
        let sent = match mode {
            Mode::Read => self.writer.send(Job::Read(run)),
            Mode::Write => self.writer.send_write(&scope.last, run),
        };
        Box::pin(async move {
            sent?;
            answer.await.map_err(|_| gone())?
        })
    }

    fn mark(&self) -> Mark {
        self.writer.mark()
    }

    fn sync(&self, since: Mark) -> Later<'_, ()> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        let sent = self.writer.send(Job::Sync(since, reply));
        Box::pin(async move {
            sent?;
            answer.await.map_err(|_| gone())?
        })
    }
}

/// An open transaction.
struct Transaction<'c>(&'c mut Connection);

impl Transaction<'_> {
    fn rows(&self, sql: &'static str, params: &[Param]) -> rusqlite::Result<Vec<Row>> {
        let mut statement = self.0.prepare_cached(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let cell = |at| -> rusqlite::Result<Param> {
                Ok(match row.get::<_, Cell>(at)? {
                    Cell::Null => Param::Null,
                    Cell::Integer(value) => Param::Int(value),
                    Cell::Text(value) => Param::Text(value),
                    Cell::Blob(value) => Param::Bytes(value),
                    // No column is one.
                    Cell::Real(_) => Param::Null,
                })
            };
            all.push(Row((0..columns).map(cell).collect::<rusqlite::Result<_>>()?));
        }
        Ok(all)
    }
}

impl Tx for Transaction<'_> {
    fn query<'t>(&'t mut self, sql: &'static str, params: Vec<Param>) -> Later<'t, Vec<Row>> {
        let rows = self.rows(sql, &params).map_err(|error| failed(&error));
        Box::pin(std::future::ready(rows))
    }

    fn script<'t>(&'t mut self, sql: String) -> Later<'t, ()> {
        let done = self.0.execute_batch(&sql).map_err(|error| failed(&error));
        Box::pin(std::future::ready(done))
    }

    fn each<'t>(&'t mut self, sql: &'static str, all: Vec<Vec<Param>>) -> Later<'t, Vec<Vec<Row>>> {
        let rows = all.iter().map(|params| self.rows(sql, params)).collect::<rusqlite::Result<_>>();
        Box::pin(std::future::ready(rows.map_err(|error| failed(&error))))
    }
}

impl ToSql for Param {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
            Self::Null => ValueRef::Null,
        }))
    }
}

/// What a verb gives that never waits, as none does here.
fn at_once<T>(verb: Later<'_, T>) -> Result<T, StoreError> {
    verb.now_or_never().unwrap_or_else(|| Err(StoreError("a statement waited for something".to_owned())))
}

fn prepare(connection: &mut Connection, seal: &Seal) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(128);
    connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| failed(&error))?;
    let opened = at_once(Box::pin(open(&mut Transaction(connection), NAMES, seal)));
    let end = if opened.is_ok() { "COMMIT" } else { "ROLLBACK" };
    connection.execute_batch(end).map_err(|error| failed(&error))?;
    opened
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    Connection::open(path).map_err(|error| StoreError(format!("{}: {error}", path.display())))
}

/// Whether every page is what it should be. What it costs is far below what a start may take: it reads the file once.
fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", (), |row| row.get(0))
        .map_err(|error| whole(path, &error))?;
    if found == "ok" { Ok(()) } else { Err(damaged(path, &found)) }
}

fn whole(path: &Path, error: &rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => damaged(path, &error.to_string()),
        _ => StoreError(format!("{}: {error}", path.display())),
    }
}

fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError(format!(
        "{} is damaged ({what}); nothing in it was changed: keep a copy, and bring a backup back with `scim-bridge store restore`",
        path.display()
    ))
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let beside = beside(path);
    let with = |why: &dyn std::fmt::Display| StoreError(format!("{}: {why}", beside.display()));
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&beside)
        .map_err(|error| with(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError(format!(
            "{} is open in another process: one bridge has a file to itself; several replicas need PostgreSQL",
            path.display()
        ))),
        Err(TryLockError::Error(error)) => Err(with(&error)),
    }
}

/// The file whose lock says that the store is open.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-lock");
    name.into()
}

fn failed(error: &rusqlite::Error) -> StoreError {
    StoreError(error.to_string())
}

fn gone() -> StoreError {
    StoreError("it was closed".to_owned())
}
