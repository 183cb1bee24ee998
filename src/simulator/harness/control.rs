//! The control plane: what a test, or a person with curl, orders over HTTP.
//!
//! | request | does |
//! |---|---|
//! | `POST /_sim/reset` | everything as at the start, the time excepted |
//! | `GET /_sim/state` | what the vendor holds, the counters, the knobs |
//! | `GET /_sim/log` | every request with its answer; `DELETE` empties it |
//! | `POST /_sim/token` | makes a token as the console does, and shows it once |
//! | `POST /_sim/console/<action>` | what a person does in the console |
//! | `POST /_sim/people {"count": 5000}` | makes so many users, with the attributes of `more`, and gives their ids |
//! | `POST /_sim/fault` | orders a fault; `DELETE` takes all back |
//! | `PATCH /_sim/knobs` | sets knobs; `GET` explains them |
//! | `POST /_sim/clock {"advance": "190d"}` | moves time forward |

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::behaviour::Refused;
use super::exchange::to_bytes;
use super::hub::Hub;
use super::journal::LogEntry;
use super::time::parse_duration;

const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// Answers one order.
pub(super) async fn control(hub: Arc<Hub>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let outcome =
        match Limited::new(body, BODY_LIMIT).collect().await.map(http_body_util::Collected::to_bytes) {
            Err(_) => Err(Refused::invalid("the body is too large, or was cut")),
            Ok(body) if body.is_empty() => order(&hub, &head.method, head.uri.path(), &Value::Null),
            Ok(body) => match serde_json::from_slice(&body) {
                Ok(body) => order(&hub, &head.method, head.uri.path(), &body),
                Err(error) => Err(Refused::invalid(format!("the body is not JSON: {error}"))),
            },
        };
    let (status, body) = match outcome {
        Ok(body) => (StatusCode::OK, body),
        Err(refused) => (
            StatusCode::from_u16(refused.status).unwrap_or(StatusCode::BAD_REQUEST),
            json!({ "error": refused.detail }),
        ),
    };
    let mut response = Response::new(Full::new(to_bytes(&body)));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    response
}

fn order(hub: &Hub, method: &Method, path: &str, body: &Value) -> Result<Value, Refused> {
    let done = |()| json!({});
    match (method.as_str(), path) {
        ("POST", "/_sim/reset") => hub.reset().map(done),
        ("GET", "/_sim/state") => Ok(hub.state()),
        ("GET", "/_sim/log") => Ok(hub.log().iter().map(LogEntry::to_json).collect()),
        ("DELETE", "/_sim/log") => {
            hub.clear_log();
            Ok(json!({}))
        }
        ("POST", "/_sim/token") => hub.make_token(body).map(|token| json!({ "token": token })),
        ("POST", "/_sim/fault") => hub.fault(body).map(done),
        ("DELETE", "/_sim/fault") => hub.fault(&Value::Null).map(done),
        ("GET", "/_sim/knobs") => Ok(hub.explain_knobs()),
        ("POST", "/_sim/people") => {
            let count = body.get("count").and_then(Value::as_u64);
            let count = count.ok_or_else(|| Refused::invalid(r#"the body must be like {"count": 5000}"#))?;
            let more = body.get("more").and_then(Value::as_object).cloned().unwrap_or_default();
            hub.people(count, &more).map(|ids| json!({ "ids": ids }))
        }
        ("PATCH", "/_sim/knobs") => hub.set_knobs(
            body.as_object().ok_or_else(|| Refused::invalid("the body must be an object of knobs"))?,
        ),
        ("POST", "/_sim/clock") => {
            let by = body.get("advance").and_then(Value::as_str).and_then(parse_duration);
            let by = by.ok_or_else(|| Refused::invalid(r#"the body must be like {"advance": "190d"}"#))?;
            Ok(json!({ "now": hub.advance(by) }))
        }
        ("POST", path) => match path.strip_prefix("/_sim/console/") {
            Some(action) => hub.console(action, body),
            None => Err(Refused::unknown(format!("there is no POST {path}"))),
        },
        (method, path) => Err(Refused::unknown(format!("there is no {method} {path}"))),
    }
}
