//! Lists: AW-09 to AW-12.

use serde_json::{Map, Value, json};

use super::Aws;
use super::wire::{Trouble, shown};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request, list};
use crate::simulator::harness::records::{Record, member_ids};
use crate::simulator::harness::shape::ENTERPRISE;
use crate::simulator::oracle::filter::{Filter, Operator, parse};

/// The largest page, and the usual one.
const MOST: usize = 100;

impl Aws {
    pub(super) fn list_users(&self, request: &Request, world: &World) -> Result<Reply, Trouble> {
        let wanted = wanted(
            request,
            &[&["username"], &["externalid"], &["groups.value"], &["id", "manager"], &["manager", "id"]],
        )?;
        let is = |user: &&Record| {
            wanted.iter().all(|(name, value)| match name.as_str() {
                "username" => user.key == value.to_lowercase(),
                "externalid" => user.text("externalId") == value,
                "id" => user.id == *value,
                "groups.value" => self
                    .groups
                    .get(value)
                    .is_some_and(|group| member_ids(&group.attributes).any(|member| member == user.id)),
                _ => user
                    .attributes
                    .get(ENTERPRISE)
                    .is_some_and(|own| own["manager"]["value"] == value.as_str()),
            })
        };
        page(request, world, &self.users.iter().filter(is).collect::<Vec<_>>(), |user| shown(user, "User"))
    }

    pub(super) fn list_groups(&self, request: &Request, world: &World) -> Result<Reply, Trouble> {
        let wanted = wanted(
            request,
            &[
                &["displayname"],
                &["externalid"],
                &["members.value"],
                &["id", "members"],
                &["members", "id"],
                &["id", "member"],
                &["member", "id"],
            ],
        )?;
        let is = |group: &&Record| {
            wanted.iter().all(|(name, value)| match name.as_str() {
                "displayname" => group.key == value.to_lowercase(),
                "externalid" => group.text("externalId") == value,
                "id" => group.id == *value,
                _ => member_ids(&group.attributes).any(|member| member == value),
            })
        };
        page(request, world, &self.groups.iter().filter(is).collect::<Vec<_>>(), read)
    }
}

/// A group as it is read (AW-13).
pub(super) fn read(group: &Record) -> Map<String, Value> {
    let mut shown = shown(group, "Group");
    shown.insert("members".to_owned(), json!([]));
    shown
}

/// AW-12: the comparisons of the filter, names in lower case; none without a filter.
fn wanted(request: &Request, allowed: &[&[&str]]) -> Result<Vec<(String, String)>, Trouble> {
    fn flat(filter: Filter, into: &mut Vec<(String, String)>) -> bool {
        match filter {
            Filter::And(left, right) => flat(*left, into) && flat(*right, into),
            Filter::Compare(path, Operator::Eq, Value::String(value)) => {
                let name = match path.sub {
                    Some(sub) => format!("{}.{sub}", path.name),
                    None => path.name,
                };
                into.push((name.to_lowercase(), value));
                true
            }
            _ => false,
        }
    }
    let Some(filter) = request.parameter("filter") else { return Ok(Vec::new()) };
    let refused = || Trouble::new(400, "The filter is not supported");
    let mut wanted = Vec::new();
    let understood = flat(parse(&filter).map_err(|_| refused())?, &mut wanted);
    let names: Vec<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
    if understood && allowed.contains(&names.as_slice()) { Ok(wanted) } else { Err(refused()) }
}

fn page(
    request: &Request,
    world: &World,
    found: &[&Record],
    shown: fn(&Record) -> Map<String, Value>,
) -> Result<Reply, Trouble> {
    let strict = |knob: &str| world.knobs.word(knob) == "400";
    let refused = |detail: &str| Err(Trouble::new(400, detail));
    for name in ["attributes", "excludedAttributes"] {
        if strict("projection") && request.parameter(name).is_some() {
            return refused("attributes and excludedAttributes are not supported"); // AW-11
        }
    }
    if strict("start_index") && request.parameter("startIndex").is_some() {
        return refused("startIndex is not supported");
    }
    let count = match request.parameter("count") {
        None => MOST,
        Some(text) => match text.parse::<usize>() {
            Ok(count) if (1..=MOST).contains(&count) => count,
            Ok(count) if !strict("over") => count.clamp(1, MOST),
            _ => return refused("count must be from 1 to 100"),
        },
    };
    let shown = |page: &[&Record]| page.iter().map(|record| Value::Object(shown(record))).collect::<Vec<_>>();
    let Some(cursor) = request.parameter("cursor") else {
        let first = &found[..found.len().min(count)];
        return Ok(Reply::json(200, list(found.len(), 1, shown(first))));
    };
    // AW-10. A cursor holds who came last, and where that was in case it is gone.
    let from = match cursor.strip_prefix("AWS:").and_then(|rest| rest.split_once(':')) {
        None if cursor.is_empty() => 0,
        Some((at, last)) => match (at.parse::<usize>(), found.iter().position(|record| record.id == last)) {
            (Ok(_), Some(place)) => place + 1,
            (Ok(at), None) => at.min(found.len()),
            (Err(_), _) => return refused("the cursor is not valid"),
        },
        None => return refused("the cursor is not valid"),
    };
    let to = from.saturating_add(count).min(found.len());
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "itemsPerPage": to - from,
        "Resources": shown(&found[from..to]),
    });
    if to < found.len() && to > 0 {
        body["nextCursor"] = json!(format!("AWS:{to}:{}", found[to - 1].id));
    }
    Ok(Reply::json(200, body))
}
