//! Members that a vendor does not show with their group: found by asking which users are in it, or remembered.

use std::collections::HashSet;

use compact_str::CompactString;

use super::membership::{self, as_group};
use super::pages::Pages;
use super::write::Write;
use super::{Context, Error, Integration};
use crate::emulation;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{Op, Operation as PatchOperation};
use crate::scim::path::Path;
use crate::scim::schema::ResourceType;
use crate::store::GroupChange;

/// A group with more members is not looked through.
const MAX_MEMBERS: usize = 100_000;
/// Members of a page, where the vendor has no bound of its own.
const PAGE: usize = 500;

impl Integration {
    /// Whether what the vendor answers may lack members of a group.
    pub(super) fn hides_members(&self, resource: ResourceType) -> bool {
        resource == ResourceType::Group && self.profile.resource(resource).members.are_hidden()
    }

    /// A resource of the vendor; a group with the members that it was not shown with.
    ///
    /// # Errors
    /// When the vendor cannot be asked: a group that seems to be empty would lose its members.
    pub(super) async fn with_members(
        &self,
        resource: ResourceType,
        mut vendor: Value,
        context: &Context,
    ) -> Result<Value, Error> {
        if !self.hides_members(resource) {
            return Ok(vendor);
        }
        let able = &self.profile.resource(resource).members;
        let id = vendor.get("id").and_then(Value::scalar_text).unwrap_or_default();
        if able.remembered {
            let told = self.store.told(&self.name, id).await?;
            vendor.set("members", emulation::as_members(told.members));
        } else if let Some((most, _)) = &able.capped {
            let shown = vendor.get("members").map_or(0, |members| members.each().len());
            if shown >= *most {
                let members = self.listed_members(id, context).await?;
                vendor.set("members", members);
            }
        } else if let Some(filter) = emulation::members_of(self.profile.resource(resource), id) {
            let mut pages = Pages::new(self, ResourceType::User, Some(&filter), MAX_MEMBERS);
            let mut ids = Vec::new();
            while let Some(users) = pages.next(context).await? {
                ids.extend(users.into_iter().map(|(id, _)| id));
            }
            vendor.set("members", in_order(ids));
        }
        Ok(vendor)
    }

    /// Whether it is remembered who is in which group, since nothing else tells.
    fn remembers_members(&self, resource: ResourceType) -> bool {
        let remembered = self.profile.resource(ResourceType::Group).members.remembered;
        resource == ResourceType::Group && self.remembers && remembered
    }

    /// Notes that the vendor was told that a group has these members in place of those.
    pub(super) async fn told_difference(
        &self,
        resource: ResourceType,
        group: &str,
        before: &Value,
        after: &Value,
    ) -> Result<(), Error> {
        if !self.remembers_members(resource) {
            return Ok(());
        }
        let added = as_group(after).members;
        let mut removed = as_group(before).members;
        removed.retain(|user| !added.contains(user));
        let change = GroupChange { added, removed, ..GroupChange::default() };
        self.told(resource, group, Some(change)).await
    }

    /// Notes what the vendor was told of the members of a group; `None`: it is gone.
    pub(super) async fn told(
        &self,
        resource: ResourceType,
        group: &str,
        change: Option<GroupChange>,
    ) -> Result<(), Error> {
        if !self.remembers_members(resource) {
            return Ok(());
        }
        Ok(self.store.tell(&self.name, group, change).await?)
    }

    /// The members of a group as the vendor lists them apart, page by page.
    async fn listed_members(&self, group: &str, context: &Context) -> Result<Vec<Value>, Error> {
        let count = self.profile.max_count.unwrap_or(PAGE);
        let (mut members, mut seen) = (Vec::new(), HashSet::new());
        while let Some(call) = emulation::page_of_members(&self.profile, group, (members.len() + 1, count)) {
            let reply = self.call(&call, context).await?;
            if !reply.is_success() {
                return Err(reply.error(&call));
            }
            let mut body = reply.body.unwrap_or_default();
            let page = body.remove("members").or(body.remove("Resources"));
            let Some(page) = page.filter(Value::is_list) else {
                return Err(Error::broken("the members of a group were listed without a list"));
            };
            let before = members.len();
            for member in page.into_items() {
                let id = member.get("value").and_then(Value::scalar_text).map(CompactString::from);
                if id.is_some_and(|id| seen.insert(id)) {
                    members.push(member);
                }
            }
            let total = body.get("totalResults").and_then(Value::as_i64);
            let all = total
                .and_then(|total| usize::try_from(total).ok())
                .is_some_and(|total| members.len() >= total);
            if all || members.len() == before {
                return Ok(members);
            }
            if members.len() > MAX_MEMBERS {
                return Err(Error::broken("a group has more members than are looked through"));
            }
        }
        Ok(members)
    }
}

/// Members that the vendor does not show with their group, in an order that does not depend on how they were found.
pub(super) fn in_order(mut ids: Vec<CompactString>) -> Value {
    ids.sort_unstable();
    emulation::as_members(ids)
}

impl Write<'_> {
    /// The group as the vendor has it, before it becomes what it shall be. Who is in it may not be known, since the bridge has
    /// told of some of them only: whoever shall leave may be there, and where everybody is named, the vendor is told of all.
    ///
    /// # Errors
    /// When the vendor cannot be told.
    pub(super) async fn with_doubtful(
        &self,
        id: &str,
        mut vendor: Value,
        operations: Option<&[PatchOperation]>,
        after: &Value,
    ) -> Result<Value, Error> {
        let (integration, resource) = (self.integration, self.resource);
        if !integration.remembers_members(resource)
            || integration.store.told(&integration.name, id).await?.all
        {
            return Ok(vendor);
        }
        let named = |vendor: &Value| as_group(vendor).members;
        let Some(operations) = operations else {
            let (after, _) = integration.without_absent(Some(id), after.clone()).await?;
            let all = after.get("members").cloned().unwrap_or_else(|| Value::from(Vec::new()));
            let path = Path::Attribute(AttrPath::core("members"));
            let replace = [PatchOperation::new(Op::Replace, path, all.clone())];
            let catalog = integration.catalog(resource);
            let Some(calls) = emulation::direct(&integration.profile, resource, id, &replace, catalog) else {
                return Ok(vendor);
            };
            self.context.trail.note("who is in the group is not known: the vendor is told of everybody");
            integration.send_all(&calls, self.context).await.map_err(Error::of_known)?;
            let change = GroupChange { replaced: true, added: named(&after), ..GroupChange::default() };
            integration.told(resource, id, Some(change)).await?;
            vendor.set("members", all);
            return Ok(vendor);
        };
        let mut members = named(&vendor);
        let leaving = membership::effect(operations).removed;
        members.extend(leaving.into_iter().filter(|user| !as_group(&vendor).members.contains(user)));
        vendor.set("members", emulation::as_members(members));
        Ok(vendor)
    }
}
