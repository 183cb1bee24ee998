//! A store in the process's own memory: it is gone when the process ends.
//!
//! It never waits and never fails, and keeps one map an integration, so that integrations do not contend.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use compact_str::CompactString;

use super::{Group, GroupChange, Key, Later, Store};
use crate::remainder::Remainder;
use crate::scim::ResourceType;

/// Everything, by integration.
#[derive(Default)]
pub struct Memory(RwLock<HashMap<CompactString, Arc<Mutex<Shelf>>>>);

/// What is remembered of one integration.
#[derive(Default)]
struct Shelf {
    remainders: HashMap<(ResourceType, CompactString), Arc<Remainder>>,
    buried: HashSet<(ResourceType, CompactString)>,
    groups: HashMap<CompactString, Kept>,
    /// For each member, the groups.
    memberships: HashMap<CompactString, BTreeSet<CompactString>>,
    knows_groups: bool,
    /// Users whose rules must run again.
    owed: BTreeSet<CompactString>,
}

#[derive(Default)]
struct Kept {
    display_name: CompactString,
    members: BTreeSet<CompactString>,
}

impl Memory {
    /// Runs what needs the memory of an integration, at once.
    fn with<'a, T: Send + 'a>(&self, integration: &str, run: impl FnOnce(&mut Shelf) -> T) -> Later<'a, T> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(integration).cloned();
        let shelf = known.unwrap_or_else(|| {
            let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
            all.entry(integration.into()).or_default().clone()
        });
        let mut shelf: MutexGuard<'_, Shelf> = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        Box::pin(std::future::ready(Ok(run(&mut shelf))))
    }
}

impl Shelf {
    fn join(&mut self, group: &CompactString, member: &CompactString) {
        self.groups.entry(group.clone()).or_default().members.insert(member.clone());
        self.memberships.entry(member.clone()).or_default().insert(group.clone());
    }

    fn leave(&mut self, group: &str, member: &str) {
        if let Some(kept) = self.groups.get_mut(group) {
            kept.members.remove(member);
        }
        if let Some(groups) = self.memberships.get_mut(member) {
            groups.remove(group);
            if groups.is_empty() {
                self.memberships.remove(member);
            }
        }
    }

    fn forget_group(&mut self, group: &str) {
        let members = self.groups.get(group).map(|kept| kept.members.clone()).unwrap_or_default();
        members.iter().for_each(|member| self.leave(group, member));
        self.groups.remove(group);
    }
}

impl Store for Memory {
    fn remainder<'a>(&'a self, key: &'a Key) -> Later<'a, Option<Arc<Remainder>>> {
        self.with(&key.integration, |shelf| shelf.remainders.get(&(key.resource, key.id.clone())).cloned())
    }

    fn keep<'a>(&'a self, key: &'a Key, remainder: Remainder) -> Later<'a, ()> {
        self.with(&key.integration, |shelf| {
            let place = (key.resource, key.id.clone());
            if remainder.is_empty() {
                shelf.remainders.remove(&place);
            } else {
                shelf.remainders.insert(place, Arc::new(remainder));
            }
        })
    }

    fn forget<'a>(&'a self, key: &'a Key) -> Later<'a, ()> {
        self.with(&key.integration, |shelf| drop(shelf.remainders.remove(&(key.resource, key.id.clone()))))
    }

    fn bury<'a>(&'a self, key: &'a Key) -> Later<'a, ()> {
        self.with(&key.integration, |shelf| {
            shelf.buried.insert((key.resource, key.id.clone()));
        })
    }

    fn is_buried<'a>(&'a self, key: &'a Key) -> Later<'a, bool> {
        self.with(&key.integration, |shelf| shelf.buried.contains(&(key.resource, key.id.clone())))
    }

    fn unbury<'a>(&'a self, key: &'a Key) -> Later<'a, ()> {
        self.with(&key.integration, |shelf| {
            shelf.buried.remove(&(key.resource, key.id.clone()));
        })
    }

    fn owe<'a>(&'a self, integration: &'a str, users: &'a [CompactString]) -> Later<'a, ()> {
        self.with(integration, |shelf| shelf.owed.extend(users.iter().cloned()))
    }

    fn owed<'a>(&'a self, integration: &'a str) -> Later<'a, Vec<CompactString>> {
        self.with(integration, |shelf| shelf.owed.iter().cloned().collect())
    }

    fn settle<'a>(&'a self, integration: &'a str, user: &'a str) -> Later<'a, ()> {
        self.with(integration, |shelf| {
            shelf.owed.remove(user);
        })
    }

    fn knows_groups<'a>(&'a self, integration: &'a str) -> Later<'a, bool> {
        self.with(integration, |shelf| shelf.knows_groups)
    }

    fn learn_groups<'a>(
        &'a self,
        integration: &'a str,
        groups: Vec<(CompactString, Group)>,
    ) -> Later<'a, ()> {
        self.with(integration, |shelf| {
            shelf.groups.clear();
            shelf.memberships.clear();
            for (id, group) in groups {
                shelf.groups.entry(id.clone()).or_default().display_name = group.display_name;
                group.members.iter().for_each(|member| shelf.join(&id, member));
            }
            shelf.knows_groups = true;
        })
    }

    fn groups_of<'a>(
        &'a self,
        integration: &'a str,
        user: &'a str,
    ) -> Later<'a, Vec<(CompactString, CompactString)>> {
        self.with(integration, |shelf| {
            let ids = shelf.memberships.get(user).into_iter().flatten();
            let named = |id: &CompactString| Some((id.clone(), shelf.groups.get(id)?.display_name.clone()));
            let mut groups: Vec<_> = ids.filter_map(named).collect();
            groups.sort_by(|a, b| a.1.cmp(&b.1));
            groups
        })
    }

    fn members_of<'a>(&'a self, integration: &'a str, group: &'a str) -> Later<'a, Vec<CompactString>> {
        self.with(integration, |shelf| {
            shelf.groups.get(group).map(|kept| kept.members.iter().cloned().collect()).unwrap_or_default()
        })
    }

    fn change_group<'a>(
        &'a self,
        integration: &'a str,
        group: &'a str,
        change: GroupChange,
    ) -> Later<'a, ()> {
        self.with(integration, |shelf| {
            let id = CompactString::from(group);
            let kept = shelf.groups.entry(id.clone()).or_default();
            if let Some(name) = change.display_name {
                kept.display_name = name;
            }
            change.removed.iter().for_each(|member| shelf.leave(group, member));
            change.added.iter().for_each(|member| shelf.join(&id, member));
        })
    }

    fn forget_group<'a>(&'a self, integration: &'a str, group: &'a str) -> Later<'a, ()> {
        self.with(integration, |shelf| shelf.forget_group(group))
    }

    fn forget_member<'a>(&'a self, integration: &'a str, user: &'a str) -> Later<'a, ()> {
        self.with(integration, |shelf| {
            let groups = shelf.memberships.get(user).cloned().unwrap_or_default();
            groups.iter().for_each(|group| shelf.leave(group, user));
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(integration: &str, id: &str) -> Key {
        Key { integration: integration.into(), resource: ResourceType::User, id: id.into() }
    }

    #[tokio::test]
    async fn integrations_and_types_do_not_see_each_other() {
        let store = Memory::default();
        store.bury(&key("a", "1")).await.unwrap();
        assert!(store.is_buried(&key("a", "1")).await.unwrap());
        assert!(!store.is_buried(&key("b", "1")).await.unwrap());
        let group = Key { resource: ResourceType::Group, ..key("a", "1") };
        assert!(!store.is_buried(&group).await.unwrap());
        store.unbury(&key("a", "1")).await.unwrap();
        assert!(!store.is_buried(&key("a", "1")).await.unwrap());
    }

    #[tokio::test]
    async fn memberships_follow_groups() {
        let store = Memory::default();
        let ids = |ids: &[&str]| ids.iter().map(|id| CompactString::from(*id)).collect::<Vec<_>>();
        let ops = Group { display_name: "Ops".into(), members: ids(&["u1", "u2"]) };
        assert!(!store.knows_groups("a").await.unwrap());
        store.learn_groups("a", vec![("g1".into(), ops)]).await.unwrap();
        assert!(store.knows_groups("a").await.unwrap());
        let change =
            GroupChange { display_name: Some("Dev".into()), added: ids(&["u1"]), removed: Vec::new() };
        store.change_group("a", "g2", change).await.unwrap();
        let names = |groups: Vec<(CompactString, CompactString)>| {
            groups.into_iter().map(|(_, name)| name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(store.groups_of("a", "u1").await.unwrap()), ["Dev", "Ops"]);
        store
            .change_group("a", "g1", GroupChange { removed: ids(&["u1"]), ..GroupChange::default() })
            .await
            .unwrap();
        assert_eq!(names(store.groups_of("a", "u1").await.unwrap()), ["Dev"]);
        store.forget_group("a", "g2").await.unwrap();
        assert!(store.groups_of("a", "u1").await.unwrap().is_empty());
        store.forget_member("a", "u2").await.unwrap();
        assert!(store.members_of("a", "g1").await.unwrap().is_empty());
    }
}
