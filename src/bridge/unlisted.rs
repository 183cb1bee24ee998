//! Users whom a vendor does not list, though it has them: those whom the identity provider has made or taken over through the
//! bridge are known by their ids, and read one by one. What the vendor does list is shown as well.

use std::collections::HashSet;

use compact_str::CompactString;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::{Context, Error, Integration, Kind, read};
use crate::scim::error::{Error as ScimError, ErrorType};
use crate::scim::json::Value;
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;
use crate::store::GroupChange;

/// Under this name they are remembered, among the groups whose members the vendor was told of. No group has it: an id that
/// stands in a URL has no slash.
const EVERYBODY: &str = "/Users";

/// How many are read for one question; who wants more of them asks by a name.
const MOST: usize = 2_000;
/// How many at a time.
const AT_ONCE: usize = 8;

impl Integration {
    /// Whether the vendor may leave out of a list whom it has.
    pub(super) fn is_unlisted(&self, resource: ResourceType) -> bool {
        self.remembers && self.profile.resource(resource).unlisted
    }

    /// Notes somebody whom a list may leave out.
    pub(super) async fn enlist(&self, resource: ResourceType, id: &str) -> Result<(), Error> {
        if !self.is_unlisted(resource) {
            return Ok(());
        }
        let change = GroupChange { added: vec![id.into()], ..GroupChange::default() };
        Ok(self.store.tell(&self.name, EVERYBODY, Some(change)).await?)
    }

    /// Whether there is anybody whom a list may leave out.
    pub(super) async fn knows_any(&self, resource: ResourceType) -> Result<bool, Error> {
        Ok(self.is_unlisted(resource) && !self.store.told(&self.name, EVERYBODY).await?.members.is_empty())
    }

    /// Those whom the vendor has not listed, as it has them.
    pub(super) async fn left_out(
        &self,
        resource: ResourceType,
        listed: &HashSet<CompactString>,
        context: &Context,
    ) -> Result<Vec<(CompactString, Value)>, Error> {
        let mut ids = self.store.told(&self.name, EVERYBODY).await?.members;
        ids.retain(|id| !listed.contains(id));
        if ids.len() > MOST {
            let detail = "the vendor does not list its users, and there are too many to read one by one";
            return Err(ScimError::new(ErrorType::TooMany, detail).into());
        }
        let one = async |id: CompactString| {
            let why = "the vendor does not list its users: they are read one by one";
            match read::fetch(self, resource, &id, &Projection::default(), why, context).await {
                Ok(vendor) => Ok(Some((id, vendor))),
                Err(error) if error.kind == Kind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        };
        let read: Vec<_> = stream::iter(ids).map(one).buffered(AT_ONCE).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }
}
