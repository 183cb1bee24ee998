//! What was asked and answered, in the order of arrival.

use std::collections::VecDeque;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::message::{Reply, Request};

/// Older entries are forgotten, so that a simulator can run for days.
const KEPT: usize = 100_000;

/// One request and what became of it.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// Its number, from 1.
    pub seq: u64,
    /// When it arrived, in virtual time.
    pub at: Timestamp,
    /// The method.
    pub method: String,
    /// The path, as sent.
    pub path: String,
    /// The query, as sent, without the question mark; empty when there was none.
    pub query: String,
    /// The headers in the order of arrival, names in lower case. The token is among them.
    pub headers: Vec<(String, String)>,
    /// The body as JSON, as a string when it is none, `None` when there was none.
    pub body: Option<Value>,
    /// The body, byte for byte.
    pub raw: Bytes,
    /// The status sent; `None` while the answer is not there, and for good when it was never sent.
    pub status: Option<u16>,
    /// The body of the answer, when that is JSON.
    pub response: Option<Value>,
    /// The fault that struck.
    pub fault: Option<&'static str>,
    /// How long the answer took.
    pub ms: u64,
}

impl LogEntry {
    /// The first header of that name, which is written in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut headers: Map<String, Value> = Map::new();
        for (name, value) in &self.headers {
            let held = headers.get(name).and_then(Value::as_str).map(|held| format!("{held}, {value}"));
            headers.insert(name.clone(), json!(held.unwrap_or_else(|| value.clone())));
        }
        json!({
            "seq": self.seq,
            "at": self.at.to_string(),
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": headers,
            "body": self.body,
            "status": self.status,
            "response": self.response,
            "fault": self.fault,
            "ms": self.ms,
        })
    }
}

/// The log.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<LogEntry>,
    next: u64,
}

impl Journal {
    /// Writes down a request and gives the number of its entry.
    pub(crate) fn arrived(&mut self, request: &Request, at: Timestamp) -> u64 {
        self.next += 1;
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(LogEntry {
            seq: self.next,
            at,
            method: request.method.to_string(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: read(&request.body),
            raw: request.body.clone(),
            status: None,
            response: None,
            fault: None,
            ms: 0,
        });
        self.next
    }

    /// Notes what became of it.
    pub(crate) fn answered(&mut self, seq: u64, reply: Option<&Reply>, fault: Option<&'static str>, ms: u64) {
        // Looked for from the end, where it nearly always is; a reset in between has removed it.
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.seq == seq) {
            entry.status = reply.map(|reply| reply.status.as_u16());
            entry.response = reply.map(Reply::value).filter(|body| !body.is_null());
            entry.fault = fault;
            entry.ms = ms;
        }
    }

    pub(crate) fn entries(&self) -> Vec<LogEntry> {
        self.entries.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

fn read(body: &Bytes) -> Option<Value> {
    if body.is_empty() {
        return None;
    }
    Some(serde_json::from_slice(body).unwrap_or_else(|_| json!(String::from_utf8_lossy(body))))
}
