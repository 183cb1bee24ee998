//! POST, PUT, PATCH and DELETE: before and after, in the vendor's terms, and the call that makes the one into the other.

use super::{Answer, Context, Error, Integration, Kind, Step, membership, read};
use crate::emulation::{self, Delete};
use crate::mapping::{Given, Operation};
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{self, Operation as PatchOperation};
use crate::scim::projection::Projection;
use crate::scim::request::{Action, Request};
use crate::scim::resource;
use crate::scim::schema::ResourceType;
use crate::scim::version;

/// Carries out a write.
pub(super) async fn write(
    integration: &Integration,
    request: Request,
    context: &Context,
) -> Result<Answer, Error> {
    let Request { resource, action, projection, if_match, .. } = request;
    let change = Write { integration, resource, projection, if_match: if_match.as_deref(), context };
    match action {
        Action::Create(body) => change.create(body).await,
        Action::Replace(id, body) => change.replace(&id, body).await,
        Action::Modify(id, operations) => change.modify(&id, &operations).await,
        Action::Delete(id) => change.delete(&id).await,
        Action::Read(_) | Action::List(_) => Err(Error::internal("a write that is none")),
    }
}

struct Write<'w> {
    integration: &'w Integration,
    resource: ResourceType,
    projection: Projection,
    if_match: Option<&'w str>,
    context: &'w Context,
}

impl Write<'_> {
    async fn create(&self, body: Value) -> Result<Answer, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let groups = integration.groups_of(None, self.context).await?;
        let given = Given { groups: groups.as_ref(), old: None, operation: Operation::Create };
        let sent = integration.forward(resource, body.clone(), &given, None, self.context)?;
        let (call, then) = emulation::create(&integration.profile, resource, sent);
        let reply = integration.wire.send(&call, self.context.deadline, &self.context.trail).await?;
        if reply.status == 409 && integration.may_be_buried(resource) {
            return self.revive(body).await;
        }
        if !reply.is_success() {
            let error = reply.error(&call);
            return Err(match error.kind {
                Kind::NotFound => Error::misplaced(),
                _ => error,
            });
        }
        let vendor = match (reply.body.filter(|body| body.has("id")), reply.located) {
            (Some(vendor), _) => vendor,
            (None, Some(id)) => {
                let why = "the vendor answered the creation without the resource";
                read::fetch(integration, resource, &id, &Projection::default(), why, self.context).await?
            }
            (None, None) => return Err(Error::broken("a creation was answered without an id")),
        };
        let id = vendor.get("id").and_then(Value::scalar_text).unwrap_or_default().to_owned();
        if id.is_empty() {
            return Err(Error::broken("a creation was answered without an id"));
        }
        let vendor = self.complete_creation(&id, vendor, &then).await?;
        if resource == ResourceType::Group {
            integration.group_made(&id, &body, self.context).await?;
        }
        integration.remember(resource, &id, &body, &vendor).await?;
        self.shown(vendor).await.map(Answer::Created)
    }

    /// Does what this vendor does not take in a creation.
    async fn complete_creation(
        &self,
        id: &str,
        vendor: Value,
        then: &[PatchOperation],
    ) -> Result<Value, Error> {
        let (integration, resource) = (self.integration, self.resource);
        if then.is_empty() {
            return Ok(vendor);
        }
        let call = emulation::direct(&integration.profile, resource, id, then);
        let call = call.ok_or_else(|| Error::internal("a creation that cannot be completed"))?;
        let reply = integration.wire.send(&call, self.context.deadline, &self.context.trail).await?;
        if !reply.is_success() {
            return Err(reply.error(&call));
        }
        let why = "the creation took two steps";
        read::fetch(integration, resource, id, &Projection::default(), why, self.context).await
    }

    /// The vendor still has what the identity provider deleted: the record comes back to life, with what is written now
    /// and nothing of before.
    async fn revive(&self, body: Value) -> Result<Answer, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let name = match resource {
            ResourceType::User => AttrPath::core("userName"),
            ResourceType::Group => AttrPath::core("displayName"),
        };
        let Some(value) = name.get(&body).cloned() else { return Err(Error::conflict()) };
        let mapped = integration.lens(resource).filter(&Filter::eq(name, value));
        let pushed = mapped.ask.map(|ask| emulation::pushdown(&integration.profile, resource, ask));
        let Some(filter) = pushed.and_then(|pushed| pushed.ask) else { return Err(Error::conflict()) };
        let page = (1, Some(2));
        let whole = Projection::default();
        let call = emulation::list(&integration.profile, resource, Some(&filter), page, None, &whole);
        let reply = integration.wire.send(&call, self.context.deadline, &self.context.trail).await?;
        let found = reply
            .body
            .and_then(|mut body| body.remove("Resources"))
            .map(Value::into_items)
            .unwrap_or_default();
        let [only] = found.as_slice() else { return Err(Error::conflict()) };
        let id = only.get("id").and_then(Value::scalar_text).unwrap_or_default().to_owned();
        if !integration.is_buried(resource, &id).await? {
            return Err(Error::conflict());
        }
        self.context.trail.note(
            "the identity provider deleted this account before, and the vendor kept it: it is used again",
        );
        let mut after = body;
        if resource == ResourceType::User && !after.has("active") {
            after.set("active", true);
        }
        let _held = integration.locks.hold(resource, &id).await;
        let before =
            read::fetch(integration, resource, &id, &whole, "what the vendor kept", self.context).await?;
        let written = after.clone();
        let vendor = self.make(&id, &before, after, Operation::Replace).await?;
        integration.store.unbury(&integration.key(resource, &id)).await?;
        integration.remember(resource, &id, &written, &vendor).await?;
        self.shown(vendor).await.map(Answer::Created)
    }

    async fn replace(&self, id: &str, body: Value) -> Result<Answer, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let _held = integration.locks.hold(resource, id).await;
        let (vendor, before) =
            self.before(id, "a PUT says what shall be: what is there must be known").await?;
        let after = resource::replace(&before, body, integration.catalog(resource))?;
        let vendor = self.differ(id, &vendor, &before, after, Operation::Replace).await?;
        self.shown(vendor).await.map(Answer::Replaced)
    }

    async fn modify(&self, id: &str, operations: &[PatchOperation]) -> Result<Answer, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let _held = integration.locks.hold(resource, id).await;
        if integration.is_buried(resource, id).await? {
            return Err(Error::not_found());
        }
        if self.if_match.is_none()
            && let Some(answer) = self.direct(id, operations).await?
        {
            // "If the attributes parameter is specified, the service provider MUST return 200" with the resource.
            if matches!(answer, Answer::Modified(None)) && !self.projection.is_whole() {
                let (vendor, _) = self.before(id, "the client asks to see it").await?;
                return self.shown(vendor).await.map(|shown| Answer::Modified(Some(shown)));
            }
            return Ok(answer);
        }
        let (vendor, before) = self.before(id, "the change depends on what is there").await?;
        let after = patch::apply(before.clone(), operations, integration.catalog(resource))?;
        let vendor = self.differ(id, &vendor, &before, after, Operation::Patch).await?;
        self.shown(vendor).await.map(|shown| Answer::Modified(Some(shown)))
    }

    /// The PATCH translated as it stands, without a look at the vendor. `None` when that is not possible, or the vendor
    /// did not take it: then it is read, applied, and written as a difference.
    async fn direct(&self, id: &str, operations: &[PatchOperation]) -> Result<Option<Answer>, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let lens = integration.lens(resource);
        if resource == ResourceType::Group && !membership::is_plain(operations) {
            return Ok(None);
        }
        let remembered = integration.remembered(resource);
        let groups = match resource {
            ResourceType::User => integration.groups_of(Some(id), self.context).await?,
            ResourceType::Group => None,
        };
        let given = Given { groups: groups.as_ref(), old: None, operation: Operation::Patch };
        let Some(direct) = lens.direct(operations, &given)? else { return Ok(None) };
        let ours = |operation: &PatchOperation| {
            let attribute = operation.path.as_ref().and_then(crate::scim::Path::attribute);
            attribute.is_none_or(|path| remembered.includes(&lens.idp_side(&path)))
        };
        if direct.send.iter().any(ours) || (!direct.local.is_empty() && !integration.remembers) {
            return Ok(None);
        }
        let mut shown = None;
        if !direct.send.is_empty() {
            let Some(call) = emulation::direct(&integration.profile, resource, id, &direct.send) else {
                return Ok(None);
            };
            let reply = integration.wire.send(&call, self.context.deadline, &self.context.trail).await?;
            match reply.status {
                _ if reply.is_success() => {}
                400 | 404 | 405 | 409 | 501 => {
                    self.context.trail.note("the vendor did not take the operations as they are");
                    return Ok(None);
                }
                _ => return Err(reply.error(&call)),
            }
            shown = reply.body.filter(|body| body.get("id").and_then(Value::scalar_text) == Some(id));
        }
        if !direct.local.is_empty() {
            self.remember_locally(id, &direct.local).await?;
        }
        if resource == ResourceType::Group {
            integration.group_patched(id, operations, self.context).await?;
        }
        match shown {
            Some(vendor) => Ok(Some(Answer::Modified(Some(self.shown(vendor).await?)))),
            None => Ok(Some(Answer::Modified(None))),
        }
    }

    /// Applies operations to what is remembered alone: attributes that the vendor never gets.
    async fn remember_locally(&self, id: &str, operations: &[PatchOperation]) -> Result<(), Error> {
        let (integration, resource) = (self.integration, self.resource);
        self.context.trail.note("the vendor does not get this attribute: it is remembered");
        let key = integration.key(resource, id);
        let known = integration.store.remainder(&key).await?;
        let mut remainder = known.map(|known| (*known).clone()).unwrap_or_default();
        let mut written = Value::object();
        for entry in &remainder.0 {
            if let Some(wrote) = &entry.wrote {
                entry.path.set(&mut written, wrote.clone());
            }
        }
        let written = patch::apply(written, operations, integration.catalog(resource))?;
        for path in operations.iter().filter_map(|operation| operation.path.as_ref()?.attribute()) {
            let wrote = path.attribute_in(&written).filter(|value| !value.is_unassigned()).cloned();
            remainder.0.retain(|entry| !entry.path.same_attribute(&path));
            if wrote.is_some() {
                remainder.0.push(crate::remainder::Entry { path, wrote, seen: None });
            }
        }
        Ok(integration.store.keep(&key, remainder).await?)
    }

    async fn delete(&self, id: &str) -> Result<Answer, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let _held = integration.locks.hold(resource, id).await;
        if integration.is_buried(resource, id).await? {
            return Err(Error::not_found());
        }
        if self.if_match.is_some() {
            self.before(id, "the client says which version it has seen").await?;
        }
        let call = emulation::delete(&integration.profile, resource, id);
        let reply = integration.wire.send(&call, self.context.deadline, &self.context.trail).await?;
        // What is gone already is gone: a repeated removal succeeds.
        if !reply.is_success() && reply.status != 404 {
            return Err(reply.error(&call));
        }
        let key = integration.key(resource, id);
        if integration.profile.resource(resource).delete != Delete::Hard && reply.is_success() {
            integration.store.bury(&key).await?;
        }
        integration.store.forget(&key).await?;
        match resource {
            ResourceType::Group => integration.group_gone(id, self.context).await?,
            ResourceType::User => integration.store.forget_member(&integration.name, id).await?,
        }
        Ok(Answer::Deleted)
    }

    /// The resource as the vendor has it, and as the identity provider sees it.
    async fn before(&self, id: &str, why: &'static str) -> Result<(Value, Value), Error> {
        let (integration, resource) = (self.integration, self.resource);
        if integration.is_buried(resource, id).await? {
            return Err(Error::not_found());
        }
        let vendor =
            read::fetch(integration, resource, id, &Projection::default(), why, self.context).await?;
        let canonical = integration.back(resource, vendor.clone()).await?;
        if let Some(condition) = self.if_match {
            let complete = integration.complete(resource, canonical.clone());
            let current = complete.get("meta").and_then(|meta| meta.text_at("version")).unwrap_or_default();
            if !version::names(condition, current) {
                return Err(Error::changed());
            }
        }
        Ok((vendor, canonical))
    }

    /// Makes the vendor's resource what it shall be, remembers what it cannot hold, and gives what it is then.
    async fn differ(
        &self,
        id: &str,
        vendor: &Value,
        before: &Value,
        after: Value,
        operation: Operation,
    ) -> Result<Value, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let written = after.clone();
        let vendor = self.make(id, vendor, after, operation).await?;
        integration.remember(resource, id, &written, &vendor).await?;
        if resource == ResourceType::Group {
            integration.group_differs(id, before, &written, self.context).await?;
        }
        Ok(vendor)
    }

    async fn make(
        &self,
        id: &str,
        before: &Value,
        after: Value,
        operation: Operation,
    ) -> Result<Value, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let groups = match resource {
            ResourceType::User => integration.groups_of(Some(id), self.context).await?,
            ResourceType::Group => None,
        };
        let old = integration.lens(resource).back(before.clone());
        let given = Given { groups: groups.as_ref(), old: Some(&old), operation };
        let after = integration.forward(resource, after, &given, Some(before), self.context)?;
        let call = emulation::change(
            &integration.profile,
            resource,
            id,
            before,
            &after,
            integration.catalog(resource),
        )?;
        let Some(call) = call else {
            self.context.trail.note("nothing differs for the vendor: nothing is sent");
            return Ok(before.clone());
        };
        let reply = integration.wire.send(&call, self.context.deadline, &self.context.trail).await?;
        if !reply.is_success() {
            return Err(reply.error(&call));
        }
        match reply.body {
            Some(body) if body.get("id").and_then(Value::scalar_text) == Some(id) => Ok(body),
            Some(body) if body.has("id") => Err(Error::broken("a change was answered with another resource")),
            // What the vendor made of it, and its `meta`, only the vendor knows.
            _ => {
                let why = "the vendor answered without the resource";
                read::fetch(integration, resource, id, &Projection::default(), why, self.context).await
            }
        }
    }

    /// A resource of the vendor as the answer shows it.
    async fn shown(&self, vendor: Value) -> Result<Value, Error> {
        let canonical = self.integration.back(self.resource, vendor).await?;
        let complete = self.integration.complete(self.resource, canonical);
        Ok(self.integration.show(self.resource, complete, &self.projection))
    }
}

impl Integration {
    /// A resource in the vendor's terms, cut to what the vendor accepts.
    pub(super) fn forward(
        &self,
        resource: ResourceType,
        canonical: Value,
        given: &Given<'_>,
        before: Option<&Value>,
        context: &Context,
    ) -> Result<Value, Error> {
        let mut origins = context.trail.is_kept().then(Vec::new);
        let mapped = self.lens(resource).forward(canonical, given, before, origins.as_mut())?;
        if let Some(origins) = origins.filter(|origins| !origins.is_empty()) {
            context.trail.step(|| Step::Origins(origins));
        }
        let creates = given.operation == Operation::Create;
        let fitted =
            emulation::fit(self.profile.resource(resource), mapped, self.catalog(resource), creates)?;
        Ok(fitted)
    }
}
