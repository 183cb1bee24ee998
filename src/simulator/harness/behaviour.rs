//! What a simulated vendor is, and the world that it acts in.

use std::collections::VecDeque;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::counters::Counters;
use super::ids::Ids;
use super::knobs::Knobs;
use super::membership::Membership;
use super::message::{Reply, Request};
use super::time::VirtualTime;
use super::tokens::Tokens;

/// A vendor.
pub(crate) trait Behaviour: Send {
    /// Answers one request.
    fn answer(&mut self, request: &Request, world: &mut World) -> Reply;

    /// Makes a token, as its console does.
    fn make_token(&mut self, arguments: &Value, world: &mut World) -> Result<String, Refused>;

    /// Does what a person does in its console.
    fn console(&mut self, action: &str, arguments: &Value, world: &mut World) -> Result<Value, Refused>;

    /// Everything that it holds, as an object.
    fn state(&self, world: &World) -> Value;
}

/// Why the console or the control plane refuses something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status that says so over the control plane: 400, 404 or 409.
    pub status: u16,
    /// What is wrong, in words.
    pub detail: String,
}

impl Refused {
    /// The order makes no sense.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self { status: 400, detail: detail.into() }
    }

    /// There is no such thing.
    pub(crate) fn unknown(detail: impl Into<String>) -> Self {
        Self { status: 404, detail: detail.into() }
    }

    /// The vendor does not allow it.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self { status: 409, detail: detail.into() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Refused {}

/// All that a vendor shares with the harness.
pub(crate) struct World {
    pub(crate) time: VirtualTime,
    pub(crate) ids: Ids,
    pub(crate) knobs: Knobs,
    pub(crate) counters: Counters,
    pub(crate) members: Membership,
    pub(crate) tokens: Tokens,
    /// The URL of the SCIM endpoint, without a slash at the end.
    pub(crate) base_url: String,
    /// The path of that URL.
    pub(crate) base_path: &'static str,
    /// When the last requests within the limit came.
    pub(crate) admitted: VecDeque<Timestamp>,
}

impl World {
    pub(crate) fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Whether this request is within the `rps` knob: so many in any second of virtual time, 0 for no limit.
    pub(crate) fn admit(&mut self) -> bool {
        let limit = self.knobs.count("rps");
        let now = self.now();
        let past = now.checked_sub(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MIN);
        while self.admitted.front().is_some_and(|at| *at <= past) {
            self.admitted.pop_front();
        }
        if limit > 0 && self.admitted.len() as u64 >= limit {
            self.counters.rate_violations += 1;
            return false;
        }
        self.admitted.push_back(now);
        true
    }

    /// Makes a token that ends all others and never ends itself: a console of the plain kind.
    pub(crate) fn plain_token(&mut self, arguments: &Value) -> String {
        let made = self.ids.hex(40);
        let token = arguments.get("value").and_then(Value::as_str).unwrap_or(&made).to_owned();
        self.tokens.revoke(None);
        self.tokens.issue(&token, self.now(), None, "");
        token
    }

    /// The answer 401 to a request without a good token.
    pub(crate) fn authenticate(&self, request: &Request) -> Result<(), Reply> {
        match self.tokens.find(request.bearer(), self.now()) {
            Some(_) => Ok(()),
            None => Err(Reply::error(401, None, "Unauthorized").header("www-authenticate", "Bearer")),
        }
    }

    /// The URL of a resource.
    pub(crate) fn location(&self, endpoint: &str, id: &str) -> String {
        format!("{}/{endpoint}/{id}", self.base_url)
    }
}
