//! What a client does to its people and groups, in the words of no client: each puts it in its own.

use serde_json::Value;

use super::{Client, Stage, Step, entra, okta, others};

/// One thing that an identity provider wants done.
#[derive(Clone, Copy, Debug)]
pub enum Deed<'d> {
    /// The connection is tested.
    Connect,
    /// Somebody is looked up, by the attribute by which this client matches.
    Find {
        /// The `userName` looked for.
        user_name: &'d str,
        /// The `externalId` looked for.
        external_id: &'d str,
    },
    /// A user is made; the id of the answer is kept under the key.
    Create {
        /// The key.
        key: &'d str,
        /// Its attributes.
        body: &'d Value,
    },
    /// Attributes of a user change.
    Change {
        /// Who.
        key: &'d str,
        /// The whole user after the change.
        whole: &'d Value,
        /// The changes by JSON pointer; `null` takes the attribute away, from clients that can ([`Client::clears`]).
        changes: &'d [(&'d str, Value)],
    },
    /// A user is deactivated, or comes back.
    Activate {
        /// Who.
        key: &'d str,
        /// The whole user after the change.
        whole: &'d Value,
        /// Which of both.
        active: bool,
    },
    /// A user leaves for good: is deactivated, deleted, or both, as this client does.
    Leave {
        /// Who.
        key: &'d str,
        /// The whole user after the deactivation.
        whole: &'d Value,
    },
    /// A user is deleted.
    Delete {
        /// Who.
        key: &'d str,
    },
    /// A user is read, as he is.
    Read {
        /// Who.
        key: &'d str,
    },
    /// A group is looked up.
    FindGroup {
        /// Its name.
        name: &'d str,
    },
    /// A group is made, without members as clients do.
    CreateGroup {
        /// The key under which the id of the answer is kept.
        key: &'d str,
        /// Its name.
        name: &'d str,
    },
    /// A group changes its members.
    Members(Members<'d>),
    /// A group gets another name.
    RenameGroup {
        /// Which.
        key: &'d str,
        /// Its new name.
        name: &'d str,
        /// The keys of its members, who stay.
        members: &'d [&'d str],
    },
    /// A group is deleted.
    DeleteGroup {
        /// Which.
        key: &'d str,
    },
}

/// Who joins and who leaves a group.
#[derive(Clone, Copy, Debug)]
pub struct Members<'d> {
    /// The group.
    pub key: &'d str,
    /// Its name.
    pub name: &'d str,
    /// The keys of those who join.
    pub joining: &'d [&'d str],
    /// The keys of those who leave.
    pub leaving: &'d [&'d str],
    /// The keys of all who are members afterwards.
    pub all: &'d [&'d str],
}

impl Client {
    /// The requests with which this client has it done, in their order.
    pub fn say(self, stage: Stage, title: &str, deed: Deed<'_>) -> Vec<Step> {
        let path = |endpoint: &str, key: &str| format!("/{endpoint}/{{{key}}}");
        match deed {
            Deed::Delete { key } => vec![Step::delete(stage, title, path("Users", key))],
            Deed::DeleteGroup { key } => vec![Step::delete(stage, title, path("Groups", key))],
            Deed::Read { key } => vec![Step::get(stage, title, path("Users", key))],
            _ => match self {
                Self::Okta => okta::say(false, stage, title, deed),
                Self::OktaWizard => okta::say(true, stage, title, deed),
                Self::Entra => entra::say(false, stage, title, deed),
                Self::EntraFlag => entra::say(true, stage, title, deed),
                other => others::say(other, stage, title, deed),
            },
        }
    }

    /// Whether this client can take an attribute away.
    pub const fn clears(self) -> bool {
        // "Attributes cannot be cleared" (PingFederate's documentation); authentik replaces without a path.
        !matches!(self, Self::Ping | Self::Authentik)
    }
}
