//! The lines of a capture.

use crate::bridge::{Step, Told};
use crate::scim::json::{Limits, Value};

use super::Pseudonyms;

/// The version of the form.
const FORMAT: i64 = 1;

/// One line.
#[derive(Clone, Debug)]
pub enum Line {
    /// A bridge began to record: what it remembered before is not in the capture.
    Start,
    /// Requests that could not be written, because they came too fast.
    Lost(u64),
    /// A request.
    Request(Box<Recorded>),
}

/// A request, the calls that were made for it, and its answer.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The name of the integration.
    pub integration: String,
    /// The method.
    pub method: String,
    /// The path and query.
    pub target: String,
    /// The headers that tell how the client speaks.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Value>,
    /// What was asked of the vendor, and what it answered.
    pub calls: Vec<VendorCall>,
    /// The status of the answer.
    pub status: u16,
    /// The body of the answer.
    pub answer: Option<Value>,
}

/// A call to the vendor.
#[derive(Clone, Debug, PartialEq)]
pub struct VendorCall {
    /// `PATCH /Users/7`, with the query as it is read.
    pub line: String,
    /// What was sent.
    pub body: Option<Value>,
    /// The status of the answer; `None` where there was none.
    pub status: Option<u16>,
    /// The body of the answer.
    pub reply: Option<Value>,
    /// The id at the end of its `Location`.
    pub located: Option<String>,
}

impl Recorded {
    /// What is recorded of a request.
    pub fn of(told: Told) -> Self {
        let call = |step: Step| match step {
            Step::Called { line, body, status, reply, located, .. } => {
                Some(VendorCall { line, body, status, reply, located: located.map(Into::into) })
            }
            _ => None,
        };
        Self {
            integration: told.integration.into(),
            method: told.method,
            target: told.path,
            headers: told.headers,
            body: told.body,
            calls: told.steps.into_iter().filter_map(call).collect(),
            status: told.status,
            answer: told.answer,
        }
    }

    /// Puts pseudonyms into every place that may hold something personal. Passwords have been taken out.
    pub fn disguise(&mut self, pseudonyms: &Pseudonyms) {
        self.target = pseudonyms.target(&self.target);
        let bodies = self.body.iter_mut().chain(self.answer.iter_mut());
        bodies.for_each(|body| pseudonyms.body(body));
        for call in &mut self.calls {
            call.line = disguised_line(&call.line, pseudonyms);
            call.body.iter_mut().chain(call.reply.iter_mut()).for_each(|body| pseudonyms.body(body));
            call.located = call.located.as_deref().map(|id| pseudonyms.text(id));
        }
    }

    /// As a line.
    pub fn to_json(&self) -> String {
        let mut out = Value::object();
        out.set("format", FORMAT);
        out.set("integration", self.integration.as_str());
        out.set("method", self.method.as_str());
        out.set("target", self.target.as_str());
        out.set(
            "headers",
            self.headers
                .iter()
                .map(|(name, value)| (name.as_str(), Value::from(value.as_str())))
                .collect::<Value>(),
        );
        set(&mut out, "body", self.body.as_ref());
        let calls = self.calls.iter().map(|call| {
            let mut out = Value::object();
            out.set("call", call.line.as_str());
            set(&mut out, "body", call.body.as_ref());
            if let Some(status) = call.status {
                out.set("status", i64::from(status));
            }
            set(&mut out, "reply", call.reply.as_ref());
            if let Some(located) = &call.located {
                out.set("located", located.as_str());
            }
            out
        });
        out.set("calls", calls.collect::<Vec<_>>());
        out.set("status", i64::from(self.status));
        set(&mut out, "answer", self.answer.as_ref());
        out.to_json()
    }
}

impl Line {
    /// The line that begins a recording.
    pub fn start(values: &str) -> String {
        let mut out = Value::object();
        out.set("format", FORMAT);
        out.set("starts", values);
        out.to_json()
    }

    /// The line that says how much is missing.
    pub fn lost(requests: u64) -> String {
        let mut out = Value::object();
        out.set("format", FORMAT);
        out.set("lost", i64::try_from(requests).unwrap_or(i64::MAX));
        out.to_json()
    }

    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let line = Value::read(text.as_bytes(), &Limits::REPLY)
            .map_err(|error| format!("it is not JSON: {error}"))?;
        let number = |of: &Value, name: &str| of.get(name).and_then(Value::as_i64);
        match number(&line, "format") {
            Some(FORMAT) => {}
            Some(other) => return Err(format!("its format is {other}, and this program knows {FORMAT}")),
            None => return Err("it has no `format`: it is not of a capture".to_owned()),
        }
        if line.has("starts") {
            return Ok(Self::Start);
        }
        if let Some(lost) = number(&line, "lost") {
            return Ok(Self::Lost(lost.unsigned_abs()));
        }
        let text_at = |of: &Value, name: &str| of.text_at(name).map(str::to_owned);
        let needed = |name: &str| text_at(&line, name).ok_or(format!("it has no `{name}`"));
        let status = |of: &Value| number(of, "status").and_then(|status| u16::try_from(status).ok());
        let call = |call: &Value| {
            Some(VendorCall {
                line: text_at(call, "call")?,
                body: call.get("body").cloned(),
                status: status(call),
                reply: call.get("reply").cloned(),
                located: text_at(call, "located"),
            })
        };
        let headers = line.get("headers").cloned().unwrap_or_default();
        let header = |(name, value): (&str, &Value)| Some((name.to_owned(), value.as_str()?.to_owned()));
        Ok(Self::Request(Box::new(Recorded {
            integration: needed("integration")?,
            method: needed("method")?,
            target: needed("target")?,
            headers: headers.members().filter_map(header).collect(),
            body: line.get("body").cloned(),
            calls: line.get("calls").map(Value::items).unwrap_or_default().iter().filter_map(call).collect(),
            status: status(&line).ok_or("it has no `status`")?,
            answer: line.get("answer").cloned(),
        })))
    }
}

fn set(out: &mut Value, name: &str, value: Option<&Value>) {
    if let Some(value) = value {
        out.set(name, value.clone());
    }
}

/// A call's line: its query stands as it is read, not encoded.
fn disguised_line(line: &str, pseudonyms: &Pseudonyms) -> String {
    let (head, query) = line.split_once('?').map_or((line, None), |(head, query)| (head, Some(query)));
    let head = match head.match_indices('/').nth(1) {
        Some((at, _)) => format!("{}/{}", &head[..at], pseudonyms.text(&head[at + 1..])),
        None => head.to_owned(),
    };
    let Some(query) = query else { return head };
    let parameter = |pair: &str| match pair.split_once('=') {
        Some((name, value)) => format!("{name}={}", pseudonyms.parameter(name, value)),
        // A part of a filter that holds the separator.
        None => pseudonyms.quoted(pair),
    };
    format!("{head}?{}", parts(query).into_iter().map(parameter).collect::<Vec<_>>().join("&"))
}

/// The parameters of a query that is not encoded: a separator within quotation marks is a part of a text.
fn parts(query: &str) -> Vec<&str> {
    let (mut out, mut from, mut within, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in query.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if within => escaped = true,
            b'"' => within = !within,
            b'&' if !within => {
                out.push(&query[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    out.push(&query[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
    }

    fn recorded() -> Recorded {
        Recorded {
            integration: "acme".to_owned(),
            method: "POST".to_owned(),
            target: "/acme/scim/v2/Users".to_owned(),
            headers: vec![("user-agent".to_owned(), "Okta".to_owned())],
            body: Some(value(r#"{"userName":"ana@x","password":"hunter2"}"#)),
            calls: vec![
                VendorCall {
                    line: r#"GET /Users?filter=userName eq "ana&b"&count=2"#.to_owned(),
                    body: None,
                    status: Some(200),
                    reply: Some(value(r#"{"totalResults":0,"Resources":[]}"#)),
                    located: None,
                },
                VendorCall {
                    line: "POST /Users".to_owned(),
                    body: Some(value(r#"{"userName":"ana@x","password":"hunter2"}"#)),
                    status: Some(201),
                    reply: None,
                    located: Some("u7".to_owned()),
                },
            ],
            status: 201,
            answer: Some(value(r#"{"id":"u7","userName":"ana@x"}"#)),
        }
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let text = recorded().to_json();
        let Line::Request(read) = Line::read(&text).unwrap() else { panic!("{text}") };
        assert_eq!(read.to_json(), text);
        assert!(matches!(Line::read(&Line::start("pseudonyms")), Ok(Line::Start)));
        assert!(matches!(Line::read(&Line::lost(3)), Ok(Line::Lost(3))));
        for (wrong, says) in [
            ("{", "not JSON"),
            ("{}", "no `format`"),
            (r#"{"format":2}"#, "its format is 2"),
            (r#"{"format":1,"integration":"a","method":"GET"}"#, "no `target`"),
        ] {
            assert!(Line::read(wrong).unwrap_err().contains(says), "{wrong}");
        }
    }

    #[test]
    fn nothing_personal_is_left_in_disguise_and_no_password_ever() {
        let mut plain = recorded();
        plain.without_passwords();
        assert!(!plain.to_json().contains("hunter2") && plain.to_json().contains("ana@x"));
        let mut disguised = recorded();
        disguised.without_passwords();
        disguised.disguise(&Pseudonyms::new([3; 32], &[], &[]));
        let text = disguised.to_json();
        for gone in ["ana", "hunter2", "u7"] {
            assert!(!text.contains(gone), "{gone} in {text}");
        }
        assert!(disguised.calls[0].line.ends_with("&count=2"), "{text}");
        let id = disguised.answer.as_ref().and_then(|answer| answer.text_at("id"));
        assert_eq!(id, disguised.calls[1].located.as_deref());
    }
}
