//! Passwords, taken out of a record wherever they stand: under their own name, where a rule has copied them, in what a
//! vendor answers about them, and in filters that ask about them. Neither they nor a pseudonym of their length is kept.

use std::collections::BTreeSet;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::Recorded;
use crate::scim::json::Value;

/// The attribute (RFC 7643 §4.1.1).
const PASSWORD: &str = "password";
/// A shorter password is looked for as a whole value only: within texts it would be found by chance.
const LONG: usize = 6;

impl Recorded {
    /// Takes every password out.
    pub fn without_passwords(&mut self) {
        let mut known = BTreeSet::new();
        let calls = self.calls.iter().flat_map(|call| call.body.iter());
        self.body.iter().chain(calls).for_each(|body| gather(body, &mut known));
        let calls = self.calls.iter_mut().flat_map(|call| call.body.iter_mut().chain(call.reply.iter_mut()));
        self.body.iter_mut().chain(self.answer.iter_mut()).chain(calls).for_each(|body| take(body, &known));
        if let Some((path, query)) = self.target.split_once('?') {
            self.target = format!("{path}?{}", query.split('&').map(parameter).collect::<Vec<_>>().join("&"));
        }
        for call in self.calls.iter_mut().filter(|call| names_it(&call.line)) {
            call.line = without_literals(&call.line);
        }
    }
}

/// Whether a name, with a schema or an attribute before it, is the password's.
fn is_password(name: &str) -> bool {
    name.rsplit([':', '.']).next().unwrap_or(name).eq_ignore_ascii_case(PASSWORD)
}

fn names_it(text: &str) -> bool {
    text.to_ascii_lowercase().contains(PASSWORD)
}

/// The passwords that a body sets.
fn gather(value: &Value, known: &mut BTreeSet<String>) {
    value.items().iter().for_each(|item| gather(item, known));
    // An operation says with its path what its value is.
    let whole = value.text_at("path").is_some_and(is_password);
    for (name, inner) in value.members() {
        match inner.scalar_text() {
            Some(text) if is_password(name) || (whole && name.eq_ignore_ascii_case("value")) => {
                known.extend((!text.is_empty()).then(|| text.to_owned()));
            }
            _ => gather(inner, known),
        }
    }
}

fn take(value: &mut Value, known: &BTreeSet<String>) {
    let is_one = |inner: &Value| inner.scalar_text().is_some_and(|text| holds(text, known));
    if let Some(items) = value.items_mut() {
        items.retain(|item| !is_one(item));
        items.iter_mut().for_each(|item| take(item, known));
        return;
    }
    value.retain(|name, inner| {
        if name.eq_ignore_ascii_case("filter")
            && let Some(filter) = inner.as_str().filter(|filter| names_it(filter))
        {
            *inner = without_literals(filter).into();
        }
        take(inner, known);
        !is_password(name) && !is_one(inner)
    });
}

fn holds(text: &str, known: &BTreeSet<String>) -> bool {
    known.contains(text) || known.iter().any(|secret| secret.len() >= LONG && text.contains(secret.as_str()))
}

/// A parameter of a URL; of a filter that asks about a password, without what it asks for.
fn parameter(pair: &str) -> String {
    let Some((name, value)) = pair.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("filter"))
    else {
        return pair.to_owned();
    };
    let filter = percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned();
    if !names_it(&filter) {
        return pair.to_owned();
    }
    format!("{name}={}", utf8_percent_encode(&without_literals(&filter), NON_ALPHANUMERIC))
}

/// A filter with empty texts in the place of those that it compares with.
fn without_literals(filter: &str) -> String {
    let (mut out, mut within, mut escaped) = (String::with_capacity(filter.len()), false, false);
    for c in filter.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if within => escaped = true,
            '"' => {
                within = !within;
                out.push(c);
            }
            _ if within => {}
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::VendorCall;
    use super::*;
    use crate::scim::json::Limits;

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
    }

    fn recorded(target: &str, body: &str, sent: &str, reply: &str) -> Recorded {
        let call = VendorCall {
            line: r#"GET /Users?filter=password eq "hunter2""#.to_owned(),
            body: Some(value(sent)),
            status: Some(400),
            reply: Some(value(reply)),
            located: None,
        };
        Recorded {
            integration: "acme".to_owned(),
            method: "PATCH".to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Some(value(body)),
            calls: vec![call],
            status: 400,
            answer: None,
        }
    }

    #[test]
    fn a_password_is_taken_out_wherever_it_stands() {
        for body in [
            r#"{"userName":"a","password":"hunter2"}"#,
            r#"{"Operations":[{"op":"replace","path":"password","value":"hunter2"}]}"#,
            r#"{"Operations":[{"Op":"Replace","Value":"hunter2","Path":"urn:ietf:params:scim:schemas:core:2.0:User:Password"}]}"#,
            r#"{"Operations":[{"op":"add","value":{"active":true,"Password":"hunter2"}}]}"#,
            r#"{"filter":"password eq \"hunter2\""}"#,
        ] {
            let mut one = recorded(
                "/acme/scim/v2/Users?filter=password%20eq%20%22hunter2%22&count=1",
                body,
                r#"{"title":"hunter2","roles":["hunter2","r"],"password":"hunter2"}"#,
                r#"{"detail":"hunter2 is too short","status":"400"}"#,
            );
            one.without_passwords();
            let text = one.to_json();
            assert!(!text.contains("hunter2"), "{body}: {text}");
            // Nothing stands in its place, of its length or otherwise.
            assert!(!one.body.as_ref().unwrap().to_json().contains("\"value\":\""), "{text}");
            assert!(text.contains("count=1") && text.contains(r#""roles":["r"]"#), "{text}");
        }
    }

    #[test]
    fn short_passwords_are_taken_as_whole_values_and_others_stay() {
        let mut one =
            recorded("/Users/7", r#"{"userName":"anabel","password":"ana"}"#, r#"{"title":"ana"}"#, "{}");
        one.without_passwords();
        let text = one.to_json();
        assert!(text.contains("anabel") && !text.contains(r#""ana""#), "{text}");
    }
}
