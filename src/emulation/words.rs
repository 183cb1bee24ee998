//! Attributes that have another name or shape at the vendor than any schema gives them: put in the last step before a call,
//! and undone in the first after its answer, so that nothing between them knows.
//!
//! Needed by Slack, GitLab, Figma, Asana, ServiceNow, Databricks and SentinelOne (`rename`), Slack, Figma, Salesforce, GitHub
//! and Zendesk (`roles_form`), Slack (the `key` of `manager`).

use compact_str::CompactString;

use super::plan::{Call, Verb};
use super::profile::{Profile, Reader};
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::path::Path;
use crate::scim::schema::{Catalog, ResourceType};
use crate::scim::scim11::{older, older_path};
use crate::yaml::{Mistake, Node};

/// The names and shapes of one resource type.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Attributes, and what the vendor calls them.
    names: Vec<(AttrPath, AttrPath)>,
    /// The same as they stand in messages: in SCIM 1.1, both have its names before these are put.
    told: Vec<(AttrPath, AttrPath)>,
    /// What `roles` are.
    pub roles: Roles,
}

/// What `roles` are at a vendor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Roles {
    /// A list of objects (RFC 7643 §4.1.2).
    #[default]
    Objects,
    /// One text.
    Text,
    /// One object.
    Object,
    /// A list of texts.
    Texts,
}

impl Words {
    /// Reads `attrs.rename`, `roles_form` and the key of `manager`.
    pub(super) fn read(node: &Node, reader: &mut Reader<'_>, catalog: &Catalog) -> Self {
        let mut out = Self::default();
        let renamed = node.get("attrs").and_then(|attrs| attrs.get("rename"));
        for one in renamed.map(Node::items).unwrap_or_default() {
            let (Some(ours), Some(theirs)) = (one.get("scim"), one.get("vendor")) else { continue };
            let ours = reader.path(ours.text().unwrap_or_default(), ours.span, catalog);
            match theirs.text().and_then(AttrPath::parse) {
                Some(theirs) => out.names.extend(ours.map(|ours| (ours, theirs))),
                None => {
                    let mistake = Mistake::new(theirs.span, "not a name of an attribute");
                    reader.mistakes.push(mistake.hint("first_name, profile.first or urn:…:User:first"));
                }
            }
        }
        let form = node.get("roles_form");
        out.roles = match form.and_then(Node::text).or_else(|| form?.text_at("form")) {
            Some("string") => Roles::Text,
            Some("object") => Roles::Object,
            Some("array") => Roles::Texts,
            _ => Roles::Objects,
        };
        if let Some(key) = node.get("manager").and_then(|manager| manager.text_at("key")) {
            let manager = super::manager::path();
            out.names.push((manager.with_sub("value"), manager.with_sub(key)));
        }
        out.told.clone_from(&out.names);
        out
    }

    /// The messages are those of SCIM 1.1.
    pub(super) fn speak_scim11(&mut self) {
        for (ours, theirs) in &mut self.told {
            *ours = older_path(ours);
            theirs.schema = theirs.schema.as_deref().map(older);
        }
    }

    /// What the vendor calls attributes, where it is another name.
    pub(super) fn aliases(&self) -> impl Iterator<Item = (AttrPath, CompactString)> {
        self.names.iter().map(|(ours, theirs)| (ours.clone(), theirs.to_string().into()))
    }

    /// Whether an attribute has another name or shape.
    pub(super) fn concern(&self, path: &AttrPath) -> bool {
        self.names.iter().any(|(ours, _)| ours.same_attribute(path))
            || (self.roles != Roles::Objects && path.is_core("roles"))
    }

    fn is_nothing(&self) -> bool {
        self.names.is_empty() && self.roles == Roles::Objects
    }

    fn tell(&self, resource: &mut Value) {
        for (ours, theirs) in &self.told {
            if let Some(value) = ours.remove(resource) {
                theirs.set(resource, value);
            }
        }
        if let Some(roles) = resource.remove("roles") {
            resource.set("roles", self.roles.told(roles));
        }
    }

    fn hear(&self, resource: &mut Value) {
        for (ours, theirs) in &self.told {
            if let Some(value) = theirs.remove(resource) {
                ours.set(resource, value);
            }
        }
        if let Some(roles) = resource.get_mut("roles") {
            *roles = self.roles.heard(std::mem::take(roles));
        }
    }

    /// An operation in the vendor's words: several, where parts of its value stand in several places.
    fn tell_operation(&self, mut operation: Value) -> Vec<Value> {
        let path = operation.text_at("path").map(Path::parse);
        let path = match path {
            None => {
                operation.get_mut("value").into_iter().for_each(|value| self.tell(value));
                return vec![operation];
            }
            Some(Ok(Path::Attribute(path))) => path,
            Some(_) => return vec![operation],
        };
        let mut parts = Vec::new();
        for (ours, theirs) in self.names.iter().filter(|(ours, _)| ours.same_attribute(&path)) {
            let name = match (&ours.sub, &path.sub) {
                (None, Some(sub)) => theirs.with_sub(sub),
                (ours, path) if ours == path => theirs.clone(),
                (Some(sub), None) => {
                    let part = operation.get_mut("value").and_then(|value| value.remove(sub));
                    parts.extend(part.map(|part| (theirs.clone(), part)));
                    continue;
                }
                _ => continue,
            };
            operation.set("path", name.to_string());
            return vec![operation];
        }
        if path.is_core("roles")
            && path.sub.is_none()
            && let Some(value) = operation.get_mut("value")
        {
            *value = self.roles.told(std::mem::take(value));
        }
        let rest = operation.get("value").is_none_or(|value| !value.is_empty()) || parts.is_empty();
        let part = |(name, value): (AttrPath, Value)| {
            let mut part = operation.clone();
            part.set("path", name.to_string());
            part.set("value", value);
            part
        };
        let mut all: Vec<Value> = parts.into_iter().map(part).collect();
        if rest {
            all.insert(0, operation);
        }
        all
    }
}

impl Roles {
    /// Leaves of each role what the vendor can hold.
    pub(super) fn fit(self, resource: &mut Value) {
        if !matches!(self, Self::Text | Self::Texts) {
            return;
        }
        for role in resource.get_mut("roles").and_then(Value::items_mut).into_iter().flatten() {
            role.retain(|name, _| name.eq_ignore_ascii_case("value"));
        }
    }

    fn told(self, roles: Value) -> Value {
        let text = |role: &Value| role.get("value").unwrap_or(role).clone();
        let is_primary = |role: &&Value| role.get("primary").and_then(Value::as_bool) == Some(true);
        let first = roles.each().iter().find(is_primary).or(roles.each().first());
        match self {
            Self::Objects => roles,
            Self::Text => first.map(text).unwrap_or_default(),
            Self::Object => first.cloned().unwrap_or_default(),
            Self::Texts => roles.each().iter().map(text).collect(),
        }
    }

    fn heard(self, roles: Value) -> Value {
        let object = |role: &Value| match role.is_object() {
            true => role.clone(),
            false => [("value", role.clone())].into_iter().collect(),
        };
        match self {
            Self::Objects => roles,
            _ if roles.is_empty() => Value::from(Vec::new()),
            _ => roles.each().iter().map(object).collect(),
        }
    }
}

impl Profile {
    /// A call in the vendor's words; `None` where they are the RFC's.
    pub fn told(&self, call: &Call) -> Option<Call> {
        let words = &self.resource(call.resource).words;
        if words.is_nothing() && self.native.is_none() {
            return None;
        }
        let mut call = call.clone();
        for (name, value) in &mut call.query {
            if ["attributes", "excludedAttributes", "sortBy"].contains(&name.as_str()) {
                *value = value.split(',').map(|name| words.name(name)).collect::<Vec<_>>().join(",");
            }
        }
        if let Some(body) = &mut call.body {
            match body.remove("Operations").filter(|_| call.verb == Verb::Patch) {
                Some(operations) => {
                    let all = operations.into_items().into_iter();
                    let told: Value = all.flat_map(|operation| words.tell_operation(operation)).collect();
                    body.set("Operations", told);
                }
                None => {
                    words.tell(body);
                    let cleared = body.get_mut("meta").and_then(|meta| meta.get_mut("attributes"));
                    for name in cleared.and_then(Value::items_mut).into_iter().flatten() {
                        *name = words.name(name.as_str().unwrap_or_default()).into();
                    }
                }
            }
        }
        if let Some(native) = &self.native {
            native.tell(&mut call);
        }
        Some(call)
    }

    /// An answer in the RFC's words.
    pub fn heard(&self, resource: ResourceType, body: &mut Value) {
        if let Some(native) = &self.native {
            *body = native.hear(resource, std::mem::take(body));
        }
        let words = &self.resource(resource).words;
        if words.is_nothing() && self.native.is_none() {
            return;
        }
        let hear = |one: &mut Value| {
            words.hear(one);
            self.native.iter().for_each(|native| native.fit(one));
        };
        match body.get_mut("Resources").and_then(Value::items_mut) {
            Some(resources) => resources.iter_mut().for_each(hear),
            None => hear(body),
        }
    }
}

impl Words {
    fn name(&self, name: &str) -> String {
        let path = AttrPath::parse(name);
        let known = self.told.iter().find(|(ours, _)| path.as_ref() == Some(ours));
        known.map_or_else(|| name.to_owned(), |(_, theirs)| theirs.to_string())
    }
}
