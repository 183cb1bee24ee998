//! A creation of what the vendor has already: the account is found, and taken over if it is nobody else's.
//!
//! Taking over is how an account is stolen, so it is bounded. One account must match, by the case rules of the schema and
//! by the bridge's own comparison. It must not be bound to another `externalId`, nor be known to the identity provider
//! already, and its addresses must be of the domains that are allowed. What identifies it does not change in the step
//! that takes it over, nothing is taken from it, and no password is set.

use compact_str::CompactString;

use super::write::Write;
use super::{Answer, Error, Integration, Kind, pages, read};
use crate::emulation::Known;
use crate::mapping::Operation;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::{AttrPath, is_schema_urn};
use crate::scim::projection::Projection;
use crate::scim::schema::{Attribute, ResourceType};
use crate::store::VendorId;

/// What was found at the vendor.
pub(super) struct Found {
    id: CompactString,
    /// By what.
    filter: Filter,
}

impl Integration {
    /// Whether accounts that the vendor has already are taken over.
    fn adopts(&self, resource: ResourceType) -> bool {
        !self.profile.resource(resource).adoption.by.is_empty()
    }

    /// Notes that a resource is the identity provider's, where that makes a difference later.
    pub(super) async fn claim(&self, resource: ResourceType, id: &str) -> Result<(), Error> {
        self.enlist(resource, id).await?;
        if !self.adopts(resource) {
            return Ok(());
        }
        Ok(self.store.claim(&self.key(resource, id)).await?)
    }

    /// Why an account is not the one that is being made; `None`: it may be.
    async fn keeps_apart(
        &self,
        resource: ResourceType,
        there: &Value,
        body: &Value,
    ) -> Result<Option<&'static str>, Error> {
        let external =
            |of: &Value| of.text_at("externalId").filter(|text| !text.is_empty()).map(str::to_owned);
        let (theirs, ours) = (external(there), external(body));
        if theirs.is_some() && theirs != ours {
            return Ok(Some("it is bound to another externalId"));
        }
        let id = there.get("id").and_then(Value::scalar_text).unwrap_or_default();
        if theirs.is_none() && self.store.is_claimed(&self.key(resource, id)).await? {
            return Ok(Some("the identity provider knows it already, by its id"));
        }
        if resource == ResourceType::User && !(self.may_have(there) && self.may_have(body)) {
            return Ok(Some("its address is of a domain in which no account may be taken over"));
        }
        Ok(None)
    }

    /// Whether every address of an account is of a domain that is allowed, and there is one.
    fn may_have(&self, user: &Value) -> bool {
        if self.domains.is_empty() {
            return true;
        }
        let emails = user.get("emails").map(Value::items).unwrap_or_default();
        let emails = emails.iter().filter_map(|email| email.text_at("value"));
        let mut addresses =
            user.text_at("userName").filter(|name| name.contains('@')).into_iter().chain(emails).peekable();
        let allowed = |address: &str| {
            let domain = address.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
            self.domains.iter().any(|one| one.eq_ignore_ascii_case(domain))
        };
        addresses.peek().is_some() && addresses.all(allowed)
    }
}

impl Write<'_> {
    /// What the vendor has already of what is to be made, where its answer would not tell.
    ///
    /// # Errors
    /// When the vendor cannot be asked: it would be made, or taken over, without a look.
    pub(super) async fn found_before(&self, body: &Value) -> Result<Option<Found>, Error> {
        let adoption = &self.integration.profile.resource(self.resource).adoption;
        match adoption.answer {
            Known::Silently => self.find(body).await,
            Known::Conflict | Known::Status(_) => Ok(None),
        }
    }

    /// The same after the vendor refused to make it, with an error that may mean that it is there.
    pub(super) async fn found_after(&self, body: &Value, status: u16) -> Result<Option<Found>, Error> {
        let answer = self.integration.profile.resource(self.resource).adoption.answer;
        if status != 409 && answer != Known::Status(status) {
            return Ok(None);
        }
        self.find(body).await
    }

    async fn find(&self, body: &Value) -> Result<Option<Found>, Error> {
        let (integration, resource) = (self.integration, self.resource);
        for path in &integration.profile.resource(resource).adoption.by {
            let Some(value) = identifying(path, body) else { continue };
            let filter = Filter::eq(path.clone(), value);
            let mut found = Vec::new();
            for id in pages::named(integration, resource, &filter, self.context).await? {
                if !integration.is_buried(resource, &id).await? {
                    found.push(id);
                }
            }
            match found.len() {
                0 => {}
                1 => return Ok(found.pop().map(|id| Found { id, filter })),
                _ => {
                    return Err(Error::taken(&format!(
                        "the vendor has several resources with this {path}, and none of them is taken over: an \
                         administrator must leave one"
                    )));
                }
            }
        }
        Ok(None)
    }

    /// Whether the vendor has an account of the same name again; if so, it is the one that the identity provider knows.
    pub(super) async fn is_there_again(&self, id: &str, account: &Value) -> Result<bool, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let name = AttrPath::core("userName");
        let Some(value) = name.get(account).cloned() else { return Ok(false) };
        let named = pages::named(integration, resource, &Filter::eq(name, value), self.context).await?;
        let [there] = named.as_slice() else { return Ok(false) };
        let known =
            integration.store.vendor_ids(&integration.name, resource, std::slice::from_ref(there)).await?;
        let why = "who has the name of an account that comes back";
        let vendor =
            read::fetch(integration, resource, there, &Projection::default(), why, self.context).await?;
        let vendor = integration.back(resource, vendor).await?;
        let apart = integration.keeps_apart(resource, &vendor, account).await?;
        if apart.is_some() || known.iter().any(Option::is_some) {
            return Ok(false);
        }
        integration.store.bind(&integration.key(resource, id), VendorId(there.clone())).await?;
        self.tell(there, &Filter::eq(AttrPath::core("userName"), ""));
        Ok(true)
    }

    /// Takes an account over: it becomes what the identity provider wrote, but for what identifies it.
    pub(super) async fn adopt(&self, body: &Value, found: &Found) -> Result<Answer, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let Found { id, filter } = found;
        let _held = integration.locks.hold(resource, id, self.context.deadline).await?;
        let why = "what is there already, and may be taken over";
        let vendor = read::fetch(integration, resource, id, &Projection::default(), why, self.context).await;
        // It went between two questions: what is asked for can be made after all.
        let vendor = vendor.map_err(|error| match error.kind {
            Kind::NotFound => Error::conflict().because("what was there already is gone"),
            _ => error,
        })?;
        let before = integration.back(resource, vendor.clone()).await?;
        if !filter.matches(&before, integration.catalog(resource)) {
            return Err(Error::conflict().because("what was found is another by now"));
        }
        if let Some(why) = integration.keeps_apart(resource, &before, body).await? {
            return Err(Error::taken(&format!(
                "the vendor has this resource already, and it is not taken over: {why}"
            )));
        }
        let after = self.taken_over(&before, body);
        let made = self.make(id, &vendor, Some(&before), after.clone(), Operation::Replace).await?;
        let seen = integration.lens(resource).back(made);
        integration.remember(resource, id, &after, &seen).await?;
        integration.claim(resource, id).await?;
        self.tell(id, filter);
        let _ = match resource {
            ResourceType::Group => integration.group_made(id, &after, self.context).await,
            ResourceType::User => integration.user_made(id).await,
        };
        self.shown(seen).await.map(Answer::Created)
    }

    /// The operator hears of it; of whom, only where an id says nothing about somebody.
    fn tell(&self, id: &str, filter: &Filter) {
        self.context.trail.note("the vendor had this already: it is taken over");
        let resource = self.resource.name();
        let integration = self.integration.name.as_str();
        let by = filter.as_eq().map(|(path, _)| path.to_string()).unwrap_or_default();
        let personal = self.integration.profile.resource(self.resource).ids.are_personal();
        let id = if personal { "-" } else { id };
        tracing::warn!(integration, resource, id, by, "what the vendor had already was taken over");
    }

    /// What is there with what is written: nothing is taken away, and what identifies it stays.
    fn taken_over(&self, before: &Value, body: &Value) -> Value {
        let catalog = self.integration.catalog(self.resource);
        let stays = ["id", "meta", "schemas", "userName", "displayName", "emails", "externalId"];
        let identifies = |name: &str| {
            let is_name = name.eq_ignore_ascii_case("displayName") && self.resource == ResourceType::User;
            let known = stays.iter().any(|one| one.eq_ignore_ascii_case(name)) && !is_name;
            known && before.get(name).is_some_and(|value| !value.is_empty())
        };
        let mut after = before.clone();
        for (name, value) in body.members() {
            let shown = catalog.core_attribute(name).is_none_or(Attribute::is_shown);
            if identifies(name) || !shown {
                continue;
            }
            if is_schema_urn(name) && value.is_object() {
                let extension = after.entry(name);
                value.members().for_each(|(inner, value)| extension.set(inner, value.clone()));
            } else if name.eq_ignore_ascii_case("members") {
                let known = after.get(name).map(Value::items).unwrap_or_default().to_vec();
                let new = |item: &&Value| !known.iter().any(|one| one.get("value") == item.get("value"));
                let all: Vec<Value> = known.iter().chain(value.items().iter().filter(new)).cloned().collect();
                after.set(name, all);
            } else {
                after.set(name, value.clone());
            }
        }
        if self.resource == ResourceType::User && !body.has("active") {
            after.set("active", true);
        }
        after
    }

    /// Tells the operator when a vendor that makes what is there already answers with something else than it was sent.
    pub(super) fn compare(&self, sent: &Value, made: &Value) {
        let adoption = &self.integration.profile.resource(self.resource).adoption;
        if adoption.answer != Known::Silently || self.resource == ResourceType::Group {
            return;
        }
        let differs = |name: &str| {
            let (sent, made) = (sent.text_at(name), made.text_at(name));
            sent.is_some() && made.is_some() && sent.map(str::to_lowercase) != made.map(str::to_lowercase)
        };
        if ["displayName", "userName", "externalId"].into_iter().any(differs) {
            let integration = self.integration.name.as_str();
            tracing::warn!(
                integration,
                "the vendor answered a creation with other attributes than it was sent: it may have had this account before"
            );
        }
    }
}

/// The value by which something is found: of a list, that of the primary element, or of the first.
fn identifying(path: &AttrPath, body: &Value) -> Option<Value> {
    let attribute = path.attribute_in(body)?;
    let value = match &path.sub {
        None => attribute,
        Some(sub) => {
            let is_primary = |item: &&Value| item.get("primary").and_then(Value::as_bool) == Some(true);
            let items = attribute.each();
            items.iter().find(is_primary).or(items.first())?.get(sub)?
        }
    };
    Some(value.clone()).filter(|value| value.scalar_text().is_some_and(|text| !text.is_empty()))
}
