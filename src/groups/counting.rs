//! Who belongs, as groups reach others and users come and go, beside what was; and which memberships that begins and ends.

use std::collections::{BTreeMap, BTreeSet};

use super::closure::Overlay;
use super::counts::{Counts, Miscount, Recount, Recounted};
use super::direct::Group;
use super::graph::{Graph, Refusal};
use super::said::Said;
use super::set::Set;

/// Who belongs, as groups reach others and users come and go.
pub(super) struct Counting<'g> {
    pub(super) graph: &'g Graph,
    pub(super) said: &'g Said,
    pub(super) below: Overlay<'g>,
    pub(super) above: Overlay<'g>,
    pub(super) recounts: BTreeMap<u32, Recount>,
}

impl Counting<'_> {
    fn exported(&self, group: u32) -> bool {
        self.said.exported.get(&group).copied().unwrap_or_else(|| self.graph.direct.is_exported(group))
    }

    fn excluded(&self, group: u32) -> bool {
        let before = || self.graph.direct.excluded.contains(group);
        self.said.excluded.get(&group).copied().unwrap_or_else(before)
    }

    fn is_counted(&self, group: u32) -> bool {
        self.exported(group) || self.excluded(group)
    }

    /// Counts anew who belongs to the groups for which it may have changed; gives how many memberships there are then.
    pub(super) fn count(&mut self) -> Result<u64, Refusal> {
        let (direct, said) = (&self.graph.direct, self.said);
        let was_counted = |group| direct.group(group).is_some_and(Group::is_counted);
        let mut members: BTreeMap<u32, Vec<(u32, i32)>> = BTreeMap::new();
        for (&(group, user), &is_in) in &said.members {
            members.entry(group).or_default().push((user, if is_in { 1 } else { -1 }));
        }
        // The groups whose counts change, with those below whose users do.
        let mut affected: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for &group in members.keys() {
            self.above.get(group).iter().for_each(|above| affected.entry(above).or_default().push(group));
        }
        let toggled = said.exported.keys().chain(said.excluded.keys()).copied();
        for group in toggled.chain(self.below.changed.keys().copied()) {
            affected.entry(group).or_default();
        }
        let derived = &self.graph.derived;
        let (mut gained, mut lost) = (0, 0);
        for (group, changed) in affected {
            if !self.is_counted(group) {
                lost += derived.counts.get(group as usize).map_or(0, |counts| counts.len() as u64);
                continue;
            }
            let mut changes = Vec::new();
            let mut push = |groups: &[u32], by: i32| {
                let users = groups.iter().flat_map(|&one| direct.users_of(one));
                changes.extend(users.map(|&user| (user, by)));
            };
            if !was_counted(group) {
                push(self.below.get(group).as_slice(), 1);
            } else if let Some(after) = self.below.changed.get(&group) {
                let before = derived.below.get(group as usize).unwrap_or(const { &Set::EMPTY });
                push(&before.minus(after), -1);
                push(&after.minus(before), 1);
            }
            changes.extend(changed.iter().flat_map(|one| members[one].iter().copied()));
            let known = derived.counts.get(group as usize).unwrap_or(const { &Counts::EMPTY });
            let recount = known.recount(changes).map_err(|Miscount| Refusal::Miscounted)?;
            gained += recount.iter().filter(|(_, count)| count.before == 0).count() as u64;
            lost += recount.iter().filter(|(_, count)| count.after == 0).count() as u64;
            // Checked as it grows: what is lost was there before, so that what is gained alone can be too much.
            self.check_support(gained)?;
            if !recount.is_empty() {
                self.recounts.insert(group, recount);
            }
        }
        let pairs = (derived.support_pairs + gained).checked_sub(lost).ok_or(Refusal::Miscounted)?;
        if gained > lost {
            self.check_support(pairs)?;
        }
        Ok(pairs)
    }

    fn check_support(&self, pairs: u64) -> Result<(), Refusal> {
        let most = self.graph.options.limits.support_pairs;
        if pairs > most {
            return Err(Refusal::Limit { what: "members of groups, with those of the groups within", most });
        }
        Ok(())
    }

    fn recounted(&self, group: u32, user: u32) -> Recounted {
        let recount = self.recounts.get(&group);
        let found = recount
            .and_then(|all| all.binary_search_by_key(&user, |&(user, _)| user).ok().map(|at| all[at].1));
        found.unwrap_or_else(|| {
            let count = self.graph.derived.count(group, user);
            Recounted { before: count, after: count }
        })
    }

    /// Whether a user may be in a group at all: before, and after.
    fn eligible(&self, user: u32) -> (bool, bool) {
        let direct = &self.graph.direct;
        let before = direct.is_ineligible(user);
        let after = self.said.ineligible.get(&user).copied().unwrap_or(before);
        let was_excluded = || direct.excluded.iter().any(|group| self.graph.derived.count(group, user) > 0);
        let new = self.said.excluded.keys().copied();
        let is_excluded = || {
            let mut excluded =
                direct.excluded.iter().chain(new.clone()).filter(|&group| self.excluded(group));
            excluded.any(|group| self.recounted(group, user).after > 0)
        };
        (!before && !was_excluded(), !after && !is_excluded())
    }

    /// Who leaves and who joins exported groups, netted: those first who leave.
    pub(super) fn deltas(&self) -> Vec<(bool, u32, u32)> {
        let (direct, derived, said) = (&self.graph.direct, &self.graph.derived, self.said);
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (&group, recount) in self.recounts.iter().filter(|(group, _)| self.exported(**group)) {
            let turned = recount.iter().filter(|(_, count)| (count.before == 0) != (count.after == 0));
            pairs.extend(turned.map(|&(user, _)| (group, user)));
        }
        let counted = |group: u32| derived.counts.get(group as usize).into_iter().flat_map(Counts::users);
        let newly = said.exported.iter().filter(|(_, is)| **is).map(|(&group, _)| group);
        newly.for_each(|group| pairs.extend(counted(group).map(|user| (group, user))));
        // Whoever becomes eligible, or no longer is, joins or leaves wherever he belongs.
        let mut turned: BTreeSet<u32> = said.ineligible.keys().copied().collect();
        for group in direct.excluded.iter().chain(said.excluded.keys().copied()) {
            turned.extend(self.recounts.get(&group).into_iter().flatten().map(|&(user, _)| user));
        }
        said.excluded.keys().for_each(|&group| turned.extend(counted(group)));
        for user in turned {
            let (before, after) = self.eligible(user);
            if before != after {
                let groups = direct.user(user).into_iter().flat_map(|user| user.groups.iter());
                let above = groups.flat_map(|group| derived.above[group as usize].iter());
                // Wherever he comes to belong or ceases to, he was found above.
                pairs.extend(above.filter(|&group| self.exported(group)).map(|group| (group, user)));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut deltas: Vec<_> = pairs
            .into_iter()
            .filter_map(|(group, user)| {
                let Recounted { before, after } = self.recounted(group, user);
                let (was_eligible, is_eligible) = self.eligible(user);
                let was = direct.is_exported(group) && before > 0 && was_eligible;
                let is = after > 0 && is_eligible;
                (was != is).then_some((is, group, user))
            })
            .collect();
        deltas.sort_unstable();
        deltas
    }
}
