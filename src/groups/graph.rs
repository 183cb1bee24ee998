//! The graph, and what is asked of it.

use std::collections::HashMap;

use compact_str::CompactString;

use super::counts::Counts;
use super::derived::Derived;
use super::direct::{Direct, Group};
use super::names::Names;
use super::plan::{self, Plan};
use super::set::Set;

/// What becomes of an edge that closes a cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cycles {
    /// It is taken: all groups of a cycle have the same members.
    #[default]
    Accept,
    /// It is refused.
    Refuse,
}

/// How much there may be. What would exceed it is refused before anything changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Groups.
    pub groups: u64,
    /// Users.
    pub users: u64,
    /// Direct members of one group.
    pub members: u64,
    /// Groups within groups.
    pub edges: u64,
    /// Pairs of a group and one that it reaches, itself included.
    pub closure_pairs: u64,
    /// Pairs of an exported group and a user who belongs to it.
    pub support_pairs: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            groups: 50_000,
            users: 1_000_000,
            members: 200_000,
            edges: 250_000,
            closure_pairs: 20_000_000,
            support_pairs: 50_000_000,
        }
    }
}

/// How a graph is made flat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How many steps away a group may be whose members belong, by the shortest way; any number unless said otherwise.
    pub max_depth: Option<u32>,
    /// What becomes of an edge that closes a cycle.
    pub cycles: Cycles,
    /// How much there may be.
    pub limits: Limits,
}

/// A change of what was said. Several make one request: it is taken as a whole, and the last word on each counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'c> {
    /// A user becomes a direct member of a group.
    AddUser {
        /// The group.
        group: &'c str,
        /// The user.
        user: &'c str,
    },
    /// A user is no longer a direct member of a group.
    RemoveUser {
        /// The group.
        group: &'c str,
        /// The user.
        user: &'c str,
    },
    /// Nobody is a direct member of a group any more; who is so all the same is said after.
    RemoveUsers {
        /// The group.
        group: &'c str,
    },
    /// A group becomes a member of another.
    AddGroup {
        /// The one that has members.
        parent: &'c str,
        /// The one that is a member.
        child: &'c str,
    },
    /// A group is no longer a member of another.
    RemoveGroup {
        /// The one that has members.
        parent: &'c str,
        /// The one that is a member.
        child: &'c str,
    },
    /// A group has no groups as members any more.
    RemoveGroups {
        /// The one that has members.
        parent: &'c str,
    },
    /// A group is to be at the vendor, or is no longer looked after there.
    Export {
        /// The group.
        group: &'c str,
        /// Whether it is.
        is: bool,
    },
    /// Whoever belongs to a group is in no group at the vendor.
    Exclude {
        /// The group.
        group: &'c str,
        /// Whether it is so.
        is: bool,
    },
    /// A user can be in groups at the vendor, or cannot: he is not there yet, or not any more.
    Eligible {
        /// The user.
        user: &'c str,
        /// Whether he can.
        is: bool,
    },
    /// A group is gone, with its twin at the vendor.
    DeleteGroup {
        /// The group.
        group: &'c str,
    },
    /// A user is gone.
    DeleteUser {
        /// The user.
        user: &'c str,
    },
}

/// A membership at the vendor that begins or ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delta {
    /// Whether it begins. Those that end come first.
    pub joins: bool,
    /// The group.
    pub group: CompactString,
    /// The user.
    pub user: CompactString,
}

/// Why a request was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A group would be a member of itself.
    #[error("a group would be a member of itself, through the groups within it")]
    Cycle,
    /// There would be too much of something.
    #[error("there would be more than {most} {what}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How much there may be.
        most: u64,
    },
    /// The counts were wrong: the graph must be rebuilt.
    #[error("the members of groups were counted wrongly")]
    Miscounted,
    /// The graph has changed since the plan was made.
    #[error("the groups have changed in between")]
    Outdated,
}

/// One group, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: CompactString,
    /// Its direct users.
    pub users: Vec<CompactString>,
    /// The groups that are its members.
    pub children: Vec<CompactString>,
    /// Whether it is to be at the vendor.
    pub exported: bool,
    /// Who is in it at the vendor, as far as the bridge has put him there.
    pub applied: Vec<CompactString>,
}

/// Groups within groups, and who belongs to them.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(super) options: Options,
    pub(super) direct: Direct,
    pub(super) derived: Derived,
    pub(super) version: u64,
}

impl Graph {
    /// A graph without groups.
    pub fn new(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    /// The graph of what is stored: groups, those that are excluded, and the users who are not eligible. It is taken whatever
    /// its size, since it is there.
    pub fn load<'s>(
        options: Options,
        groups: impl IntoIterator<Item = Stored>,
        excluded: impl IntoIterator<Item = &'s str>,
        ineligible: impl IntoIterator<Item = &'s str>,
    ) -> Self {
        let mut direct = Direct::default();
        for stored in groups {
            let group = direct.intern_group(&stored.id);
            let users = stored.users.iter().map(|user| direct.intern_user(user)).collect();
            let children = stored.children.iter().map(|child| direct.intern_group(child)).collect();
            direct.fill(group, users, children);
            direct.set_exported(group, stored.exported);
            for user in &stored.applied {
                let user = direct.intern_user(user);
                direct.set_applied(group, user, true);
            }
        }
        for group in excluded {
            let group = direct.intern_group(group);
            direct.set_excluded(group, true);
        }
        for user in ineligible {
            let user = direct.intern_user(user);
            direct.set_ineligible(user, true);
        }
        direct.turn_round();
        let derived = Derived::of(&direct, options.max_depth);
        Self { options, direct, derived, version: 0 }
    }

    /// Works out what a request would change.
    ///
    /// # Errors
    /// When it cannot be taken. Nothing has changed then.
    pub fn plan(&self, changes: &[Change<'_>]) -> Result<Plan, Refusal> {
        plan::plan(self, changes)
    }

    /// What a plan changes at the vendor, whoever leaves first.
    pub fn deltas(&self, plan: &Plan) -> Vec<Delta> {
        let (groups, users) = (&self.direct.group_names, &self.direct.user_names);
        let (new_groups, new_users) = (coming(groups, &plan.new_groups), coming(users, &plan.new_users));
        let delta = |&(joins, group, user): &(bool, u32, u32)| Delta {
            joins,
            group: (*new_groups.get(&group).unwrap_or(&groups.name(group))).into(),
            user: (*new_users.get(&user).unwrap_or(&users.name(user))).into(),
        };
        let mut deltas: Vec<_> = plan.deltas.iter().map(delta).collect();
        deltas.sort_unstable();
        deltas
    }

    /// Takes a plan over.
    ///
    /// # Errors
    /// When the graph is not any more what the plan was made for.
    pub fn commit(&mut self, plan: Plan) -> Result<(), Refusal> {
        if plan.version != self.version {
            return Err(Refusal::Outdated);
        }
        self.version += 1;
        let Self { direct, derived, .. } = self;
        let new_groups: Vec<_> = plan.new_groups.iter().map(|name| direct.intern_group(name)).collect();
        let new_users: Vec<_> = plan.new_users.iter().map(|name| direct.intern_user(name)).collect();
        derived.grow(direct.group_names.end());
        let said = plan.said;
        said.members.iter().for_each(|(&(group, user), &is_in)| direct.set_member(group, user, is_in));
        said.edges.iter().for_each(|(&(parent, child), &is)| direct.set_edge(parent, child, is));
        said.exported.iter().for_each(|(&group, &is)| direct.set_exported(group, is));
        said.excluded.iter().for_each(|(&group, &is)| direct.set_excluded(group, is));
        said.ineligible.iter().for_each(|(&user, &is)| direct.set_ineligible(user, is));
        plan.below.into_iter().for_each(|(group, set)| derived.below[group as usize] = set);
        plan.above.into_iter().for_each(|(group, set)| derived.above[group as usize] = set);
        for &group in said.exported.keys().chain(said.excluded.keys()) {
            if !direct.group(group).is_some_and(Group::is_counted) {
                derived.counts[group as usize] = Counts::EMPTY;
            }
        }
        for (&group, recount) in &plan.recounts {
            derived.counts[group as usize].apply(recount);
        }
        (derived.closure_pairs, derived.support_pairs) = (plan.closure_pairs, plan.support_pairs);
        said.deleted_groups.iter().for_each(|&group| direct.forget_applied(group));
        for &user in &said.deleted_users {
            if direct.user(user).is_some_and(|user| user.applied > 0) {
                let groups: Vec<_> = direct.group_names.numbers().collect();
                groups.into_iter().for_each(|group| direct.set_applied(group, user, false));
            }
        }
        let groups = said.members.keys().map(|&(group, _)| group);
        let groups = groups.chain(said.edges.keys().flat_map(|&(parent, child)| [parent, child]));
        let toggled = said.exported.keys().chain(said.excluded.keys()).chain(&said.deleted_groups).copied();
        for group in groups.chain(toggled).chain(new_groups) {
            self.release_group(group);
        }
        let users = said.members.keys().map(|&(_, user)| user).chain(said.ineligible.keys().copied());
        for user in users.chain(said.deleted_users.iter().copied()).chain(new_users) {
            self.direct.release_user(user);
        }
        Ok(())
    }

    fn release_group(&mut self, group: u32) {
        if !self.direct.group_names.name(group).is_empty() && self.direct.release_group(group) {
            self.derived.release(group);
        }
    }

    /// Takes a request: gives what it changes at the vendor.
    ///
    /// # Errors
    /// When it cannot be taken. Nothing has changed then.
    pub fn apply(&mut self, changes: &[Change<'_>]) -> Result<Vec<Delta>, Refusal> {
        let plan = self.plan(changes)?;
        let deltas = self.deltas(&plan);
        self.commit(plan)?;
        Ok(deltas)
    }

    /// Notes that the vendor has confirmed who is in a group and who is not: of others, it is as it was.
    pub fn confirm<'u>(&mut self, group: &str, users: impl IntoIterator<Item = (&'u str, bool)>) {
        let group = self.direct.intern_group(group);
        self.derived.grow(self.direct.group_names.end());
        if self.derived.below[group as usize].is_empty() {
            self.derived.begin(group);
        }
        for (user, is_in) in users {
            let user = self.direct.intern_user(user);
            self.direct.set_applied(group, user, is_in);
            self.direct.release_user(user);
        }
        self.release_group(group);
        self.version += 1;
    }

    /// What the vendor has not confirmed yet, of one group: this is what has to be sent.
    pub fn outstanding(&self, group: &str) -> Vec<Delta> {
        let mut deltas = Vec::new();
        if let Some(group) = self.direct.group_names.get(group) {
            self.outstanding_of(group, &mut deltas);
        }
        deltas.sort_unstable();
        deltas
    }

    /// What the vendor has not confirmed yet, of any group.
    pub fn all_outstanding(&self) -> Vec<Delta> {
        let mut deltas = Vec::new();
        self.direct.group_names.numbers().for_each(|group| self.outstanding_of(group, &mut deltas));
        deltas.sort_unstable();
        deltas
    }

    fn outstanding_of(&self, number: u32, deltas: &mut Vec<Delta>) {
        let Some(group) = self.direct.group(number).filter(|group| group.exported) else { return };
        let wanted = Set::of(self.wanted_of(number).collect());
        let delta = |joins, user| Delta {
            joins,
            group: self.direct.group_names.name(number).into(),
            user: self.direct.user_names.name(user).into(),
        };
        deltas.extend(group.applied.minus(&wanted).into_iter().map(|user| delta(false, user)));
        deltas.extend(wanted.minus(&group.applied).into_iter().map(|user| delta(true, user)));
    }

    fn wanted_of(&self, group: u32) -> impl Iterator<Item = u32> + '_ {
        let Self { direct, derived, .. } = self;
        let excluded = |user| direct.excluded.iter().any(|group| derived.count(group, user) > 0);
        let eligible =
            move |user: &u32| !direct.user(*user).is_some_and(|user| user.ineligible) && !excluded(*user);
        derived.counts.get(group as usize).into_iter().flat_map(Counts::users).filter(eligible)
    }

    /// Who is to be in a group at the vendor; nobody when the group is not exported.
    pub fn wanted(&self, group: &str) -> impl Iterator<Item = &str> {
        let number = self.direct.group_names.get(group).filter(|&number| self.direct.is_exported(number));
        number
            .into_iter()
            .flat_map(|number| self.wanted_of(number))
            .map(|user| self.direct.user_names.name(user))
    }

    /// The direct users of a group.
    pub fn users(&self, group: &str) -> impl Iterator<Item = &str> {
        let number = self.direct.group_names.get(group);
        let users = number.map_or(&[][..], |number| self.direct.users_of(number));
        users.iter().map(|&user| self.direct.user_names.name(user))
    }

    /// The groups that are members of a group.
    pub fn children(&self, group: &str) -> impl Iterator<Item = &str> {
        self.around(group, |group| &group.children)
    }

    /// The groups that a group is a member of.
    pub fn parents(&self, group: &str) -> impl Iterator<Item = &str> {
        self.around(group, |group| &group.parents)
    }

    /// The groups that reach a group, itself included.
    pub fn above(&self, group: &str) -> impl Iterator<Item = &str> {
        let number = self.direct.group_names.get(group);
        let above = number.map(|number| &self.derived.above[number as usize]);
        above.into_iter().flat_map(Set::iter).map(|group| self.direct.group_names.name(group))
    }

    /// Who is in a group at the vendor, as far as it was confirmed.
    pub fn applied(&self, group: &str) -> impl Iterator<Item = &str> {
        let group = self.direct.group_names.get(group).and_then(|number| self.direct.group(number));
        let users = group.map(|group| group.applied.as_slice()).unwrap_or_default();
        users.iter().map(|&user| self.direct.user_names.name(user))
    }

    /// Whether the vendor has confirmed that a user is in a group.
    pub fn is_applied(&self, group: &str, user: &str) -> bool {
        let group = self.direct.group_names.get(group).and_then(|number| self.direct.group(number));
        let user = self.direct.user_names.get(user);
        group.zip(user).is_some_and(|(group, user)| group.applied.contains(user))
    }

    /// Whether any group is within another.
    pub fn has_edges(&self) -> bool {
        self.direct.edges > 0
    }

    fn around<'g>(&'g self, group: &str, of: fn(&'g Group) -> &'g Set) -> impl Iterator<Item = &'g str> {
        let group = self.direct.group_names.get(group).and_then(|number| self.direct.group(number));
        group.map(of).into_iter().flat_map(Set::iter).map(|group| self.direct.group_names.name(group))
    }

    /// Whether anything is said of a group.
    pub fn knows(&self, group: &str) -> bool {
        self.direct.group_names.get(group).is_some()
    }

    /// Whether a group is to be at the vendor.
    pub fn is_exported(&self, group: &str) -> bool {
        self.direct.group_names.get(group).is_some_and(|number| self.direct.is_exported(number))
    }

    /// How many pairs there are of a group and one that it reaches, itself included.
    pub fn closure_pairs(&self) -> u64 {
        self.derived.closure_pairs
    }

    /// How many pairs there are of an exported or excluded group and a user who belongs to it.
    pub fn support_pairs(&self) -> u64 {
        self.derived.support_pairs
    }

    /// Derives everything anew from what was said; whether it was right, to the last count.
    pub fn rebuild(&mut self) -> bool {
        let derived = Derived::of(&self.direct, self.options.max_depth);
        self.version += 1;
        std::mem::replace(&mut self.derived, derived) == self.derived
    }
}

/// The names that are not known yet, by the numbers that they will have.
fn coming<'n>(names: &Names, new: &'n [CompactString]) -> HashMap<u32, &'n str> {
    new.iter().enumerate().map(|(at, name)| (names.coming(at), name.as_str())).collect()
}
