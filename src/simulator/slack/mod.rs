//! Slack, in its two versions: SCIM 2.0 at `/scim/v2` and SCIM 1.1 at `/scim/v1`, over the same people.
//!
//! Sources: SL1 docs.slack.dev/reference/scim-api, SL2 its page on rate limits, SL3 the Slack handling of Evolveum's
//! connector-scim1, SL4 IBM Verify's table of Slack's attributes, SL5 the Microsoft Entra tutorial for Slack; OK1 Okta's
//! SCIM 1.1 reference. What no source says is assumed: marked (a), and a knob where a client could mind.
//!
//! | rule | says | rests on |
//! |---|---|---|
//! | SL-01 | a bearer token; else 401 `not_authed` or `invalid_auth` | SL1; codes (a) |
//! | SL-02 | an error holds a code as `detail`, and a number as `status` | SL1 |
//! | SL-03 | 400, 401, 403, 404 `no_such_user`, `no_such_group`, 409 `username_taken`, `email_taken`, 429 | SL4; pairs (a) |
//! | SL-04 | a body without `schemas` is 400 `missing_schema_element` | SL1; when (a) |
//! | SL-05 | `userName`: an e-mail becomes its local part, capitals small letters, all but `a-z 0-9 . _ -` a `_`; 21 characters; `nickName` is the same | SL1; how (a) |
//! | SL-06 | one e-mail at least, else 400 `missing_primary_email`; two are kept, the primary first, without `type` | SL1 |
//! | SL-07 | `displayName`: 80 characters, no `@`; else 400 `invalid_display_name` | SL1, SL5; code (a) |
//! | SL-08 | two phones, whose types come back exchanged; one photo, one address of five parts, one role, a text or an object | SL1 |
//! | SL-09 | what is not set is `null`, `externalId` is `""` | SL1 |
//! | SL-10 | the manager is `managerId`: an id, an e-mail or a userName; `value` is ignored | SL1; ignored (a) |
//! | SL-11 | `externalId`, `password`, `profileUrl` do not change after the creation | SL1; silence (a) |
//! | SL-12 | PUT answers 200 and blanks what it leaves out; a group loses its members so | SL1 |
//! | SL-13 | PATCH answers 200; a removal is `members[value eq U1]`; the quoted form: knob `quoted` | SL1; knob (a) |
//! | SL-14 | DELETE deactivates: 204; `active: true` reactivates | SL1 |
//! | SL-15 | the primary owner: 403 `cannot_disable_primary_owner`, `cannot_modify_owner` | SL1; status (a) |
//! | SL-16 | the guest extension; who becomes a guest is reactivated | SL1 |
//! | SL-17 | pages of 10, at most 1,000 | SL1 |
//! | SL-18 | a filter of SCIM 2.0: knob `v2_filter` | "not applicable" SL1; what then (a) |
//! | SL-19 | 15,000 users a group write, else 400 `too_many_users`; 400 `unknown_user`; 409 `idp_group_linked_to_channels`; users outlive a group | SL1; status (a) |
//! | SL-20 | a write while another to the same resource runs: 429 `resource_locked` | SL1; code (a) |
//! | SL-21 | rate limits over all tokens of the organisation: see `limits`; knob `limits` | SL2 |
//! | SL-22 | `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas` | SL1 |
//! | V1-01 | SCIM 1.1 has `/ServiceProviderConfigs`, `/Schemas/Users`, `/Schemas/Groups`, and nothing else to discover | SL1 |
//! | V1-02 | its schema of users leaves attributes out, and spells `subattributes` | SL3 |
//! | V1-03 | its URNs; a URN of SCIM 2.0 in a body is 400 `invalid_schema` | SL1, SL3; 400 (a) |
//! | V1-04 | its list, under `application/json`; no match is an empty list | OK1 |
//! | V1-05 | its errors: knob `errors` | SCIM 1.1 §3.9; variants SL3; Slack's own (a) |
//! | V1-06 | filters: `username`, `email`, `restricted`, `ultra_restricted` with the operators of SCIM 1.1 | SL1 |
//! | V1-07 | PATCH is a partial resource: see `partial`; `Operations` are 400 | SL1, OK1; 400 (a) |
//! | V1-08 | PATCH answers 200 | SL1 |
//! | V1-09 | `X-HTTP-Method-Override: PATCH` on a POST | SCIM 1.1 §3.3 (a) |
//! | V1-10 | the rest is as in SCIM 2.0 | SL1 |
//! | V1-11 | names in a filter have no case, texts stand in double quotes | (a) |
//!
//! Further assumptions: two groups may have one name; a deactivated user stays in the groups; `active` outlives a PUT that
//! does not name it.

mod console;
mod discovery;
mod groups;
mod limits;
mod partial;
mod person;
#[cfg(test)]
mod tests;
mod users;
mod wire;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::harness::buckets::Buckets;
use super::harness::knobs::{Allowed, Knob};
use super::harness::message::{Reply, Request};
use super::harness::records::Records;
use super::harness::{Behaviour, Refused, World};
use super::vendor::Kind;
use wire::{Trouble, Version};

pub(super) const KIND: Kind = Kind {
    name: "slack",
    summary: "Slack, SCIM 2.0: converted user names, nulls, filters that may be ignored, locks and rate limits",
    base_path: "/scim/v2",
    knobs: KNOBS,
    new: || Box::new(Slack::new(Version::V2)),
};

pub(super) const KIND_V1: Kind = Kind {
    name: "slack-v1",
    summary: "Slack, SCIM 1.1: partial resources as PATCH, filters of its own, discovery of its own",
    base_path: "/scim/v1",
    knobs: KNOBS_V1,
    new: || Box::new(Slack::new(Version::V1)),
};

const LIMITS: Knob =
    Knob { name: "limits", default: "true", allowed: Allowed::Flag, help: "SL-21: the rate limits apply" };

const KNOBS: &[Knob] = &[
    Knob {
        name: "quoted",
        default: "\"accept\"",
        allowed: Allowed::OneOf(&["accept", "400"]),
        help: "SL-13: whether members[value eq \"U1\"] is understood with its quotes",
    },
    Knob {
        name: "v2_filter",
        default: "\"ignored\"",
        allowed: Allowed::OneOf(&["ignored", "eq_username_email"]),
        help: "SL-18: whether a filter is ignored, or understood when it is userName eq, emails.value eq, displayName eq",
    },
    LIMITS,
];

const KNOBS_V1: &[Knob] = &[
    Knob {
        name: "errors",
        default: "\"array\"",
        allowed: Allowed::OneOf(&["array", "object", "string"]),
        help: "V1-05: what an error holds",
    },
    LIMITS,
];

/// The vendor's state.
pub(super) struct Slack {
    version: Version,
    users: Records,
    groups: Records,
    owner: Option<String>,
    /// Groups that are linked to channels.
    linked: BTreeSet<String>,
    buckets: Buckets,
    /// What another application uses up of the limits, a minute.
    other_app: u32,
}

impl Behaviour for Slack {
    fn answer(&mut self, request: &Request, world: &mut World) -> Reply {
        self.try_answer(request, world).unwrap_or_else(|trouble| trouble.reply(self.version, world))
    }

    fn make_token(&mut self, arguments: &Value, world: &mut World) -> Result<String, Refused> {
        Ok(world.plain_token(arguments))
    }

    fn console(&mut self, action: &str, arguments: &Value, world: &mut World) -> Result<Value, Refused> {
        self.act(action, arguments, world)
    }

    fn state(&self, world: &World) -> Value {
        json!({
            "users": self.users.iter().map(|user| self.shown_user(user, world)).collect::<Vec<_>>(),
            "groups": self.groups.iter().map(|group| self.shown_group(group, world)).collect::<Vec<_>>(),
            "owner": self.owner,
        })
    }
}

impl Slack {
    fn new(version: Version) -> Self {
        Self {
            version,
            users: Records::default(),
            groups: Records::default(),
            owner: None,
            linked: BTreeSet::new(),
            buckets: Buckets::default(),
            other_app: 0,
        }
    }

    fn try_answer(&mut self, request: &Request, world: &mut World) -> Result<Reply, Trouble> {
        let Some(path) = request.segments(world.base_path) else {
            return Err(Trouble::new(404, "not_found"));
        };
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match request.bearer() {
            None => return Err(Trouble::new(401, "not_authed")),
            token if world.tokens.find(token, world.now()).is_none() => {
                return Err(Trouble::new(401, "invalid_auth"));
            }
            Some(_) => {}
        }
        let mut method = request.method.as_str();
        if self.version == Version::V1 && method == "POST" {
            // V1-09.
            let asked = request.header("x-http-method-override");
            method = asked.filter(|asked| *asked == "PATCH").map_or(method, |_| "PATCH");
        }
        self.within_limits(method, &path, world)?;
        if request.overlaps {
            return Err(Trouble::new(429, "resource_locked").after(1)); // SL-20
        }
        if method == "GET"
            && let Some(reply) = discovery::answer(self.version, &path)
        {
            return Ok(reply);
        }
        let body = || wire::body(request, self.version);
        match (method, path.as_slice()) {
            ("GET", ["Users"]) => self.list_users(request, world),
            ("POST", ["Users"]) => self.create_user(&body()?, world),
            ("GET", ["Users", id]) => self.read_user(id, world),
            ("PUT", ["Users", id]) => self.replace_user(id, &body()?, world),
            ("PATCH", ["Users", id]) => self.patch_user(id, &body()?, world),
            ("DELETE", ["Users", id]) => self.deactivate_user(id, world),
            ("GET", ["Groups"]) => self.list_groups(request, world),
            ("POST", ["Groups"]) => self.create_group(&body()?, world),
            ("GET", ["Groups", id]) => self.read_group(id, world),
            ("PUT", ["Groups", id]) => self.replace_group(id, &body()?, world),
            ("PATCH", ["Groups", id]) => self.patch_group(id, &body()?, world),
            ("DELETE", ["Groups", id]) => self.delete_group(id),
            (_, ["Users" | "Groups"] | ["Users" | "Groups", _]) => {
                Err(Trouble::new(405, "method_not_allowed"))
            }
            _ => Err(Trouble::new(404, "not_found")),
        }
    }
}
