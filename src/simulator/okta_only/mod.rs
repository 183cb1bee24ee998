//! A vendor that was built by watching Okta's SCIM client, and takes nothing that Okta does not send.
//!
//! Such vendors exist: they were tested against Okta's integration suite and against nothing else. Sources: O20 is Okta's
//! SCIM 2.0 reference ("SCIM 2.0 protocol reference", last published version), O11 the 1.1 one, OSPEC Okta's SPEC test,
//! OCON "Understanding SCIM" and its FAQ; SDK#757 is a wire log in the tracker of Captain-P-Goldfish/SCIM-SDK.
//!
//! | rule | says | rests on |
//! |---|---|---|
//! | OK-01 | a bearer token; else 401 with a SCIM error | OSPEC |
//! | OK-02 | `User-Agent` starts with `Okta` | O20; that a vendor looks at it: assumed |
//! | OK-03 | a body is `application/scim+json` or `application/json` | OSPEC |
//! | OK-04 | a look-up is `filter=userName eq "x"&startIndex=1&count=100`, `displayName` for groups | O20 |
//! | OK-05 | an import is `startIndex=1,101,201…&count=100`, the connection test `startIndex=1&count=2` | O20, O11 |
//! | OK-06 | a resource is read by its id, without a query | O20 |
//! | OK-07 | a query is percent-encoded: `+` is a plus sign | O20 |
//! | OK-08 | a user is created with the members of O20 and no others; see `shape` for which are mandatory | O20 |
//! | OK-09 | a `userName` that exists, in whatever case: 409 `uniqueness` | OSPEC |
//! | OK-10 | a user is updated by PUT of the whole profile, `id`, `meta`, `groups: []` and `emails[].display` come back | O20 |
//! | OK-11 | a user's PATCH is one pathless `replace` of `active` or of `password` | O20; the password form: assumed |
//! | OK-12 | a user is never deleted: 405 | O20, OCON |
//! | OK-13 | a group is created as `schemas`, `displayName`, `members: []` | O20 |
//! | OK-14 | a group's PATCH renames by `{"id", "displayName"}`, removes by `members[value eq "id"]`, adds or replaces `members` | O20, SDK#757 |
//! | OK-15 | a group may be PUT whole | O20 |
//! | OK-16 | a group is deleted: 204, its users stay | O20 |
//! | OK-17 | there is no discovery, `/.search`, `/Bulk`, `/Me`: 404 | OCON |
//! | OK-18 | a member is a user that exists: else 400 | assumed |
//! | OK-19 | answers carry `groups: []` and `meta.resourceType`; PATCH of a group answers 204 | O20 |
//!
//! Everything else is 400 with a `detail` that begins with the rule that was broken.

mod groups;
mod query;
mod shape;
#[cfg(test)]
mod tests;
mod users;

use serde_json::{Value, json};

use super::harness::knobs::{Allowed, Knob};
use super::harness::message::{Reply, Request};
use super::harness::records::{self, Records};
use super::harness::{Behaviour, Refused, World};
use super::vendor::Kind;

pub(super) const KIND: Kind = Kind {
    name: "okta-only",
    summary: SUMMARY,
    base_path: "/scim/v2",
    knobs: KNOBS,
    new: || Box::<OktaOnly>::default(),
};

const SUMMARY: &str = "a vendor built against Okta's traffic alone: any other form of a request is refused";

const KNOBS: &[Knob] = &[Knob {
    name: "rps",
    default: "0",
    allowed: Allowed::Count,
    help: "requests a second before 429; 0 for no limit",
}];

/// The vendor's state.
#[derive(Default)]
pub(super) struct OktaOnly {
    users: Records,
    groups: Records,
}

impl Behaviour for OktaOnly {
    fn answer(&mut self, request: &Request, world: &mut World) -> Reply {
        self.try_answer(request, world).unwrap_or_else(|refusal| refusal)
    }

    fn make_token(&mut self, arguments: &Value, world: &mut World) -> Result<String, Refused> {
        Ok(world.plain_token(arguments))
    }

    /// `edit {"id", "set"}` and `delete {"id"}`, of a user or a group.
    fn console(&mut self, action: &str, arguments: &Value, world: &mut World) -> Result<Value, Refused> {
        match action {
            "edit" => records::edit([&mut self.users, &mut self.groups], arguments, world.now()),
            "delete" => {
                let id = records::named(arguments)?;
                if self.users.remove(id).or_else(|| self.groups.remove(id)).is_none() {
                    return Err(Refused::unknown(format!("there is no {id}")));
                }
                records::forget_member(&mut self.groups, id, world.now());
                Ok(json!({}))
            }
            other => Err(Refused::unknown(format!("no action `{other}`: there are edit, delete"))),
        }
    }

    fn state(&self, _: &World) -> Value {
        json!({
            "users": self.users.iter().map(users::shown).collect::<Vec<_>>(),
            "groups": self.groups.iter().map(groups::shown).collect::<Vec<_>>(),
        })
    }
}

impl OktaOnly {
    fn try_answer(&mut self, request: &Request, world: &mut World) -> Result<Reply, Reply> {
        let Some(path) = request.segments(world.base_path) else { return Err(not_found()) };
        if !world.admit() {
            return Err(Reply::error(429, None, "too many requests").header("retry-after", "1"));
        }
        world.authenticate(request)?; // OK-01
        if !request.header("user-agent").is_some_and(|agent| agent.starts_with("Okta")) {
            return Err(broken("OK-02", "User-Agent must start with Okta"));
        }
        if !request.body.is_empty() && !request.is_scim_json() {
            return Err(broken("OK-03", "Content-Type must be application/scim+json or application/json"));
        }
        if request.method != http::Method::GET && !request.query.is_empty() {
            return Err(broken("OK-06", "only a GET has a query"));
        }
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["Users"]) => query::list(request, "userName", &self.users, users::shown),
            ("POST", ["Users"]) => self.create_user(&request.json()?, world),
            ("GET", ["Users", id]) => query::read(request, self.users.get(id), users::shown),
            ("PUT", ["Users", id]) => self.replace_user(id, &request.json()?, world),
            ("PATCH", ["Users", id]) => self.patch_user(id, &request.json()?, world),
            ("DELETE", ["Users", _]) => {
                Err(Reply::error(405, None, "OK-12: a user is deactivated, never deleted")
                    .header("allow", "GET, PUT, PATCH"))
            }
            ("GET", ["Groups"]) => {
                let reply = query::list(request, "displayName", &self.groups, groups::shown)?;
                self.groups.iter().for_each(|group| world.members.shown(&group.id));
                Ok(reply)
            }
            ("POST", ["Groups"]) => self.create_group(&request.json()?, world),
            ("GET", ["Groups", id]) => {
                world.members.shown(id);
                query::read(request, self.groups.get(id), groups::shown)
            }
            ("PUT", ["Groups", id]) => self.replace_group(id, &request.json()?, world),
            ("PATCH", ["Groups", id]) => self.patch_group(id, &request.json()?, world),
            ("DELETE", ["Groups", id]) => {
                self.groups.remove(id).map(|_| Reply::empty(204)).ok_or_else(not_found)
            }
            (_, ["Users" | "Groups"] | ["Users" | "Groups", _]) if !path.contains(&".search") => {
                Err(Reply::error(405, None, "Okta does not use this method here"))
            }
            _ => Err(not_found()), // OK-17
        }
    }
}

fn not_found() -> Reply {
    Reply::error(404, None, "not found")
}

/// The answer to what Okta would not have sent.
fn broken(rule: &str, detail: &str) -> Reply {
    Reply::error(400, Some("invalidSyntax"), &format!("{rule}: {detail}"))
}
