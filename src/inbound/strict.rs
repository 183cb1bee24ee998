//! The strict reading of a request line and of the headers that frame or route a message.
//!
//! Measured: hyper hands all of this to the service unchanged: absolute-form targets, `//evil/x`, `/../..`, `%2e%2e`,
//! `%zz`, raw UTF-8, TRACE, lower-case methods, no `Host` or two, userinfo in the authority, `Transfer-Encoding: ,chunked`
//! or `gzip, chunked`, any `Expect`, bodies on GET. Two programs that read such a request differently are how requests are
//! smuggled and paths are escaped, so only the plain form goes on. What real IdPs send was looked at before anything was
//! refused: a `?` or `&` at the end of the target, for one, is legal and OneLogin's habit.
//!
//! After this layer a path consists of `/` and of segments of `A-Z a-z 0-9 . _ ~ @ + -` (and `:` in a `urn:`), each up
//! to 128 long, none of them `.` or `..`, and nothing in it is percent-encoded. Queries are not looked at: whoever parses a
//! filter can say better what is wrong with it.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{CONTENT_ENCODING, EXPECT, HOST, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Request, StatusCode, Uri, Version};
use http_body::Body;

use super::exchange::Exchange;
use super::respond::{self, Reply};
use super::wrap::Around;

const MAX_URI: usize = 16 * 1024;
const MAX_VALUE: usize = 8 * 1024;
const MAX_SEGMENT: usize = 128;
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";

/// What is not plain about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Method,
    Target,
    TargetTooLong,
    FilterTooLong,
    Host,
    Misdirected,
    ValueTooLong,
    Framing,
    Expectation,
    Encoding,
    Body,
}

impl Fault {
    /// The RFC's word for it, where there is one (RFC 7644 table 9).
    const fn scim_type(self) -> Option<&'static str> {
        match self {
            Self::FilterTooLong => Some("invalidFilter"),
            _ => None,
        }
    }

    fn face(self) -> (StatusCode, &'static str) {
        match self {
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "Method not allowed."),
            Self::Target => (StatusCode::BAD_REQUEST, "The request target is not a plain path."),
            Self::TargetTooLong => (StatusCode::URI_TOO_LONG, "The request target is too long."),
            Self::FilterTooLong => {
                (StatusCode::URI_TOO_LONG, "The filter is too long for a URL: it can be sent to .search.")
            }
            Self::Host => (StatusCode::BAD_REQUEST, "There must be exactly one valid Host."),
            Self::Misdirected => (
                StatusCode::MISDIRECTED_REQUEST,
                "This host is not served here: use the public URL of the bridge.",
            ),
            Self::ValueTooLong => {
                (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "A header field is too long.")
            }
            Self::Framing => (StatusCode::BAD_REQUEST, "Transfer-Encoding may only be chunked."),
            Self::Expectation => (StatusCode::EXPECTATION_FAILED, "This expectation is not met."),
            Self::Encoding => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Encoding is not supported."),
            Self::Body => (StatusCode::BAD_REQUEST, "This method takes no body."),
        }
    }
}

/// The layer. `hosts`: the names the bridge is reached by, without ports and in lower case; none means that any will do.
#[derive(Clone, Debug)]
pub(super) struct Strict {
    hosts: Arc<[String]>,
}

impl Strict {
    pub(super) fn new(hosts: &[String]) -> Self {
        Self { hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect() }
    }
}

impl Around for Strict {
    type In = Box<Exchange>;
    type Out = Box<Exchange>;
    type Held = ();

    fn before(&self, mut exchange: Box<Exchange>) -> Result<((), Box<Exchange>), Box<Reply>> {
        match check(&exchange.request, &self.hosts) {
            Ok(None) => Ok(((), exchange)),
            Ok(Some(uri)) => {
                *exchange.request.uri_mut() = uri;
                Ok(((), exchange))
            }
            Err(fault) => {
                tracing::debug!(?fault, "refused");
                let (status, detail) = fault.face();
                let mut reply = respond::error(status, fault.scim_type(), detail, exchange.id);
                if fault == Fault::Method {
                    reply = respond::allowing(reply, METHODS);
                }
                Err(exchange.close(reply))
            }
        }
    }
}

/// Whether the request is plain; with the URI to go on with, where it was plain but for its spelling.
fn check<B: Body>(request: &Request<B>, hosts: &[String]) -> Result<Option<Uri>, Fault> {
    let (method, uri, http2) = (request.method(), request.uri(), request.version() == Version::HTTP_2);
    // RFC 9110 §9.1: methods are case-sensitive.
    if ![Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method) {
        return Err(Fault::Method);
    }

    let (mut host, mut chunked) = (None, false);
    for (name, value) in request.headers() {
        if value.len() > MAX_VALUE {
            return Err(Fault::ValueTooLong);
        }
        match *name {
            HOST if host.replace(value).is_some() => return Err(Fault::Host),
            TRANSFER_ENCODING if chunked || !value.as_bytes().eq_ignore_ascii_case(b"chunked") => {
                return Err(Fault::Framing);
            }
            TRANSFER_ENCODING => chunked = true,
            EXPECT if !value.as_bytes().eq_ignore_ascii_case(b"100-continue") => {
                return Err(Fault::Expectation);
            }
            CONTENT_ENCODING if !value.as_bytes().eq_ignore_ascii_case(b"identity") => {
                return Err(Fault::Encoding);
            }
            _ => {}
        }
    }

    check_host(uri, host, http2, hosts)?;
    // A GET of HTTP/2 may end its stream with an empty DATA frame; only a body that is announced is one.
    let announced = chunked || request.body().size_hint().exact().is_some_and(|bytes| bytes > 0);
    if announced && (method == Method::GET || method == Method::DELETE) {
        return Err(Fault::Body);
    }

    let target = uri.path_and_query().ok_or(Fault::Target)?;
    if target.as_str().len() > MAX_URI {
        let filtered =
            target.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("filter=")));
        return Err(if filtered { Fault::FilterTooLong } else { Fault::TargetTooLong });
    }
    let path = plain_path(target.path()).ok_or(Fault::Target)?;
    if path.len() == target.path().len() {
        return Ok(None);
    }
    let respelt = match target.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.into_owned(),
    };
    Uri::try_from(respelt).map(Some).map_err(|_| Fault::Target)
}

/// RFC 9112 §3.2 and RFC 9113 §8.3.1: HTTP/1.1 names the host in one `Host` and, from us, in no other place; HTTP/2 in
/// `:authority`, or in `Host`, or in both alike.
fn check_host(uri: &Uri, host: Option<&HeaderValue>, http2: bool, hosts: &[String]) -> Result<(), Fault> {
    let named = match (uri.authority(), host) {
        (Some(_), _) if !http2 => return Err(Fault::Target),
        (Some(authority), Some(host))
            if !authority.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes()) =>
        {
            return Err(Fault::Host);
        }
        (Some(authority), _) => authority.as_str(),
        (None, Some(host)) => host.to_str().map_err(|_| Fault::Host)?,
        (None, None) => return Err(Fault::Host),
    };
    let name = host_name(named).ok_or(Fault::Host)?;
    let served = hosts.is_empty() || hosts.iter().any(|host| host.eq_ignore_ascii_case(name));
    if served { Ok(()) } else { Err(Fault::Misdirected) }
}

/// The host of `host` or `host:port`, if it is one: no userinfo, no path, no list (RFC 3986 §3.2.2).
fn host_name(authority: &str) -> Option<&str> {
    let end = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end);
    let port = port.strip_prefix(':').unwrap_or(port);
    let valid = match host.strip_prefix('[') {
        Some(address) => address.trim_end_matches(']').parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        }
    };
    (valid && (port.is_empty() || port.parse::<u16>().is_ok() && !port.starts_with('+'))).then_some(host)
}

/// The path without percent-encoding and without a slash at its end, if it is plain.
fn plain_path(path: &str) -> Option<Cow<'_, str>> {
    let decoded =
        if path.as_bytes().contains(&b'%') { Cow::Owned(decode(path)?) } else { Cow::Borrowed(path) };
    let (b'/', mut rest) = decoded.as_bytes().split_first()? else { return None };
    // Up to the end, or to a slash that ends the path.
    while !rest.is_empty() {
        // RFC 7644 §4 puts schema URIs into paths: /Schemas/urn:ietf:params:scim:schemas:core:2.0:User.
        let urn = rest.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"urn:"));
        let plain = |byte: &u8| PLAIN[usize::from(*byte)] || urn && *byte == b':';
        let length = rest.iter().position(|byte| !plain(byte)).unwrap_or(rest.len());
        let (segment, after) = rest.split_at(length);
        rest = match after {
            [] => after,
            [b'/', after @ ..] => after,
            _ => return None,
        };
        if !(1..=MAX_SEGMENT).contains(&length) || segment == b"." || segment == b".." {
            return None;
        }
    }
    let end = decoded.strip_suffix('/').map_or(decoded.len(), |path| path.len().max(1));
    Some(match decoded {
        Cow::Borrowed(path) => Cow::Borrowed(&path[..end]),
        Cow::Owned(mut path) => {
            path.truncate(end);
            Cow::Owned(path)
        }
    })
}

/// The bytes a segment may consist of.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        plain[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut rest = b"._~@+-" as &[u8];
    while let [first, others @ ..] = rest {
        plain[*first as usize] = true;
        rest = others;
    }
    plain
};

/// Undoes percent-encoding of what need not have been encoded; anything else that was encoded, a slash or a percent
/// sign above all, has no place in a path.
fn decode(path: &str) -> Option<String> {
    let mut parts = path.split('%');
    let mut decoded = String::with_capacity(path.len());
    decoded.push_str(parts.next()?);
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        let byte = u8::from_str_radix(digits, 16).ok()?;
        if !byte.is_ascii() || byte == b'/' {
            return None;
        }
        decoded.push(char::from(byte));
        decoded.push_str(&part[2..]);
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::Full;

    use super::*;

    #[test]
    fn plain_paths_pass_and_are_respelt() {
        let urn = "/a/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User";
        for (path, plain) in [
            ("/", "/"),
            ("/scim/v2/Users", "/scim/v2/Users"),
            ("/scim/v2/Users/", "/scim/v2/Users"),
            ("/scim/v2/Users/.search", "/scim/v2/Users/.search"),
            ("/scim/v2/Users/a%2Db%40c.d%2b1", "/scim/v2/Users/a-b@c.d+1"),
            (urn, urn),
            ("/a/scim/v2/Schemas/urn%3Aietf%3aparams", "/a/scim/v2/Schemas/urn:ietf:params"),
        ] {
            assert_eq!(plain_path(path).as_deref(), Some(plain), "{path}");
        }
    }

    #[test]
    fn paths_that_two_readers_could_read_differently_do_not() {
        for path in [
            "//evil.example/scim/v2/Users",
            "/scim//v2/Users",
            "/scim/v2/Users//",
            "//",
            "/scim/v2/../../admin",
            "/scim/v2/%2e%2e/%2E%2e/admin",
            "/scim/v2/Users/.%2e/Groups",
            "/scim/v2/./Users",
            "/scim/v2/Users/%252e%252e%252fadmin",
            "/scim/v2/Users/a%2fb",
            "/scim/v2/Users/..\\..\\admin",
            "/scim/v2/Users/a%5cb",
            "/scim/v2/Users/..;/admin",
            "/scim/v2/Users;tenant=b",
            "/scim/v2/Users/a%00b",
            "/scim/v2/Users/a%0d%0aX:%201",
            "/scim/v2/Users/a%3ffilter=x",
            "/scim/v2/Users/%zz",
            "/scim/v2/Users/%2",
            "/scim/v2/Users/%",
            "/scim/v2/Users/%+1",
            "/scim/v2/Users/é",
            "/scim/v2/Users/%C3%A9",
            "/scim/v2/Users/https:",
            "/scim/v2/Users/%7B%7Bconfig%7D%7D",
            "Users",
            "",
            "*",
        ] {
            assert_eq!(plain_path(path), None, "{path}");
        }
        assert!(plain_path(&format!("/{}", "a".repeat(128))).is_some());
        assert!(plain_path(&format!("/{}", "a".repeat(129))).is_none());
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        for (authority, host) in [
            ("scim.example", Some("scim.example")),
            ("scim.example:8443", Some("scim.example")),
            ("127.0.0.1:1", Some("127.0.0.1")),
            ("[::1]:8443", Some("[::1]")),
            ("[::1]", Some("[::1]")),
            ("scim.example:", Some("scim.example")),
            ("", None),
            (":80", None),
            ("a b", None),
            ("a@b", None),
            ("u:p@b", None),
            ("a/b", None),
            ("a,b", None),
            ("a:80:81", None),
            ("a:+80", None),
            ("a:99999", None),
            ("[::1", None),
            ("[::1]x", None),
            ("[zz]", None),
        ] {
            assert_eq!(host_name(authority), host, "{authority}");
        }
    }

    fn faults(method: &str, uri: &str, headers: &[(&str, &str)], body: &'static [u8]) -> Option<Fault> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from_static(body))).unwrap();
        check(&request, &["scim.example".into()]).err()
    }

    #[test]
    fn each_fault_has_its_name() {
        let host = ("Host", "scim.example:8443");
        let long = "a".repeat(MAX_VALUE + 1);
        let far = format!("/{}", "?a".repeat(MAX_URI / 2));
        for (method, uri, headers, body, fault) in [
            ("GET", "/Users?", &[host][..], &b""[..], None),
            ("POST", "/Users", &[host, ("Transfer-Encoding", "Chunked")], b"{}", None),
            ("PUT", "/Users", &[host, ("Expect", "100-Continue")], b"{}", None),
            ("PUT", "/Users", &[host, ("Content-Encoding", "identity")], b"{}", None),
            ("TRACE", "/Users", &[host], b"", Some(Fault::Method)),
            ("get", "/Users", &[host], b"", Some(Fault::Method)),
            ("HEAD", "/Users", &[host], b"", Some(Fault::Method)),
            ("GET", "http://scim.example/Users", &[host], b"", Some(Fault::Target)),
            ("GET", "/Users/..", &[host], b"", Some(Fault::Target)),
            ("GET", &far, &[host], b"", Some(Fault::TargetTooLong)),
            (
                "GET",
                &format!("/Users?filter={}", "a".repeat(MAX_URI)),
                &[host],
                b"",
                Some(Fault::FilterTooLong),
            ),
            ("GET", "/Users", &[], b"", Some(Fault::Host)),
            ("GET", "/Users", &[host, host], b"", Some(Fault::Host)),
            ("GET", "/Users", &[("Host", "a@scim.example")], b"", Some(Fault::Host)),
            ("GET", "/Users", &[("Host", "evil.example")], b"", Some(Fault::Misdirected)),
            ("GET", "/Users", &[host, ("X", &long)], b"", Some(Fault::ValueTooLong)),
            ("POST", "/Users", &[host, ("Transfer-Encoding", ",chunked")], b"{}", Some(Fault::Framing)),
            ("POST", "/Users", &[host, ("Transfer-Encoding", "gzip, chunked")], b"{}", Some(Fault::Framing)),
            (
                "POST",
                "/Users",
                &[host, ("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
                b"{}",
                Some(Fault::Framing),
            ),
            ("POST", "/Users", &[host, ("Expect", "200-ok")], b"{}", Some(Fault::Expectation)),
            ("POST", "/Users", &[host, ("Content-Encoding", "gzip")], b"{}", Some(Fault::Encoding)),
            ("GET", "/Users", &[host], b"{}", Some(Fault::Body)),
            ("DELETE", "/Users/1", &[host, ("Transfer-Encoding", "chunked")], b"", Some(Fault::Body)),
        ] {
            assert_eq!(faults(method, uri, headers, body), fault, "{method} {headers:?}");
        }
    }

    #[test]
    fn on_http2_authority_and_host_must_agree() {
        let check = |uri: &str, host: Option<&str>| {
            let mut request = Request::builder().version(Version::HTTP_2).uri(uri);
            if let Some(host) = host {
                request = request.header(HOST, host);
            }
            check(&request.body(Full::<Bytes>::default()).unwrap(), &[])
        };
        assert_eq!(check("https://scim.example/Users", None), Ok(None));
        assert_eq!(check("https://scim.example/Users", Some("SCIM.example")), Ok(None));
        assert_eq!(check("/Users", Some("scim.example")), Ok(None));
        assert_eq!(check("https://scim.example/Users", Some("evil.example")), Err(Fault::Host));
        assert_eq!(check("https://u:p@scim.example/Users", None), Err(Fault::Host));
        assert_eq!(check("/Users", None), Err(Fault::Host));
    }

    proptest::proptest! {
        #[test]
        fn what_passes_is_plain_and_stays_so(path in "(/[a-zA-Z0-9.%/\\\\;:@+~_ é-]{0,6}){1,4}") {
            if let Some(plain) = plain_path(&path) {
                assert!(!plain.contains(['%', '\\', ';', ' ']) && !plain.contains("//"));
                assert!(plain.split('/').skip(1).all(|segment| segment != "." && segment != ".."));
                assert_eq!(plain_path(&plain).as_deref(), Some(&*plain), "reading it again changes nothing");
            }
        }
    }
}
