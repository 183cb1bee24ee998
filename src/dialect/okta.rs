//! Okta: how its client is recognised, and what it needs from answers.
//!
//! Source: Okta's SCIM 2.0 and 1.1 protocol references and SCIM FAQ. Wizard-made apps PUT everything, catalogue apps
//! PATCH some of it; both are told by the request.

use super::{Hints, Manners};

/// `User-Agent: Okta SCIM Client 1.0.0`; its test suite says `OKTA SCIM Integration`.
pub(super) fn recognises(hints: &Hints<'_>) -> bool {
    hints
        .user_agent
        .is_some_and(|agent| agent.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("okta")))
}

/// 429 is the only status that Okta retries by itself.
pub(super) const MANNERS: Manners = Manners { transient: 429, group_patch_body: true };
