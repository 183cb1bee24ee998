//! Counters of what must not happen, or not too often: tests read them when all is quiet.

use serde_json::{Value, json};

/// What has been counted since the start or the last reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// SCIM requests that changed, or could have changed, state and were answered with success.
    pub writes: u64,
    /// Creations that succeeded although a resource with the same `userName`, `externalId` or group `displayName` was
    /// there: the vendor now holds the same thing twice.
    pub duplicate_creates: u64,
    /// Creations that were refused because the resource was there already (answered 409).
    pub conflicts: u64,
    /// Members that a group lost without anyone naming them: see `membership`.
    pub members_lost: u64,
    /// Requests over the vendor's rate limit (answered 429 by its rule, not by a fault).
    pub rate_violations: u64,
    /// Writes that arrived while another write to the same resource was being answered.
    pub concurrent_writes_same_resource: u64,
    /// Requests answered 401 by the vendor's rules.
    pub unauthorised: u64,
}

impl Counters {
    pub(crate) fn to_json(self) -> Value {
        json!({
            "writes": self.writes,
            "duplicate_creates": self.duplicate_creates,
            "conflicts": self.conflicts,
            "members_lost": self.members_lost,
            "rate_violations": self.rate_violations,
            "concurrent_writes_same_resource": self.concurrent_writes_same_resource,
            "unauthorised": self.unauthorised,
        })
    }
}
