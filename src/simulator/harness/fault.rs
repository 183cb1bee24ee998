//! Faults: what the control plane orders to go wrong, for which request, and when.
//!
//! `{"match": {"method", "path", "nth"}, …}` with one of `"respond": {"status", "headers", "body"}`, `"reset": true`,
//! `"delay": "30s"`, `"close_after_bytes": n`, `"apply_then_fail": true`. A fault without `nth` strikes every request
//! that it matches, one with it the nth since it was ordered. `path` is the path under the SCIM base, or the whole one;
//! `*` stands for any run of characters. `delay` may be combined with one of the others and comes before it.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::message::{Content, Reply, Request, SCIM_JSON};
use super::time::parse_duration;

/// What happens instead of, or to, the answer.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    /// The vendor is not asked; this is the answer.
    Respond(Box<Reply>),
    /// The vendor is not asked; the connection is reset (TCP RST).
    Reset,
    /// The vendor answers; after so many bytes of the answer the connection is closed.
    CloseAfterBytes(usize),
    /// The vendor acts; the connection is closed without an answer.
    ApplyThenFail,
}

/// One order.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    method: Option<String>,
    path: Option<String>,
    nth: Option<u64>,
    seen: u64,
    delay: Option<Duration>,
    fate: Option<Fate>,
}

/// What strikes one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Strike {
    pub(super) delay: Option<Duration>,
    pub(super) fate: Option<Fate>,
}

impl Strike {
    /// Its name in the log.
    pub(super) fn name(&self) -> Option<&'static str> {
        match (&self.fate, self.delay) {
            (Some(Fate::Respond(_)), _) => Some("respond"),
            (Some(Fate::Reset), _) => Some("reset"),
            (Some(Fate::CloseAfterBytes(_)), _) => Some("close_after_bytes"),
            (Some(Fate::ApplyThenFail), _) => Some("apply_then_fail"),
            (None, Some(_)) => Some("delay"),
            (None, None) => None,
        }
    }
}

impl Fault {
    /// Reads an order. `Err` says what is wrong with it.
    pub(super) fn parse(order: &Value) -> Result<Self, String> {
        let order = order.as_object().ok_or("a fault is a JSON object")?;
        let known = ["match", "respond", "reset", "delay", "close_after_bytes", "apply_then_fail"];
        only(order, &known, "a fault")?;
        let empty = Map::new();
        let matched =
            order.get("match").map_or(Some(&empty), Value::as_object).ok_or("match must be an object")?;
        only(matched, &["method", "path", "nth"], "match")?;
        let text = |name: &str| match matched.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(format!("{name} must be a string")),
        };
        let nth =
            matched.get("nth").map(|nth| nth.as_u64().filter(|nth| *nth > 0).ok_or("nth counts from 1"));
        let delay = order.get("delay").map(|delay| {
            delay.as_str().and_then(parse_duration).ok_or("delay must be a duration such as 30s")
        });
        let mut fates = Vec::new();
        if let Some(respond) = order.get("respond") {
            fates.push(Fate::Respond(Box::new(answer(respond)?)));
        }
        if let Some(bytes) = order.get("close_after_bytes") {
            let bytes = bytes.as_u64().and_then(|bytes| usize::try_from(bytes).ok());
            fates.push(Fate::CloseAfterBytes(bytes.ok_or("close_after_bytes must be a whole number")?));
        }
        for (name, fate) in [("reset", Fate::Reset), ("apply_then_fail", Fate::ApplyThenFail)] {
            match order.get(name) {
                None | Some(Value::Bool(false)) => {}
                Some(Value::Bool(true)) => fates.push(fate),
                Some(_) => return Err(format!("{name} must be true")),
            }
        }
        if fates.len() > 1 || (fates.is_empty() && delay.is_none()) {
            return Err("a fault does one of respond, reset, close_after_bytes, apply_then_fail, or delays"
                .to_owned());
        }
        Ok(Self {
            method: text("method")?,
            path: text("path")?,
            nth: nth.transpose()?,
            seen: 0,
            delay: delay.transpose()?,
            fate: fates.pop(),
        })
    }

    fn matches(&self, request: &Request, base: &str) -> bool {
        let method =
            self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(request.method.as_str()));
        let path = self.path.as_ref().is_none_or(|pattern| {
            let under = request.path.strip_prefix(base).unwrap_or(&request.path);
            glob(pattern, under) || glob(pattern, &request.path)
        });
        method && path
    }
}

/// What strikes `request`: the first order that is due. Every order that matches counts it.
pub(super) fn strike(faults: &mut [Fault], request: &Request, base: &str) -> Strike {
    let mut struck: Option<Strike> = None;
    for fault in faults.iter_mut().filter(|fault| fault.matches(request, base)) {
        fault.seen += 1;
        if struck.is_none() && fault.nth.is_none_or(|nth| nth == fault.seen) {
            struck = Some(Strike { delay: fault.delay, fate: fault.fate.clone() });
        }
    }
    struck.unwrap_or_default()
}

fn answer(respond: &Value) -> Result<Reply, String> {
    let respond = respond.as_object().ok_or("respond must be an object")?;
    only(respond, &["status", "headers", "body"], "respond")?;
    let status = respond.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let status = status
        .filter(|status| (200..600).contains(status))
        .ok_or("status must be a number from 200 to 599")?;
    let mut reply = Reply::empty(status);
    reply.body = match respond.get("body") {
        None | Some(Value::Null) => Content::Nothing,
        Some(Value::String(text)) => Content::Raw(Bytes::from(text.clone())),
        Some(body) => Content::Json(SCIM_JSON, body.clone()),
    };
    if let Some(headers) = respond.get("headers") {
        for (name, value) in headers.as_object().ok_or("headers must be an object")? {
            http::HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("`{name}` is no header"))?;
            let value = value.as_str().ok_or("the value of a header must be a string")?;
            http::HeaderValue::from_str(value).map_err(|_| format!("`{value}` is no value of a header"))?;
            reply.headers.push((name.clone(), value.to_owned()));
        }
    }
    Ok(reply)
}

fn only(object: &Map<String, Value>, known: &[&str], what: &str) -> Result<(), String> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(format!("{what} has no `{key}`: there are {}", known.join(", "))),
    }
}

fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| glob(tail, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, is) in [
            ("/Users", "/Users", true),
            ("/Users", "/Users/1", false),
            ("/Users/*", "/Users/1", true),
            ("*/Users*", "/scim/v2/Users", true),
            ("/*/x", "/a/b/x", true),
            ("", "", true),
        ] {
            assert_eq!(glob(pattern, text), is, "{pattern} {text}");
        }
    }

    #[test]
    fn orders_that_make_no_sense_are_refused() {
        for order in [
            json!(1),
            json!({}),
            json!({ "reset": true, "apply_then_fail": true }),
            json!({ "reset": 1 }),
            json!({ "delay": "soon" }),
            json!({ "match": { "nth": 0 }, "reset": true }),
            json!({ "match": { "verb": "GET" }, "reset": true }),
            json!({ "respond": { "status": 99 } }),
            json!({ "respond": { "status": 500, "headers": { "a b": "c" } } }),
        ] {
            assert!(Fault::parse(&order).is_err(), "{order}");
        }
    }
}
