//! The vendor's pages, one after the other: whole collections, and those of one name.

use std::collections::HashSet;
use std::ops::ControlFlow;

use compact_str::CompactString;

use super::list::{MAX_WALK, PAGE, Page, fetch};
use super::{Context, Error, Integration, Kind};
use crate::emulation::{self, At, Pushdown};
use crate::scim::error::{Error as ScimError, ErrorType};
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;

/// Calls `visit` with every resource that the vendor has for a filter, as the identity provider sees it, until it says
/// that it is enough.
///
/// # Errors
/// `tooMany` when there are more than `limit`; any error of a call.
pub(super) async fn for_each(
    mut pages: Pages<'_>,
    context: &Context,
    mut visit: impl FnMut(Value) -> ControlFlow<()> + Send,
) -> Result<(), Error> {
    let (integration, resource) = (pages.integration, pages.resource);
    while let Some(resources) = pages.next(context).await? {
        for (id, vendor) in resources {
            if integration.is_buried(resource, &id).await? {
                continue;
            }
            if visit(integration.back(resource, vendor).await?).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The vendor's resources for a filter that are the same by a name, as the vendor has them: what was buried, too.
pub(super) async fn named(
    integration: &Integration,
    resource: ResourceType,
    filter: &Filter,
    context: &Context,
) -> Result<Vec<CompactString>, Error> {
    let mapped = integration.lens(resource).filter(filter);
    let asked = mapped.ask.map(|ask| emulation::pushdown(&integration.profile, resource, ask));
    let asked = asked.unwrap_or(Pushdown::NOTHING);
    let fresh = Box::pin(integration.fresh(resource, Some(filter), context)).await?;
    let mut found = Vec::new();
    for ask in asked.each() {
        let mut pages = Pages::new(integration, resource, ask, MAX_WALK).with_members(false);
        while let Some(resources) = pages.next(context).await? {
            for (id, vendor) in resources {
                let canonical = integration.back(resource, vendor).await?;
                if filter.matches(&canonical, integration.catalog(resource)) && !found.contains(&id) {
                    found.push(id);
                }
            }
        }
    }
    Ok(fresh.merged_ids(integration, resource, found))
}

/// The vendor's pages, one after the other, each resource once: to the end, and no further than they bring anything new.
pub(super) struct Pages<'p> {
    integration: &'p Integration,
    resource: ResourceType,
    ask: Option<&'p Filter>,
    /// `tooMany` when there are more.
    limit: usize,
    /// Whether groups are to have their members, from a vendor that does not show them.
    members: bool,
    seen: HashSet<CompactString>,
    /// The page to ask for; `None` after the last.
    at: Option<At>,
    /// After the last come those whom the vendor does not list.
    left_out: bool,
}

impl<'p> Pages<'p> {
    pub(super) fn new(
        integration: &'p Integration,
        resource: ResourceType,
        ask: Option<&'p Filter>,
        limit: usize,
    ) -> Self {
        Self {
            integration,
            resource,
            ask,
            limit,
            members: true,
            seen: HashSet::new(),
            at: Some(integration.profile.paging.first()),
            left_out: ask.is_none() && integration.is_unlisted(resource),
        }
    }

    /// Whether groups are to have their members.
    pub(super) fn with_members(mut self, members: bool) -> Self {
        self.members = members;
        self
    }

    /// Those whom the vendor has not listed: once, after all others.
    async fn left_out(&mut self, context: &Context) -> Result<Option<Vec<(CompactString, Value)>>, Error> {
        if !std::mem::take(&mut self.left_out) {
            return Ok(None);
        }
        let (integration, resource) = (self.integration, self.resource);
        Box::pin(integration.left_out(resource, &self.seen, context)).await.map(Some)
    }

    pub(super) async fn next(
        &mut self,
        context: &Context,
    ) -> Result<Option<Vec<(CompactString, Value)>>, Error> {
        let Some(at) = self.at.take() else { return self.left_out(context).await };
        let profile = &self.integration.profile;
        let size = profile.max_count.unwrap_or(PAGE);
        let whole = Projection::default();
        let ask = self.integration.asked_by_alias(self.resource, self.ask).await?;
        let call = emulation::list(profile, self.resource, ask.as_ref(), (&at, Some(size)), None, &whole);
        let page = match fetch(self.integration, &call, &at, context).await {
            Err(error) if error.kind == Kind::NotImplemented && self.left_out => Page::nothing(),
            page => page?,
        };
        let mut new = Vec::with_capacity(page.resources.len());
        for vendor in page.resources {
            let id = CompactString::from(vendor.get("id").and_then(Value::scalar_text).unwrap_or_default());
            // A page that shifts while it is read, or is given again, repeats what was there before.
            if self.seen.insert(id.clone()) {
                let vendor = match self.members {
                    true => Box::pin(self.integration.with_members(self.resource, vendor, context)).await?,
                    false => vendor,
                };
                new.push((id, vendor));
            }
        }
        if page.total.is_some_and(|total| total > self.limit) || self.seen.len() > self.limit {
            let detail = "the vendor cannot evaluate this, and has too many resources to look through";
            return Err(ScimError::new(ErrorType::TooMany, detail).into());
        }
        let all = page.total.is_some_and(|total| self.seen.len() >= total);
        // With cursors, a page of nothing new is not the end: its records may have gone since.
        let end = all || (new.is_empty() && !matches!(at, At::Cursor(_)));
        self.at = page.next.filter(|next| !end && *next != at);
        Ok(Some(new))
    }
}
