//! A resource of the vendor, as the identity provider is shown it.

use super::{Error, Integration};
use crate::remainder::Remainder;
use crate::scim::json::{Value, same_name};
use crate::scim::name::is_schema_urn;
use crate::scim::projection::Projection;
use crate::scim::resource::list_schemas;
use crate::scim::schema::{Attribute, AttributeType, ResourceType};
use crate::scim::version;

impl Integration {
    /// What the identity provider reads of a vendor's resource, what is remembered put back: canonical, but with the
    /// vendor's own `meta` and references.
    pub(super) async fn back(&self, resource: ResourceType, vendor: Value) -> Result<Value, Error> {
        self.restored(resource, self.lens(resource).back(vendor)).await
    }

    /// The same, of what the rules have already given back.
    pub(super) async fn restored(&self, resource: ResourceType, seen: Value) -> Result<Value, Error> {
        let canonical = self.restored_flat(resource, seen).await?;
        match resource {
            ResourceType::Group if self.flattens() => self.with_nested(canonical).await,
            _ => Ok(canonical),
        }
    }

    /// A vendor's resource as the identity provider would read it if no group were within another.
    pub(super) async fn flat(&self, resource: ResourceType, vendor: Value) -> Result<Value, Error> {
        self.restored_flat(resource, self.lens(resource).back(vendor)).await
    }

    async fn restored_flat(&self, resource: ResourceType, seen: Value) -> Result<Value, Error> {
        let mut canonical = seen;
        let id = canonical.get("id").and_then(Value::scalar_text).map(str::to_owned);
        if let Some(id) = id.filter(|_| !self.remembered(resource).is_nothing())
            && let Some(remainder) = self.store.remainder(&self.key(resource, &id)).await?
        {
            remainder.restore(&mut canonical);
        }
        if resource == ResourceType::Group && self.parks() {
            return self.with_parked(canonical).await;
        }
        Ok(canonical)
    }

    /// Remembers what the vendor cannot hold of what was written. `seen` is what the rules give back of what it holds.
    pub(super) async fn remember(
        &self,
        resource: ResourceType,
        id: &str,
        written: &Value,
        seen: &Value,
    ) -> Result<(), Error> {
        let which = self.remembered(resource);
        if which.is_nothing() {
            return Ok(());
        }
        let remainder = Remainder::of(which, written, seen, self.catalog(resource))
            .with_sent(self.noted(resource, id).await?.map(|known| known.all_sent()).unwrap_or_default());
        Ok(self.store.keep(&self.key(resource, id), remainder).await?)
    }

    /// The resource complete: `schemas`, `id`, `meta` and references as RFC 7643 wants them, under our own URL; nothing
    /// that is never shown.
    pub(super) fn complete(&self, resource: ResourceType, mut canonical: Value) -> Value {
        let catalog = self.catalog(resource);
        let id = canonical.get("id").and_then(Value::scalar_text).unwrap_or_default().to_owned();
        canonical.retain(|name, value| {
            if value.is_null() {
                return false;
            }
            match catalog.core_attribute(name) {
                Some(attribute) if !attribute.is_shown() => return false,
                Some(attribute) if attribute.kind == AttributeType::Complex => {
                    self.own_references(name, value);
                }
                Some(_) => {}
                None if value.is_object() => {
                    let schema = catalog.extension(name);
                    let known = |name: &str| schema.and_then(|schema| schema.attribute(name));
                    value.retain(|name, value| {
                        self.own_references(name, value);
                        !value.is_null() && known(name).is_none_or(Attribute::is_shown)
                    });
                    let is_extension = schema.is_some() || is_schema_urn(name);
                    return !is_extension || value.members().len() > 0;
                }
                None => {}
            }
            true
        });
        list_schemas(&mut canonical, catalog);
        canonical.set("id", id.as_str());
        let location = self.location(resource, &id);
        let meta = canonical.entry("meta");
        if !meta.is_object() {
            *meta = Value::object();
        }
        meta.set("resourceType", resource.name());
        meta.set("location", location);
        let version = version::version(&mut canonical);
        canonical.entry("meta").set("version", version);
        canonical
    }

    /// A complete resource with what was asked for. The version is of the whole, so a part has none.
    pub(super) fn show(&self, resource: ResourceType, mut complete: Value, projection: &Projection) -> Value {
        if !projection.is_whole() {
            complete.entry("meta").remove("version");
            projection.apply(&mut complete, self.catalog(resource));
        }
        complete
    }

    /// The URL of a resource.
    pub fn location(&self, resource: ResourceType, id: &str) -> String {
        let endpoint = resource.endpoint();
        let mut url = String::with_capacity(self.base.len() + endpoint.len() + id.len() + 2);
        url.extend([&self.base, "/", endpoint, "/"]);
        url.extend(percent_encoding::utf8_percent_encode(id, SEGMENT));
        url
    }

    /// References point at the bridge: the vendor's own URLs mean nothing to the identity provider. There is one wherever
    /// it is sure of which type the resource is.
    fn own_references(&self, name: &str, value: &mut Value) {
        let is = |known: &str| same_name(name, known);
        match value.items_mut() {
            Some(items) if is("members") => {
                for item in items {
                    match item.text_at("type") {
                        Some("Group") => self.refer(item, ResourceType::Group),
                        Some("User") => self.refer(item, ResourceType::User),
                        _ if item.has("$ref") => self.refer(item, ResourceType::User),
                        _ => {}
                    }
                }
            }
            // Here `type` says whether the membership is direct.
            Some(items) if is("groups") => {
                items.iter_mut().for_each(|item| self.refer(item, ResourceType::Group));
            }
            None if is("manager") => self.refer(value, ResourceType::User),
            _ => {}
        }
    }

    fn refer(&self, element: &mut Value, resource: ResourceType) {
        if let Some(url) =
            element.get("value").and_then(Value::scalar_text).map(|id| self.location(resource, id))
        {
            element.set("$ref", url);
        }
    }
}

/// What stands in a path segment as it is.
const SEGMENT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b'+');
