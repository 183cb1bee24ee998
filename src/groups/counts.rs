//! How many of the groups that a group reaches a user is a direct member of: somebody belongs to it while that is not zero.

use std::collections::BTreeMap;

/// The count is wrong: somebody would leave more groups than he is in, or be in more than there are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Miscount;

/// Counts by user, none of them zero. A tree, since a group may have 100,000 members of whom one leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts(BTreeMap<u32, u32>);

/// The counts of some users after a change, in ascending order of the users; zero for whoever does not belong any more.
pub(super) type Recount = Vec<(u32, Recounted)>;

/// What a count was and is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recounted {
    pub(super) before: u32,
    pub(super) after: u32,
}

impl Counts {
    pub(super) const EMPTY: Self = Self(BTreeMap::new());

    /// Counts each user as often as he is named.
    pub(super) fn of(mut users: Vec<u32>) -> Self {
        users.sort_unstable();
        let count = |same: &[u32]| (same[0], u32::try_from(same.len()).unwrap_or(u32::MAX));
        Self(users.chunk_by(|a, b| a == b).map(count).collect())
    }

    pub(super) fn get(&self, user: u32) -> u32 {
        self.0.get(&user).copied().unwrap_or_default()
    }

    /// How many belong.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Who belongs.
    pub(super) fn users(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.keys().copied()
    }

    /// What becomes of the counts when these are added to them, in any order and netted; users whose count stays are left
    /// out.
    ///
    /// # Errors
    /// When a count would leave its range, which it cannot while it is right.
    pub(super) fn recount(&self, mut changes: Vec<(u32, i32)>) -> Result<Recount, Miscount> {
        changes.sort_unstable_by_key(|&(user, _)| user);
        let mut recount = Recount::new();
        for same in changes.chunk_by(|(a, _), (b, _)| a == b) {
            let (user, net) = (same[0].0, same.iter().map(|&(_, by)| i64::from(by)).sum::<i64>());
            if net != 0 {
                let before = self.get(user);
                let after = u32::try_from(i64::from(before) + net).map_err(|_| Miscount)?;
                recount.push((user, Recounted { before, after }));
            }
        }
        Ok(recount)
    }

    /// Takes a recount over.
    pub(super) fn apply(&mut self, recount: &[(u32, Recounted)]) {
        for &(user, Recounted { after, .. }) in recount {
            if after == 0 {
                self.0.remove(&user)
            } else {
                self.0.insert(user, after)
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(counts: &[(u32, u32)], changes: &[(u32, i32)]) -> Result<Vec<(u32, u32)>, Miscount> {
        let mut counts = Counts(counts.iter().copied().collect());
        let recount = counts.recount(changes.to_vec())?;
        counts.apply(&recount);
        Ok(counts.0.into_iter().collect())
    }

    #[test]
    fn counts_are_netted() {
        assert_eq!(applied(&[], &[(2, 1), (1, 1), (2, 1)]), Ok(vec![(1, 1), (2, 2)]));
        assert_eq!(applied(&[(1, 1), (2, 2)], &[(1, -1), (2, -1), (1, 1)]), Ok(vec![(1, 1), (2, 1)]));
        assert_eq!(applied(&[(1, 1), (2, 2)], &[(1, -1), (2, -2)]), Ok(vec![]));
        assert_eq!(Counts::of(vec![3, 1, 3]).0, BTreeMap::from([(1, 1), (3, 2)]));
    }

    #[test]
    fn a_count_that_leaves_its_range_is_a_miscount() {
        assert_eq!(applied(&[(1, 1)], &[(1, -2)]), Err(Miscount));
        assert_eq!(applied(&[], &[(1, -1)]), Err(Miscount));
        assert_eq!(applied(&[(1, u32::MAX)], &[(1, 1)]), Err(Miscount));
        for high in [65_534, 65_535, 65_536] {
            assert_eq!(applied(&[(1, high)], &[(1, 1)]), Ok(vec![(1, high + 1)]), "no narrower than it says");
        }
        assert_eq!(applied(&[(1, u32::MAX)], &[(1, -1)]), Ok(vec![(1, u32::MAX - 1)]));
    }
}
