//! What was said, and all that has to be stored: direct users, edges, which groups are exported or excluded, who is not eligible,
//! and which members the vendor has confirmed. Everything else follows from it.

use super::names::Names;
use super::set::Set;

/// What was said of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) users: Set,
    pub(super) children: Set,
    pub(super) parents: Set,
    pub(super) exported: bool,
    pub(super) excluded: bool,
    /// Who is in it at the vendor, as far as the bridge has put him there.
    pub(super) applied: Set,
}

impl Group {
    /// Whether it is counted who belongs to it.
    pub(super) fn is_counted(&self) -> bool {
        self.exported || self.excluded
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What was said of one user.
#[derive(Clone, Debug, Default)]
pub(super) struct User {
    /// The groups that he is a direct member of.
    pub(super) groups: Set,
    pub(super) ineligible: bool,
    /// In how many groups he is at the vendor.
    pub(super) applied: u32,
}

/// What was said.
#[derive(Clone, Debug, Default)]
pub(super) struct Direct {
    pub(super) group_names: Names,
    pub(super) user_names: Names,
    groups: Vec<Group>,
    users: Vec<User>,
    /// The excluded groups.
    pub(super) excluded: Set,
    pub(super) edges: u64,
}

impl Direct {
    /// One group; `None`: nothing was said of it.
    pub(super) fn group(&self, group: u32) -> Option<&Group> {
        self.groups.get(group as usize)
    }

    pub(super) fn user(&self, user: u32) -> Option<&User> {
        self.users.get(user as usize)
    }

    pub(super) fn users_of(&self, group: u32) -> &[u32] {
        self.group(group).map_or(&[], |group| group.users.as_slice())
    }

    pub(super) fn is_ineligible(&self, user: u32) -> bool {
        self.user(user).is_some_and(|user| user.ineligible)
    }

    pub(super) fn is_exported(&self, group: u32) -> bool {
        self.group(group).is_some_and(|group| group.exported)
    }

    pub(super) fn has_member(&self, group: u32, user: u32) -> bool {
        self.group(group).is_some_and(|group| group.users.contains(user))
    }

    pub(super) fn has_edge(&self, parent: u32, child: u32) -> bool {
        self.group(parent).is_some_and(|group| group.children.contains(child))
    }

    pub(super) fn intern_group(&mut self, name: &str) -> u32 {
        let number = self.group_names.intern(name);
        self.groups.resize_with(self.groups.len().max(number as usize + 1), Group::default);
        number
    }

    pub(super) fn intern_user(&mut self, name: &str) -> u32 {
        let number = self.user_names.intern(name);
        self.users.resize_with(self.users.len().max(number as usize + 1), User::default);
        number
    }

    pub(super) fn set_member(&mut self, group: u32, user: u32, is_in: bool) {
        self.groups[group as usize].users.set(user, is_in);
        self.users[user as usize].groups.set(group, is_in);
    }

    pub(super) fn set_edge(&mut self, parent: u32, child: u32, is_there: bool) {
        let children = &mut self.groups[parent as usize].children;
        let changed = if is_there { children.insert(child) } else { children.remove(child) };
        if changed {
            self.edges = if is_there { self.edges + 1 } else { self.edges - 1 };
            self.groups[child as usize].parents.set(parent, is_there);
        }
    }

    pub(super) fn set_exported(&mut self, group: u32, is: bool) {
        self.groups[group as usize].exported = is;
    }

    pub(super) fn set_excluded(&mut self, group: u32, is: bool) {
        self.groups[group as usize].excluded = is;
        self.excluded.set(group, is);
    }

    pub(super) fn set_ineligible(&mut self, user: u32, is: bool) {
        self.users[user as usize].ineligible = is;
    }

    pub(super) fn set_applied(&mut self, group: u32, user: u32, is_in: bool) {
        let applied = &mut self.groups[group as usize].applied;
        let changed = if is_in { applied.insert(user) } else { applied.remove(user) };
        if changed {
            let count = &mut self.users[user as usize].applied;
            *count = if is_in { *count + 1 } else { *count - 1 };
        }
    }

    /// Takes everything that a vendor has confirmed of a group back.
    pub(super) fn forget_applied(&mut self, group: u32) {
        for user in std::mem::take(&mut self.groups[group as usize].applied).iter() {
            self.users[user as usize].applied -= 1;
        }
    }

    /// Forgets a group of which nothing is said any more; whether it did.
    pub(super) fn release_group(&mut self, group: u32) -> bool {
        let is_nothing = self.groups.get(group as usize).is_some_and(Group::is_nothing);
        if is_nothing {
            self.group_names.release(group);
        }
        is_nothing
    }

    /// Forgets a user of whom nothing is said any more.
    pub(super) fn release_user(&mut self, user: u32) {
        let is_nothing = |user: &User| user.groups.is_empty() && !user.ineligible && user.applied == 0;
        if self.users.get(user as usize).is_some_and(is_nothing) {
            self.user_names.release(user);
        }
    }

    /// Fills a group that is new, from what is stored: quicker than member by member.
    pub(super) fn fill(&mut self, group: u32, users: Vec<u32>, children: Vec<u32>) {
        let one = &mut self.groups[group as usize];
        one.users = Set::of(users);
        one.children = Set::of(children);
        self.edges += one.children.len() as u64;
    }

    /// Derives who is in which group, and which group is in which, from the groups that were filled.
    pub(super) fn turn_round(&mut self) {
        let (mut of_user, mut parents) =
            (vec![Vec::new(); self.users.len()], vec![Vec::new(); self.groups.len()]);
        for (number, group) in (0_u32..).zip(&self.groups) {
            group.users.iter().for_each(|user| of_user[user as usize].push(number));
            group.children.iter().for_each(|child| parents[child as usize].push(number));
        }
        self.users.iter_mut().zip(of_user).for_each(|(user, groups)| user.groups = Set::of(groups));
        self.groups.iter_mut().zip(parents).for_each(|(group, parents)| group.parents = Set::of(parents));
    }
}
