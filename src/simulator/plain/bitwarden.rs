//! Bitwarden. Source: bitwarden/server, `bitwarden_license/src/Scim`.
//!
//! | rule | says |
//! |---|---|
//! | BW-01 | a filter that is not supported answers 200 with nobody; so does `userName eq` of what is no e-mail |
//! | BW-02 | PATCH of a user replaces `active` and `externalId`, ignores all else, and answers 204 |
//! | BW-03 | PUT of a user changes `active` alone |
//! | BW-04 | the `status` of an error is a number |
//! | BW-05 | `count` is 50 when absent, 1 at least, else 400; `itemsPerPage` repeats it |
//! | BW-06 | a POST needs an e-mail and no `active: false`; else 400 |
//! | BW-07 | the members of a group are never shown; those of a POST or PUT count only for Okta's `User-Agent` (a) |
//! | BW-08 | a user's `groups` is empty; no `meta.location` |
//! | BW-09 | members who do not exist are dropped without a word |

use serde_json::{Map, Value, json};

use super::book::{Book, Size};
use super::{Deviation, Plain, each};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Content, Reply, Request, list};
use crate::simulator::harness::query::equality;
use crate::simulator::harness::shape::operations;
use crate::simulator::vendor::Kind;

pub(in crate::simulator) const KIND: Kind = Kind {
    name: "bitwarden",
    summary: "Bitwarden: unsupported filters find nobody, PATCH ignores most of itself, members are never shown",
    base_path: "/v2/0f1e2d3c",
    knobs: &[],
    new: || Box::<Plain<Bitwarden>>::default(),
};

#[derive(Default)]
struct Bitwarden;

impl Bitwarden {
    fn changes_user(id: &str, request: &Request, book: &mut Book, world: &World) -> Result<Reply, Reply> {
        let mut attributes = book.users.get(id).ok_or_else(super::book::not_found)?.attributes.clone();
        let body = request.json()?;
        let mut set = |name: &str, value: Option<&Value>| {
            let value = match value {
                Some(Value::String(text)) if name == "active" => {
                    Some(json!(text.eq_ignore_ascii_case("true")))
                }
                value => value.filter(|value| !value.is_null()).cloned(),
            };
            if let Some(value) = value {
                attributes.insert(name.to_owned(), value);
            }
        };
        if request.method == "PUT" {
            set("active", body.get("active")); // BW-03
        } else {
            for operation in operations(&body)?.iter().filter(|operation| operation["op"] == "replace") {
                for name in ["active", "externalId"] {
                    match operation.get("path").and_then(Value::as_str) {
                        Some(path) if path.eq_ignore_ascii_case(name) => set(name, operation.get("value")),
                        None => set(name, operation.get("value").and_then(|value| value.get(name))),
                        Some(_) => {}
                    }
                }
            }
        }
        book.users.update(id, attributes, world.now());
        match request.method.as_str() {
            "PUT" => book.read("Users", id, 200, world),
            _ => Ok(Reply::empty(204)), // BW-02
        }
    }

    /// BW-07, BW-09: the members that count.
    fn heard(request: &Request, book: &Book, list: Option<&Value>) -> Value {
        let okta = request.header("user-agent").is_some_and(|agent| agent.starts_with("Okta"));
        let list = list.and_then(Value::as_array).filter(|_| okta || request.method == "PATCH");
        let known = |member: &&Value| member["value"].as_str().is_some_and(|id| book.users.get(id).is_some());
        list.into_iter().flatten().filter(known).cloned().collect()
    }

    fn writes_group(
        request: &Request,
        path: &[&str],
        book: &mut Book,
        world: &mut World,
    ) -> Result<Reply, Reply> {
        let mut body = request.json()?;
        match (request.method.as_str(), path) {
            ("POST", _) => {
                body["members"] = Self::heard(request, book, body.get("members"));
                let id = world.ids.uuid();
                book.create("Groups", &id, &body, world)
            }
            ("PUT", [_, id]) => {
                let held = book.groups.get(id).and_then(|group| group.attributes.get("members").cloned());
                let okta = request.header("user-agent").is_some_and(|agent| agent.starts_with("Okta"));
                body["members"] = match (okta, held) {
                    (false, Some(held)) => held,
                    _ => Self::heard(request, book, body.get("members")),
                };
                book.replace("Groups", id, &body, world)
            }
            (_, [_, id]) => {
                for operation in
                    body.get_mut("Operations").and_then(Value::as_array_mut).into_iter().flatten()
                {
                    let adds = operation["op"].as_str().is_some_and(|op| !op.eq_ignore_ascii_case("remove"));
                    if adds && operation["path"] == "members" {
                        operation["value"] = Self::heard(request, book, operation.get("value"));
                    }
                }
                book.patch("Groups", id, &body, world).map(|_| Reply::empty(204))
            }
            _ => Err(super::book::not_found()),
        }
    }
}

impl Deviation for Bitwarden {
    const SIZE: Size = Size { parameter: "count", usual: 50, most: usize::MAX };

    fn before(
        &mut self,
        request: &Request,
        path: &[&str],
        book: &mut Book,
        world: &mut World,
    ) -> Option<Result<Reply, Reply>> {
        match (request.method.as_str(), path) {
            ("GET", ["Users" | "Groups"]) => {
                if request.parameter("count").is_some_and(|count| count == "0") {
                    return Some(Err(Reply::error(400, Some("invalidValue"), "count must be at least 1")));
                }
                let known = if path == ["Users"] {
                    ["userName", "externalId"]
                } else {
                    ["displayName", "externalId"]
                };
                let found = equality(&request.parameter("filter")?, &known);
                let nobody = found.is_none_or(|(name, value)| name == "userName" && !value.contains('@'));
                nobody.then(|| Ok(Reply::scim(200, list(0, 1, Vec::new()))))
            }
            ("POST", ["Users"]) => {
                let body = request.json().unwrap_or_default();
                let mail = body["emails"].as_array().is_some_and(|emails| !emails.is_empty())
                    || body["userName"].as_str().is_some_and(|name| name.contains('@'));
                let bad = !mail || body["active"] == false;
                bad.then(|| {
                    Err(Reply::error(400, Some("invalidValue"), "an active user with an e-mail is needed"))
                })
            }
            ("PUT" | "PATCH", ["Users", id]) => Some(Self::changes_user(id, request, book, world)),
            ("POST", ["Groups"]) | ("PUT" | "PATCH", ["Groups", _]) => {
                Some(Self::writes_group(request, path, book, world))
            }
            _ => None,
        }
    }

    fn after(&self, request: &Request, path: &[&str], reply: Reply, _: &World) -> Reply {
        let users = path.first() == Some(&"Users");
        let mut reply = each(reply, |resource: &mut Map<String, Value>| {
            if let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) {
                meta.remove("location");
            }
            if users && resource.contains_key("id") {
                resource.insert("groups".to_owned(), json!([]));
            }
            resource.remove("members");
        });
        let asked = request.parameter("count").and_then(|count| count.parse::<u64>().ok()).unwrap_or(50);
        if let Content::Json(media, body) = &mut reply.body {
            *media = "application/json";
            if !reply.status.is_success() {
                body["status"] = json!(reply.status.as_u16()); // BW-04
            } else if body.get("itemsPerPage").is_some() {
                body["itemsPerPage"] = json!(asked);
            }
        }
        reply
    }
}
