//! How two runs of one request differ: in what the vendor is sent, and in what the client reads.

use std::collections::BTreeMap;

use super::story::{readable, short};
use crate::capture::VendorCall;
use crate::scim::json::Value;

/// A call that was made and is not made any more, is made now and was not, or is made with another body.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    /// The call of then.
    was: Option<String>,
    /// The call of now.
    now: Option<String>,
    /// What differs in their bodies.
    body: Vec<String>,
}

impl Difference {
    pub(super) fn lines(&self) -> Vec<String> {
        let mut out = Vec::new();
        match (&self.was, &self.now) {
            (Some(was), Some(now)) if was == now => out.push(format!("  call    {}", readable(was))),
            (was, now) => {
                out.extend(was.iter().map(|line| format!("  call  - {}", readable(line))));
                out.extend(now.iter().map(|line| format!("  call  + {}", readable(line))));
            }
        }
        out.extend(self.body.iter().map(|line| format!("          {line}")));
        out
    }

    pub(super) fn to_value(&self) -> Value {
        let mut out = Value::object();
        for (name, line) in [("was", &self.was), ("now", &self.now)] {
            if let Some(line) = line {
                out.set(name, line.as_str());
            }
        }
        out.set("body", self.body.iter().map(|line| Value::from(line.as_str())).collect::<Vec<_>>());
        out
    }
}

/// How calls differ. Those that are on both sides are compared with each other, and the others stand alone; the order of
/// calls is not compared.
pub(super) fn calls(was: &[VendorCall], now: &[VendorCall]) -> Vec<Difference> {
    let mut left: Vec<&VendorCall> = now.iter().collect();
    let mut gone: Vec<&VendorCall> = Vec::new();
    let mut out = Vec::new();
    for old in was {
        match left.iter().position(|new| new.line == old.line) {
            Some(at) => {
                let new = left.remove(at);
                let body = values(old.body.as_ref(), new.body.as_ref());
                if !body.is_empty() {
                    out.push(Difference { was: Some(old.line.clone()), now: Some(new.line.clone()), body });
                }
            }
            None => gone.push(old),
        }
    }
    // One call of the same kind in place of another is one difference.
    let verb = |call: &VendorCall| call.line.split(' ').next().unwrap_or_default().to_owned();
    for old in gone {
        let new = left.iter().position(|new| verb(new) == verb(old)).map(|at| left.remove(at));
        let body = match new {
            Some(new) => values(old.body.as_ref(), new.body.as_ref()),
            None => values(old.body.as_ref(), None),
        };
        out.push(Difference { was: Some(old.line.clone()), now: new.map(|new| new.line.clone()), body });
    }
    for new in left {
        out.push(Difference {
            was: None,
            now: Some(new.line.clone()),
            body: values(None, new.body.as_ref()),
        });
    }
    out
}

/// How answers differ. Versions and URLs are left out: they differ with the bridge's address and with every other value.
pub(super) fn answer(was: (u16, Option<&Value>), now: (u16, Option<&Value>)) -> Vec<String> {
    let mut out = Vec::new();
    if was.0 != now.0 {
        out.push(format!("{} → {}", was.0, now.0));
    }
    // Of errors, the capture holds the status.
    if was.0 < 300 && now.0 < 300 {
        out.extend(values(was.1, now.1));
    }
    out
}

/// How two bodies differ, attribute by attribute.
fn values(was: Option<&Value>, now: Option<&Value>) -> Vec<String> {
    let (was, now) = (leaves(was), leaves(now));
    let mut out = Vec::new();
    for (path, old) in &was {
        match now.get(path) {
            Some(new) if new == old => {}
            Some(new) => out.push(short(&format!("{path}: {old} → {new}"))),
            None => out.push(short(&format!("{path}: {old} → nothing"))),
        }
    }
    let new = now.iter().filter(|(path, _)| !was.contains_key(*path));
    out.extend(new.map(|(path, new)| short(&format!("{path}: nothing → {new}"))));
    out
}

fn leaves(body: Option<&Value>) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    if let Some(body) = body {
        gather("", body, &mut out);
    }
    out
}

fn gather(path: &str, value: &Value, out: &mut BTreeMap<String, String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    if let Some(operations) = value.get("Operations") {
        for operation in operations.items() {
            let word = operation.text_at("op").unwrap_or_default();
            let name = format!("{word} {}", operation.text_at("path").unwrap_or_default());
            match operation.get("value") {
                Some(inner) => gather(name.trim_end(), inner, out),
                None => drop(out.insert(name, "done".to_owned())),
            }
        }
        return;
    }
    if value.is_object() {
        for (name, inner) in value.members() {
            let url = matches!(name, "$ref" | "schemas")
                || (path.ends_with("meta") && matches!(name, "location" | "version"));
            if !url {
                gather(&below(name), inner, out);
            }
        }
        return;
    }
    match value.items() {
        [] => drop(out.insert(path.to_owned(), value.to_json())),
        // Elements have no order: they are named by what they hold.
        items => {
            for (at, item) in items.iter().enumerate() {
                let key = item.text_at("id").or(item.text_at("value")).map_or(at.to_string(), str::to_owned);
                gather(&format!("{path}[{key}]"), item, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    fn call(line: &str, body: &str) -> VendorCall {
        let body = Value::read(body.as_bytes(), &Limits::REQUEST).ok();
        VendorCall { line: line.to_owned(), body, status: Some(200), reply: None, located: None }
    }

    #[test]
    fn calls_are_compared_attribute_by_attribute() {
        let was = [
            call("GET /Users/7", ""),
            call(
                "PATCH /Users/7",
                r#"{"Operations":[{"op":"replace","path":"title","value":"T"},{"op":"remove","path":"nickName"}]}"#,
            ),
        ];
        assert!(calls(&was, &was).is_empty());
        let now = [call("PATCH /Users/7", r#"{"Operations":[{"op":"replace","path":"title","value":"U"}]}"#)];
        let shown: Vec<_> = calls(&was, &now).iter().flat_map(Difference::lines).collect();
        assert_eq!(
            shown,
            [
                "  call    PATCH /Users/7",
                "          remove nickName: done → nothing",
                "          replace title: \"T\" → \"U\"",
                "  call  - GET /Users/7",
            ]
        );
        let other = [call("GET /Users/7", ""), call("PATCH /Users/8", r#"{"Operations":[]}"#)];
        let shown: Vec<_> = calls(&was, &other).iter().flat_map(Difference::lines).collect();
        assert_eq!(shown[..2], ["  call  - PATCH /Users/7", "  call  + PATCH /Users/8"]);
    }

    #[test]
    fn answers_are_compared_without_what_always_differs() {
        let value = |text: &str| Value::read(text.as_bytes(), &Limits::REQUEST).unwrap();
        let was = value(
            r#"{"schemas":["a"],"title":"T","meta":{"version":"1","location":"x","created":"c"},"emails":[{"value":"a"},{"value":"b"}]}"#,
        );
        let now = value(
            r#"{"schemas":["b"],"title":"U","meta":{"version":"2","location":"y","created":"c"},"emails":[{"value":"b"},{"value":"a"}]}"#,
        );
        assert_eq!(answer((200, Some(&was)), (200, Some(&now))), ["title: \"T\" → \"U\""]);
        assert_eq!(answer((200, Some(&was)), (409, None)), ["200 → 409"]);
    }
}
