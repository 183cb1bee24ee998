//! Where a vendor's SCIM endpoint is: an origin and a path, checked once; and URLs below it, built and never joined.
//!
//! `Url::join` follows `//evil.example/x` and `..` out of the base, so nothing here joins text: a URL is the base, each
//! segment percent-encoded whole, and a query of encoded pairs. Origin and path therefore come from the configuration
//! alone, by construction.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::{HeaderValue, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// What need not be encoded in a segment (RFC 3986 §3.3): the unreserved characters, and `@` and `:`, which ids hold
/// and which vendors compare as text. A `+` is encoded: some servers read it as a space.
const SEGMENT: &AsciiSet = &QUERY.remove(b'@').remove(b':');

/// What need not be encoded in a query: the unreserved characters alone.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The origin and the path that every call to a vendor begins with.
#[derive(Clone, PartialEq, Eq)]
pub struct Base {
    /// `https://host[:port]/path`, without a slash at its end.
    text: String,
}

/// Why text is not a [`Base`]. The messages are for whoever wrote the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// Neither `https://` nor, where that may be, `http://`.
    #[error("a vendor URL begins with https://")]
    Scheme,
    /// `http://` to something else than a loopback address.
    #[error(
        "a token must not travel in plain text: http:// is for loopback addresses such as 127.0.0.1, or with `insecure: true`"
    )]
    Plaintext,
    /// A user or a password in it.
    #[error("credentials do not belong into a URL, it ends up in logs: give them as the credential")]
    Userinfo,
    /// A query or a fragment.
    #[error("a base URL has no query and no fragment")]
    Query,
    /// The host is no host name.
    #[error("the host is neither a host name nor an IP address (international names: write the xn-- form)")]
    Host,
    /// An IP address in another spelling than its own, or one that nothing can be called at.
    #[error(
        "write the IP address in its usual form, such as 192.0.2.1 or [2001:db8::1]; unspecified, multicast and IPv4-mapped addresses cannot be called"
    )]
    Address,
    /// The port is no port.
    #[error("the port is not a number between 1 and 65535")]
    Port,
    /// The path is not plain.
    #[error(
        "the path consists of segments of letters, digits and . _ ~ - + @ :, without empty ones and without `..`"
    )]
    Path,
}

impl Base {
    /// Reads a URL. `insecure` lets `http://` through to any host; without, it is for loopback addresses.
    ///
    /// # Errors
    /// Whatever [`BaseError`] names.
    pub fn parse(url: &str, insecure: bool) -> Result<Self, BaseError> {
        let (secure, rest) = match (strip_ignoring_case(url, "https://"), strip_ignoring_case(url, "http://"))
        {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(BaseError::Scheme),
        };
        if rest.contains(['?', '#']) {
            return Err(BaseError::Query);
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(BaseError::Userinfo);
        }
        let (host, port) = split_port(authority)?;
        let host = Host::parse(host)?;
        if !secure && !insecure && !host.is_loopback() {
            return Err(BaseError::Plaintext);
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        if !path.split('/').skip(1).all(is_plain) {
            return Err(BaseError::Path);
        }
        let scheme = if secure { "https" } else { "http" };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let text = format!("{scheme}://{host}{port}{path}");
        // Whatever is made of it later must be a URI to the `http` crate too.
        text.parse::<Uri>().map_err(|_| BaseError::Host)?;
        Ok(Self { text })
    }

    /// Whether TLS is spoken.
    pub fn is_secure(&self) -> bool {
        self.text.starts_with("https:")
    }

    /// The origin, as a URL.
    pub(super) fn origin(&self) -> Uri {
        self.text.parse().unwrap_or_default()
    }

    /// What `Host` says.
    pub(super) fn host(&self) -> HeaderValue {
        let origin = self.origin();
        let authority = origin.authority().map_or("", |authority| authority.as_str());
        HeaderValue::from_str(authority).unwrap_or(HeaderValue::from_static(""))
    }

    /// The URL of what `segments` and `query` name below the base. `None` for a segment that cannot be one: empty, `.`,
    /// `..` or with a control character in it, which no encoding makes harmless to every server.
    pub(super) fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Option<Uri> {
        let mut url = String::with_capacity(self.text.len() + 64);
        url.push_str(&self.text);
        for segment in segments {
            if matches!(*segment, "" | "." | "..") || segment.contains(char::is_control) {
                return None;
            }
            url.push('/');
            url.extend(percent_encode(segment.as_bytes(), SEGMENT));
        }
        for (at, (name, value)) in query.iter().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url.extend(percent_encode(name.as_bytes(), QUERY));
            url.push('=');
            url.extend(percent_encode(value.as_bytes(), QUERY));
        }
        Uri::try_from(url).ok()
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn strip_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), BaseError> {
    let end = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']').ok_or(BaseError::Host)? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end);
    if port.is_empty() {
        return Ok((host, None));
    }
    let digits = port.strip_prefix(':').filter(|port| port.bytes().all(|digit| digit.is_ascii_digit()));
    match digits.and_then(|digits| digits.parse().ok()) {
        Some(port @ 1..) => Ok((host, Some(port))),
        _ => Err(BaseError::Port),
    }
}

fn is_plain(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-+@:".contains(&byte);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(plain)
}

/// The host of a URL as its author meant it.
enum Host {
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Host {
    fn parse(text: &str) -> Result<Self, BaseError> {
        if let Some(address) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            let address: Ipv6Addr = address.parse().map_err(|_| BaseError::Address)?;
            let other =
                address.is_unspecified() || address.is_multicast() || address.to_ipv4_mapped().is_some();
            return if other { Err(BaseError::Address) } else { Ok(Self::V6(address)) };
        }
        // As browsers do (WHATWG URL §4.4, "ends in a number"): what resolvers would read as an address in octal, in
        // hexadecimal or as one number is an address here too, and then it must be one in decimals.
        let last = text.rsplit('.').next().unwrap_or_default();
        let number = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
        if number || strip_ignoring_case(last, "0x").is_some() {
            let address: Ipv4Addr = text.parse().map_err(|_| BaseError::Address)?;
            let other = address.is_unspecified() || address.is_multicast() || address.is_broadcast();
            return if other { Err(BaseError::Address) } else { Ok(Self::V4(address)) };
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        if text.len() > 253 || !text.split('.').all(label) {
            return Err(BaseError::Host);
        }
        Ok(Self::Name(text.to_ascii_lowercase()))
    }

    fn is_loopback(&self) -> bool {
        match self {
            Self::Name(_) => false,
            Self::V4(address) => IpAddr::V4(*address).is_loopback(),
            Self::V6(address) => IpAddr::V6(*address).is_loopback(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => write!(f, "{address}"),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_read_and_put_into_its_usual_form() {
        for (url, base) in [
            ("https://vendor.example/scim/v2", "https://vendor.example/scim/v2"),
            ("HTTPS://Vendor.Example:8443/scim/v2/", "https://vendor.example:8443/scim/v2"),
            ("https://vendor.example", "https://vendor.example"),
            ("https://vendor.example/", "https://vendor.example"),
            ("https://10.0.0.1/x", "https://10.0.0.1/x"),
            ("https://[2001:DB8:0::1]:1/x", "https://[2001:db8::1]:1/x"),
            ("http://127.0.0.2:9000/scim", "http://127.0.0.2:9000/scim"),
            ("http://[::1]", "http://[::1]"),
            ("https://a_b.example/services/data@1:2", "https://a_b.example/services/data@1:2"),
        ] {
            assert_eq!(Base::parse(url, false).map(|base| base.to_string()).as_deref(), Ok(base), "{url}");
        }
        assert!(Base::parse("http://vendor.example", true).is_ok());
    }

    #[test]
    fn a_mistake_is_named() {
        for (url, error) in [
            ("", BaseError::Scheme),
            ("vendor.example", BaseError::Scheme),
            ("ftp://vendor.example", BaseError::Scheme),
            ("//vendor.example", BaseError::Scheme),
            ("http://vendor.example", BaseError::Plaintext),
            ("http://localhost", BaseError::Plaintext),
            ("http://10.0.0.1", BaseError::Plaintext),
            ("https://token@vendor.example", BaseError::Userinfo),
            ("https://u:p@vendor.example", BaseError::Userinfo),
            ("https://vendor.example?x=1", BaseError::Query),
            ("https://vendor.example/#x", BaseError::Query),
            ("https://", BaseError::Host),
            ("https:///scim", BaseError::Host),
            ("https://a b", BaseError::Host),
            ("https://a\\b", BaseError::Host),
            ("https://a%2eb", BaseError::Host),
            ("https://bücher.example", BaseError::Host),
            ("https://-a.example", BaseError::Host),
            ("https://a..b", BaseError::Host),
            ("https://[::1", BaseError::Host),
            ("https://vendor.example:0", BaseError::Port),
            ("https://vendor.example:65536", BaseError::Port),
            ("https://vendor.example:+1", BaseError::Port),
            ("https://vendor.example:", BaseError::Port),
            ("https://[::1]x", BaseError::Port),
            ("https://vendor.example//scim", BaseError::Path),
            ("https://vendor.example/../admin", BaseError::Path),
            ("https://vendor.example/%2e%2e/admin", BaseError::Path),
            ("https://vendor.example/a\\b", BaseError::Path),
            ("https://vendor.example/{{tenant}}", BaseError::Path),
        ] {
            assert_eq!(Base::parse(url, false), Err(error), "{url}");
        }
    }

    #[test]
    fn an_address_in_disguise_is_refused() {
        for host in [
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "127.1",
            "127.0.0.01",
            "1.2.3.4.5",
            "256.1.1.1",
            "127.0.0.1.",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[ff02::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[fe80::1%25eth0]",
            "[127.0.0.1]",
            "a.0x1",
            "1e3.1",
        ] {
            let result = Base::parse(&format!("https://{host}/"), true);
            assert!(matches!(result, Err(BaseError::Address | BaseError::Host)), "{host}: {result:?}");
        }
    }

    fn url(segments: &[&str], query: &[(&str, &str)]) -> Option<String> {
        let base = Base::parse("https://vendor.example/scim/v2", false).unwrap();
        base.url(segments, query).map(|url| url.to_string())
    }

    #[test]
    fn segments_and_queries_are_encoded_whole() {
        for (segments, query, expected) in [
            (&["Users"][..], &[][..], "/Users"),
            (&["Users", "a@b.c:1"], &[], "/Users/a@b.c:1"),
            (&["Users", "a/b?c#d%e+f g"], &[], "/Users/a%2Fb%3Fc%23d%25e%2Bf%20g"),
            (&["Users", "//evil.example"], &[], "/Users/%2F%2Fevil.example"),
            (&["Users", "é\\"], &[], "/Users/%C3%A9%5C"),
            (
                &["Users"],
                &[("filter", "userName eq \"a&b=c+d\""), ("count", "1")],
                "/Users?filter=userName%20eq%20%22a%26b%3Dc%2Bd%22&count=1",
            ),
        ] {
            assert_eq!(url(segments, query), Some(format!("https://vendor.example/scim/v2{expected}")));
        }
        for bad in ["", ".", "..", "a\0b", "a\r\nX: 1", "a\u{7f}", "a\u{85}"] {
            assert_eq!(url(&["Users", bad], &[]), None, "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_segment_and_no_query_leaves_the_base(id in ".{0,20}", name in ".{0,8}", value in ".{0,20}") {
            if let Some(url) = url(&["Users", &id], &[(&name, &value)]) {
                let url: Uri = url.parse().unwrap();
                assert_eq!(url.authority().unwrap().as_str(), "vendor.example");
                assert!(url.path().starts_with("/scim/v2/Users/") && url.path().matches('/').count() == 4);
                let decoded = percent_encoding::percent_decode_str(&url.path()["/scim/v2/Users/".len()..]);
                assert_eq!(decoded.decode_utf8().unwrap(), id);
            }
        }
    }
}
