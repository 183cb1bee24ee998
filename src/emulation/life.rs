//! What becomes of an account that is deactivated, and how it comes back.

use super::plan::{Call, Verb};
use super::profile::Reader;
use super::removal::Inactive;
use crate::scim::diff::Change;
use crate::scim::json::Value;
use crate::scim::schema::ResourceType;
use crate::yaml::{Mistake, Node};

/// The life of an account at a vendor.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// How access is taken away.
    pub via: Via,
    /// Whoever is deactivated cannot be read any more.
    pub forgets: bool,
    /// Whoever is deactivated is in no group any more.
    pub loses_memberships: bool,
    /// How access is given back.
    pub back: Back,
    /// What becomes of an account that is made inactive.
    pub inactive: Inactive,
    /// Nothing but `active` can be changed of an inactive account.
    pub frozen: bool,
}

/// How access is taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Via {
    /// By a PATCH, or as the vendor takes changes otherwise.
    #[default]
    Change,
    /// By a PUT of the whole, whatever PATCH could do.
    Put,
    /// By DELETE.
    Delete,
}

/// How access is given back: in one way, and if the vendor does not know the account any more, in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Back {
    /// By a change of what is there.
    pub change: bool,
    /// By making it again.
    pub post: bool,
}

impl Default for Back {
    fn default() -> Self {
        Self { change: true, post: false }
    }
}

impl Life {
    pub(super) fn read(node: &Node, reader: &mut Reader<'_>) -> Self {
        let off = node.get("deactivate");
        let no = |key: &str| off.and_then(|off| off.get(key)).and_then(Node::truth) == Some(false);
        let yes = |key: &str| off.and_then(|off| off.get(key)).and_then(Node::truth) == Some(true);
        let via = match off.and_then(|off| off.text_at("via")) {
            Some("put") => Via::Put,
            Some("delete") => Via::Delete,
            _ => Via::Change,
        };
        let effect = off.and_then(|off| off.get("effect"));
        if let Some(effect) = effect.filter(|node| node.text() == Some("none") && via != Via::Delete) {
            let mistake = Mistake::new(effect.span, "somebody who is deactivated would keep his access");
            reader.mistakes.push(mistake.hint("via: delete, since active:false takes nothing away there"));
        }
        Self {
            via,
            // What DELETE leaves, it leaves by exception.
            forgets: no("keeps_record") || (via == Via::Delete && !yes("keeps_record")),
            loses_memberships: yes("loses_memberships"),
            back: node.get("reactivate").map(Back::read).unwrap_or_default(),
            inactive: Inactive::read(node),
            frozen: node.get("inactive_frozen").and_then(Node::truth) == Some(true),
        }
    }

    /// Whether more happens to an account that is deactivated or comes back than that an attribute changes.
    pub fn turns(&self) -> bool {
        let leaves = self.via == Via::Delete || self.loses_memberships;
        leaves || self.keeps_accounts() || self.back != Back::default()
    }

    /// Whether a change must be a PUT, whatever PATCH could do.
    pub(super) fn needs_put<'c>(&self, mut changes: impl Iterator<Item = &'c Change>) -> bool {
        let off = |change: &Change| {
            change.path.is_core("active") && change.after.as_ref().and_then(Value::as_bool) == Some(false)
        };
        self.via == Via::Put && changes.any(off)
    }
}

impl Back {
    fn read(node: &Node) -> Self {
        let has = |word: &str| node.each().iter().any(|node| node.text() == Some(word));
        Self { change: has("patch"), post: has("post_again") || has("post_new_id") }
    }
}

/// The call that takes access away where a vendor has no inactive accounts.
pub fn leave(resource: ResourceType, id: &str) -> Call {
    let why = "the vendor knows no inactive accounts: whoever is deactivated leaves";
    Call::new(Verb::Delete, resource, Some(id), why)
}
