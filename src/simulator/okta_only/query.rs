//! OK-04 to OK-07: the three queries that Okta sends, and the read by id.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{broken, not_found};
use crate::simulator::harness::message::{Reply, Request, list as list_response};
use crate::simulator::harness::records::{Record, Records};
use crate::simulator::oracle::filter::{Filter, Operator, parse};

/// The page size of every query but the connection test; "parameters are constants" (O11).
const PAGE: usize = 100;

/// Answers a query for a list. `key` is the attribute that a look-up may name.
pub(super) fn list(
    request: &Request,
    key: &str,
    records: &Records,
    shown: fn(&Record) -> Value,
) -> Result<Reply, Reply> {
    let parameters = parameters(request);
    let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    let value =
        |name: &str| parameters.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str());
    let number = |name: &str| value(name).and_then(|value| value.parse::<usize>().ok());
    match (names.as_slice(), number("startIndex"), number("count")) {
        (["filter", "startIndex", "count"], Some(1), Some(PAGE)) => {
            let wanted = look_up(value("filter").unwrap_or_default(), key)?;
            let found = records.iter().filter(|record| record.key == wanted);
            let found: Vec<Value> = found.map(shown).collect();
            Ok(Reply::scim(200, list_response(found.len(), 1, found)))
        }
        (["startIndex", "count"], Some(start), Some(count))
            if (count == PAGE && start % PAGE == 1) || (start == 1 && count == 2) =>
        {
            let all: Vec<&Record> = records.iter().collect();
            let page = all.iter().skip(start - 1).take(count).map(|record| shown(record)).collect();
            Ok(Reply::scim(200, list_response(all.len(), start, page)))
        }
        (["filter", ..], ..) => Err(broken("OK-04", "a look-up is filter, startIndex=1, count=100")),
        _ => Err(broken(
            "OK-05",
            "a list is startIndex=1, 101, 201… and count=100, or startIndex=1 and count=2",
        )),
    }
}

/// Answers a read by id.
pub(super) fn read(
    request: &Request,
    record: Option<&Record>,
    shown: fn(&Record) -> Value,
) -> Result<Reply, Reply> {
    if !request.query.is_empty() {
        return Err(broken("OK-06", "a resource is read without a query"));
    }
    record.map(|record| Reply::scim(200, shown(record))).ok_or_else(not_found)
}

fn look_up(filter: &str, key: &str) -> Result<String, Reply> {
    match parse(filter) {
        // Not by the attribute's parsed name alone: a URN in front of it would be lost.
        Ok(Filter::Compare(_, Operator::Eq, Value::String(wanted)))
            if filter.starts_with(&format!("{key} eq \"")) =>
        {
            Ok(wanted.to_lowercase())
        }
        _ => Err(Reply::error(400, Some("invalidFilter"), &format!("OK-04: a filter is {key} eq \"…\""))),
    }
}

/// OK-07: not decoded as a form.
fn parameters(request: &Request) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = request.query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(n, v)| (decode(n), decode(v)))
        .collect()
}
