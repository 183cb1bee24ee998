//! A conformant vendor that refuses, loudly, whatever RFC 7643 and RFC 7644 do not allow.
//!
//! It is there to prove that a bridge turns dialects into SCIM: a capitalised `op`, a boolean in quotes, a dotted key,
//! an enterprise attribute at the top, a `schemas` that does not say what the body holds, a filter with an unquoted
//! literal – none of it gets through. What the RFCs *do* allow is allowed: names in any case, `null` for unassigned,
//! read-only attributes in a POST or PUT (they are ignored, RFC 7644 §3.3).
//!
//! All of both RFCs but for bulk (§3.7) and `/Me` (§3.11), which answer 501. Any extension is taken whose URN is listed
//! in `schemas`; only the enterprise extension is checked inside. Where the RFCs leave a choice:
//!
//! - `schemas` is demanded in every body, and lists exactly the schemas whose attributes the body holds (RFC 7643 §3).
//! - An attribute that no schema has is `invalidSyntax`; in a path `invalidPath`, in a filter `invalidFilter`.
//! - Only `userName` is unique (without regard to case); two groups may have one name.
//! - A member must exist; `type` and `$ref`, when given, must be right. `display` is read-only, as are `User.groups`,
//!   which hold the groups of groups as `indirect`.
//! - A page has at most as many results as the `max_results` knob says.
//! - A query is decoded as a form is: `+` is a space.

mod check;
mod discovery;
mod filters;
mod groups;
mod preconditions;
mod query;
mod resources;
mod schema;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;

use http::Method;
use serde_json::{Value, json};

use super::harness::knobs::{Allowed, Knob};
use super::harness::message::{Reply, Request};
use super::harness::records::{self, Records};
use super::harness::{Behaviour, Refused, World};
use super::vendor::Kind;
use groups::Parents;
use schema::Type;

pub(super) const KIND: Kind = Kind {
    name: "rfc",
    summary: SUMMARY,
    base_path: "/scim/v2",
    knobs: KNOBS,
    new: || Box::<Rfc>::default(),
};

const SUMMARY: &str = "a conformant vendor that refuses whatever RFC 7643 and RFC 7644 do not allow";

const KNOBS: &[Knob] = &[
    Knob {
        name: "max_results",
        default: "200",
        allowed: Allowed::Count,
        help: "the most results on one page",
    },
    Knob {
        name: "rps",
        default: "0",
        allowed: Allowed::Count,
        help: "requests a second before 429; 0 for no limit",
    },
];

/// The vendor's state.
#[derive(Default)]
pub(super) struct Rfc {
    users: Records,
    groups: Records,
    /// Made when asked for, forgotten when a group changes.
    parents: OnceCell<Parents>,
}

impl Behaviour for Rfc {
    fn answer(&mut self, request: &Request, world: &mut World) -> Reply {
        self.try_answer(request, world).unwrap_or_else(|refusal| refusal)
    }

    fn make_token(&mut self, arguments: &Value, world: &mut World) -> Result<String, Refused> {
        Ok(world.plain_token(arguments))
    }

    /// `edit {"id", "set"}` and `delete {"id"}`, of a user or a group.
    fn console(&mut self, action: &str, arguments: &Value, world: &mut World) -> Result<Value, Refused> {
        match action {
            "edit" => {
                self.parents.take();
                records::edit([&mut self.users, &mut self.groups], arguments, world.now())
            }
            "delete" => {
                let id = records::named(arguments)?;
                if !self.delete(Type::User, id, world) && !self.delete(Type::Group, id, world) {
                    return Err(Refused::unknown(format!("there is no {id}")));
                }
                Ok(json!({}))
            }
            other => Err(Refused::unknown(format!("no action `{other}`: there are edit, delete"))),
        }
    }

    fn state(&self, world: &World) -> Value {
        let all = |kind: Type| -> Vec<Value> {
            self.records(kind).iter().map(|record| Value::Object(self.shown(kind, record, world))).collect()
        };
        json!({ "users": all(Type::User), "groups": all(Type::Group) })
    }
}

impl Rfc {
    fn try_answer(&mut self, request: &Request, world: &mut World) -> Result<Reply, Reply> {
        let Some(path) = request.segments(world.base_path) else { return Err(not_found()) };
        if !world.admit() {
            return Err(Reply::error(429, None, "too many requests").header("retry-after", "1"));
        }
        world.authenticate(request)?;
        if !request.body.is_empty() && !request.is_scim_json() {
            return Err(Reply::error(415, None, "a body is application/scim+json or application/json"));
        }
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            [] => match request.method {
                Method::GET => self.query(request, &[Type::User, Type::Group], world),
                _ => Err(not_allowed("GET")),
            },
            [".search"] => self.search(request, &[Type::User, Type::Group], world),
            ["Me" | "Bulk", ..] => Err(Reply::error(501, None, "bulk and /Me are not implemented")),
            ["ServiceProviderConfig" | "ResourceTypes" | "Schemas", ..] => {
                discovery::answer(request, &path, world)
            }
            [endpoint, rest @ ..] => match (Type::at(endpoint), rest) {
                (Some(kind), []) => match request.method {
                    Method::GET => self.query(request, &[kind], world),
                    Method::POST => self.create(request, kind, world),
                    _ => Err(not_allowed("GET, POST")),
                },
                (Some(kind), [".search"]) => self.search(request, &[kind], world),
                (Some(kind), [id]) => self.one(request, kind, id, world),
                _ => Err(not_found()),
            },
        }
    }

    fn one(&mut self, request: &Request, kind: Type, id: &str, world: &mut World) -> Result<Reply, Reply> {
        let record = self.records(kind).get(id).ok_or_else(not_found)?;
        match request.method {
            Method::GET => self.read(request, kind, record, world),
            Method::PUT | Method::PATCH | Method::DELETE => {
                preconditions::for_write(request, record)?;
                match request.method {
                    Method::PUT => self.replace(request, kind, id, world),
                    Method::PATCH => self.patch(request, kind, id, world),
                    _ => {
                        self.delete(kind, id, world);
                        Ok(Reply::empty(204))
                    }
                }
            }
            _ => Err(not_allowed("GET, PUT, PATCH, DELETE")),
        }
    }

    fn records(&self, kind: Type) -> &Records {
        match kind {
            Type::User => &self.users,
            Type::Group => &self.groups,
        }
    }

    fn records_mut(&mut self, kind: Type) -> &mut Records {
        match kind {
            Type::User => &mut self.users,
            Type::Group => &mut self.groups,
        }
    }
}

fn not_found() -> Reply {
    Reply::error(404, None, "there is no such resource")
}

fn not_allowed(allow: &str) -> Reply {
    Reply::error(405, None, "this method is not defined here").header("allow", allow)
}

/// The answer to a body that is not of the schema.
fn malformed(detail: impl AsRef<str>) -> Reply {
    Reply::error(400, Some("invalidSyntax"), detail.as_ref())
}

/// The answer to a value that is not of its type.
fn wrong_value(detail: impl AsRef<str>) -> Reply {
    Reply::error(400, Some("invalidValue"), detail.as_ref())
}
