//! Through the socket, against vendors that answer what a test tells them to, byte by byte.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use governor::Quota;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::buckets::Counted;
use super::*;
use crate::secret::Secret;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\nContent-Length: 2\r\n\r\n{}";

/// A vendor that can be told what to say. `Err` is said too, and then the connection is closed.
struct Peer {
    address: SocketAddr,
    /// Each request as it came, and the number of its connection.
    seen: Arc<Mutex<Vec<(usize, String)>>>,
}

type Said = Result<String, String>;

impl Peer {
    async fn start(says: impl Fn(usize, &str) -> Said + Send + Sync + 'static) -> Self {
        Self::start_with(None, says).await
    }

    async fn start_with(
        tls: Option<TlsAcceptor>,
        says: impl Fn(usize, &str) -> Said + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = Self { address: listener.local_addr().unwrap(), seen: Arc::default() };
        let (seen, says) = (Arc::clone(&peer.seen), Arc::new(says));
        tokio::spawn(async move {
            for connection in 0.. {
                let (socket, _) = listener.accept().await.unwrap();
                let (seen, says, tls) = (Arc::clone(&seen), Arc::clone(&says), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => talk(socket, connection, &seen, &*says).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(socket).await {
                                talk(stream, connection, &seen, &*says).await;
                            }
                        }
                    }
                });
            }
        });
        peer
    }

    fn seen(&self) -> Vec<(usize, String)> {
        self.seen.lock().unwrap().clone()
    }
}

async fn talk(
    mut io: impl AsyncRead + AsyncWrite + Unpin,
    connection: usize,
    seen: &Mutex<Vec<(usize, String)>>,
    says: &(dyn Fn(usize, &str) -> Said + Send + Sync),
) {
    loop {
        let mut bytes = Vec::new();
        let text = loop {
            let text = String::from_utf8_lossy(&bytes);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                    break text.into_owned();
                }
            }
            if io.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push((connection, text.clone()));
            seen.len()
        };
        let said = says(number, &text);
        let (Ok(reply) | Err(reply)) = &said;
        if io.write_all(reply.as_bytes()).await.is_err() || said.is_err() {
            let _ = io.shutdown().await;
            return;
        }
    }
}

fn options(base: &str) -> Options {
    let options = Options::new(Base::parse(base, true).unwrap(), Secret::new("hunter2".into()));
    Options { spread: [Duration::ZERO, Duration::from_millis(1)], ..options }
}

fn account() -> Account {
    Account::new(Quota::per_second(NonZeroU32::new(1000).unwrap()), 10)
}

fn vendor(peer: &Peer) -> Vendor {
    Vendor::new(options(&format!("http://{}/scim/v2", peer.address)), account()).unwrap()
}

fn call<'a>(method: Method, repeat: Repeat) -> Outgoing<'a> {
    Outgoing {
        method,
        segments: &["Users"],
        query: &[],
        operations: 1,
        body: None,
        repeat,
        urgent: false,
        if_match: None,
        deadline: Instant::now() + Duration::from_secs(10),
    }
}

fn get<'a>() -> Outgoing<'a> {
    call(Method::GET, Repeat::Safe)
}

fn post<'a>() -> Outgoing<'a> {
    Outgoing { body: Some(Bytes::from_static(b"{}")), ..call(Method::POST, Repeat::Unsafe) }
}

async fn kind(vendor: &Vendor, call: Outgoing<'_>) -> Kind {
    let failure = vendor.send(&call).await.unwrap_err();
    assert!(!failure.to_string().contains("hunter2"), "{failure}");
    failure.kind
}

#[tokio::test]
async fn a_call_arrives_as_it_was_meant_and_its_reply_comes_back() {
    let peer = Peer::start(|_, _| {
        let head = "HTTP/1.1 201 Created\r\nContent-Type: text/json; charset=utf-8\r\nETag: W/\"1\"\r\n";
        let more = "Location: https://evil.example/Users/1\r\nSet-Cookie: a=b\r\nRetry-After: 3\r\nContent-Length: 9\r\n\r\n";
        Ok(format!("{head}{more}{{\"id\":\"1\"}}").replace("Length: 9", "Length: 10"))
    })
    .await;
    let mut options = options(&format!("http://{}/scim/v2", peer.address));
    options.headers =
        HeaderMap::from_iter([(http::header::ACCEPT, HeaderValue::from_static("application/json"))]);
    let vendor = Vendor::new(options, account()).unwrap();
    let outgoing = Outgoing {
        segments: &["Users", "a/b"],
        query: &[("filter", "userName eq \"é\"")],
        if_match: Some("W/\"0\""),
        ..post()
    };
    let reply = vendor.send(&outgoing).await.unwrap();
    assert_eq!(
        (reply.status, &reply.body[..], reply.json),
        (StatusCode::CREATED, &b"{\"id\":\"1\"}"[..], true)
    );
    assert_eq!(reply.etag.as_deref(), Some("W/\"1\""));
    assert_eq!(reply.location.as_deref(), Some("https://evil.example/Users/1"), "given, never called");
    assert_eq!(reply.retry_after, Some(Duration::from_secs(3)));

    let (_, request) = &peer.seen()[0];
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "{}");
    let mut lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines.remove(0), "POST /scim/v2/Users/a%2Fb?filter=userName%20eq%20%22%C3%A9%22 HTTP/1.1");
    lines.sort_unstable();
    let host = format!("host: {}", peer.address);
    assert_eq!(
        lines,
        [
            "accept: application/json",
            "authorization: Bearer hunter2",
            "content-length: 2",
            "content-type: application/scim+json",
            &host,
            "if-match: W/\"0\"",
            concat!("user-agent: scim-bridge/", env!("CARGO_PKG_VERSION")),
        ]
    );
}

#[tokio::test]
async fn connections_are_used_again() {
    let peer = Peer::start(|_, _| Ok(OK.into())).await;
    let vendor = vendor(&peer);
    for _ in 0..9 {
        vendor.send(&get()).await.unwrap();
    }
    // One that is not quite back in the pool when the next call comes is not waited for.
    assert!(peer.seen().iter().all(|(connection, _)| *connection < 5));
}

#[tokio::test]
async fn a_connection_that_the_vendor_ends_is_not_used_again() {
    let peer = Peer::start(|_, _| Err(OK.replace("Content-Type", "Connection: close\r\nContent-Type"))).await;
    let vendor = vendor(&peer);
    for connection in 0..3 {
        vendor.send(&post()).await.unwrap();
        assert_eq!(peer.seen().last().unwrap().0, connection);
    }
}

#[tokio::test]
async fn what_a_status_means_to_the_caller() {
    let peer = Peer::start(|_, request| {
        let status = request.split(' ').nth(1).unwrap().rsplit('/').next().unwrap();
        Ok(format!("HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"))
    })
    .await;
    let vendor = vendor(&peer);
    for (status, expected) in [
        ("404", None),
        ("403", None),
        ("409", None),
        ("500", None),
        ("401", Some(Kind::Unauthorised)),
        ("301", Some(Kind::Redirect)),
        ("302", Some(Kind::Redirect)),
        ("307", Some(Kind::Redirect)),
        ("308", Some(Kind::Redirect)),
        ("304", Some(Kind::Redirect)),
    ] {
        let before = peer.seen().len();
        let outcome = vendor.send(&Outgoing { segments: &["Users", status], ..get() }).await;
        assert_eq!(outcome.as_ref().err().map(|failure| failure.kind), expected, "{status}: {outcome:?}");
        assert_eq!(peer.seen().len(), before + 1, "{status} is said once");
    }
}

#[tokio::test]
async fn nothing_was_sent_where_nothing_listens() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let vendor = Vendor::new(options(&format!("http://{address}")), account()).unwrap();
    assert_eq!(kind(&vendor, post()).await, Kind::NotSent);
    let outgoing = Outgoing { segments: &["Users", ".."], ..get() };
    assert_eq!(kind(&vendor, outgoing).await, Kind::NotSent);
    assert_eq!(kind(&vendor, Outgoing { if_match: Some("a\nb"), ..get() }).await, Kind::NotSent);
}

#[tokio::test]
async fn a_broken_reply_is_ambiguous_and_only_what_is_safe_is_sent_again() {
    for broken in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "220 smtp.example ESMTP\r\n",
    ] {
        let peer =
            Peer::start(move |number, _| if number == 1 { Err(broken.into()) } else { Ok(OK.into()) }).await;
        let vendor = vendor(&peer);
        assert_eq!(kind(&vendor, post()).await, Kind::Ambiguous, "{broken:?}");
        assert_eq!(peer.seen().len(), 1, "a create is not sent again: {broken:?}");
        let peer =
            Peer::start(move |number, _| if number == 1 { Err(broken.into()) } else { Ok(OK.into()) }).await;
        let reply = self::vendor(&peer).send(&get()).await.unwrap();
        assert_eq!((reply.status, peer.seen().len()), (StatusCode::OK, 2), "a read is: {broken:?}");
    }
}

#[tokio::test]
async fn bytes_after_a_reply_answer_no_other_request() {
    let peer = Peer::start(|number, _| {
        Ok(if number == 1 { format!("{OK}{}", OK.replace("{}", "[]")) } else { OK.into() })
    })
    .await;
    let vendor = vendor(&peer);
    for connection in 0..3 {
        assert_eq!(&vendor.send(&get()).await.unwrap().body[..], b"{}");
        // Only the connection that said too much is not used again.
        assert_eq!(peer.seen().last().unwrap().0, connection.min(1));
    }
}

#[tokio::test]
async fn interim_replies_are_passed_over() {
    let peer =
        Peer::start(|_, _| Ok(format!("{}{OK}", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".repeat(50))))
            .await;
    assert_eq!(vendor(&peer).send(&post()).await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn a_reply_has_a_size() {
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n";
    let long_head = format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n", "a".repeat(200_000));
    for large in ["HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n1234567812345678", chunked, &long_head] {
        let said = large.to_owned();
        let peer = Peer::start(move |_, _| Ok(said.clone())).await;
        let mut options = options(&format!("http://{}", peer.address));
        options.reply = 15;
        let vendor = Vendor::new(options.clone(), account()).unwrap();
        assert_eq!(kind(&vendor, post()).await, Kind::TooLarge);
        options.reply = 16;
        let vendor = Vendor::new(options, account()).unwrap();
        assert_eq!(
            vendor.send(&post()).await.is_ok(),
            large.len() < 1000,
            "a body may be larger, a head not"
        );
    }
}

#[tokio::test]
async fn a_vendor_that_is_slow_is_ambiguous_and_one_that_is_not_asked_in_time_is_overdue() {
    let peer = Peer::start(|_, _| Ok("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{".into())).await;
    let mut options = options(&format!("http://{}", peer.address));
    options.attempt = Duration::from_millis(20);
    let account = Account::new(Quota::per_second(NonZeroU32::new(1000).unwrap()), 1);
    let vendor = Vendor::new(options, account.clone()).unwrap();
    assert_eq!(kind(&vendor, post()).await, Kind::Ambiguous);
    let before = peer.seen().len();
    assert_eq!(kind(&vendor, Outgoing { deadline: Instant::now(), ..post() }).await, Kind::Overdue);
    // The place is waited for before the attempt begins: otherwise this would be an attempt that took too long.
    let _place = account
        .enter(
            false,
            Instant::now() + Duration::from_secs(1),
            Counted { method: &Method::GET, segments: &[], operations: 1 },
        )
        .await
        .unwrap();
    let soon = Instant::now() + Duration::from_millis(30);
    assert_eq!(kind(&vendor, Outgoing { deadline: soon, ..post() }).await, Kind::Overdue);
    assert_eq!(peer.seen().len(), before, "the vendor heard nothing of it");
}

#[tokio::test]
async fn each_try_takes_from_the_rate_and_has_the_credential_of_its_moment() {
    let rotating: Arc<OnceLock<Vendor>> = Arc::default();
    let vendor = Arc::clone(&rotating);
    let peer = Peer::start(move |number, _| {
        if number > 1 {
            return Ok(OK.into());
        }
        vendor.get().unwrap().replace_token(&Secret::new("next".into())).unwrap();
        Ok("HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n".into())
    })
    .await;
    let rate = Quota::per_hour(NonZeroU32::MIN).allow_burst(NonZeroU32::new(2).unwrap());
    let vendor = Vendor::new(options(&format!("http://{}", peer.address)), Account::new(rate, 10)).unwrap();
    assert!(rotating.set(vendor.clone()).is_ok());
    assert_eq!(vendor.send(&get()).await.unwrap().status, StatusCode::OK);
    let seen = peer.seen();
    assert!(seen[0].1.contains("Bearer hunter2") && seen[1].1.contains("Bearer next"), "{seen:?}");
    assert_eq!(kind(&vendor, get()).await, Kind::Overdue, "two tries have used up a burst of two");
}

#[tokio::test]
async fn a_429_pauses_everybody_on_the_account() {
    let peer = Peer::start(|_, _| {
        Ok("HTTP/1.1 429 Slow down\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n".into())
    })
    .await;
    let account = account();
    let options = options(&format!("http://{}", peer.address));
    let one = Vendor::new(options.clone(), account.clone()).unwrap();
    let other = Vendor::new(options, account).unwrap();
    assert_eq!(kind(&one, get()).await, Kind::Throttled { retry_after: Duration::from_secs(60) });
    let Kind::Throttled { retry_after } = kind(&other, get()).await else { panic!("not throttled") };
    assert!((55..=60).contains(&retry_after.as_secs()));
    assert_eq!(peer.seen().len(), 1, "nobody asks again before the time is over");
}

#[tokio::test]
async fn a_name_that_resolves_to_this_machine_is_not_called_unless_allowed() {
    let peer = Peer::start(|_, _| Ok(OK.into())).await;
    let mut options = options(&format!("http://localhost:{}", peer.address.port()));
    let blocked = Vendor::new(options.clone(), account()).unwrap();
    let failure = blocked.send(&post()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::NotSent);
    assert!(failure.to_string().contains("no public address"), "{failure}");
    assert!(peer.seen().is_empty());
    options.networks = vec!["127.0.0.0/8".parse().unwrap()];
    assert!(Vendor::new(options, account()).unwrap().send(&post()).await.is_ok());
}

/// A certificate for a name and 127.0.0.1, as a server presents it and as a client trusts it.
fn certificate(name: &str) -> (Arc<rustls::ServerConfig>, rustls::pki_types::CertificateDer<'static>) {
    let names = [name.to_owned(), "127.0.0.1".to_owned()];
    let names = if name == "localhost" { &names[..] } else { &names[..1] };
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
    server(cert.der(), &signing_key)
}

fn server(
    certificate: &rustls::pki_types::CertificateDer<'static>,
    key: &rcgen::KeyPair,
) -> (Arc<rustls::ServerConfig>, rustls::pki_types::CertificateDer<'static>) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    (Arc::new(config), certificate.clone())
}

#[tokio::test]
async fn a_token_is_sent_only_to_whom_the_certificate_names() {
    let (config, root) = certificate("localhost");
    let peer = Peer::start_with(Some(config.into()), |_, _| Ok(OK.into())).await;
    let mut options = options(&format!("https://{}", peer.address));
    let stranger = Vendor::new(options.clone(), account()).unwrap();
    assert_eq!(kind(&stranger, post()).await, Kind::NotSent, "the web's roots do not know it");
    options.roots = vec![certificate("localhost").1];
    let other = Vendor::new(options.clone(), account()).unwrap();
    assert_eq!(kind(&other, post()).await, Kind::NotSent, "another certificate of the same name");
    assert!(peer.seen().is_empty());
    options.roots = vec![root];
    let right = Vendor::new(options.clone(), account()).unwrap();
    assert_eq!(right.send(&post()).await.unwrap().status, StatusCode::OK);

    let (config, root) = certificate("other.example");
    let misnamed = Peer::start_with(Some(config.into()), |_, _| Ok(OK.into())).await;
    let base = Base::parse(&format!("https://{}", misnamed.address), false).unwrap();
    let vendor = Vendor::new(Options { base, roots: vec![root], ..options }, account()).unwrap();
    assert_eq!(kind(&vendor, post()).await, Kind::NotSent, "a certificate for somebody else");
    assert!(misnamed.seen().is_empty());
}

#[tokio::test]
async fn a_certificate_whose_time_is_over_is_none() {
    let mut parameters =
        rcgen::CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    (parameters.not_before, parameters.not_after) =
        (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
    let key = rcgen::KeyPair::generate().unwrap();
    let (config, root) = server(parameters.self_signed(&key).unwrap().der(), &key);
    let peer = Peer::start_with(Some(config.into()), |_, _| Ok(OK.into())).await;
    let mut options = options(&format!("https://{}", peer.address));
    options.roots = vec![root];
    assert_eq!(kind(&Vendor::new(options, account()).unwrap(), post()).await, Kind::NotSent);
    assert!(peer.seen().is_empty(), "no token was sent");
}

#[tokio::test]
async fn what_a_reply_is_called_does_not_change_what_it_is() {
    for (head, body, json) in [
        ("Content-Type: text/plain\r\n", "{}", false),
        ("", "{}", false),
        ("Content-Type: text/html\r\nContent-Encoding: gzip\r\n", "\u{1f}\u{8}bomb", false),
        ("Content-Type: application/scim+json\r\n", "", true),
    ] {
        let said = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len());
        let peer = Peer::start(move |_, _| Ok(said.clone())).await;
        let reply = vendor(&peer).send(&post()).await.unwrap();
        assert_eq!((&reply.body[..], reply.json), (body.as_bytes(), json), "nothing is unpacked: {head}");
        let request = peer.seen()[0].1.to_ascii_lowercase();
        assert!(!request.contains("accept-encoding"), "and nothing packed is asked for");
    }
}

#[tokio::test]
async fn http2_is_spoken_where_the_vendor_speaks_it() {
    let (mut config, root) = certificate("localhost");
    Arc::get_mut(&mut config).unwrap().alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(config);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let stream = acceptor.accept(socket).await.unwrap();
        let service =
            hyper::service::service_fn(|request: http::Request<hyper::body::Incoming>| async move {
                let text = format!("{:?} {}", request.version(), request.uri().path());
                Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Full::new(
                    Bytes::from(text),
                )))
            });
        let io = hyper_util::rt::TokioIo::new(stream);
        let executor = hyper_util::rt::TokioExecutor::new();
        let _ = hyper::server::conn::http2::Builder::new(executor).serve_connection(io, service).await;
    });
    let mut options = options(&format!("https://{address}"));
    options.roots = vec![root];
    let vendor = Vendor::new(options, account()).unwrap();
    for _ in 0..2 {
        assert_eq!(&vendor.send(&get()).await.unwrap().body[..], b"HTTP/2.0 /Users");
    }
}

#[test]
fn a_failure_tells_the_operator_why() {
    let failure = Failure::not_sent(std::io::Error::other("no route"));
    assert_eq!(failure.to_string(), "the vendor could not be reached: no route");
    let failure = Failure::throttled(Duration::from_secs(60));
    assert_eq!(failure.to_string(), "the vendor asks to wait 60 s");
}
