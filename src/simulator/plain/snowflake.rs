//! Snowflake. Source: docs.snowflake.com on SCIM, and its behaviour change BCR-2276.
//!
//! | rule | says |
//! |---|---|
//! | SN-01 | a list without a filter shows one synthetic user: knob `legacy` |
//! | SN-02 | a filter with `and` or `or`, or that is malformed, finds nobody; without `legacy` it is 400 |
//! | SN-03 | the configuration says of filters a number where a boolean belongs: knob `legacy` |
//! | SN-04 | a token is made by SQL and good for six months; earlier ones stay good |

use serde_json::{Value, json};

use super::book::{Book, FILTERS};
use super::{Deviation, Plain};
use crate::simulator::harness::World;
use crate::simulator::harness::knobs::{Allowed, Knob};
use crate::simulator::harness::message::{Reply, Request, list};
use crate::simulator::harness::query::equality;
use crate::simulator::harness::shape::USER;
use crate::simulator::harness::time::months_later;
use crate::simulator::vendor::Kind;

pub(in crate::simulator) const KIND: Kind = Kind {
    name: "snowflake",
    summary: "Snowflake: lists of one synthetic user, filters that find nobody, tokens that overlap",
    base_path: "/scim/v2",
    knobs: &[Knob {
        name: "legacy",
        default: "true",
        allowed: Allowed::Flag,
        help: "SN-01 to SN-03: the behaviour before bundle 2026_03",
    }],
    new: || Box::<Plain<Snowflake>>::default(),
};

#[derive(Default)]
struct Snowflake;

impl Deviation for Snowflake {
    fn before(
        &mut self,
        request: &Request,
        path: &[&str],
        _: &mut Book,
        world: &mut World,
    ) -> Option<Result<Reply, Reply>> {
        let legacy = world.knobs.flag("legacy");
        match (request.method.as_str(), path, request.parameter("filter")) {
            ("GET", ["ServiceProviderConfig"], _) => {
                let no = json!({ "supported": false });
                let filter = if legacy { json!(0) } else { json!(true) };
                let body = json!({
                    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
                    "patch": { "supported": true }, "filter": { "supported": filter },
                    "bulk": no, "sort": no, "etag": no, "changePassword": no, "authenticationSchemes": [],
                });
                Some(Ok(Reply::scim(200, body)))
            }
            ("GET", ["Users" | "Groups"], None) if legacy => {
                let synthetic = json!({
                    "schemas": [USER], "id": "1", "userName": "synthesis_user", "active": true,
                    "meta": { "resourceType": "User" },
                });
                Some(Ok(Reply::scim(200, list(1, 1, vec![synthetic]))))
            }
            ("GET", ["Users" | "Groups"], Some(filter)) if legacy && equality(&filter, FILTERS).is_none() => {
                Some(Ok(Reply::scim(200, list(0, 1, Vec::new()))))
            }
            _ => None,
        }
    }

    /// SN-04.
    fn token(&mut self, arguments: &Value, world: &mut World) -> String {
        let made = world.ids.hex(64);
        let token = arguments.get("value").and_then(Value::as_str).unwrap_or(&made).to_owned();
        let now = world.now();
        world.tokens.issue(&token, now, Some(months_later(now, 6)), "");
        token
    }
}
