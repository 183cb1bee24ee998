//! What a request says, before anything is made of it.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use hashbrown::HashMap;

use super::derived::children;
use super::direct::Direct;
use super::graph::{Change, Graph, Refusal};
use super::names::Names;

/// What a request says anew: the last word on each, where it differs from what was said before.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) members: BTreeMap<(u32, u32), bool>,
    pub(super) edges: BTreeMap<(u32, u32), bool>,
    pub(super) exported: BTreeMap<u32, bool>,
    pub(super) excluded: BTreeMap<u32, bool>,
    pub(super) ineligible: BTreeMap<u32, bool>,
    pub(super) deleted_groups: BTreeSet<u32>,
    pub(super) deleted_users: BTreeSet<u32>,
}

/// Names, and those that are new.
pub(super) struct Naming<'g> {
    known: &'g Names,
    pub(super) new: Vec<CompactString>,
    by_name: HashMap<CompactString, u32>,
}

impl<'g> Naming<'g> {
    pub(super) fn of(known: &'g Names) -> Self {
        Self { known, new: Vec::new(), by_name: HashMap::new() }
    }

    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.known.get(name).or_else(|| self.by_name.get(name).copied())
    }

    /// The numbers of those that are new.
    pub(super) fn new_numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.by_name.values().copied()
    }

    pub(super) fn intern(&mut self, name: &str) -> u32 {
        self.find(name).unwrap_or_else(|| {
            let number = self.known.coming(self.new.len());
            self.new.push(name.into());
            self.by_name.insert(name.into(), number);
            number
        })
    }
}

impl Said {
    pub(super) fn hear(
        &mut self,
        change: &Change<'_>,
        direct: &Direct,
        groups: &mut Naming<'_>,
        users: &mut Naming<'_>,
    ) {
        match *change {
            Change::AddUser { group, user } => {
                self.members.insert((groups.intern(group), users.intern(user)), true);
            }
            Change::RemoveUser { group, user } => {
                if let (Some(group), Some(user)) = (groups.find(group), users.find(user)) {
                    self.members.insert((group, user), false);
                }
            }
            Change::AddGroup { parent, child } => {
                self.edges.insert((groups.intern(parent), groups.intern(child)), true);
            }
            Change::RemoveGroup { parent, child } => {
                if let (Some(parent), Some(child)) = (groups.find(parent), groups.find(child)) {
                    self.edges.insert((parent, child), false);
                }
            }
            Change::RemoveUsers { group } => {
                if let Some(group) = groups.find(group) {
                    self.empty(group, direct);
                }
            }
            Change::RemoveGroups { parent } => {
                if let Some(parent) = groups.find(parent) {
                    self.orphan(parent, direct);
                }
            }
            Change::Export { group, is } => {
                self.exported.insert(groups.intern(group), is);
            }
            Change::Exclude { group, is } => {
                self.excluded.insert(groups.intern(group), is);
            }
            Change::Eligible { user, is } => {
                self.ineligible.insert(users.intern(user), !is);
            }
            Change::DeleteGroup { group } => {
                let Some(group) = groups.find(group) else { return };
                self.empty(group, direct);
                self.orphan(group, direct);
                for parent in direct.group(group).into_iter().flat_map(|group| group.parents.iter()) {
                    self.edges.insert((parent, group), false);
                }
                let above = self.edges.iter_mut().filter(|((_, child), _)| *child == group);
                above.for_each(|(_, is_there)| *is_there = false);
                self.exported.insert(group, false);
                self.excluded.insert(group, false);
                self.deleted_groups.insert(group);
            }
            Change::DeleteUser { user } => {
                let Some(user) = users.find(user) else { return };
                for group in direct.user(user).into_iter().flat_map(|user| user.groups.iter()) {
                    self.members.insert((group, user), false);
                }
                let of_user = self.members.iter_mut().filter(|((_, other), _)| *other == user);
                of_user.for_each(|(_, is_in)| *is_in = false);
                self.ineligible.insert(user, false);
                self.deleted_users.insert(user);
            }
        }
    }

    /// Nobody is a direct member of a group.
    fn empty(&mut self, group: u32, direct: &Direct) {
        self.members.range_mut((group, 0)..=(group, u32::MAX)).for_each(|(_, is_in)| *is_in = false);
        self.members.extend(direct.users_of(group).iter().map(|&user| ((group, user), false)));
    }

    /// A group has no children.
    fn orphan(&mut self, parent: u32, direct: &Direct) {
        self.edges.range_mut((parent, 0)..=(parent, u32::MAX)).for_each(|(_, is_there)| *is_there = false);
        self.edges.extend(children(direct, parent).iter().map(|child| ((parent, child), false)));
    }

    /// Leaves out what was said before.
    pub(super) fn net(&mut self, direct: &Direct) {
        self.members.retain(|&(group, user), is_in| direct.has_member(group, user) != *is_in);
        self.edges.retain(|&(parent, child), is_there| direct.has_edge(parent, child) != *is_there);
        self.exported.retain(|&group, is| direct.is_exported(group) != *is);
        self.excluded.retain(|&group, is| direct.excluded.contains(group) != *is);
        self.ineligible.retain(|&user, is| direct.is_ineligible(user) != *is);
    }

    pub(super) fn check_limits(
        &self,
        graph: &Graph,
        new_groups: usize,
        new_users: usize,
    ) -> Result<(), Refusal> {
        let (direct, limits) = (&graph.direct, &graph.options.limits);
        let within = |count: u64, most: u64, what| {
            if count > most { Err(Refusal::Limit { what, most }) } else { Ok(()) }
        };
        let more = |known: &Names, new: usize| (known.len() + new) as u64;
        if new_groups > 0 {
            within(more(&direct.group_names, new_groups), limits.groups, "groups")?;
        }
        if new_users > 0 {
            within(more(&direct.user_names, new_users), limits.users, "users")?;
        }
        let net = |changes: &mut dyn Iterator<Item = bool>| {
            changes.fold((0, 0), |(more, less), is| if is { (more + 1, less) } else { (more, less + 1) })
        };
        let (more, less) = net(&mut self.edges.values().copied());
        if more > less {
            within(direct.edges + more - less, limits.edges, "groups within groups")?;
        }
        let mut of_group: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        for (&(group, _), &is_in) in &self.members {
            let (more, less) = of_group.entry(group).or_default();
            *(if is_in { more } else { less }) += 1;
        }
        for (group, (more, less)) in of_group {
            if more > less {
                let most = limits.members;
                within(direct.users_of(group).len() as u64 + more - less, most, "direct members of a group")?;
            }
        }
        Ok(())
    }
}
