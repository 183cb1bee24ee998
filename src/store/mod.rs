//! What the bridge remembers, as the verbs that the program needs.
//!
//! Everything is kept by integration and resource type, and each kind of key has its own space: an id that a client
//! chose is never looked up as an id that a vendor gave.

mod memory;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use compact_str::CompactString;

use crate::remainder::Remainder;
use crate::scim::ResourceType;

pub use memory::Memory;

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
    /// The id that the vendor gave.
    pub id: CompactString,
}

/// One group, as far as its members' rules need to know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub display_name: CompactString,
    /// The ids of its members.
    pub members: Vec<CompactString>,
}

/// A change of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// Its new name, if it has one.
    pub display_name: Option<CompactString>,
    /// Who joins.
    pub added: Vec<CompactString>,
    /// Who leaves.
    pub removed: Vec<CompactString>,
}

/// What the bridge remembers. Every verb is all or nothing.
pub trait Store: Send + Sync {
    /// What is remembered of a resource.
    fn remainder<'a>(&'a self, key: &'a Key) -> Later<'a, Option<Arc<Remainder>>>;

    /// Remembers this of a resource, in place of what was remembered; an empty remainder is forgotten.
    fn keep<'a>(&'a self, key: &'a Key, remainder: Remainder) -> Later<'a, ()>;

    /// Forgets everything about a resource but that it was deleted.
    fn forget<'a>(&'a self, key: &'a Key) -> Later<'a, ()>;

    /// Notes that the identity provider deleted a resource which the vendor still has.
    fn bury<'a>(&'a self, key: &'a Key) -> Later<'a, ()>;

    /// Whether the identity provider deleted it.
    fn is_buried<'a>(&'a self, key: &'a Key) -> Later<'a, bool>;

    /// Notes that a buried resource is there again.
    fn unbury<'a>(&'a self, key: &'a Key) -> Later<'a, ()>;

    /// Notes users whose groups have changed, so that their rules must run again. Forgetting one would leave them what a
    /// membership gave.
    fn owe<'a>(&'a self, integration: &'a str, users: &'a [CompactString]) -> Later<'a, ()>;

    /// The users whose rules must still run again.
    fn owed<'a>(&'a self, integration: &'a str) -> Later<'a, Vec<CompactString>>;

    /// Notes that the rules of a user have run.
    fn settle<'a>(&'a self, integration: &'a str, user: &'a str) -> Later<'a, ()>;

    /// Whether the groups of an integration are known, all of them.
    fn knows_groups<'a>(&'a self, integration: &'a str) -> Later<'a, bool>;

    /// Takes the groups of an integration, all of them, as the vendor has them.
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

    /// Changes a group, making it if it is not there.
    fn change_group<'a>(&'a self, integration: &'a str, group: &'a str, change: GroupChange)
    -> Later<'a, ()>;

    /// Forgets a group.
    fn forget_group<'a>(&'a self, integration: &'a str, group: &'a str) -> Later<'a, ()>;

    /// Takes a user out of every group.
    fn forget_member<'a>(&'a self, integration: &'a str, user: &'a str) -> Later<'a, ()>;
}
