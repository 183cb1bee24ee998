//! Miro. Source: developers.miro.com, rate limits of SCIM.
//!
//! | rule | says |
//! |---|---|
//! | MI-01 | in 30 seconds: 200 reads or creations of users, 100 changes, 20 deletions; then 429 |
//! | MI-02 | in 30 seconds: 5 lists of groups, 20 reads of one |
//! | MI-03 | in 30 seconds: 5 changes of a group by more than 500 bytes, 100 smaller ones |
//! | MI-04 | more than 8,000 members or 800,000 bytes in one request are 413 |
//!
//! The bursts are assumed to be those numbers at once; `Retry-After` is assumed. The knob `limits` ends MI-01 to MI-03.

use serde_json::Value;

use super::book::Book;
use super::{Deviation, Plain};
use crate::simulator::harness::World;
use crate::simulator::harness::buckets::{Buckets, Limit};
use crate::simulator::harness::knobs::{Allowed, Knob};
use crate::simulator::harness::message::{Reply, Request};
use crate::simulator::vendor::Kind;

pub(in crate::simulator) const KIND: Kind = Kind {
    name: "miro",
    summary: "Miro: five larger changes of groups in half a minute, and 8,000 members a request",
    base_path: "/api/v1/scim",
    knobs: &[Knob {
        name: "limits",
        default: "true",
        allowed: Allowed::Flag,
        help: "MI-01 to MI-03: the rate limits apply",
    }],
    new: || Box::<Plain<Miro>>::default(),
};

/// Above this a change of a group is a larger one.
const SMALL: usize = 500;
const MOST_BYTES: usize = 800_000;
const MOST_MEMBERS: usize = 8_000;

#[derive(Default)]
struct Miro {
    buckets: Buckets,
}

/// So many in 30 seconds.
const fn half_minute(name: &'static str, count: u32) -> Limit {
    Limit { name, a_minute: 2 * count, burst: count }
}

fn limit(request: &Request, path: &[&str]) -> Option<Limit> {
    Some(match (request.method.as_str(), path) {
        ("GET" | "POST", ["Users", ..]) => half_minute("users", 200),
        ("PUT" | "PATCH", ["Users", ..]) => half_minute("change users", 100),
        ("DELETE", ["Users", ..]) => half_minute("delete users", 20),
        ("GET", ["Groups"]) => half_minute("groups", 5),
        ("GET", ["Groups", _]) => half_minute("group", 20),
        ("PATCH", ["Groups", _]) if request.body.len() > SMALL => half_minute("large changes", 5),
        ("PATCH", ["Groups", _]) => half_minute("small changes", 100),
        _ => return None,
    })
}

/// How many members a body names.
fn named(body: &Value) -> usize {
    let length = |list: &Value| list.as_array().map_or(0, Vec::len);
    let operations = body["Operations"].as_array().into_iter().flatten();
    length(&body["members"])
        + operations
            .map(|operation| length(&operation["value"]) + length(&operation["value"]["members"]))
            .sum::<usize>()
}

impl Deviation for Miro {
    fn before(
        &mut self,
        request: &Request,
        path: &[&str],
        _: &mut Book,
        world: &mut World,
    ) -> Option<Result<Reply, Reply>> {
        if let Some(limit) = limit(request, path).filter(|_| world.knobs.flag("limits"))
            && let Err(seconds) = self.buckets.take(&[limit], world.now())
        {
            world.counters.rate_violations += 1;
            let refusal = Reply::error(429, None, "Too many requests");
            return Some(Err(refusal.header("retry-after", seconds.to_string())));
        }
        let members = request.json().map_or(0, |body| named(&body));
        let too_large =
            request.body.len() > MOST_BYTES || (path.first() == Some(&"Groups") && members > MOST_MEMBERS);
        too_large.then(|| Err(Reply::error(413, None, "The request is too large")))
    }
}
