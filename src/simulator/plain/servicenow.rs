//! ServiceNow. Source: ServiceNow/ServiceNowDocs on SCIM.
//!
//! | rule | says |
//! |---|---|
//! | NW-01 | the enterprise extension is accepted and not stored |
//! | NW-02 | several users may have one `externalId`, and a look-up finds them all |
//! | NW-03 | a text of more than 100 characters (a) is cut: knob `validate` refuses it with 400 instead |

use serde_json::{Map, Value};

use super::book::Book;
use super::{Deviation, Plain};
use crate::simulator::harness::World;
use crate::simulator::harness::knobs::{Allowed, Knob};
use crate::simulator::harness::message::{Reply, Request};
use crate::simulator::harness::shape::ENTERPRISE;
use crate::simulator::vendor::Kind;

pub(in crate::simulator) const KIND: Kind = Kind {
    name: "servicenow",
    summary: "ServiceNow: an extension that is not stored, one externalId for several, texts that are cut",
    base_path: "/api/now/scim",
    knobs: &[Knob {
        name: "validate",
        default: "false",
        allowed: Allowed::Flag,
        help: "NW-03: a text that is too long is refused, not cut",
    }],
    new: || Box::<Plain<ServiceNow>>::default(),
};

const MOST: usize = 100;

#[derive(Default)]
struct ServiceNow;

fn cut(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.chars().take(MOST).collect(),
        Value::Array(values) => values.iter_mut().for_each(cut),
        Value::Object(members) => members.values_mut().for_each(cut),
        _ => {}
    }
}

fn is_long(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().count() > MOST,
        Value::Array(values) => values.iter().any(is_long),
        Value::Object(members) => members.values().any(is_long),
        _ => false,
    }
}

impl Deviation for ServiceNow {
    fn before(
        &mut self,
        request: &Request,
        path: &[&str],
        book: &mut Book,
        world: &mut World,
    ) -> Option<Result<Reply, Reply>> {
        if request.method == "GET" || request.method == "DELETE" || path.first() != Some(&"Users") {
            return None;
        }
        let body = match request.json() {
            Ok(body) => body,
            Err(refusal) => return Some(Err(refusal)),
        };
        if world.knobs.flag("validate") && is_long(&body) {
            return Some(Err(Reply::error(400, Some("invalidValue"), "A value is too long")));
        }
        let written = match (request.method.as_str(), path) {
            ("POST", [_]) => {
                let id = world.ids.hex(32);
                book.create("Users", &id, &body, world)
            }
            ("PUT", [_, id]) => book.replace("Users", id, &body, world),
            ("PATCH", [_, id]) => book.patch("Users", id, &body, world),
            _ => return None,
        };
        Some(written.and_then(|reply| {
            let id = reply.value()["id"].as_str().unwrap_or_default().to_owned();
            let mut attributes: Map<String, Value> =
                book.users.get(&id).map(|user| user.attributes.clone()).unwrap_or_default();
            attributes.remove(ENTERPRISE);
            attributes.values_mut().for_each(cut);
            book.users.update(&id, attributes, world.now());
            book.read("Users", &id, reply.status.as_u16(), world)
        }))
    }
}
