//! The envelope and the errors: S1-01, S1-02.

use serde_json::{Map, Value, json};

use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request};

/// A refusal.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    status: u16,
    number: u32,
    title: &'static str,
    detail: Option<String>,
}

impl Trouble {
    pub(super) fn new(status: u16, number: u32, title: &'static str, detail: Option<&str>) -> Self {
        Self { status, number, title, detail: detail.map(str::to_owned) }
    }

    pub(super) fn reply(self) -> Reply {
        let error = json!({
            "code": u32::from(self.status) * 10_000 + self.number,
            "title": self.title,
            "detail": self.detail,
        });
        let reply = Reply::json(self.status, json!({ "errors": [error] }));
        if self.status == 429 { reply.header("retry-after", "1") } else { reply }
    }
}

pub(super) fn unauthenticated() -> Trouble {
    Trouble::new(401, 10, "Authentication Failed", None)
}

pub(super) fn not_found() -> Trouble {
    Trouble::new(404, 10, "Not Found", None)
}

/// The body does not hold what it must.
pub(super) fn invalid(detail: &str) -> Trouble {
    Trouble::new(400, 10, "Validation Error", Some(detail))
}

/// One answer.
pub(super) fn data(data: Value) -> Reply {
    Reply::json(200, Value::Object(Map::from_iter([("data".to_owned(), data)])))
}

/// The token of `Authorization: ApiToken …`.
pub(super) fn token(request: &Request) -> Option<&str> {
    request.header("authorization")?.strip_prefix("ApiToken ")
}

/// What is wrapped in `data`.
pub(super) fn body(request: &Request) -> Result<Value, Trouble> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    body.get("data").filter(|data| data.is_object()).cloned().ok_or_else(|| invalid("data is required"))
}

/// When a token was made and when it ends (S1-05), of the token given.
pub(super) fn details_of(body: &Value, world: &World) -> Result<Reply, Trouble> {
    let token = world.tokens.find(body.get("token").and_then(Value::as_str), world.now());
    let token = token.ok_or_else(|| invalid("the token is not valid"))?;
    Ok(data(details(token.created, token.expires)))
}

/// The same as JSON.
pub(super) fn details(created: jiff::Timestamp, expires: Option<jiff::Timestamp>) -> Value {
    json!({ "createdAt": created.to_string(), "expiresAt": expires.map(|end| end.to_string()) })
}
