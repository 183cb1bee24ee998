//! What PUT does at a vendor, and which of PATCH and PUT makes which part of a difference.
//!
//! Needed by Bitwarden and SentinelOne (`put`), Slack, Databricks and Webex (`omitted`), Dropbox and Infor (`clearable`).

use super::patch;
use super::plan::{Call, Verb, patches, sayable, whole};
use super::resource::{Patch, Resource};
use crate::scim::diff::{self, Change};
use crate::scim::error::Error;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::schema::{Catalog, Mutability, ResourceType};
use crate::yaml::Node;

/// What PUT does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Put {
    /// What the RFC says.
    #[default]
    Full,
    /// It changes `active`, and nothing else.
    ActiveOnly,
    /// It changes what has a value, and empties nothing.
    MergeNonzero,
    /// It is not there.
    None,
}

/// What becomes of an attribute that a PUT does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Omitted {
    /// It is not known: what the identity provider may write is named, and nothing else.
    #[default]
    Unsaid,
    /// It stays: what shall go is named as `null`.
    Kept,
    /// It goes, whoever wrote it: all that is there is named.
    Cleared,
}

impl Put {
    pub(super) fn read(node: &Node) -> (Self, Omitted) {
        let kind = node.text_at("put").or_else(|| node.get("put")?.text_at("kind"));
        let put = match kind {
            Some("active_only") => Self::ActiveOnly,
            Some("merge_nonzero") => Self::MergeNonzero,
            Some("none") => Self::None,
            _ => Self::Full,
        };
        let omitted = match node.get("put").and_then(|put| put.text_at("omitted")) {
            Some("kept") => Omitted::Kept,
            Some("cleared") => Omitted::Cleared,
            _ => Omitted::Unsaid,
        };
        (put, omitted)
    }

    fn makes(self, change: &Change) -> bool {
        match self {
            Self::Full => true,
            Self::ActiveOnly => change.path.is_core("active"),
            Self::MergeNonzero => change.after.as_ref().is_some_and(|after| !after.is_empty()),
            Self::None => false,
        }
    }
}

impl Patch {
    /// Whether a PATCH makes a difference.
    fn makes(self, able: &Resource, change: &Change) -> bool {
        match self {
            Self::Full => {
                let operations = diff::operations(std::slice::from_ref(change));
                patch::is_listed(able, &Some(change.path.whole()))
                    && !operations.iter().any(|operation| patch::cannot_go(able, operation))
            }
            Self::ActiveOnly => change.path.is_core("active"),
            Self::None => false,
        }
    }

    /// Whether a PATCH empties an attribute.
    fn empties(self, able: &Resource, path: &AttrPath) -> bool {
        let gone = Change { path: path.clone(), before: Some(Value::from(true)), after: None };
        self.makes(able, &gone)
    }
}

/// The calls that make a difference: a PATCH where it can make all of it, else a PUT, else both, what takes access away
/// first.
///
/// # Errors
/// `mutability` when neither can make a part of it.
pub(super) fn calls(
    able: &Resource,
    resource: ResourceType,
    id: &str,
    (before, after): (&Value, &Value),
    changes: &[Change],
    (catalog, revokes): (&Catalog, impl Fn(&Change) -> bool),
) -> Result<Vec<Call>, Error> {
    let said = |change: &Change| sayable(able, resource, &diff::operations(std::slice::from_ref(change)));
    let put_alone = able.life.needs_put(changes.iter());
    let patched = |change: &Change| !put_alone && able.patch.makes(able, change) && said(change);
    let (patched, others): (Vec<Change>, Vec<Change>) = changes.iter().cloned().partition(patched);
    let patches = |changes: &[Change], why| patches(able, resource, id, diff::operations(changes), why);
    if others.is_empty() {
        let why = match able.patch {
            Patch::ActiveOnly => "only `active` differs",
            Patch::Full | Patch::None => "only what differs",
        };
        return Ok(patches(changes, why));
    }
    if let Some(change) = others.iter().find(|change| !able.put.makes(change)) {
        return Err(Error::mutability(&change.path));
    }
    let mut body = whole(after, catalog);
    match able.omitted {
        Omitted::Unsaid => {}
        Omitted::Kept => changes.iter().for_each(|change| empty(change, &mut body, catalog)),
        Omitted::Cleared => keep_others(able, before, &mut body, catalog),
    }
    let put = |changes: &[Change], why| Call {
        revokes: changes.iter().any(&revokes),
        body: Some(body),
        ..Call::new(Verb::Put, resource, Some(id), why)
    };
    if changes.iter().all(|change| able.put.makes(change)) {
        return Ok(vec![put(changes, "the vendor cannot PATCH this: the whole resource")]);
    }
    let put = put(&others, "what the vendor cannot PATCH");
    let mut calls = patches(&patched, "what the vendor can PATCH of what differs");
    if put.revokes {
        calls.insert(0, put);
    } else {
        calls.push(put);
    }
    Ok(calls)
}

/// Names what shall go.
fn empty(change: &Change, body: &mut Value, catalog: &Catalog) {
    if change.after.is_none() {
        let list = catalog.target(&change.path).is_some_and(|attribute| attribute.multi_valued);
        change.path.set(body, if list { Value::from(Vec::new()) } else { Value::null() });
    }
}

/// Names what the vendor has besides what it is written by us.
fn keep_others(able: &Resource, before: &Value, body: &mut Value, catalog: &Catalog) {
    let ours = super::fit::trim(able, before.clone(), catalog);
    let written = |name: &str| {
        catalog.core_attribute(name).is_none_or(|attribute| attribute.mutability != Mutability::ReadOnly)
    };
    for (name, value) in before.members().filter(|(name, _)| !["id", "meta"].contains(name)) {
        if catalog.extension(name).is_none() {
            if written(name) && !ours.has(name) && !body.has(name) {
                body.set(name, value.clone());
            }
            continue;
        }
        for (inner, value) in value.members() {
            let path = AttrPath { schema: Some(name.into()), name: inner.into(), sub: None };
            if path.get(&ours).is_none() && path.get(body).is_none() {
                path.set(body, value.clone());
            }
        }
    }
}

/// Leaves what the vendor does not let go as it has it. The identity provider reads that it is gone.
pub(super) fn keep_uncleared(able: &Resource, resource: &mut Value, before: &Value, catalog: &Catalog) {
    if able.emptied().is_none() {
        return;
    }
    for change in diff::changes(before, resource, catalog) {
        let gone = change.after.as_ref().is_none_or(Value::is_empty);
        if let Some(known) = change.before.filter(|_| gone && able.keeps(&change.path))
            && able.cannot_empty(&change.path)
        {
            change.path.set(resource, known);
        }
    }
}

impl Resource {
    /// Whether any call makes a difference.
    pub(super) fn makes(&self, change: &Change) -> bool {
        self.patch.makes(self, change) || self.put.makes(change)
    }

    /// All attributes that can be emptied, where there are others: of those is remembered that they are gone.
    pub(super) fn emptied(&self) -> Option<Vec<AttrPath>> {
        let list = match (&self.clearable, self.put, self.patch) {
            (Some(list), ..) => list.clone(),
            (None, Put::MergeNonzero, Patch::Full) => self.patch_listed.clone()?,
            (None, Put::MergeNonzero, _) => Vec::new(),
            (None, ..) => return None,
        };
        let own = ["active", "members"].map(AttrPath::core);
        Some(list.iter().map(AttrPath::whole).chain(own).collect())
    }

    /// Whether an attribute stays that is taken away. Access and membership do not: that they cannot be taken is no secret.
    fn cannot_empty(&self, path: &AttrPath) -> bool {
        let own = path.is_core("active") || path.is_core("members");
        !own && match &self.clearable {
            Some(list) => !list.iter().any(|known| known.same_attribute(path)),
            None => self.put == Put::MergeNonzero && !self.patch.empties(self, path),
        }
    }
}
