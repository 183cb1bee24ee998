//! Vendors that are conformant but for a few deviations: a plain vendor, and one file for what each does otherwise.
//!
//! The plain vendor takes any attribute, tells users apart by `userName` and groups by `displayName`, understands a filter
//! by equality, answers a PATCH with the resource, and has no discovery. What a vendor's file does not mention is so.
//! Rules and what they rest on stand in the files; where a page of the vendor says nothing, it is assumed: (a).

pub(super) mod amplitude;
pub(super) mod bitwarden;
mod book;
pub(super) mod github;
pub(super) mod gitlab;
pub(super) mod launchdarkly;
pub(super) mod miro;
pub(super) mod salesforce;
pub(super) mod sentry;
pub(super) mod servicenow;
pub(super) mod snowflake;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use super::harness::message::{Content, Reply, Request};
use super::harness::records;
use super::harness::{Behaviour, Refused, World};
use book::{Book, Size};

/// What one vendor does otherwise.
trait Deviation: Send {
    /// How its lists are paged.
    const SIZE: Size = Size { parameter: "count", usual: 100, most: 100 };

    /// A request that the plain vendor is not to see is answered here. `None` leaves it to that one.
    fn before(
        &mut self,
        _: &Request,
        _: &[&str],
        _: &mut Book,
        _: &mut World,
    ) -> Option<Result<Reply, Reply>> {
        None
    }

    /// The answer as it leaves; also one made by `before`, and also an error.
    fn after(&self, _: &Request, _: &[&str], reply: Reply, _: &World) -> Reply {
        reply
    }

    /// The id of a new resource, of an endpoint such as `Users`.
    fn new_id(&mut self, _: &str, _: &Value, world: &mut World) -> String {
        world.ids.uuid()
    }

    /// A new token; the old one ends.
    fn token(&mut self, arguments: &Value, world: &mut World) -> String {
        world.plain_token(arguments)
    }
}

/// A plain vendor with one deviation.
#[derive(Default)]
struct Plain<D> {
    book: Book,
    deviation: D,
}

impl<D: Deviation> Behaviour for Plain<D> {
    fn answer(&mut self, request: &Request, world: &mut World) -> Reply {
        let Some(path) = request.segments(world.base_path) else { return book::not_found() };
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let reply = self.try_answer(request, &path, world).unwrap_or_else(|refusal| refusal);
        self.deviation.after(request, &path, reply, world)
    }

    fn make_token(&mut self, arguments: &Value, world: &mut World) -> Result<String, Refused> {
        Ok(self.deviation.token(arguments, world))
    }

    /// `edit {"id", "set"}` and `delete {"id"}`, of a user or a group.
    fn console(&mut self, action: &str, arguments: &Value, world: &mut World) -> Result<Value, Refused> {
        match action {
            "edit" => records::edit([&mut self.book.users, &mut self.book.groups], arguments, world.now()),
            "delete" => {
                let id = records::named(arguments)?;
                let gone = self.book.remove_user(id, world) || self.book.groups.remove(id).is_some();
                if gone { Ok(json!({})) } else { Err(Refused::unknown(format!("there is no {id}"))) }
            }
            other => Err(Refused::unknown(format!("no action `{other}`: there are edit, delete"))),
        }
    }

    fn state(&self, world: &World) -> Value {
        let shown = |endpoint: &str| {
            self.book.all(endpoint).map(|one| book::shown(one, endpoint, world)).collect::<Vec<_>>()
        };
        json!({ "users": shown("Users"), "groups": shown("Groups") })
    }
}

impl<D: Deviation> Plain<D> {
    fn try_answer(&mut self, request: &Request, path: &[&str], world: &mut World) -> Result<Reply, Reply> {
        world.authenticate(request)?;
        let Self { book, deviation } = self;
        if let Some(answer) = deviation.before(request, path, book, world) {
            return answer;
        }
        match (request.method.as_str(), path) {
            ("GET", [endpoint @ ("Users" | "Groups")]) => book.list(request, endpoint, D::SIZE, world),
            ("POST", [endpoint @ ("Users" | "Groups")]) => {
                let body = request.json()?;
                let id = deviation.new_id(endpoint, &body, world);
                book.create(endpoint, &id, &body, world)
            }
            ("GET", [endpoint @ ("Users" | "Groups"), id]) => {
                world.members.shown(id);
                book.read(endpoint, id, 200, world)
            }
            ("PUT", [endpoint @ ("Users" | "Groups"), id]) => {
                book.replace(endpoint, id, &request.json()?, world)
            }
            ("PATCH", [endpoint @ ("Users" | "Groups"), id]) => {
                book.patch(endpoint, id, &request.json()?, world)
            }
            ("DELETE", [endpoint @ ("Users" | "Groups"), id]) => book.delete(endpoint, id, world),
            (_, ["Users" | "Groups"] | ["Users" | "Groups", _]) => {
                Err(Reply::error(405, None, "Method not allowed"))
            }
            _ => Err(book::not_found()),
        }
    }
}

/// Changes every resource that an answer shows: the one, or each of a list.
fn each(mut reply: Reply, change: impl Fn(&mut serde_json::Map<String, Value>)) -> Reply {
    if let Content::Json(_, body) = &mut reply.body
        && reply.status.is_success()
    {
        match body.get_mut("Resources").and_then(Value::as_array_mut) {
            Some(all) => all.iter_mut().filter_map(Value::as_object_mut).for_each(change),
            None => body.as_object_mut().into_iter().for_each(change),
        }
    }
    reply
}

/// Whether a PUT or a PATCH ends the access of a user; a text counts as well.
fn ends_access(body: &Value) -> bool {
    let off = |value: Option<&Value>| match value {
        Some(Value::Bool(active)) => !active,
        Some(Value::String(active)) => active.eq_ignore_ascii_case("false"),
        _ => false,
    };
    let operations = body.get("Operations").and_then(Value::as_array).into_iter().flatten();
    let by_patch = |operation: &Value| match operation.get("path").and_then(Value::as_str) {
        Some(path) => path.eq_ignore_ascii_case("active") && off(operation.get("value")),
        None => off(operation.get("value").and_then(|value| value.get("active"))),
    };
    off(body.get("active")) || operations.into_iter().any(by_patch)
}
