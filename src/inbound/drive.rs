//! One connection, from the accepted socket to its end: TLS, the version of HTTP, HTTP, and leaving.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::HttpService;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::Service;

use super::connection::{Connection, serve_on};
use super::guard_io::GuardIo;
use super::listener::Limits;
use super::respond::Reply;

/// What every client begins HTTP/2 with (RFC 9113 §3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What the connections of a listener have in common.
pub(super) struct Driver {
    limits: Arc<Limits>,
    acceptor: Option<TlsAcceptor>,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    drain: Duration,
    stop: CancellationToken,
    cut: CancellationToken,
    cut_off: AtomicUsize,
    driven: AtomicU64,
}

impl Driver {
    pub(super) fn new(
        limits: Arc<Limits>,
        acceptor: Option<TlsAcceptor>,
        drain: Duration,
        stop: CancellationToken,
    ) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            // Of its own, hyper has one timer for idle time and heads together; `GuardIo` tells the two apart.
            .header_read_timeout(None)
            .max_headers(64)
            .max_buf_size(32 * 1024);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(100)
            .initial_stream_window_size(64 * 1024)
            // Half of what may come unauthenticated: a client that fills the window with its first requests, before
            // the first one is looked at, stays within its budget.
            .initial_connection_window_size(512 * 1024)
            .max_header_list_size(16 * 1024)
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        let (cut, cut_off, driven) = (CancellationToken::new(), AtomicUsize::new(0), AtomicU64::new(0));
        Self { limits, acceptor, http1, http2, drain, stop, cut, cut_off, driven }
    }

    /// Ends the connections that are still there.
    pub(super) fn cut(&self) {
        self.cut.cancel();
    }

    /// How many requests that has cost.
    pub(super) fn cut_off(&self) -> usize {
        self.cut_off.load(Relaxed)
    }

    /// From an accepted socket to its end.
    ///
    /// A connection is idle for most of its life, so what is only needed for a handshake, or for the version that it does
    /// not speak, must not take room in it: the parts are boxed apart.
    pub(super) async fn drive<S>(&self, mut socket: TcpStream, connection: Arc<Connection>, service: S)
    where
        S: Service<Request<Incoming>, Response = Reply, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
    {
        // Replies are written whole: Nagle's algorithm would only hold their last segment back.
        let _ = socket.set_nodelay(true);
        let http = match &self.acceptor {
            None => match self.begin(self.limits.first_byte, sniff(&mut socket)).await {
                Ok((http2, prefix)) => self.http(socket, http2, prefix, &connection, service),
                Err(cause) => return tracing::debug!(%cause, "no request began"),
            },
            Some(acceptor) => {
                match Box::pin(self.begin(self.limits.handshake, acceptor.accept(socket))).await {
                    Ok(stream) => {
                        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                        self.http(Box::new(stream), http2, Bytes::new(), &connection, service)
                    }
                    Err(cause) => return tracing::debug!(%cause, "no TLS handshake"),
                }
            }
        };
        self.run(http, &connection).await;
    }

    /// What comes before HTTP, within its deadline. Who has asked for nothing yet is not waited for on a stop.
    async fn begin<T>(
        &self,
        within: Duration,
        beginning: impl Future<Output = io::Result<T>>,
    ) -> io::Result<T> {
        match self.stop.run_until_cancelled(timeout(within, beginning)).await {
            Some(result) => result?,
            None => Err(io::ErrorKind::Interrupted.into()),
        }
    }

    /// HTTP of one version or the other.
    fn http<T, S>(
        &self,
        io: T,
        http2: bool,
        prefix: Bytes,
        connection: &Arc<Connection>,
        service: S,
    ) -> Pin<Box<dyn Leave + Send>>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Service<Request<Incoming>, Response = Reply, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
    {
        let io = GuardIo::new(io, Arc::clone(connection), Arc::clone(&self.limits), http2, prefix);
        let (io, service) = (TokioIo::new(io), serve_on(Arc::clone(connection), service));
        if http2 {
            Box::pin(self.http2.serve_connection(io, service))
        } else {
            Box::pin(self.http1.serve_connection(io, service))
        }
    }

    /// Runs HTTP until it ends, or is told to: the connection is too old, or the listener stops.
    async fn run(&self, mut http: Pin<Box<dyn Leave + Send>>, connection: &Connection) {
        let age = self.age();
        // As a stream, the reasons to leave are polled only when one of them wakes us, not with every byte.
        let mut leave: FuturesUnordered<_> = std::iter::once(async {
            tokio::select! { () = self.stop.cancelled() => {}, () = sleep(age) => {} }
        })
        .collect();
        let result = tokio::select! {
            biased;
            result = http.as_mut() => result,
            _ = leave.next() => {
                http.as_mut().leave();
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
        let count = self.driven.fetch_add(1, Relaxed);
        let part = count.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        self.limits.age.mul_f64(0.9 + 0.2 * part as f64 / f64::from(u32::MAX))
    }
}

/// Whether the client begins with the preface of HTTP/2, and what was read to find out. It is certain with the first
/// byte that differs, in practice with the first read; that reads as much as a request has, lest hyper need another.
async fn sniff(socket: &mut TcpStream) -> io::Result<(bool, Bytes)> {
    let mut read = BytesMut::with_capacity(2048);
    loop {
        if socket.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let http2 = read.starts_with(HTTP2_PREFACE);
        if http2 || !HTTP2_PREFACE.starts_with(&read) {
            return Ok((http2, read.freeze()));
        }
    }
}

/// HTTP of either version, which can be told to finish what it has begun and end.
trait Leave: Future<Output = hyper::Result<()>> {
    fn leave(self: Pin<&mut Self>);
}

impl<T, S> Leave for http1::Connection<TokioIo<GuardIo<T>>, S>
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
    S: HttpService<Incoming, ResBody = super::respond::Body, Error = Infallible>,
{
    fn leave(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<T, S> Leave for http2::Connection<TokioIo<GuardIo<T>>, S, TokioExecutor>
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
    S: HttpService<Incoming, ResBody = super::respond::Body, Error = Infallible>,
    S::Future: Send + 'static,
{
    fn leave(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}
