//! An open transaction, with the key of the store: where the verbs begin.

use compact_str::CompactString;

use super::tx::{Param, Row, Tx};
use crate::scim::ResourceType;
use crate::store::seal::Seal;
use crate::store::{StoreError, VendorId};

/// A space of ids: one of a space is never looked up as one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// What the identity provider calls resources of a type.
    Own(ResourceType),
    /// What the vendor calls them.
    Vendor(ResourceType),
}

/// Groups, as the identity provider knows them.
pub const GROUP: Space = Space::Own(ResourceType::Group);
/// Users, as the identity provider knows them.
pub const USER: Space = Space::Own(ResourceType::User);

impl Space {
    /// As it is kept.
    pub fn code(self) -> i64 {
        let of = |resource| match resource {
            ResourceType::User => 0,
            ResourceType::Group => 1,
        };
        match self {
            Self::Own(resource) => of(resource),
            Self::Vendor(resource) => 2 + of(resource),
        }
    }
}

/// Where verbs read and write.
pub struct Book<'t> {
    pub(super) tx: &'t mut dyn Tx,
    pub(super) seal: &'t Seal,
    /// The number of the integration.
    pub(super) scope: i64,
}

/// The parameters of a statement.
macro_rules! params {
    ($($param:expr),* $(,)?) => { vec![$(crate::store::sql::tx::Param::from($param)),*] };
}
pub(super) use params;

impl Book<'_> {
    /// What an id is looked up by.
    pub fn hash(&self, space: Space, id: &str) -> Vec<u8> {
        let (scope, space) = (self.scope.to_be_bytes(), space.code().to_be_bytes());
        self.seal.hash(&[b"ident", &scope, &space, id.as_bytes()])
    }

    /// Runs a statement.
    pub async fn run(&mut self, sql: &'static str, params: Vec<Param>) -> Result<Vec<Row>, StoreError> {
        self.tx.query(sql, params).await
    }

    /// Runs a statement and gives its only number, if it gives one.
    pub async fn number(&mut self, sql: &'static str, params: Vec<Param>) -> Result<Option<i64>, StoreError> {
        self.run(sql, params).await?.first().map(|row| row.int(0)).transpose()
    }

    /// Whether a statement gives anything.
    pub async fn any(&mut self, sql: &'static str, params: Vec<Param>) -> Result<bool, StoreError> {
        Ok(!self.run(sql, params).await?.is_empty())
    }

    /// The number of an id, if it has one.
    pub async fn find(&mut self, space: Space, id: &str) -> Result<Option<i64>, StoreError> {
        let hash = self.hash(space, id);
        self.number("SELECT n FROM ident WHERE hash = $1", params![hash]).await
    }

    /// The number of an id, which has one from now on.
    pub async fn name(&mut self, space: Space, id: &str) -> Result<i64, StoreError> {
        Ok(self.names(space, &[id.into()]).await?[0])
    }

    /// The numbers of ids, which have one from now on.
    pub async fn names(&mut self, space: Space, ids: &[CompactString]) -> Result<Vec<i64>, StoreError> {
        let hashes: Vec<Vec<u8>> = ids.iter().map(|id| self.hash(space, id)).collect();
        let find = "SELECT n FROM ident WHERE hash = $1";
        let known = self.tx.each(find, hashes.iter().map(|hash| params![hash.clone()]).collect()).await?;
        let mut missing = Vec::new();
        for ((id, hash), _) in ids.iter().zip(hashes).zip(&known).filter(|(_, known)| known.is_empty()) {
            let sealed = self.seal.seal(&hash, id.as_bytes())?;
            missing.push(params![self.scope, space.code(), hash, sealed]);
        }
        // The same id may be there twice: the second finds the first.
        let make = "INSERT INTO ident (integration, space, hash, sealed) VALUES ($1, $2, $3, $4)
            ON CONFLICT (hash) DO UPDATE SET space = excluded.space RETURNING n";
        let mut made = self.tx.each(make, missing).await?.into_iter();
        known
            .into_iter()
            .map(|rows| match rows.first() {
                Some(row) => row.int(0),
                None => made
                    .next()
                    .as_ref()
                    .and_then(|rows| rows.first())
                    .map_or_else(|| Err(StoreError("a name was not written".to_owned())), |row| row.int(0)),
            })
            .collect()
    }

    /// Runs a statement of which each row begins with the hash and the sealed text of an id; gives the ids, in order.
    pub async fn ids(
        &mut self,
        sql: &'static str,
        params: Vec<Param>,
    ) -> Result<Vec<CompactString>, StoreError> {
        let rows = self.run(sql, params).await?;
        let mut ids = rows.iter().map(|row| self.id(row)).collect::<Result<Vec<_>, _>>()?;
        ids.sort_unstable();
        Ok(ids)
    }

    /// The id with whose hash and sealed text a row begins.
    pub fn id(&self, row: &Row) -> Result<CompactString, StoreError> {
        let text = self.seal.open(row.bytes(0)?, row.bytes(1)?)?;
        let text = String::from_utf8(text).map_err(|_| StoreError("an id is not text".to_owned()))?;
        Ok(text.into())
    }

    /// The same, of the vendor's side.
    pub fn vendor_id(&self, row: &Row) -> Result<VendorId, StoreError> {
        Ok(VendorId(self.id(row)?))
    }

    /// What is kept of a kind beside the id of that number, sealed.
    pub fn seal(&self, kind: &str, n: i64, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.seal.seal(&place(kind, n), value)
    }

    /// What was sealed so.
    pub fn open(&self, kind: &str, n: i64, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.seal.open(&place(kind, n), sealed)
    }
}

/// Where something is kept: what a sealed value is bound to.
pub fn place(kind: &str, n: i64) -> Vec<u8> {
    let mut place = kind.as_bytes().to_vec();
    place.extend(n.to_be_bytes());
    place
}
