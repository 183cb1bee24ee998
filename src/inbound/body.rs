//! Reading the body of an authenticated request: so many bytes, in so much time, of a media type that is JSON.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode, Version};
use http_body::Body;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;

use super::exchange::RequestId;
use super::respond::{self, Reply};

/// How long a body may take from the first look at it to its end. An idle timer would never fire on a client that
/// sends a byte a second.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// It is longer than the limit, or says that it will be.
    TooLarge,
    /// It was not complete in time.
    TooSlow,
    /// Its framing broke, or the client left.
    Broken,
    /// It is not JSON, by its `Content-Type`.
    MediaType,
}

impl BodyError {
    /// The reply to it. Where the body was not read to its end the connection ends too.
    pub fn reply(self, id: RequestId) -> Reply {
        let (status, scim_type, detail) = match self {
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, None, "The request body is too large."),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, None, "The request body came too slowly."),
            Self::Broken => {
                (StatusCode::BAD_REQUEST, Some("invalidSyntax"), "The request body is broken off.")
            }
            Self::MediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                None,
                "Content-Type must be application/scim+json or application/json, in UTF-8.",
            ),
        };
        respond::closing(respond::error(status, scim_type, detail, id))
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "body too large",
            Self::TooSlow => "body too slow",
            Self::Broken => "body broken off",
            Self::MediaType => "body not of a JSON media type",
        })
    }
}

impl std::error::Error for BodyError {}

/// Reads `body` to its end; trailers are dropped. At most `limit` bytes, within `within` ([`DEADLINE`], ordinarily).
///
/// # Errors
/// See [`BodyError`]. What `Content-Length` announces is refused before anything is read.
pub async fn read<B>(
    headers: &HeaderMap,
    body: &mut B,
    limit: usize,
    within: Duration,
) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let media_type = media_type(headers);
    if media_type == Some(false) {
        return Err(BodyError::MediaType);
    }
    let announced: Option<u64> =
        headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    if announced.is_some_and(|bytes| bytes > limit as u64) {
        return Err(BodyError::TooLarge);
    }
    let body = timeout(within, collect(body, limit)).await.unwrap_or(Err(BodyError::TooSlow))?;
    // Only now is it known whether there was anything that had to have a media type.
    if media_type.is_none() && !body.is_empty() { Err(BodyError::MediaType) } else { Ok(body) }
}

/// How much of a body that nobody wants is still taken, and for how long.
const SKIPPED: usize = 512 * 1024;
const SKIPPING: Duration = Duration::from_secs(2);

/// Lets go of a body of which not all was read, without hurting the reply that goes out meanwhile.
///
/// On HTTP/2 a dropped body is a RST_STREAM right behind the reply. Clients that are still sending then give up (curl), or
/// wait for a window that never opens (httpx), and do not look at the reply. So the body is taken for a while and thrown
/// away: what most clients send ends within that, and the others have had the time to read. Bytes still count towards
/// what a connection may send unauthenticated. HTTP/1.1 has the same on its socket (see [`super::guard_io`]).
pub(super) fn skip(version: Version, mut body: Incoming) {
    if version != Version::HTTP_2 || body.is_end_stream() {
        return;
    }
    tokio::spawn(timeout(SKIPPING, async move {
        let mut skipped = 0;
        while let Some(Ok(frame)) = body.frame().await {
            skipped += frame.data_ref().map_or(0, Bytes::len);
            if skipped > SKIPPED {
                break;
            }
        }
    }));
}

/// A body that comes in one piece, as most do, is not copied.
async fn collect<B: Body<Data = Bytes> + Unpin>(body: &mut B, limit: usize) -> Result<Bytes, BodyError> {
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        if first.len() + rest.len() + data.len() > limit {
            return Err(BodyError::TooLarge);
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
            continue;
        }
        if rest.is_empty() {
            // Grown as bytes arrive, not as announced: an announcement costs the client nothing.
            rest.extend_from_slice(&std::mem::take(&mut first));
        }
        rest.extend_from_slice(&data);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// Whether the body is said to be JSON, if anything is said. RFC 7644 §3.1: `application/scim+json`, and `application/json`
/// from many clients. The only parameter with a meaning is `charset`, and JSON has one (RFC 8259 §8.1).
fn media_type(headers: &HeaderMap) -> Option<bool> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let value = values.next()?;
    let (Ok(value), None) = (value.to_str(), values.next()) else { return Some(false) };
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let json = ["application/scim+json", "application/json"];
    let utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    Some(json.iter().any(|json| essence.eq_ignore_ascii_case(json)) && parts.all(utf8))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use http_body::Frame;
    use http_body_util::StreamBody;

    use super::*;

    fn headers(content_type: &str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())])
    }

    async fn read_chunks(chunks: &[&'static str], limit: usize) -> Result<Bytes, BodyError> {
        let frames =
            chunks.iter().map(|chunk| Ok::<_, Infallible>(Frame::data(Bytes::from_static(chunk.as_bytes()))));
        let mut body = StreamBody::new(stream::iter(frames.collect::<Vec<_>>()));
        read(&headers("application/json"), &mut body, limit, DEADLINE).await
    }

    #[tokio::test]
    async fn a_body_is_put_together_and_bounded() {
        assert_eq!(read_chunks(&["{", "", "}"], 2).await.unwrap(), "{}");
        assert_eq!(read_chunks(&["{}"], 2).await.unwrap(), "{}");
        assert_eq!(read_chunks(&[], 0).await.unwrap(), "");
        assert_eq!(read_chunks(&["{", "", "} "], 2).await, Err(BodyError::TooLarge));
    }

    #[tokio::test]
    async fn what_is_announced_too_large_is_not_read() {
        let mut headers = headers("application/json");
        headers.insert(CONTENT_LENGTH, 3.into());
        let mut body = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        assert_eq!(read(&headers, &mut body, 2, DEADLINE).await, Err(BodyError::TooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn a_drip_does_not_put_the_deadline_off() {
        let drip = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"a"))), ()))
        });
        let start = tokio::time::Instant::now();
        let mut body = StreamBody::new(Box::pin(drip));
        assert_eq!(
            read(&headers("application/json"), &mut body, 5000, DEADLINE).await,
            Err(BodyError::TooSlow)
        );
        assert_eq!(start.elapsed(), DEADLINE);
    }

    #[test]
    fn json_is_known_by_its_media_type() {
        for (value, json) in [
            ("application/scim+json", true),
            ("application/scim+json; charset=utf-8", true),
            ("application/json;charset=\"UTF-8\"; odata=x", true),
            ("APPLICATION/JSON", true),
            ("application/scim+json; charset=utf-16", false),
            ("application/json, text/html", false),
            ("text/json", false),
            ("application/xml", false),
            ("multipart/form-data; boundary=x", false),
            ("", false),
        ] {
            assert_eq!(media_type(&headers(value)), Some(json), "{value}");
        }
    }

    #[tokio::test]
    async fn only_an_empty_body_needs_no_media_type() {
        for (chunks, result) in [(&["", ""], Ok(Bytes::new())), (&["", "{"], Err(BodyError::MediaType))] {
            let frames = chunks.map(|chunk| Ok::<_, Infallible>(Frame::data(Bytes::from(chunk))));
            let mut body = StreamBody::new(stream::iter(frames));
            assert_eq!(read(&HeaderMap::new(), &mut body, 9, DEADLINE).await, result);
        }
    }
}
