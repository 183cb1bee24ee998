//! The socket that listens: accepts, caps, speaks TLS, finds out the version of HTTP, serves, and stops in order.
//!
//! Every phase of a connection has a deadline: TLS handshake and version here, everything later in [`super::guard_io`],
//! what happens in a request in [`super::stack`].

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use super::connection::{Connection, origin, serve_on};
use super::guard_io::{GuardIo, Prefix};
use super::tls;

/// After a failure to accept, the shortest and the longest wait before the next attempt.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(10), Duration::from_secs(1)];

/// What every client begins HTTP/2 with (RFC 9113 §3.4).
const HTTP2_PREFACE: &[u8; Prefix::MAX] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Where to listen, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Without, HTTP is spoken in plain text: HTTP/1.1, and HTTP/2 with prior knowledge.
    pub tls: Option<tls::Options>,
    /// What a connection may do.
    pub limits: Limits,
}

/// What connections may do. The defaults are for a listener that faces the internet.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once: 10,000.
    pub connections: usize,
    /// Connections at once from one IPv4 address or one IPv6 /64: 200. Behind a proxy all have the address of the proxy.
    pub connections_per_origin: usize,
    /// From accepting a connection to the end of its TLS handshake: 10 s.
    pub handshake: Duration,
    /// From then to the first byte: 10 s.
    pub first_byte: Duration,
    /// From the first byte of a request to the end of its head: 10 s.
    pub head: Duration,
    /// Between two requests: 75 s.
    pub idle: Duration,
    /// Between two bytes that the client takes of a reply: 30 s.
    pub write: Duration,
    /// How old a connection gets, give or take a tenth: an hour. It then ends as on a stop.
    pub age: Duration,
    /// Bytes received on a connection with no authenticated request to show for them: 1 MiB.
    pub unauthenticated_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_origin: 200,
            handshake: Duration::from_secs(10),
            first_byte: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
            age: Duration::from_secs(3600),
            unauthenticated_bytes: 1024 * 1024,
        }
    }
}

/// A bound socket.
pub struct Listener {
    socket: TcpListener,
    certificate: Option<Arc<tls::Certificate>>,
    limits: Arc<Limits>,
}

impl Listener {
    /// Binds the address and reads the certificate.
    ///
    /// # Errors
    /// The address cannot be had, or a file of the certificate is not as it must be.
    pub async fn bind(options: &Options) -> io::Result<Self> {
        let certificate = options.tls.as_ref().map(tls::Certificate::load).transpose()?.map(Arc::new);
        let socket = TcpListener::bind(options.listen).await?;
        Ok(Self { socket, certificate, limits: Arc::new(options.limits.clone()) })
    }

    /// The address it is bound to.
    ///
    /// # Errors
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The certificate, to have it read again when its files change.
    pub fn certificate(&self) -> Option<Arc<tls::Certificate>> {
        self.certificate.clone()
    }

    /// Serves until `stop`; then accepts no more, tells clients to go (GOAWAY, `Connection: close`), lets requests that
    /// have begun finish for as long as `drain`, and ends. Gives how many requests were cut off.
    ///
    /// `make` gives each connection its service (see [`super::stack::Stack::on`]). The future of a request is dropped when
    /// its client goes away: what must be finished then has to run in a task of its own.
    pub async fn serve<M, S>(self, make: M, stop: CancellationToken, drain: Duration) -> usize
    where
        M: Fn(Arc<Connection>) -> S,
        S: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
    {
        let acceptor = match self.certificate.as_ref().map(tls::server).transpose() {
            Ok(config) => config.map(TlsAcceptor::from),
            Err(cause) => {
                tracing::error!(%cause, "TLS cannot be served");
                return 0;
            }
        };
        let shared = Arc::new(Shared::new(self.limits, drain, stop.clone()));
        let connections = TaskTracker::new();
        let mut back_off = BACK_OFF[0];
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((socket, peer)) => {
                    back_off = BACK_OFF[0];
                    let Some(slot) = Slot::take(&shared, peer.ip()) else { continue };
                    let (shared, acceptor) = (Arc::clone(&shared), acceptor.clone());
                    let connection = Connection::new(peer);
                    let service = make(Arc::clone(&connection));
                    connections.spawn(async move {
                        let _slot = slot;
                        shared.connection(socket, connection, acceptor, service).await;
                    });
                }
                Err(cause) if is_of_one_connection(&cause) => {}
                // Out of file descriptors or memory: the connection waits in the backlog, and the next attempt fails
                // at once, so an attempt must not follow at once.
                Err(cause) => {
                    tracing::warn!(%cause, "cannot accept connections");
                    sleep(back_off).await;
                    back_off = BACK_OFF[1].min(back_off * 2);
                }
            }
        }
        drop(self.socket);
        connections.close();
        if timeout(drain, connections.wait()).await.is_ok() {
            return 0;
        }
        shared.cut.cancel();
        connections.wait().await;
        shared.cut_off.load(Relaxed)
    }
}

/// Errors of `accept` that belong to the one connection that is gone, not to the listener.
fn is_of_one_connection(cause: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(cause.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// What all connections of a listener have in common.
struct Shared {
    limits: Arc<Limits>,
    drain: Duration,
    http1: auto::Builder<TokioExecutor>,
    http2: auto::Builder<TokioExecutor>,
    stop: CancellationToken,
    cut: CancellationToken,
    /// Requests that were cut off.
    cut_off: AtomicUsize,
    accepted: AtomicU64,
    /// Connections by origin.
    origins: Mutex<HashMap<IpAddr, usize>>,
    total: AtomicUsize,
}

impl Shared {
    fn new(limits: Arc<Limits>, drain: Duration, stop: CancellationToken) -> Self {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            // Of its own timers hyper's is one for heads and idle time together; `GuardIo` tells them apart.
            .header_read_timeout(None)
            .max_headers(64)
            .max_buf_size(32 * 1024);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(100)
            .initial_stream_window_size(64 * 1024)
            // Half of what may come unauthenticated: a client that fills the window with its first requests, before
            // the first one is looked at, stays within its budget.
            .initial_connection_window_size(512 * 1024)
            .max_header_list_size(16 * 1024)
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        Self {
            limits,
            drain,
            http1: builder.clone().http1_only(),
            http2: builder.http2_only(),
            stop,
            cut: CancellationToken::new(),
            cut_off: AtomicUsize::new(0),
            accepted: AtomicU64::new(0),
            origins: Mutex::default(),
            total: AtomicUsize::new(0),
        }
    }

    /// From an accepted socket to HTTP.
    async fn connection<S>(
        &self,
        mut socket: TcpStream,
        connection: Arc<Connection>,
        acceptor: Option<TlsAcceptor>,
        service: S,
    ) where
        S: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
    {
        // Replies are written whole: Nagle's algorithm would only hold their last segment back.
        let _ = socket.set_nodelay(true);
        let Some(acceptor) = acceptor else {
            let Ok(Ok((http2, prefix))) = timeout(self.limits.first_byte, sniff(&mut socket)).await else {
                return;
            };
            return self.http(socket, http2, prefix, connection, service).await;
        };
        match timeout(self.limits.handshake, acceptor.accept(socket)).await {
            Ok(Ok(stream)) => {
                let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                self.http(stream, http2, Prefix::default(), connection, service).await;
            }
            Ok(Err(cause)) => tracing::debug!(%cause, "TLS handshake failed"),
            Err(_) => tracing::debug!("TLS handshake took too long"),
        }
    }

    /// HTTP on a connection until it ends, or is told to: it is too old, or the listener stops.
    async fn http<T, S>(&self, io: T, http2: bool, prefix: Prefix, connection: Arc<Connection>, service: S)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
    {
        let io = GuardIo::new(io, Arc::clone(&connection), Arc::clone(&self.limits), http2, prefix);
        let service = serve_on(Arc::clone(&connection), service);
        let builder = if http2 { &self.http2 } else { &self.http1 };
        let mut http = pin!(builder.serve_connection(TokioIo::new(io), service));

        // As a stream, the reasons to leave are polled only when one of them wakes us, not with every byte.
        let age = self.age();
        let mut leave: FuturesUnordered<_> = std::iter::once(async {
            tokio::select! { () = self.stop.cancelled() => {}, () = sleep(age) => {} }
        })
        .collect();
        let result = tokio::select! {
            biased;
            result = http.as_mut() => result,
            _ = leave.next() => {
                http.as_mut().graceful_shutdown();
                tokio::select! {
                    biased;
                    result = http.as_mut() => result,
                    () = self.cut.cancelled() => {
                        self.cut_off.fetch_add(connection.unfinished(), Relaxed);
                        return;
                    }
                    () = sleep(self.drain), if !self.stop.is_cancelled() => return,
                }
            }
        };
        if let Err(cause) = result {
            tracing::debug!(%cause, "connection broke");
        }
    }

    /// The age at which the next connection ends, between 90 and 110 % of the limit, so that connections which were
    /// made together do not end together. Consecutive multiples of the golden ratio spread evenly.
    fn age(&self) -> Duration {
        let count = self.accepted.fetch_add(1, Relaxed);
        let part = count.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        self.limits.age.mul_f64(0.9 + 0.2 * part as f64 / f64::from(u32::MAX))
    }
}

/// Whether the client begins with the preface of HTTP/2, and what was read to find out. It is certain with the first
/// byte that differs, in practice with the first read.
async fn sniff(socket: &mut TcpStream) -> io::Result<(bool, Prefix)> {
    let mut prefix = Prefix::default();
    loop {
        let read = socket.read(prefix.unfilled()).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        prefix.advance(read);
        let filled = prefix.filled();
        if filled == HTTP2_PREFACE || !HTTP2_PREFACE.starts_with(filled) {
            return Ok((filled == HTTP2_PREFACE, prefix));
        }
    }
}

/// A connection's place in the caps, given back when dropped.
struct Slot {
    shared: Arc<Shared>,
    origin: IpAddr,
}

impl Slot {
    fn take(shared: &Arc<Shared>, peer: IpAddr) -> Option<Self> {
        let origin = origin(peer);
        let mut origins = shared.origins.lock().unwrap_or_else(PoisonError::into_inner);
        let count = origins.get(&origin).copied().unwrap_or(0);
        if shared.total.load(Relaxed) >= shared.limits.connections
            || count >= shared.limits.connections_per_origin
        {
            tracing::debug!(total = shared.total.load(Relaxed), count, "connection refused");
            return None;
        }
        origins.insert(origin, count + 1);
        shared.total.fetch_add(1, Relaxed);
        Some(Self { shared: Arc::clone(shared), origin })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut origins = self.shared.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = origins.get_mut(&self.origin) {
            *count -= 1;
            if *count == 0 {
                origins.remove(&self.origin);
            }
        }
        self.shared.total.fetch_sub(1, Relaxed);
    }
}
