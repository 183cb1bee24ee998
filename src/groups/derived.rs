//! What follows from what was said: which groups each reaches, which reach it, and who belongs how often.

use super::counts::Counts;
use super::direct::{Direct, Group};
use super::set::Set;

/// What follows. Lists are as long as there are numbers of groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Derived {
    /// The groups that each reaches; itself always.
    pub(super) below: Vec<Set>,
    /// The groups that reach each; itself always.
    pub(super) above: Vec<Set>,
    /// Who belongs to the groups that are counted.
    pub(super) counts: Vec<Counts>,
    pub(super) closure_pairs: u64,
    pub(super) support_pairs: u64,
}

impl Derived {
    /// Derives everything anew.
    pub(super) fn of(direct: &Direct, max_depth: Option<u32>) -> Self {
        let end = direct.group_names.end();
        let mut derived = Self { counts: vec![Counts::default(); end], ..Self::default() };
        let (mut walk, mut above) = (Walk::default(), vec![Vec::new(); end]);
        derived.below = vec![Set::default(); end];
        for group in direct.group_names.numbers() {
            let below = walk.below(group, max_depth, |group| children(direct, group));
            below.iter().for_each(|reached| above[reached as usize].push(group));
            derived.closure_pairs += below.len() as u64;
            if direct.group(group).is_some_and(Group::is_counted) {
                let counts = Counts::of(below.iter().flat_map(|one| direct.users_of(one)).copied().collect());
                derived.support_pairs += counts.len() as u64;
                derived.counts[group as usize] = counts;
            }
            derived.below[group as usize] = below;
        }
        derived.above = above.into_iter().map(Set::of).collect();
        derived
    }

    /// Makes room for the groups up to that number.
    pub(super) fn grow(&mut self, end: usize) {
        self.below.resize_with(end, Set::default);
        self.above.resize_with(end, Set::default);
        self.counts.resize_with(end, Counts::default);
    }

    /// A group that is new reaches itself.
    pub(super) fn begin(&mut self, group: u32) {
        self.closure_pairs += 1;
        self.below[group as usize].insert(group);
        self.above[group as usize].insert(group);
    }

    /// Forgets a group that reaches only itself.
    pub(super) fn release(&mut self, group: u32) {
        let group = group as usize;
        self.closure_pairs -= self.below[group].len() as u64;
        (self.below[group], self.above[group]) = (Set::default(), Set::default());
    }

    /// How often somebody belongs to a group.
    pub(super) fn count(&self, group: u32, user: u32) -> u32 {
        self.counts.get(group as usize).map_or(0, |counts| counts.get(user))
    }
}

/// The children of a group.
pub(super) fn children(direct: &Direct, group: u32) -> &Set {
    static NONE: Set = Set::EMPTY;
    direct.group(group).map_or(&NONE, |group| &group.children)
}

/// A walk over the graph, level by level and never by recursion: neither a cycle nor a chain of any length can harm it.
#[derive(Default)]
pub(super) struct Walk {
    /// In which walk each group was seen last.
    seen: Vec<u32>,
    walks: u32,
    found: Vec<u32>,
}

impl Walk {
    /// The groups that one reaches in so many steps, itself included. The first visit of a group is by a shortest way, so
    /// that another way to it makes no difference.
    pub(super) fn below<'g>(
        &mut self,
        from: u32,
        max_depth: Option<u32>,
        next: impl Fn(u32) -> &'g Set,
    ) -> Set {
        self.levels(from, max_depth, next);
        Set::of(self.found.clone())
    }

    /// How many steps it takes to the farthest group.
    pub(super) fn depth<'g>(&mut self, from: u32, next: impl Fn(u32) -> &'g Set) -> u32 {
        self.levels(from, None, next)
    }

    fn levels<'g>(&mut self, from: u32, max_depth: Option<u32>, next: impl Fn(u32) -> &'g Set) -> u32 {
        if self.walks == u32::MAX {
            self.seen.clear();
            self.walks = 0;
        }
        self.walks += 1;
        self.found.clear();
        self.visit(from);
        let (mut start, mut depth) = (0, 0);
        while max_depth.is_none_or(|most| depth < most) {
            let end = self.found.len();
            for at in start..end {
                for group in next(self.found[at]).iter() {
                    self.visit(group);
                }
            }
            if self.found.len() == end {
                break;
            }
            (start, depth) = (end, depth + 1);
        }
        depth
    }

    fn visit(&mut self, group: u32) {
        let at = group as usize;
        if at >= self.seen.len() {
            self.seen.resize((at + 1).next_power_of_two(), 0);
        }
        if self.seen[at] != self.walks {
            self.seen[at] = self.walks;
            self.found.push(group);
        }
    }
}
