//! An account that is deactivated where that ends more than a flag, and one that comes back.

use std::sync::Arc;

use super::absent::Standing;
use super::write::{Write, is_off, off};
use super::{Error, Kind, read};
use crate::emulation::{self, Call, Echo, Via};
use crate::mapping::{Given, Operation};
use crate::scim::error::{Error as ScimError, ErrorType};
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{self, Op, Operation as PatchOperation};
use crate::scim::path::Path;
use crate::scim::projection::Projection;
use crate::scim::resource;
use crate::scim::schema::ResourceType;
use crate::store::{Absent, State};

/// An account of which the vendor made more than a change of attributes.
pub(super) struct Turned {
    /// As it is shown, if that is known without a look at it.
    pub(super) shown: Option<Value>,
    /// Whether it has access now.
    pub(super) access: bool,
}

/// What a client wants of a resource.
pub(super) enum Wanted<'w> {
    /// That it be this.
    Is(&'w Value),
    /// That it be changed so.
    Changed(&'w [PatchOperation]),
}

impl Wanted<'_> {
    /// Whether it may be about access.
    fn names_access(&self) -> bool {
        let about = |operation: &PatchOperation| {
            let attribute = operation.path.as_ref().and_then(Path::attribute);
            attribute.is_none_or(|path| path.is_core("active"))
        };
        match self {
            Self::Is(_) => true,
            Self::Changed(operations) => operations.iter().any(about),
        }
    }
}

impl Write<'_> {
    /// Carries out a change of an account of which the vendor makes more than a change of attributes. `None`: it is a change
    /// like any other.
    pub(super) async fn turn(&self, id: &str, wanted: &Wanted<'_>) -> Result<Option<Turned>, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let life = &integration.profile.resource(resource).life;
        if resource != ResourceType::User || !integration.remembers || !life.turns() {
            return Ok(None);
        }
        if integration.absent(resource, id).await?.is_none() && !wanted.names_access() && !life.frozen {
            return Ok(None);
        }
        let why = "the change may take access away or give it back";
        let standing = integration.standing(resource, id, &Projection::default(), why, self.context).await?;
        let (vendor, absent) = self.sorted(id, standing).await?;
        let before = match (&vendor, &absent) {
            (_, Some(absent)) => absent.account.clone(),
            (Some((vendor, _)), None) => integration.back(resource, vendor.clone()).await?,
            (None, None) => return Err(Error::not_found()),
        };
        self.check_version(&before)?;
        let (catalog, operation) = (integration.catalog(resource), wanted.operation());
        let after = match wanted {
            Wanted::Is(body) => resource::replace(&before, (*body).clone(), catalog)?,
            Wanted::Changed(operations) => patch::apply(before.clone(), operations, catalog)?,
        };
        let was_off = absent.is_some() || is_off(&before);
        let access = !is_off(&after);
        let shown = match (vendor, !access) {
            (Some((vendor, true)), true) if absent.is_some() || !was_off => {
                let shown = self.leave(id, &vendor, &before, after, operation).await?;
                return Ok(Some(Turned { shown, access }));
            }
            (_, true) if absent.is_some() || (life.frozen && was_off && after != before) => {
                self.context.trail.note("the vendor takes no change of this account now: it is remembered");
                let state = match absent.map(|absent| absent.state) {
                    None => State::Frozen,
                    Some(State::Leaving | State::Returning) => State::Left,
                    Some(state) => state,
                };
                integration.keep(resource, id, &after, state).await?;
                self.shown_as(after)
            }
            (vendor, false) if was_off => {
                let vendor = vendor.map(|(vendor, _)| vendor);
                self.come_back(id, vendor, &before, after, absent.as_deref()).await?
            }
            (Some((vendor, _)), _) => {
                let seen = self.differ(id, &vendor, &before, after, operation).await?;
                self.shown(seen).await?
            }
            (None, _) => return Err(Error::not_found()),
        };
        Ok(Some(Turned { shown: Some(shown), access }))
    }

    /// Whoever has access at the vendor is not away, unless he is just coming back.
    async fn sorted(
        &self,
        id: &str,
        standing: Standing,
    ) -> Result<(Option<(Value, bool)>, Option<Arc<Absent>>), Error> {
        let Standing { vendor, absent } = standing;
        let is_there = vendor.as_ref().is_some_and(|(_, active)| *active);
        let stays = |absent: &Arc<Absent>| !is_there || absent.state == State::Returning;
        if absent.is_some() && !absent.as_ref().is_some_and(stays) {
            let key = self.integration.key(self.resource, id);
            self.integration.store.set_absent(&key, None).await?;
            return Ok((vendor, None));
        }
        Ok((vendor, absent))
    }

    /// Takes access away, and remembers what the vendor forgets with it; gives what is shown then, if that is known.
    async fn leave(
        &self,
        id: &str,
        vendor: &Value,
        before: &Value,
        after: Value,
        operation: Operation,
    ) -> Result<Option<Value>, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let life = &integration.profile.resource(resource).life;
        if life.parks() {
            let groups = integration.memberships(id, before, self.context).await;
            integration.store.park(&integration.name, id, &groups).await?;
        }
        if !life.forgets && life.via != Via::Delete {
            // Where nothing else changes, and nothing is garbled by it, a PATCH ends without a look at what has become of it.
            let alone = patch::apply(before.clone(), &[off()], integration.catalog(resource))? == after;
            let garbles = !integration.profile.resource(resource).bounds.garbled.is_empty();
            if alone && operation == Operation::Patch && !garbles && self.projection.is_whole() {
                let body = match self.take_access(id, vendor, before).await {
                    Ok(body) => body.filter(|body| body.text_at("id") == Some(id)),
                    Err(error) => return Err(self.stays(id, error).await),
                };
                let Some(made) = body.filter(|_| integration.profile.echo == Echo::Full) else {
                    return Ok(None);
                };
                let seen = integration.lens(resource).back(made);
                integration.remember(resource, id, &after, &seen).await?;
                return self.shown(seen).await.map(Some);
            }
            let left = self.differ(id, vendor, before, after, operation).await;
            return match left {
                Ok(seen) => self.shown(seen).await.map(Some),
                Err(error) => Err(self.stays(id, error).await),
            };
        }
        // Written down before the first byte goes to the vendor: what it forgets then cannot be asked for any more.
        if life.forgets {
            integration.keep(resource, id, &after, State::Leaving).await?;
        }
        if let Err(error) = self.take_access(id, vendor, before).await {
            return Err(self.stays(id, error).await);
        }
        if life.forgets {
            integration.keep(resource, id, &after, State::Left).await?;
        }
        Ok(Some(self.shown_as(after)))
    }

    /// He did not leave: nothing waits for him to come back.
    async fn stays(&self, id: &str, error: Error) -> Error {
        let integration = self.integration;
        let key = integration.key(self.resource, id);
        let absent = integration.store.set_absent(&key, None).await;
        let parked = integration.store.unpark(&integration.name, Some(id), None).await;
        absent.and(parked).err().map_or(error, Error::from)
    }

    /// The call that takes access away, alone: what else was to change, the account has when it comes back. Gives what it is
    /// answered with.
    async fn take_access(&self, id: &str, vendor: &Value, before: &Value) -> Result<Option<Value>, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let calls = match integration.profile.resource(resource).life.via {
            Via::Delete => {
                let mut alone = vendor.clone();
                alone.set("active", false);
                integration.allow(resource, Some(vendor), Some(&alone))?;
                vec![emulation::leave(resource, id)]
            }
            Via::Change | Via::Put => {
                let alone = patch::apply(before.clone(), &[off()], integration.catalog(resource))?;
                self.difference(id, vendor, Some(before), alone, Operation::Patch).await?.calls
            }
        };
        match integration.send_all(&calls, self.context).await {
            Err(error) if error.kind == Kind::NotFound => Ok(None), // who is not there has no access
            answered => answered,
        }
    }

    /// Gives access back, and then everything that the account had.
    async fn come_back(
        &self,
        id: &str,
        vendor: Option<Value>,
        before: &Value,
        after: Value,
        absent: Option<&Absent>,
    ) -> Result<Value, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let back = integration.profile.resource(resource).life.back;
        let pending = absent.is_some_and(|absent| absent.state == State::Pending);
        if !back.change && !back.post && !pending {
            let detail = "the vendor cannot give access back: this account stays inactive";
            return Err(ScimError::new(ErrorType::Mutability, detail).into());
        }
        if absent.is_some() && !pending {
            integration.keep(resource, id, before, State::Returning).await?;
        }
        let given = match pending {
            true => self.post_again(id, &after).await,
            false => self.give_access(id, vendor, &after).await,
        };
        let vendor = match given {
            Ok(vendor) => vendor,
            Err(error) => {
                if let Some(absent) = absent.filter(|_| !error.passes()) {
                    let state = if absent.state == State::Returning { State::Left } else { absent.state };
                    integration.keep(resource, id, before, state).await?;
                }
                return Err(error);
            }
        };
        let old = integration.back(resource, vendor.clone()).await?;
        let made = self.make(id, &vendor, Some(&old), after.clone(), Operation::Replace).await?;
        let seen = integration.lens(resource).back(made);
        integration.remember(resource, id, &after, &seen).await?;
        integration.store.set_absent(&integration.key(resource, id), None).await?;
        self.shown(seen).await
    }

    /// Gives access back in the way that the vendor has for it; gives what it has then.
    async fn give_access(&self, id: &str, vendor: Option<Value>, after: &Value) -> Result<Value, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let back = integration.profile.resource(resource).life.back;
        if back.change
            && let Some(calls) = self.on_again(id, vendor.as_ref()).await?
        {
            match integration.send_all(&calls, self.context).await {
                Ok(Some(vendor))
                    if integration.profile.echo == Echo::Full && vendor.text_at("id") == Some(id) =>
                {
                    return Ok(vendor);
                }
                Ok(_) => {
                    let why = "it has access again: what else it had is compared";
                    return read::fetch(integration, resource, id, &Projection::default(), why, self.context)
                        .await
                        .map_err(Error::of_known);
                }
                Err(error) if error.kind != Kind::NotFound => return Err(error),
                Err(_) => {}
            }
        }
        if !back.post {
            return Err(Error::not_found());
        }
        self.context.trail.note("the vendor does not know this account any more: it is made again");
        self.post_again(id, after).await
    }

    /// The calls that make an account active and change nothing else; `None` when there are none without a look at it.
    async fn on_again(&self, id: &str, vendor: Option<&Value>) -> Result<Option<Vec<Call>>, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let on = [PatchOperation::new(Op::Replace, Path::Attribute(AttrPath::core("active")), true)];
        if let Some(vendor) = vendor {
            let old = integration.back(resource, vendor.clone()).await?;
            let new = patch::apply(old.clone(), &on, integration.catalog(resource))?;
            return Ok(Some(self.difference(id, vendor, Some(&old), new, Operation::Patch).await?.calls));
        }
        let given = Given { operation: Operation::Patch, ..Given::default() };
        let Ok(Some(direct)) = integration.lens(resource).direct(&on, &given) else { return Ok(None) };
        let calls = emulation::direct(
            &integration.profile,
            resource,
            id,
            &direct.send,
            integration.catalog(resource),
        );
        Ok(calls.filter(|calls| !calls.is_empty()))
    }

    /// Makes the account again; it goes on under the id that the identity provider knows.
    async fn post_again(&self, id: &str, after: &Value) -> Result<Value, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let groups = integration.groups_of(Some(id), self.context).await?;
        let (operation, moment) = (Operation::Create, integration.moment(resource)?);
        let given = Given { groups: groups.as_ref(), operation, moment, ..Given::default() };
        let sent = integration.forward(resource, after.clone(), &given, None, self.context)?;
        let noted = integration.to_note(resource, &sent, None, None);
        let (call, _) = emulation::create(&integration.profile, resource, sent);
        let reply = integration.call_by_alias(&call, Some(id), self.context).await?;
        if reply.status == 409 && self.is_there_again(id, after).await? {
            let why = "somebody made the account again at the vendor: it is this one";
            return read::fetch(integration, resource, id, &Projection::default(), why, self.context)
                .await
                .map_err(Error::of_known);
        }
        if !reply.is_success() {
            let error = reply.error(&call);
            return Err(if error.kind == Kind::NotFound { Error::misplaced() } else { error });
        }
        integration.note_sent(resource, id, noted).await?;
        let whole = reply.body.filter(|body| body.has("id") && integration.profile.echo == Echo::Full);
        match whole {
            Some(vendor) => Ok(vendor),
            None => {
                let why = "the vendor does not answer a creation with what it made";
                read::fetch(integration, resource, id, &Projection::default(), why, self.context)
                    .await
                    .map_err(Error::of_known)
            }
        }
    }
}

impl Wanted<'_> {
    pub(super) fn operation(&self) -> Operation {
        match self {
            Self::Is(_) => Operation::Replace,
            Self::Changed(_) => Operation::Patch,
        }
    }
}
