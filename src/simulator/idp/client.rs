//! The HTTP side of a client: one connection pool, its own headers, and the ids that it was given.

use std::collections::HashMap;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::{Body, Client, Step};

/// A client at work.
pub struct Idp {
    client: Client,
    base: String,
    token: String,
    pool: Pool<HttpConnector, Full<Bytes>>,
    ids: HashMap<String, String>,
    seen: HashMap<String, Value>,
}

/// What a step was answered with.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, if it is JSON.
    pub body: Value,
    /// The method, path and body as they were sent.
    pub sent: (String, String, Option<Value>),
}

impl Idp {
    /// A client that talks to a base URL with a bearer token.
    pub fn new(client: Client, base: &str, token: &str) -> Self {
        Self {
            client,
            base: base.to_owned(),
            token: token.to_owned(),
            pool: Pool::builder(TokioExecutor::new()).build_http(),
            ids: HashMap::new(),
            seen: HashMap::new(),
        }
    }

    /// Sends the request of a step.
    ///
    /// # Errors
    /// When there is no answer, or the story is told in the wrong order.
    pub async fn play(&mut self, step: &Step) -> Result<Answer, String> {
        let path = self.filled(&step.path);
        let body = match &step.body {
            Body::None => None,
            Body::Json(body) => Some(self.filled_value(body)),
            Body::Echo(who, changes) => {
                let mut body =
                    self.seen.get(who).cloned().ok_or_else(|| format!("{who} was not read yet"))?;
                for (pointer, value) in changes {
                    *at(&mut body, pointer) = value.clone();
                }
                Some(body)
            }
        };
        let answer = self.send(step.method, &path, body).await?;
        if let Some(name) = &step.keep {
            if let Some(id) = answer.body.get("id").and_then(Value::as_str) {
                self.ids.insert(name.clone(), id.to_owned());
            }
            self.seen.insert(name.clone(), answer.body.clone());
        }
        Ok(answer)
    }

    /// Sends any request.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Result<Answer, String> {
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?)
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("accept", self.client.media());
        if let Some((name, value)) = self.client.sign() {
            request = request.header(name, value);
        }
        let bytes = match &body {
            Some(body) => {
                request = request.header("content-type", self.client.media());
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        let request = request.body(Full::new(bytes)).map_err(|error| error.to_string())?;
        let response = self.pool.request(request).await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        let sent = (method.to_owned(), path.to_owned(), body);
        Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default(), sent })
    }

    /// The id that the service provider gave.
    pub fn id(&self, name: &str) -> Option<&str> {
        self.ids.get(name).map(String::as_str)
    }

    fn filled(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), id))
    }

    fn filled_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.filled(text)),
            Value::Array(items) => items.iter().map(|item| self.filled_value(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), self.filled_value(value))).collect()
            }
            other => other.clone(),
        }
    }
}

/// The place that a JSON pointer names; objects are made on the way where there is nothing.
fn at<'v>(value: &'v mut Value, pointer: &str) -> &'v mut Value {
    pointer.split('/').skip(1).fold(value, |value, step| match step.parse::<usize>() {
        Ok(index) if value.is_array() => &mut value[index],
        _ => &mut value[step],
    })
}
