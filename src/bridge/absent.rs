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
#[derive(Default)]
pub(super) struct Away {
    all: BTreeMap<CompactString, Arc<Absent>>,
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
        Ok(Away { all: all.into_iter().collect() })
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

    /// What was found with the accounts that the vendor does not have: each in the place of what the vendor shows of it, unless
    /// it has access there, and those that it has not listed, but for those of whose name it has listed another.
    pub(super) fn merged(
        self,
        integration: &Integration,
        resource: ResourceType,
        filter: Option<&Filter>,
        found: Vec<Value>,
    ) -> Vec<Value> {
        if self.all.is_empty() {
            return found;
        }
        let catalog = integration.catalog(resource);
        let mut all = self.all;
        let name = |user: &Value| user.text_at("userName").map(str::to_lowercase);
        let mut names = HashSet::new();
        let mut out = Vec::with_capacity(found.len());
        for listed in found {
            let id = listed.get("id").and_then(Value::scalar_text).unwrap_or_default();
            if !all.contains_key(id) || !is_off(&listed) {
                all.remove(id);
                names.extend(name(&listed));
                out.push(listed);
            }
        }
        let unlisted = all.into_values().map(|absent| absent.account.clone()).filter(|account| {
            filter.is_none_or(|filter| filter.matches(account, catalog))
                && name(account).is_none_or(|name| !names.contains(&name))
        });
        out.extend(unlisted.map(|account| integration.complete(resource, account)));
        out
    }
}
