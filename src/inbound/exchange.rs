//! The request id, and a request together with what the stack knows of it.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::CONNECTION;
use http::{HeaderName, HeaderValue, Request, StatusCode, Version};
use hyper::body::{Body as _, Incoming};
use tokio::time::Instant;

use super::body;
use super::connection::Connection;
use super::respond::{self, Patience, Reply};
use super::wrap::Around;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names one request in replies, logs and the audit trail: 13 characters of Crockford's base 32, unique in this process
/// and not guessable from the one before. Never taken from outside: it would be text of a stranger in our logs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId([u8; 13]);

impl RequestId {
    fn new(mut bits: u64) -> Self {
        let mut text = [0; 13];
        for digit in text.iter_mut().rev() {
            *digit = b"0123456789abcdefghjkmnpqrstvwxyz"[(bits & 31) as usize];
            bits >>= 5;
        }
        Self(text)
    }

    /// As text, of always the same length.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) fn for_tests() -> Self {
        Self::new(42)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where ids come from: a counter that starts anywhere, scrambled. Asks the system for randomness once.
#[derive(Debug)]
pub(super) struct Ids(AtomicU64);

impl Ids {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(RandomState::new().hash_one(0)))
    }

    fn next(&self) -> RequestId {
        // The finaliser of SplitMix64. Each step can be undone, so two counts never give one id.
        let mut bits = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        RequestId::new(bits ^ (bits >> 31))
    }
}

/// A request on its way in; boxed, since it passes through many hands and is large.
pub(super) struct Exchange {
    pub(super) request: Request<Incoming>,
    pub(super) id: RequestId,
    /// The connection it came in on.
    pub(super) connection: Arc<Connection>,
    /// When its head was read.
    pub(super) started: Instant,
    /// When it must have been answered.
    pub(super) due: Instant,
    /// How its client wants to hear "not now".
    pub(super) patience: Patience,
}

impl Exchange {
    /// Refuses the request with a SCIM error. Its body, if there is one, stays unread, so the connection ends.
    pub(super) fn refuse(self: Box<Self>, status: StatusCode, detail: &str) -> Box<Reply> {
        let reply = respond::error(status, None, detail, self.id);
        self.close(reply)
    }

    /// The same with a reply of the caller's.
    pub(super) fn close(self: Box<Self>, reply: Reply) -> Box<Reply> {
        let (version, body) = (self.request.version(), self.request.into_body());
        if body.is_end_stream() {
            return Box::new(reply);
        }
        body::skip(version, body);
        Box::new(respond::closing(reply))
    }
}

/// The layer that gives each request its id, its time and its connection; and each reply the header with the id.
#[derive(Clone, Debug)]
pub(super) struct Identify {
    pub(super) ids: Arc<Ids>,
    pub(super) deadline: Duration,
    pub(super) connection: Arc<Connection>,
}

impl Around for Identify {
    type In = Request<Incoming>;
    type Out = Box<Exchange>;
    type Held = (RequestId, Version);

    fn before(&self, request: Request<Incoming>) -> Result<(Self::Held, Box<Exchange>), Box<Reply>> {
        let id = self.ids.next();
        let connection = Arc::clone(&self.connection);
        let patience = Patience::of(request.headers());
        let held = (id, request.version());
        let started = Instant::now();
        let due = started + self.deadline;
        Ok((held, Box::new(Exchange { request, id, connection, started, due, patience })))
    }

    fn after((id, version): &mut Self::Held, reply: &mut Reply) {
        if let Ok(value) = HeaderValue::from_str(id.as_str()) {
            reply.headers_mut().insert(X_REQUEST_ID, value);
        }
        // HTTP/2 ends a stream, not a connection, and knows no such header (RFC 9113 §8.2.2).
        if *version == Version::HTTP_2 {
            reply.headers_mut().remove(CONNECTION);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_differ_and_keep_their_length() {
        let ids = Ids::new();
        let seen: HashSet<String> = (0..10_000).map(|_| ids.next().to_string()).collect();
        assert_eq!(seen.len(), 10_000);
        assert!(seen.iter().all(|id| id.len() == 13));
        assert_ne!(Ids::new().next(), Ids::new().next(), "two processes do not share a sequence");
    }
}
