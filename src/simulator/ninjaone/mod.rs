//! NinjaOne: tokens that end after six months, accounts that are silently taken over, and two filters.
//!
//! Sources: NJ1 "Activate SCIM for your identity provider", NJ2 "Cross-domain identity management (SCIM)", NJ3 "SCIM using
//! Microsoft Entra ID expressions", NJ4 "SCIM FAQ", NJ5 "Configuring SCIM for Okta", all on ninjaone.com/docs; NJ6 the
//! public API's OpenAPI document, 2.0.9-draft. What no source says is assumed: marked (a), and a knob where a client
//! could mind.
//!
//! | rule | says | rests on |
//! |---|---|---|
//! | NJ-01 | a bearer token; missing, unknown, revoked, expired: 401 `Unauthorized` | NJ1; body (a) |
//! | NJ-02 | a token is shown once and is good for six calendar months | NJ1 |
//! | NJ-03 | a new token ends the old one: knob `overlap` | (a) |
//! | NJ-04 | there is no API to make tokens | NJ1, NJ6 |
//! | NJ-05 | before SSO is configured every SCIM request is 403 `SCIM is not enabled` | NJ1; code (a) |
//! | NJ-06 | a user needs a `userName` and an e-mail, or a `userName` that is one; else 400 `invalidValue` | (a) |
//! | NJ-07 | without `userType` in the extension a user is an end user | NJ3 |
//! | NJ-08 | `endUser` is case sensitive; another spelling is 400 `invalidValue` | NJ3; code (a) |
//! | NJ-09 | `Technician`; `technician` with the knob `accept_lower_technician` | NJ3 |
//! | NJ-10 | `organizationId`: `All`, or an organisation that exists; a list with the knob `multi_org` | NJ3; errors, list (a) |
//! | NJ-11 | an end user without one: knob `org_absent`; a technician's is ignored | (a) |
//! | NJ-12 | an e-mail of a user whom SCIM does not manage: that user is taken over, 201 with the existing id | NJ4; 201 (a) |
//! | NJ-13 | an e-mail or `userName` of one whom it does: 409 `uniqueness` | (a) |
//! | NJ-14 | `phoneNumbers` is accepted, discarded, never returned | NJ4; silence (a) |
//! | NJ-15 | nobody becomes a system administrator: 403; nor is a group mapped to that role | NJ2; code (a) |
//! | NJ-16 | `active: false` disables; the user stays listed; `true` enables. A string with the knob `string_booleans` | NJ2; back (a) |
//! | NJ-17 | DELETE is 204, and disables or removes: knob `delete` | (a) |
//! | NJ-18 | filters: `userName eq`, `emails.value eq`; for groups `displayName eq`; others 400 `invalidFilter` | (a) |
//! | NJ-19 | a list without a filter: knob `list`; pages of 100 | no import NJ5; shape (a) |
//! | NJ-20 | groups: POST, GET, PATCH (add, remove, `replace displayName`), DELETE; knob `replace_members` | NJ2; forms (a) |
//! | NJ-21 | a group means nothing until the console maps it to a role | NJ2 |
//! | NJ-22 | the console does not edit or delete a user managed by SCIM while SCIM is enabled; phone and language it does | NJ2; code (a) |
//! | NJ-23 | no mail is ever sent; every SCIM action is an activity | NJ2, NJ4 |
//! | NJ-24 | the public API shows the same users: `scimUser`, `enabled`, an integer `id` | NJ6 |
//! | NJ-25 | a token of one region is 401 at the host of another | hosts NJ6; code (a) |
//! | NJ-26 | no rate limit; with the knob `rps` 429 without `Retry-After` | (a) |
//!
//! Further assumptions: `schemas` is not looked at; attributes that are not known are ignored, in bodies and in paths;
//! PUT replaces a user, and is not there for groups; PATCH answers 200 with the resource, in the forms of RFC 7644 and no
//! others; users whom SCIM does not manage are not found; there is no discovery.

mod console;
mod groups;
mod intake;
mod native;
mod person;
#[cfg(test)]
mod tests;
mod users;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::harness::knobs::{Allowed, Knob};
use super::harness::message::{Reply, Request};
use super::harness::query;
use super::harness::records::Records;
use super::harness::time::months_later;
use super::harness::tokens::Tokens;
use super::harness::{Behaviour, Refused, World};
use super::vendor::Kind;
use person::Person;

pub(super) const KIND: Kind = Kind {
    name: "ninjaone",
    summary: SUMMARY,
    // The real path is shown in its console only: assumed.
    base_path: "/ws/scim/v2",
    knobs: KNOBS,
    new: || Box::<NinjaOne>::default(),
};

const SUMMARY: &str =
    "NinjaOne: tokens that end after six months, silent take-over of existing accounts, two filters";

const KNOBS: &[Knob] = &[
    Knob {
        name: "org_ids",
        default: "[1, 2, 3, 17, 23]",
        allowed: Allowed::Counts,
        help: "the organisations that exist",
    },
    Knob {
        name: "org_absent",
        default: "\"reject\"",
        allowed: Allowed::OneOf(&["global", "reject"]),
        help: "NJ-11: what an end user without an organizationId becomes",
    },
    Knob {
        name: "multi_org",
        default: "false",
        allowed: Allowed::Flag,
        help: "NJ-10: organizationId may be a list such as 1,2",
    },
    Knob {
        name: "accept_lower_technician",
        default: "false",
        allowed: Allowed::Flag,
        help: "NJ-09: the spelling technician is accepted",
    },
    Knob {
        name: "string_booleans",
        default: "false",
        allowed: Allowed::Flag,
        help: "NJ-16: active may be a string",
    },
    Knob {
        name: "delete",
        default: "\"inactive\"",
        allowed: Allowed::OneOf(&["inactive", "hard"]),
        help: "NJ-17: what DELETE does to a user",
    },
    Knob {
        name: "list",
        default: "\"scim_only\"",
        allowed: Allowed::OneOf(&["scim_only", "empty", "501"]),
        help: "NJ-19: what a list of users without a filter shows",
    },
    Knob {
        name: "replace_members",
        default: "\"reject\"",
        allowed: Allowed::OneOf(&["reject", "accept"]),
        help: "NJ-20: whether a PATCH may replace the members of a group",
    },
    Knob {
        name: "overlap",
        default: "\"none\"",
        allowed: Allowed::OneOf(&["none", "both"]),
        help: "NJ-03: whether the old token lives on beside a new one",
    },
    Knob {
        name: "region",
        default: "\"app\"",
        allowed: Allowed::OneOf(REGIONS),
        help: "NJ-25: the region in which new tokens are made",
    },
    Knob {
        name: "rps",
        default: "0",
        allowed: Allowed::Count,
        help: "NJ-26: requests a second before 429; 0 for no limit",
    },
];

/// NJ-25: the first labels of the hosts under `ninjarmm.com`.
const REGIONS: &[&str] = &["app", "us2", "eu", "oc", "ca", "fed"];

/// How long a token lives (NJ-02).
const TOKEN_MONTHS: i32 = 6;

/// The role that SCIM does not give (NJ-15).
const ADMINISTRATOR: &str = "System Administrator";

/// The roles of the console.
const ROLES: [&str; 3] = ["Technician - L1", "Technician - L2", ADMINISTRATOR];

/// The vendor's state.
pub(super) struct NinjaOne {
    sso: bool,
    scim: bool,
    people: BTreeMap<u64, Person>,
    groups: Records,
    /// By group: the role that the console mapped it to.
    roles: BTreeMap<String, String>,
    activities: Vec<Value>,
    /// Those of the public API.
    access_tokens: Tokens,
}

impl Default for NinjaOne {
    fn default() -> Self {
        Self {
            sso: true,
            scim: true,
            people: BTreeMap::new(),
            groups: Records::default(),
            roles: BTreeMap::new(),
            activities: Vec::new(),
            access_tokens: Tokens::default(),
        }
    }
}

impl Behaviour for NinjaOne {
    fn answer(&mut self, request: &Request, world: &mut World) -> Reply {
        match request.segments(world.base_path) {
            Some(path) => {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                self.scim(request, &path, world).unwrap_or_else(|refusal| refusal)
            }
            None => self.native(request, world),
        }
    }

    /// `{"region": "eu"}` makes it for that region.
    fn make_token(&mut self, arguments: &Value, world: &mut World) -> Result<String, Refused> {
        if !self.sso {
            return Err(Refused::forbidden("SSO must be configured first"));
        }
        let region =
            arguments.get("region").and_then(Value::as_str).unwrap_or(world.knobs.word("region")).to_owned();
        if !REGIONS.contains(&region.as_str()) {
            return Err(Refused::invalid(format!("there is no region {region}")));
        }
        let made = world.ids.hex(48);
        let token = arguments.get("value").and_then(Value::as_str).unwrap_or(&made).to_owned();
        if world.knobs.word("overlap") == "none" {
            world.tokens.revoke(None); // NJ-03
        }
        let now = world.now();
        world.tokens.issue(&token, now, Some(months_later(now, TOKEN_MONTHS)), &region);
        Ok(token)
    }

    fn console(&mut self, action: &str, arguments: &Value, world: &mut World) -> Result<Value, Refused> {
        self.act(action, arguments, world)
    }

    fn state(&self, world: &World) -> Value {
        json!({
            "sso": self.sso,
            "scim": self.scim,
            "users": self.people.values().map(|person| self.native_user(person)).zip(self.people.values())
                .map(|(mut user, person)| {
                    user["scim"] = person.shown(world);
                    user
                })
                .collect::<Vec<_>>(),
            "groups": self.groups.iter().map(|group| self.shown_group(group, world)).collect::<Vec<_>>(),
            "mapped": self.roles,
            "mails": [], // NJ-23
            "activities": self.activities,
        })
    }
}

impl NinjaOne {
    fn scim(&mut self, request: &Request, path: &[&str], world: &mut World) -> Result<Reply, Reply> {
        if !world.admit() {
            return Err(Reply::error(429, None, "Too many requests")); // NJ-26
        }
        if !(self.sso && self.scim) {
            return Err(Reply::error(403, None, "SCIM is not enabled")); // NJ-05
        }
        self.authorise(request, world)?;
        match (request.method.as_str(), path) {
            ("GET", ["Users"]) => self.list_users(request, world),
            ("POST", ["Users"]) => self.create_user(&request.json()?, world),
            ("GET", ["Users", id]) => self.read_user(request, id, world),
            ("PUT", ["Users", id]) => self.replace_user(id, &request.json()?, world),
            ("PATCH", ["Users", id]) => self.patch_user(id, &request.json()?, world),
            ("DELETE", ["Users", id]) => self.delete_user(id, world),
            ("GET", ["Groups"]) => self.list_groups(request, world),
            ("POST", ["Groups"]) => self.create_group(&request.json()?, world),
            ("GET", ["Groups", id]) => self.read_group(request, id, world),
            ("PATCH", ["Groups", id]) => self.patch_group(id, &request.json()?, world),
            ("DELETE", ["Groups", id]) => self.delete_group(id, world),
            (_, ["Users" | "Groups"] | ["Users" | "Groups", _]) => {
                Err(Reply::error(405, None, "Method not allowed"))
            }
            _ => Err(not_found()),
        }
    }

    /// NJ-01, NJ-25.
    fn authorise(&self, request: &Request, world: &World) -> Result<(), Reply> {
        let region = request.host.split(':').next().and_then(|host| host.strip_suffix(".ninjarmm.com"));
        let token = world.tokens.find(request.bearer(), world.now());
        let good = token.is_some_and(|token| region.is_none_or(|region| token.realm == region));
        if good {
            Ok(())
        } else {
            Err(Reply::error(401, None, "Unauthorized").header("www-authenticate", "Bearer"))
        }
    }

    /// NJ-23.
    fn note(&mut self, world: &World, what: &str, id: &str, name: &str) {
        self.activities
            .push(json!({ "at": world.now().to_string(), "activity": what, "id": id, "name": name }));
    }
}

fn not_found() -> Reply {
    Reply::error(404, None, "Not found")
}

fn invalid(detail: &str) -> Reply {
    Reply::error(400, Some("invalidValue"), detail)
}

/// The attribute and the value, in lower case, of a filter by equality on one of the `known` attributes (NJ-18).
fn equality(filter: &str, known: &[&'static str]) -> Result<(&'static str, String), Reply> {
    let found = query::equality(filter, known).map(|(name, value)| (name, value.to_lowercase()));
    found.ok_or_else(|| {
        let detail = format!("The filter must be one of: {} eq", known.join(" eq, "));
        Reply::error(400, Some("invalidFilter"), &detail)
    })
}
