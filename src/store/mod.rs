//! What the bridge remembers, as the verbs that the program needs.
//!
//! Everything is kept by integration and resource type, and each kind of key has its own space: an id that a client
//! chose is never looked up as an id that a vendor gave.

mod absent;
mod alias;
#[cfg(test)]
mod conformance;
mod intent;
mod memory;
mod nested;
mod open;
mod postgres;
mod seal;
mod sql;
mod sqlite;

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use compact_str::CompactString;

use crate::groups::Stored;
use crate::remainder::Remainder;
use crate::scim::request::Request;
use crate::scim::{AttrPath, ResourceType};

pub use absent::{Absent, State};
pub use intent::{Intent, Named, Target};
pub use memory::Memory;
pub use nested::Said;
pub use open::{Database, Place, open, restore};
pub use seal::StoreKey;
pub use sqlite::backup;

/// The answer of a store, later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The store could not do it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StoreError(pub String);

/// A resource of a vendor, within an integration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The integration.
    pub integration: CompactString,
    /// The type.
    pub resource: ResourceType,
    /// The id that the identity provider knows.
    pub id: CompactString,
}

/// An id that the vendor gave. Usually the identity provider knows the resource by the same; but neither is ever looked up
/// as the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VendorId(pub CompactString);

/// One group, as far as its members' rules need to know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub display_name: CompactString,
    /// The ids of its members.
    pub members: Vec<CompactString>,
}

/// A change of one group: who leaves, then who joins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// Its new name, if it has one.
    pub display_name: Option<CompactString>,
    /// Everybody leaves who does not join.
    pub replaced: bool,
    /// Who joins.
    pub added: Vec<CompactString>,
    /// Who leaves.
    pub removed: Vec<CompactString>,
}

/// The members of a group that the vendor was told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Their ids.
    pub members: BTreeSet<CompactString>,
    /// There are no others: all of them were told at once.
    pub all: bool,
}

/// A user whose rules must run again, because a group that they read has changed, or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Debt {
    /// The user.
    pub user: CompactString,
    /// Whether the user may lose something by it.
    pub loses: bool,
    /// Which of all debts, so that a later one of the same user is not settled with it.
    pub number: u64,
}

/// What [`Store::doubt`] changed, to take it back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doubt {
    /// The group was known.
    pub known: bool,
    /// The group was in doubt before.
    pub doubted: bool,
    /// Users who were not owed because of this group before.
    pub new: Vec<CompactString>,
}

/// When somebody began: a store that loses what it was told after that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(u64);

/// What the bridge remembers. Every verb is all or nothing, and is seen by every later one; that it outlives the process is
/// certain once [`Store::sync`] has answered.
pub trait Store: Send + Sync {
    /// Now.
    fn mark(&self) -> Mark;

    /// Waits until all that was told before lasts.
    ///
    /// # Errors
    /// When anything that was told since may be lost.
    fn sync(&self, since: Mark) -> Later<'_, ()>;

    /// What is remembered of a resource.
    fn remainder<'a>(&'a self, key: &'a Key) -> Later<'a, Option<Arc<Remainder>>>;

    /// Remembers this of a resource, in place of what was remembered; an empty remainder is forgotten.
    fn keep<'a>(&'a self, key: &'a Key, remainder: Remainder) -> Later<'a, ()>;

    /// The resources of which the identity provider wrote this text, in any case, as an attribute that is remembered, or as
    /// its `value`.
    fn wrote<'a>(
        &'a self,
        integration: &'a str,
        resource: ResourceType,
        attribute: &'a AttrPath,
        text: &'a str,
    ) -> Later<'a, Vec<CompactString>>;

    /// Forgets everything about a resource but that it was deleted.
    fn forget<'a>(&'a self, key: &'a Key) -> Later<'a, ()>;

    /// What the vendor calls resources now; `None` for each that nothing is remembered of: it is known by the vendor's id.
    fn vendor_ids<'a>(
        &'a self,
        integration: &'a str,
        resource: ResourceType,
        ids: &'a [CompactString],
    ) -> Later<'a, Vec<Option<VendorId>>>;

    /// What the identity provider calls resources; `None` for each that nothing is remembered of.
    fn own_ids<'a>(
        &'a self,
        integration: &'a str,
        resource: ResourceType,
        ids: &'a [VendorId],
    ) -> Later<'a, Vec<Option<CompactString>>>;

    /// Remembers what the vendor calls a resource from now on. What it called it before names nothing any more; what else
    /// went by the new name does not.
    fn bind<'a>(&'a self, key: &'a Key, vendor: VendorId) -> Later<'a, ()>;

    /// Takes this id for what the vendor calls so, unless there is one already; gives the one that there is then.
    fn mint<'a>(&'a self, key: &'a Key, vendor: VendorId) -> Later<'a, CompactString>;

    /// Forgets what the vendor calls a resource.
    fn unbind<'a>(&'a self, key: &'a Key) -> Later<'a, ()>;

    /// The account, if the vendor does not have it.
    fn absent<'a>(&'a self, key: &'a Key) -> Later<'a, Option<Arc<Absent>>>;

    /// Notes that the vendor does not have an account; `None`: that it has.
    fn set_absent<'a>(&'a self, key: &'a Key, absent: Option<Absent>) -> Later<'a, ()>;

    /// Whether there is any account of that type that the vendor does not have.
    fn has_absent<'a>(&'a self, integration: &'a str, resource: ResourceType) -> Later<'a, bool>;

    /// All accounts of a type that the vendor does not have, by id.
    fn all_absent<'a>(
        &'a self,
        integration: &'a str,
        resource: ResourceType,
    ) -> Later<'a, Vec<(CompactString, Arc<Absent>)>>;

    /// Notes that a user belongs to groups, and waits to be put into them.
    fn park<'a>(&'a self, integration: &'a str, user: &'a str, groups: &'a [CompactString]) -> Later<'a, ()>;

    /// Notes that a user does not wait for a group any more; `None`: whoever it is, or whichever.
    fn unpark<'a>(
        &'a self,
        integration: &'a str,
        user: Option<&'a str>,
        group: Option<&'a str>,
    ) -> Later<'a, ()>;

    /// The groups that a user waits for.
    fn parked_of<'a>(&'a self, integration: &'a str, user: &'a str) -> Later<'a, Vec<CompactString>>;

    /// The users who wait for a group.
    fn parked_in<'a>(&'a self, integration: &'a str, group: &'a str) -> Later<'a, Vec<CompactString>>;

    /// The members of a group that the vendor was told of; none when it was told of nobody.
    fn told<'a>(&'a self, integration: &'a str, group: &'a str) -> Later<'a, Told>;

    /// Notes that the vendor was told of a change of a group's members; `None`: the group is gone.
    fn tell<'a>(&'a self, integration: &'a str, group: &'a str, change: Option<GroupChange>)
    -> Later<'a, ()>;

    /// Notes that the identity provider has made a resource, or taken it over.
    fn claim<'a>(&'a self, key: &'a Key) -> Later<'a, ()>;

    /// Whether it has.
    fn is_claimed<'a>(&'a self, key: &'a Key) -> Later<'a, bool>;

    /// Notes that the identity provider deleted a resource which the vendor still has.
    fn bury<'a>(&'a self, key: &'a Key) -> Later<'a, ()>;

    /// Whether the identity provider deleted it.
    fn is_buried<'a>(&'a self, key: &'a Key) -> Later<'a, bool>;

    /// Whether any resource of that type is buried.
    fn has_buried<'a>(&'a self, integration: &'a str, resource: ResourceType) -> Later<'a, bool>;

    /// Notes that a buried resource is there again.
    fn unbury<'a>(&'a self, key: &'a Key) -> Later<'a, ()>;

    /// Notes, before a group is changed at the vendor, that what is known of it may not hold from now on, and which users'
    /// rules must run again for it: those who may lose something, and the others. Forgetting one would leave him what a
    /// membership gave, so it is noted before there is anything to forget.
    fn doubt<'a>(
        &'a self,
        integration: &'a str,
        group: &'a str,
        losing: &'a [CompactString],
        others: &'a [CompactString],
    ) -> Later<'a, Doubt>;

    /// Takes a doubt back: the vendor refused the change.
    fn take_back<'a>(&'a self, integration: &'a str, group: &'a str, doubt: Doubt) -> Later<'a, ()>;

    /// The groups that are in doubt.
    fn doubtful<'a>(&'a self, integration: &'a str) -> Later<'a, Vec<CompactString>>;

    /// The users whose rules must still run again, because of a group or of any; those who may lose something first.
    fn owed<'a>(&'a self, integration: &'a str, group: Option<&'a str>) -> Later<'a, Vec<Debt>>;

    /// The debt of a user.
    fn debt<'a>(&'a self, integration: &'a str, user: &'a str) -> Later<'a, Option<Debt>>;

    /// Notes that the rules of a user have run since that debt was made.
    fn settle<'a>(&'a self, integration: &'a str, debt: &'a Debt) -> Later<'a, ()>;

    /// Whether the groups of an integration are known, all of them.
    fn knows_groups<'a>(&'a self, integration: &'a str) -> Later<'a, bool>;

    /// Takes the groups of an integration, all of them, as the vendor has them. Those in doubt stay so.
    fn learn_groups<'a>(&'a self, integration: &'a str, groups: Vec<(CompactString, Group)>)
    -> Later<'a, ()>;

    /// The groups that a user is a member of: id and name, in the order of their names.
    fn groups_of<'a>(
        &'a self,
        integration: &'a str,
        user: &'a str,
    ) -> Later<'a, Vec<(CompactString, CompactString)>>;

    /// The members of a group.
    fn members_of<'a>(&'a self, integration: &'a str, group: &'a str) -> Later<'a, Vec<CompactString>>;

    /// The name of a group; none when the group is not known.
    fn name_of<'a>(&'a self, integration: &'a str, group: &'a str) -> Later<'a, Option<CompactString>>;

    /// Takes one group as the vendor has it, or does not have it any more; everybody for whom that is another membership
    /// than was known is owed. It is no longer in doubt, once the groups are known: what is being learnt of all of them may
    /// be older.
    fn learn_group<'a>(&'a self, integration: &'a str, group: &'a str, now: Option<Group>) -> Later<'a, ()>;

    /// Changes a group that is known. It is no longer in doubt.
    fn change_group<'a>(&'a self, integration: &'a str, group: &'a str, change: GroupChange)
    -> Later<'a, ()>;

    /// Takes a user, who is gone, out of every group, also of those that he waits for and of those who were told of, and out of those who are owed.
    fn forget_member<'a>(&'a self, integration: &'a str, user: &'a str) -> Later<'a, ()>;

    /// Notes that a change was accepted, before anything of it is done; gives its number. `since` is now, in milliseconds since
    /// the Unix epoch.
    fn intend<'a>(
        &'a self,
        integration: &'a str,
        target: &'a Target,
        request: &'a Request,
        revokes: bool,
        since: i64,
    ) -> Later<'a, u64>;

    /// What was accepted about one resource and is not known to be done, in the order in which it was.
    fn intents_for<'a>(&'a self, integration: &'a str, target: &'a Target) -> Later<'a, Vec<Intent>>;

    /// All that was accepted and is not known to be done: first what takes access away, then in the order in which it was
    /// accepted.
    fn intents<'a>(&'a self, integration: &'a str) -> Later<'a, Vec<Intent>>;

    /// Notes how often a change was tried, and whether the vendor refused it.
    fn tried<'a>(&'a self, integration: &'a str, number: u64, tries: u32, parked: bool) -> Later<'a, ()>;

    /// Notes that changes are done, or need not be done any more.
    fn fulfil<'a>(&'a self, integration: &'a str, numbers: &'a [u64]) -> Later<'a, ()>;

    /// What was said of groups within groups, of every group of an integration.
    fn nested<'a>(&'a self, integration: &'a str) -> Later<'a, Vec<Stored>>;

    /// Takes words about groups within groups, one after the other and all of them or none.
    fn say<'a>(&'a self, integration: &'a str, said: Vec<Said>) -> Later<'a, ()>;
}
