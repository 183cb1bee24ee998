//! The client stack: what happens to every call, in this order.
//!
//! deadline · trace · retry · place in the account (pause, rate, calls in flight) · authorisation · timeout of an attempt ·
//! pool and TLS. Each is a plain function that calls the next: [`Vendor::send`], `tries`, `attempt`, [`Pool::send`]. The ones
//! further in happen for each try: it pays for its place, takes the credential of its moment, and has its own timeout. A
//! place is waited for outside that timeout, which is the vendor's and not the queue's.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_MATCH, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, sleep, timeout_at};

use super::account::Account;
use super::auth::{Auth, Credential, InvalidToken};
use super::base::Base;
use super::buckets::Counted;
use super::connect::{Connector, Setup};
use super::failure::{Failure, Kind};
use super::pool::Pool;
use super::reply::Reply;
use super::retry::{Retries, RetryHeader};
use crate::clock::Clock;
use crate::secret::Secret;

/// What a vendor is called with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where.
    pub base: Base,
    /// With which token.
    pub token: Secret<String>,
    /// How it is presented.
    pub auth: Auth,
    /// Headers of every request; they take the place of ours of the same name, such as `Content-Type`. Values that are
    /// secret must be marked sensitive.
    pub headers: HeaderMap,
    /// Headers of the requests of one method; they take the place of those of every request.
    pub by_method: HashMap<Method, HeaderMap>,
    /// Who we say we are. Some vendors (GitHub) refuse a request without.
    pub user_agent: HeaderValue,
    /// Certificate authorities that the vendor's certificate must lead to, in place of the web's.
    pub roots: Vec<CertificateDer<'static>>,
    /// Networks of special addresses that the vendor's host *name* may resolve into.
    pub networks: Vec<IpNet>,
    /// For connecting: name, TCP and TLS. 3 s.
    pub connect: Duration,
    /// For one attempt, from the first byte to the last of the reply. 10 s.
    pub attempt: Duration,
    /// Before a second try, at least and at most: 100 to 400 ms, at random.
    pub spread: [Duration; 2],
    /// Bytes of a reply, which may be a page of many resources or a group of a hundred thousand members: 32 MiB.
    pub reply: usize,
    /// How it says how long to wait.
    pub retry: RetryHeader,
    /// What time it is, for a `Retry-After` that is a date.
    pub clock: Clock,
}

impl Options {
    /// The defaults.
    pub fn new(base: Base, token: Secret<String>) -> Self {
        Self {
            base,
            token,
            auth: Auth::Bearer,
            headers: HeaderMap::new(),
            by_method: HashMap::new(),
            user_agent: HeaderValue::from_static(concat!("scim-bridge/", env!("CARGO_PKG_VERSION"))),
            roots: Vec::new(),
            networks: Vec::new(),
            connect: Duration::from_secs(3),
            attempt: Duration::from_secs(10),
            spread: [Duration::from_millis(100), Duration::from_millis(400)],
            reply: 32 * 1024 * 1024,
            retry: RetryHeader::RetryAfter,
            clock: Clock::system(),
        }
    }
}

/// Why there is no [`Vendor`].
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The token.
    #[error(transparent)]
    Token(#[from] InvalidToken),
    /// One of the certificate authorities.
    #[error("a certificate authority of the vendor: {0}")]
    Root(#[from] rustls::Error),
}

/// Whether a call may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Twice is as good as once: reads, absolute writes, removals (RFC 9110 §9.2.2).
    Safe,
    /// Twice could do it twice: creates. Sent again only when nothing of it was done.
    Unsafe,
}

/// A call to be made. Not `Debug`: most of it is about people.
#[derive(Clone)]
pub struct Outgoing<'a> {
    /// The method.
    pub method: Method,
    /// The path below the base, a segment each; encoded here.
    pub segments: &'a [&'a str],
    /// The query, encoded here.
    pub query: &'a [(&'a str, &'a str)],
    /// How many operations the body holds; one, if it holds none.
    pub operations: u32,
    /// The body, sent as `application/scim+json`.
    pub body: Option<Bytes>,
    /// Whether it may be sent twice.
    pub repeat: Repeat,
    /// Whether it goes before others that wait (a revoke).
    pub urgent: bool,
    /// The version that the resource must have.
    pub if_match: Option<&'a str>,
    /// When there must be an outcome.
    pub deadline: Instant,
}

/// A vendor that can be called. Clones share connections, credential, budget and account.
#[derive(Clone)]
pub struct Vendor(Arc<Inner>);

struct Inner {
    base: Base,
    headers: HeaderMap,
    by_method: HashMap<Method, HeaderMap>,
    content_type: HeaderValue,
    credential: Credential,
    account: Account,
    retries: Retries,
    pool: Pool,
    attempt: Duration,
    limit: usize,
    retry: RetryHeader,
    clock: Clock,
}

impl Vendor {
    /// A vendor; `account` is shared with other integrations of the same account.
    ///
    /// # Errors
    /// A token or a certificate authority that is none.
    pub fn new(options: Options, account: Account) -> Result<Self, SetupError> {
        let connector = Connector::new(&Setup {
            secure: options.base.is_secure(),
            roots: &options.roots,
            networks: &options.networks,
            timeout: options.connect,
        })?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/scim+json, application/json"));
        headers.insert(USER_AGENT, options.user_agent);
        headers.extend(options.headers);
        let content_type =
            headers.remove(CONTENT_TYPE).unwrap_or_else(|| HeaderValue::from_static("application/scim+json"));
        Ok(Self(Arc::new(Inner {
            pool: Pool::new(&options.base, connector),
            base: options.base,
            headers,
            by_method: options.by_method,
            content_type,
            credential: Credential::new(options.auth, &options.token)?,
            account,
            retries: Retries::new(options.spread),
            attempt: options.attempt,
            limit: options.reply,
            retry: options.retry,
            clock: options.clock,
        })))
    }

    /// Uses another token from the next attempt on.
    ///
    /// # Errors
    /// The token is none; the one in use stays.
    pub fn replace_token(&self, token: &Secret<String>) -> Result<(), InvalidToken> {
        self.0.credential.replace(token)
    }

    /// The account it is called with.
    pub fn account(&self) -> &Account {
        &self.0.account
    }

    /// Makes a call. Ends at its deadline, whatever happens.
    ///
    /// # Errors
    /// There is no reply to give: see [`Failure`]. A status of 400 or 500 is a reply.
    pub async fn send(&self, call: &Outgoing<'_>) -> Result<Reply, Failure> {
        let inner = &*self.0;
        let url = inner
            .base
            .url(call.segments, call.query)
            .ok_or_else(|| Failure::not_sent("an id that cannot stand in a URL"))?;
        let headers = inner.headers(call)?;
        let started = Instant::now();
        let (tries, outcome) = inner.tries(call, &url, &headers).await;
        match &outcome {
            Ok(reply) => tracing::debug!(
                method = call.method.as_str(),
                status = reply.status.as_u16(),
                tries,
                micros = started.elapsed().as_micros() as u64,
                "the vendor replied"
            ),
            Err(failure) => tracing::debug!(method = call.method.as_str(), tries, %failure, "no reply"),
        }
        outcome
    }
}

impl Inner {
    /// What is the same for each try.
    fn headers(&self, call: &Outgoing<'_>) -> Result<HeaderMap, Failure> {
        let mut headers = self.headers.clone();
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, self.content_type.clone());
        }
        for (name, value) in self.by_method.get(&call.method).into_iter().flatten() {
            // What says of which kind a body is has no meaning without one.
            if *name != CONTENT_TYPE || call.body.is_some() {
                headers.insert(name, value.clone());
            }
        }
        if let Some(version) = call.if_match {
            headers.insert(IF_MATCH, HeaderValue::try_from(version).map_err(Failure::not_sent)?);
        }
        Ok(headers)
    }

    /// Retry: acts first, then asks whether to act again.
    async fn tries(
        &self,
        call: &Outgoing<'_>,
        url: &Uri,
        headers: &HeaderMap,
    ) -> (u32, Result<Reply, Failure>) {
        self.retries.called();
        let mut tries = 1;
        loop {
            let outcome = self.attempt(call, url, headers).await;
            let left = call.deadline.saturating_duration_since(Instant::now());
            match self.retries.again(&outcome, call.repeat, tries, left) {
                None => return (tries, outcome),
                Some(wait) => sleep(wait).await,
            }
            tries += 1;
        }
    }

    /// One try: its place in the account, the credential of the moment, its timeout.
    async fn attempt(&self, call: &Outgoing<'_>, url: &Uri, headers: &HeaderMap) -> Result<Reply, Failure> {
        let counted = Counted { method: &call.method, segments: call.segments, operations: call.operations };
        let _place = self.account.enter(call.urgent, call.deadline, counted).await?;
        let mut request = Request::new(Full::new(call.body.clone().unwrap_or_default()));
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = url.clone();
        *request.headers_mut() = headers.clone();
        request.headers_mut().insert(AUTHORIZATION, self.credential.header());
        let until = call.deadline.min(Instant::now() + self.attempt);
        let outcome =
            timeout_at(until, self.pool.send(request, self.limit, (&self.retry, self.clock.now()))).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Failure::ambiguous("it took too long")));
        if let Err(Failure { kind: Kind::Throttled { retry_after }, .. }) = outcome {
            self.account.pause(Instant::now() + retry_after);
        }
        outcome
    }
}
