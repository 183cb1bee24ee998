//! The Reporting API over what people work with: KB-19. It tells an archived user and a lost alias, which SCIM does not.

use serde_json::{Value, json};

use super::KnowBe4;
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request};
use crate::simulator::harness::records::Record;

impl KnowBe4 {
    pub(super) fn report_users(&self, request: &Request, world: &World) -> Result<Reply, Reply> {
        if self.reporting.find(request.bearer(), world.now()).is_none() {
            return Err(Reply::json(401, json!({ "error": "Unauthorized" })));
        }
        let number = |name: &str, usual: usize| {
            request.parameter(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or(usual).max(1)
        };
        let (page, per_page) = (number("page", 1), number("per_page", 100).min(500));
        let users: Vec<Value> = self.applied.users.iter().map(|user| self.reported(user)).collect();
        let from = (page - 1).saturating_mul(per_page);
        let shown: Vec<Value> = users.iter().skip(from).take(per_page).cloned().collect();
        let more = from.saturating_add(shown.len()) < users.len();
        let reply = Reply::json(200, Value::Array(shown));
        Ok(if more { reply.header("x-next-cursor", (page + 1).to_string()) } else { reply })
    }

    /// A user as the Reporting API shows one.
    pub(super) fn reported(&self, user: &Record) -> Value {
        let active = user.attributes.get("active") != Some(&json!(false));
        let name = |part: &str| user.attributes.get("name").and_then(|name| name.get(part)).cloned();
        json!({
            "id": self.numbers.get(&user.id),
            "email": user.text("userName"),
            "first_name": name("givenName"),
            "last_name": name("familyName"),
            "status": if active { "active" } else { "archived" },
            "archived_at": (!active).then(|| user.modified.to_string()),
            "aliases": self.aliases.get(&user.id).cloned().unwrap_or_default(),
        })
    }
}
