//! Members that a vendor does not show with their group: found by asking which users are in it.

use std::collections::HashSet;

use compact_str::CompactString;

use super::pages::Pages;
use super::{Context, Error, Integration};
use crate::emulation;
use crate::scim::json::Value;
use crate::scim::schema::ResourceType;

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
        if let Some((most, _)) = &able.capped {
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
            vendor.set("members", emulation::as_members(ids));
        }
        Ok(vendor)
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
