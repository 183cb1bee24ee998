//! Managers whom a vendor names in its own way: looked up by what the identity provider wrote, and linked once they are
//! there. Nobody is refused for a manager who is not.

use std::sync::Arc;

use compact_str::CompactString;
use tokio::time::Instant;

use super::error::MINUTE;
use super::write::Write;
use super::{Context, Error, Integration, Kind, Trail, pages, read};
use crate::emulation::manager_path;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{Op, Operation};
use crate::scim::path::Path;
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;

/// How many people one new manager may be linked to at once.
const MOST: usize = 1_000;

impl Integration {
    /// What the vendor gets, with its own name of the manager; without one where he is not there yet. `old`: what the user
    /// is there now, by id.
    pub(super) async fn with_manager(
        &self,
        resource: ResourceType,
        mut sent: Value,
        old: Option<(&str, &Value)>,
        context: &Context,
    ) -> Result<Value, Error> {
        let Some(kind) = self.profile.resource(resource).manager else { return Ok(sent) };
        let path = manager_path().with_sub("value");
        let Some(wrote) = path.get(&sent).and_then(Value::scalar_text).map(CompactString::from) else {
            return Ok(sent);
        };
        if let Some((id, before)) = old {
            let there = path.get(before).and_then(Value::scalar_text);
            let known = self.store.remainder(&self.key(resource, id)).await?;
            let entry = known
                .as_ref()
                .and_then(|known| known.0.iter().find(|entry| entry.path.same_attribute(&path)));
            let seen = entry.and_then(|entry| entry.seen.as_ref()?.get("value")?.scalar_text());
            // He is linked already, or he is whoever the vendor says.
            let linked =
                entry.is_some_and(|entry| entry.text() == Some(&wrote)) && seen.is_some() && seen == there;
            if linked || (entry.is_none() && there == Some(&wrote)) {
                let same = there.map(CompactString::from).unwrap_or_default();
                path.set(&mut sent, same);
                return Ok(sent);
            }
        }
        let found = Box::pin(self.who_is(&wrote, context)).await?;
        // At his own creation nobody is there to be his manager, and nobody becomes it later.
        let own = old.map(|(id, _)| id);
        let found = found.filter(|user| user.get("id").and_then(Value::scalar_text) != own);
        match found.and_then(|user| kind.name(&user)) {
            Some(name) => path.set(&mut sent, name),
            None => {
                context.trail.note("the manager is not there yet: he is named once he is");
                drop(manager_path().remove(&mut sent));
            }
        }
        Ok(sent)
    }

    /// Whom an identity provider means by an id, a user name or an identifier of its own; as the vendor has him.
    async fn who_is(&self, name: &str, context: &Context) -> Result<Option<Value>, Error> {
        let (resource, whole) = (ResourceType::User, Projection::default());
        let fetch = async |id: &str| {
            let why = "the manager, as the vendor has him";
            match Box::pin(read::fetch(self, resource, id, &whole, why, context)).await {
                Ok(user) => Ok(Some(user)),
                Err(error) if error.kind == Kind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        };
        if let Some(user) = fetch(name).await? {
            return Ok(Some(user));
        }
        for attribute in ["userName", "externalId"].map(AttrPath::core) {
            let mut ids = self.store.wrote(&self.name, resource, &attribute, name).await?;
            if ids.is_empty() && self.finds(resource, &attribute) {
                ids = pages::named(self, resource, &Filter::eq(attribute, name), context).await?;
            }
            if let [id] = ids.as_slice() {
                return fetch(id).await;
            }
        }
        Ok(None)
    }

    /// Whether the vendor finds users by an attribute, without a walk through all.
    fn finds(&self, resource: ResourceType, attribute: &AttrPath) -> bool {
        let filter = Filter::eq(attribute.clone(), "x");
        let (lens, remembered) = (self.lens(resource), self.remembered(resource));
        super::question(&filter, resource, lens, &self.profile, remembered).ask.is_some()
    }

    /// Links those who wait for somebody who is there now.
    pub(super) async fn link_reports(self: &Arc<Self>, id: &str, user: &Value) -> Result<(), Error> {
        let resource = ResourceType::User;
        if self.profile.resource(resource).manager.is_none() {
            return Ok(());
        }
        let names = ["userName", "externalId"].iter().filter_map(|name| user.text_at(name)).chain([id]);
        let mut waiting: Vec<(CompactString, CompactString)> = Vec::new();
        for name in names {
            for report in self.store.wrote(&self.name, resource, &manager_path(), name).await? {
                let known = self.store.remainder(&self.key(resource, &report)).await?;
                let entry = known.as_ref().and_then(|known| {
                    known.0.iter().find(|entry| entry.path.same_attribute(&manager_path()))
                });
                let entry = entry.filter(|entry| entry.seen.is_none() && report != id);
                if let Some(name) = entry.and_then(crate::remainder::Entry::text).map(CompactString::from) {
                    waiting.push((report, name));
                }
            }
        }
        waiting.truncate(MOST);
        if waiting.is_empty() {
            return Ok(());
        }
        let integration = self.clone();
        self.tasks.spawn(async move {
            for (report, name) in waiting {
                let context = Context { deadline: Instant::now() + MINUTE, trail: Trail::default() };
                let write = Write {
                    integration: &integration,
                    resource,
                    projection: Projection::default(),
                    if_match: None,
                    context: &context,
                };
                let path = Path::Attribute(manager_path().with_sub("value"));
                let link = [Operation::new(Op::Replace, path, Value::from(name))];
                if let Err(error) = write.modify(&report, &link).await {
                    let integration = integration.name.as_str();
                    tracing::warn!(integration, %error, "a manager could not be named");
                }
            }
        });
        Ok(())
    }
}
