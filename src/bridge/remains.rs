//! What a change that was sent without a look at the vendor leaves to remember.

use super::Error;
use super::write::Write;
use crate::remainder::{Remainder, Remembered};
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{self, Op, Operation as PatchOperation};
use crate::scim::path::Path;

impl Write<'_> {
    /// Those of the operations after which something may have to be remembered: the vendor does not get all that they say, or
    /// gives back something else. `sent`: what the rules make of them all. `None`: what is to be remembered then depends on
    /// what the vendor had.
    pub(super) async fn to_remember(
        &self,
        id: &str,
        operations: &[PatchOperation],
        sent: &[PatchOperation],
    ) -> Result<Option<Vec<PatchOperation>>, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let (lens, remembered) = (integration.lens(resource), integration.remembered(resource));
        let ours = |operation: &&PatchOperation| {
            let attribute = operation.path.as_ref().and_then(Path::attribute);
            attribute.is_none_or(|path| remembered.includes(&lens.idp_side(&path)))
        };
        let sent: Vec<_> = sent.iter().filter(ours).collect();
        if sent.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let named = |operation: &&PatchOperation| sent.iter().any(|other| other.path == operation.path);
        let kept: Vec<_> = operations.iter().filter(named).cloned().collect();
        // What rules make of something else, they give back in their own way.
        if sent.iter().any(|operation| !kept.iter().any(|other| other.path == operation.path)) {
            return Ok(None);
        }
        let catalog = integration.catalog(resource);
        let known = integration.store.remainder(&integration.key(resource, id)).await?;
        for operation in &kept {
            let Some(path) = operation.path.as_ref().and_then(Path::as_plain) else { return Ok(None) };
            let one = catalog.target(&path.whole()).is_some_and(|attribute| !attribute.multi_valued);
            let whole = path.sub.is_none() && (operation.op != Op::Add || one);
            let known =
                known.as_ref().and_then(|known| known.0.iter().find(|one| one.path.same_attribute(path)));
            // A part of something of which only the bridge knows the whole; or the same as before, of which the vendor may
            // have all.
            let same = known.is_some_and(|known| known.wrote.as_ref() == Some(&operation.value));
            if same || (!whole && (!one || known.is_some())) {
                return Ok(None);
            }
        }
        Ok(Some(kept))
    }

    /// Remembers of operations what the vendor does not hold of them. `seen`: what the rules give back of what it has now.
    pub(super) async fn remember_sent(
        &self,
        id: &str,
        operations: &[PatchOperation],
        seen: &Value,
    ) -> Result<(), Error> {
        let (integration, resource) = (self.integration, self.resource);
        let catalog = integration.catalog(resource);
        let mut paths: Vec<AttrPath> = Vec::new();
        for path in operations.iter().filter_map(|operation| operation.path.as_ref()?.attribute()) {
            if !paths.iter().any(|known| known.same_attribute(&path)) {
                paths.push(path);
            }
        }
        let mut written = Value::object();
        for path in &paths {
            if let Some(now) = path.attribute_in(seen) {
                path.set(&mut written, now.clone());
            }
        }
        let written = patch::apply(written, operations, catalog)?;
        let key = integration.key(resource, id);
        let known = integration.store.remainder(&key).await?;
        let mut remainder = known.map(|known| (*known).clone()).unwrap_or_default();
        remainder.0.retain(|entry| !paths.iter().any(|path| path.same_attribute(&entry.path)));
        let mut fresh = Remainder::of(&Remembered::These(paths), &written, seen, catalog);
        remainder.0.append(&mut fresh.0);
        Ok(integration.store.keep(&key, remainder).await?)
    }

    /// Applies operations to what is remembered alone: attributes that the vendor never gets.
    pub(super) async fn remember_locally(
        &self,
        id: &str,
        operations: &[PatchOperation],
    ) -> Result<(), Error> {
        let (integration, resource) = (self.integration, self.resource);
        self.context.trail.note("the vendor does not get this attribute: it is remembered");
        let key = integration.key(resource, id);
        let known = integration.store.remainder(&key).await?;
        let mut remainder = known.map(|known| (*known).clone()).unwrap_or_default();
        let mut written = Value::object();
        for entry in &remainder.0 {
            if let Some(wrote) = &entry.wrote {
                entry.path.set(&mut written, wrote.clone());
            }
        }
        let written = patch::apply(written, operations, integration.catalog(resource))?;
        let remembered = integration.remembered(resource);
        let paths = operations.iter().filter_map(|operation| operation.path.as_ref()?.attribute());
        for path in paths.filter(|path| remembered.includes(path)) {
            let wrote = path.attribute_in(&written).filter(|value| !value.is_unassigned()).cloned();
            remainder.0.retain(|entry| !entry.path.same_attribute(&path));
            if wrote.is_some() {
                remainder.0.push(crate::remainder::Entry { path, wrote, seen: None });
            }
        }
        Ok(integration.store.keep(&key, remainder).await?)
    }
}
