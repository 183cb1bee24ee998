//! Resources that are found by what the bridge remembers: the vendor has another value there, or none.
//!
//! What is shown is what was written while it is remembered, else what the vendor has. So whoever has a value is found by
//! the two together: who is remembered with it, and whom the vendor finds by it.

use super::ask::{is_key, is_unique};
use super::pages::Pages;
use super::{Context, Error, Integration, Kind, read};
use crate::emulation;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;

/// For more than these, a walk through all is not dearer.
const MOST: usize = 20;

/// What is found without a walk, complete.
pub(super) enum Recalled {
    /// These, and there can be no others.
    All(Vec<Value>),
    /// These, and perhaps others that the vendor finds.
    Some(Vec<Value>),
    /// More than are worth reading one by one.
    TooMany,
}

/// The resources that are remembered with the value that a filter asks for, and have it still.
pub(super) async fn recalled(
    integration: &Integration,
    resource: ResourceType,
    filter: Option<&Filter>,
    projection: &Projection,
    context: &Context,
) -> Result<Recalled, Error> {
    let asked = filter.filter(|filter| is_unique(filter) || is_key(filter));
    let asked = asked.and_then(|filter| Some((filter, filter.as_eq()?)));
    let Some((filter, (path, value))) = asked else { return Ok(Recalled::Some(Vec::new())) };
    let (Some(text), true) = (value.as_str(), integration.remembered(resource).includes(path)) else {
        return Ok(Recalled::Some(Vec::new()));
    };
    let ids = integration.store.wrote(&integration.name, resource, path, text).await?;
    if ids.len() > MOST {
        return Ok(Recalled::TooMany);
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
    let able = integration.profile.resource(resource);
    let there = integration.lens(resource).vendor_side(path);
    if !is_unique(filter) {
        return Ok(Recalled::Some(found));
    }
    if found.is_empty() && able.unshown().is_some_and(|unshown| unshown == there) {
        found = Box::pin(by_its_word(integration, resource, (filter, path, value), context)).await?;
    }
    let all = !found.is_empty() || able.never_has(&there);
    Ok(if all { Recalled::All(found) } else { Recalled::Some(found) })
}

/// Whom the vendor finds by an attribute that it does not show: its word is all that there is.
async fn by_its_word(
    integration: &Integration,
    resource: ResourceType,
    (filter, path, value): (&Filter, &AttrPath, &Value),
    context: &Context,
) -> Result<Vec<Value>, Error> {
    let pushed = emulation::pushdown(&integration.profile, resource, filter.clone());
    let lens = integration.lens(resource);
    let mut found = Vec::new();
    let Some(ask) = pushed.ask.filter(|_| pushed.exact && lens.leaves(path)) else { return Ok(found) };
    let mut pages = Pages::new(integration, resource, Some(&ask), MOST);
    while let Some(resources) = pages.next(context).await? {
        for (id, vendor) in resources {
            if integration.is_buried(resource, &id).await? {
                continue;
            }
            let mut canonical = integration.back(resource, vendor).await?;
            // It was written otherwise since, if it is remembered with another value.
            if path.get(&canonical).is_none() {
                path.set(&mut canonical, value.clone());
                found.push(integration.complete(resource, canonical));
            }
        }
    }
    Ok(found)
}

impl Integration {
    /// What the vendor has, with what it does not show of it: what it was sent.
    pub(super) async fn unhidden(
        &self,
        resource: ResourceType,
        id: &str,
        vendor: &Value,
    ) -> Result<Value, Error> {
        let mut out = vendor.clone();
        if let Some(path) =
            self.profile.resource(resource).unshown().filter(|path| path.get(vendor).is_none())
            && let Some(remainder) = self.store.remainder(&self.key(resource, id)).await?
        {
            let wrote = remainder.0.iter().find(|entry| self.lens(resource).vendor_side(&entry.path) == path);
            if let Some(wrote) = wrote.and_then(|entry| entry.wrote.clone()) {
                path.set(&mut out, wrote);
            }
        }
        Ok(out)
    }
}
