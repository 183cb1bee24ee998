//! PUT and PATCH: before and after, in the vendor's terms, and the call that makes the one into the other.

use std::sync::Arc;

use compact_str::CompactString;

use super::members::in_order;
use super::membership::{self, Now, Pending, as_group};
use super::turn::Wanted;
use super::{Answer, Context, Error, Integration, Kind, Step, read, version};
use crate::emulation::{self, Echo};
use crate::mapping::{Given, Operation};
use crate::remainder::Sent;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{self, Op, Operation as PatchOperation};
use crate::scim::path::Path;
use crate::scim::projection::Projection;
use crate::scim::request::{Action, Request};
use crate::scim::resource;
use crate::scim::schema::ResourceType;
use crate::scim::version::names;

/// Carries out a write.
pub(super) async fn write(
    integration: &Arc<Integration>,
    request: Request,
    context: &Context,
) -> Result<Answer, Error> {
    let Request { resource, action, projection, if_match, .. } = request;
    let change = Write { integration, resource, projection, if_match: if_match.as_deref(), context };
    let known = match &action {
        Action::Replace(id, _) | Action::Modify(id, _) | Action::Delete(id) => Some(id.clone()),
        _ => None,
    };
    let answer = match resource {
        ResourceType::Group if integration.flattens() => Box::pin(change.nest(action)).await,
        _ => change.carry_out(action).await,
    };
    let made = match &answer {
        Ok(Answer::Created(made)) => made.text_at("id"),
        _ => None,
    };
    if let Some(id) = known.as_deref().or(made) {
        integration.settled(resource, id);
    }
    if let (Ok(Answer::Deleted), ResourceType::User, Some(id)) = (&answer, resource, &known) {
        Box::pin(integration.leave_kept(id, context)).await?;
    }
    answer
}

/// A write under way.
pub(super) struct Write<'w> {
    pub(super) integration: &'w Arc<Integration>,
    pub(super) resource: ResourceType,
    pub(super) projection: Projection,
    pub(super) if_match: Option<&'w str>,
    pub(super) context: &'w Context,
}

impl<'w> Write<'w> {
    /// A write of what that request is about.
    pub(super) fn of(integration: &'w Arc<Integration>, request: &'w Request, context: &'w Context) -> Self {
        let (resource, projection) = (request.resource, request.projection.clone());
        Self { integration, resource, projection, if_match: request.if_match.as_deref(), context }
    }
}

impl Write<'_> {
    /// Carries out a write of one resource alone.
    pub(super) async fn carry_out(&self, action: Action) -> Result<Answer, Error> {
        match action {
            Action::Create(body) => self.create(body).await,
            Action::Replace(id, body) => self.replace(&id, body).await,
            Action::Modify(id, operations) => self.modify(&id, &operations).await,
            Action::Delete(id) => self.delete(&id).await,
            Action::Read(_) | Action::List(_) => Err(Error::internal("a write that is none")),
        }
    }

    async fn replace(&self, id: &str, body: Value) -> Result<Answer, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let held = integration.locks.hold(resource, id, self.context.deadline).await?;
        if integration.is_buried(resource, id).await? {
            return Err(Error::not_found());
        }
        if let Some(turned) = Box::pin(self.turn(id, &Wanted::Is(&body))).await? {
            drop(held);
            let Some(shown) = turned.shown else {
                return Err(Error::internal("a PUT whose end is not known"));
            };
            if turned.access {
                self.give_back(id).await?;
            }
            return Ok(Answer::Replaced(shown));
        }
        let again = integration.has_conditions().then(|| body.clone());
        let seen = match (self.replaced(id, body).await, again) {
            (Err(error), Some(body)) if error.kind == Kind::Outdated => self.replaced(id, body).await?,
            (seen, _) => seen?,
        };
        self.shown(seen).await.map(Answer::Replaced)
    }

    async fn replaced(&self, id: &str, body: Value) -> Result<Value, Error> {
        let (vendor, before) =
            self.before(id, "a PUT says what shall be: what is there must be known").await?;
        let after = resource::replace(&before, body, self.integration.catalog(self.resource))?;
        let vendor = self.with_doubtful(id, vendor, None, &after).await?;
        self.differ(id, &vendor, &before, after, Operation::Replace).await
    }

    pub(super) async fn modify(&self, id: &str, operations: &[PatchOperation]) -> Result<Answer, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let held = integration.locks.hold(resource, id, self.context.deadline).await?;
        if integration.is_buried(resource, id).await? {
            return Err(Error::not_found());
        }
        if let Some(turned) = Box::pin(self.turn(id, &Wanted::Changed(operations))).await? {
            drop(held);
            if turned.access {
                self.give_back(id).await?;
            }
            return Ok(Answer::Modified(turned.shown));
        }
        let seen = match self.changed(id, operations).await? {
            // "If the attributes parameter is specified, the service provider MUST return 200" with the resource.
            None if !self.projection.is_whole() => {
                let (vendor, _) = self.before(id, "the client asks to see it").await?;
                Some(integration.lens(resource).back(vendor))
            }
            seen => seen,
        };
        match seen {
            Some(seen) => self.shown(seen).await.map(|shown| Answer::Modified(Some(shown))),
            None => Ok(Answer::Modified(None)),
        }
    }

    /// Carries operations out, in the cheapest way that the vendor takes; gives what the rules give back of what it has
    /// then, if it says so.
    pub(super) async fn changed(
        &self,
        id: &str,
        operations: &[PatchOperation],
    ) -> Result<Option<Value>, Error> {
        if self.if_match.is_none()
            && let Some(vendor) = self.direct(id, operations).await?
        {
            return Ok(vendor.map(|vendor| self.integration.lens(self.resource).back(vendor)));
        }
        match self.applied(id, operations).await {
            // Somebody else changed it in between.
            Err(error) if error.kind == Kind::Outdated && self.integration.has_conditions() => {
                self.applied(id, operations).await
            }
            seen => seen,
        }
        .map(Some)
    }

    async fn applied(&self, id: &str, operations: &[PatchOperation]) -> Result<Value, Error> {
        let (vendor, before) = self.before(id, "the change depends on what is there").await?;
        let after = patch::apply(before.clone(), operations, self.integration.catalog(self.resource))?;
        let vendor = self.with_doubtful(id, vendor, Some(operations), &after).await?;
        self.differ(id, &vendor, &before, after, Operation::Patch).await
    }

    /// The resource as the vendor has it, and as the identity provider sees it; a group flat.
    pub(super) async fn before(&self, id: &str, why: &'static str) -> Result<(Value, Value), Error> {
        let (integration, resource) = (self.integration, self.resource);
        let fetched = read::fetch(integration, resource, id, &Projection::default(), why, self.context).await;
        if resource == ResourceType::Group
            && fetched.as_ref().is_err_and(|error| error.kind == Kind::NotFound)
        {
            integration.group_missed(id).await?;
        }
        let vendor = fetched?;
        let canonical = integration.flat(resource, vendor.clone()).await?;
        match integration.nests(resource, id).await? {
            true => self.check_version(&integration.with_nested(canonical.clone()).await?)?,
            false => self.check_version(&canonical)?,
        }
        Ok((vendor, canonical))
    }

    /// Whether it is the version that the client has seen, if it says which.
    pub(super) fn check_version(&self, canonical: &Value) -> Result<(), Error> {
        let Some(condition) = self.if_match else { return Ok(()) };
        let complete = self.integration.complete(self.resource, canonical.clone());
        let current = complete.get("meta").and_then(|meta| meta.text_at("version")).unwrap_or_default();
        if names(condition, current) { Ok(()) } else { Err(Error::changed()) }
    }

    /// Makes the vendor's resource what it shall be, remembers what it cannot hold, and gives what the rules give back of
    /// what it is then.
    pub(super) async fn differ(
        &self,
        id: &str,
        vendor: &Value,
        before: &Value,
        after: Value,
        operation: Operation,
    ) -> Result<Value, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let pending = match resource {
            ResourceType::Group => integration.expect_difference(id, before, &after, self.context).await?,
            ResourceType::User => Pending::default(),
        };
        let written = after.clone();
        let (after, waiting) = match resource {
            ResourceType::Group => integration.without_absent(Some(id), after).await?,
            ResourceType::User => (after, Vec::new()),
        };
        let made = match self.make(id, vendor, Some(before), after, operation).await {
            Ok(made) => made,
            Err(error) => {
                integration.not_done(id, pending, &error).await?;
                let certain = !error.passes() || integration.lacks_groups().await?;
                if resource == ResourceType::User && certain && is_off(&written) && !is_off(before) {
                    self.deactivate(id, vendor, before, &written).await;
                }
                return Err(error);
            }
        };
        let seen = integration.lens(resource).back(made);
        integration.remember(resource, id, &written, &seen).await?;
        if resource == ResourceType::Group {
            integration.wait_for(id, &waiting).await?;
            integration.done(id, pending, Now::Is(as_group(&written)), self.context).await?;
        }
        Ok(seen)
    }

    /// A change by which somebody loses access was refused, perhaps for something else in it: access is taken away alone.
    /// The client is told of the refusal in any case, which is about the rest.
    async fn deactivate(&self, id: &str, vendor: &Value, before: &Value, written: &Value) {
        let alone = patch::apply(before.clone(), &[off()], self.integration.catalog(self.resource));
        let Some(alone) = alone.ok().filter(|alone| alone != written) else { return };
        self.context.trail.note("what was refused takes access away: that is done alone");
        let made = self.make(id, vendor, Some(before), alone, Operation::Patch).await;
        if made.is_ok() {
            self.context.trail.relieve();
        }
        if let Err(error) = made {
            let integration = self.integration.name.as_str();
            tracing::error!(integration, %error, "an account could not be deactivated");
        }
    }

    /// `old`: what it is on the identity provider's side, unless it is made anew.
    pub(super) async fn make(
        &self,
        id: &str,
        before: &Value,
        old: Option<&Value>,
        after: Value,
        operation: Operation,
    ) -> Result<Value, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let Difference { calls, after, noted } = self.difference(id, before, old, after, operation).await?;
        if calls.is_empty() {
            integration.note_sent(resource, id, noted).await?;
            self.context.trail.note("nothing differs for the vendor: nothing is sent");
            return Ok(before.clone());
        }
        let read = version::version(before);
        let sent = integration.send_from(read, &calls, self.context).await;
        let body = sent.map_err(|error| {
            let joins = resource == ResourceType::Group && membership::gains_members(before, &after);
            if joins { error.of_members() } else { error.of_known() }
        })?;
        integration.told_difference(resource, id, before, &after).await?;
        integration.note_sent(resource, id, noted).await?;
        let body = body.filter(|_| integration.profile.echo == Echo::Full);
        match body {
            Some(body) if body.text_at("id") == Some(id) => {
                Ok(if integration.hides_members(resource) { with_members(body, &after) } else { body })
            }
            Some(body) if body.has("id") => Err(Error::broken("a change was answered with another resource")),
            // What the vendor made of it, and its `meta`, only the vendor knows.
            _ => {
                let why = "the vendor answered without the resource";
                if !integration.hides_members(resource) {
                    let whole = Projection::default();
                    return read::fetch(integration, resource, id, &whole, why, self.context).await;
                }
                // Who is in the group it was told just now.
                let others = Projection { without: vec![AttrPath::core("members")], ..Projection::default() };
                let body = read::fetch(integration, resource, id, &others, why, self.context).await?;
                Ok(with_members(body, &after))
            }
        }
    }

    /// The calls that make a resource of the vendor what it shall be on the identity provider's side.
    pub(super) async fn difference(
        &self,
        id: &str,
        before: &Value,
        old: Option<&Value>,
        after: Value,
        operation: Operation,
    ) -> Result<Difference, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let given = Given { old, operation, ..Given::default() };
        let groups = match resource {
            ResourceType::User => integration.groups_for(id, &after, &given, before, self.context).await?,
            ResourceType::Group => None,
        };
        let before = &integration.unhidden(resource, id, before).await?;
        let known = integration.noted(resource, id).await?;
        let known = known.as_deref();
        let given = Given { groups: groups.as_ref(), known, ..given };
        let after = integration.forward(resource, after, &given, Some(before), self.context)?;
        let after = integration.with_manager(resource, after, Some((id, before)), self.context).await?;
        let noted = integration.to_note(resource, &after, Some(before), known);
        let catalog = integration.catalog(resource);
        let calls = emulation::change(&integration.profile, resource, id, before, &after, catalog)?;
        if !calls.is_empty() {
            integration.allow(resource, Some(before), Some(&after))?;
        }
        Ok(Difference { calls, after, noted })
    }

    /// What the rules give back of a resource, as the answer shows it.
    pub(super) async fn shown(&self, seen: Value) -> Result<Value, Error> {
        let canonical = self.integration.restored(self.resource, seen).await?;
        Ok(self.shown_as(canonical))
    }

    /// What the identity provider knows of a resource, as the answer shows it.
    pub(super) fn shown_as(&self, canonical: Value) -> Value {
        let complete = self.integration.complete(self.resource, canonical);
        self.integration.show(self.resource, complete, &self.projection)
    }
}

/// What is to be sent so that a resource becomes another.
pub(super) struct Difference {
    pub(super) calls: Vec<emulation::Call>,
    /// What the vendor has then.
    after: Value,
    noted: Option<Vec<Sent>>,
}

impl Integration {
    /// Sends calls one after the other, up to the first that fails; gives what the last is answered with.
    pub(super) async fn send_all(
        &self,
        calls: &[emulation::Call],
        context: &Context,
    ) -> Result<Option<Value>, Error> {
        self.send_from(None, calls, context).await
    }

    /// The same, of a resource that has a version.
    pub(super) async fn send_from(
        &self,
        mut version: Option<CompactString>,
        calls: &[emulation::Call],
        context: &Context,
    ) -> Result<Option<Value>, Error> {
        let mut body = None;
        for call in calls {
            let conditional = self.conditional(call, version.as_ref(), context).await?;
            let call = conditional.as_ref().unwrap_or(call);
            let reply = self.call(call, context).await?;
            if !reply.is_success() {
                return Err(reply.error(call));
            }
            body = reply.body;
            // Each change makes another one.
            version = body.as_ref().and_then(version::version);
        }
        Ok(body)
    }

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
        let profile = self.profile.resource(resource);
        let written = (!profile.username.is_nothing()).then(|| canonical.clone());
        let mapped = self.lens(resource).forward(canonical, given, before, origins.as_mut())?;
        if let Some(origins) = origins.filter(|origins| !origins.is_empty()) {
            context.trail.step(|| Step::Origins(origins));
        }
        let mut mapped = match before {
            Some(before) if given.operation == Operation::Replace => {
                emulation::keep_defaults(profile, mapped, before)
            }
            _ => mapped,
        };
        if let Some(written) = written {
            profile.username.apply(&mut mapped, &written, before.map(|before| (before, given.old)))?;
        }
        Ok(emulation::fit(profile, mapped, self.catalog(resource), before)?)
    }
}

/// What the vendor answered, with the members that it does not show: those that it was told of, as a read shows them, so
/// that both have one version.
pub(super) fn with_members(mut body: Value, told: &Value) -> Value {
    body.set("members", in_order(as_group(told).members));
    body
}

/// `active: false`, and nothing else.
pub(super) fn off() -> PatchOperation {
    PatchOperation::new(Op::Replace, Path::Attribute(AttrPath::core("active")), false)
}

pub(super) fn is_off(user: &Value) -> bool {
    user.get("active").and_then(Value::as_bool) == Some(false)
}
