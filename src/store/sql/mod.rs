//! The verbs of a store over a database: one text and one order of steps for SQLite and PostgreSQL.

mod book;
mod debts;
mod form;
mod groups;
mod intents;
mod nested;
mod open;
mod resources;
mod schema;
mod tx;
mod verbs;

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock};

use compact_str::CompactString;

use super::seal::Seal;
use super::{Later, Mark, StoreError};

use book::{Book, params};

pub(super) use open::{Names, open};
pub(super) use tx::{Param, Row, Tx};

/// Whether a verb changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// It looks something up.
    Read,
    /// It does.
    Write,
}

/// An integration, as a database knows it.
#[derive(Debug)]
pub(super) struct Scope {
    /// The number of its row.
    pub n: i64,
    /// For the backend: the number of the last write.
    pub last: AtomicU64,
}

/// A database.
pub(super) trait Backend: Send + Sync + 'static {
    /// Runs a verb in a transaction of its own. What it wrote is seen by every later verb; it lasts after [`Backend::sync`].
    fn run<T, W>(&self, mode: Mode, scope: &Scope, work: W) -> Later<'_, T>
    where
        T: Send + 'static,
        W: for<'t> FnOnce(&'t mut dyn Tx) -> Later<'t, T> + Send + 'static;

    /// See [`super::Store::mark`].
    fn mark(&self) -> Mark;

    /// See [`super::Store::sync`].
    fn sync(&self, since: Mark) -> Later<'_, ()>;
}

/// A store over a database.
pub struct Sql<B> {
    backend: B,
    seal: Arc<Seal>,
    scopes: RwLock<HashMap<CompactString, Arc<Scope>>>,
}

impl<B: Backend> Sql<B> {
    pub(super) fn new(backend: B, seal: Arc<Seal>) -> Self {
        Self { backend, seal, scopes: RwLock::default() }
    }

    /// Runs a verb of an integration.
    fn with<'a, T, W>(&'a self, mode: Mode, integration: &'a str, verb: W) -> Later<'a, T>
    where
        T: Send + 'static,
        W: for<'b> FnOnce(Book<'b>) -> Later<'b, T> + Send + 'static,
    {
        Box::pin(async move {
            let scope = self.scope(integration).await?;
            let (seal, n) = (self.seal.clone(), scope.n);
            let work = for_every(move |tx: &mut dyn Tx| {
                Box::pin(async move { verb(Book { tx, seal: &seal, scope: n }).await })
            });
            self.backend.run(mode, &scope, work).await
        })
    }

    /// The integration of that name, which has a row from now on.
    async fn scope(&self, integration: &str) -> Result<Arc<Scope>, StoreError> {
        let known = self.scopes.read().unwrap_or_else(PoisonError::into_inner).get(integration).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let name = CompactString::from(integration);
        let nobody = Scope { n: 0, last: AtomicU64::default() };
        let work = for_every(move |tx: &mut dyn Tx| {
            Box::pin(async move {
                let sql = "INSERT INTO integration (name) VALUES ($1)
                    ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING n";
                let rows = tx.query(sql, params![name.as_str()]).await?;
                rows.first().map_or_else(|| Err(StoreError("no integration".to_owned())), |row| row.int(0))
            })
        });
        let n = self.backend.run(Mode::Write, &nobody, work).await?;
        let mut scopes = self.scopes.write().unwrap_or_else(PoisonError::into_inner);
        let scope = || Arc::new(Scope { n, last: AtomicU64::default() });
        Ok(scopes.entry(integration.into()).or_insert_with(scope).clone())
    }
}

/// Has a closure taken for one of every lifetime.
fn for_every<T, W>(work: W) -> W
where
    W: for<'t> FnOnce(&'t mut dyn Tx) -> Later<'t, T> + Send + 'static,
{
    work
}
