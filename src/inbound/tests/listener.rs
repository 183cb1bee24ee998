//! The listener: versions, TLS, the deadlines and budgets of connections, and stopping in order.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsConnector;

use super::{AUTH, Client, Server, Setup, echo, header, status};
use crate::inbound::{Listener, Stack, Workers, respond, tls};

const SOON: Duration = Duration::from_millis(20);
const NEVER: Duration = Duration::from_secs(3600);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

fn get() -> String {
    format!("GET /acme/scim/v2/Users HTTP/1.1\r\nHost: a\r\n{AUTH}\r\n")
}

/// A request of HTTP/2, on any stream of bytes.
async fn http2(
    io: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
) -> (StatusCode, Bytes) {
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::builder()
        .version(Version::HTTP_2)
        .uri("http://scim.example/acme/scim/v2/Users")
        .header("authorization", "Bearer token-of-acme")
        .body(Empty::<Bytes>::new())
        .unwrap();
    let reply = sender.send_request(request).await.unwrap();
    (reply.status(), reply.into_body().collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn a_plain_listener_speaks_both_versions() {
    let server = Setup::default().serve(echo).await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.send(get()).await;
        assert_eq!(status(&client.reply().await), 200, "on one connection");
    }
    let (status, body) = http2(server.connect().await.0).await;
    assert_eq!((status, &body[..]), (StatusCode::OK, &b"acme /Users"[..]));
}

#[tokio::test]
async fn connections_are_dealt_to_the_threads_and_stay_there() {
    let setup = Setup::default();
    let listener = Listener::bind(&setup.listener).await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), tokio_util::sync::CancellationToken::new());
    let stack = Stack::new(&setup.stack, super::gates(1000), |_, _| async {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        respond::json(StatusCode::OK, name, None, None)
    });
    let workers = Workers::start().unwrap();
    let told = stop.clone();
    let done = tokio::spawn(async move {
        listener.serve(&workers, move |connection| stack.on(connection), told, SOON).await
    });
    let mut names = std::collections::HashSet::new();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for _ in 0..threads {
        let mut client = Client(TcpStream::connect(address).await.unwrap());
        let mut last = String::new();
        for turn in 0..3 {
            client.send(get()).await;
            let reply = client.reply().await;
            let name = reply.rsplit("\r\n").next().unwrap().to_owned();
            assert!(name.starts_with("worker-") && (turn == 0 || name == last), "{name} after {last}");
            last = name;
        }
        names.insert(last);
    }
    assert_eq!(names.len(), threads);
    stop.cancel();
    assert_eq!(done.await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_not_http_is_closed() {
    let server = Setup::default().serve(echo).await;
    for bytes in
        [&b"\x16\x03\x01\x00\xa5\x01\x00"[..], b"\0\0\0\0\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"]
    {
        let mut client = server.connect().await;
        client.send(bytes).await;
        assert!([0, 400].contains(&status(&client.rest().await)));
    }
}

#[tokio::test]
async fn a_connection_that_does_not_go_on_is_closed() {
    // Each with one short deadline and all others out of the way.
    let long = |limits: &mut crate::inbound::Limits| {
        (limits.first_byte, limits.head, limits.idle) = (NEVER, NEVER, NEVER);
    };
    let first = Setup::limits(|limits| (long(limits), limits.first_byte = SOON).1).serve(echo).await;
    assert_eq!(first.ask("").await, "", "silent from the beginning");
    assert_eq!(first.ask("P").await, "", "HTTP/2 or POST?");
    let head = Setup::limits(|limits| (long(limits), limits.head = SOON).1).serve(echo).await;
    assert_eq!(head.ask("GET /acme").await, "");
    let idle = Setup::limits(|limits| (long(limits), limits.idle = SOON).1).serve(echo).await;
    assert_eq!(status(&idle.ask(&get()).await), 200, "and then closed");
    // A head after a request has the deadline of a head, however its bytes trickle.
    let mut client = head.connect().await;
    client.send(get()).await;
    assert_eq!(status(&client.reply().await), 200);
    client.send("G").await;
    assert_eq!(client.rest().await, "");
    // HTTP/2 that stops after its preface.
    let both = Setup::limits(|limits| (limits.first_byte, limits.head) = (SOON, SOON)).serve(echo).await;
    let mut client = both.connect().await;
    client.send(PREFACE).await;
    client.rest().await;
}

#[tokio::test]
async fn a_request_in_service_is_not_idle() {
    let short = Setup::limits(|limits| (limits.first_byte, limits.head, limits.idle) = (SOON, SOON, SOON));
    let server = short
        .serve(|caller, request| async move {
            tokio::time::sleep(3 * SOON).await;
            echo(caller, request).await
        })
        .await;
    assert_eq!(status(&server.ask(&get()).await), 200);
    assert_eq!(http2(server.connect().await.0).await.0, 200);
}

#[tokio::test]
async fn bytes_without_an_authenticated_request_are_budgeted() {
    let server = Setup::limits(|limits| limits.unauthenticated_bytes = 4096).serve(echo).await;
    let mut client = server.connect().await;
    for _ in 0..100 {
        client.send(get()).await;
        assert_eq!(status(&client.reply().await), 200, "authenticated requests renew the budget");
    }
    let mut client = server.connect().await;
    client.send(get().replace("token-of-acme", "x").repeat(100)).await;
    let replies = client.rest().await.matches("HTTP/1.1 401").count();
    assert!(replies < 60, "{replies} of 100 that no token came with");
    let mut client = server.connect().await;
    client.send([PREFACE, &b"\0\0\x08\x06\0\0\0\0\0pingpong".repeat(1000)].concat()).await;
    client.rest().await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_closed() {
    const SIZE: usize = 32 << 20;
    let server = Setup::limits(|limits| limits.write = SOON)
        .serve(|_, _| async { respond::json(StatusCode::OK, vec![b'x'; SIZE], None, None) })
        .await;
    let mut client = server.connect().await;
    client.send(get()).await;
    // The server goes away although nobody reads; what the kernel has buffered may still be read.
    server.stop.cancel();
    assert_eq!(server.done.await.unwrap(), 0, "not by the stop");
    let mut bytes = Vec::new();
    let _ = client.0.read_to_end(&mut bytes).await;
    assert!(bytes.len() < SIZE);
}

#[tokio::test]
async fn a_reader_of_http2_that_opens_no_window_is_closed() {
    const SIZE: usize = 1 << 20;
    let server = Setup::limits(|limits| limits.write = SOON)
        .serve(|_, _| async { respond::json(StatusCode::OK, vec![b'x'; SIZE], None, None) })
        .await;
    let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(1024)
        .handshake(TokioIo::new(server.connect().await.0))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get("http://a/acme/scim/v2/Users").header("authorization", "Bearer token-of-acme");
    let reply = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    assert!(connection.await.unwrap().is_err() || reply.into_body().collect().await.is_err());
}

#[tokio::test]
async fn one_origin_has_so_many_connections_and_no_more() {
    let server = Setup::limits(|limits| limits.connections_per_origin = 1).serve(echo).await;
    let mut first = server.connect().await;
    first.send(get()).await;
    first.reply().await;
    assert_eq!(server.ask(&get()).await, "", "the second is closed at once");
    first.send(get()).await;
    assert_eq!(status(&first.reply().await), 200, "the first is not harmed");
    drop(first);
    while status(&server.ask(&get().replace("Host", "Connection: close\r\nHost")).await) != 200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn strangers_take_only_their_own_places() {
    let server = Setup::limits(|limits| limits.strangers = 2).serve(echo).await;
    let mut known = server.connect().await;
    known.send(get()).await;
    assert_eq!(status(&known.reply().await), 200);
    let mut strangers = Vec::new();
    for _ in 0..2 {
        let mut client = server.connect().await;
        client.send(get().replace("token-of-acme", "x")).await;
        assert_eq!(status(&client.reply().await), 401, "who has shown a token takes no place of theirs");
        strangers.push(client);
    }
    assert_eq!(server.ask(&get()).await, "", "a third is refused, whoever it is");
    known.send(get()).await;
    assert_eq!(status(&known.reply().await), 200, "who is known is not harmed");
    strangers.pop();
    while status(&server.ask(&get().replace("Host", "Connection: close\r\nHost")).await) != 200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn there_are_so_many_connections_and_no_more() {
    let server = Setup::limits(|limits| limits.connections = 1).serve(echo).await;
    let mut first = server.connect().await;
    first.send(get()).await;
    first.reply().await;
    assert_eq!(server.ask(&get()).await, "", "the second is closed at once");
}

#[tokio::test]
async fn a_refused_upload_can_read_why() {
    let server = Setup::default().serve(echo).await;
    let mut client = server.connect().await;
    let head = "POST /acme/scim/v2/Users HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n";
    client.send([head.as_bytes(), &vec![b'x'; 60_000]].concat()).await;
    assert_eq!(status(&client.rest().await), 401, "closing on unread bytes would reset the connection");
}

#[tokio::test]
async fn a_head_has_a_size() {
    let server = Setup::default().serve(echo).await;
    let head = |lines: &str| {
        format!("GET /acme/scim/v2 HTTP/1.1\r\nHost: a\r\n{AUTH}{lines}Connection: close\r\n\r\n")
    };
    let some = |count: usize, length: usize| {
        (0..count).map(|n| format!("X-{n}: {}\r\n", "a".repeat(length))).collect::<String>()
    };
    for (lines, expected) in [
        (some(61, 1), 200),
        (some(62, 1), 431),
        (some(1, 8 * 1024), 200),
        (some(1, 8 * 1024 + 1), 431),
        (some(5, 7 * 1024), 431),
    ] {
        assert_eq!(status(&server.ask(&head(&lines)).await), expected, "{} bytes", lines.len());
    }
    for (length, expected) in [(16 * 1024 - 20, 200), (16 * 1024 + 1, 414)] {
        let path = format!("/acme/scim/v2?{}", "a".repeat(length));
        let reply = server.get(&path, AUTH).await;
        assert_eq!(status(&reply), expected);
        assert!(reply.contains("application/scim+json"), "{reply}");
    }
}

#[tokio::test]
async fn an_old_connection_ends_after_a_request() {
    let server = Setup::limits(|limits| limits.age = SOON).serve(echo).await;
    let mut client = server.connect().await;
    client.send(get()).await;
    assert_eq!(status(&client.rest().await), 200);
}

/// A server whose handler waits to be let go, with a request in it.
async fn busy(drain: Duration) -> (Server, Client, Arc<Notify>) {
    let (go, begun) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (wait, begin) = (Arc::clone(&go), Arc::clone(&begun));
    let server = Setup { drain, ..Setup::default() }
        .serve(move |caller, request| {
            let wait = Arc::clone(&wait);
            begin.notify_one();
            async move {
                wait.notified().await;
                echo(caller, request).await
            }
        })
        .await;
    let mut client = server.connect().await;
    client.send(get()).await;
    begun.notified().await;
    (server, client, go)
}

#[tokio::test]
async fn a_stop_lets_requests_finish() {
    let (server, mut client, go) = busy(NEVER).await;
    let mut idle = server.connect().await;
    server.stop.cancel();
    assert_eq!(idle.rest().await, "", "who asked for nothing is let go");
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    go.notify_one();
    let reply = client.rest().await;
    assert_eq!((status(&reply), header(&reply, "connection")), (200, Some("close")));
    assert_eq!(server.done.await.unwrap(), 0);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let (server, mut client, _go) = busy(SOON).await;
    let _silent = server.connect().await;
    server.stop.cancel();
    assert_eq!(server.done.await.unwrap(), 1, "one was cut off");
    assert_eq!(client.rest().await, "");
}

/// A self-signed certificate for `scim.example` in a folder, and the certificate alone.
fn certificate(folder: &Path) -> (tls::Options, rustls::pki_types::CertificateDer<'static>) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["scim.example".into()]).unwrap();
    let options = tls::Options { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
    std::fs::write(&options.certificate, cert.pem()).unwrap();
    std::fs::write(&options.key, signing_key.serialize_pem()).unwrap();
    (options, cert.der().clone())
}

/// A folder that is gone when the test is over.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("scim-bridge-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn handshake(
    address: std::net::SocketAddr,
    root: &rustls::pki_types::CertificateDer<'static>,
    alpn: &[&[u8]],
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let name = ServerName::try_from("scim.example").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, TcpStream::connect(address).await?).await
}

#[tokio::test]
async fn tls_speaks_what_was_agreed_on_and_takes_a_new_certificate() {
    let folder = Folder::new("tls");
    let (options, root) = certificate(&folder.0);
    let mut setup = Setup::limits(|limits| limits.handshake = 50 * SOON);
    setup.listener.tls = Some(options);
    let listener = Listener::bind(&setup.listener).await.unwrap();
    let (address, in_use) = (listener.local_addr().unwrap(), listener.certificate().unwrap());
    let stack = Stack::new(&setup.stack, super::gates(10), echo);
    let stop = tokio_util::sync::CancellationToken::new();
    tokio::spawn(async move {
        listener.serve(&Workers::here(), move |connection| stack.on(connection), stop, SOON).await
    });

    let stream = handshake(address, &root, &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(http2(stream).await.0, 200);
    let mut stream = handshake(address, &root, &[]).await.unwrap();
    stream.write_all(get().replace("Host", "Connection: close\r\nHost").as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert_eq!(status(&reply), 200);
    assert!(handshake(address, &root, &[b"spdy"]).await.is_err(), "no common protocol is no connection");
    let mut plain = Client(TcpStream::connect(address).await.unwrap());
    plain.send(get()).await;
    assert_eq!(status(&plain.rest().await), 0);
    let mut silent = Client(TcpStream::connect(address).await.unwrap());
    assert_eq!(silent.rest().await, "", "a handshake that does not begin has a deadline too");

    std::fs::write(folder.0.join("cert.pem"), "broken").unwrap();
    assert!(in_use.reload().unwrap_err().to_string().contains("cert.pem"), "the file is named");
    handshake(address, &root, &[]).await.unwrap();
    let (_, next) = certificate(&folder.0);
    in_use.reload().unwrap();
    assert!(handshake(address, &root, &[]).await.is_err());
    handshake(address, &next, &[]).await.unwrap();
}
