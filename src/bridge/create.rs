//! POST: the call that makes a resource, and the record that comes back to life because the vendor kept it.

use compact_str::CompactString;

use super::membership::as_group;
use super::turn::Wanted;
use super::write::{Write, is_off, off, with_members};
use super::{Answer, Error, Kind, groups, pages, read};
use crate::emulation::{self, Call, Echo, Inactive};
use crate::mapping::{Given, Operation};
use crate::remainder::Sent;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::Operation as PatchOperation;
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;
use crate::store::{GroupChange, State};

/// A creation that is about to be sent, and what follows it.
pub(super) struct Creation {
    call: Call,
    /// What this vendor does not take in it.
    then: Vec<PatchOperation>,
    /// What is remembered of what it is sent.
    noted: Option<Vec<Sent>>,
    /// Members who wait until the vendor has them.
    waiting: Vec<CompactString>,
    inactive: Option<Inactive>,
}

impl Write<'_> {
    pub(super) async fn create(&self, body: Value) -> Result<Answer, Error> {
        let (integration, resource) = (self.integration, self.resource);
        if let Some(most) = integration.profile.resource(resource).group_rules.max {
            Box::pin(groups::has_room(integration, resource, most, self.context)).await?;
        }
        if integration.is_taken(resource, &body).await? {
            let why = "an account of that name is known, which the vendor does not have now";
            return Err(Error::conflict().because(why));
        }
        let inactive = self.makes_inactive(&body);
        if inactive == Some(Inactive::Refused) {
            return Box::pin(self.put_off(body)).await;
        }
        if let Some(found) = Box::pin(self.found_before(&body)).await? {
            return Box::pin(self.adopt(&body, &found)).await;
        }
        let creation = self.creation(&body, inactive).await?;
        let reply = integration.call(&creation.call, self.context).await?;
        if reply.status == 409 && integration.may_be_buried(resource) {
            match Box::pin(self.revive(body.clone())).await {
                Err(error) if error.kind == Kind::Conflict => {}
                revived => return revived,
            }
        }
        if !reply.is_success() {
            if let Some(found) = Box::pin(self.found_after(&body, reply.status)).await? {
                return Box::pin(self.adopt(&body, &found)).await;
            }
            let error = reply.error(&creation.call);
            return Err(match error.kind {
                Kind::NotFound => Error::misplaced(),
                _ => error,
            });
        }
        let vendor = match (reply.body.filter(|body| body.has("id")), reply.located) {
            (Some(vendor), _) => vendor,
            (None, Some(id)) => {
                let why = "the vendor answered the creation without the resource";
                Box::pin(read::fetch(integration, resource, &id, &Projection::default(), why, self.context))
                    .await?
            }
            (None, None) => return Err(Error::broken("a creation was answered without an id")),
        };
        self.created(&body, creation, vendor).await
    }

    /// What a creation is made of.
    pub(super) async fn creation(&self, body: &Value, inactive: Option<Inactive>) -> Result<Creation, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let (told, waiting) = match resource {
            ResourceType::Group => integration.without_absent(None, body.clone()).await?,
            ResourceType::User => (body.clone(), Vec::new()),
        };
        let groups = integration.groups_of(None, self.context).await?;
        let (operation, moment) = (Operation::Create, integration.moment(resource)?);
        let given = Given { groups: groups.as_ref(), operation, moment, ..Given::default() };
        let sent = integration.forward(resource, told, &given, None, self.context)?;
        let sent = integration.with_manager(resource, sent, None, self.context).await?;
        integration.allow(resource, None, Some(&sent))?;
        let noted = integration.to_note(resource, &sent, None, None);
        let (call, then) = emulation::create(&integration.profile, resource, sent);
        Ok(Creation { call, then, noted, waiting, inactive })
    }

    /// Does what is to be done once the vendor has made a resource, and remembers what it cannot hold.
    pub(super) async fn created(
        &self,
        body: &Value,
        creation: Creation,
        vendor: Value,
    ) -> Result<Answer, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let Creation { call, then, noted, waiting, inactive } = creation;
        let id = vendor.get("id").and_then(Value::scalar_text).unwrap_or_default().to_owned();
        if id.is_empty() {
            return Err(Error::broken("a creation was answered without an id"));
        }
        let mut added = as_group(body).members;
        added.retain(|user| !waiting.contains(user));
        let change = GroupChange { replaced: true, added, ..GroupChange::default() };
        integration.told(resource, &id, Some(change)).await?;
        let vendor = Box::pin(self.complete_creation(&id, vendor, &then)).await?;
        call.body.iter().for_each(|sent| self.compare(sent, &vendor));
        integration.claim(resource, &id).await?;
        let vendor = if then.is_empty() && integration.hides_members(resource) {
            with_members(vendor, body)
        } else {
            vendor
        };
        let mut seen = integration.lens(resource).back(vendor);
        integration.note_sent(resource, &id, noted).await?;
        integration.remember(resource, &id, body, &seen).await?;
        // The vendor took somebody back whom it had kept.
        if integration.may_be_buried(resource) {
            integration.store.unbury(&integration.key(resource, &id)).await?;
        }
        if inactive == Some(Inactive::Ignored) && !is_off(&seen) {
            match Box::pin(self.switch_off(&id, &seen)).await {
                Ok(Some(shown)) => return Ok(Answer::Created(shown)),
                Ok(None) => seen.set("active", false),
                // It is made all the same. That it is active, the answer says.
                Err(error) => {
                    let integration = integration.name.as_str();
                    tracing::error!(integration, %error, "an account that was made could not be deactivated");
                }
            }
        }
        // It is made, and cannot be made again: what fails now is made up for in the background.
        let _ = match resource {
            ResourceType::Group => {
                integration.wait_for(&id, &waiting).await?;
                Box::pin(integration.group_made(&id, body, self.context)).await
            }
            ResourceType::User => integration.user_made(&id).await,
        };
        if resource == ResourceType::User {
            integration.link_reports(&id, body).await?;
        }
        self.shown(seen).await.map(Answer::Created)
    }

    /// What becomes of a user who is made inactive, if this one is.
    fn makes_inactive(&self, body: &Value) -> Option<Inactive> {
        let inactive = self.integration.profile.resource(self.resource).life.inactive;
        let kept = inactive != Inactive::Refused || self.integration.remembers;
        (self.resource == ResourceType::User && is_off(body) && kept).then_some(inactive)
    }

    /// The vendor makes no inactive accounts: this one is kept, and made once it is active. What could not be made then is
    /// refused now.
    async fn put_off(&self, body: Value) -> Result<Answer, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let name = AttrPath::core("userName");
        if let Some(value) = name.get(&body).cloned() {
            let named = pages::named(integration, resource, &Filter::eq(name, value), self.context).await?;
            if !named.is_empty() {
                return Err(Error::conflict());
            }
        }
        let mut active = body.clone();
        active.set("active", true);
        let given = Given { operation: Operation::Create, ..Given::default() };
        integration.forward(resource, active, &given, None, self.context)?;
        self.context.trail.note("the vendor makes no inactive accounts: this one is made once it is active");
        let key = integration.new_key(resource)?;
        let mut account = body;
        account.set("id", key.id.as_str());
        integration.keep(resource, &key.id, &account, State::Pending).await?;
        Ok(Answer::Created(self.shown_as(account)))
    }

    /// The vendor made an active account of one that shall not be: access is taken away again. Gives what is shown then,
    /// if more than that has changed.
    async fn switch_off(&self, id: &str, made: &Value) -> Result<Option<Value>, Error> {
        self.context.trail.note("the vendor made an active account of an inactive one: it is deactivated");
        let off = [off()];
        let _held = self.integration.locks.hold(self.resource, id, self.context.deadline).await?;
        if let Some(turned) = self.turn(id, &Wanted::Changed(&off)).await? {
            return Ok(turned.shown);
        }
        let seen = self.changed(id, &off).await?;
        let differs = seen.filter(|seen| seen != made);
        match differs {
            Some(seen) => self.shown(seen).await.map(Some),
            None => Ok(None),
        }
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
            if integration.profile.echo == Echo::Full {
                return Ok(vendor);
            }
            let why = "the vendor does not answer a creation with what it made";
            return read::fetch(integration, resource, id, &Projection::default(), why, self.context).await;
        }
        let calls =
            emulation::direct(&integration.profile, resource, id, then, integration.catalog(resource));
        let calls = calls.ok_or_else(|| Error::internal("a creation that cannot be completed"))?;
        integration.send_all(&calls, self.context).await.map_err(Error::of_known)?;
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
        let named = pages::named(integration, resource, &Filter::eq(name, value), self.context).await;
        // That nobody of that name was deleted is known when the look-up says so, and not when it fails.
        let named =
            named.map_err(|error| if error.passes() { error } else { Error::conflict().because(error) })?;
        let [id] = named.as_slice() else { return Err(Error::conflict()) };
        let _held = integration.locks.hold(resource, id, self.context.deadline).await?;
        if !integration.is_buried(resource, id).await? {
            return Err(Error::conflict());
        }
        self.context.trail.note(
            "the identity provider deleted this account before, and the vendor kept it: it is used again",
        );
        let mut after = body;
        if resource == ResourceType::User && !after.has("active") {
            after.set("active", true);
        }
        let whole = Projection::default();
        let before =
            read::fetch(integration, resource, id, &whole, "what the vendor kept", self.context).await?;
        let written = after.clone();
        let vendor = self.make(id, &before, None, after, Operation::Replace).await?;
        integration.store.unbury(&integration.key(resource, id)).await?;
        let seen = integration.lens(resource).back(vendor);
        integration.remember(resource, id, &written, &seen).await?;
        if resource == ResourceType::Group {
            let _ = integration.group_made(id, &written, self.context).await;
        }
        self.shown(seen).await.map(Answer::Created)
    }
}
