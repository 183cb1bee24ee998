//! A store in the process's own memory: it is gone when the process ends.
//!
//! It never waits and never fails, and keeps one map an integration, so that integrations do not contend.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use compact_str::CompactString;

use super::absent::Absents;
use super::alias::Aliases;
use super::intent::Intents;
use super::nested::Nested;
use super::{
    Absent, Debt, Doubt, Group, GroupChange, Intent, Key, Later, Mark, Said, Store, Target, Told, VendorId,
};
use crate::groups::Stored;
use crate::remainder::Remainder;
use crate::scim::request::Request;
use crate::scim::{AttrPath, ResourceType};

/// Everything, by integration.
#[derive(Default)]
pub struct Memory(RwLock<HashMap<CompactString, Arc<Mutex<Shelf>>>>);

/// What is remembered of one integration.
#[derive(Default)]
struct Shelf {
    remainders: HashMap<(ResourceType, CompactString), Arc<Remainder>>,
    /// The ids of which an attribute was written so: type, attribute and text, the last two in lower case.
    written: HashMap<(ResourceType, String, String), BTreeSet<CompactString>>,
    aliases: Aliases,
    absents: Absents,
    told: HashMap<CompactString, Told>,
    claimed: HashSet<(ResourceType, CompactString)>,
    buried: HashSet<(ResourceType, CompactString)>,
    groups: HashMap<CompactString, Kept>,
    /// For each member, the groups.
    memberships: HashMap<CompactString, BTreeSet<CompactString>>,
    knows_groups: bool,
    /// Groups of which what is known may not hold.
    doubtful: BTreeSet<CompactString>,
    /// Users whose rules must run again.
    owed: BTreeMap<CompactString, Owed>,
    /// The number of the last debt.
    debts: u64,
    intents: Intents,
    nested: Nested,
}

struct Owed {
    loses: bool,
    number: u64,
    /// Because of these groups.
    groups: BTreeSet<CompactString>,
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
    fn remember(&mut self, place: (ResourceType, CompactString), remainder: Option<Remainder>) {
        let (resource, id) = &place;
        for (attribute, text) in self.remainders.remove(&place).iter().flat_map(|before| before.texts()) {
            let text = (*resource, attribute, text);
            if let Some(ids) = self.written.get_mut(&text) {
                ids.remove(id);
                if ids.is_empty() {
                    self.written.remove(&text);
                }
            }
        }
        let Some(now) = remainder else { return };
        for (attribute, text) in now.texts() {
            self.written.entry((*resource, attribute, text)).or_default().insert(id.clone());
        }
        self.remainders.insert(place, Arc::new(now));
    }

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

    fn members(&self, group: &str) -> BTreeSet<CompactString> {
        self.groups.get(group).map(|kept| kept.members.clone()).unwrap_or_default()
    }

    /// Whether it is a new debt because of that group.
    fn owe(&mut self, user: &CompactString, group: &str, loses: bool) -> bool {
        self.debts += 1;
        let none = || Owed { loses: false, number: 0, groups: BTreeSet::new() };
        let owed = self.owed.entry(user.clone()).or_insert_with(none);
        owed.number = self.debts;
        owed.loses |= loses;
        owed.groups.insert(group.into())
    }
}

impl Store for Memory {
    fn mark(&self) -> Mark {
        Mark(0)
    }

    fn sync(&self, _: Mark) -> Later<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn remainder<'a>(&'a self, key: &'a Key) -> Later<'a, Option<Arc<Remainder>>> {
        self.with(&key.integration, |shelf| shelf.remainders.get(&(key.resource, key.id.clone())).cloned())
    }

    fn keep<'a>(&'a self, key: &'a Key, remainder: Remainder) -> Later<'a, ()> {
        self.with(&key.integration, |shelf| {
            let remainder = Some(remainder).filter(|remainder| !remainder.is_empty());
            shelf.remember((key.resource, key.id.clone()), remainder);
        })
    }

    fn wrote<'a>(
        &'a self,
        integration: &'a str,
        resource: ResourceType,
        attribute: &'a AttrPath,
        text: &'a str,
    ) -> Later<'a, Vec<CompactString>> {
        self.with(integration, |shelf| {
            let place = (resource, attribute.whole().to_string().to_lowercase(), text.to_lowercase());
            shelf.written.get(&place).into_iter().flatten().cloned().collect()
        })
    }

    fn forget<'a>(&'a self, key: &'a Key) -> Later<'a, ()> {
        self.with(&key.integration, |shelf| {
            shelf.remember((key.resource, key.id.clone()), None);
            shelf.absents.set(key.resource, &key.id, None);
            shelf.claimed.remove(&(key.resource, key.id.clone()));
        })
    }

    fn vendor_ids<'a>(
        &'a self,
        integration: &'a str,
        resource: ResourceType,
        ids: &'a [CompactString],
    ) -> Later<'a, Vec<Option<VendorId>>> {
        self.with(integration, |shelf| ids.iter().map(|id| shelf.aliases.vendor(resource, id)).collect())
    }

    fn own_ids<'a>(
        &'a self,
        integration: &'a str,
        resource: ResourceType,
        ids: &'a [VendorId],
    ) -> Later<'a, Vec<Option<CompactString>>> {
        self.with(integration, |shelf| ids.iter().map(|id| shelf.aliases.own(resource, id)).collect())
    }

    fn bind<'a>(&'a self, key: &'a Key, vendor: VendorId) -> Later<'a, ()> {
        self.with(&key.integration, |shelf| shelf.aliases.bind(key.resource, &key.id, vendor))
    }

    fn mint<'a>(&'a self, key: &'a Key, vendor: VendorId) -> Later<'a, CompactString> {
        self.with(&key.integration, |shelf| {
            shelf.aliases.own(key.resource, &vendor).unwrap_or_else(|| {
                shelf.aliases.bind(key.resource, &key.id, vendor);
                key.id.clone()
            })
        })
    }

    fn unbind<'a>(&'a self, key: &'a Key) -> Later<'a, ()> {
        self.with(&key.integration, |shelf| shelf.aliases.unbind(key.resource, &key.id))
    }

    fn absent<'a>(&'a self, key: &'a Key) -> Later<'a, Option<Arc<Absent>>> {
        self.with(&key.integration, |shelf| shelf.absents.get(key.resource, &key.id))
    }

    fn set_absent<'a>(&'a self, key: &'a Key, absent: Option<Absent>) -> Later<'a, ()> {
        self.with(&key.integration, |shelf| shelf.absents.set(key.resource, &key.id, absent))
    }

    fn has_absent<'a>(&'a self, integration: &'a str, resource: ResourceType) -> Later<'a, bool> {
        self.with(integration, |shelf| shelf.absents.any(resource))
    }

    fn all_absent<'a>(
        &'a self,
        integration: &'a str,
        resource: ResourceType,
    ) -> Later<'a, Vec<(CompactString, Arc<Absent>)>> {
        self.with(integration, |shelf| shelf.absents.all(resource))
    }

    fn park<'a>(&'a self, integration: &'a str, user: &'a str, groups: &'a [CompactString]) -> Later<'a, ()> {
        self.with(integration, |shelf| shelf.absents.park(user, groups))
    }

    fn unpark<'a>(
        &'a self,
        integration: &'a str,
        user: Option<&'a str>,
        group: Option<&'a str>,
    ) -> Later<'a, ()> {
        self.with(integration, |shelf| shelf.absents.unpark(user, group))
    }

    fn parked_of<'a>(&'a self, integration: &'a str, user: &'a str) -> Later<'a, Vec<CompactString>> {
        self.with(integration, |shelf| shelf.absents.parked_of(user))
    }

    fn parked_in<'a>(&'a self, integration: &'a str, group: &'a str) -> Later<'a, Vec<CompactString>> {
        self.with(integration, |shelf| shelf.absents.parked_in(group))
    }

    fn told<'a>(&'a self, integration: &'a str, group: &'a str) -> Later<'a, Told> {
        self.with(integration, |shelf| shelf.told.get(group).cloned().unwrap_or_default())
    }

    fn tell<'a>(
        &'a self,
        integration: &'a str,
        group: &'a str,
        change: Option<GroupChange>,
    ) -> Later<'a, ()> {
        self.with(integration, |shelf| match change {
            None => drop(shelf.told.remove(group)),
            Some(change) => {
                let told = shelf.told.entry(group.into()).or_default();
                if change.replaced {
                    *told = Told { members: BTreeSet::new(), all: true };
                }
                for user in &change.removed {
                    told.members.remove(user);
                }
                told.members.extend(change.added);
            }
        })
    }

    fn claim<'a>(&'a self, key: &'a Key) -> Later<'a, ()> {
        self.with(&key.integration, |shelf| {
            shelf.claimed.insert((key.resource, key.id.clone()));
        })
    }

    fn is_claimed<'a>(&'a self, key: &'a Key) -> Later<'a, bool> {
        self.with(&key.integration, |shelf| shelf.claimed.contains(&(key.resource, key.id.clone())))
    }

    fn bury<'a>(&'a self, key: &'a Key) -> Later<'a, ()> {
        self.with(&key.integration, |shelf| {
            shelf.buried.insert((key.resource, key.id.clone()));
        })
    }

    fn is_buried<'a>(&'a self, key: &'a Key) -> Later<'a, bool> {
        self.with(&key.integration, |shelf| shelf.buried.contains(&(key.resource, key.id.clone())))
    }

    fn has_buried<'a>(&'a self, integration: &'a str, resource: ResourceType) -> Later<'a, bool> {
        self.with(integration, |shelf| shelf.buried.iter().any(|(buried, _)| *buried == resource))
    }

    fn unbury<'a>(&'a self, key: &'a Key) -> Later<'a, ()> {
        self.with(&key.integration, |shelf| {
            shelf.buried.remove(&(key.resource, key.id.clone()));
        })
    }

    fn doubt<'a>(
        &'a self,
        integration: &'a str,
        group: &'a str,
        losing: &'a [CompactString],
        others: &'a [CompactString],
    ) -> Later<'a, Doubt> {
        self.with(integration, |shelf| {
            let known = shelf.groups.contains_key(group);
            let doubted = !shelf.doubtful.insert(group.into());
            let all = losing.iter().map(|user| (user, true)).chain(others.iter().map(|user| (user, false)));
            let new =
                all.filter(|(user, loses)| shelf.owe(user, group, *loses)).map(|(user, _)| user.clone());
            Doubt { known, doubted, new: new.collect() }
        })
    }

    fn take_back<'a>(&'a self, integration: &'a str, group: &'a str, doubt: Doubt) -> Later<'a, ()> {
        self.with(integration, |shelf| {
            if !doubt.doubted {
                shelf.doubtful.remove(group);
            }
            for user in doubt.new {
                if let Some(owed) = shelf.owed.get_mut(&user) {
                    owed.groups.remove(group);
                    if owed.groups.is_empty() {
                        shelf.owed.remove(&user);
                    }
                }
            }
        })
    }

    fn doubtful<'a>(&'a self, integration: &'a str) -> Later<'a, Vec<CompactString>> {
        self.with(integration, |shelf| shelf.doubtful.iter().cloned().collect())
    }

    fn owed<'a>(&'a self, integration: &'a str, group: Option<&'a str>) -> Later<'a, Vec<Debt>> {
        self.with(integration, |shelf| {
            let of = |owed: &Owed| group.is_none_or(|group| owed.groups.contains(group));
            let mut debts: Vec<Debt> = shelf
                .owed
                .iter()
                .filter(|(_, owed)| of(owed))
                .map(|(user, owed)| Debt { user: user.clone(), loses: owed.loses, number: owed.number })
                .collect();
            debts.sort_by_key(|debt| (!debt.loses, debt.number));
            debts
        })
    }

    fn debt<'a>(&'a self, integration: &'a str, user: &'a str) -> Later<'a, Option<Debt>> {
        self.with(integration, |shelf| {
            let owed = shelf.owed.get(user)?;
            Some(Debt { user: user.into(), loses: owed.loses, number: owed.number })
        })
    }

    fn settle<'a>(&'a self, integration: &'a str, debt: &'a Debt) -> Later<'a, ()> {
        self.with(integration, |shelf| {
            if shelf.owed.get(&debt.user).is_some_and(|owed| owed.number == debt.number) {
                shelf.owed.remove(&debt.user);
            }
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

    fn name_of<'a>(&'a self, integration: &'a str, group: &'a str) -> Later<'a, Option<CompactString>> {
        self.with(integration, |shelf| shelf.groups.get(group).map(|kept| kept.display_name.clone()))
    }

    fn learn_group<'a>(&'a self, integration: &'a str, group: &'a str, now: Option<Group>) -> Later<'a, ()> {
        self.with(integration, |shelf| {
            let id = CompactString::from(group);
            let was = shelf.members(group);
            let name = shelf.groups.get(group).map(|kept| kept.display_name.clone());
            let is: BTreeSet<_> = now.iter().flat_map(|now| now.members.iter().cloned()).collect();
            let renamed = name != now.as_ref().map(|now| now.display_name.clone());
            for user in was.iter().filter(|user| renamed || !is.contains(*user)) {
                shelf.owe(user, group, true);
            }
            for user in is.difference(&was) {
                shelf.owe(user, group, false);
            }
            was.difference(&is).for_each(|user| shelf.leave(group, user));
            is.difference(&was).for_each(|user| shelf.join(&id, user));
            match now {
                Some(now) => shelf.groups.entry(id).or_default().display_name = now.display_name,
                None => drop(shelf.groups.remove(group)),
            }
            if shelf.knows_groups {
                shelf.doubtful.remove(group);
            }
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
            if change.replaced {
                shelf.members(group).iter().for_each(|member| shelf.leave(group, member));
            }
            change.removed.iter().for_each(|member| shelf.leave(group, member));
            change.added.iter().for_each(|member| shelf.join(&id, member));
            shelf.doubtful.remove(group);
        })
    }

    fn nested<'a>(&'a self, integration: &'a str) -> Later<'a, Vec<Stored>> {
        self.with(integration, |shelf| shelf.nested.all())
    }

    fn say<'a>(&'a self, integration: &'a str, said: Vec<Said>) -> Later<'a, ()> {
        self.with(integration, |shelf| said.into_iter().for_each(|said| shelf.nested.say(said)))
    }

    fn forget_member<'a>(&'a self, integration: &'a str, user: &'a str) -> Later<'a, ()> {
        self.with(integration, |shelf| {
            let groups = shelf.memberships.get(user).cloned().unwrap_or_default();
            groups.iter().for_each(|group| shelf.leave(group, user));
            shelf.owed.remove(user);
            shelf.absents.unpark(Some(user), None);
            shelf.told.values_mut().for_each(|told| told.members.retain(|one| one != user));
        })
    }

    fn intend<'a>(
        &'a self,
        integration: &'a str,
        target: &'a Target,
        request: &'a Request,
        revokes: bool,
        since: i64,
    ) -> Later<'a, u64> {
        self.with(integration, |shelf| shelf.intents.add(target, request, revokes, since))
    }

    fn intents_for<'a>(&'a self, integration: &'a str, target: &'a Target) -> Later<'a, Vec<Intent>> {
        self.with(integration, |shelf| shelf.intents.about(target))
    }

    fn intents<'a>(&'a self, integration: &'a str) -> Later<'a, Vec<Intent>> {
        self.with(integration, |shelf| shelf.intents.all())
    }

    fn tried<'a>(&'a self, integration: &'a str, number: u64, tries: u32, parked: bool) -> Later<'a, ()> {
        self.with(integration, |shelf| shelf.intents.tried(number, tries, parked))
    }

    fn fulfil<'a>(&'a self, integration: &'a str, numbers: &'a [u64]) -> Later<'a, ()> {
        self.with(integration, |shelf| shelf.intents.fulfil(numbers))
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
        for (integration, resource, expected) in [
            ("a", ResourceType::User, true),
            ("b", ResourceType::User, false),
            ("a", ResourceType::Group, false),
        ] {
            assert_eq!(store.has_buried(integration, resource).await.unwrap(), expected);
        }
        let group = Key { resource: ResourceType::Group, ..key("a", "1") };
        assert!(!store.is_buried(&group).await.unwrap());
        store.unbury(&key("a", "1")).await.unwrap();
        assert!(!store.is_buried(&key("a", "1")).await.unwrap());
    }

    #[tokio::test]
    async fn who_was_written_so_is_found_until_it_is_written_otherwise() {
        let store = Memory::default();
        let path = AttrPath::core("userName");
        let wrote = |text: &str| {
            let (path, wrote) = (path.clone(), Some(text.into()));
            let mut remainder = Remainder::default();
            remainder.0.push(crate::remainder::Entry { path, wrote, seen: None });
            remainder
        };
        let who = async |text: &str| store.wrote("acme", ResourceType::User, &path, text).await.unwrap();
        store.keep(&key("acme", "u1"), wrote("Ana")).await.unwrap();
        store.keep(&key("acme", "u2"), wrote("ana")).await.unwrap();
        assert_eq!(who("ANA").await, ["u1", "u2"]);
        assert!(store.wrote("other", ResourceType::User, &path, "ana").await.unwrap().is_empty());
        assert!(store.wrote("acme", ResourceType::Group, &path, "ana").await.unwrap().is_empty());
        store.keep(&key("acme", "u1"), wrote("Bo")).await.unwrap();
        store.forget(&key("acme", "u2")).await.unwrap();
        assert!(who("ana").await.is_empty());
        assert_eq!(who("bo").await, ["u1"]);
        store.keep(&key("acme", "u1"), Remainder::default()).await.unwrap();
        assert!(who("bo").await.is_empty());
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
            GroupChange { display_name: Some("Dev".into()), added: ids(&["u1"]), ..GroupChange::default() };
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
        store.learn_group("a", "g2", None).await.unwrap();
        assert!(store.groups_of("a", "u1").await.unwrap().is_empty());
        store.forget_member("a", "u2").await.unwrap();
        assert!(store.members_of("a", "g1").await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_is_learnt_of_one_group_is_not_lost_when_all_are_learnt() {
        let store = Memory::default();
        let ops = |members: &[&str]| Group {
            display_name: "Ops".into(),
            members: members.iter().map(|id| CompactString::from(*id)).collect(),
        };
        // While all groups are being read, one that was read already loses a member.
        store.doubt("a", "g1", &["u1".into()], &[]).await.unwrap();
        store.learn_group("a", "g1", Some(ops(&["u2"]))).await.unwrap();
        store.learn_groups("a", vec![("g1".into(), ops(&["u1", "u2"]))]).await.unwrap();
        assert_eq!(store.doubtful("a").await.unwrap(), ["g1"], "it is to be read again");
        store.learn_group("a", "g1", Some(ops(&["u2"]))).await.unwrap();
        assert!(store.doubtful("a").await.unwrap().is_empty());
        assert!(store.groups_of("a", "u1").await.unwrap().is_empty());
        assert!(store.debt("a", "u1").await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_debt_is_settled_once_it_is_paid_and_not_before() {
        let store = Memory::default();
        let ids = |ids: &[&str]| ids.iter().map(|id| CompactString::from(*id)).collect::<Vec<_>>();
        let owed = async |group: Option<&str>| {
            let debts = store.owed("a", group).await.unwrap();
            debts.into_iter().map(|debt| debt.user.to_string()).collect::<Vec<_>>()
        };
        let ops = Group { display_name: "Ops".into(), members: ids(&["u1", "u2"]) };
        store.learn_groups("a", vec![("g1".into(), ops.clone())]).await.unwrap();
        let first = store.doubt("a", "g1", &ids(&["u2"]), &ids(&["u3"])).await.unwrap();
        assert_eq!((first.known, first.doubted, first.new), (true, false, ids(&["u2", "u3"])));
        let before = store.debt("a", "u2").await.unwrap().unwrap();
        // What was owed before is owed still when a later change is refused.
        let second = store.doubt("a", "g1", &ids(&["u1", "u2"]), &[]).await.unwrap();
        assert!(second.doubted);
        store.take_back("a", "g1", second).await.unwrap();
        assert_eq!(owed(Some("g1")).await, ["u2", "u3"], "those who lose first");
        assert!(owed(Some("g2")).await.is_empty());
        assert_eq!(store.doubtful("a").await.unwrap(), ids(&["g1"]));
        store.settle("a", &before).await.unwrap();
        assert_eq!(owed(None).await, ["u2", "u3"], "a debt made since is another");
        let now = Group { members: ids(&["u1", "u4"]), ..ops };
        store.learn_group("a", "g1", Some(now)).await.unwrap();
        assert_eq!(owed(None).await, ["u2", "u3", "u4"]);
        assert!(store.doubtful("a").await.unwrap().is_empty());
        let debt = store.debt("a", "u2").await.unwrap().unwrap();
        store.settle("a", &debt).await.unwrap();
        store.forget_member("a", "u3").await.unwrap();
        assert_eq!(owed(None).await, ["u4"]);
    }
}
