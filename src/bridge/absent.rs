//! Accounts that the identity provider knows and the vendor does not have: they are shown as they were last, inactive.
//!
//! The vendor is asked all the same. Whoever is active there is shown as he is there: somebody gave him access behind our
//! back, and the identity provider must be able to see it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use compact_str::CompactString;

use super::write::is_off;
use super::{Context, Error, Integration, Kind, read};
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::projection::Projection;
use crate::scim::schema::{Attribute, ResourceType};
use crate::store::{Absent, State};

/// What there is of an account; at least one of both.
pub(super) struct Standing {
    /// As the vendor has it, and whether it has access there.
    pub vendor: Option<(Value, bool)>,
    /// As it was when it left.
    pub absent: Option<Arc<Absent>>,
}

/// The accounts that a list must hold besides what the vendor lists.
#[derive(Clone, Default)]
pub(super) struct Away {
    all: BTreeMap<CompactString, Arc<Absent>>,
    /// Those that the vendor lists all the same.
    listed: HashSet<CompactString>,
}

impl Integration {
    /// Whether the bridge keeps resources of that type which the vendor does not.
    pub(super) fn keeps_accounts(&self, resource: ResourceType) -> bool {
        self.remembers && self.profile.resource(resource).life.keeps_accounts()
    }

    /// The account, if the vendor does not have it.
    pub(super) async fn absent(
        &self,
        resource: ResourceType,
        id: &str,
    ) -> Result<Option<Arc<Absent>>, Error> {
        if !self.keeps_accounts(resource) {
            return Ok(None);
        }
        Ok(self.store.absent(&self.key(resource, id)).await?)
    }

    /// Keeps an account that the vendor does not.
    pub(super) async fn keep(
        &self,
        resource: ResourceType,
        id: &str,
        account: &Value,
        state: State,
    ) -> Result<(), Error> {
        let catalog = self.catalog(resource);
        let mut account = account.clone();
        // What is never shown is never kept: a password above all.
        account.retain(|name, _| catalog.core_attribute(name).is_none_or(Attribute::is_shown));
        account.set("id", id);
        Ok(self.store.set_absent(&self.key(resource, id), Some(Absent { account, state })).await?)
    }

    /// What there is of an account: with the projection, unless it may be away.
    pub(super) async fn standing(
        &self,
        resource: ResourceType,
        id: &str,
        projection: &Projection,
        why: &'static str,
        context: &Context,
    ) -> Result<Standing, Error> {
        let Some(absent) = self.absent(resource, id).await? else {
            let vendor = read::fetch(self, resource, id, projection, why, context).await?;
            return Ok(Standing { vendor: Some((vendor, true)), absent: None });
        };
        if absent.state == State::Pending {
            return Ok(Standing { vendor: None, absent: Some(absent) });
        }
        match read::fetch(self, resource, id, &Projection::default(), why, context).await {
            Ok(vendor) => {
                let active = !is_off(&self.lens(resource).back(vendor.clone()));
                Ok(Standing { vendor: Some((vendor, active)), absent: Some(absent) })
            }
            Err(error) if error.kind == Kind::NotFound => {
                context.trail.note("the vendor does not have this account any more: it is shown as it was");
                Ok(Standing { vendor: None, absent: Some(absent) })
            }
            Err(error) => Err(error),
        }
    }

    /// The accounts that the vendor does not have.
    pub(super) async fn away(&self, resource: ResourceType) -> Result<Away, Error> {
        if !self.keeps_accounts(resource) || !self.store.has_absent(&self.name, resource).await? {
            return Ok(Away::default());
        }
        let all = self.store.all_absent(&self.name, resource).await?;
        Ok(Away { all: all.into_iter().collect(), ..Away::default() })
    }

    /// Whether another account of that name is known that the vendor does not have.
    pub(super) async fn is_taken(&self, resource: ResourceType, account: &Value) -> Result<bool, Error> {
        if !self.keeps_accounts(resource) {
            return Ok(false);
        }
        let name = AttrPath::core("userName");
        let Some(value) = name.get(account).cloned() else { return Ok(false) };
        let (filter, away) = (Filter::eq(name, value), self.away(resource).await?);
        Ok(away.all.values().any(|absent| filter.matches(&absent.account, self.catalog(resource))))
    }
}

impl Away {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What the identity provider is shown of an account that the vendor lists.
    pub(super) fn or_as_it_was(&mut self, listed: Value) -> Value {
        if self.all.is_empty() {
            return listed;
        }
        let id = listed.get("id").and_then(Value::scalar_text).unwrap_or_default();
        let Some(absent) = self.all.get(id) else { return listed };
        self.listed.insert(id.into());
        if is_off(&listed) { absent.account.clone() } else { listed }
    }

    /// The accounts that the vendor has not listed, but for those of whose name it has listed another.
    pub(super) fn unlisted(self, found: &[Value]) -> impl Iterator<Item = Value> {
        let name = |user: &Value| user.text_at("userName").map(str::to_lowercase);
        let names: HashSet<String> = found.iter().filter_map(name).collect();
        let unlisted = self.all.into_iter().filter(move |(id, _)| !self.listed.contains(id));
        unlisted
            .map(|(_, absent)| absent.account.clone())
            .filter(move |account| name(account).is_none_or(|name| !names.contains(&name)))
    }
}
