//! Salesforce. Sources: its SCIM pages; Tirasa's and Evolveum's connectors.
//!
//! | rule | says |
//! |---|---|
//! | SF-01 | `/ServiceProviderConfigs`, as in SCIM 1.1 |
//! | SF-02 | the members of a PATCH are an object that holds the list; a bare list: knob `bare_members` |
//! | SF-03 | PUT of a group answers 200 without a body |
//! | SF-04 | users are never deleted: knob `delete` |
//! | SF-05 | pages of 200 at most |

use serde_json::{Value, json};

use super::book::{Book, Size, not_found};
use super::{Deviation, Plain};
use crate::simulator::harness::World;
use crate::simulator::harness::knobs::{Allowed, Knob};
use crate::simulator::harness::message::{Reply, Request};
use crate::simulator::vendor::Kind;

pub(in crate::simulator) const KIND: Kind = Kind {
    name: "salesforce",
    summary: "Salesforce: members inside of an object, a PUT without an answer, users that are never deleted",
    base_path: "/services/scim/v2",
    knobs: &[
        Knob {
            name: "bare_members",
            default: "\"400\"",
            allowed: Allowed::OneOf(&["400", "accept"]),
            help: "SF-02: what becomes of members that are a bare list",
        },
        Knob {
            name: "delete",
            default: "\"405\"",
            allowed: Allowed::OneOf(&["405", "deactivate"]),
            help: "SF-04: what DELETE does to a user",
        },
    ],
    new: || Box::<Plain<Salesforce>>::default(),
};

#[derive(Default)]
struct Salesforce;

/// SF-02.
fn patch_group(id: &str, request: &Request, book: &mut Book, world: &mut World) -> Result<Reply, Reply> {
    let mut body = request.json()?;
    for operation in body.get_mut("Operations").and_then(Value::as_array_mut).into_iter().flatten() {
        if operation["path"] != "members" || operation.get("value").is_none() {
            continue;
        }
        match operation["value"].get("members").cloned() {
            Some(members) => operation["value"] = members,
            None if world.knobs.word("bare_members") == "accept" => {}
            None => {
                return Err(Reply::error(
                    400,
                    Some("invalidValue"),
                    "members must be an object that holds members",
                ));
            }
        }
    }
    book.patch("Groups", id, &body, world)
}

impl Deviation for Salesforce {
    const SIZE: Size = Size { parameter: "count", usual: 200, most: 200 };

    fn before(
        &mut self,
        request: &Request,
        path: &[&str],
        book: &mut Book,
        world: &mut World,
    ) -> Option<Result<Reply, Reply>> {
        Some(match (request.method.as_str(), path) {
            ("GET", ["ServiceProviderConfigs"]) => {
                let no = json!({ "supported": false });
                let body = json!({
                    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
                    "patch": { "supported": true }, "filter": { "supported": true, "maxResults": 200 },
                    "bulk": no, "sort": no, "etag": no, "changePassword": no, "authenticationSchemes": [],
                });
                Ok(Reply::scim(200, body))
            }
            ("PATCH", ["Groups", id]) => patch_group(id, request, book, world),
            ("PUT", ["Groups", id]) => request
                .json()
                .and_then(|body| book.replace("Groups", id, &body, world))
                .map(|_| Reply::empty(200)),
            ("DELETE", ["Users", id]) => match book.users.get(id).map(|user| user.attributes.clone()) {
                None => Err(not_found()),
                Some(mut attributes) if world.knobs.word("delete") == "deactivate" => {
                    attributes.insert("active".to_owned(), json!(false));
                    book.users.update(id, attributes, world.now());
                    Ok(Reply::empty(204))
                }
                Some(_) => Err(Reply::error(405, None, "Users cannot be deleted")),
            },
            _ => return None,
        })
    }
}
