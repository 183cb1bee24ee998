//! Rules that read `$groups`: which groups a user is in, and which users a change of a group changes.
//!
//! A change of a group is noted before it is sent, with the users whose rules must run again for it: should the answer be
//! lost, the group is in doubt until it was read, and the users are owed until their rules have run.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use compact_str::CompactString;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, timeout_at};

use super::{Context, Error, Integration, Kind, Trail, pages, read};
use crate::mapping::Given;
use crate::scim::json::Value;
use crate::scim::patch::{Op, Operation as PatchOperation};
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;
use crate::store::{Doubt, Group, GroupChange};

/// How long the vendor's groups may take to be learnt. It is nobody's request, so it is not bound by one's deadline.
const LEARNING: Duration = Duration::from_secs(600);
/// Who asks within that time of a failure is told of it, so that a vendor that fails is not asked by everybody at once.
const FAILURE: Duration = Duration::from_secs(1);
/// The most groups that are learnt.
const MAX_GROUPS: usize = 200_000;

/// The last failure to learn the groups; whoever holds it is learning them.
#[derive(Default)]
pub(super) struct Learning(Arc<Mutex<Failed>>);

type Failed = Option<(Instant, Error)>;

/// A change of a group that is about to be sent: what was noted of it. Nothing when no rule reads groups.
#[derive(Debug, Default)]
pub(super) struct Pending(Option<Noted>);

#[derive(Debug)]
struct Noted {
    doubt: Doubt,
    /// Whether the groups are known.
    learnt: bool,
    /// No rule makes anything of this group, as it was or as it becomes: nobody's rules need to run again for the change.
    quiet: bool,
}

/// What a group has become.
pub(super) enum Now {
    /// It was changed so.
    Changed(GroupChange),
    /// This.
    Is(Group),
    /// It is gone.
    Gone,
}

impl Integration {
    /// The value of `$groups` for a user; none when no rule reads it.
    pub(super) async fn groups_of(
        self: &Arc<Self>,
        user: Option<&str>,
        context: &Context,
    ) -> Result<Option<Value>, Error> {
        if !self.lens(ResourceType::User).reads_groups() {
            return Ok(None);
        }
        let Some(user) = user else { return Ok(Some(Value::from(Vec::new()))) };
        self.know_groups(context).await?;
        let groups = self.store.groups_of(&self.name, user).await?;
        Ok(Some(groups.into_iter().map(|(id, name)| as_element(&id, &name)).collect()))
    }

    /// Whether rules are the same for who is in a group and who is not, under each of its names; one of which nothing is
    /// known is none.
    fn is_quiet(&self, id: &str, names: &[Option<&str>]) -> bool {
        let lens = self.lens(ResourceType::User);
        names.iter().all(|name| name.is_some_and(|name| !lens.concerns_group(&as_element(id, name))))
    }

    /// The value of `$groups` for a change of a user, when it makes a difference. A user who is deactivated need not wait
    /// for the groups to be known.
    pub(super) async fn groups_for(
        self: &Arc<Self>,
        user: &str,
        after: &Value,
        given: &Given<'_>,
        before: &Value,
        context: &Context,
    ) -> Result<Option<Value>, Error> {
        let lens = self.lens(ResourceType::User);
        let needed = lens.needs_groups(after, given, Some(before));
        match given.operation {
            crate::mapping::Operation::Patch if !needed => Ok(None),
            _ => self
                .groups_of(Some(user), context)
                .await
                .or_else(|error| if needed { Err(error) } else { Ok(None) }),
        }
    }

    /// Whether a rule needs the groups, and they are not known.
    pub(super) async fn lacks_groups(&self) -> Result<bool, Error> {
        Ok(self.lens(ResourceType::User).reads_groups() && !self.store.knows_groups(&self.name).await?)
    }

    /// Learns who is in which group from the vendor, unless it is known: a user of whom nothing is known would lose what
    /// a membership gave. What takes longer than the request goes on after it, and half of the request's time is left for
    /// what can be done without.
    pub(super) async fn know_groups(self: &Arc<Self>, context: &Context) -> Result<(), Error> {
        if self.store.knows_groups(&self.name).await? {
            return Ok(());
        }
        let now = Instant::now();
        let until = now + context.deadline.saturating_duration_since(now) / 2;
        let late = |_| Error::overdue().because("the vendor's groups are still being read");
        let failed = timeout_at(until, self.learning.0.clone().lock_owned()).await.map_err(late)?;
        if self.store.knows_groups(&self.name).await? {
            return Ok(());
        }
        if let Some((at, error)) = failed.as_ref()
            && at.elapsed() < FAILURE
        {
            return Err(error.clone());
        }
        let (integration, trail) = (self.clone(), context.trail.clone());
        let learning = self.tasks.spawn(async move { integration.learn_groups(failed, trail).await });
        let learnt = timeout_at(until, learning).await.map_err(late)?;
        learnt.unwrap_or_else(|failure| Err(Error::internal(failure)))
    }

    async fn learn_groups(&self, mut failed: OwnedMutexGuard<Failed>, trail: Trail) -> Result<(), Error> {
        trail.note("the bridge has just started: it reads the vendor's groups, since a rule depends on them");
        let context = Context { deadline: Instant::now() + LEARNING, trail };
        let learnt = self.groups_of_vendor(&context).await;
        let learnt = learnt.map_err(|error| {
            // Whatever it is, it is not the fault of the request that needs it.
            let passing = Error::unavailable(super::error::MINUTE);
            if error.passes() {
                error
            } else {
                passing.because(format!("the vendor's groups cannot be read: {error}"))
            }
        });
        *failed = learnt.as_ref().err().map(|error| (Instant::now(), error.clone()));
        Ok(self.store.learn_groups(&self.name, learnt?).await?)
    }

    async fn groups_of_vendor(&self, context: &Context) -> Result<Vec<(CompactString, Group)>, Error> {
        let mut groups = Vec::new();
        if self.profile.resource(ResourceType::Group).unsupported {
            return Ok(groups);
        }
        let resource = ResourceType::Group;
        let mut pages = pages::Pages::new(self, resource, None, MAX_GROUPS);
        while let Some(page) = pages.next(context).await? {
            for (id, group) in page {
                if !self.is_buried(resource, &id).await? {
                    groups.push((id, as_group(&self.flat(resource, group).await?)));
                }
            }
            if self.tasks.is_closed() {
                return Err(Error::internal("the bridge is stopping"));
            }
        }
        Ok(groups)
    }

    /// Notes operations on a group before they are sent. `None` when the group must be read first: whom they concern, they
    /// do not say, and it is not known.
    pub(super) async fn expect_operations(
        self: &Arc<Self>,
        id: &str,
        operations: &[PatchOperation],
        context: &Context,
    ) -> Result<Option<Pending>, Error> {
        if !self.lens(ResourceType::User).reads_groups() {
            return Ok(Some(Pending::default()));
        }
        let learnt = self.know_groups(context).await.is_ok();
        let GroupChange { display_name, replaced, added, mut removed } = effect(operations);
        let was = self.store.name_of(&self.name, id).await?;
        let quiet = self.is_quiet(id, &[was.as_deref(), display_name.as_deref().or(was.as_deref())]);
        if replaced || display_name.is_some() {
            let Some(name) = was.filter(|_| learnt) else { return Ok(None) };
            // Okta names a group again whenever it changes its members.
            if replaced || display_name.is_some_and(|new| new != name) {
                removed.extend(self.store.members_of(&self.name, id).await?);
            }
        }
        self.note(id, (learnt, quiet), &removed, &added).await.map(Some)
    }

    /// Notes the difference of a group before it is made.
    pub(super) async fn expect_difference(
        self: &Arc<Self>,
        id: &str,
        before: &Value,
        after: &Value,
        context: &Context,
    ) -> Result<Pending, Error> {
        if !self.lens(ResourceType::User).reads_groups() {
            return Ok(Pending::default());
        }
        let learnt = self.know_groups(context).await.is_ok();
        let (before, after) = (as_group(before), as_group(after));
        let known: HashSet<CompactString> =
            self.store.members_of(&self.name, id).await?.into_iter().chain(before.members).collect();
        let is: HashSet<&CompactString> = after.members.iter().collect();
        let renamed = before.display_name != after.display_name;
        let was = self.store.name_of(&self.name, id).await?;
        let names = [was.as_deref(), Some(before.display_name.as_str()), Some(after.display_name.as_str())];
        let quiet = self.is_quiet(id, &names);
        let losing: Vec<_> = known.iter().filter(|user| renamed || !is.contains(user)).cloned().collect();
        let others: Vec<_> = after.members.iter().filter(|user| !known.contains(*user)).cloned().collect();
        self.note(id, (learnt, quiet), &losing, &others).await
    }

    /// Notes that a group is about to end. Who is in it must be known before.
    pub(super) async fn expect_end(self: &Arc<Self>, id: &str, context: &Context) -> Result<Pending, Error> {
        if !self.lens(ResourceType::User).reads_groups() {
            return Ok(Pending::default());
        }
        let learnt = self.know_groups(context).await.is_ok();
        let mut members = self.store.members_of(&self.name, id).await?;
        let was = self.store.name_of(&self.name, id).await?;
        let quiet = self.is_quiet(id, &[was.as_deref()]);
        if (!learnt || was.is_none())
            && let Some(group) = self.group_of_vendor(id, context).await?
        {
            members.extend(group.members);
        }
        self.note(id, (learnt, quiet), &members, &[]).await
    }

    async fn note(
        &self,
        id: &str,
        (learnt, quiet): (bool, bool),
        losing: &[CompactString],
        others: &[CompactString],
    ) -> Result<Pending, Error> {
        let doubt = self.store.doubt(&self.name, id, losing, others).await?;
        Ok(Pending(Some(Noted { doubt, learnt, quiet })))
    }

    /// The change was not made, or nobody knows. What is certain is taken back; what is not is looked after.
    pub(super) async fn not_done(
        self: &Arc<Self>,
        id: &str,
        pending: Pending,
        error: &Error,
    ) -> Result<(), Error> {
        let Some(Noted { doubt, .. }) = pending.0 else { return Ok(()) };
        if error.passes() {
            self.make_up_for_it();
            return Ok(());
        }
        Ok(self.store.take_back(&self.name, id, doubt).await?)
    }

    /// The change was made: notes what the group is now, and brings those whom it concerns up to date.
    pub(super) async fn done(
        self: &Arc<Self>,
        id: &str,
        pending: Pending,
        now: Now,
        context: &Context,
    ) -> Result<(), Error> {
        let Some(Noted { doubt, learnt, quiet }) = pending.0 else { return Ok(()) };
        // What was done to it before may have been more than that.
        let quiet = quiet && learnt && !doubt.doubted;
        let noted = match now {
            Now::Changed(change) if learnt && doubt.known && !doubt.doubted => {
                self.store.change_group(&self.name, id, change).await.map_err(Error::from)
            }
            // It was made behind our back, or what was done to it before is not known.
            Now::Changed(_) => self.learn_group(id, context).await,
            Now::Is(group) => Ok(self.store.learn_group(&self.name, id, Some(group)).await?),
            Now::Gone => Ok(self.store.learn_group(&self.name, id, None).await?),
        };
        let done = match noted {
            Ok(()) => {
                if quiet {
                    self.store.take_back(&self.name, id, doubt).await?;
                }
                self.bring_up_to_date(id, context).await
            }
            Err(error) => Err(error),
        };
        if done.is_err() || !learnt {
            self.make_up_for_it();
        }
        done
    }

    /// Notes that a group was made, and brings its members up to date.
    pub(super) async fn group_made(
        self: &Arc<Self>,
        id: &str,
        group: &Value,
        context: &Context,
    ) -> Result<(), Error> {
        if !self.lens(ResourceType::User).reads_groups() {
            return Ok(());
        }
        let learnt = self.know_groups(context).await.is_ok();
        let group = as_group(group);
        let quiet = self.is_quiet(id, &[Some(group.display_name.as_str())]);
        let pending = self.note(id, (learnt, quiet), &[], &group.members).await?;
        self.done(id, pending, Now::Is(group), context).await
    }

    /// Looks after a user who was made and is in a group already: the vendor has taken over an account that it had, and
    /// the rules have run as if it were new.
    pub(super) async fn user_made(self: &Arc<Self>, id: &str) -> Result<(), Error> {
        if !self.lens(ResourceType::User).reads_groups() {
            return Ok(());
        }
        for (group, _) in self.store.groups_of(&self.name, id).await? {
            self.store.doubt(&self.name, &group, &[], &[id.into()]).await?;
            self.make_up_for_it();
        }
        Ok(())
    }

    /// Notes that the vendor does not have a group any more: somebody deleted it there.
    pub(super) async fn group_missed(self: &Arc<Self>, id: &str) -> Result<(), Error> {
        if self.lens(ResourceType::User).reads_groups() && self.store.name_of(&self.name, id).await?.is_some()
        {
            self.store.learn_group(&self.name, id, None).await?;
            self.make_up_for_it();
        }
        Ok(())
    }

    /// Reads one group from the vendor, and notes what it is.
    pub(super) async fn learn_group(&self, id: &str, context: &Context) -> Result<(), Error> {
        let now = self.group_of_vendor(id, context).await?;
        Ok(self.store.learn_group(&self.name, id, now).await?)
    }

    async fn group_of_vendor(&self, id: &str, context: &Context) -> Result<Option<Group>, Error> {
        let resource = ResourceType::Group;
        let why = "what is known of the group may not hold, and a rule depends on it";
        match read::fetch(self, resource, id, &Projection::default(), why, context).await {
            Ok(group) => Ok(Some(as_group(&self.flat(resource, group).await?))),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A group as an element of `$groups`.
fn as_element(id: &str, name: &str) -> Value {
    Value::from_iter([
        ("value", Value::from(id)),
        ("display", Value::from(name)),
        ("displayName", Value::from(name)),
    ])
}

/// What rules need to know of a group.
pub(super) fn as_group(group: &Value) -> Group {
    let display_name = group.text_at("displayName").unwrap_or_default().into();
    Group { display_name, members: ids(group.get("members")) }
}

/// Whether somebody is in a group afterwards who was not in it before.
pub(super) fn gains_members(before: &Value, after: &Value) -> bool {
    let known: HashSet<_> = as_group(before).members.into_iter().collect();
    as_group(after).members.iter().any(|user| !known.contains(user))
}

/// What operations make of a group, one after the other.
pub(super) fn effect(operations: &[PatchOperation]) -> GroupChange {
    let mut change = GroupChange::default();
    // For everybody who is named: whether he is a member in the end.
    let mut named: BTreeMap<CompactString, bool> = BTreeMap::new();
    for operation in operations {
        let Some(path) = &operation.path else { continue };
        if let Some(member) = path.as_member() {
            named.insert(member.into(), operation.op != Op::Remove);
        } else if path.as_plain().is_some_and(|path| path.is_core("members")) {
            if operation.op != Op::Add {
                change.replaced = true;
                named.values_mut().for_each(|is| *is = false);
            }
            if operation.op != Op::Remove {
                named.extend(ids(Some(&operation.value)).into_iter().map(|id| (id, true)));
            }
        } else if path.as_plain().is_some_and(|path| path.is_core("displayName")) {
            change.display_name = Some(operation.value.as_str().unwrap_or_default().into());
        }
    }
    for (user, is) in named {
        if is { change.added.push(user) } else { change.removed.push(user) }
    }
    change
}

/// The id of a member.
pub(super) fn member_id(member: &Value) -> Option<&str> {
    member.get("value").and_then(Value::scalar_text)
}

/// The ids in a list of members, but for those that are groups themselves.
fn ids(members: Option<&Value>) -> Vec<CompactString> {
    let is_user = |item: &&Value| item.text_at("type").is_none_or(|kind| !kind.eq_ignore_ascii_case("Group"));
    let items = members.map(Value::each).unwrap_or_default();
    let id = |item: &Value| item.get("value").and_then(Value::scalar_text).map(CompactString::from);
    items.iter().filter(is_user).filter_map(id).collect()
}

/// Whether operations are of such a kind that they can be noted without knowing the group.
pub(super) fn is_plain(operations: &[PatchOperation]) -> bool {
    operations.iter().all(|operation| {
        operation.path.as_ref().is_some_and(|path| match path.as_member() {
            Some(_) => operation.op == Op::Remove,
            None => path.as_plain().is_some_and(|path| path.sub.is_none()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    #[test]
    fn operations_count_in_their_order() {
        let ids = |ids: &[&str]| ids.iter().map(|id| CompactString::from(*id)).collect::<Vec<_>>();
        for (operations, replaced, added, removed) in [
            (
                r#"[{"op":"remove","path":"members[value eq \"a\"]"},{"op":"add","path":"members","value":[{"value":"a"}]}]"#,
                false,
                &["a"][..],
                &[][..],
            ),
            (
                r#"[{"op":"add","path":"members","value":[{"value":"a"}]},{"op":"remove","path":"members[value eq \"a\"]"}]"#,
                false,
                &[],
                &["a"],
            ),
            (
                r#"[{"op":"add","path":"members","value":[{"value":"a"}]},{"op":"replace","path":"members","value":[{"value":"b"}]}]"#,
                true,
                &["b"],
                &["a"],
            ),
            (
                r#"[{"op":"replace","path":"members","value":[{"value":"b"}]},{"op":"add","path":"members","value":[{"value":"a"}]}]"#,
                true,
                &["a", "b"],
                &[],
            ),
            (
                r#"[{"op":"add","path":"members","value":[{"value":"a"}]},{"op":"remove","path":"members"}]"#,
                true,
                &[],
                &["a"],
            ),
        ] {
            let read = Value::read(operations.as_bytes(), &Limits::REQUEST).unwrap();
            let read: Vec<_> = read.items().iter().map(|one| PatchOperation::read(one).unwrap()).collect();
            let change = effect(&read);
            assert_eq!(
                (change.replaced, change.added, change.removed),
                (replaced, ids(added), ids(removed)),
                "{operations}"
            );
        }
    }
}
