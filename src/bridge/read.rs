//! GET of one resource.

use super::{Answer, Context, Error, Integration};
use crate::emulation;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::projection::Projection;
use crate::scim::request::Request;
use crate::scim::schema::ResourceType;
use crate::scim::version;

/// Answers a GET.
pub(super) async fn read(
    integration: &Integration,
    request: &Request,
    id: &str,
    context: &Context,
) -> Result<Answer, Error> {
    let resource = request.resource;
    if integration.is_buried(resource, id).await? {
        return Err(Error::not_found());
    }
    let asked = integration.vendor_projection(resource, &request.projection);
    let canonical = match integration.keeps_accounts(resource) {
        true => Box::pin(as_it_is_or_was(integration, resource, id, &asked, context)).await?,
        false => {
            let vendor = fetch(integration, resource, id, &asked, "as it was asked for", context).await?;
            integration.back(resource, vendor).await?
        }
    };
    let complete = integration.complete(resource, canonical);
    if let (Some(condition), true) = (&request.if_none_match, request.projection.is_whole()) {
        let version = complete.get("meta").and_then(|meta| meta.text_at("version")).unwrap_or_default();
        if version::names(condition, version) {
            return Ok(Answer::Unchanged(version.to_owned()));
        }
    }
    let complete = integration.with_groups(resource, complete, &request.projection, context).await?;
    Ok(Answer::Found(integration.show(resource, complete, &request.projection)))
}

/// An account as the vendor has it; as it was, if the vendor does not have it any more.
async fn as_it_is_or_was(
    integration: &Integration,
    resource: ResourceType,
    id: &str,
    asked: &Projection,
    context: &Context,
) -> Result<Value, Error> {
    let standing = integration.standing(resource, id, asked, "as it was asked for", context).await?;
    match (standing.vendor, standing.absent) {
        (Some((vendor, true)), _) | (Some((vendor, _)), None) => integration.back(resource, vendor).await,
        (_, Some(absent)) => Ok(absent.account.clone()),
        (None, None) => Err(Error::not_found()),
    }
}

/// The vendor's own resource.
pub(super) async fn fetch(
    integration: &Integration,
    resource: ResourceType,
    id: &str,
    projection: &Projection,
    why: &'static str,
    context: &Context,
) -> Result<Value, Error> {
    let call = emulation::read(&integration.profile, resource, id, projection, why);
    let reply = integration.call(&call, context).await?;
    if !reply.is_success() {
        return Err(reply.error(&call));
    }
    let body = reply
        .body
        .filter(Value::is_object)
        .ok_or_else(|| Error::broken("a GET was answered without a resource"))?;
    // Another resource than the one asked for would be shown, or worse, changed, in its place.
    if body.get("id").and_then(Value::scalar_text) != Some(id) {
        return Err(Error::broken("a GET was answered with another resource than the one asked for"));
    }
    match projection.shows(&AttrPath::core("members")) {
        true => integration.with_members(resource, body, context).await,
        false => Ok(body),
    }
}

impl Integration {
    /// What to ask the vendor for, so that what the client asks for can be shown. What is remembered is compared with
    /// the whole; what no rule touches can be left out.
    pub(super) fn vendor_projection(&self, resource: ResourceType, projection: &Projection) -> Projection {
        if projection.is_whole() {
            return Projection::default();
        }
        let remembered = self.remembered(resource);
        match self.lens(resource).projection(projection) {
            Some(mapped) if remembered.is_nothing() => mapped,
            Some(mapped) => {
                let without = mapped.without.into_iter().filter(|path| !remembered.includes(path)).collect();
                Projection { only: Vec::new(), without }
            }
            None => Projection::default(),
        }
    }
}
