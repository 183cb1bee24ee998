//! LaunchDarkly. Source: its page on SCIM errors (launchdarkly.com/docs).
//!
//! | rule | says |
//! |---|---|
//! | LD-01 | of a deactivated member only `active` may change; else 400 |
//! | LD-02 | the owner, who is the member made first (a), is not deactivated and not deleted: 400 |
//! | LD-03 | a `userName` that is no e-mail, or a name of more than 256 characters: 400 |
//! | LD-04 | a member who exists is 409 |

use serde_json::{Value, json};

use super::book::{Book, not_found};
use super::{Deviation, Plain, ends_access};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request};
use crate::simulator::harness::shape::is_mail;
use crate::simulator::vendor::Kind;

pub(in crate::simulator) const KIND: Kind = Kind {
    name: "launchdarkly",
    summary: "LaunchDarkly: a deactivated member is frozen, the owner stays",
    base_path: "/trust/scim/v2",
    knobs: &[],
    new: || Box::<Plain<LaunchDarkly>>::default(),
};

/// How long a name may be.
const MOST: usize = 256;

#[derive(Default)]
struct LaunchDarkly;

fn refused(detail: &str) -> Option<Result<Reply, Reply>> {
    Some(Err(Reply::error(400, Some("invalidValue"), detail)))
}

/// Writes, and takes it back when it changed more of a deactivated member than `active`.
fn write(id: &str, request: &Request, book: &mut Book, world: &mut World) -> Result<Reply, Reply> {
    let before = book.users.get(id).ok_or_else(not_found)?.attributes.clone();
    let body = request.json()?;
    let reply = match request.method.as_str() {
        "PUT" => book.replace("Users", id, &body, world)?,
        _ => book.patch("Users", id, &body, world)?,
    };
    let mut after = book.users.get(id).ok_or_else(not_found)?.attributes.clone();
    let frozen = before.get("active") == Some(&json!(false));
    after.insert("active".to_owned(), json!(false));
    if frozen && after != before {
        book.users.update(id, before, world.now());
        return Err(Reply::error(400, Some("mutability"), "Only active may change of a deactivated member"));
    }
    Ok(reply)
}

impl Deviation for LaunchDarkly {
    fn before(
        &mut self,
        request: &Request,
        path: &[&str],
        book: &mut Book,
        world: &mut World,
    ) -> Option<Result<Reply, Reply>> {
        let (method, body) = (request.method.as_str(), request.json().unwrap_or_default());
        let owner = book.users.iter().next().map(|user| user.id.clone()).unwrap_or_default();
        match (method, path) {
            ("DELETE", ["Users", id]) if *id == owner => refused("The owner cannot be deleted"),
            ("POST", ["Users"]) | ("PUT" | "PATCH", ["Users", _]) => {
                let long = |name: &str| {
                    let parts = [&body["name"]["givenName"], &body["name"]["familyName"], &body[name]];
                    parts.iter().filter_map(|part| part.as_str()).any(|part| part.chars().count() > MOST)
                };
                if body.get("userName").and_then(Value::as_str).is_some_and(|name| !is_mail(name)) {
                    return refused("userName must be an e-mail address");
                }
                if long("displayName") {
                    return refused("A name is longer than 256 characters");
                }
                let [_, id] = path else { return None };
                if *id == owner && ends_access(&body) {
                    return refused("The owner cannot be deactivated");
                }
                Some(write(id, request, book, world))
            }
            _ => None,
        }
    }
}
