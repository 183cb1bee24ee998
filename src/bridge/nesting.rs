//! Groups within groups, of one integration: the graph of what was said, and the identity provider's own view of it.
//!
//! A group that has no group within it and is in none is as the vendor has it, and nothing is kept of it but that it is there.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use compact_str::CompactString;
use tokio::sync::RwLock;

use super::membership::member_id;
use super::{Error, Integration};
use crate::groups::{Change, Delta, Graph, Options, Refusal};
use crate::mapping::Nested;
use crate::scim::error::Error as ScimError;
use crate::scim::json::Value;
use crate::scim::schema::ResourceType;
use crate::store::Said;

/// What is known of groups within groups.
#[derive(Default)]
pub(super) struct Nesting {
    /// Held for reading by whoever changes a group alone, for writing by whoever changes what is within what: what the one
    /// reads of a group must not be changed by another meanwhile. It is taken before the lock of any group.
    pub(super) turn: RwLock<()>,
    graph: Mutex<Option<Graph>>,
    /// Groups of which something is still to be sent, since it failed; and whether somebody looks after them.
    pub(super) behind: Mutex<(BTreeSet<CompactString>, bool)>,
}

impl Nesting {
    fn lock(&self) -> MutexGuard<'_, Option<Graph>> {
        self.graph.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is any group within another, as far as is known without asking.
    pub(super) fn has_edges(&self) -> bool {
        self.lock().as_ref().is_some_and(Graph::has_edges)
    }
}

/// Whether a group is within another, or has one within it.
pub(super) fn is_nested(graph: &Graph, group: &str) -> bool {
    graph.children(group).next().is_some() || graph.parents(group).next().is_some()
}

/// Whether a member says that it is a group, or is known to be one. What it says may be wrong; the vendor knows better.
pub(super) fn is_group(graph: &Graph, member: &Value) -> bool {
    let says = member.text_at("type").is_some_and(|kind| kind.eq_ignore_ascii_case("Group"));
    let points = member.text_at("$ref").is_some_and(|url| {
        url.rsplit('/').nth(1).is_some_and(|endpoint| endpoint.eq_ignore_ascii_case("Groups"))
    });
    says || points || member_id(member).is_some_and(|id| graph.knows(id))
}

impl Integration {
    /// Whether groups within groups are made flat here.
    pub(super) fn flattens(&self) -> bool {
        self.remembers && self.mapping.nested != Nested::Keep
    }

    /// Asks the graph, or changes it; it is read from what is stored the first time.
    pub(super) async fn with_graph<T>(&self, run: impl FnOnce(&mut Graph) -> T) -> Result<T, Error> {
        if self.nesting.lock().is_none() {
            let stored = self.store.nested(&self.name).await?;
            let max_depth = (self.mapping.nested == Nested::Drop).then_some(0);
            let options = Options { max_depth, ..Options::default() };
            let graph = Graph::load(options, stored, [], []);
            self.nesting.lock().get_or_insert(graph);
        }
        let mut known = self.nesting.lock();
        Ok(run(known.get_or_insert_default()))
    }

    /// Whether a group is within another, or has one within it.
    pub(super) async fn nests(&self, resource: ResourceType, group: &str) -> Result<bool, Error> {
        if resource != ResourceType::Group || !self.flattens() {
            return Ok(false);
        }
        self.with_graph(|graph| is_nested(graph, group)).await
    }

    /// The group as the identity provider wrote it, made from the flat one: its direct users and the groups within it, and
    /// whoever was put into it at the vendor.
    pub(super) async fn with_nested(&self, mut group: Value) -> Result<Value, Error> {
        let id: CompactString = group.get("id").and_then(Value::scalar_text).unwrap_or_default().into();
        let flat = group.get("members").map(Value::items).unwrap_or_default().to_vec();
        let view = |graph: &mut Graph| {
            if !is_nested(graph, &id) {
                return None;
            }
            let mut users: BTreeSet<&str> = graph.users(&id).collect();
            let keeps = |item: &Value| {
                member_id(item).is_some_and(|user| users.remove(user) || !graph.is_applied(&id, user))
            };
            let mut members: Vec<Value> = flat.into_iter().filter(keeps).collect();
            let own = |kind: &'static str| {
                move |member: &str| Value::from_iter([("value", member.into()), ("type", Value::from(kind))])
            };
            members.extend(users.into_iter().map(own("User")));
            let mut children: Vec<_> = graph.children(&id).collect();
            children.sort_unstable();
            members.extend(children.into_iter().map(own("Group")));
            Some(members)
        };
        if let Some(members) = self.with_graph(view).await? {
            group.set("members", members);
        }
        Ok(group)
    }

    /// Takes words about groups within groups: they are stored before anything is sent.
    ///
    /// # Errors
    /// When they are refused; nothing has changed then.
    pub(super) async fn say(&self, said: Vec<Said>) -> Result<(), Error> {
        if said.is_empty() {
            return Ok(());
        }
        let plan = |graph: &mut Graph| graph.plan(&changes(&said)).map(|plan| plan.depth());
        let depth = self.with_graph(plan).await?.map_err(refused)?;
        if depth > MANY {
            let integration = self.name.as_str();
            tracing::warn!(integration, depth, "groups are within groups through a long chain");
        }
        self.store.say(&self.name, said.clone()).await?;
        let take = |graph: &mut Graph| {
            if graph.apply(&changes(&said)) == Err(Refusal::Miscounted) {
                graph.rebuild();
                return graph.apply(&changes(&said)).map(drop);
            }
            for said in &said {
                if let Said::Applied { group, user, is } = said {
                    graph.confirm(group, [(user.as_str(), *is)]);
                }
            }
            Ok(())
        };
        self.with_graph(take).await?.map_err(refused)
    }

    /// Notes what the vendor has confirmed.
    pub(super) async fn confirm(&self, deltas: Vec<Delta>) -> Result<(), Error> {
        let applied =
            deltas.into_iter().map(|Delta { joins: is, group, user }| Said::Applied { group, user, is });
        self.say(applied.collect()).await
    }

    /// Forgets what was said of groups that have no group within them any more and are in none: they are as the vendor has
    /// them.
    pub(super) async fn let_go(&self, groups: &[CompactString]) -> Result<(), Error> {
        for group in groups {
            let alone = |graph: &mut Graph| {
                !is_nested(graph, group)
                    && graph.outstanding(group).is_empty()
                    && (graph.users(group).next().is_some() || graph.applied(group).next().is_some())
            };
            if self.with_graph(alone).await? {
                self.say(vec![Said::GroupGone { group: group.clone() }]).await?;
                self.say(vec![Said::Group { group: group.clone() }]).await?;
            }
        }
        Ok(())
    }

    /// Notes that a user is gone.
    pub(super) async fn nested_user_gone(&self, user: &str) -> Result<(), Error> {
        if self.flattens() && self.nesting.has_edges() {
            self.say(vec![Said::UserGone { user: user.into() }]).await?;
        }
        Ok(())
    }
}

/// A longer chain of groups within groups is told of.
const MANY: u32 = 20;

/// What words change in the graph; what the vendor confirmed is no part of what was said.
fn changes(said: &[Said]) -> Vec<Change<'_>> {
    said.iter().filter_map(change).collect()
}

fn change(said: &Said) -> Option<Change<'_>> {
    Some(match said {
        Said::Group { group } => Change::Export { group, is: true },
        Said::User { group, user, is: true } => Change::AddUser { group, user },
        Said::User { group, user, is: false } => Change::RemoveUser { group, user },
        Said::Edge { parent, child, is: true } => Change::AddGroup { parent, child },
        Said::Edge { parent, child, is: false } => Change::RemoveGroup { parent, child },
        Said::Applied { .. } => return None,
        Said::GroupGone { group } => Change::DeleteGroup { group },
        Said::UserGone { user } => Change::DeleteUser { user },
    })
}

fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Cycle | Refusal::Limit { .. } => ScimError::value(refusal.to_string()).into(),
        Refusal::Miscounted | Refusal::Outdated => Error::internal(refusal),
    }
}
