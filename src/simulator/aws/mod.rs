//! AWS IAM Identity Center: groups whose members are written by the hundred and never read, and a PATCH of its own.
//!
//! Sources: AW1 the IAM Identity Center developer and user guides on SCIM, AW2 goauthentik/authentik#12321, AW3 the test
//! data of slashdevops/idp-scim-sync, AW4 awslabs/ssosync, AW5 Tirasa's ConnIdSCIMBundle, AW6 goauthentik/authentik#20530.
//! What no source says is assumed: marked (a), and a knob where a client could mind.
//!
//! | rule | says | rests on |
//! |---|---|---|
//! | AW-01 | `/{tenant}/scim/v2`; another tenant, no token, a bad one: 401 | AW1 |
//! | AW-02 | two live tokens at most, each good for a year | AW1 |
//! | AW-03 | errors with `schema` and `schemas`, `exceptionRequestId`, `timeStamp`, never `scimType` | AW2, AW3 |
//! | AW-04 | `x-amzn-RequestId`; bodies are `application/json` | AW1 |
//! | AW-05 | `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas` | AW1, AW3 |
//! | AW-06 | no `/Me`, `/Bulk`, `/.search`, `PUT /Groups/{id}`: knob `unsupported_endpoint` | AW1, AW6; code (a) |
//! | AW-07 | ids of ten hexadecimal digits and a UUID, or a UUID: knob `ids` | AW3 |
//! | AW-08 | `meta` without `location`, to the second; no `Location` | AW3; header (a) |
//! | AW-09 | `count` from 1 to 100, 100 when absent: knob `over`; `startIndex`: knob `start_index` | AW1; reactions (a) |
//! | AW-10 | with `cursor`, even empty: `nextCursor` while there is more, no `totalResults`; a foreign one is 400 | AW1, AW3; 400 (a) |
//! | AW-11 | `attributes` and `excludedAttributes`: knob `projection` | AW1; reaction (a) |
//! | AW-12 | `eq` and `and`: see `query`; else 400 | AW1; code (a) |
//! | AW-13 | a group is read with `members: []`, and made without the key | AW1, AW3 |
//! | AW-14 | `userName`, `displayName`, `name.givenName`, `name.familyName`; else 400 | AW1; text (a) |
//! | AW-15 | one e-mail, address, phone and role, the e-mail primary; else 400 | AW1; code (a) |
//! | AW-16 | unsupported attributes: knob `unsupported` | AW1; reaction (a) |
//! | AW-17 | one `userName`, `externalId`, group `displayName`; else 409 | AW3; which (a) |
//! | AW-18 | PATCH of a user answers 200; `op` in any case; without a path exactly one attribute, `schemas`, `meta` and `id` counted | AW1, AW2, AW5; case (a) |
//! | AW-19 | no two operations on `userName` or on `active`, no removal of either or without a path, no value missing, `eq` alone selects; else 400 | AW1; code (a) |
//! | AW-20 | PUT replaces a user, as POST checks it; DELETE is 204 | AW1 |
//! | AW-21 | a group needs a `displayName` and has 100 members at most when made; else 400 | AW1 |
//! | AW-22 | PATCH of a group answers 204; `displayName`, `externalId`, `members`; 100 members a request; they are not replaced, nor all removed | AW1, AW4; filter form (a) |
//! | AW-23 | a member who does not exist: knob `unknown_member`; one who is there or is not: 204 | (a) |
//! | AW-24 | so many requests a second, then 429 without `Retry-After`: knob `rps` | AW1; number, header (a) |
//! | AW-25 | a group goes with its members in it; a user leaves all groups by going | (a) |
//!
//! Further assumptions: attributes that are neither supported nor listed as unsupported are ignored; `schemas` is not
//! looked at.

mod groups;
mod query;
#[cfg(test)]
mod tests;
mod users;
mod wire;

use serde_json::{Value, json};

use super::harness::knobs::{Allowed, Knob};
use super::harness::message::{Reply, Request};
use super::harness::records::{self, Records};
use super::harness::time::months_later;
use super::harness::{Behaviour, Refused, World};
use super::vendor::Kind;
use wire::Trouble;

pub(super) const KIND: Kind = Kind {
    name: "aws-identity-center",
    summary: "AWS IAM Identity Center: members by the hundred that are never read, PATCH one attribute at a time",
    base_path: "/a1b2c3d4e5f/scim/v2",
    knobs: KNOBS,
    new: || Box::<Aws>::default(),
};

const KNOBS: &[Knob] = &[
    Knob {
        name: "over",
        default: "\"400\"",
        allowed: Allowed::OneOf(&["400", "clamp"]),
        help: "AW-09: what becomes of a count outside of 1 to 100",
    },
    Knob {
        name: "start_index",
        default: "\"ignore\"",
        allowed: Allowed::OneOf(&["ignore", "400"]),
        help: "AW-09: what becomes of startIndex",
    },
    Knob {
        name: "projection",
        default: "\"ignore\"",
        allowed: Allowed::OneOf(&["ignore", "400"]),
        help: "AW-11: what becomes of attributes and excludedAttributes",
    },
    Knob {
        name: "unsupported",
        default: "\"400\"",
        allowed: Allowed::OneOf(&["400", "ignore"]),
        help: "AW-16: what becomes of an attribute that is not supported",
    },
    Knob {
        name: "unsupported_endpoint",
        default: "\"404\"",
        allowed: Allowed::OneOf(&["404", "405", "501"]),
        help: "AW-06: the status of an endpoint that is not supported",
    },
    Knob {
        name: "unknown_member",
        default: "\"404\"",
        allowed: Allowed::OneOf(&["404", "400"]),
        help: "AW-23: the status when a member does not exist",
    },
    Knob {
        name: "ids",
        default: "\"prefixed\"",
        allowed: Allowed::OneOf(&["prefixed", "uuid"]),
        help: "AW-07: the form of new ids",
    },
    Knob {
        name: "rps",
        default: "20",
        allowed: Allowed::Count,
        help: "AW-24: requests a second before 429; 0 for no limit",
    },
];

/// The vendor's state.
#[derive(Default)]
pub(super) struct Aws {
    users: Records,
    groups: Records,
}

impl Behaviour for Aws {
    fn answer(&mut self, request: &Request, world: &mut World) -> Reply {
        let reply = self.try_answer(request, world).unwrap_or_else(|trouble| trouble.reply(world));
        reply.header("x-amzn-requestid", world.ids.uuid()) // AW-04
    }

    /// AW-02.
    fn make_token(&mut self, arguments: &Value, world: &mut World) -> Result<String, Refused> {
        let now = world.now();
        if world.tokens.live(now) >= 2 {
            return Err(Refused::forbidden("there are two access tokens: delete one first"));
        }
        let made = world.ids.hex(40);
        let token = arguments.get("value").and_then(Value::as_str).unwrap_or(&made).to_owned();
        world.tokens.issue(&token, now, Some(months_later(now, 12)), "");
        Ok(token)
    }

    /// `delete-token {"token"}`, or all of them without; `edit {"id", "set"}` of a user or a group.
    fn console(&mut self, action: &str, arguments: &Value, world: &mut World) -> Result<Value, Refused> {
        match action {
            "delete-token" => {
                let token = arguments.get("token").and_then(Value::as_str);
                Ok(json!({ "deleted": world.tokens.revoke(token) }))
            }
            "edit" => records::edit([&mut self.users, &mut self.groups], arguments, world.now()),
            other => Err(Refused::unknown(format!("no action `{other}`: there are delete-token, edit"))),
        }
    }

    /// With the members, which SCIM does not show.
    fn state(&self, _: &World) -> Value {
        let group = |group: &records::Record| {
            let mut shown = wire::shown(group, "Group");
            shown.insert("members".to_owned(), group.attributes["members"].clone());
            Value::Object(shown)
        };
        json!({
            "users": self.users.iter().map(|user| wire::shown(user, "User")).collect::<Vec<_>>(),
            "groups": self.groups.iter().map(group).collect::<Vec<_>>(),
        })
    }
}

impl Aws {
    fn try_answer(&mut self, request: &Request, world: &mut World) -> Result<Reply, Trouble> {
        let Some(path) = request.segments(world.base_path) else {
            let other_tenant =
                request.path.trim_start_matches('/').split('/').skip(1).take(2).eq(["scim", "v2"]);
            let (status, detail) =
                if other_tenant { (401, "UnauthorizedException") } else { (404, "Not found") };
            return Err(Trouble::new(status, detail)); // AW-01
        };
        if world.tokens.find(request.bearer(), world.now()).is_none() {
            return Err(Trouble::new(401, "UnauthorizedException"));
        }
        if !world.admit() {
            return Err(Trouble::new(429, "Request is throttled")); // AW-24
        }
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let body = || {
            serde_json::from_slice(&request.body).map_err(|_| {
                Trouble::new(400, "Request is unparsable, syntactically incorrect, or violates schema")
            })
        };
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["ServiceProviderConfig"]) => Ok(wire::service_provider_config()),
            ("GET", ["ResourceTypes"]) => Ok(wire::resource_types()),
            ("GET", ["Schemas"]) => Ok(wire::schemas()),
            ("GET", ["Users"]) => self.list_users(request, world),
            ("POST", ["Users"]) => self.create_user(&body()?, world),
            ("GET", ["Users", id]) => self.read_user(id),
            ("PUT", ["Users", id]) => self.replace_user(id, &body()?, world),
            ("PATCH", ["Users", id]) => self.patch_user(id, &body()?, world),
            ("DELETE", ["Users", id]) => self.delete_user(id, world),
            ("GET", ["Groups"]) => self.list_groups(request, world),
            ("POST", ["Groups"]) => self.create_group(&body()?, world),
            ("GET", ["Groups", id]) => self.read_group(id),
            ("PATCH", ["Groups", id]) => self.patch_group(id, &body()?, world),
            ("DELETE", ["Groups", id]) => {
                self.groups.remove(id).map(|_| Reply::empty(204)).ok_or_else(|| wire::gone("GROUP", id))
            }
            _ => {
                // AW-06.
                let status = world.knobs.word("unsupported_endpoint").parse().unwrap_or(404);
                Err(Trouble::new(status, "The operation is not supported"))
            }
        }
    }
}
