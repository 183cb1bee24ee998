//! The operator's side: whether the process lives, and whether it is ready. On an address of its own, since nothing of it
//! is the public's business.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Whether the bridge takes requests. It says nothing about vendors: a vendor that is down must not have the bridge
/// restarted.
#[derive(Clone, Debug, Default)]
pub struct Ready(Arc<AtomicBool>);

impl Ready {
    /// Says so, or takes it back.
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Release);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A bound admin socket.
pub struct Admin {
    socket: TcpListener,
}

impl Admin {
    /// Binds the address.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn bind(listen: SocketAddr) -> io::Result<Self> {
        Ok(Self { socket: TcpListener::bind(listen).await? })
    }

    /// The address it is bound to.
    ///
    /// # Errors
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Answers until `stop`.
    pub async fn serve(self, ready: Ready, stop: CancellationToken) {
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = self.socket.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                // Out of file descriptors, most likely: asking again at once would only burn the processor.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let ready = ready.clone();
            let stop = stop.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request: Request<Incoming>| {
                    let reply = answer(&request, &ready);
                    async move { Ok::<_, Infallible>(reply) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(Duration::from_secs(10))
                    .max_buf_size(16 * 1024)
                    .serve_connection(TokioIo::new(stream), service);
                tokio::select! {
                    () = stop.cancelled() => {}
                    _ = connection => {}
                }
            });
        }
    }
}

/// What somebody reads who came here by mistake, or to look around.
const NOTHING: &str = "There is nothing here. This is the admin address of scim-bridge:
  GET /healthz   whether the process lives
  GET /readyz    whether it takes requests
SCIM is served at the address under `listen` in bridge.yaml.
";

fn answer(request: &Request<Incoming>, ready: &Ready) -> Response<Full<Bytes>> {
    let asks = matches!(*request.method(), Method::GET | Method::HEAD);
    let (status, text) = match request.uri().path() {
        "/healthz" | "/readyz" if !asks => (StatusCode::METHOD_NOT_ALLOWED, "GET only\n"),
        "/healthz" => (StatusCode::OK, "alive\n"),
        "/readyz" if ready.get() => (StatusCode::OK, "ready\n"),
        "/readyz" => (StatusCode::SERVICE_UNAVAILABLE, "not ready: starting or stopping\n"),
        _ => (StatusCode::NOT_FOUND, NOTHING),
    };
    let mut reply = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    reply
}
