//! An HTTP client that sends what it is told, and gives back everything.

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// A client of one base URL.
pub struct Client {
    base: String,
    token: String,
    headers: Vec<(&'static str, String)>,
    pool: Pool<HttpConnector, Full<Bytes>>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Client {
    pub fn new(base: impl Into<String>, token: impl Into<String>) -> Self {
        let pool = Pool::builder(TokioExecutor::new()).build_http();
        Self { base: base.into(), token: token.into(), headers: Vec::new(), pool }
    }

    /// The same with a header on every request.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(body.to_string()), &[]).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, Some(body.to_string()), &[]).await
    }

    pub async fn patch(&self, path: &str, operations: &Value) -> Answer {
        let body = serde_json::json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        self.send("PATCH", path, Some(body.to_string()), &[]).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None, &[]).await
    }

    /// Sends anything; the body as it is.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        let own = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in own.chain(headers.iter().copied()) {
            request = request.header(name, value);
        }
        let given = request.headers_ref().is_some_and(|headers| headers.contains_key("content-type"));
        if body.is_some() && !given {
            request = request.header("content-type", "application/scim+json");
        }
        let request = request.body(Full::new(Bytes::from(body.unwrap_or_default()))).unwrap();
        let response = self.pool.request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let answer = Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
        };
        general_rules(&answer);
        answer
    }
}

/// What holds for every answer of the bridge, whatever was asked.
fn general_rules(answer: &Answer) {
    assert!(answer.headers.get("server").is_none(), "{answer:?}");
    if !answer.text.is_empty() {
        let kind =
            answer.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(
            ["application/scim+json", "application/json"]
                .contains(&kind.split(';').next().unwrap_or_default()),
            "{answer:?}"
        );
        assert!(answer.body.is_object(), "{answer:?}");
        // SCIM 1.1 has errors of another form.
        assert!(answer.body["schemas"].is_array() || answer.body["Errors"].is_array(), "{answer:?}");
    }
    if answer.status >= 400 && !answer.text.is_empty() && answer.body["Errors"].is_null() {
        assert_eq!(answer.body["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error", "{answer:?}");
        assert_eq!(answer.body["status"], answer.status.to_string(), "{answer:?}");
        assert!(!answer.body["detail"].as_str().unwrap_or_default().is_empty(), "{answer:?}");
    }
    if matches!(answer.status, 429 | 503 | 504) {
        let after =
            answer.headers.get("retry-after").and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(after.parse::<u64>().is_ok_and(|seconds| seconds > 0), "{answer:?}");
    }
    assert!(!answer.text.contains("\"password\":"), "a password came back");
}
