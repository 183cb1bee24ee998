//! Rules that read `$groups`: which groups a user is in, and which users a change of a group changes.

use compact_str::CompactString;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::{Context, Error, Integration, list, read};
use crate::emulation;
use crate::mapping::{Given, Operation};
use crate::scim::diff::{self, Change};
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{Op, Operation as PatchOperation};
use crate::scim::path::Path;
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;
use crate::store::{Group, GroupChange};

/// How many users are brought up to date at a time.
const AT_ONCE: usize = 4;

impl Integration {
    /// The value of `$groups` for a user; none when no rule reads it.
    pub(super) async fn groups_of(
        &self,
        user: Option<&str>,
        context: &Context,
    ) -> Result<Option<Value>, Error> {
        if !self.lens(ResourceType::User).reads_groups() {
            return Ok(None);
        }
        let Some(user) = user else { return Ok(Some(Value::from(Vec::new()))) };
        self.know_groups(context).await?;
        let groups = self.store.groups_of(&self.name, user).await?;
        let group = |(id, name): (CompactString, CompactString)| {
            Value::from_iter([
                ("value", Value::from(id)),
                ("display", name.clone().into()),
                ("displayName", name.into()),
            ])
        };
        Ok(Some(groups.into_iter().map(group).collect()))
    }

    /// Learns who is in which group from the vendor, unless it is known: a user of whom nothing is known would lose what
    /// a membership gave.
    async fn know_groups(&self, context: &Context) -> Result<(), Error> {
        if self.store.knows_groups(&self.name).await? {
            return Ok(());
        }
        let _learning = self.locks.hold(ResourceType::Group, "").await;
        if self.store.knows_groups(&self.name).await? {
            return Ok(());
        }
        context
            .trail
            .note("the bridge has just started: it reads the vendor's groups, since a rule depends on them");
        let mut groups = Vec::new();
        if !self.profile.resource(ResourceType::Group).unsupported {
            list::for_each(self, ResourceType::Group, None, context, |group| {
                let id = group.get("id").and_then(Value::scalar_text).unwrap_or_default().into();
                let display_name = group.text_at("displayName").unwrap_or_default().into();
                groups.push((id, Group { display_name, members: ids(group.get("members")) }));
            })
            .await?;
        }
        Ok(self.store.learn_groups(&self.name, groups).await?)
    }

    /// Notes that a group was made, and brings its members up to date.
    pub(super) async fn group_made(&self, id: &str, group: &Value, context: &Context) -> Result<(), Error> {
        let change = GroupChange {
            display_name: Some(group.text_at("displayName").unwrap_or_default().into()),
            added: ids(group.get("members")),
            removed: Vec::new(),
        };
        self.group_changed(id, change, context).await
    }

    /// Notes what operations change about a group, and brings those whom it concerns up to date.
    pub(super) async fn group_patched(
        &self,
        id: &str,
        operations: &[PatchOperation],
        context: &Context,
    ) -> Result<(), Error> {
        let mut change = GroupChange::default();
        for operation in operations {
            let Some(path) = &operation.path else { continue };
            if let Some(member) = path.as_member() {
                change.removed.push(member.into());
            } else if path.as_plain().is_some_and(|path| path.is_core("members")) {
                match operation.op {
                    Op::Add => change.added.extend(ids(Some(&operation.value))),
                    Op::Replace | Op::Remove => {
                        let known = self.store.members_of(&self.name, id).await?;
                        change.removed.extend(known);
                        change.added.extend(ids(Some(&operation.value)));
                    }
                }
            } else if path.as_plain().is_some_and(|path| path.is_core("displayName")) {
                change.display_name = operation.value.as_str().map(Into::into);
            }
        }
        self.group_changed(id, change, context).await
    }

    /// Notes the difference of a group, and brings those whom it concerns up to date.
    pub(super) async fn group_differs(
        &self,
        id: &str,
        before: &Value,
        after: &Value,
        context: &Context,
    ) -> Result<(), Error> {
        let path = AttrPath::core("members");
        let list = |group: &Value| group.get("members").cloned();
        let delta = diff::members(&Change { path, before: list(before), after: list(after) });
        let name = |group: &Value| group.text_at("displayName").map(CompactString::from);
        let change = GroupChange {
            display_name: name(after).filter(|new| Some(new) != name(before).as_ref()),
            added: ids(Some(&Value::from(delta.added))),
            removed: delta.removed,
        };
        self.group_changed(id, change, context).await
    }

    async fn group_changed(&self, id: &str, change: GroupChange, context: &Context) -> Result<(), Error> {
        if !self.lens(ResourceType::User).reads_groups() {
            return Ok(());
        }
        self.know_groups(context).await?;
        let mut concerned = change.removed.clone();
        concerned.extend(change.added.iter().cloned());
        if change.display_name.is_some() {
            concerned.extend(self.store.members_of(&self.name, id).await?);
        }
        self.store.change_group(&self.name, id, change).await?;
        self.bring_up_to_date(&concerned, context).await
    }

    /// Notes that a group is gone, and brings those who were in it up to date.
    pub(super) async fn group_gone(&self, id: &str, context: &Context) -> Result<(), Error> {
        if !self.lens(ResourceType::User).reads_groups() {
            return Ok(());
        }
        self.know_groups(context).await?;
        let members = self.store.members_of(&self.name, id).await?;
        self.store.forget_group(&self.name, id).await?;
        self.bring_up_to_date(&members, context).await
    }

    /// Runs the rules again for users whose groups have changed. Those who lost a group come first; one that fails does
    /// not keep the others waiting, and is tried again with the next change of any group: the request that failed is
    /// repeated by its client, but then the group does not change any more.
    async fn bring_up_to_date(&self, users: &[CompactString], context: &Context) -> Result<(), Error> {
        self.store.owe(&self.name, users).await?;
        let mut users = users.to_vec();
        users.extend(self.store.owed(&self.name).await?);
        let mut seen = std::collections::HashSet::new();
        users.retain(|user| seen.insert(user.clone()));
        let mut failed = None;
        let mut pending = FuturesUnordered::new();
        for user in users {
            if pending.len() == AT_ONCE
                && let Some(Err(error)) = pending.next().await
            {
                failed.get_or_insert(error);
            }
            pending.push(self.renew(user, context));
        }
        while let Some(result) = pending.next().await {
            if let Err(error) = result {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn renew(&self, user: CompactString, context: &Context) -> Result<(), Error> {
        let _held = self.locks.hold(ResourceType::User, &user).await;
        self.run_rules_again(&user, context).await?;
        Ok(self.store.settle(&self.name, &user).await?)
    }

    async fn run_rules_again(&self, user: &str, context: &Context) -> Result<(), Error> {
        let resource = ResourceType::User;
        if self.is_buried(resource, user).await? {
            return Ok(());
        }
        let why = "its groups have changed, and a rule depends on them";
        let before = match read::fetch(self, resource, user, &Projection::default(), why, context).await {
            Ok(before) => before,
            Err(error) if error.kind == super::Kind::NotFound => return Ok(()), // a member that is a group, or gone
            Err(error) => return Err(error),
        };
        let canonical = self.back(resource, before.clone()).await?;
        let groups = self.groups_of(Some(user), context).await?;
        let given = Given { groups: groups.as_ref(), old: Some(&canonical), operation: Operation::Patch };
        let after = self.forward(resource, canonical.clone(), &given, Some(&before), context)?;
        let call = emulation::change(&self.profile, resource, user, &before, &after, self.catalog(resource))?;
        if let Some(call) = call {
            let reply = self.wire.send(&call, context.deadline, &context.trail).await?;
            if !reply.is_success() {
                return Err(reply.error(&call));
            }
        }
        Ok(())
    }
}

/// The ids in a list of members.
fn ids(members: Option<&Value>) -> Vec<CompactString> {
    let items = members.map(Value::each).unwrap_or_default();
    items.iter().filter_map(|item| item.text_at("value").map(Into::into)).collect()
}

/// Whether operations are of such a kind that they can be noted without knowing the group.
pub(super) fn is_plain(operations: &[PatchOperation]) -> bool {
    operations.iter().all(|operation| {
        let path = operation.path.as_ref();
        path.is_some_and(|path| path.as_member().is_some() || matches!(path, Path::Attribute(_)))
    })
}
