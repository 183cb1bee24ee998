//! Writes of groups that have groups within them, or are within others: what was said is stored, and then every group that it
//! concerns is brought to what it is flat, with the fewest calls; whoever leaves, leaves first.
//!
//! What fails for a group that the request does not name is made up for in the background: the request was taken.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use compact_str::CompactString;
use tokio::time::{Instant, sleep, timeout_at};

use super::membership::{as_group, member_id};
use super::nesting::{is_group, is_nested};
use super::turn::Wanted;
use super::write::Write;
use super::{Answer, Context, Error, Integration, Kind, Trail, read};
use crate::emulation;
use crate::groups::{Delta, Graph};
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{self, Op, Operation as PatchOperation};
use crate::scim::path::Path;
use crate::scim::projection::Projection;
use crate::scim::request::Action;
use crate::scim::resource;
use crate::scim::schema::ResourceType;
use crate::store::Said;

/// The waits between two tries in the background; the last one holds for all others.
const WAITS: [u64; 4] = [1, 5, 15, 60];
/// How long one try may take.
const TURN: Duration = Duration::from_secs(60);

impl Write<'_> {
    /// Carries out a write of a group where groups within groups are made flat.
    pub(super) async fn nest(&self, action: Action) -> Result<Answer, Error> {
        let (integration, turn) = (self.integration, &self.integration.nesting.turn);
        let late = |_| Error::overdue().because("another change of groups within groups took too long");
        {
            let _turn = timeout_at(self.context.deadline, turn.read()).await.map_err(late)?;
            if !integration.with_graph(|graph| concerns(graph, &action)).await? {
                let (named, ends) =
                    (action.id().map(CompactString::from), matches!(action, Action::Delete(_)));
                let answer = self.carry_out(action).await?;
                let made = match &answer {
                    Answer::Created(group) => group.text_at("id").map(CompactString::from),
                    _ => named,
                };
                self.note_known(made, ends).await?;
                return Ok(answer);
            }
        }
        let _turn = timeout_at(self.context.deadline, turn.write()).await.map_err(late)?;
        match action {
            Action::Create(body) => self.create_nested(body).await,
            Action::Replace(id, body) => {
                self.change_nested(&id, &Wanted::Is(&body)).await.map(Answer::Replaced)
            }
            Action::Modify(id, operations) => {
                let shown = self.change_nested(&id, &Wanted::Changed(&operations)).await?;
                Ok(Answer::Modified(Some(shown)))
            }
            Action::Delete(id) => self.delete_nested(id).await,
            Action::Read(_) | Action::List(_) => Err(Error::internal("a write that is none")),
        }
    }

    /// Notes that there is a group, or is no more: a member of that id is a group then, whatever it says of itself.
    async fn note_known(&self, group: Option<CompactString>, ends: bool) -> Result<(), Error> {
        let Some(group) = group else { return Ok(()) };
        if self.integration.with_graph(|graph| graph.knows(&group)).await? != ends {
            return Ok(());
        }
        let said = if ends { Said::GroupGone { group } } else { Said::Group { group } };
        self.integration.say(vec![said]).await
    }

    /// Makes a group of its users, and then puts the groups into it.
    async fn create_nested(&self, mut body: Value) -> Result<Answer, Error> {
        let members = body.remove("members").map(Value::into_items).unwrap_or_default();
        let split = |graph: &mut Graph| members.into_iter().partition(|member| is_group(graph, member));
        let (groups, users): (Vec<Value>, Vec<Value>) = self.integration.with_graph(split).await?;
        if !users.is_empty() {
            body.set("members", users);
        }
        let Answer::Created(made) = self.create(body).await? else {
            return Err(Error::internal("a creation that made nothing"));
        };
        let id = made.text_at("id").unwrap_or_default();
        self.note_known(Some(id.into()), false).await?;
        let add = PatchOperation::new(Op::Add, Path::Attribute(AttrPath::core("members")), groups);
        self.change_nested(id, &Wanted::Changed(&[add])).await.map(Answer::Created)
    }

    /// Changes a group and whatever its members concern; gives it as it is shown.
    async fn change_nested(&self, id: &str, wanted: &Wanted<'_>) -> Result<Value, Error> {
        let integration = self.integration;
        let _held = integration.locks.hold(ResourceType::Group, id, self.context.deadline).await?;
        if integration.is_buried(self.resource, id).await? {
            return Err(Error::not_found());
        }
        let (vendor, flat) = self.before(id, "groups are within it, or it is within others").await?;
        let (view, catalog) =
            (integration.with_nested(flat.clone()).await?, integration.catalog(self.resource));
        let mut after = match wanted {
            Wanted::Is(body) => resource::replace(&view, (*body).clone(), catalog)?,
            Wanted::Changed(operations) => patch::apply(view, operations, catalog)?,
        };
        let (said, undo, around) = self.difference_of_members(id, &flat, &after).await?;
        integration.say(said).await?;
        let above = integration.with_graph(|graph| above(graph, id)).await?;
        self.settle_all(&above, false).await;
        let outstanding = integration.with_graph(|graph| graph.outstanding(id)).await?;
        after.set("members", flattened(&flat, &outstanding));
        let seen = match self.differ(id, &vendor, &flat, after, wanted.operation()).await {
            Ok(seen) => seen,
            Err(error) => {
                if !error.passes() {
                    self.context.trail.note("the vendor refused it: what it changes elsewhere is taken back");
                    integration.say(undo).await?;
                    self.settle_all(&above, true).await;
                    integration.let_go(&around).await?;
                }
                integration.stays_behind([id.into()]);
                return Err(error);
            }
        };
        integration.confirm(outstanding).await?;
        self.settle_all(&above, true).await;
        integration.let_go(&around).await?;
        self.shown(seen).await
    }

    /// What a group's members say anew, what would take it back, and the groups around that may be nested no more after it.
    async fn difference_of_members(
        &self,
        id: &str,
        flat: &Value,
        after: &Value,
    ) -> Result<(Vec<Said>, Vec<Said>, Vec<CompactString>), Error> {
        let integration = self.integration;
        let group = CompactString::from(id);
        let known = |graph: &mut Graph| {
            let own = |names: &mut dyn Iterator<Item = &str>| {
                names.map(CompactString::from).collect::<BTreeSet<_>>()
            };
            (is_nested(graph, id), own(&mut graph.users(id)), own(&mut graph.children(id)))
        };
        let (nested, users_before, groups_before) = integration.with_graph(known).await?;
        let items = after.get("members").map(Value::items).unwrap_or_default();
        let named = |graph: &mut Graph| {
            let named =
                items.iter().filter_map(|item| Some((member_id(item)?.into(), is_group(graph, item))));
            named.partition::<Vec<(CompactString, bool)>, _>(|(_, is_group)| *is_group)
        };
        let (groups, users) = integration.with_graph(named).await?;
        let ids =
            |named: Vec<(CompactString, bool)>| named.into_iter().map(|(id, _)| id).collect::<BTreeSet<_>>();
        let (mut groups, mut users) = (ids(groups), ids(users));
        let mut said = vec![Said::Group { group: group.clone() }];
        if !nested {
            said.extend(taken_over(id, flat));
        }
        for child in groups.clone() {
            if groups_before.contains(&child)
                || child == group
                || integration.nests(self.resource, &child).await?
            {
                continue;
            }
            match self.flat_group(&child).await? {
                Some(flat) => {
                    said.push(Said::Group { group: child.clone() });
                    said.extend(as_group(&flat).members.into_iter().map(|user| Said::User {
                        group: child.clone(),
                        user,
                        is: true,
                    }));
                    said.extend(taken_over(&child, &flat));
                }
                // There is no such group, so that it is a user, whatever it says of itself.
                None => {
                    groups.remove(&child);
                    users.insert(child);
                }
            }
        }
        let user = |user: &CompactString, is| Said::User { group: group.clone(), user: user.clone(), is };
        let edge = |child: &CompactString, is| Said::Edge { parent: group.clone(), child: child.clone(), is };
        let mut undo = Vec::new();
        for (before, after, word) in [
            (&users_before, &users, &user as &dyn Fn(&CompactString, bool) -> Said),
            (&groups_before, &groups, &edge),
        ] {
            said.extend(before.difference(after).map(|gone| word(gone, false)));
            said.extend(after.difference(before).map(|new| word(new, true)));
            undo.extend(before.difference(after).map(|gone| word(gone, true)));
            undo.extend(after.difference(before).map(|new| word(new, false)));
        }
        if !nested {
            // It was as the vendor has it, and is so again.
            undo.extend(as_group(flat).members.iter().map(|member| user(member, true)));
        }
        let around = groups_before.into_iter().chain(groups).chain([group.clone()]).collect();
        Ok((said, undo, around))
    }

    /// A group as the vendor has it; `None`: it has none of that id.
    async fn flat_group(&self, id: &str) -> Result<Option<Value>, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let why = "it is within another group from now on";
        match read::fetch(integration, resource, id, &Projection::default(), why, self.context).await {
            Ok(vendor) => integration.flat(resource, vendor).await.map(Some),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Ends a group: whoever was in others through it leaves them first.
    async fn delete_nested(&self, id: CompactString) -> Result<Answer, Error> {
        let integration = self.integration;
        let group = id.clone();
        let known = |graph: &mut Graph| {
            let user = |user: &str| Said::User { group: group.clone(), user: user.into(), is: true };
            let edge = |parent: &str, child: &str| Said::Edge {
                parent: parent.into(),
                child: child.into(),
                is: true,
            };
            let applied = |user: &str| Said::Applied { group: group.clone(), user: user.into(), is: true };
            let mut undo = vec![Said::Group { group: group.clone() }];
            undo.extend(graph.users(&group).map(user));
            undo.extend(graph.children(&group).map(|child| edge(&group, child)));
            undo.extend(graph.parents(&group).map(|parent| edge(parent, &group)));
            undo.extend(graph.applied(&group).map(applied));
            let around = graph.children(&group).chain(graph.parents(&group)).map(CompactString::from);
            (above(graph, &group), undo, around.collect::<Vec<_>>())
        };
        let (above, undo, around) = integration.with_graph(known).await?;
        integration.say(vec![Said::GroupGone { group }]).await?;
        self.settle_all(&above, false).await;
        let answer = self.carry_out(Action::Delete(id)).await;
        if answer.as_ref().is_err_and(|error| !error.passes()) {
            self.context.trail.note("the vendor refused it: what it changes elsewhere is taken back");
            integration.say(undo).await?;
            self.settle_all(&above, true).await;
        } else {
            integration.let_go(&around).await?;
        }
        answer
    }

    /// Tells the vendor who leaves groups, or who joins them; what fails is made up for in the background.
    async fn settle_all(&self, groups: &[CompactString], joins: bool) {
        for group in groups {
            if let Err(error) = self.settle(group, joins).await {
                let integration = self.integration.name.as_str();
                tracing::warn!(integration, %error, "members through a group within could not be written: they wait");
                self.integration.stays_behind([group.clone()]);
            }
        }
    }

    async fn settle(&self, group: &str, joins: bool) -> Result<(), Error> {
        let integration = self.integration;
        let mut outstanding = integration.with_graph(|graph| graph.outstanding(group)).await?;
        outstanding.retain(|delta| delta.joins == joins);
        if outstanding.is_empty() {
            return Ok(());
        }
        let users = outstanding.iter().map(|delta| delta.user.clone());
        let members = AttrPath::core("members");
        let operations: Vec<_> = if joins {
            vec![PatchOperation::new(Op::Add, Path::Attribute(members), emulation::as_members(users))]
        } else {
            let leave =
                |user: CompactString| PatchOperation::new(Op::Remove, Path::member(&user), Value::null());
            users.map(leave).collect()
        };
        let _held = integration.locks.hold(ResourceType::Group, group, self.context.deadline).await?;
        let alone = Write { projection: Projection::default(), if_match: None, ..*self };
        match alone.changed(group, &operations).await {
            // Nobody is in a group that the vendor does not have.
            Err(error) if error.kind == Kind::NotFound => {
                integration.say(vec![Said::GroupGone { group: group.into() }]).await
            }
            Err(error) => Err(error),
            Ok(_) => integration.confirm(outstanding).await,
        }
    }
}

impl Integration {
    /// Goes on with memberships that were not sent when the bridge last ended.
    pub(super) fn resume_nested(self: &Arc<Self>) {
        if !self.flattens() {
            return;
        }
        let integration = self.clone();
        self.tasks.spawn(async move {
            let outstanding = integration.with_graph(|graph| graph.all_outstanding()).await;
            let groups: BTreeSet<_> =
                outstanding.unwrap_or_default().into_iter().map(|one| one.group).collect();
            if !groups.is_empty() {
                integration.stays_behind(groups);
            }
        });
    }

    /// Sees to it that groups are brought to what they are flat, soon and in the background.
    fn stays_behind(self: &Arc<Self>, groups: impl IntoIterator<Item = CompactString>) {
        let mut behind = self.nesting.behind.lock().unwrap_or_else(PoisonError::into_inner);
        behind.0.extend(groups);
        if !std::mem::replace(&mut behind.1, true) {
            self.catch_up(0);
        }
    }

    /// Waits outside of what a stopping bridge waits for, and holds nothing that would keep it.
    fn catch_up(self: &Arc<Self>, tries: usize) {
        let integration = Arc::downgrade(self);
        tokio::spawn(async move {
            sleep(Duration::from_secs(WAITS[tries.min(WAITS.len() - 1)])).await;
            let live = integration.upgrade().filter(|integration| !integration.tasks.is_closed());
            let Some(integration) = live else { return };
            let tasks = integration.tasks.clone();
            tasks.spawn(async move { integration.caught_up(tries).await });
        });
    }

    async fn caught_up(self: &Arc<Self>, tries: usize) {
        let lock = || self.nesting.behind.lock().unwrap_or_else(PoisonError::into_inner);
        let groups: Vec<_> = std::mem::take(&mut lock().0).into_iter().collect();
        let context = Context { deadline: Instant::now() + TURN, trail: Trail::default() };
        let write = Write {
            integration: self,
            resource: ResourceType::Group,
            projection: Projection::default(),
            if_match: None,
            context: &context,
        };
        {
            let _turn = self.nesting.turn.write().await;
            for joins in [false, true] {
                write.settle_all(&groups, joins).await;
            }
        }
        let mut behind = lock();
        behind.1 = !behind.0.is_empty();
        if behind.1 {
            self.catch_up(tries + 1);
        }
    }
}

/// Whether a write is about groups within groups.
fn concerns(graph: &Graph, action: &Action) -> bool {
    let any = |members: Option<&Value>| {
        members.map(Value::each).unwrap_or_default().iter().any(|member| is_group(graph, member))
    };
    let about = |operation: &PatchOperation| {
        let attribute = operation.path.as_ref().and_then(Path::attribute);
        match attribute {
            None => any(operation.value.get("members")),
            Some(path) => path.is_core("members") && any(Some(&operation.value)),
        }
    };
    action.id().is_some_and(|id| is_nested(graph, id))
        || match action {
            Action::Create(body) | Action::Replace(_, body) => any(body.get("members")),
            Action::Modify(_, operations) => operations.iter().any(about),
            _ => false,
        }
}

/// The other groups that a group's members concern: those that reach it.
fn above(graph: &Graph, group: &str) -> Vec<CompactString> {
    graph.above(group).filter(|other| *other != group).map(CompactString::from).collect()
}

/// The members that a group has at the vendor are those that the bridge put there.
fn taken_over(group: &str, flat: &Value) -> Vec<Said> {
    let applied = |user| Said::Applied { group: group.into(), user, is: true };
    as_group(flat).members.into_iter().map(applied).collect()
}

/// The members of a flat group after what is still to be done.
fn flattened(flat: &Value, outstanding: &[Delta]) -> Vec<Value> {
    let items = flat.get("members").map(Value::items).unwrap_or_default();
    let leaves: BTreeSet<&str> =
        outstanding.iter().filter(|delta| !delta.joins).map(|delta| delta.user.as_str()).collect();
    let stays = |item: &&Value| member_id(item).is_none_or(|user| !leaves.contains(user));
    let mut members: Vec<Value> = items.iter().filter(stays).cloned().collect();
    let there: BTreeSet<&str> = items.iter().filter_map(member_id).collect();
    let joins = outstanding.iter().filter(|delta| delta.joins && !there.contains(delta.user.as_str()));
    members.extend(emulation::as_members(joins.map(|delta| delta.user.clone())).into_items());
    members
}
