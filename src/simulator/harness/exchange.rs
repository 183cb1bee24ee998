//! One request of a client: read, logged, struck by a fault or answered by the vendor, counted.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use serde_json::Value;
use tokio::time::Instant;

use super::fault::{Fate, strike};
use super::hub::{Hub, Inner};
use super::message::{Content, Reply, Request};
use super::time::http_date;
use super::wire::Cut;

/// A body larger than this is refused: no real one comes near it.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// Answers one request over the connection that `cut` can end.
pub(super) async fn exchange(
    hub: Arc<Hub>,
    request: http::Request<Incoming>,
    cut: Arc<Cut>,
) -> Response<Full<Bytes>> {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    // The write begins with its first byte here and ends with its answer, so that a slow one is seen to overlap.
    let writing = Writing::begin(&hub, &head.method, head.uri.path());
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        return respond(Reply::error(413, None, "the body is too large, or was cut"), &hub);
    };
    let authority = head.uri.authority().map(ToString::to_string);
    let host = head.headers.get("host").and_then(|host| host.to_str().ok()).map(str::to_owned);
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
        host: authority.or(host).unwrap_or_default(),
        overlaps: writing.overlaps,
    };
    let (seq, struck) = {
        let inner = &mut *hub.lock();
        let now = inner.world.now();
        (inner.journal.arrived(&request, now), strike(&mut inner.faults, &request, hub.base_path()))
    };
    if let Some(delay) = struck.delay {
        // Real time, since it is a real client that waits. If that goes away meanwhile, the vendor never acts.
        tokio::time::sleep(delay).await;
    }
    let reply = match &struck.fate {
        Some(Fate::Respond(reply)) => Some((**reply).clone()),
        Some(Fate::Reset) => None,
        Some(Fate::ApplyThenFail | Fate::CloseAfterBytes(_)) | None => {
            Some(answer(&mut hub.lock(), &request))
        }
    };
    let sent = reply.filter(|_| !matches!(struck.fate, Some(Fate::ApplyThenFail)));
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    hub.lock().journal.answered(seq, sent.as_ref(), struck.name(), took);
    match (struck.fate, sent) {
        (Some(Fate::CloseAfterBytes(bytes)), Some(reply)) => {
            cut.close_after(bytes);
            respond(reply, &hub)
        }
        (_, Some(reply)) => respond(reply, &hub),
        (Some(Fate::Reset), None) => {
            cut.reset();
            std::future::pending().await
        }
        (_, None) => {
            cut.close();
            std::future::pending().await
        }
    }
}

/// The vendor's answer, and what it counts for.
fn answer(inner: &mut Inner, request: &Request) -> Reply {
    let Inner { behaviour, world, .. } = inner;
    let reply = behaviour.answer(request, world);
    let under_base = request.segments(world.base_path);
    let search = under_base.as_ref().is_some_and(|path| path.last().is_some_and(|last| last == ".search"));
    if is_write(&request.method) && under_base.is_some() && !search && reply.status.is_success() {
        world.counters.writes += 1;
    }
    match reply.status {
        StatusCode::UNAUTHORIZED => world.counters.unauthorised += 1,
        StatusCode::CONFLICT if request.method == Method::POST => world.counters.conflicts += 1,
        _ => {}
    }
    reply
}

fn respond(reply: Reply, hub: &Hub) -> Response<Full<Bytes>> {
    let Reply { status, mut headers, body } = reply;
    let missing = |headers: &[(String, String)], name: &str| {
        !headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    let body = match body {
        Content::Nothing => Bytes::new(),
        Content::Raw(body) => body,
        Content::Json(media, body) => {
            if missing(&headers, "content-type") {
                headers.push(("content-type".to_owned(), media.to_owned()));
            }
            to_bytes(&body)
        }
    };
    // `Date` is the vendor's own clock, which here is the virtual one.
    if missing(&headers, "date") {
        headers.push(("date".to_owned(), http_date(hub.lock().world.now())));
    }
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    for (name, value) in headers {
        // Both were checked where they came from outside.
        let name = http::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, http::HeaderValue::from_str(&value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// JSON on the wire.
pub(super) fn to_bytes(body: &Value) -> Bytes {
    Bytes::from(body.to_string())
}

fn is_write(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method)
}

/// A write to one resource while it lasts, also when the client goes away before the answer.
struct Writing<'h> {
    hub: &'h Hub,
    path: Option<String>,
    /// Whether another had begun before it and not ended.
    overlaps: bool,
}

impl<'h> Writing<'h> {
    fn begin(hub: &'h Hub, method: &Method, path: &str) -> Self {
        // A POST makes a resource of its own, so two of them do not meet.
        if !is_write(method) || *method == Method::POST {
            return Self { hub, path: None, overlaps: false };
        }
        let inner = &mut *hub.lock();
        let running = inner.writing.entry(path.to_owned()).or_default();
        *running += 1;
        let overlaps = *running > 1;
        if overlaps {
            inner.world.counters.concurrent_writes_same_resource += 1;
        }
        Self { hub, path: Some(path.to_owned()), overlaps }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        let Some(path) = self.path.take() else { return };
        let writing = &mut self.hub.lock().writing;
        if let Some(running) = writing.get_mut(&path) {
            *running -= 1;
            if *running == 0 {
                writing.remove(&path);
            }
        }
    }
}
