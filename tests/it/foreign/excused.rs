//! Checks that pass directly and not through the bridge, where the bridge is right.

use crate::peer::foreign::Client;

/// Why one or several checks are not held against the bridge.
#[derive(Debug)]
pub struct Excuse {
    pub client: Client,
    /// None: at all of them.
    pub servers: &'static [&'static str],
    /// What the name of the check begins with.
    pub check: &'static str,
    pub why: &'static str,
}

pub const EXCUSED: &[Excuse] = &[
    Excuse {
        client: Client::UrlAudit,
        servers: &["scim2-server", "scimmy"],
        check: "POST /Bulk: URLs under the base",
        why: "Bulk is optional (RFC 7644 §3.7), and the bridge says in its ServiceProviderConfig that it has none",
    },
    Excuse {
        client: Client::UrlAudit,
        servers: &["scim2-server", "scimmy"],
        check: "PUT /Groups/{id}: members.$ref comes back",
        why: "the member was sent without a type, and the bridge shows no $ref of which it does not know where it leads",
    },
];

impl Excuse {
    /// Whether it is about this check.
    pub fn covers(&self, client: Client, server: &str, check: &str) -> bool {
        self.client == client
            && (self.servers.is_empty() || self.servers.contains(&server))
            && check.starts_with(self.check)
    }
}
