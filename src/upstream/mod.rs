#![allow(clippy::unwrap_used)]
//! stand-in
#![allow(missing_docs)]
use crate::secret::Secret;
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
#[derive(Clone, Debug)]
pub struct Base(String);
impl Base {
    pub fn parse(t: &str, _i: bool) -> Result<Self, String> {
        if t.starts_with("http") {
            Ok(Self(t.trim_end_matches('/').to_owned()))
        } else {
            Err("not a URL".into())
        }
    }
}
pub struct Account;
impl Account {
    pub fn new(_: Option<governor::Quota>, _: Option<usize>) -> Self {
        Self
    }
}
pub struct Options {
    pub base: Base,
    pub token: Secret<String>,
    pub headers: Vec<(String, String)>,
    pub extra_roots: Vec<rustls_pki_types::CertificateDer<'static>>,
    pub networks: Vec<ipnet::IpNet>,
}
impl Options {
    pub fn new(base: Base, token: Secret<String>) -> Self {
        Self { base, token, headers: vec![], extra_roots: vec![], networks: vec![] }
    }
}
pub struct Vendor {
    o: Options,
    c: Client<HttpConnector, Full<Bytes>>,
}
pub enum Repeat {
    Safe,
    Unsafe,
}
pub struct Outgoing<'a> {
    pub method: Method,
    pub segments: &'a [&'a str],
    pub query: &'a [(&'a str, &'a str)],
    pub body: Option<Bytes>,
    pub repeat: Repeat,
    pub urgent: bool,
    pub if_match: Option<&'a str>,
    pub deadline: Instant,
}
pub struct Reply {
    pub status: StatusCode,
    pub body: Bytes,
    pub location: Option<String>,
}
#[derive(Debug)]
pub struct Failure {
    pub kind: FailureKind,
}
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}
#[derive(Debug)]
pub enum FailureKind {
    NotSent,
    Ambiguous,
    Throttled { retry_after: Duration },
    TooLarge,
    Redirect,
    Unauthorised,
    Overdue,
}
impl Vendor {
    pub fn new(o: Options, _: Arc<Account>) -> Result<Self, std::io::Error> {
        Ok(Self { o, c: Client::builder(hyper_util::rt::TokioExecutor::new()).build_http() })
    }
    pub async fn send(&self, g: Outgoing<'_>) -> Result<Reply, Failure> {
        let enc = |t: &str| {
            percent_encoding::utf8_percent_encode(t, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let mut u = self.o.base.0.clone();
        for s in g.segments {
            u.push('/');
            u.push_str(&enc(s).replace("%2D", "-").replace("%2E", "."));
        }
        if !g.query.is_empty() {
            u.push('?');
            u.push_str(&g.query.iter().map(|(n, v)| format!("{n}={}", enc(v))).collect::<Vec<_>>().join("&"));
        }
        let mut r = http::Request::builder()
            .method(g.method)
            .uri(u)
            .header("authorization", format!("Bearer {}", self.o.token.expose()))
            .header("accept", "application/scim+json");
        for (n, v) in &self.o.headers {
            r = r.header(n.as_str(), v.as_str());
        }
        if g.body.is_some() {
            r = r.header("content-type", "application/scim+json");
        }
        let resp = self
            .c
            .request(r.body(Full::new(g.body.unwrap_or_default())).unwrap())
            .await
            .map_err(|_| Failure { kind: FailureKind::NotSent })?;
        let status = resp.status();
        let location = resp.headers().get("location").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let body = resp
            .into_body()
            .collect()
            .await
            .map_err(|_| Failure { kind: FailureKind::Ambiguous })?
            .to_bytes();
        if status == 401 {
            return Err(Failure { kind: FailureKind::Unauthorised });
        }
        Ok(Reply { status, body, location })
    }
}
