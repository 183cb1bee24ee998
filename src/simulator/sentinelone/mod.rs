//! SentinelOne: the native management API, since its SCIM is not published: users who are created and deleted, never
//! disabled, and tokens that renew themselves.
//!
//! Sources: S1a s1buildpartners/sentinelone-go-sdk, S1b a recorded error, S1c Okta's page on its SentinelOne connector.
//! What no source says is assumed: marked (a), and a knob where a client could mind.
//!
//! | rule | says | rests on |
//! |---|---|---|
//! | S1-01 | `Authorization: ApiToken …`; all else is 401 `Authentication Failed` | S1a, S1b |
//! | S1-02 | answers `{"data", "pagination"}`, errors `{"errors": [{"code", "title", "detail"}]}`, the code ten thousand times the status and a bit | S1a; codes (a) |
//! | S1-03 | a user's token lives 30 days: knob `token_days`; a service user's until its `expirationDate` | conflicting; knob |
//! | S1-04 | `POST /users/generate-api-token`: a new token, and the old one ends; without `canGenerateApiToken` 403 | S1a; 403 (a) |
//! | S1-05 | `GET /users/{id}/api-token-details`, `POST /users/api-token-details`: when it was made and when it ends | S1a; form (a) |
//! | S1-06 | `GET /users`: `limit` 1 to 1,000, 10 when absent; `cursor`, `skip` to 1,000, `countOnly`; see `query` for its filters | S1a; 400 (a) |
//! | S1-07 | a user needs `email`, `fullName`, `scope` and a role, wrapped in `data`; else 400; knob `single_role` | S1a, S1c; codes (a) |
//! | S1-08 | an e-mail that exists: knob `duplicate` | (a) |
//! | S1-09 | ids are strings of digits | S1a |
//! | S1-10 | PUT needs `scope`, applies only what is not empty, replaces `scopeRoles`; the e-mail of a user of another source is 400 | S1a; last (a) |
//! | S1-11 | PATCH is 405 | (a) |
//! | S1-12 | DELETE is 200, a second one 404; who is created again has a new id | S1a; rest (a) |
//! | S1-13 | there is no disabled user | S1a |
//! | S1-14 | a system user is not changed or deleted: 403 | S1a; 403 (a) |
//! | S1-15 | the role of who asks must allow to write users: else 403 | S1c; code (a) |
//! | S1-16 | rate limits by token and path, 429 and `Retry-After: 1`; knob `limits` | S1a; value (a) |
//! | S1-17 | `GET /rbac/roles` | S1a |
//! | S1-18 | a token goes with the user who owns it | (a) |
//! | S1-19 | SCIM at `/web/api/v2.1/scim/v2`: knob `scim_stub` | (a) |

mod console;
mod query;
mod scim;
#[cfg(test)]
mod tests;
mod token;
mod users;
mod wire;

use std::collections::HashMap;

use serde_json::{Value, json};

use super::harness::buckets::{Buckets, Limit};
use super::harness::knobs::{Allowed, Knob};
use super::harness::message::{Reply, Request};
use super::harness::records::Records;
use super::harness::{Behaviour, Refused, World};
use super::vendor::Kind;
use wire::{Trouble, data};

pub(super) const KIND: Kind = Kind {
    name: "sentinelone",
    summary: "SentinelOne's management API: no SCIM, no disabled users, tokens that renew themselves",
    base_path: "/web/api/v2.1",
    knobs: KNOBS,
    new: || Box::<SentinelOne>::default(),
};

const KNOBS: &[Knob] = &[
    Knob {
        name: "token_days",
        default: "\"30\"",
        allowed: Allowed::OneOf(&["30", "180"]),
        help: "S1-03: how many days a user's token lives",
    },
    Knob {
        name: "single_role",
        default: "false",
        allowed: Allowed::Flag,
        help: "S1-07: more than one role is refused",
    },
    Knob {
        name: "duplicate",
        default: "\"400\"",
        allowed: Allowed::OneOf(&["400", "409"]),
        help: "S1-08: the status for an e-mail that exists",
    },
    Knob { name: "limits", default: "true", allowed: Allowed::Flag, help: "S1-16: the rate limits apply" },
    Knob {
        name: "scim_stub",
        default: "false",
        allowed: Allowed::Flag,
        help: "S1-19: whether there is a SCIM endpoint",
    },
];

/// S1-16.
const LIMITS: [(&str, Limit); 5] = [
    ("users/login", Limit { name: "login", a_minute: 60, burst: 1 }),
    ("users", Limit { name: "users", a_minute: 40 * 60, burst: 80 }),
    ("rbac", Limit { name: "rbac", a_minute: 50 * 60, burst: 100 }),
    ("service-users", Limit { name: "service-users", a_minute: 5 * 60, burst: 10 }),
    ("user-groups", Limit { name: "user-groups", a_minute: 15 * 60, burst: 50 }),
];

/// The roles that exist: id, name, and whether who has it may write users (S1-15).
const ROLES: [(&str, &str, bool); 3] = [
    ("900000000000000001", "Admin", true),
    ("900000000000000002", "Viewer", false),
    ("900000000000000003", "IR Team", false),
];

/// The vendor's state.
#[derive(Default)]
pub(super) struct SentinelOne {
    users: Records,
    services: Records,
    buckets: HashMap<String, Buckets>,
}

impl Behaviour for SentinelOne {
    fn answer(&mut self, request: &Request, world: &mut World) -> Reply {
        self.try_answer(request, world).unwrap_or_else(Trouble::reply)
    }

    fn make_token(&mut self, arguments: &Value, world: &mut World) -> Result<String, Refused> {
        self.issue(arguments, world)
    }

    fn console(&mut self, action: &str, arguments: &Value, world: &mut World) -> Result<Value, Refused> {
        self.act(action, arguments, world)
    }

    fn state(&self, world: &World) -> Value {
        json!({
            "users": self.users.iter().map(|user| users::shown(user, world)).collect::<Vec<_>>(),
            "service_users": self.services.iter().map(|one| users::shown(one, world)).collect::<Vec<_>>(),
        })
    }
}

impl SentinelOne {
    fn try_answer(&mut self, request: &Request, world: &mut World) -> Result<Reply, Trouble> {
        let Some(path) = request.segments(world.base_path) else { return Err(wire::not_found()) };
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        if let ["scim", "v2", rest @ ..] = path.as_slice() {
            return Ok(self.scim(request, rest, world));
        }
        let token = wire::token(request).unwrap_or_default();
        let now = world.now();
        let found = world.tokens.find(Some(token), now).map(|token| token.realm.clone());
        let owner = found.filter(|owner| self.owner(owner).is_some()).ok_or_else(wire::unauthenticated)?;
        self.within_limits(&path.join("/"), token, world)?;
        let writes = request.method != http::Method::GET;
        if writes && matches!(path.as_slice(), ["users"] | ["users", _] | ["service-users", ..]) {
            let itself = matches!(path.as_slice(), ["users", "generate-api-token" | "api-token-details"]);
            if !itself && !self.may_write(&owner) {
                return Err(Trouble::new(403, 10, "Insufficient permissions", None)); // S1-15
            }
        }
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["users"]) => self.list_users(request, world),
            ("POST", ["users"]) => self.create_user(&wire::body(request)?, world),
            ("POST", ["users", "generate-api-token"]) => self.renew(&owner, &wire::body(request)?, world),
            ("POST", ["users", "api-token-details"]) => wire::details_of(&wire::body(request)?, world),
            ("GET", ["users", id, "api-token-details"]) => self.details(id, world),
            ("GET", ["users", id]) => self.read_user(id, world),
            ("PUT", ["users", id]) => self.update_user(id, &wire::body(request)?, world),
            ("DELETE", ["users", id]) => self.delete_user(id, world),
            ("GET", ["service-users"]) => {
                let all: Vec<Value> = self.services.iter().map(|one| users::shown(one, world)).collect();
                Ok(data(json!(all)))
            }
            ("POST", ["service-users"]) => self.create_service(&wire::body(request)?, world),
            ("GET", ["rbac", "roles"]) => {
                let role = |(id, name, _): &(&str, &str, bool)| json!({ "id": id, "name": name });
                Ok(data(ROLES.iter().map(role).collect())) // S1-17
            }
            (_, ["users"] | ["users", _]) => Err(Trouble::new(405, 10, "Method Not Allowed", None)),
            _ => Err(wire::not_found()),
        }
    }

    /// S1-16.
    fn within_limits(&mut self, path: &str, token: &str, world: &mut World) -> Result<(), Trouble> {
        let limit = LIMITS.iter().find(|(prefix, _)| path.starts_with(prefix)).map(|(_, limit)| *limit);
        let Some(limit) = limit.filter(|_| world.knobs.flag("limits")) else { return Ok(()) };
        let now = world.now();
        self.buckets.entry(token.to_owned()).or_default().take(&[limit], now).map_err(|_| {
            world.counters.rate_violations += 1;
            Trouble::new(429, 10, "Too Many Requests", None)
        })
    }
}
