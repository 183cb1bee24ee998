//! Operations of a PATCH for a vendor that is not looked at first: each without what the vendor never gets, and within its
//! bounds. Where that depends on what the vendor has, there are none.

use super::policy::Policy;
use super::profile::{Profile, Speak};
use super::resource::Resource;
use super::{fit, manager};
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{Op, Operation};
use crate::scim::path::Path;
use crate::scim::schema::{Catalog, ResourceType};

/// The operations as the vendor is sent them; none of what it never gets, which has to be remembered. `None`: what it is to
/// be sent depends on what it has.
pub fn blind(
    profile: &Profile,
    resource: ResourceType,
    operations: &[Operation],
    catalog: &Catalog,
) -> Option<Vec<Operation>> {
    let able = profile.resource(resource);
    let okta = profile.speak == Speak::Okta;
    let mut out = Vec::with_capacity(operations.len());
    for operation in operations {
        match operation.path.as_ref()? {
            Path::Attribute(path) if !okta => out.extend(one(able, operation, path, catalog)?),
            // In Okta's words, other attributes are put as a whole.
            other if other.attribute().is_some_and(|path| is_plain(able, &path)) => {
                out.push(operation.clone());
            }
            _ => return None,
        }
    }
    Some(out)
}

/// One of an attribute or a part of it; the inner `None`: the vendor never gets it.
fn one(
    able: &Resource,
    operation: &Operation,
    path: &AttrPath,
    catalog: &Catalog,
) -> Option<Option<Operation>> {
    let empties = operation.op == Op::Remove || operation.value.is_unassigned();
    let stays = |list: Vec<AttrPath>| !list.iter().any(|one| one.same_attribute(path));
    if depends(able, path) || (empties && able.emptied().is_some_and(stays)) {
        return None;
    }
    if is_plain(able, path) || (empties && able.keeps(path)) {
        return Some(Some(operation.clone()));
    }
    if empties {
        return Some(None);
    }
    let many = catalog.target(&path.whole()).is_none_or(|attribute| attribute.multi_valued);
    // One more element, or a part of every one, is not what becomes of all of them.
    if many && (path.sub.is_some() || operation.op == Op::Add) {
        return None;
    }
    let mut resource = Value::object();
    path.set(&mut resource, operation.value.clone());
    if !able.bounds.apply_blindly(&mut resource) {
        return None;
    }
    let resource = fit::trim(able, resource, catalog);
    let value = path.get(&resource).filter(|value| !value.is_unassigned());
    Some(value.map(|value| Operation { value: value.clone(), ..operation.clone() }))
}

/// Whether an attribute is the same at the vendor, whatever value it has.
fn is_plain(able: &Resource, path: &AttrPath) -> bool {
    let about = |other: &AttrPath| other.same_attribute(path);
    let whole = |allow: &Vec<AttrPath>| allow.iter().any(|other| other.sub.is_none() && about(other));
    able.allow.as_ref().is_none_or(whole)
        && able.only_known.as_ref().is_none_or(|known| known.iter().any(about))
        && !able.deny.iter().any(about)
        && !able.bounds.concern(path)
        && !depends(able, path)
}

/// Whether what the vendor is sent of an attribute depends on more than the attribute, or is of another form.
fn depends(able: &Resource, path: &AttrPath) -> bool {
    able.enums.iter().any(|one| one.path.same_attribute(path))
        || able.bounds.depend(path)
        || able.elements.lists().any(|list| list.same_attribute(path))
        || able.manager.is_some_and(|_| manager::path().same_attribute(path))
        || able.username.concerns(path)
        || able.words.concern(path)
        || able.group_rules.concern(path)
        || Policy::remembered(able).includes(path)
}
