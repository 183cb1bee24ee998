//! What the vendor is asked for a filter: that part of it which the vendor and the rules let it answer.

use super::Error;
use crate::emulation::{self, Profile, Pushdown};
use crate::mapping::Lens;
use crate::remainder::Remembered;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::schema::ResourceType;

/// The question for a filter. `remembered`: of what is shown, this may differ from what the vendor has.
pub fn question(
    filter: &Filter,
    resource: ResourceType,
    lens: &Lens,
    profile: &Profile,
    remembered: &Remembered,
) -> Pushdown {
    let mapped = lens.filter(filter);
    let Some(ask) = mapped.ask else { return Pushdown::NOTHING };
    // What is shown differs from what the vendor holds: it cannot be asked about it.
    let (mut differs, mut ours) = (false, false);
    filter.each_path(&mut |path: &AttrPath| {
        if remembered.includes(path) {
            differs = true;
            let altered = profile.resource(resource).altered();
            ours |= lens.remembered().includes(path) || altered.includes(&lens.vendor_side(path));
        }
    });
    // Where only what was emptied is remembered, the vendor finds more than there are.
    let emptied = differs && !ours && filter.as_eq().is_some_and(|(_, value)| !value.is_null());
    if differs && !emptied && !is_key(filter) {
        return Pushdown::NOTHING;
    }
    let pushed = emulation::pushdown(profile, resource, ask);
    Pushdown { exact: pushed.exact && mapped.exact && !emptied, ..pushed }
}

/// Equality of what identifies a resource finds it at the vendor, even if the vendor spells it in another way.
pub(super) fn is_key(filter: &Filter) -> bool {
    filter.as_eq().is_some_and(|(path, _)| path.is_core("userName") || path.is_core("displayName"))
}

/// Whether a filter is about what no two resources have in common: the name of a user (RFC 7643 §4.1.1), or the identifier
/// that the identity provider gave (§3.1).
pub(super) fn is_unique(filter: &Filter) -> bool {
    filter.as_eq().is_some_and(|(path, _)| path.is_core("userName") || path.is_core("externalId"))
}

/// Whether a filter is about the name of a user.
pub(super) fn is_name(filter: &Filter) -> bool {
    filter.as_eq().is_some_and(|(path, _)| path.is_core("userName"))
}

/// The one user of those whom a vendor has by a name that differs in case alone: the one whose name is just that. The
/// identity provider takes whoever it finds for its own, so that nobody is found where nobody can tell.
///
/// # Errors
/// A conflict when there is no such one.
pub(super) fn the_one(filter: &Filter, found: Vec<Value>) -> Result<Vec<Value>, Error> {
    let same = |user: &Value| filter.as_eq().is_some_and(|(path, value)| path.get(user) == Some(value));
    let mut same = found.into_iter().filter(same);
    match (same.next(), same.next()) {
        (Some(one), None) => Ok(vec![one]),
        _ => Err(Error::several()),
    }
}
