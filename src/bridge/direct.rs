//! A PATCH that is translated as it stands, where that gives the same as a read, a change and a write would.

use super::membership::{self, Now, Pending};
use super::write::Write;
use super::{Error, Kind, read};
use crate::emulation::{self, Echo};
use crate::mapping::{Given, Operation};
use crate::scim::json::Value;
use crate::scim::patch::{self, Operation as PatchOperation};
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
        let remembered = integration.remembered(resource);
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
        let ours = |operation: &PatchOperation| {
            let attribute = operation.path.as_ref().and_then(crate::scim::Path::attribute);
            attribute.is_none_or(|path| remembered.includes(&lens.idp_side(&path)))
        };
        if direct.send.iter().any(ours) || (!direct.local.is_empty() && !integration.remembers) {
            return Ok(None);
        }
        let shown = if direct.send.is_empty() {
            // Nobody is told that something was done to a resource that is not there.
            let why = "the vendor gets nothing of this, but must have the resource";
            Some(read::fetch(integration, resource, id, &Projection::default(), why, self.context).await?)
        } else {
            match self.send_direct(id, operations, &direct.send).await? {
                Some(shown) => shown,
                None => return Ok(None),
            }
        };
        if !direct.local.is_empty() {
            self.remember_locally(id, &direct.local).await?;
        }
        Ok(Some(shown))
    }

    async fn send_direct(
        &self,
        id: &str,
        operations: &[PatchOperation],
        send: &[PatchOperation],
    ) -> Result<Option<Option<Value>>, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let Some(calls) = emulation::direct(&integration.profile, resource, id, send) else {
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

    /// Applies operations to what is remembered alone: attributes that the vendor never gets.
    async fn remember_locally(&self, id: &str, operations: &[PatchOperation]) -> Result<(), Error> {
        let (integration, resource) = (self.integration, self.resource);
        self.context.trail.note("the vendor does not get this attribute: it is remembered");
        let key = integration.key(resource, id);
        let known = integration.store.remainder(&key).await?;
        let mut remainder = known.map(|known| (*known).clone()).unwrap_or_default();
        let mut written = Value::object();
        for entry in &remainder.0 {
            if let Some(wrote) = &entry.wrote {
                entry.path.set(&mut written, wrote.clone());
            }
        }
        let written = patch::apply(written, operations, integration.catalog(resource))?;
        let remembered = integration.remembered(resource);
        let paths = operations.iter().filter_map(|operation| operation.path.as_ref()?.attribute());
        for path in paths.filter(|path| remembered.includes(path)) {
            let wrote = path.attribute_in(&written).filter(|value| !value.is_unassigned()).cloned();
            remainder.0.retain(|entry| !entry.path.same_attribute(&path));
            if wrote.is_some() {
                remainder.0.push(crate::remainder::Entry { path, wrote, seen: None });
            }
        }
        Ok(integration.store.keep(&key, remainder).await?)
    }
}
