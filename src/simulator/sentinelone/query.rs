//! The list of users: S1-06. Its filters are `email`, `email__contains`, `fullName`, `ids`, `roleIds` and `source`; where
//! several values may be given, commas stand between them.

use serde_json::{Value, json};

use super::SentinelOne;
use super::users::shown;
use super::wire::{Trouble, data, invalid};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Content, Reply, Request};
use crate::simulator::harness::records::Record;

impl SentinelOne {
    pub(super) fn list_users(&self, request: &Request, world: &World) -> Result<Reply, Trouble> {
        let number = |name: &str, usual: usize, from: usize| match request.parameter(name) {
            None => Ok(usual),
            Some(text) => {
                let number = text.parse::<usize>().ok().filter(|number| (from..=1_000).contains(number));
                number.ok_or_else(|| invalid(&format!("{name} must be from {from} to 1000")))
            }
        };
        let (limit, skip) = (number("limit", 10, 1)?, number("skip", 0, 0)?);
        let filters: Vec<(String, String)> = request.parameters();
        let fits = |user: &&Record| filters.iter().all(|(name, value)| matches(user, name, value));
        let found: Vec<&Record> = self.users.iter().filter(fits).collect();
        if request.parameter("countOnly").is_some_and(|only| only == "true") {
            return Ok(page(Vec::new(), None, found.len()));
        }
        // A cursor is the id of who came last: ids only grow.
        let from = match request.parameter("cursor") {
            None => skip,
            Some(cursor) if cursor.len() == 19 && cursor.bytes().all(|byte| byte.is_ascii_digit()) => {
                found.iter().position(|user| user.id > cursor).unwrap_or(found.len())
            }
            Some(_) => return Err(invalid("the cursor is not valid")),
        };
        let shown_ones: Vec<&&Record> = found.iter().skip(from).take(limit).collect();
        let more = from.saturating_add(shown_ones.len()) < found.len();
        let next = shown_ones.last().filter(|_| more).map(|user| user.id.as_str());
        Ok(page(shown_ones.iter().map(|user| shown(user, world)).collect(), next, found.len()))
    }
}

fn page(users: Vec<Value>, next: Option<&str>, total: usize) -> Reply {
    let mut reply = data(Value::Array(users));
    if let Content::Json(_, body) = &mut reply.body {
        body["pagination"] = json!({ "nextCursor": next, "totalItems": total });
    }
    reply
}

fn matches(user: &Record, name: &str, wanted: &str) -> bool {
    let any = |of: &dyn Fn(&str) -> bool| wanted.split(',').any(|one| of(one.trim()));
    let same = |held: &str, one: &str| held.to_lowercase() == one.to_lowercase();
    match name {
        "email" => any(&|one| same(user.text("email"), one)),
        "fullName" => any(&|one| same(user.text("fullName"), one)),
        "source" | "sources" => any(&|one| user.text("source") == one),
        "email__contains" => any(&|one| user.text("email").to_lowercase().contains(&one.to_lowercase())),
        "ids" => any(&|one| user.id == one),
        "roleIds" => {
            let held = user.attributes["scopeRoles"].as_array().cloned().unwrap_or_default();
            any(&|one| held.iter().any(|held| held["roleId"] == one))
        }
        _ => true,
    }
}
