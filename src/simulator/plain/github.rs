//! GitHub Enterprise with managed users. Source: docs.github.com, provisioning with SCIM.
//!
//! | rule | says |
//! |---|---|
//! | GH-01 | without a `User-Agent` every request is 403 (a) |
//! | GH-02 | a filter that is not supported is 400 |
//! | GH-03 | `active: false` obfuscates the login and the e-mail; `active: true` brings them back |
//! | GH-04 | DELETE cannot be undone: a later POST makes another account |
//! | GH-05 | 1,000 new users an hour, then 429 (a): knob `limits` |
//! | GH-06 | a user without `userName`, `externalId` or `emails` is 400 |

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::book::Book;
use super::{Deviation, Plain, ends_access};
use crate::simulator::harness::World;
use crate::simulator::harness::buckets::{Buckets, Limit};
use crate::simulator::harness::knobs::{Allowed, Knob};
use crate::simulator::harness::message::{Reply, Request};
use crate::simulator::vendor::Kind;

pub(in crate::simulator) const KIND: Kind = Kind {
    name: "github-enterprise",
    summary: "GitHub Enterprise: a User-Agent is asked for, whoever is deactivated is obfuscated, 1,000 users an hour",
    base_path: "/scim/v2/enterprises/acme",
    knobs: &[Knob {
        name: "limits",
        default: "true",
        allowed: Allowed::Flag,
        help: "GH-05: the rate limit applies",
    }],
    new: || Box::<Plain<GitHub>>::default(),
};

/// GH-06.
const REQUIRED: [&str; 3] = ["userName", "externalId", "emails"];

fn is_missing(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Array(items)) => items.is_empty(),
        value => value.and_then(Value::as_str).is_none_or(str::is_empty),
    }
}

/// 1,000 an hour.
const LIMIT: Limit = Limit { name: "new users", a_minute: 16, burst: 1_000 };

#[derive(Default)]
struct GitHub {
    buckets: Buckets,
    /// Who is obfuscated, with what they were.
    hidden: BTreeMap<String, Map<String, Value>>,
}

impl GitHub {
    /// Why a new user is not made, if that is so.
    fn refuses(&mut self, request: &Request, world: &mut World) -> Option<Reply> {
        if world.knobs.flag("limits")
            && let Err(seconds) = self.buckets.take(&[LIMIT], world.now())
        {
            world.counters.rate_violations += 1;
            let refusal = Reply::error(429, None, "Too many users in an hour");
            return Some(refusal.header("retry-after", seconds.to_string()));
        }
        let body = request.json().ok()?;
        let missing = REQUIRED.into_iter().find(|name| is_missing(body.get(*name)))?;
        Some(Reply::error(400, Some("invalidValue"), &format!("{missing} is required")))
    }

    /// A write to somebody: what is hidden is brought back for it, and hidden again when access has ended.
    fn write(
        &mut self,
        id: &str,
        request: &Request,
        book: &mut Book,
        world: &mut World,
    ) -> Result<Reply, Reply> {
        let body = request.json()?;
        let hidden = self.hidden.remove(id);
        if let Some(attributes) = &hidden {
            book.users.update(id, attributes.clone(), world.now());
        }
        let written = match request.method.as_str() {
            "PUT" => book.replace("Users", id, &body, world),
            _ => book.patch("Users", id, &body, world),
        };
        let now = book.users.get(id).map(|user| user.attributes.clone()).unwrap_or_default();
        if ends_access(&body) || now.get("active") == Some(&json!(false)) {
            let mut obfuscated = now.clone();
            let login = format!("{id}_deactivated");
            obfuscated.insert("userName".to_owned(), json!(login));
            obfuscated.insert(
                "emails".to_owned(),
                json!([{ "value": format!("{login}@invalid.example"), "primary": true }]),
            );
            book.users.update(id, obfuscated, world.now());
            self.hidden.insert(id.to_owned(), now);
        }
        written?;
        book.read("Users", id, 200, world)
    }
}

impl Deviation for GitHub {
    fn before(
        &mut self,
        request: &Request,
        path: &[&str],
        book: &mut Book,
        world: &mut World,
    ) -> Option<Result<Reply, Reply>> {
        if request.header("user-agent").is_none_or(str::is_empty) {
            return Some(Err(Reply::error(403, None, "A User-Agent header is required")));
        }
        match (request.method.as_str(), path) {
            ("POST", ["Users"]) => self.refuses(request, world).map(Err),
            ("PUT" | "PATCH", ["Users", id]) => Some(self.write(id, request, book, world)),
            ("DELETE", ["Users", id]) => {
                self.hidden.remove(*id);
                None
            }
            _ => None,
        }
    }
}
