//! Watches groups for lost updates: members that vanish without a request that named their removal.
//!
//! A removal is named by a PATCH `remove`, by the deletion of the group or of the user. A request that states the whole
//! list (PUT of the group, `replace` of `members`) names nobody, so leaving somebody out can be meant or be a mistake.
//! It is counted as a mistake when the one left out was added **after the group was last read**: whoever made the list
//! read an older one, or did not look. Two things keep intended removals out of the count: a group that nobody has ever
//! read is not judged (the list was not made from a reading), and neither is a request that proves by `If-Match` that
//! it knows the current version. A client that has read a group once and later overwrites it blindly, on purpose, is
//! counted; it cannot know whom it throws out.

use std::collections::{BTreeMap, BTreeSet};

/// What has been shown of each group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Membership {
    /// By group that was read at least once: who was added since.
    unread: BTreeMap<String, BTreeSet<String>>,
}

impl Membership {
    /// The members of `group` were shown in the answer to a GET.
    pub(crate) fn shown(&mut self, group: &str) {
        self.unread.entry(group.to_owned()).or_default().clear();
    }

    /// `members` were added to `group`.
    pub(crate) fn added(&mut self, group: &str, members: impl IntoIterator<Item = String>) {
        if let Some(unread) = self.unread.get_mut(group) {
            unread.extend(members);
        }
    }

    /// The list of `group` was exchanged. Gives how many were lost by it.
    pub(crate) fn exchanged(
        &mut self,
        group: &str,
        before: &BTreeSet<String>,
        after: &BTreeSet<String>,
        knows_current: bool,
    ) -> u64 {
        let Some(unread) = self.unread.get_mut(group) else { return 0 };
        let lost = before.difference(after).filter(|member| unread.remove(*member)).count();
        unread.extend(after.difference(before).cloned());
        if knows_current { 0 } else { lost as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(members: &[&str]) -> BTreeSet<String> {
        members.iter().map(|&member| member.to_owned()).collect()
    }

    #[test]
    fn two_lists_made_from_one_reading_lose_a_member() {
        let mut watch = Membership::default();
        watch.shown("g");
        assert_eq!(watch.exchanged("g", &set(&["a"]), &set(&["a", "b"]), false), 0);
        assert_eq!(watch.exchanged("g", &set(&["a", "b"]), &set(&["a", "c"]), false), 1, "b was overwritten");
    }

    #[test]
    fn a_removal_by_someone_who_looked_is_no_loss() {
        let mut watch = Membership::default();
        watch.shown("g");
        watch.added("g", ["b".to_owned()]);
        watch.shown("g");
        assert_eq!(watch.exchanged("g", &set(&["a", "b"]), &set(&["a"]), false), 0);
        watch.added("g", ["c".to_owned()]);
        assert_eq!(
            watch.exchanged("g", &set(&["a", "c"]), &set(&["a"]), true),
            0,
            "If-Match proves the reading"
        );
    }

    #[test]
    fn a_group_never_read_is_not_judged() {
        let mut watch = Membership::default();
        watch.added("g", ["b".to_owned()]);
        assert_eq!(watch.exchanged("g", &set(&["a", "b"]), &set(&["a"]), false), 0);
    }
}
