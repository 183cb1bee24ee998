//! Through the socket: a server of one's own for each test, and clients that send bytes.

mod http2;
mod listener;
mod stack;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::Quota;
use http::Request;
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{
    Caller, Gate, Gates, Limits, Listener, Options, Reply, Stack, Workers, respond, stack as inbound_stack,
};
use crate::secret::Digest;

pub(super) const AUTH: &str = "Authorization: Bearer token-of-acme\r\n";

/// A bridge without a bridge: two integrations, `acme` and `other`, whose name is the state behind the gate.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) stop: CancellationToken,
    pub(super) done: JoinHandle<usize>,
}

pub(super) fn gates(rate: u32) -> Gates<&'static str> {
    let rate = Quota::per_second(NonZeroU32::new(rate).unwrap());
    Gates::new(["acme", "other"].map(|name| {
        let digests = vec![Digest::of(b"an older token"), Digest::of(format!("token-of-{name}").as_bytes())];
        (Gate { path: format!("/{name}/scim/v2"), name: name.into(), digests, rate }, Arc::new(name))
    }))
    .unwrap()
}

pub(super) struct Setup {
    pub(super) listener: Options,
    pub(super) stack: inbound_stack::Options,
    pub(super) rate: u32,
    pub(super) drain: Duration,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            listener: Options { listen: ([127, 0, 0, 1], 0).into(), tls: None, limits: Limits::default() },
            stack: inbound_stack::Options::default(),
            rate: 1000,
            drain: Duration::from_secs(5),
        }
    }
}

impl Setup {
    pub(super) fn limits(change: impl FnOnce(&mut Limits)) -> Self {
        let mut setup = Self::default();
        change(&mut setup.listener.limits);
        setup
    }

    pub(super) fn stack(change: impl FnOnce(&mut inbound_stack::Options)) -> Self {
        let mut setup = Self::default();
        change(&mut setup.stack);
        setup
    }

    pub(super) async fn serve<H, F>(self, handle: H) -> Server
    where
        H: Fn(Caller<&'static str>, Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let listener = Listener::bind(&self.listener).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stack = Stack::new(&self.stack, gates(self.rate), handle);
        let stop = CancellationToken::new();
        let (told, drain) = (stop.clone(), self.drain);
        let done = tokio::spawn(async move {
            let make = move |connection| stack.on(connection);
            listener.serve(&Workers::here(), make, told, drain).await
        });
        Server { address, stop, done }
    }
}

/// Answers 200 with what the handler was given.
pub(super) async fn echo(caller: Caller<&'static str>, request: Request<Incoming>) -> Reply {
    let text = format!("{} {}", caller.integration(), caller.path(request.uri()));
    respond::json(http::StatusCode::OK, text, None, None)
}

impl Server {
    pub(super) async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    /// One request on a connection of its own; everything that came back until the connection ended.
    pub(super) async fn ask(&self, request: &str) -> String {
        let mut client = self.connect().await;
        client.send(request).await;
        client.rest().await
    }

    /// A GET of `path` that closes the connection, with these further header lines.
    pub(super) async fn get(&self, path: &str, headers: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n")).await
    }
}

/// A client that knows only bytes.
pub(super) struct Client(pub(super) TcpStream);

impl Client {
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // The server may have hung up already; then there is nothing to be sent.
        let _ = self.0.write_all(bytes.as_ref()).await;
    }

    /// Everything until the server closes the connection, which it has to.
    pub(super) async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let end = timeout(Duration::from_secs(10), self.0.read_to_end(&mut bytes)).await;
        assert!(end.is_ok(), "still open after {}", String::from_utf8_lossy(&bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The head of a reply and its body.
    pub(super) async fn reply(&mut self) -> String {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&bytes);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = header(head, "content-length").map_or(0, |text| text.parse().unwrap());
                if body.len() >= length {
                    return text.into_owned();
                }
            }
            let read = timeout(Duration::from_secs(10), self.0.read_buf(&mut bytes)).await.unwrap().unwrap();
            assert_ne!(read, 0, "closed after {}", String::from_utf8_lossy(&bytes));
        }
    }
}

pub(super) fn status(reply: &str) -> u16 {
    reply.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0)
}

pub(super) fn header<'a>(reply: &'a str, name: &str) -> Option<&'a str> {
    let head = reply.split("\r\n\r\n").next()?;
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}
