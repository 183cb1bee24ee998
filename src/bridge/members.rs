//! Members that a vendor does not show with their group: found by asking which users are in it.

use super::list::Pages;
use super::{Context, Error, Integration};
use crate::emulation;
use crate::scim::json::Value;
use crate::scim::schema::ResourceType;

/// A group with more members is not looked through.
const MAX_MEMBERS: usize = 100_000;

impl Integration {
    /// Whether the vendor shows groups without their members.
    pub(super) fn hides_members(&self, resource: ResourceType) -> bool {
        resource == ResourceType::Group && self.profile.resource(resource).members.query.is_some()
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
        let id = vendor.get("id").and_then(Value::scalar_text).unwrap_or_default();
        let filter = emulation::members_of(self.profile.resource(resource), id);
        let mut pages = Pages::new(self, ResourceType::User, filter.as_ref(), MAX_MEMBERS);
        let mut ids = Vec::new();
        while let Some(users) = pages.next(context).await? {
            ids.extend(users.into_iter().map(|(id, _)| id));
        }
        vendor.set("members", emulation::as_members(ids));
        Ok(vendor)
    }
}
