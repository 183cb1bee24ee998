//! Amplitude. Source: its SCIM API page (amplitude.com/docs).
//!
//! | rule | says |
//! |---|---|
//! | AM-01 | the size of a page is `itemsPerPage`, 100 at most |
//! | AM-02 | the id of a user is the e-mail, in small letters; it does not change |
//! | AM-03 | POST of a group answers 200; its id is a number there and in lists, a text by itself |
//! | AM-04 | PUT and PATCH of a user answer with the request |
//! | AM-05 | `active: false` removes the user from the organisation |
//! | AM-06 | 100 requests a minute, then 429: knob `limits` |
//! | AM-07 | a new key ends the old one at once |
//! | AM-08 | no `meta.location` |

use serde_json::{Map, Value, json};

use super::book::{Book, Size};
use super::{Deviation, Plain, each, ends_access};
use crate::simulator::harness::World;
use crate::simulator::harness::buckets::{Buckets, Limit};
use crate::simulator::harness::knobs::{Allowed, Knob};
use crate::simulator::harness::message::{Content, Reply, Request};
use crate::simulator::vendor::Kind;

pub(in crate::simulator) const KIND: Kind = Kind {
    name: "amplitude",
    summary: "Amplitude: the e-mail is the id, answers echo the request, ids of groups change their type",
    base_path: "/scim/1",
    knobs: &[Knob {
        name: "limits",
        default: "true",
        allowed: Allowed::Flag,
        help: "AM-06: the rate limit applies",
    }],
    new: || Box::<Plain<Amplitude>>::default(),
};

const LIMIT: Limit = Limit { name: "all", a_minute: 100, burst: 100 };

#[derive(Default)]
struct Amplitude {
    buckets: Buckets,
}

impl Deviation for Amplitude {
    const SIZE: Size = Size { parameter: "itemsPerPage", usual: 100, most: 100 };

    fn before(
        &mut self,
        request: &Request,
        path: &[&str],
        book: &mut Book,
        world: &mut World,
    ) -> Option<Result<Reply, Reply>> {
        if world.knobs.flag("limits")
            && let Err(seconds) = self.buckets.take(&[LIMIT], world.now())
        {
            world.counters.rate_violations += 1;
            let refusal = Reply::error(429, None, "Too many requests");
            return Some(Err(refusal.header("retry-after", seconds.to_string())));
        }
        match (request.method.as_str(), path) {
            ("PUT" | "PATCH", ["Users", id]) => {
                let body = match request.json() {
                    Ok(body) => body,
                    Err(refusal) => return Some(Err(refusal)),
                };
                let own = book.users.get(id)?.text("userName").to_owned();
                if ends_access(&body) {
                    book.remove_user(id, world); // AM-05
                    return Some(Ok(Reply::scim(200, body)));
                }
                let written = if request.method == "PUT" {
                    let mut kept = body.clone();
                    kept["userName"] = json!(own); // AM-02
                    book.replace("Users", id, &kept, world)
                } else {
                    book.patch("Users", id, &body, world)
                };
                Some(written.map(|_| Reply::scim(200, body)))
            }
            _ => None,
        }
    }

    fn after(&self, request: &Request, path: &[&str], reply: Reply, _: &World) -> Reply {
        let many = path.len() == 1;
        let groups = path.first() == Some(&"Groups");
        let mut reply = each(reply, |resource: &mut Map<String, Value>| {
            if let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) {
                meta.remove("location");
            }
            let number = resource.get("id").and_then(Value::as_str).and_then(|id| id.parse::<u64>().ok());
            if let Some(number) = number.filter(|_| groups && many) {
                resource.insert("id".to_owned(), json!(number)); // AM-03
            }
        });
        if groups && request.method == "POST" && reply.status == 201 {
            reply.status = http::StatusCode::OK;
        }
        if let Content::Json(media, _) = &mut reply.body {
            *media = "application/json";
        }
        reply
    }

    fn new_id(&mut self, endpoint: &str, body: &Value, world: &mut World) -> String {
        match endpoint {
            "Groups" => world.ids.number().to_string(),
            _ => body.get("userName").and_then(Value::as_str).unwrap_or_default().to_lowercase(),
        }
    }
}
