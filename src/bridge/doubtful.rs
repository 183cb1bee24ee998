//! A creation whose answer was lost: whether the vendor made what it was asked for.
//!
//! It is looked for by its name, and taken for the bridge's own only if it is exactly what was asked for and no older: else a
//! lost answer would take over somebody's account.

use std::time::Duration;

use super::write::Write;
use super::{Answer, Error, Integration, pages, read};
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;

/// How long a creation may be under way at a vendor whose answer was lost.
const UNDER_WAY: Duration = Duration::from_secs(30);
/// How far the vendor's clock may be from ours.
const SKEW: i64 = 5 * 60 * 1_000;

impl Integration {
    /// After which time a creation that is not found was not made.
    pub(super) fn doubt(&self) -> Duration {
        UNDER_WAY
    }
}

impl Write<'_> {
    /// What a creation made that was accepted at that time, if it is there; what is to be done after a creation is done.
    ///
    /// # Errors
    /// When the vendor cannot be asked, or has several that could be it.
    pub(super) async fn made_in_doubt(&self, body: &Value, since: i64) -> Result<Option<Answer>, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let name = match resource {
            ResourceType::User => AttrPath::core("userName"),
            ResourceType::Group => AttrPath::core("displayName"),
        };
        let Some(value) = name.get(body).cloned() else { return Ok(None) };
        let mut made = Vec::new();
        for id in pages::named(integration, resource, &Filter::eq(name, value), self.context).await? {
            if integration.is_buried(resource, &id).await? {
                continue;
            }
            let why = "what a creation may have made whose answer was lost";
            let vendor =
                read::fetch(integration, resource, &id, &Projection::default(), why, self.context).await?;
            let canonical = integration.back(resource, vendor.clone()).await?;
            let claimed = integration.store.is_claimed(&integration.key(resource, &id)).await?;
            if !claimed && self.is_made(&canonical, body, since) {
                made.push(vendor);
            }
        }
        match made.len() {
            0 => Ok(None),
            1 => {
                self.context.trail.note("the vendor had made it");
                let creation = self.creation(body, None).await?;
                self.created(body, creation, made.swap_remove(0)).await.map(Some)
            }
            _ => Err(Error::several()),
        }
    }

    /// Whether a resource is what was asked for: it bears the `externalId` that was sent, or was made since. That it has the
    /// same name says nothing: somebody's account may have had it before.
    fn is_made(&self, there: &Value, body: &Value, since: i64) -> bool {
        let external =
            |of: &Value| of.text_at("externalId").filter(|text| !text.is_empty()).map(str::to_owned);
        let created = there.get("meta").and_then(|meta| meta.text_at("created"));
        let created = created.and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let is_new = created.is_some_and(|created| created.as_millisecond() >= since - SKEW);
        match (external(there), external(body)) {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => is_new,
        }
    }
}
