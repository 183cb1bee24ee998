//! Who calls: from a path prefix and a bearer token to the integration they belong to.
//!
//! RFC 6750. A token is kept, and compared in constant time, as its SHA-256 alone. An unknown path, a missing token, a
//! wrong token and the token of another integration get one and the same answer after the same work, so that nobody learns
//! which integrations exist. Only a path that no integration could have is not found. Each request is judged by itself: nothing is remembered of a connection or an earlier request.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, StatusCode, Uri};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::connection::{Authenticated, Connection, origin};
use super::exchange::{Exchange, RequestId};
use super::respond::{self, Patience, Reply};
use super::trace;
use super::wrap::Around;
use crate::secret::Digest;

/// The door to one integration.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Where its URLs begin, such as `/acme/scim/v2`: whole segments of `A-Z a-z 0-9 . _ ~ -`, no slash at the end.
    pub path: String,
    /// Its name in logs.
    pub name: String,
    /// The tokens that open it; with none, it stays shut.
    pub digests: Vec<Digest>,
    /// How many requests it takes. 50 a second with bursts of 200 is a good default: Entra asks for 25 a second.
    pub rate: Quota,
}

/// What is wrong with a table of gates.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum GateError {
    /// The path is not one that a request could have.
    #[error("`{0}` is not a path of plain segments such as /acme/scim/v2")]
    Path(String),
    /// Two gates claim one path.
    #[error("`{0}` is the path of two integrations")]
    Twice(String),
}

/// A gate, compiled, with the integration behind it.
struct Entry<I> {
    name: String,
    digests: Vec<Digest>,
    quota: Quota,
    limiter: Arc<DefaultDirectRateLimiter>,
    integration: Arc<I>,
}

struct Table<I> {
    by_path: HashMap<String, Arc<Entry<I>>>,
    /// How many segments the paths have: each number once, the largest first, so that the longest path wins.
    depths: Vec<usize>,
    /// What follows the first segment of the paths: all that a refusal may give away of them.
    tails: HashSet<String>,
}

/// The gates of all integrations. Clones share one table, which can be replaced while requests are served.
pub struct Gates<I>(Arc<RwLock<Table<I>>>);

impl<I> Clone for Gates<I> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<I> Gates<I> {
    /// Compiles a table.
    ///
    /// # Errors
    /// The first path that cannot be, or is there twice.
    pub fn new(gates: impl IntoIterator<Item = (Gate, Arc<I>)>) -> Result<Self, GateError> {
        Ok(Self(Arc::new(RwLock::new(Table::compile(gates, None)?))))
    }

    /// Puts another table in the place of this one: requests that are being served keep what they have, the next one
    /// sees the new table. A gate that keeps its name and its rate keeps what was used up of the rate.
    ///
    /// # Errors
    /// As [`Gates::new`]; the table then stays as it is.
    pub fn replace(&self, gates: impl IntoIterator<Item = (Gate, Arc<I>)>) -> Result<(), GateError> {
        let table = {
            let old = self.0.read().unwrap_or_else(PoisonError::into_inner);
            Table::compile(gates, Some(&old))?
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = table;
        Ok(())
    }

    /// The gate for a path that is plain (see [`super::strict`]), and the length of its prefix.
    fn find(&self, path: &str) -> Option<(Arc<Entry<I>>, usize)> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        table.depths.iter().find_map(|&depth| {
            let prefix = first_segments(path, depth)?;
            table.by_path.get(prefix).map(|entry| (Arc::clone(entry), prefix.len()))
        })
    }

    /// Whether the path could be of an integration, for all a stranger knows: `/anything/scim/v2/Users` could.
    fn could_be(&self, path: &str) -> bool {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut prefixes = table.depths.iter().filter_map(|&depth| first_segments(path, depth));
        prefixes.any(|prefix| table.tails.contains(tail(prefix)))
    }
}

impl<I> Table<I> {
    fn compile(
        gates: impl IntoIterator<Item = (Gate, Arc<I>)>,
        old: Option<&Self>,
    ) -> Result<Self, GateError> {
        let old: HashMap<&str, &Arc<Entry<I>>> = old
            .iter()
            .flat_map(|table| table.by_path.values())
            .map(|entry| (entry.name.as_str(), entry))
            .collect();
        let mut table = Self { by_path: HashMap::new(), depths: Vec::new(), tails: HashSet::new() };
        for (gate, integration) in gates {
            let Gate { path, name, digests, rate: quota } = gate;
            if !is_prefix(&path) {
                return Err(GateError::Path(path));
            }
            table.depths.push(path.matches('/').count());
            table.tails.insert(tail(&path).into());
            let limiter = match old.get(name.as_str()) {
                Some(entry) if entry.quota == quota => Arc::clone(&entry.limiter),
                _ => Arc::new(RateLimiter::direct(quota)),
            };
            let entry = Arc::new(Entry { name, digests, quota, limiter, integration });
            if table.by_path.insert(path.clone(), entry).is_some() {
                return Err(GateError::Twice(path));
            }
        }
        table.depths.sort_unstable_by(|one, other| other.cmp(one));
        table.depths.dedup();
        Ok(table)
    }
}

fn is_prefix(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    path.strip_prefix('/').is_some_and(|path| {
        path.split('/').all(|segment| {
            !matches!(segment, "" | "." | "..") && segment.len() <= 128 && segment.bytes().all(plain)
        })
    })
}

/// What follows the first segment.
fn tail(path: &str) -> &str {
    path.get(1..).and_then(|path| path.find('/')).map_or("", |slash| &path[1 + slash..])
}

/// The beginning of a path that has so many segments.
fn first_segments(path: &str, count: usize) -> Option<&str> {
    let mut slashes = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/').map(|(at, _)| at);
    match slashes.nth(count) {
        Some(end) => Some(&path[..end]),
        None => (path.bytes().filter(|byte| *byte == b'/').count() == count).then_some(path),
    }
}

/// What an authenticated request is known by.
pub struct Caller<I> {
    entry: Arc<Entry<I>>,
    prefix: usize,
    id: RequestId,
    due: Instant,
    patience: Patience,
    connection: Arc<Connection>,
}

impl<I> Caller<I> {
    /// The integration it is meant for.
    pub fn integration(&self) -> &Arc<I> {
        &self.entry.integration
    }

    /// The path after the integration's own: empty, or beginning with a slash and not ending in one. Its segments are
    /// decoded and consist of letters, digits and `. _ ~ @ + -` (and `:` in a `urn:`); none is empty, `.` or `..`.
    pub fn path<'a>(&self, uri: &'a Uri) -> &'a str {
        uri.path().get(self.prefix..).unwrap_or_default()
    }

    /// The id of the request.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// When it must have been answered; whatever still runs then is dropped.
    pub fn due(&self) -> Instant {
        self.due
    }

    /// How the client wants to hear "not now".
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// The connection it came in on.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// A request that has passed its gate. Nothing behind this layer can be reached without one.
pub(super) struct Admitted<I> {
    entry: Arc<Entry<I>>,
    prefix: usize,
    pub(super) exchange: Box<Exchange>,
}

impl<I> Admitted<I> {
    /// Takes one from the integration's rate: how long there will be none, or `None` when there was one.
    pub(super) fn over_rate(&self) -> Option<Duration> {
        let limiter = &self.entry.limiter;
        limiter.check().err().map(|until| until.wait_time_from(limiter.clock().now()))
    }

    /// What a handler is given.
    pub(super) fn into_parts(self) -> (Caller<I>, Request<Incoming>) {
        let Self { entry, prefix, exchange } = self;
        let Exchange { request, id, connection, due, patience, .. } = *exchange;
        (Caller { entry, prefix, id, due, patience, connection }, request)
    }
}

/// What anybody may read whose path no integration could have.
const NO_SUCH_PATH: &str = "No SCIM endpoint is at this path: a base URL is such as /NAME/scim/v2, as the bridge's operator gave it.";

/// Failed attempts, by address.
type Failures = RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>;

/// The layer.
pub(super) struct Authn<I> {
    gates: Gates<I>,
    failures: Arc<Failures>,
}

impl<I> Clone for Authn<I> {
    fn clone(&self) -> Self {
        Self { gates: self.gates.clone(), failures: Arc::clone(&self.failures) }
    }
}

impl<I> Authn<I> {
    pub(super) fn new(gates: Gates<I>, failures: Quota) -> Self {
        Self { gates, failures: Arc::new(RateLimiter::hashmap(failures)) }
    }

    /// The answer to a failed attempt. Only failures are counted and only failures are slowed down: behind a proxy
    /// everybody has one address, and a guess is hopeless anyway (256 bits). What this saves is work and log lines.
    fn refuse(&self, exchange: Box<Exchange>) -> Box<Reply> {
        if self.failures.len() > 10_000 {
            self.failures.retain_recent();
        }
        let reply = match self.failures.check_key(&origin(exchange.connection.peer().ip())) {
            Ok(()) => respond::unauthenticated(exchange.id),
            Err(until) => {
                let wait = until.wait_time_from(self.failures.clock().now());
                respond::too_fast(wait.as_secs() + 1, "Too many failed attempts.", exchange.id)
            }
        };
        exchange.close(reply)
    }
}

impl<I> Around for Authn<I> {
    type In = Box<Exchange>;
    type Out = Admitted<I>;
    type Held = Authenticated;

    fn before(&self, exchange: Box<Exchange>) -> Result<(Authenticated, Admitted<I>), Box<Reply>> {
        let uri = exchange.request.uri();
        // RFC 6750 §2: one method of presenting a token; ours is the header, since a URI ends up in logs.
        let token = bearer(exchange.request.headers()).filter(|_| !names_a_token(uri));
        let presented = Digest::of(token.unwrap_or_default());
        let gate = self.gates.find(uri.path());
        let digests = gate.as_ref().map_or(&[][..], |(entry, _)| &entry.digests);
        // All of them, whichever matches: which one it was is not to be told by time either.
        let known = digests.iter().fold(false, |known, digest| known | digest.matches(&presented));
        match gate {
            Some((entry, prefix)) if known && token.is_some() => {
                trace::integration(&entry.name);
                let held = exchange.connection.authenticated();
                Ok((held, Admitted { entry, prefix, exchange }))
            }
            None if !self.gates.could_be(uri.path()) => {
                tracing::info!("refused: no integration has such a path");
                Err(exchange.refuse(StatusCode::NOT_FOUND, NO_SUCH_PATH))
            }
            gate => {
                // The operator may know what the client may not.
                match (&gate, token) {
                    (None, _) => tracing::info!("refused: no integration has this path"),
                    (Some((entry, _)), None) => {
                        trace::integration(&entry.name);
                        tracing::info!("refused: there is no bearer token, or more than one");
                    }
                    (Some((entry, _)), Some(_)) => {
                        trace::integration(&entry.name);
                        tracing::info!("refused: the token is not one of this integration's");
                    }
                }
                Err(self.refuse(exchange))
            }
        }
    }
}

/// The token of the one `Authorization: Bearer` header; of none when there are two. The scheme is compared without regard
/// to case (RFC 9110 §11.1).
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    (scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty()).then(|| token.trim_ascii_start())
}

fn names_a_token(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("access_token=")))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn gate(path: &str) -> (Gate, Arc<String>) {
        let rate = Quota::per_second(NonZeroU32::MIN);
        let gate = Gate { path: path.into(), name: path.into(), digests: Vec::new(), rate };
        (gate, Arc::new(path.into()))
    }

    fn found(gates: &Gates<String>, path: &str) -> Option<String> {
        gates.find(path).map(|(entry, prefix)| format!("{}|{}", entry.integration, &path[prefix..]))
    }

    #[test]
    fn a_gate_is_found_at_whole_segments_and_the_longest_wins() {
        let gates = Gates::new(["/acme/scim/v2", "/scim/v2", "/acme"].map(gate)).ok().unwrap();
        for (path, expected) in [
            ("/acme/scim/v2/Users/1", Some("/acme/scim/v2|/Users/1")),
            ("/acme/scim/v2", Some("/acme/scim/v2|")),
            ("/scim/v2/Users", Some("/scim/v2|/Users")),
            ("/acme/scim/v20/Users", Some("/acme|/scim/v20/Users")),
            ("/acme2/scim/v2/Users", None),
            ("/scim", None),
            ("/", None),
        ] {
            assert_eq!(found(&gates, path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn what_is_not_there_looks_like_what_is_shut_if_it_could_be_there() {
        let gates = Gates::new(["/acme/scim/v2", "/a/b"].map(gate)).ok().unwrap();
        for path in ["/other/scim/v2/Users", "/acme/scim/v2", "/x/b/c"] {
            assert!(gates.could_be(path), "{path}");
        }
        for path in ["/", "/admin/routes", "/metrics", "/acme/scim", "/acme/scim/v1/Users"] {
            assert!(!gates.could_be(path), "{path}");
        }
    }

    #[test]
    fn a_table_with_a_mistake_replaces_nothing() {
        let gates = Gates::new([gate("/a/scim/v2")]).ok().unwrap();
        for bad in ["", "/", "a/b", "/a/", "/a//b", "/a/../b", "/a b", "/a/%41", "/é"] {
            assert_eq!(gates.replace([gate(bad)]), Err(GateError::Path(bad.into())));
        }
        assert_eq!(gates.replace([gate("/b"), gate("/b")]), Err(GateError::Twice("/b".into())));
        assert!(found(&gates, "/a/scim/v2").is_some());
        assert_eq!(gates.replace([gate("/b")]), Ok(()));
        assert!(found(&gates, "/a/scim/v2").is_none() && found(&gates, "/b/Users").is_some());
    }

    #[test]
    fn a_replaced_table_does_not_give_the_rate_back() {
        let gates = Gates::new([gate("/a")]).ok().unwrap();
        let limiter = |gates: &Gates<String>| Arc::clone(&gates.find("/a").unwrap().0.limiter);
        assert!(limiter(&gates).check().is_ok());
        gates.replace([gate("/a")]).unwrap();
        assert!(limiter(&gates).check().is_err(), "the one cell of this second is used up");
    }

    #[test]
    fn one_bearer_token_is_a_token_and_nothing_else_is() {
        let header = |values: &[&str]| {
            HeaderMap::from_iter(values.iter().map(|value| (AUTHORIZATION, value.parse().unwrap())))
        };
        for (values, token) in [
            (&["Bearer t"][..], Some(&b"t"[..])),
            (&["bEARER   t"], Some(b"t")),
            (&["Bearer t", "Bearer t"], None),
            (&["Bearer t", "Basic dTpw"], None),
            (&["Bearer"], None),
            (&["Bearer "], None),
            (&["Basic dTpw"], None),
            (&["BearerXt"], None),
            (&[""], None),
            (&[], None),
        ] {
            assert_eq!(bearer(&header(values)), token, "{values:?}");
        }
    }
}
