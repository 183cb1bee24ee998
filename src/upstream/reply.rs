//! A vendor's reply, read whole and within limits. Of its headers only those are kept that are asked for.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, ETAG, HeaderName, LOCATION};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use jiff::Timestamp;

use super::failure::{Failure, Kind};
use super::retry::{self, RetryHeader};

/// What the vendor said. `Debug` leaves out the body and the headers, which are about people.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// Not 3xx, 401 or 429: those are a [`Failure`].
    pub status: StatusCode,
    /// As it came; nobody has looked whether it is what `json` says.
    pub body: Bytes,
    /// The version of the resource.
    pub etag: Option<String>,
    /// Where the vendor says the resource is. To be read for an id at its end, never to be called.
    pub location: Option<String>,
    /// From `Retry-After`, in whichever form: 1 s to 1 h.
    pub retry_after: Option<Duration>,
    /// Whether `Content-Type` says that the body is JSON.
    pub json: bool,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).field("bytes", &self.body.len()).finish()
    }
}

impl Reply {
    /// Reads a reply of at most `limit` bytes.
    ///
    /// # Errors
    /// `TooLarge`; `Ambiguous` when it breaks off; `Redirect`, `Unauthorised` and `Throttled` by its status.
    pub(super) async fn read(
        response: Response<Incoming>,
        limit: usize,
        (retry, now): (&RetryHeader, Timestamp),
    ) -> Result<Self, Failure> {
        let (head, body) = response.into_parts();
        let retry_after = retry.wait(&head.headers, now);
        match head.status {
            StatusCode::UNAUTHORIZED => return Err(Kind::Unauthorised.into()),
            StatusCode::TOO_MANY_REQUESTS => return Err(Failure::throttled(retry::pause(retry_after))),
            status if status.is_redirection() => return Err(Kind::Redirect.into()),
            _ => {}
        }
        Ok(Self {
            status: head.status,
            body: collect(body, limit).await?,
            etag: text(&head.headers, &ETAG),
            location: text(&head.headers, &LOCATION),
            retry_after,
            json: text(&head.headers, &CONTENT_TYPE).is_some_and(|value| is_json(&value)),
        })
    }
}

/// A body that comes in one piece, as most do, is not copied.
async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes, Failure> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Kind::TooLarge.into());
    }
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(Failure::ambiguous)?.into_data() else { continue };
        if first.len() + rest.len() + data.len() > limit {
            return Err(Kind::TooLarge.into());
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
            continue;
        }
        if rest.is_empty() {
            rest.extend_from_slice(&std::mem::take(&mut first));
        }
        rest.extend_from_slice(&data);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(Into::into)
}

/// Any JSON: vendors send `application/json`, `application/scim+json`, `text/json` and others of the family.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.ends_with("/json") || essence.ends_with("+json")
}
