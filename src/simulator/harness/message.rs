//! A request as a vendor sees it, and its answer.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::simulator::oracle::Refusal;

/// The media type of RFC 7644 §3.1.
pub(crate) const SCIM_JSON: &str = "application/scim+json";

/// A request, read whole.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// As sent, still encoded.
    pub(crate) path: String,
    /// As sent, still encoded; empty when there is none.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The authority that the client believes to talk to.
    pub(crate) host: String,
    /// Whether another write to the same path is being answered.
    pub(crate) overlaps: bool,
}

impl Request {
    /// A header as text; `None` when it is absent or is not text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The token of `Authorization: Bearer …`. The scheme has no case (RFC 9110 §11.1).
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The decoded segments of the path under `base`; `None` when it is elsewhere. One trailing slash is no segment.
    pub(crate) fn segments(&self, base: &str) -> Option<Vec<String>> {
        let rest = self.path.strip_prefix(base)?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let decode = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        Some(if rest.is_empty() { Vec::new() } else { rest.split('/').map(decode).collect() })
    }

    /// The parameters of the query, decoded as forms are (`+` is a space), in order.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        let decode =
            |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        self.query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect()
    }

    /// The first parameter of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The body, which has to be JSON.
    ///
    /// # Errors
    ///
    /// The answer 400 `invalidSyntax`.
    pub(crate) fn json(&self) -> Result<Value, Reply> {
        serde_json::from_slice(&self.body)
            .map_err(|_| Reply::error(400, Some("invalidSyntax"), "the body is not JSON"))
    }

    /// Whether the media type of the body is one of those of SCIM.
    pub(crate) fn is_scim_json(&self) -> bool {
        let media = self.header("content-type").unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        media == SCIM_JSON || media == "application/json"
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Content,
}

/// What an answer holds.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Nothing,
    /// JSON, under the media type named.
    Json(&'static str, Value),
    /// Anything, sent as it is.
    Raw(Bytes),
}

impl Reply {
    /// A SCIM document.
    pub(crate) fn scim(status: u16, body: Value) -> Self {
        Self { body: Content::Json(SCIM_JSON, body), ..Self::empty(status) }
    }

    /// A document of an API that is not SCIM.
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { body: Content::Json("application/json", body), ..Self::empty(status) }
    }

    /// A status and nothing else.
    pub(crate) fn empty(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, headers: Vec::new(), body: Content::Nothing }
    }

    /// A SCIM error, RFC 7644 §3.12: "status" is a string.
    pub(crate) fn error(status: u16, scim_type: Option<&str>, detail: &str) -> Self {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": status.to_string(),
            "detail": detail,
        });
        if let Some(scim_type) = scim_type {
            body["scimType"] = json!(scim_type);
        }
        Self::scim(status, body)
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The JSON of it, `null` when it holds none.
    pub(crate) fn value(&self) -> Value {
        match &self.body {
            Content::Json(_, body) => body.clone(),
            Content::Nothing | Content::Raw(_) => Value::Null,
        }
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::error(400, Some(refusal.scim_type), &refusal.detail)
    }
}

/// A page of results, RFC 7644 §3.4.2.
pub(crate) fn list(total: usize, start_index: usize, resources: Vec<Value>) -> Value {
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": resources.len(),
    });
    body["Resources"] = Value::Array(resources);
    body
}
