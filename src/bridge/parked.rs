//! Memberships of those who are away: the identity provider reads and changes them, and the vendor gets them when the account
//! comes back.

use std::collections::HashSet;
use std::time::Duration;

use compact_str::CompactString;
use tokio::time::{Instant, timeout_at};

use super::pages::Pages;
use super::write::Write;
use super::{Context, Error, Integration, Kind, membership};
use crate::emulation::{self, Pushdown};
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{Op, Operation as PatchOperation};
use crate::scim::path::Path;
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;
use crate::store::State;

/// How long the groups of somebody may be looked for. Access is taken away then, whatever was found.
const SEARCH: Duration = Duration::from_secs(5);
/// How many groups are looked through.
const MAX_GROUPS: usize = 20_000;

impl Integration {
    /// Whether memberships wait for those who are away.
    pub(super) fn parks(&self) -> bool {
        self.remembers && self.profile.resource(ResourceType::User).life.parks()
    }

    /// The group with the members who wait for it.
    pub(super) async fn with_parked(&self, mut group: Value) -> Result<Value, Error> {
        let id = group.get("id").and_then(Value::scalar_text).unwrap_or_default();
        let mut waiting = self.store.parked_in(&self.name, id).await?;
        if waiting.is_empty() {
            return Ok(group);
        }
        let shown: HashSet<&str> =
            items(&group).iter().filter_map(|item| item.get("value")?.scalar_text()).collect();
        waiting.retain(|user| !shown.contains(user.as_str()));
        let mut all = items(&group).to_vec();
        all.extend(emulation::as_members(waiting).into_items());
        group.set("members", all);
        Ok(group)
    }

    /// The group without those whom the vendor cannot be told of now, and who they are.
    pub(super) async fn without_absent(
        &self,
        id: Option<&str>,
        mut group: Value,
    ) -> Result<(Value, Vec<CompactString>), Error> {
        if !self.parks() {
            return Ok((group, Vec::new()));
        }
        let waiting = match id {
            Some(id) => self.store.parked_in(&self.name, id).await?,
            None => Vec::new(),
        };
        let mut absent = Vec::new();
        for item in items(&group) {
            let Some(user) = item.get("value").and_then(Value::scalar_text) else { continue };
            if waiting.iter().any(|one| one == user) || self.has_left(user).await? {
                absent.push(CompactString::from(user));
            }
        }
        if let Some(members) = group.get_mut("members").and_then(Value::items_mut) {
            members.retain(|item| {
                let user = item.get("value").and_then(Value::scalar_text);
                !user.is_some_and(|user| absent.iter().any(|one| one == user))
            });
        }
        Ok((group, absent))
    }

    /// These wait for a group, and nobody else does.
    pub(super) async fn wait_for(&self, group: &str, users: &[CompactString]) -> Result<(), Error> {
        if !self.parks() {
            return Ok(());
        }
        self.store.unpark(&self.name, None, Some(group)).await?;
        for user in users {
            self.store.park(&self.name, user, &[group.into()]).await?;
        }
        Ok(())
    }

    /// Whether operations on a group are about anybody whom the vendor cannot be told of now.
    pub(super) async fn concern_absent(
        &self,
        group: &str,
        operations: &[PatchOperation],
    ) -> Result<bool, Error> {
        if !self.parks() {
            return Ok(false);
        }
        let change = membership::effect(operations);
        let waiting = self.store.parked_in(&self.name, group).await?;
        if change.replaced && !waiting.is_empty() {
            return Ok(true);
        }
        for user in change.added.iter().chain(&change.removed) {
            if waiting.contains(user) || self.has_left(user).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn has_left(&self, user: &str) -> Result<bool, Error> {
        let absent = self.absent(ResourceType::User, user).await?;
        Ok(absent.is_some_and(|absent| matches!(absent.state, State::Left | State::Pending)))
    }

    /// The groups that somebody is in, who is about to lose them: as the vendor shows them with him, or as they are found.
    pub(super) async fn memberships(
        &self,
        user: &str,
        account: &Value,
        context: &Context,
    ) -> Vec<CompactString> {
        let direct = |item: &&Value| item.text_at("type") != Some("indirect");
        let shown = account.get("groups").map(Value::items).unwrap_or_default();
        let shown: Vec<CompactString> = shown
            .iter()
            .filter(direct)
            .filter_map(|item| item.get("value")?.scalar_text().map(CompactString::from))
            .collect();
        if !shown.is_empty() || self.profile.resource(ResourceType::Group).unsupported {
            return shown;
        }
        let left = context.deadline.saturating_duration_since(Instant::now()) / 2;
        let until = Instant::now() + SEARCH.min(left);
        let found = timeout_at(until, self.search(user, context)).await;
        match found.unwrap_or_else(|_| Err(Error::overdue())) {
            Ok(found) => found,
            Err(error) => {
                let integration = self.name.as_str();
                tracing::warn!(
                    integration,
                    %error,
                    "the groups of somebody who is deactivated could not be read: they are not given back with access"
                );
                Vec::new()
            }
        }
    }

    async fn search(&self, user: &str, context: &Context) -> Result<Vec<CompactString>, Error> {
        let resource = ResourceType::Group;
        let filter = Filter::eq(AttrPath::core("members").with_sub("value"), user);
        let mapped = self.lens(resource).filter(&filter).ask;
        let asked = mapped.map(|ask| emulation::pushdown(&self.profile, resource, ask));
        let asked = asked.unwrap_or(Pushdown::NOTHING);
        let mut pages = Pages::new(self, resource, asked.ask.as_ref(), MAX_GROUPS);
        let mut found = Vec::new();
        while let Some(groups) = pages.next(context).await? {
            let is_in = |group: &Value| {
                items(group).iter().any(|item| item.get("value").and_then(Value::scalar_text) == Some(user))
            };
            found.extend(groups.into_iter().filter(|(_, group)| is_in(group)).map(|(id, _)| id));
        }
        Ok(found)
    }
}

impl Write<'_> {
    /// Puts somebody who has access again into the groups that wait for him. What cannot be done now waits on.
    ///
    /// # Errors
    /// The first failure that a repetition may mend.
    pub(super) async fn give_back(&self, user: &str) -> Result<(), Error> {
        let integration = self.integration;
        if self.resource != ResourceType::User || !integration.parks() {
            return Ok(());
        }
        let waiting = integration.store.parked_of(&integration.name, user).await?;
        if waiting.is_empty() || integration.absent(self.resource, user).await?.is_some() {
            return Ok(());
        }
        let groups = Write {
            integration,
            resource: ResourceType::Group,
            projection: Projection::default(),
            if_match: None,
            context: self.context,
        };
        let mut failed = None;
        for group in waiting {
            let member = emulation::as_members([CompactString::from(user)]);
            let join = PatchOperation::new(Op::Add, Path::Attribute(AttrPath::core("members")), member);
            let _held = integration.locks.hold(ResourceType::Group, &group, self.context.deadline).await?;
            integration.store.unpark(&integration.name, Some(user), Some(&group)).await?;
            let Err(error) = groups.changed(&group, &[join]).await else { continue };
            let name = integration.name.as_str();
            tracing::warn!(integration = name, %error, "a membership could not be given back");
            if error.kind != Kind::NotFound {
                integration.store.park(&integration.name, user, &[group]).await?;
                failed = failed.or_else(|| error.passes().then_some(error));
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

fn items(group: &Value) -> &[Value] {
    group.get("members").map(Value::items).unwrap_or_default()
}
