//! What a vendor does with `externalId`, which RFC 7643 §3.1 has every service provider keep for its client.
//!
//! Needed by Slack, GitLab, Bitwarden, Dropbox, Grafana and Segment.

use super::resource::Resource;
use crate::scim::name::AttrPath;
use crate::yaml::Node;

/// What a vendor does not do with it.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExternalId {
    /// It does not have one: the bridge keeps it.
    pub missing: bool,
    /// It has one, and does not show it.
    pub unshown: bool,
}

impl ExternalId {
    /// Reads the field, and says the rest of it with fields that mean the same.
    pub(super) fn read(node: &Node, able: &mut Resource) {
        let says = |key: &str, truth: bool| node.get(key).and_then(Node::truth) == Some(truth);
        let path = AttrPath::core("externalId");
        if says("required", true) {
            able.required.push(path.clone());
        }
        if says("mutable", false) {
            able.bounds.create_only.push(path);
        }
        if says("stored", false) {
            able.lose_external_id();
        }
        able.external_id.unshown = says("returned", false);
    }
}

impl Resource {
    /// The vendor has none of this type, and is sent none.
    pub(super) fn lose_external_id(&mut self) {
        self.deny.push(AttrPath::core("externalId"));
        self.external_id.missing = true;
    }

    /// Whether the vendor has nothing there, ever.
    pub fn never_has(&self, path: &AttrPath) -> bool {
        self.external_id.missing && path.is_core("externalId")
    }

    /// The attribute that the vendor has and does not show.
    pub fn unshown(&self) -> Option<AttrPath> {
        let hidden = self.external_id.unshown && !self.external_id.missing;
        hidden.then(|| AttrPath::core("externalId"))
    }
}
