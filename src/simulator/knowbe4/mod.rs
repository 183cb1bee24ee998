//! KnowBe4: it answers success before, and sometimes without, applying what it was told.
//!
//! Sources: KB1 the Microsoft Entra tutorial for KnowBe4 and KB2 support.knowbe4.com; KB3 code of others that speaks to
//! it; KB4 the Reporting API. What no source says is assumed: marked (a), and a knob where a client could mind.
//!
//! | rule | says | rests on |
//! |---|---|---|
//! | KB-01 | a bearer token; else 401 | KB3; body (a) |
//! | KB-02 | a token is shown once; a new one ends the old at once; no expiry but by the knob `token_days` | KB1; expiry (a) |
//! | KB-03 | while SSO is not configured, writes are answered with success and nothing comes of them | KB3; codes (a) |
//! | KB-04 | Test Mode, on at the start: writes are answered with success and only reported. Reads: knob `test_read` | KB2; reads (a) |
//! | KB-05 | what was written is applied at the next sync, every five minutes or when forced; a look-up that lags: knob `lag_filter` | KB1, KB2; times (a) |
//! | KB-06 | a user needs a `userName`; one that exists is 409 `uniqueness` | KB1; codes (a) |
//! | KB-07 | the attributes of `users::KEPT` and of the two extensions; others are ignored | KB1; silence (a) |
//! | KB-08 | a customDate that is no ISO 8601 date is 400 `invalidValue` | KB1; code (a) |
//! | KB-09 | the first sync that touches a user deletes the user's aliases | KB2 |
//! | KB-10 | a second e-mail is ignored, as `emails` is | KB2; silence (a) |
//! | KB-11 | `active: false` and DELETE archive; the user stays readable | KB3; codes (a) |
//! | KB-12 | `active: true` brings an archived user back | (a) |
//! | KB-13 | an edit in the console is overwritten at the next sync; users who are excluded are not written: success, `Skipped` in the report | KB2; code (a) |
//! | KB-14 | users whom SCIM never named are archived at a forced sync only with the knob `archive_missing_after_full_sync` | KB2; how (a) |
//! | KB-15 | PUT and PATCH; the filter `userName eq`; an unknown id is 404 | KB3 |
//! | KB-16 | groups by POST, GET, PATCH, DELETE and `displayName eq`; a group in a group: knob `nested`; Smart Groups are not there | KB3; code (a) |
//! | KB-17 | `application/scim+json` and `application/json`; another media type is 415 | KB3; second (a) |
//! | KB-18 | pages of 100 | (a) |
//! | KB-19 | the Reporting API at `/v1/users`: a bare array, integer ids, `aliases`, `archived_at`, `X-Next-Cursor` | KB4 |

mod console;
mod groups;
mod reporting;
#[cfg(test)]
mod tests;
mod users;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::harness::knobs::{Allowed, Knob};
use super::harness::message::{Reply, Request};
use super::harness::records::Records;
use super::harness::tokens::Tokens;
use super::harness::{Behaviour, Refused, World};
use super::vendor::Kind;

pub(super) const KIND: Kind = Kind {
    name: "knowbe4",
    summary: "KnowBe4: Test Mode, writes that are applied minutes later, aliases that vanish, archived users",
    base_path: "/scim/v2",
    knobs: KNOBS,
    new: || Box::<KnowBe4>::default(),
};

const KNOBS: &[Knob] = &[
    Knob {
        name: "test_read",
        default: "\"unchanged\"",
        allowed: Allowed::OneOf(&["unchanged", "virtual"]),
        help: "KB-04: whether reads in Test Mode show what was written",
    },
    Knob {
        name: "lag_filter",
        default: "false",
        allowed: Allowed::Flag,
        help: "KB-05: a look-up shows a write only after the next sync",
    },
    Knob {
        name: "nested",
        default: "\"reject\"",
        allowed: Allowed::OneOf(&["reject", "ignore"]),
        help: "KB-16: what becomes of a member that is a group",
    },
    Knob {
        name: "archive_missing_after_full_sync",
        default: "false",
        allowed: Allowed::Flag,
        help: "KB-14: a forced sync archives users whom SCIM never named",
    },
    Knob {
        name: "token_days",
        default: "0",
        allowed: Allowed::Count,
        help: "KB-02: how many days new tokens are good; 0 for ever",
    },
];

/// How often what was written is applied (KB-05; assumed).
const SYNC: SignedDuration = SignedDuration::from_mins(5);

/// What is held of users and groups at one stage.
#[derive(Clone, Default)]
struct Book {
    users: Records,
    groups: Records,
}

/// The vendor's state.
#[derive(Clone)]
pub(super) struct KnowBe4 {
    sso: bool,
    test_mode: bool,
    /// What SCIM has accepted.
    accepted: Book,
    /// What SCIM would have accepted but for Test Mode.
    trial: Option<Book>,
    /// What people work with; follows `accepted` at each sync.
    applied: Book,
    synced: Option<Timestamp>,
    /// Who was written by SCIM and so belongs to it.
    managed: BTreeSet<String>,
    aliases: BTreeMap<String, Vec<String>>,
    /// The integer ids of the Reporting API.
    numbers: BTreeMap<String, u64>,
    /// By `userName`, in lower case.
    excluded: BTreeSet<String>,
    report: Vec<Value>,
    reporting: Tokens,
}

impl Default for KnowBe4 {
    fn default() -> Self {
        Self {
            sso: true,
            test_mode: true,
            accepted: Book::default(),
            trial: None,
            applied: Book::default(),
            synced: None,
            managed: BTreeSet::new(),
            aliases: BTreeMap::new(),
            numbers: BTreeMap::new(),
            excluded: BTreeSet::new(),
            report: Vec::new(),
            reporting: Tokens::default(),
        }
    }
}

impl Behaviour for KnowBe4 {
    fn answer(&mut self, request: &Request, world: &mut World) -> Reply {
        self.tick(world.now());
        let reply = match request.segments(world.base_path) {
            Some(path) => {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                self.scim(request, &path, world)
            }
            None if request.path == "/v1/users" => self.report_users(request, world),
            None => Err(not_found()),
        };
        reply.unwrap_or_else(|refusal| refusal)
    }

    /// KB-02: Regenerate.
    fn make_token(&mut self, arguments: &Value, world: &mut World) -> Result<String, Refused> {
        let made = world.ids.hex(40);
        let token = arguments.get("value").and_then(Value::as_str).unwrap_or(&made).to_owned();
        let days = i64::try_from(world.knobs.count("token_days")).unwrap_or(0);
        let end = (days > 0).then(|| world.now().saturating_add(SignedDuration::from_hours(24 * days)));
        world.tokens.revoke(None);
        world.tokens.issue(&token, world.now(), end.and_then(Result::ok), "");
        Ok(token)
    }

    fn console(&mut self, action: &str, arguments: &Value, world: &mut World) -> Result<Value, Refused> {
        self.tick(world.now());
        self.act(action, arguments, world)
    }

    fn state(&self, world: &World) -> Value {
        let mut now = self.clone();
        now.tick(world.now());
        json!({
            "sso": now.sso,
            "test_mode": now.test_mode,
            "users": now.accepted.users.iter().map(|user| users::shown(user, world)).collect::<Vec<_>>(),
            "groups": now.accepted.groups.iter().map(|group| groups::shown(group, world)).collect::<Vec<_>>(),
            "applied": now.applied.users.iter().map(|user| now.reported(user)).collect::<Vec<_>>(),
            "sync_report": now.report,
        })
    }
}

impl KnowBe4 {
    fn scim(&mut self, request: &Request, path: &[&str], world: &mut World) -> Result<Reply, Reply> {
        world.authenticate(request)?; // KB-01
        if !request.body.is_empty() && !request.is_scim_json() {
            return Err(Reply::error(415, None, "Content-Type must be application/scim+json")); // KB-17
        }
        match (request.method.as_str(), path) {
            ("GET", ["Users"]) => self.list_users(request, world),
            ("GET", ["Users", id]) => {
                let user = self.reads().users.get(id).ok_or_else(not_found)?;
                Ok(Reply::scim(200, users::shown(user, world)))
            }
            ("GET", ["Groups"]) => self.list_groups(request, world),
            ("GET", ["Groups", id]) => {
                world.members.shown(id);
                let group = self.reads().groups.get(id).ok_or_else(not_found)?;
                Ok(Reply::scim(200, groups::shown(group, world)))
            }
            ("POST" | "PUT" | "PATCH" | "DELETE", ["Users" | "Groups", ..]) => {
                self.write(request, path, world)
            }
            _ => Err(not_found()),
        }
    }

    /// A write is made on a copy, which is kept or not: KB-03, KB-04, KB-13.
    fn write(&mut self, request: &Request, path: &[&str], world: &mut World) -> Result<Reply, Reply> {
        let mut book = self.reads().clone();
        let (reply, id) = match (request.method.as_str(), path) {
            ("POST", ["Users"]) => book.create_user(&request.json()?, world)?,
            ("PUT", ["Users", id]) => book.replace_user(id, &request.json()?, world)?,
            ("PATCH", ["Users", id]) => book.patch_user(id, &request.json()?, world)?,
            ("DELETE", ["Users", id]) => book.archive_user(id, world)?,
            ("POST", ["Groups"]) => book.create_group(&request.json()?, world)?,
            ("PATCH", ["Groups", id]) => book.patch_group(id, &request.json()?, world)?,
            ("DELETE", ["Groups", id]) => {
                let group = book.groups.remove(id).ok_or_else(not_found)?;
                (Reply::empty(204), group.id)
            }
            _ => return Err(Reply::error(405, None, "Method not allowed")),
        };
        if !self.sso {
            return Ok(reply); // KB-03
        }
        let record = book.users.get(&id).or_else(|| self.accepted.users.get(&id));
        let key = record.map(|user| user.key.clone()).unwrap_or_default();
        let skipped = self.excluded.contains(&key);
        let outcome = match (skipped, self.test_mode) {
            (true, _) => "Skipped",
            (false, true) => "Test",
            (false, false) => "Accepted",
        };
        self.report.push(json!({
            "at": world.now().to_string(),
            "request": format!("{} {}", request.method, request.path),
            "id": id,
            "outcome": outcome,
        }));
        match outcome {
            "Accepted" => {
                if path.first() == Some(&"Users") {
                    self.managed.insert(id.clone());
                    let number = world.ids.number();
                    self.numbers.entry(id).or_insert(number);
                }
                self.accepted = book;
            }
            "Test" if world.knobs.word("test_read") == "virtual" => self.trial = Some(book),
            _ => {}
        }
        Ok(reply)
    }

    /// What reads by id show, and what writes start from.
    fn reads(&self) -> &Book {
        self.trial.as_ref().unwrap_or(&self.accepted)
    }

    /// KB-05: syncs when it is time.
    fn tick(&mut self, now: Timestamp) {
        let due = |last: Timestamp| now.duration_since(last) >= SYNC;
        match self.synced {
            None => self.synced = Some(now),
            Some(last) if due(last) => self.sync(now),
            Some(_) => {}
        }
    }

    fn sync(&mut self, now: Timestamp) {
        self.synced = Some(now);
        if self.test_mode {
            return;
        }
        self.applied = self.accepted.clone();
        self.aliases.retain(|id, _| !self.managed.contains(id)); // KB-09
    }
}

fn not_found() -> Reply {
    Reply::error(404, None, "Resource not found")
}

fn invalid(detail: &str) -> Reply {
    Reply::error(400, Some("invalidValue"), detail)
}
