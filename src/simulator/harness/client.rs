//! A small client for the tests of the simulators.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::simulator::Simulator;

/// Sends requests to one base URL with one set of headers.
#[derive(Clone)]
pub(crate) struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
    base: String,
    headers: Vec<(String, String)>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn new(base: &str) -> Self {
        Self {
            pool: Pool::builder(TokioExecutor::new()).build_http(),
            base: base.to_owned(),
            headers: Vec::new(),
        }
    }

    /// One that speaks HTTP/2 without asking.
    pub(crate) fn http2(base: &str) -> Self {
        Self { pool: Pool::builder(TokioExecutor::new()).http2_only(true).build_http(), ..Self::new(base) }
    }

    /// One that presents the simulator's token.
    pub(crate) fn of(simulator: &Simulator) -> Self {
        let client =
            Self::new(&simulator.base_url()).with("authorization", &format!("Bearer {}", simulator.token()));
        client.with("content-type", "application/scim+json")
    }

    /// The same with that header, in place of one with the same name.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.retain(|(held, _)| held != name);
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// Sends; `path` is relative to the base, `Value::Null` is no body. `Err` when no whole answer came.
    pub(crate) async fn try_send(&self, method: &str, path: &str, body: &Value) -> Result<Answer, String> {
        let content = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let uri = format!("{}{}", self.base, path.replace(' ', "%20").replace('"', "%22"));
        let request = request.uri(uri).body(Full::new(content)).unwrap();
        let response = self.pool.request(request).await.map_err(|error| format!("{error:?}"))?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| format!("{error:?}"))?.to_bytes();
        let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).unwrap_or_else(|_| text())
        };
        let answer = Answer { status: head.status.as_u16(), headers: head.headers, body };
        answer.check();
        Ok(answer)
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.try_send(method, path, body).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, body).await
    }

    /// A PATCH with these operations.
    pub(crate) async fn patch(&self, path: &str, operations: &Value) -> Answer {
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
        self.send("PATCH", path, &serde_json::json!({ "schemas": schemas, "Operations": operations })).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &Value::Null).await
    }
}

impl Answer {
    /// What holds of every answer: a SCIM error is whole (RFC 7644 §3.12), and 204 and 304 have no body.
    fn check(&self) {
        let media = self.header("content-type");
        if self.status >= 400 && media == "application/scim+json" {
            assert_eq!(self.body["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error", "{self:?}");
            assert_eq!(self.body["status"], self.status.to_string(), "{self:?}");
            assert!(self.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{self:?}");
        }
        assert!(![204, 304].contains(&self.status) || self.body.is_null(), "{self:?}");
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Asserts the status and gives the body.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        assert_eq!(StatusCode::from_u16(self.status).unwrap(), status);
        self.body
    }

    /// Asserts a SCIM error and gives its detail.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, scim_type: &str) -> String {
        assert_eq!(self.status, status, "{:#}", self.body);
        assert_eq!(self.body["scimType"].as_str().unwrap_or_default(), scim_type, "{:#}", self.body);
        self.body["detail"].as_str().unwrap_or_default().to_owned()
    }
}
