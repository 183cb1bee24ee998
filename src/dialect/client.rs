//! The clients that have a name: how each is recognised, what it means where a form is ambiguous, and how it wants to be
//! answered. Everything else is told by the shape of the request, whoever sent it.
//!
//! Sources: Microsoft's "Develop and plan provisioning for a SCIM endpoint" and "Known issues and resolutions with SCIM
//! 2.0 protocol compliance"; Okta's SCIM 2.0 and 1.1 protocol references and SCIM FAQ; OneLogin's "Implement a SCIM
//! API"; for the others what their products or the servers that live with them show. Where nothing is known of a
//! client's answers it has the manners that RFC 7644 gives.

use super::{Hints, Manners, Media, Version};

/// What an integration's configuration says about its identity provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Decided for each request, by its headers: one tenant may send two dialects.
    #[default]
    Auto,
    /// Microsoft Entra ID: either of its dialects, since on-demand provisioning ignores the `aadOptscim062020` flag.
    Entra,
    /// Okta, with SCIM 2.0: apps of the wizard and of the catalogue.
    Okta,
    /// Okta, with SCIM 1.1.
    Okta11,
    /// OneLogin: the shapes are whatever the administrator's template says.
    OneLogin,
    /// JumpCloud.
    JumpCloud,
    /// Google Workspace: of its bodies nothing is published.
    Google,
    /// PingOne and PingFederate: PUT for everything.
    Ping,
    /// CyberArk Identity.
    CyberArk,
    /// SailPoint's SCIM 2.0 connectors.
    SailPoint,
    /// authentik.
    Authentik,
    /// Provisioning plug-ins of Keycloak.
    Keycloak,
    /// rauthy.
    Rauthy,
    /// WSO2 Identity Server, outbound.
    Wso2,
    /// Rippling: of its bodies nothing is published.
    Rippling,
    /// Duo: of its bodies nothing is published.
    Duo,
    /// The RFCs, and nothing besides: nothing is tolerated.
    Rfc,
}

impl Dialect {
    /// All of them, in the order of [`Dialect::NAMES`].
    pub const ALL: [Self; 17] = [
        Self::Auto,
        Self::Entra,
        Self::Okta,
        Self::Okta11,
        Self::OneLogin,
        Self::JumpCloud,
        Self::Google,
        Self::Ping,
        Self::CyberArk,
        Self::SailPoint,
        Self::Authentik,
        Self::Keycloak,
        Self::Rauthy,
        Self::Wso2,
        Self::Rippling,
        Self::Duo,
        Self::Rfc,
    ];

    /// The names that a configuration may use.
    pub const NAMES: [&'static str; 17] = [
        "auto",
        "entra",
        "okta",
        "okta11",
        "onelogin",
        "jumpcloud",
        "google",
        "ping",
        "cyberark",
        "sailpoint",
        "authentik",
        "keycloak",
        "rauthy",
        "wso2",
        "rippling",
        "duo",
        "rfc",
    ];

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The dialect of one request: the configured one, or the one that the headers show.
    pub(super) fn decided(self, hints: &Hints<'_>) -> Self {
        let agent = |name: &str| {
            let start = hints.user_agent.and_then(|agent| agent.get(..name.len()));
            start.is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        match self {
            // `Adscimversion: Date:…, ActivityId:…` is on every request of Entra's provisioning service.
            Self::Auto if hints.adscimversion => Self::Entra,
            // `Okta SCIM Client 1.0.0`; its test suite says `OKTA SCIM Integration`. SCIM 1.1 has the same agent.
            Self::Auto if agent("okta") => Self::Okta,
            Self::Auto if agent("google-auto-provisioning") => Self::Google,
            decided => decided,
        }
    }

    /// Whether `"value": ""` in a PATCH removes. Okta clears by PUT, so that from Okta it is a value; from anyone else it
    /// has only ever been seen to mean removal.
    pub(super) const fn empty_string_clears(self) -> bool {
        !matches!(self, Self::Rfc | Self::Okta | Self::Okta11)
    }

    /// How it wants to be answered.
    pub(super) const fn manners(self) -> Manners {
        const PLAIN: Manners =
            Manners { transient: 503, group_patch_body: true, media: Media::ScimJson, version: Version::Two };
        match self {
            // "Group PATCH: 204 without the member list". What it does not know is tried again in the next cycle.
            Self::Entra => Manners { group_patch_body: false, ..PLAIN },
            // 429 is the only status after which Okta tries again by itself.
            Self::Okta => Manners { transient: 429, ..PLAIN },
            // SCIM 1.1 §3.9: errors are a list of `description` and `code`; and the media type is plain JSON.
            Self::Okta11 => Manners { transient: 429, media: Media::Json, version: Version::One, ..PLAIN },
            // "The API should return application/json."
            Self::OneLogin => Manners { media: Media::Json, ..PLAIN },
            _ => PLAIN,
        }
    }
}
