//! `if_match`: the condition that a vendor wants with each write (RFC 7644 §3.14), and what is done when it does not hold.

use compact_str::CompactString;

use super::{Context, Error, Integration, read};
use crate::emulation::{Call, IfMatch, Verb};
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;
use crate::upstream::Reply;

impl Integration {
    /// A call with the condition that this vendor wants, if it changes a resource. `known`: its version, if it was read.
    ///
    /// # Errors
    /// When the version has to be read, and cannot.
    pub(super) async fn conditional(
        &self,
        call: &Call,
        known: Option<&CompactString>,
        context: &Context,
    ) -> Result<Option<Call>, Error> {
        let changes = matches!(call.verb, Verb::Put | Verb::Patch | Verb::Delete);
        let version = match (self.profile.if_match, &call.id) {
            (IfMatch::Wildcard, Some(_)) if changes => Some("*".into()),
            (IfMatch::Etag, Some(id)) if changes => match known {
                Some(known) => Some(known.clone()),
                None => {
                    // Nothing is as long as the members of a group, or as far from its version.
                    let members = (call.resource == ResourceType::Group).then(|| AttrPath::core("members"));
                    let shown = Projection { only: Vec::new(), without: members.into_iter().collect() };
                    let why = "the vendor wants the version that is there";
                    version(&read::fetch(self, call.resource, id, &shown, why, context).await?)
                }
            },
            _ => None,
        };
        Ok(version.map(|version| Call { if_match: Some(version), ..call.clone() }))
    }

    /// Whether writes have a condition: if it does not hold, the resource is read again and they are tried again, once.
    pub(super) fn has_conditions(&self) -> bool {
        self.profile.if_match != IfMatch::Never
    }
}

/// The version that a vendor says its resource has.
pub(super) fn version(resource: &Value) -> Option<CompactString> {
    resource.get("meta").and_then(|meta| meta.text_at("version")).map(CompactString::from)
}

/// Notes the version of the header in the resource, where it has none itself.
pub(super) fn note(reply: &Reply, body: &mut Value) {
    if let (Some(etag), true) = (&reply.etag, body.has("id"))
        && version(body).is_none()
    {
        body.entry("meta").set("version", etag.as_str());
    }
}
