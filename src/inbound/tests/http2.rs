//! HTTP/2, frame by frame: what a client that goes its own way is answered, and what ends its connection.

use std::time::Duration;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Server, Setup, echo};
use crate::inbound::{Caller, Reply, body, respond};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

#[derive(Debug)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Header fields without any compression (RFC 7541 §6.2.2).
fn fields(list: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| {
        let length = text.len();
        let prefix = if length < 127 {
            vec![length as u8]
        } else {
            vec![127, (length - 127) as u8 | 0x80, ((length - 127) >> 7) as u8]
        };
        [prefix, text.as_bytes().to_vec()].concat()
    };
    list.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
}

fn head<'a>(method: &'a str, path: &'a str, token: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        (":method", method),
        (":scheme", "http"),
        (":authority", "a"),
        (":path", path),
        ("authorization", token),
    ]
}

const TOKEN: &str = "Bearer token-of-acme";
const USERS: &str = "/acme/scim/v2/Users";

struct Client(TcpStream);

impl Client {
    async fn new(server: &Server) -> Self {
        let mut client = Self(TcpStream::connect(server.address).await.unwrap());
        client.send(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await;
        client
    }

    async fn send(&mut self, bytes: &[u8]) {
        // The server may have hung up, as it should.
        let _ = self.0.write_all(bytes).await;
    }

    /// The next frame; `None` at the end of the connection.
    async fn next(&mut self) -> Option<Frame> {
        timeout(Duration::from_secs(10), async {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).await.ok()?;
            let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
            self.0.read_exact(&mut payload).await.ok()?;
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            Some(Frame { kind: head[3], flags: head[4], stream, payload })
        })
        .await
        .expect("the server neither answers nor closes")
    }

    /// Frames up to one that is looked for, or the end.
    async fn until(&mut self, found: impl Fn(&Frame) -> bool) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            let last = found(&frame);
            frames.push(frame);
            if last {
                break;
            }
        }
        frames
    }

    /// What the server has sent by the time it has read everything.
    async fn so_far(&mut self) -> Vec<Frame> {
        self.send(&frame(PING, 0, 0, b"pingpong")).await;
        self.until(|frame| frame.kind == PING && frame.flags == ACK).await
    }
}

async fn reading(caller: Caller<&'static str>, request: Request<Incoming>) -> Reply {
    let (parts, mut incoming) = request.into_parts();
    let reply = match body::read(&parts.headers, &mut incoming, 4, body::DEADLINE).await {
        Ok(bytes) => respond::json(StatusCode::OK, bytes, None, None),
        Err(error) => error.reply(caller.id()),
    };
    body::skip(parts.version, incoming);
    reply
}

#[tokio::test]
async fn who_is_refused_early_can_finish_sending_and_read_why() {
    let server = Setup::default().serve(reading).await;
    let json = ("content-type", "application/json");
    let long = "a".repeat(9000);
    for (method, path, token, more, expected) in [
        ("POST", USERS, "Bearer x", json, "401"),
        ("POST", "/elsewhere", TOKEN, json, "404"),
        ("POST", USERS, TOKEN, json, "413"),
        ("POST", USERS, TOKEN, ("content-type", "text/xml"), "415"),
        ("POST", USERS, TOKEN, ("content-encoding", "gzip"), "415"),
        ("POST", USERS, TOKEN, ("x-long", &long), "431"),
    ] {
        let mut client = Client::new(&server).await;
        let mut request = head(method, path, token);
        request.push(more);
        client.send(&frame(HEADERS, END_HEADERS, 1, &fields(&request))).await;
        for _ in 0..3 {
            client.send(&frame(DATA, 0, 1, &[b'x'; 16_000])).await;
        }
        let answered = client.until(|frame| frame.stream == 1 && frame.flags & END_STREAM != 0).await;
        assert!(answered.iter().all(|frame| frame.kind != RESET), "{expected} {answered:?}");
        let text = String::from_utf8_lossy(&answered.last().unwrap().payload).into_owned();
        assert!(text.contains(&format!("\"status\":\"{expected}\"")), "{text}");
        for _ in 0..7 {
            client.send(&frame(DATA, 0, 1, &[b'x'; 2_000])).await;
        }
        client.send(&frame(DATA, END_STREAM, 1, b"x")).await;
        let after = client.so_far().await;
        assert!(after.last().is_some_and(|frame| frame.kind == PING), "the connection lives: {after:?}");
        assert!(after.iter().all(|frame| frame.kind != RESET), "{expected} {after:?}");
    }
}

#[tokio::test]
async fn who_never_stops_sending_is_not_listened_to_for_ever() {
    let server = Setup::default().serve(reading).await;
    let mut client = Client::new(&server).await;
    client.send(&frame(HEADERS, END_HEADERS, 1, &fields(&head("POST", USERS, "Bearer x")))).await;
    // The stream stays open and silent: it is reset after a while, with no complaint (RFC 9113 §8.1).
    let frames = client.until(|frame| frame.kind == RESET).await;
    let reset = frames.last().unwrap();
    assert_eq!((reset.kind, reset.stream, &reset.payload[..]), (RESET, 1, &[0, 0, 0, 0][..]), "{frames:?}");
}

#[tokio::test]
async fn streams_windows_and_header_lists_have_their_sizes() {
    let server = Setup::default().serve(echo).await;
    let mut client = Client::new(&server).await;
    let frames = client.until(|frame| frame.kind == SETTINGS && frame.flags == 0).await;
    let settings = &frames.last().unwrap().payload;
    let of = |id: u16| {
        let found = settings.chunks(6).find(|one| u16::from_be_bytes([one[0], one[1]]) == id);
        found.map(|one| u32::from_be_bytes([one[2], one[3], one[4], one[5]]))
    };
    assert_eq!((of(3), of(4), of(6)), (Some(100), Some(64 * 1024), Some(16 * 1024)));
}

#[tokio::test]
async fn floods_end_the_connection() {
    let server = Setup::default().serve(echo).await;
    let open = |stream| frame(HEADERS, END_HEADERS, stream, &fields(&head("POST", USERS, TOKEN)));
    let resets =
        (0..1000).flat_map(|n| [open(2 * n + 1), frame(RESET, 0, 2 * n + 1, &[0, 0, 0, 8])].concat());
    let continuations = [
        frame(HEADERS, END_STREAM, 1, &fields(&head("GET", USERS, TOKEN))),
        frame(9, 0, 1, &fields(&[("x", &"a".repeat(100))])).repeat(20_000),
    ];
    let windows = (0..1500).flat_map(|n| [open(2 * n + 1), frame(8, 0, 2 * n + 1, &[0; 4])].concat());
    for (name, bytes) in [
        ("rapid reset", resets.collect::<Vec<u8>>()),
        ("continuation", continuations.concat()),
        (
            "empty continuation",
            [frame(HEADERS, 0, 1, &fields(&head("POST", USERS, TOKEN))), frame(9, 0, 1, &[]).repeat(200_000)]
                .concat(),
        ),
        ("empty data", [open(1), frame(DATA, 0, 1, &[]).repeat(200_000)].concat()),
        ("made you reset", windows.collect()),
        ("ping", frame(PING, 0, 0, b"pingpong").repeat(100_000)),
        ("settings", frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]).repeat(100_000)),
    ] {
        let (mut reader, mut writer) = Client::new(&server).await.0.into_split();
        let sending = tokio::spawn(async move { writer.write_all(&bytes).await.map(|()| writer) });
        let mut sink = Vec::new();
        let end = timeout(Duration::from_secs(20), reader.read_to_end(&mut sink)).await;
        assert!(end.is_ok(), "{name}: the connection is still there");
        sending.abort();
    }
}

#[tokio::test]
async fn what_cannot_be_a_request_is_none() {
    let server = Setup::default().serve(|_, _| async { respond::empty(StatusCode::OK) }).await;
    let with = |more: &[(&'static str, &'static str)]| [&head("POST", USERS, TOKEN)[..], more].concat();
    let connect = vec![(":method", "CONNECT"), (":authority", "evil:443"), ("authorization", TOKEN)];
    let mut nowhere = head("GET", USERS, TOKEN);
    nowhere.retain(|(name, _)| *name != ":authority");
    let mut user = nowhere.clone();
    user.push((":authority", "u:p@a"));
    for (name, request) in [
        ("transfer-encoding", with(&[("transfer-encoding", "chunked")])),
        ("connection", with(&[("connection", "keep-alive")])),
        ("upper case", with(&[("X-Foo", "a")])),
        ("line break in a value", with(&[("x", "a\r\nevil: 1")])),
        ("line break in the path", head("GET", "/x\r\nHost: e", TOKEN)),
        ("no authority", nowhere),
        ("userinfo", user),
        ("another host", with(&[("host", "evil.example")])),
        ("CONNECT", connect),
        ("lower-case method", head("get", USERS, TOKEN)),
    ] {
        let mut client = Client::new(&server).await;
        client.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields(&request))).await;
        let frames = client.until(|frame| frame.stream == 1 || frame.kind == GO_AWAY).await;
        // 200 is entry 8 of the static table (RFC 7541 appendix A).
        assert!(frames.iter().all(|frame| frame.payload.first() != Some(&0x88)), "{name} {frames:?}");
    }
}

#[tokio::test]
async fn a_stop_says_go_away_and_finishes_what_was_begun() {
    let (go, begun) =
        (std::sync::Arc::new(tokio::sync::Notify::new()), std::sync::Arc::new(tokio::sync::Notify::new()));
    let (wait, begin) = (go.clone(), begun.clone());
    let server = Setup::default()
        .serve(move |caller, request| {
            let wait = wait.clone();
            begin.notify_one();
            async move {
                wait.notified().await;
                echo(caller, request).await
            }
        })
        .await;
    let mut client = Client::new(&server).await;
    client.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields(&head("GET", USERS, TOKEN)))).await;
    begun.notified().await;
    server.stop.cancel();
    let frames = client.until(|frame| frame.kind == GO_AWAY).await;
    assert_eq!(frames.last().unwrap().payload[4..8], [0, 0, 0, 0], "it is no error: {frames:?}");
    go.notify_one();
    // The server asks whether everything has arrived (a PING) before it names the last stream.
    let mut answered = false;
    while let Some(next) = client.next().await {
        if next.kind == PING && next.flags != ACK {
            client.send(&frame(PING, ACK, 0, &next.payload)).await;
        }
        answered |= next.stream == 1 && next.flags & END_STREAM != 0 && next.kind != RESET;
    }
    assert!(answered, "what was begun is finished");
    assert_eq!(server.done.await.unwrap(), 0);
}
