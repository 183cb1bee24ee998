//! A user of NinjaOne, whom SCIM manages or not.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::intake::{ENTERPRISE, EXTENSION};
use crate::simulator::harness::World;

/// The two classes of user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    EndUser,
    Technician,
}

impl Class {
    /// As the extension spells it (NJ3).
    pub(super) fn scim_name(self) -> &'static str {
        match self {
            Self::EndUser => "endUser",
            Self::Technician => "Technician",
        }
    }

    /// As the public API spells it (NJ6).
    pub(super) fn native_name(self) -> &'static str {
        match self {
            Self::EndUser => "END_USER",
            Self::Technician => "TECHNICIAN",
        }
    }
}

/// One user.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: u64,
    pub(super) uid: String,
    /// Whether SCIM manages it.
    pub(super) scim: bool,
    pub(super) enabled: bool,
    pub(super) class: Class,
    /// `All`, one id, or several with commas; `None` for a technician.
    pub(super) organization: Option<String>,
    /// The SCIM attributes, without those that have a field here.
    attributes: Map<String, Value>,
    /// Its `userName` and its addresses in lower case, as look-ups compare them.
    pub(super) key: String,
    pub(super) mails: Vec<String>,
    /// Only the console sets these.
    pub(super) phone: Option<String>,
    pub(super) language: Option<String>,
    pub(super) administrator: bool,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
}

impl Person {
    /// Somebody without attributes, enabled, whom SCIM does not manage.
    pub(super) fn new(world: &mut World, class: Class) -> Self {
        let now = world.now();
        Self {
            id: world.ids.number(),
            uid: world.ids.uuid(),
            scim: false,
            enabled: true,
            class,
            organization: None,
            attributes: Map::new(),
            key: String::new(),
            mails: Vec::new(),
            phone: None,
            language: None,
            administrator: false,
            created: now,
            modified: now,
        }
    }

    pub(super) fn user_name(&self) -> &str {
        self.attributes.get("userName").and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    pub(super) fn set_attributes(&mut self, attributes: Map<String, Value>) {
        self.attributes = attributes;
        self.key = self.user_name().to_lowercase();
        self.mails = mails(&self.attributes);
    }

    /// The address that the public API shows: the primary one, else the first.
    pub(super) fn mail(&self) -> &str {
        let emails =
            self.attributes.get("emails").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let primary = emails.iter().find(|email| email.get("primary").is_some_and(|primary| primary == true));
        let chosen =
            primary.or_else(|| emails.first()).and_then(|email| email.get("value")).and_then(Value::as_str);
        chosen.unwrap_or_else(|| self.user_name())
    }

    pub(super) fn name(&self, part: &str) -> &str {
        self.attributes
            .get("name")
            .and_then(|name| name.get(part))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// As SCIM shows it.
    pub(super) fn shown(&self, world: &World) -> Value {
        let mut shown = self.attributes.clone();
        let mut schemas = vec!["urn:ietf:params:scim:schemas:core:2.0:User", EXTENSION];
        if shown.contains_key(ENTERPRISE) {
            schemas.push(ENTERPRISE);
        }
        let mut extension = Map::from_iter([("userType".to_owned(), json!(self.class.scim_name()))]);
        if let Some(organization) = &self.organization {
            extension.insert("organizationId".to_owned(), json!(organization));
        }
        let id = self.id.to_string();
        let meta = json!({
            "resourceType": "User",
            "created": self.created.to_string(),
            "lastModified": self.modified.to_string(),
            "location": world.location("Users", &id),
        });
        shown.insert("schemas".to_owned(), json!(schemas));
        shown.insert("id".to_owned(), json!(id));
        shown.insert("active".to_owned(), json!(self.enabled));
        shown.insert(EXTENSION.to_owned(), Value::Object(extension));
        shown.insert("meta".to_owned(), meta);
        Value::Object(shown)
    }
}

/// The addresses in a set of attributes, in lower case; the `userName` is one when it looks like one.
pub(super) fn mails(attributes: &Map<String, Value>) -> Vec<String> {
    let emails = attributes.get("emails").and_then(Value::as_array).into_iter().flatten();
    let emails = emails.filter_map(|email| email.get("value").and_then(Value::as_str));
    let name = attributes.get("userName").and_then(Value::as_str).filter(|name| is_mail(name));
    let mut mails: Vec<String> = emails.chain(name).map(str::to_lowercase).collect();
    mails.sort_unstable();
    mails.dedup();
    mails
}

/// Whether a text looks like an address.
pub(super) fn is_mail(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
}
