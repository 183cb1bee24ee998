//! Segment: one workspace over a table of accounts that outlive it, whose names SCIM does not change.
//!
//! Sources: SG1 the SCIM page of Segment's documentation (segmentio/segment-docs), SG2 the Microsoft Entra tutorial for
//! Segment. What no source says is assumed: marked (a), and a knob where a client could mind.
//!
//! | rule | says | rests on |
//! |---|---|---|
//! | SG-01 | a bearer token from the console, without expiry; else 401 | SG1; expiry (a) |
//! | SG-02 | accounts are apart from who is a member of the workspace | SG1 |
//! | SG-03 | a user is `userName`, an e-mail, else 400 `invalidValue`, and `displayName`; all else is discarded | SG1; 400, silence (a) |
//! | SG-04 | an unknown e-mail: an account and a membership, 201, `Minimal Workspace Access` | SG1; 201 (a) |
//! | SG-05 | an account that is no member: it becomes one, its name stays, 201 with its id | SG1; 201, id (a) |
//! | SG-06 | a member: knob `dup` | (a) |
//! | SG-07 | another `userName` or `displayName`: knob `immutable` | SG1; code (a) |
//! | SG-08 | `active: false` and DELETE end the membership and those of all groups | SG1; codes (a) |
//! | SG-09 | who was removed is not listed; by id: knob `removed_get` | (a) |
//! | SG-10 | `active: true`, or POST of the e-mail: a member again, with least access and no groups | SG1 |
//! | SG-11 | accounts are never deleted | SG1 |
//! | SG-12 | groups by POST, GET, PATCH, DELETE; their members stay in the workspace | SG1; codes (a) |
//! | SG-13 | a removal is `members[value eq "…"]`; the path `members` with a value: knob `legacy_remove` | SG1; effect (a) |
//! | SG-14 | filters: `userName eq`, `displayName eq`; others 400 `invalidFilter` | SG2; 400 (a) |
//! | SG-15 | permissions are not of SCIM | SG1 |
//! | SG-16 | pages of 100; no rate limit but by the knob `rps` | (a) |
//!
//! Further assumptions: PUT and PATCH of somebody who was removed are answered as the read is, but for `active: true`; a
//! PUT of a group is not there; there is no discovery.

mod groups;
#[cfg(test)]
mod tests;
mod users;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::harness::knobs::{Allowed, Knob};
use super::harness::message::{Reply, Request};
use super::harness::records::Records;
use super::harness::{Behaviour, Refused, World};
use super::vendor::Kind;

pub(super) const KIND: Kind = Kind {
    name: "segment",
    summary: "Segment: accounts that outlive their membership, names that never change, removals understood in one form",
    base_path: "/scim/v2",
    knobs: KNOBS,
    new: || Box::<Segment>::default(),
};

const KNOBS: &[Knob] = &[
    Knob {
        name: "dup",
        default: "\"409\"",
        allowed: Allowed::OneOf(&["409", "200"]),
        help: "SG-06: the answer to a POST of somebody who is a member",
    },
    Knob {
        name: "immutable",
        default: "\"ignore\"",
        allowed: Allowed::OneOf(&["ignore", "400"]),
        help: "SG-07: what becomes of another userName or displayName",
    },
    Knob {
        name: "removed_get",
        default: "\"404\"",
        allowed: Allowed::OneOf(&["404", "inactive"]),
        help: "SG-09: how somebody who was removed is read",
    },
    Knob {
        name: "legacy_remove",
        default: "\"noop\"",
        allowed: Allowed::OneOf(&["noop", "remove_all", "400"]),
        help: "SG-13: what a removal by the path members with a value does",
    },
    Knob {
        name: "rps",
        default: "0",
        allowed: Allowed::Count,
        help: "SG-16: requests a second before 429; 0 for no limit",
    },
];

/// What a new member may do (SG-04).
const LEAST: &str = "Minimal Workspace Access";

/// The vendor's state.
#[derive(Default)]
pub(super) struct Segment {
    accounts: Records,
    /// Who is in the workspace, and what they may do.
    members: BTreeMap<String, String>,
    groups: Records,
}

impl Behaviour for Segment {
    fn answer(&mut self, request: &Request, world: &mut World) -> Reply {
        self.try_answer(request, world).unwrap_or_else(|refusal| refusal)
    }

    fn make_token(&mut self, arguments: &Value, world: &mut World) -> Result<String, Refused> {
        Ok(world.plain_token(arguments))
    }

    /// `add-account {"email", "name"}`: an account outside of the workspace; `permission {"id", "permission"}` (SG-15).
    fn console(&mut self, action: &str, arguments: &Value, world: &mut World) -> Result<Value, Refused> {
        let text = |name: &str| {
            let value = arguments.get(name).and_then(Value::as_str);
            value.ok_or_else(|| Refused::invalid(format!("{name} must be a string")))
        };
        match action {
            "add-account" => {
                let (email, name) = (text("email")?, text("name")?);
                if self.accounts.iter().any(|account| account.key == email.to_lowercase()) {
                    return Err(Refused::forbidden("an account with this e-mail exists"));
                }
                let id = world.ids.hex(22);
                let attributes = Map::from_iter([
                    ("userName".to_owned(), json!(email)),
                    ("displayName".to_owned(), json!(name)),
                ]);
                self.accounts.insert(id.clone(), attributes, world.now());
                Ok(json!({ "id": id }))
            }
            "permission" => {
                let (id, permission) = (text("id")?, text("permission")?);
                let held = self.members.get_mut(id);
                let held = held.ok_or_else(|| Refused::unknown(format!("there is no member {id}")))?;
                permission.clone_into(held);
                Ok(json!({ "id": id }))
            }
            other => Err(Refused::unknown(format!("no action `{other}`: there are add-account, permission"))),
        }
    }

    fn state(&self, world: &World) -> Value {
        let account = |account: &super::harness::records::Record| {
            json!({
                "id": account.id,
                "email": account.text("userName"),
                "name": account.text("displayName"),
                "permission": self.members.get(&account.id),
            })
        };
        json!({
            "users": self.listed().map(|user| self.shown_user(user, world)).collect::<Vec<_>>(),
            "groups": self.groups.iter().map(|group| groups::shown(group, world)).collect::<Vec<_>>(),
            "accounts": self.accounts.iter().map(account).collect::<Vec<_>>(),
        })
    }
}

impl Segment {
    fn try_answer(&mut self, request: &Request, world: &mut World) -> Result<Reply, Reply> {
        let Some(path) = request.segments(world.base_path) else { return Err(not_found()) };
        if !world.admit() {
            return Err(Reply::error(429, None, "Too many requests").header("retry-after", "1"));
        }
        world.authenticate(request)?; // SG-01
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["Users"]) => self.list_users(request, world),
            ("POST", ["Users"]) => self.create_user(&request.json()?, world),
            ("GET", ["Users", id]) => self.read_user(id, world),
            ("PUT", ["Users", id]) => self.replace_user(id, &request.json()?, world),
            ("PATCH", ["Users", id]) => self.patch_user(id, &request.json()?, world),
            ("DELETE", ["Users", id]) => self.delete_user(id, world),
            ("GET", ["Groups"]) => self.list_groups(request, world),
            ("POST", ["Groups"]) => self.create_group(&request.json()?, world),
            ("GET", ["Groups", id]) => {
                world.members.shown(id);
                self.answer_group(id, 200, world)
            }
            ("PATCH", ["Groups", id]) => self.patch_group(id, &request.json()?, world),
            ("DELETE", ["Groups", id]) => {
                self.groups.remove(id).map(|_| Reply::empty(204)).ok_or_else(not_found)
            }
            (_, ["Users" | "Groups"] | ["Users" | "Groups", _]) => {
                Err(Reply::error(405, None, "Method not allowed"))
            }
            _ => Err(not_found()),
        }
    }
}

fn not_found() -> Reply {
    Reply::error(404, None, "Not found")
}

fn invalid(detail: &str) -> Reply {
    Reply::error(400, Some("invalidValue"), detail)
}
