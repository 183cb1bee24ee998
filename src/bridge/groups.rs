//! The groups of a user whom the vendor shows without them, found by asking which groups he is a member of; and whether there
//! is room for one more.

use super::list;
use super::pages::Pages;
use super::{Context, Error, Integration};
use crate::emulation;
use crate::scim::error::Error as ScimError;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;

/// Who is in more groups is shown without any.
const MOST: usize = 1_000;

/// Whether there is room for one more, where the vendor takes so many.
pub(super) async fn has_room(
    integration: &Integration,
    resource: ResourceType,
    most: usize,
    context: &Context,
) -> Result<(), Error> {
    let (profile, at) = (&integration.profile, integration.profile.paging.first());
    let call = emulation::list(profile, resource, None, (&at, Some(1)), None, &Projection::default());
    let page = list::fetch(integration, &call, &at, context).await?;
    match page.total {
        Some(total) if total >= most => {
            let detail = format!("the vendor takes at most {most} {}", resource.endpoint());
            Err(ScimError::value(detail).into())
        }
        _ => Ok(()),
    }
}

impl Integration {
    /// A complete user with his groups, where somebody asks for them and the vendor finds groups by their members.
    /// `groups` is no part of the version: it is not the user's own (RFC 7643 §4.1.2).
    pub(super) async fn with_groups(
        &self,
        resource: ResourceType,
        mut user: Value,
        projection: &Projection,
        context: &Context,
    ) -> Result<Value, Error> {
        let group = ResourceType::Group;
        let wanted = self.profile.resource(resource).no_groups && projection.shows(&AttrPath::core("groups"));
        if !wanted || self.profile.resource(group).unsupported {
            return Ok(user);
        }
        let id = user.text_at("id").unwrap_or_default();
        let member = AttrPath::core("members").with_sub("value");
        let asked = emulation::pushdown(&self.profile, group, Filter::eq(member, id));
        let Some(ask) = asked.ask.filter(|_| asked.exact) else { return Ok(user) };
        let mut pages = Pages::new(self, group, Some(&ask), MOST).with_members(false);
        let mut groups = Vec::new();
        while let Some(found) = pages.next(context).await? {
            for (id, vendor) in found {
                if self.is_buried(group, &id).await? {
                    continue;
                }
                let shown = self.back(group, vendor).await?;
                let mut one = Value::from_iter([
                    ("value", Value::from(id.as_str())),
                    ("$ref", Value::from(self.location(group, &id))),
                ]);
                if let Some(name) = shown.get("displayName") {
                    one.set("display", name.clone());
                }
                groups.push(one);
            }
        }
        if !groups.is_empty() {
            user.set("groups", groups);
        }
        Ok(user)
    }
}
