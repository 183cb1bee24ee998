//! Who belongs, by looking: sets and recursion, and nothing remembered between two questions.

use std::collections::{HashMap, HashSet};

use super::super::Change;

/// What was said, in the plainest form.
#[derive(Clone, Debug, Default)]
pub(super) struct Oracle {
    users: HashMap<String, HashSet<String>>,
    children: HashMap<String, HashSet<String>>,
    pub(super) exported: HashSet<String>,
    excluded: HashSet<String>,
    ineligible: HashSet<String>,
    max_depth: Option<u32>,
}

impl Oracle {
    pub(super) fn new(max_depth: Option<u32>) -> Self {
        Self { max_depth, ..Self::default() }
    }

    pub(super) fn hear(&mut self, change: &Change<'_>) {
        let put = |set: &mut HashSet<String>, name: &str, is: bool| {
            if is {
                set.insert(name.to_owned())
            } else {
                set.remove(name)
            };
        };
        match *change {
            Change::AddUser { group, user } => put(self.users.entry(group.into()).or_default(), user, true),
            Change::RemoveUser { group, user } => {
                put(self.users.entry(group.into()).or_default(), user, false);
            }
            Change::RemoveUsers { group } => drop(self.users.remove(group)),
            Change::AddGroup { parent, child } => {
                put(self.children.entry(parent.into()).or_default(), child, true);
            }
            Change::RemoveGroup { parent, child } => {
                put(self.children.entry(parent.into()).or_default(), child, false);
            }
            Change::RemoveGroups { parent } => drop(self.children.remove(parent)),
            Change::Export { group, is } => put(&mut self.exported, group, is),
            Change::Exclude { group, is } => put(&mut self.excluded, group, is),
            Change::Eligible { user, is } => put(&mut self.ineligible, user, !is),
            Change::DeleteGroup { group } => {
                self.users.remove(group);
                self.children.remove(group);
                self.children.values_mut().for_each(|children| put(children, group, false));
                put(&mut self.exported, group, false);
                put(&mut self.excluded, group, false);
            }
            Change::DeleteUser { user } => {
                self.users.values_mut().for_each(|users| put(users, user, false));
                put(&mut self.ineligible, user, false);
            }
        }
    }

    /// Whether some group reaches itself by at least one edge.
    pub(super) fn has_cycle(&self) -> bool {
        self.children.keys().any(|group| {
            let mut seen = HashSet::new();
            self.children[group].iter().for_each(|child| self.visit(child, &mut seen));
            seen.contains(group)
        })
    }

    fn visit(&self, group: &str, seen: &mut HashSet<String>) {
        if seen.insert(group.to_owned()) {
            self.children.get(group).into_iter().flatten().for_each(|child| self.visit(child, seen));
        }
    }

    /// The groups that one reaches within the depth that counts: level by level, as a breadth-first search does.
    fn reached(&self, group: &str) -> HashSet<String> {
        let mut seen = HashSet::from([group.to_owned()]);
        let Some(most) = self.max_depth else {
            seen.clear();
            self.visit(group, &mut seen);
            return seen;
        };
        let mut level = seen.clone();
        for _ in 0..most {
            let children = level.iter().filter_map(|group| self.children.get(group)).flatten();
            level = children.filter(|child| !seen.contains(*child)).cloned().collect();
            seen.extend(level.iter().cloned());
        }
        seen
    }

    fn belong(&self, group: &str) -> HashSet<&str> {
        let reached = self.reached(group);
        let users = reached.iter().filter_map(|group| self.users.get(group)).flatten();
        users.map(String::as_str).collect()
    }

    /// Who is to be in each group at the vendor.
    pub(super) fn flat(&self) -> HashMap<&str, HashSet<&str>> {
        let excluded: HashSet<_> = self.excluded.iter().flat_map(|group| self.belong(group)).collect();
        let in_it = |group: &str| {
            let mut users = self.belong(group);
            users.retain(|user| !excluded.contains(user) && !self.ineligible.contains(*user));
            users
        };
        self.exported.iter().map(|group| (group.as_str(), in_it(group))).collect()
    }
}
