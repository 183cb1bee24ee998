//! Calls in the vendor's identifiers, answers in those that the identity provider knows.
//!
//! A resource is known by the identifier that the vendor gave it first. Only what differs from that is remembered, so a
//! vendor whose identifiers stay is asked as if this were not here.

use std::collections::HashMap;

use compact_str::CompactString;

use super::wire::Reply;
use super::{Context, Error, Integration};
use crate::alias;
use crate::emulation::Call;
use crate::scim::error::Error as ScimError;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::schema::ResourceType;
use crate::store::{Key, VendorId};

/// Identifiers of one side, each with that of the other.
type Known = HashMap<(ResourceType, CompactString), Option<CompactString>>;

impl Integration {
    /// Whether any identifier of the vendor's may be another than the identity provider knows.
    pub(super) fn has_aliases(&self) -> bool {
        ResourceType::ALL.into_iter().any(|resource| self.is_aliased(resource))
    }

    fn is_aliased(&self, resource: ResourceType) -> bool {
        self.remembers && self.profile.has_aliases(resource)
    }

    /// Sends a call with the vendor's identifiers, and gives the answer with the identity provider's. What a creation makes
    /// is known as `own` from then on, if that is given.
    pub(super) async fn call_by_alias(
        &self,
        call: &Call,
        own: Option<&str>,
        context: &Context,
    ) -> Result<Reply, Error> {
        let sent = self.outward(call).await?;
        let mut reply = self.sent(&sent, context).await?;
        if reply.is_success() {
            let made = reply.body.as_ref().and_then(|body| body.text_at("id")).or(reply.located.as_deref());
            let ids = self.profile.resource(call.resource).ids;
            let now = match own {
                Some(_) => made.map(CompactString::from),
                None => ids.after(&sent, reply.body.as_ref()).filter(|now| Some(now) != sent.id.as_ref()),
            };
            if let (Some(own), Some(now)) = (own.or(call.id.as_deref()), now) {
                self.store.bind(&self.key(call.resource, own), VendorId(now)).await?;
            }
        }
        self.inward(call.resource, &mut reply).await?;
        self.settle(call, &reply);
        Ok(reply)
    }

    /// The call as the vendor understands it.
    async fn outward(&self, call: &Call) -> Result<Call, Error> {
        let mut call = call.clone();
        let mut known = Known::new();
        let resource = call.resource;
        self.each_id(&mut call, &mut |kind, id| {
            known.insert((kind, id.into()), None);
            None
        });
        for kind in ResourceType::ALL.into_iter().filter(|kind| self.is_aliased(*kind)) {
            let ids: Vec<CompactString> = of(&known, kind);
            let vendor = self.store.vendor_ids(&self.name, kind, &ids).await?;
            let as_vendors: Vec<VendorId> = ids.iter().cloned().map(VendorId).collect();
            let others = self.store.own_ids(&self.name, kind, &as_vendors).await?;
            for ((id, vendor), other) in ids.into_iter().zip(vendor).zip(others) {
                let now = match (vendor, other) {
                    (Some(VendorId(vendor)), _) => Some(vendor),
                    // The vendor calls something so that the identity provider knows by another name.
                    (None, Some(_)) => None,
                    (None, None) => Some(id.clone()),
                };
                known.insert((kind, id), now);
            }
        }
        let mut unknown = false;
        self.each_id(&mut call, &mut |kind, id| {
            let now = known.get(&(kind, id.into())).cloned().flatten();
            unknown |= now.is_none();
            now
        });
        if unknown && call.body.is_some() {
            return Err(ScimError::value("a reference names no resource that is known").into());
        }
        if let Some(id) = call.id.take() {
            let now = match self.is_aliased(resource) {
                true => known.remove(&(resource, id)).flatten(),
                false => Some(id),
            };
            call.id = Some(now.ok_or_else(Error::not_found)?);
        }
        Ok(call)
    }

    /// Shows every identifier of a call that may have another.
    fn each_id(&self, call: &mut Call, visit: &mut alias::Visit<'_>) {
        let resource = call.resource;
        let mut aliased = |kind: ResourceType, id: &str| {
            if self.is_aliased(kind) { visit(kind, id) } else { None }
        };
        if let Some(id) = &call.id {
            // It is put in its place apart, since a call about nothing known is not made.
            let _ = aliased(resource, id);
        }
        if let Some(body) = &mut call.body {
            alias::in_body(resource, body, &mut aliased);
        }
    }

    /// A filter with the vendor's identifiers. One that names nothing known finds nothing, since what is found is checked.
    pub(super) async fn asked_by_alias(
        &self,
        resource: ResourceType,
        filter: Option<&Filter>,
    ) -> Result<Option<Filter>, Error> {
        let Some(mut filter) = filter.cloned() else { return Ok(None) };
        if !self.has_aliases() {
            return Ok(Some(filter));
        }
        let mut named = Vec::new();
        alias::in_filter(resource, &mut filter, &mut |kind, id| {
            if self.is_aliased(kind) {
                named.push((kind, CompactString::from(id)));
            }
            None
        });
        let mut known = Known::new();
        for (kind, id) in named {
            let ids = [id.clone()];
            let vendor = self.store.vendor_ids(&self.name, kind, &ids).await?.pop().flatten();
            known.insert((kind, id), vendor.map(|VendorId(vendor)| vendor));
        }
        alias::in_filter(resource, &mut filter, &mut |kind, id| {
            known.get(&(kind, id.into())).cloned().flatten()
        });
        Ok(Some(filter))
    }

    /// Puts the identity provider's identifiers into an answer.
    async fn inward(&self, resource: ResourceType, reply: &mut Reply) -> Result<(), Error> {
        let mut known = Known::new();
        self.each_answered(resource, reply, &mut |kind, id| {
            known.insert((kind, id.into()), None);
            None
        });
        for kind in ResourceType::ALL.into_iter().filter(|kind| self.is_aliased(*kind)) {
            let ids: Vec<CompactString> = of(&known, kind);
            let as_vendors: Vec<VendorId> = ids.iter().cloned().map(VendorId).collect();
            let own = self.store.own_ids(&self.name, kind, &as_vendors).await?;
            let others = self.store.vendor_ids(&self.name, kind, &ids).await?;
            for ((id, own), other) in ids.into_iter().zip(own).zip(others) {
                let now = match (own, other) {
                    (Some(own), _) => own,
                    // The identity provider knows another resource by that.
                    (None, Some(_)) => self.store.mint(&self.new_key(kind)?, VendorId(id.clone())).await?,
                    (None, None) => continue,
                };
                known.insert((kind, id), Some(now));
            }
        }
        self.each_answered(resource, reply, &mut |kind, id| known.get(&(kind, id.into())).cloned().flatten());
        Ok(())
    }

    fn each_answered(&self, resource: ResourceType, reply: &mut Reply, visit: &mut alias::Visit<'_>) {
        let mut aliased = |kind: ResourceType, id: &str| {
            if self.is_aliased(kind) { visit(kind, id) } else { None }
        };
        if let Some(now) = reply.located.as_deref().and_then(|id| aliased(resource, id)) {
            reply.located = Some(now);
        }
        let Some(body) = &mut reply.body else { return };
        match body.get_mut("Resources").and_then(Value::items_mut) {
            Some(all) => all.iter_mut().for_each(|one| alias::in_resource(resource, one, &mut aliased)),
            None => alias::in_body(resource, body, &mut aliased),
        }
    }

    /// A name of our own for a resource.
    pub(super) fn new_key(&self, resource: ResourceType) -> Result<Key, Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(Error::internal)?;
        let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
        Ok(self.key(resource, &id.hyphenated().to_string()))
    }
}

/// The identifiers of one type.
fn of(known: &Known, resource: ResourceType) -> Vec<CompactString> {
    known.keys().filter(|(kind, _)| *kind == resource).map(|(_, id)| id.clone()).collect()
}
