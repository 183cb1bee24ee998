//! Both identifiers of each resource whose identifiers differ, in the process's own memory.

use std::collections::HashMap;

use compact_str::CompactString;

use super::VendorId;
use crate::scim::ResourceType;

/// Each is looked up in a map of its own: an id of one side is never taken for one of the other.
#[derive(Default)]
pub(super) struct Aliases {
    vendor: HashMap<(ResourceType, CompactString), VendorId>,
    own: HashMap<(ResourceType, VendorId), CompactString>,
}

impl Aliases {
    /// What the vendor calls it.
    pub fn vendor(&self, resource: ResourceType, own: &CompactString) -> Option<VendorId> {
        self.vendor.get(&(resource, own.clone())).cloned()
    }

    /// What the identity provider calls it.
    pub fn own(&self, resource: ResourceType, vendor: &VendorId) -> Option<CompactString> {
        self.own.get(&(resource, vendor.clone())).cloned()
    }

    /// The one is the other from now on, and nothing else is either.
    pub fn bind(&mut self, resource: ResourceType, own: &CompactString, vendor: VendorId) {
        self.unbind(resource, own);
        if let Some(other) = self.own.remove(&(resource, vendor.clone())) {
            self.vendor.remove(&(resource, other));
        }
        if vendor.0 == *own {
            return; // as if nothing had ever been remembered
        }
        self.vendor.insert((resource, own.clone()), vendor.clone());
        self.own.insert((resource, vendor), own.clone());
    }

    /// Nothing is known of it any more.
    pub fn unbind(&mut self, resource: ResourceType, own: &CompactString) {
        if let Some(vendor) = self.vendor.remove(&(resource, own.clone())) {
            self.own.remove(&(resource, vendor));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: ResourceType = ResourceType::User;

    #[test]
    fn an_id_of_one_side_is_not_one_of_the_other() {
        let mut aliases = Aliases::default();
        let vendor = |id: &str| VendorId(id.into());
        aliases.bind(USER, &"7".into(), vendor("8"));
        assert_eq!(aliases.vendor(USER, &"7".into()), Some(vendor("8")));
        assert_eq!(aliases.own(USER, &vendor("8")).as_deref(), Some("7"));
        assert_eq!((aliases.vendor(USER, &"8".into()), aliases.own(USER, &vendor("7"))), (None, None));
        assert_eq!(aliases.own(ResourceType::Group, &vendor("8")), None);
        // What it was called before names nothing.
        aliases.bind(USER, &"7".into(), vendor("9"));
        assert_eq!(aliases.own(USER, &vendor("8")), None);
        // A name goes over to another, and leaves nothing behind.
        aliases.bind(USER, &"x".into(), vendor("9"));
        assert_eq!(aliases.vendor(USER, &"7".into()), None);
        aliases.bind(USER, &"x".into(), vendor("x"));
        assert!(aliases.own.is_empty() && aliases.vendor.is_empty());
    }
}
