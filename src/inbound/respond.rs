//! Replies: SCIM resources, SCIM errors, nothing at all, and "not now".
//!
//! RFC 7644 §3.12 gives the shape of an error; `detail` is fixed text of ours with the request id, never anything the
//! client or the vendor sent. There is no `Server` header. What headers a reply may carry is decided here alone.

use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ALLOW, CONNECTION, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER, USER_AGENT, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;

use super::exchange::RequestId;

/// What the inbound side answers with.
pub type Reply = Response<Body>;

/// A body that is there as a whole.
pub type Body = Full<Bytes>;

const SCIM_JSON: HeaderValue = HeaderValue::from_static("application/scim+json;charset=utf-8");

/// A reply of a SCIM message. `location` and `etag` are left out when they cannot stand in a header.
pub fn json(status: StatusCode, body: impl Into<Bytes>, location: Option<&str>, etag: Option<&str>) -> Reply {
    let mut reply = Reply::new(Full::new(body.into()));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, SCIM_JSON);
    for (name, value) in [(LOCATION, location), (ETAG, etag)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    reply
}

/// The same reply as `application/json`, for a client that wants nothing else. One without a body stays as it is.
pub(super) fn plain_json(mut reply: Reply) -> Reply {
    if let Some(kind) = reply.headers_mut().get_mut(CONTENT_TYPE) {
        *kind = HeaderValue::from_static("application/json;charset=utf-8");
    }
    reply
}

/// The same reply with another body of the same kind.
pub(super) fn with_body(mut reply: Reply, body: impl Into<Bytes>) -> Reply {
    *reply.body_mut() = Full::new(body.into());
    reply
}

/// A reply without a body, such as 204 to a DELETE (RFC 7644 §3.6).
pub fn empty(status: StatusCode) -> Reply {
    let mut reply = Reply::new(Full::default());
    *reply.status_mut() = status;
    reply
}

/// A SCIM error (RFC 7644 §3.12: `status` is a string). `detail` is fixed text; the request id is added to it, since it
/// is what an administrator of the IdP sees and can quote.
pub fn error(status: StatusCode, scim_type: Option<&str>, detail: &str, id: RequestId) -> Reply {
    let detail = format!("{detail} (request {id})");
    let mut body = serde_json::json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.as_str(),
        "detail": detail,
    });
    if let Some(scim_type) = scim_type {
        body["scimType"] = scim_type.into();
    }
    let mut reply = json(status, body.to_string(), None, None);
    reply.extensions_mut().insert(Detail(detail));
    reply
}

/// The detail of an error, for a client that wants it in another form.
#[derive(Clone, Debug)]
pub(super) struct Detail(pub(super) String);

/// How a client wants to hear "not now, try again".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Okta: it repeats a request by itself after 429 with an integer `Retry-After`; anything else becomes a task for an
    /// administrator.
    TooManyRequests,
    /// Entra and the others: 503 or 504 (RFC 9110 §15.6.4), since they take 429 to mean that they are too fast.
    Unavailable,
}

impl Patience {
    /// Told by the `User-Agent`, whose beginning `Okta` its clients share.
    pub fn of(headers: &HeaderMap) -> Self {
        match headers.get(USER_AGENT) {
            Some(agent) if agent.as_bytes().starts_with(b"Okta") => Self::TooManyRequests,
            _ => Self::Unavailable,
        }
    }
}

/// "Not now": 429 to Okta and `otherwise` (503 or 504) to the rest, always with whole seconds to wait.
pub fn not_now(
    patience: Patience,
    otherwise: StatusCode,
    retry_after: u64,
    detail: &str,
    id: RequestId,
) -> Reply {
    let status = match patience {
        Patience::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Patience::Unavailable => otherwise,
    };
    let mut reply = error(status, None, detail, id);
    reply.headers_mut().insert(RETRY_AFTER, retry_after.max(1).into());
    reply
}

/// [`not_now`] for the commonest case, 503.
pub fn busy(headers: &HeaderMap, retry_after: u64, detail: &str, id: RequestId) -> Reply {
    not_now(Patience::of(headers), StatusCode::SERVICE_UNAVAILABLE, retry_after, detail, id)
}

/// The client itself is too fast: 429, whoever it is.
pub(super) fn too_fast(retry_after: u64, detail: &str, id: RequestId) -> Reply {
    not_now(Patience::TooManyRequests, StatusCode::TOO_MANY_REQUESTS, retry_after, detail, id)
}

/// The one answer to whatever is wrong with a credential, so that nothing can be learnt from it (RFC 6750 §3).
pub(super) fn unauthenticated(id: RequestId) -> Reply {
    let detail = "Authentication failed: the base URL and the bearer token must be those of one integration.";
    let mut reply = error(StatusCode::UNAUTHORIZED, None, detail, id);
    reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    reply
}

/// 405 to a method that a route does not take.
pub(super) fn not_allowed(allowed: &'static str, id: RequestId) -> Reply {
    allowing(error(StatusCode::METHOD_NOT_ALLOWED, None, "Method not allowed.", id), allowed)
}

/// 304: the client has this version already.
pub(super) fn unchanged(version: &str) -> Reply {
    let mut reply = empty(StatusCode::NOT_MODIFIED);
    if let Ok(version) = HeaderValue::from_str(version) {
        reply.headers_mut().insert(ETAG, version);
    }
    reply
}

/// A failure that passes: with whole seconds to wait, at least one.
pub(super) fn later(status: StatusCode, after: Duration, detail: &str, id: RequestId) -> Reply {
    let mut reply = error(status, None, detail, id);
    reply.headers_mut().insert(RETRY_AFTER, after.as_secs().max(1).into());
    reply
}

/// Adds what a 405 has to name (RFC 9110 §15.5.6).
pub(super) fn allowing(mut reply: Reply, methods: &'static str) -> Reply {
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    reply
}

/// Says that the connection ends with this reply: the request's body was not read to its end, so what follows on the
/// wire is not a request.
pub(super) fn closing(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    fn text(reply: Reply) -> String {
        let body = futures_util::FutureExt::now_or_never(reply.into_body().collect()).unwrap().unwrap();
        String::from_utf8(body.to_bytes().to_vec()).unwrap()
    }

    #[test]
    fn an_error_is_a_scim_error_with_its_status_as_text() {
        let id = RequestId::for_tests();
        let reply = error(StatusCode::BAD_REQUEST, Some("invalidSyntax"), "Not \"JSON\".", id);
        assert_eq!(reply.headers()[CONTENT_TYPE], "application/scim+json;charset=utf-8");
        let body: serde_json::Value = serde_json::from_str(&text(reply)).unwrap();
        assert_eq!(body["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error");
        assert_eq!(
            (body["status"].as_str(), body["scimType"].as_str()),
            (Some("400"), Some("invalidSyntax"))
        );
        assert_eq!(body["detail"], format!("Not \"JSON\". (request {id})"));
    }

    #[test]
    fn okta_is_told_429_and_others_503_and_both_an_integer() {
        for (agent, status) in [("Okta SCIM Client 1.0.0", 429), ("Google-Auto-Provisioning", 503), ("", 503)]
        {
            let headers = HeaderMap::from_iter([(USER_AGENT, agent.parse().unwrap())]);
            let reply = busy(&headers, 0, "Busy.", RequestId::for_tests());
            assert_eq!(reply.status().as_u16(), status, "{agent}");
            assert_eq!(reply.headers()[RETRY_AFTER], "1");
        }
    }

    #[test]
    fn a_location_that_cannot_stand_in_a_header_is_left_out() {
        let reply = json(StatusCode::CREATED, "{}", Some("https://a/\r\nX: 1"), Some("W/\"1\""));
        assert!(reply.headers().get(LOCATION).is_none());
        assert_eq!(reply.headers()[ETAG], "W/\"1\"");
    }
}
