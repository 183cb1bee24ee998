//! The pool: connections to one origin, used again.
//!
//! Each thread has its own, so that no call waits for another thread. A connection of HTTP/1.1 has no task: the call that
//! uses it drives it, and what it does is done in one place, without a message to be sent and another task to be woken for
//! each half of it. While it is idle nobody watches it: it is looked at before it is used again, and from time to time. A
//! connection of HTTP/2 carries many calls at once, and has a task.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Uri, Version};
use http_body_util::Full;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::Timestamp;
use thread_local::ThreadLocal;
use tokio::time::{Instant, sleep};

use super::base::Base;
use super::connect::{Connector, Stream};
use super::failure::Failure;
use super::reply::Reply;
use super::retry::RetryHeader;

/// How long an unused connection is kept. Load balancers commonly drop theirs after 60 to 120 s.
const IDLE: Duration = Duration::from_secs(60);
/// Bytes of a reply's head.
const MAX_HEAD: usize = 64 * 1024;

type Body = Full<Bytes>;

/// What can be called without connecting first, on every thread.
pub(super) struct Pool {
    origin: Uri,
    host: HeaderValue,
    connector: Connector,
    shelves: ThreadLocal<Arc<Shelf>>,
}

impl Pool {
    pub(super) fn new(base: &Base, connector: Connector) -> Self {
        Self { origin: base.origin(), host: base.host(), connector, shelves: ThreadLocal::new() }
    }

    /// Sends a request whose URL is below the base, and reads its reply, of at most `limit` bytes.
    pub(super) async fn send(
        &self,
        mut request: Request<Body>,
        limit: usize,
        heard: (&RetryHeader, Timestamp),
    ) -> Result<Reply, Failure> {
        let uri = request.uri().clone();
        loop {
            let (way, used) = match self.shelf().take() {
                Some(way) => (way, true),
                // Boxed, since it is large and seldom.
                None => (Box::pin(self.connect()).await?, false),
            };
            let refused = match way {
                Way::Http1(line) => {
                    *request.uri_mut() = origin_form(&uri);
                    request.headers_mut().insert(HOST, self.host.clone());
                    match self.over(line, request, limit, heard).await {
                        Ok(outcome) => return outcome,
                        Err(refused) => refused,
                    }
                }
                Way::Http2(mut sender) => {
                    *request.uri_mut() = uri.clone();
                    *request.version_mut() = Version::HTTP_2;
                    request.headers_mut().remove(HOST);
                    match sender.try_send_request(request).await {
                        Ok(response) => return Reply::read(response, limit, heard).await,
                        Err(refused) => refused,
                    }
                }
            };
            request = again(refused, used)?;
        }
    }

    /// A call over a connection of HTTP/1.1, which is kept if it can carry another.
    async fn over(
        &self,
        mut line: Box<Line>,
        request: Request<Body>,
        limit: usize,
        heard: (&RetryHeader, Timestamp),
    ) -> Result<Result<Reply, Failure>, TrySendError<Request<Body>>> {
        let sending = line.sender.try_send_request(request);
        let response = line.along(sending).await?;
        let reply = line.along(Reply::read(response, limit, heard)).await;
        if reply.is_ok() && line.along(poll_fn(|_| Poll::Ready(true))).await && line.is_free() {
            self.shelf().keep(line);
        }
        Ok(reply)
    }

    async fn connect(&self) -> Result<Way, Failure> {
        let stream = self.connector.connect(self.origin.clone()).await.map_err(Failure::not_sent)?;
        if stream.connected().is_negotiated_h2() {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            let builder = builder
                .timer(TokioTimer::new())
                .max_header_list_size(MAX_HEAD as u32)
                .keep_alive_interval(Duration::from_secs(30));
            let (sender, connection) = builder.handshake(stream).await.map_err(Failure::not_sent)?;
            // How it ended is told to each call that it carried.
            drop(tokio::spawn(connection));
            self.shelf().share(sender.clone());
            return Ok(Way::Http2(sender));
        }
        let handshake = http1::Builder::new().max_buf_size(MAX_HEAD).handshake(stream).await;
        let (sender, connection) = handshake.map_err(Failure::not_sent)?;
        Ok(Way::Http1(Box::new(Line { sender, connection, ended: false })))
    }

    fn shelf(&self) -> &Arc<Shelf> {
        self.shelves.get_or_default()
    }
}

/// The request once more, if none of it was sent and another connection may be luckier: one that had been used before can
/// have been closed by the vendor at any time.
fn again(mut refused: TrySendError<Request<Body>>, used: bool) -> Result<Request<Body>, Failure> {
    match refused.take_message() {
        Some(request) if used => Ok(request),
        _ => Err(Failure::of_request(refused.into_error())),
    }
}

/// What HTTP/1.1 asks a server for (RFC 9112 §3.2.1).
fn origin_form(uri: &Uri) -> Uri {
    Uri::from(uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")))
}

enum Way {
    Http1(Box<Line>),
    Http2(http2::SendRequest<Body>),
}

/// A connection of HTTP/1.1, which carries one call at a time.
struct Line {
    sender: http1::SendRequest<Body>,
    connection: http1::Connection<Stream, Body>,
    ended: bool,
}

impl Line {
    fn drive(&mut self, cx: &mut Context<'_>) {
        // How it ended is told to the call that it carried.
        self.ended = self.ended || Pin::new(&mut self.connection).poll(cx).is_ready();
    }

    /// Waits for what this connection does, and drives it meanwhile.
    async fn along<F: Future>(&mut self, what: F) -> F::Output {
        let mut what = pin!(what);
        poll_fn(|cx| {
            self.drive(cx);
            what.as_mut().poll(cx)
        })
        .await
    }

    /// Whether it can carry another call, as far as is known.
    fn is_free(&self) -> bool {
        !self.ended && self.sender.is_ready()
    }

    /// The same, after a look at it.
    fn is_still_free(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        self.is_free()
    }
}

/// The connections of one thread.
#[derive(Default)]
struct Shelf(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Idle, the last used at the end, and since when.
    http1: Vec<(Box<Line>, Instant)>,
    /// In use or not, and when it was last given out.
    http2: Vec<(http2::SendRequest<Body>, Instant)>,
    /// A task looks after what is kept.
    swept: bool,
}

impl Shelf {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Way> {
        let mut kept = self.lock();
        kept.http2.retain(|(sender, _)| sender.is_ready());
        if let Some((sender, used)) = kept.http2.first_mut() {
            *used = Instant::now();
            return Some(Way::Http2(sender.clone()));
        }
        while let Some((mut line, since)) = kept.http1.pop() {
            if since.elapsed() < IDLE && line.is_still_free() {
                return Some(Way::Http1(line));
            }
        }
        None
    }

    fn keep(self: &Arc<Self>, line: Box<Line>) {
        let mut kept = self.lock();
        kept.http1.push((line, Instant::now()));
        self.sweep(&mut kept);
    }

    fn share(self: &Arc<Self>, sender: http2::SendRequest<Body>) {
        let mut kept = self.lock();
        kept.http2.push((sender, Instant::now()));
        self.sweep(&mut kept);
    }

    /// Sees to it that nothing is kept for ever.
    fn sweep(self: &Arc<Self>, kept: &mut Kept) {
        if !std::mem::replace(&mut kept.swept, true) {
            drop(tokio::spawn(sweep(Arc::downgrade(self))));
        }
    }
}

async fn sweep(shelf: Weak<Shelf>) {
    loop {
        sleep(IDLE).await;
        let Some(shelf) = shelf.upgrade() else { return };
        let mut kept = shelf.lock();
        kept.http1.retain_mut(|(line, since)| since.elapsed() < IDLE && line.is_still_free());
        kept.http2.retain(|(sender, used)| used.elapsed() < IDLE && sender.is_ready());
        kept.swept = !(kept.http1.is_empty() && kept.http2.is_empty());
        if !kept.swept {
            return;
        }
    }
}
