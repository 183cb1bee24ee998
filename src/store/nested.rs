//! What was said of groups within groups: direct members, edges, and which members the vendor has confirmed.
//!
//! The vendor holds flat groups only, so that this cannot be read from it. What is wanted and what was confirmed are kept beside
//! each other: whatever differs has still to be sent, also after a crash.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use crate::groups::Stored;

/// A word about groups within groups, and the last about its matter. Whatever it names is known from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// There is such a group at the vendor.
    Group {
        /// The group.
        group: CompactString,
    },
    /// A user is a direct member of a group, or is not.
    User {
        /// The group.
        group: CompactString,
        /// The user.
        user: CompactString,
        /// Whether he is.
        is: bool,
    },
    /// A group is a member of another, or is not.
    Edge {
        /// The one that has members.
        parent: CompactString,
        /// The one that is a member.
        child: CompactString,
        /// Whether it is.
        is: bool,
    },
    /// The vendor has confirmed that a user is in a group, or is not.
    Applied {
        /// The group.
        group: CompactString,
        /// The user.
        user: CompactString,
        /// Whether he is.
        is: bool,
    },
    /// A group is gone: with its members, out of every other, and all that was confirmed of it.
    GroupGone {
        /// The group.
        group: CompactString,
    },
    /// A user is gone: out of every group, also out of what was confirmed.
    UserGone {
        /// The user.
        user: CompactString,
    },
}

/// What was said in one integration.
#[derive(Default)]
pub(super) struct Nested(BTreeMap<CompactString, Kept>);

#[derive(Default)]
struct Kept {
    at_vendor: bool,
    users: BTreeSet<CompactString>,
    children: BTreeSet<CompactString>,
    applied: BTreeSet<CompactString>,
}

impl Nested {
    pub(super) fn all(&self) -> Vec<Stored> {
        let own = |set: &BTreeSet<CompactString>| set.iter().cloned().collect();
        let stored = |(id, kept): (&CompactString, &Kept)| Stored {
            id: id.clone(),
            users: own(&kept.users),
            children: own(&kept.children),
            exported: kept.at_vendor,
            applied: own(&kept.applied),
        };
        self.0.iter().map(stored).collect()
    }

    pub(super) fn say(&mut self, said: Said) {
        let put = |set: &mut BTreeSet<CompactString>, one: CompactString, is: bool| {
            if is {
                set.insert(one)
            } else {
                set.remove(&one)
            };
        };
        match said {
            Said::Group { group } => self.0.entry(group).or_default().at_vendor = true,
            Said::User { group, user, is } => put(&mut self.0.entry(group).or_default().users, user, is),
            Said::Edge { parent, child, is } => {
                put(&mut self.0.entry(parent).or_default().children, child, is);
            }
            Said::Applied { group, user, is } => put(&mut self.0.entry(group).or_default().applied, user, is),
            Said::GroupGone { group } => {
                self.0.remove(&group);
                for kept in self.0.values_mut() {
                    kept.children.remove(&group);
                }
            }
            Said::UserGone { user } => {
                for kept in self.0.values_mut() {
                    kept.users.remove(&user);
                    kept.applied.remove(&user);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Memory, Store};
    use super::*;

    #[tokio::test]
    async fn what_was_said_is_kept_by_integration() {
        let (store, id) = (Memory::default(), |id: &str| CompactString::from(id));
        let user = |group: &str, user: &str, is| Said::User { group: id(group), user: id(user), is };
        let edge = |parent: &str, child: &str| Said::Edge { parent: id(parent), child: id(child), is: true };
        let applied = |group: &str, user: &str| Said::Applied { group: id(group), user: id(user), is: true };
        let said = vec![
            Said::Group { group: id("g") },
            user("g", "a", true),
            user("g", "b", true),
            user("g", "a", false),
            edge("g", "h"),
            edge("h", "g"),
            applied("g", "b"),
            applied("h", "b"),
        ];
        store.say("acme", said).await.unwrap();
        let stored = store.nested("acme").await.unwrap();
        let [g, h] = stored.as_slice() else { panic!("{stored:?}") };
        assert_eq!(
            (g.exported, g.users.as_slice(), g.children.as_slice()),
            (true, &[id("b")][..], &[id("h")][..])
        );
        assert_eq!((h.exported, h.applied.as_slice()), (false, &[id("b")][..]));
        assert_eq!(store.nested("other").await.unwrap(), []);
        let gone = vec![Said::GroupGone { group: id("h") }, Said::UserGone { user: id("b") }];
        store.say("acme", gone).await.unwrap();
        let left = store.nested("acme").await.unwrap();
        let bare = Stored { id: id("g"), exported: true, ..Stored::default() };
        assert_eq!(left, [bare], "the group, without members");
    }
}
