//! Identity providers of our own: the traffic of eleven clients over the life of three people and a group.
//!
//! Each client tells the same story in its own words (Microsoft's "Develop and plan provisioning for a SCIM endpoint", its
//! page on SCIM compliance for the two dialects, Okta's SCIM 2.0 protocol reference). The people have the same attributes
//! whoever tells of them, so that every client must leave a vendor in the same state.

mod client;
mod deed;
mod entra;
mod okta;
mod others;
mod story;

use serde_json::{Value, json};

pub use client::{Answer, Idp};
pub use deed::{Deed, Members};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Whose traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Microsoft Entra ID as it comes.
    Entra,
    /// Microsoft Entra ID with `aadOptscim062020` in the tenant URL.
    EntraFlag,
    /// Okta, an app of its catalogue: PATCH where Okta knows it.
    Okta,
    /// Okta, an app made with the wizard: PUT for everything.
    OktaWizard,
    /// OneLogin, with the templates that vendors publish for it.
    OneLogin,
    /// JumpCloud.
    JumpCloud,
    /// PingFederate's SCIM connector.
    Ping,
    /// authentik.
    Authentik,
    /// A provisioning plug-in of Keycloak.
    Keycloak,
    /// rauthy.
    Rauthy,
    /// A client that does what RFC 7644 says.
    Rfc,
}

impl Client {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Entra,
        Self::EntraFlag,
        Self::Okta,
        Self::OktaWizard,
        Self::OneLogin,
        Self::JumpCloud,
        Self::Ping,
        Self::Authentik,
        Self::Keycloak,
        Self::Rauthy,
        Self::Rfc,
    ];

    /// Those of whose traffic the most is known.
    pub const COMMON: [Self; 4] = [Self::Entra, Self::EntraFlag, Self::Okta, Self::OktaWizard];

    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entra => "Entra ID (default dialect)",
            Self::EntraFlag => "Entra ID (aadOptscim062020)",
            Self::Okta => "Okta (catalogue app)",
            Self::OktaWizard => "Okta (wizard app)",
            Self::OneLogin => "OneLogin",
            Self::JumpCloud => "JumpCloud",
            Self::Ping => "PingFederate",
            Self::Authentik => "authentik",
            Self::Keycloak => "Keycloak (plug-in)",
            Self::Rauthy => "rauthy",
            Self::Rfc => "a conformant client",
        }
    }

    /// Its name in a URL.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Entra => "entra",
            Self::EntraFlag => "entra-flag",
            Self::Okta => "okta",
            Self::OktaWizard => "okta-wizard",
            Self::OneLogin => "onelogin",
            Self::JumpCloud => "jumpcloud",
            Self::Ping => "ping",
            Self::Authentik => "authentik",
            Self::Keycloak => "keycloak",
            Self::Rauthy => "rauthy",
            Self::Rfc => "rfc",
        }
    }

    /// The header that tells it apart, if it has one.
    const fn sign(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Entra | Self::EntraFlag => Some(("adscimversion", "Date:2026-01-01, ActivityId:0")),
            Self::Okta | Self::OktaWizard => Some(("user-agent", "Okta SCIM Client 1.0.0")),
            _ => None,
        }
    }

    /// The media type of what it sends.
    const fn media(self) -> &'static str {
        match self {
            Self::OneLogin => "application/json",
            _ => "application/scim+json; charset=utf-8",
        }
    }
}

/// The part of the story that a step belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The connection is tested.
    Connect,
    /// Three people are looked up and made.
    Create,
    /// One gets another family name.
    Rename,
    /// One moves to another department.
    Department,
    /// A group is made, gets two members, and loses one.
    Group,
    /// One is deactivated, and comes back.
    Suspend,
    /// One leaves for good.
    Leave,
    /// What was written is read.
    Read,
}

/// One request of the story. `{ana}` in a path or body stands for the id that the service provider gave to Ana.
#[derive(Clone, Debug)]
pub struct Step {
    /// The part it belongs to.
    pub stage: Stage,
    /// What happens, in words.
    pub title: String,
    /// The method.
    pub method: &'static str,
    /// The path after the base URL.
    pub path: String,
    /// The body.
    pub body: Body,
    /// The statuses with which the client goes on.
    pub expect: &'static [u16],
    /// The name under which the id of the answer is kept.
    pub keep: Option<String>,
}

/// The body of a step.
#[derive(Clone, Debug)]
pub enum Body {
    /// There is none.
    None,
    /// This.
    Json(Value),
    /// What was last read of a resource, with members set by JSON pointer: how Okta updates a profile.
    Echo(String, Vec<(String, Value)>),
}

impl Step {
    fn get(stage: Stage, title: impl Into<String>, path: impl Into<String>) -> Self {
        let (title, path) = (title.into(), path.into());
        Self { stage, title, method: "GET", path, body: Body::None, expect: &[200], keep: None }
    }

    fn send(
        stage: Stage,
        title: impl Into<String>,
        method: &'static str,
        path: impl Into<String>,
        body: Value,
    ) -> Self {
        let expect: &[u16] = if method == "POST" { &[201] } else { &[200, 204] };
        let (title, path) = (title.into(), path.into());
        Self { stage, title, method, path, body: Body::Json(body), expect, keep: None }
    }

    fn delete(stage: Stage, title: impl Into<String>, path: impl Into<String>) -> Self {
        Self { method: "DELETE", expect: &[204], ..Self::get(stage, title, path) }
    }

    fn keep(mut self, name: &str) -> Self {
        self.keep = Some(name.to_owned());
        self
    }
}

/// Somebody in the story.
struct Person {
    key: &'static str,
    given: &'static str,
    family: &'static str,
    user_name: &'static str,
    title: &'static str,
    department: &'static str,
}

const PEOPLE: [Person; 3] = [
    Person {
        key: "ana",
        given: "Ana",
        family: "Silva",
        user_name: "ana.silva@acme.example",
        title: "Engineer",
        department: "IT",
    },
    Person {
        key: "bo",
        given: "Bo",
        family: "Lund",
        user_name: "bo.lund@acme.example",
        title: "Buyer",
        department: "Retail - Lisbon",
    },
    Person {
        key: "cem",
        given: "Cem",
        family: "Arslan",
        user_name: "cem.arslan@acme.example",
        title: "Driver",
        department: "Logistics - Porto",
    },
];

/// The group whose members are technicians, by the mapping's default.
const TECHNICIANS: &str = "NinjaOne Technicians";

impl Person {
    fn display_name(&self) -> String {
        format!("{} {}", self.given, self.family)
    }

    /// What every client says of the person.
    fn attributes(&self) -> Value {
        json!({
            "schemas": [USER, ENTERPRISE],
            "externalId": self.key,
            "userName": self.user_name,
            "active": true,
            "displayName": self.display_name(),
            "emails": [{ "primary": true, "type": "work", "value": self.user_name }],
            "name": { "givenName": self.given, "familyName": self.family },
            "title": self.title,
            "locale": "en-US",
            ENTERPRISE: { "department": self.department },
        })
    }
}

/// A JSON pointer: the slash is the separator, and the URN has none.
const DEPARTMENT: &str = "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department";
const _: () = assert!(ENTERPRISE.len() + "//department".len() == DEPARTMENT.len());

/// The path of an attribute as RFC 7644 writes it.
fn scim_path(pointer: &str) -> String {
    match pointer {
        "/emails/0/value" => "emails[type eq \"work\"].value".to_owned(),
        DEPARTMENT => format!("{ENTERPRISE}:department"),
        _ => pointer.trim_start_matches('/').replace('/', "."),
    }
}

/// A PATCH of these operations.
fn patch(operations: &Value) -> Value {
    json!({ "schemas": [PATCH_OP], "Operations": operations })
}

/// Text as it stands in a URL.
fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
