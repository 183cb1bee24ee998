//! Microsoft Entra ID: how its client is recognised, and what it needs from answers.
//!
//! Source: Microsoft's "Develop and plan provisioning for a SCIM endpoint" and "Known issues and resolutions with SCIM
//! 2.0 protocol compliance". One tenant sends two dialects, since on-demand provisioning ignores the
//! `aadOptscim062020` flag: each request is read by its shape.

use super::{Hints, Manners};

/// `Adscimversion: Date:…, ActivityId:…` is on every request of the provisioning service.
pub(super) const fn recognises(hints: &Hints<'_>) -> bool {
    hints.adscimversion
}

/// "Group PATCH: 204 without the member list"; a status that it does not know is retried in the next cycle.
pub(super) const MANNERS: Manners = Manners { transient: 503, group_patch_body: false };
