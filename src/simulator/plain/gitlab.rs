//! GitLab for a group. Source: gitlabhq `doc/development/internal_api`.
//!
//! | rule | says |
//! |---|---|
//! | GL-01 | users only |
//! | GL-02 | the `id` is the `externalId`, which is required, and follows it |
//! | GL-03 | `name` is shown as `name.formatted` |
//! | GL-04 | PATCH answers 204 and changes `externalId` and `active`; a text counts as a boolean |
//! | GL-05 | `active: false` removes the identity |
//! | GL-06 | `id eq` without quotes is a filter; pages of 20 |

use serde_json::{Map, Value, json};

use super::book::{Book, Size, not_found};
use super::{Deviation, Plain, each, ends_access};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request, list};
use crate::simulator::harness::shape::operations;
use crate::simulator::vendor::Kind;

pub(in crate::simulator) const KIND: Kind = Kind {
    name: "gitlab",
    summary: "GitLab: users only, whose id is the externalId and changes with it",
    base_path: "/api/scim/v2/groups/acme",
    knobs: &[],
    new: || Box::<Plain<GitLab>>::default(),
};

#[derive(Default)]
struct GitLab;

/// GL-04.
fn patch(id: &str, request: &Request, book: &mut Book, world: &World) -> Result<Reply, Reply> {
    let attributes = book.users.get(id).ok_or_else(not_found)?.attributes.clone();
    let body = request.json()?;
    let given = operations(&body)?;
    if ends_access(&body) {
        book.remove_user(id, world);
        return Ok(Reply::empty(204));
    }
    let external =
        given.iter().rev().find_map(|operation| match operation.get("path").and_then(Value::as_str) {
            Some(path) => operation.get("value").filter(|_| path.eq_ignore_ascii_case("externalId")),
            None => operation.get("value").and_then(|value| value.get("externalId")),
        });
    if let Some(external) = external.and_then(Value::as_str).filter(|external| *external != id) {
        if book.users.get(external).is_some() {
            return Err(Reply::error(409, Some("uniqueness"), "externalId is taken"));
        }
        let mut attributes = attributes;
        attributes.insert("externalId".to_owned(), json!(external));
        book.users.remove(id);
        book.users.insert(external.to_owned(), attributes, world.now());
    }
    Ok(Reply::empty(204))
}

impl Deviation for GitLab {
    const SIZE: Size = Size { parameter: "count", usual: 20, most: 100 };

    fn before(
        &mut self,
        request: &Request,
        path: &[&str],
        book: &mut Book,
        world: &mut World,
    ) -> Option<Result<Reply, Reply>> {
        match (request.method.as_str(), path) {
            (_, ["Groups", ..]) => Some(Err(not_found())),
            ("POST", ["Users"]) => {
                let body = request.json().unwrap_or_default();
                match body["externalId"].as_str().filter(|external| !external.is_empty()) {
                    None => Some(Err(Reply::error(400, Some("invalidValue"), "externalId is required"))),
                    Some(external) => book
                        .users
                        .get(external)
                        .map(|_| Err(Reply::error(409, Some("uniqueness"), "externalId is taken"))),
                }
            }
            ("PATCH", ["Users", id]) => Some(patch(id, request, book, world)),
            ("GET", ["Users"]) => {
                let filter = request.parameter("filter")?;
                let id = filter.strip_prefix("id eq ").filter(|id| !id.contains(['"', ' ']))?;
                let found = book.read("Users", id, 200, world).map(|reply| reply.value());
                let found: Vec<Value> = found.into_iter().collect();
                Some(Ok(Reply::scim(200, list(found.len(), 1, found))))
            }
            _ => None,
        }
    }

    fn after(&self, _: &Request, _: &[&str], reply: Reply, _: &World) -> Reply {
        each(reply, |resource: &mut Map<String, Value>| {
            if let Some(name) = resource.remove("name") {
                let part = |part: &str| name[part].as_str().unwrap_or_default().to_owned();
                let formatted = match name["formatted"].as_str() {
                    Some(formatted) => formatted.to_owned(),
                    None => format!("{} {}", part("givenName"), part("familyName")).trim().to_owned(),
                };
                resource.insert("name.formatted".to_owned(), json!(formatted)); // GL-03
            }
        })
    }

    fn new_id(&mut self, _: &str, body: &Value, _: &mut World) -> String {
        body["externalId"].as_str().unwrap_or_default().to_owned()
    }
}
