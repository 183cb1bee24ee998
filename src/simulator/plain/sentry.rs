//! Sentry. Source: getsentry/sentry, `src/sentry/scim/endpoints`.
//!
//! | rule | says |
//! |---|---|
//! | SE-01 | PATCH of a user is `active: false`, which deletes the member: 204; all else is 400 |
//! | SE-02 | a 409 has neither `scimType` nor `status` |
//! | SE-03 | a filter is taken for one by e-mail, in any case |
//! | SE-04 | the name of a team becomes a slug |
//! | SE-05 | a team is made empty, whatever the request says |
//! | SE-06 | PATCH of a team answers 204; a member is removed by `members[value eq "…"]` alone |
//! | SE-07 | ids are numbers in texts; `name` is `N/A` |

use serde_json::{Map, Value, json};

use super::book::{Book, is, shown};
use super::{Deviation, Plain, each, ends_access};
use crate::simulator::harness::World;
use crate::simulator::harness::group::{self, Change, Form};
use crate::simulator::harness::message::{Content, Reply, Request, list};
use crate::simulator::vendor::Kind;

pub(in crate::simulator) const KIND: Kind = Kind {
    name: "sentry",
    summary: "Sentry: the one change of a user is to be deleted, teams are slugs and made empty",
    base_path: "/api/0/organizations/acme/scim/v2",
    knobs: &[],
    new: || Box::<Plain<Sentry>>::default(),
};

#[derive(Default)]
struct Sentry;

/// SE-04.
fn slug(name: &str) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let dashed: String = name.to_lowercase().chars().map(fit).collect();
    dashed.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

fn write(
    request: &Request,
    path: &[&str],
    book: &mut Book,
    world: &mut World,
) -> Option<Result<Reply, Reply>> {
    let mut body = match request.json() {
        Ok(body) => body,
        Err(refusal) => return Some(Err(refusal)),
    };
    match (request.method.as_str(), path) {
        ("PATCH", ["Users", id]) => Some(if ends_access(&body) {
            book.delete("Users", id, world)
        } else {
            Err(Reply::error(400, Some("invalidSyntax"), "Invalid Patch Operation."))
        }),
        ("POST", ["Groups"]) => {
            body["members"] = json!([]); // SE-05
            body["displayName"] = json!(slug(body["displayName"].as_str().unwrap_or_default()));
            let id = world.ids.number().to_string();
            Some(book.create("Groups", &id, &body, world))
        }
        ("PATCH", ["Groups", id]) => {
            let changes = match group::changes(&body) {
                Ok(changes) => changes,
                Err(refusal) => return Some(Err(refusal)),
            };
            let bad = |change: &Change| {
                matches!(change, Change::Empty | Change::Remove(Form::Values | Form::Unquoted, _))
            };
            if changes.iter().any(bad) {
                return Some(Err(Reply::error(400, Some("invalidPath"), "Invalid Patch Operation.")));
            }
            let written = book.patch("Groups", id, &body, world);
            let mut attributes = book.groups.get(id)?.attributes.clone();
            let name = slug(attributes["displayName"].as_str().unwrap_or_default());
            attributes.insert("displayName".to_owned(), json!(name));
            book.groups.update(id, attributes, world.now());
            Some(written.map(|_| Reply::empty(204)))
        }
        _ => None,
    }
}

impl Deviation for Sentry {
    fn before(
        &mut self,
        request: &Request,
        path: &[&str],
        book: &mut Book,
        world: &mut World,
    ) -> Option<Result<Reply, Reply>> {
        match request.method.as_str() {
            "POST" | "PATCH" => write(request, path, book, world),
            "GET" if path == ["Users"] => {
                // SE-03: whatever the attribute, and the operator.
                let filter = request.parameter("filter")?;
                let wanted = filter.split('"').nth(1).unwrap_or_default();
                let found = book
                    .all("Users")
                    .filter(|user| is(user, "userName", wanted) || is(user, "emails.value", wanted));
                let found: Vec<Value> = found.map(|user| shown(user, "Users", world)).collect();
                Some(Ok(Reply::scim(200, list(found.len(), 1, found))))
            }
            _ => None,
        }
    }

    fn after(&self, _: &Request, path: &[&str], reply: Reply, _: &World) -> Reply {
        let users = path.first() == Some(&"Users");
        let mut reply = each(reply, |resource: &mut Map<String, Value>| {
            if users && resource.contains_key("userName") {
                resource.insert("name".to_owned(), json!({ "givenName": "N/A", "familyName": "N/A" }));
            }
        });
        if let Content::Json(media, body) = &mut reply.body
            && reply.status == 409
        {
            *media = "application/json";
            *body = json!({ "detail": body["detail"] }); // SE-02
        }
        reply
    }

    fn new_id(&mut self, _: &str, _: &Value, world: &mut World) -> String {
        world.ids.number().to_string()
    }
}
