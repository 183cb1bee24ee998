//! What the bridge does with a change that no call of the vendor's makes: it refuses it, remembers it, or lets it go.
//!
//! Needed by Segment, Atlassian, Slack, Bitwarden, SentinelOne and Amplitude.

use super::fit::trim;
use super::put::Put;
use super::resource::{Patch, Resource};
use crate::remainder::Remembered;
use crate::scim::diff;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::schema::{Catalog, ResourceType};
use crate::yaml::Node;

/// What becomes of such a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unable {
    /// The whole request is refused (`mutability`).
    #[default]
    Reject,
    /// It is remembered, and read back.
    Shadow,
    /// It is as if it had not been asked for.
    Drop,
}

/// The policy of one resource type.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// For what a resource is called and matched by.
    identity: Unable,
    /// For everything else.
    others: Unable,
    /// What a resource is called and matched by.
    keys: Vec<AttrPath>,
}

impl Policy {
    pub(super) fn read(node: Option<&Node>, resource: ResourceType) -> Self {
        let Some(node) = node.and_then(|policy| policy.get("unsupported")) else { return Self::default() };
        let word = |text: Option<&str>| match text {
            Some("shadow") => Unable::Shadow,
            Some("drop") => Unable::Drop,
            _ => Unable::Reject,
        };
        let name = if resource == ResourceType::User { "userName" } else { "displayName" };
        Self {
            others: word(node.text().or_else(|| node.text_at("default"))),
            identity: word(node.text_at("identity")),
            keys: vec![AttrPath::core(name), AttrPath::core("externalId")],
        }
    }

    fn of(&self, path: &AttrPath) -> Unable {
        match self.keys.iter().any(|key| key.same_attribute(path)) {
            // Access and membership are never only remembered.
            _ if path.is_core("active") || path.is_core("members") => Unable::Reject,
            true => self.identity,
            false => self.others,
        }
    }

    /// Takes what no call can change, and what the policy does not refuse, out of a change.
    pub(super) fn apply(able: &Resource, resource: &mut Value, before: &Value, catalog: &Catalog) {
        let policy = &able.policy;
        if policy.identity == Unable::Reject && policy.others == Unable::Reject {
            return;
        }
        for change in diff::changes(&trim(able, before.clone(), catalog), resource, catalog) {
            if able.makes(&change) || policy.of(&change.path) == Unable::Reject {
                continue;
            }
            match change.before {
                Some(before) => change.path.set(resource, before),
                None => drop(change.path.remove(resource)),
            }
        }
    }

    /// The attributes of which a change may only be remembered.
    pub(super) fn remembered(able: &Resource) -> Remembered {
        let policy = &able.policy;
        let whole = matches!(able.put, Put::Full | Put::MergeNonzero);
        let mut made = match (&able.patch_listed, able.patch) {
            _ if whole => return Remembered::default(),
            (None, Patch::Full) => return Remembered::default(),
            (Some(listed), Patch::Full) => listed.clone(),
            (_, Patch::ActiveOnly | Patch::None) => Vec::new(),
        };
        made.extend(["active", "members"].map(AttrPath::core));
        let keys =
            || policy.keys.iter().filter(|key| !made.iter().any(|one| one.same_attribute(key))).cloned();
        match (policy.others, policy.identity) {
            (Unable::Shadow, Unable::Shadow) => Remembered::AllBut(made),
            (Unable::Shadow, _) => Remembered::AllBut(made.iter().cloned().chain(keys()).collect()),
            (_, Unable::Shadow) => Remembered::These(keys().collect()),
            _ => Remembered::default(),
        }
    }
}
