//! A PATCH that is translated as it stands, where that gives the same as a read, a change and a write would.

use super::membership::{self, Now, Pending};
use super::write::Write;
use super::{Error, Kind, read};
use crate::emulation::{self, Echo};
use crate::mapping::{Given, Operation};
use crate::scim::json::Value;
use crate::scim::patch::Operation as PatchOperation;
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;

impl Write<'_> {
    /// The PATCH translated as it stands, without a look at the vendor. `None` when that is not possible, or the vendor
    /// did not take it: then it is read, applied, and written as a difference.
    pub(super) async fn direct(
        &self,
        id: &str,
        operations: &[PatchOperation],
    ) -> Result<Option<Option<Value>>, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let lens = integration.lens(resource);
        if resource == ResourceType::Group
            && (!membership::is_plain(operations) || integration.concern_absent(id, operations).await?)
        {
            return Ok(None);
        }
        // Whom it is about must be known first.
        if !integration.profile.resource(resource).protected.is_nothing() {
            return Ok(None);
        }
        let groups = match resource {
            ResourceType::User if lens.direct_needs_groups(operations) => {
                let groups = integration.groups_of(Some(id), self.context).await;
                let Ok(groups) = groups else { return Ok(None) };
                groups
            }
            _ => None,
        };
        let given = Given { groups: groups.as_ref(), operation: Operation::Patch, ..Given::default() };
        let Ok(Some(direct)) = lens.direct(operations, &given) else { return Ok(None) };
        if !direct.local.is_empty() && !integration.remembers {
            return Ok(None);
        }
        let catalog = integration.catalog(resource);
        let Some(send) = emulation::blind(&integration.profile, resource, &direct.send, catalog) else {
            return Ok(None);
        };
        let Some(kept) = self.to_remember(id, operations, &direct.send).await? else { return Ok(None) };
        let mut shown = if send.is_empty() {
            // Nobody is told that something was done to a resource that is not there.
            let why = "the vendor gets nothing of this, but must have the resource";
            Some(read::fetch(integration, resource, id, &Projection::default(), why, self.context).await?)
        } else {
            match self.send_direct(id, operations, send).await? {
                Some(shown) => shown,
                None => return Ok(None),
            }
        };
        if !kept.is_empty() {
            let vendor = match shown {
                Some(vendor) => vendor,
                None => {
                    let why = "what the vendor made of it decides what is remembered";
                    read::fetch(integration, resource, id, &Projection::default(), why, self.context).await?
                }
            };
            self.remember_sent(id, &kept, &lens.back(vendor.clone())).await?;
            shown = Some(vendor);
        }
        if !direct.local.is_empty() {
            self.remember_locally(id, &direct.local).await?;
        }
        Ok(Some(shown))
    }

    async fn send_direct(
        &self,
        id: &str,
        operations: &[PatchOperation],
        send: Vec<PatchOperation>,
    ) -> Result<Option<Option<Value>>, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let Some(calls) = emulation::as_they_are(&integration.profile, resource, id, send) else {
            return Ok(None);
        };
        let pending = match resource {
            ResourceType::Group => integration.expect_operations(id, operations, self.context).await?,
            ResourceType::User => Some(Pending::default()),
        };
        let Some(pending) = pending else { return Ok(None) };
        let error = match integration.send_all(&calls, self.context).await {
            Ok(body) => {
                if resource == ResourceType::Group {
                    integration.told(resource, id, Some(membership::effect(operations))).await?;
                    let now = Now::Changed(membership::effect(operations));
                    integration.done(id, pending, now, self.context).await?;
                }
                let whole = integration.profile.echo == Echo::Full && !integration.hides_members(resource);
                let shown = body.filter(|body| whole && body.text_at("id") == Some(id));
                return Ok(Some(shown));
            }
            Err(error) => error,
        };
        integration.not_done(id, pending, &error).await?;
        match error.kind {
            // Perhaps it takes the same in other words.
            Kind::Scim(_) | Kind::NotFound | Kind::Conflict | Kind::NotImplemented => {
                self.context.trail.note("the vendor did not take the operations as they are");
                Ok(None)
            }
            Kind::Outdated if integration.has_conditions() => Ok(None),
            _ => Err(error),
        }
    }
}
