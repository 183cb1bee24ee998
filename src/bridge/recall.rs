//! Resources that are found by what the bridge remembers: the vendor has another value there, or none.
//!
//! What is shown is what was written while it is remembered, else what the vendor has. So whoever has a value is found by
//! the two together: who is remembered with it, and whom the vendor finds by it.

use super::{Context, Error, Integration, Kind, read};
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;

/// For more than these, a walk through all is not dearer.
const MOST: usize = 20;

/// Whether a filter is about what no two resources have in common: the name of a user (RFC 7643 §4.1.1), or the identifier
/// that the identity provider gave (§3.1).
pub(super) fn is_unique(filter: &Filter) -> bool {
    filter.as_eq().is_some_and(|(path, _)| path.is_core("userName") || path.is_core("externalId"))
}

/// The resources that are remembered with the value that a filter asks for, and have it still, complete; `None` when there
/// are too many.
pub(super) async fn recalled(
    integration: &Integration,
    resource: ResourceType,
    filter: Option<&Filter>,
    projection: &Projection,
    context: &Context,
) -> Result<Option<Vec<Value>>, Error> {
    let asked = filter.filter(|filter| is_unique(filter) || super::list::is_key(filter));
    let asked = asked.and_then(|filter| Some((filter, filter.as_eq()?)));
    let Some((filter, (path, value))) = asked else { return Ok(Some(Vec::new())) };
    let (Some(text), true) = (value.as_str(), integration.remembered(resource).includes(path)) else {
        return Ok(Some(Vec::new()));
    };
    let ids = integration.store.wrote(&integration.name, resource, path, text).await?;
    if ids.len() > MOST {
        return Ok(None);
    }
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        if integration.is_buried(resource, &id).await? {
            continue;
        }
        let why = "it is remembered with the value that is asked for";
        let vendor = match Box::pin(read::fetch(integration, resource, &id, projection, why, context)).await {
            Ok(vendor) => vendor,
            Err(error) if error.kind == Kind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let canonical = integration.back(resource, vendor).await?;
        if filter.matches(&canonical, integration.catalog(resource)) {
            found.push(integration.complete(resource, canonical));
        }
    }
    Ok(Some(found))
}
