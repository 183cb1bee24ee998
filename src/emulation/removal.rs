//! What DELETE does at a vendor, and what the bridge does for it.

use super::life::Life;
use crate::yaml::Node;

/// How a resource ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// What the bridge does.
    pub way: Way,
    /// The vendor has the record still when it is done.
    pub keeps: bool,
    /// An account must be deactivated before the vendor deletes it.
    pub disable_first: bool,
}

/// What the bridge does when the identity provider deletes a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// It deletes it.
    #[default]
    Delete,
    /// It takes access away: an account is deactivated, a group loses its members.
    Disable,
    /// It refuses.
    Refuse,
}

/// What an account that the identity provider makes inactive becomes at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inactive {
    /// An inactive account.
    #[default]
    Made,
    /// Nothing: the vendor refuses. The bridge keeps it, and makes it once it is active.
    Refused,
    /// An active account. The bridge deactivates it.
    Ignored,
}

impl Removal {
    pub(super) fn read(node: &Node) -> Self {
        let delete = node.get("delete");
        let forbidden = delete.and_then(|delete| delete.get("allowed")).and_then(Node::truth) == Some(false);
        let word = delete.and_then(|delete| delete.text().or_else(|| delete.text_at("kind")));
        // What cannot be undone is done only where somebody says so.
        let disables = forbidden || matches!(word, Some("deny" | "unsupported" | "irreversible"));
        Self {
            way: if disables { Way::Disable } else { Way::Delete },
            keeps: disables || matches!(word, Some("deactivate" | "archive" | "remove")),
            disable_first: node.text_at("pre_delete") == Some("disable_first"),
        }
    }

    /// The same under `policy.delete`, which is the operator's.
    pub(super) fn under(self, policy: Option<&str>, node: Option<&Node>) -> Self {
        let irreversible = node.and_then(|node| node.text_at("delete")) == Some("irreversible");
        match policy {
            Some("as_deactivate") => Self { way: Way::Disable, keeps: true, ..self },
            Some("reject") => Self { way: Way::Refuse, ..self },
            Some("pass") if irreversible => Self { way: Way::Delete, keeps: false, ..self },
            _ => self,
        }
    }
}

impl Inactive {
    pub(super) fn read(node: &Node) -> Self {
        match node.get("create").and_then(|create| create.text_at("inactive")) {
            Some("rejected") => Self::Refused,
            Some("ignored") => Self::Ignored,
            _ => Self::Made,
        }
    }
}

impl Life {
    /// Whether the bridge keeps accounts that the vendor does not have, or not as they shall be.
    pub fn keeps_accounts(&self) -> bool {
        self.forgets || self.frozen || self.inactive == Inactive::Refused
    }

    /// Whether somebody may be in groups of which the vendor does not know that he is.
    pub fn parks(&self) -> bool {
        self.loses_memberships || self.forgets || self.inactive == Inactive::Refused
    }
}
