//! The socket that listens: accepts, caps, and stops in order.
//!
//! Every phase of a connection has a deadline: TLS handshake and version of HTTP in [`super::drive`], everything later in
//! [`super::guard_io`], what happens in a request in [`super::stack`].

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use super::connection::{Connection, origin};
use super::drive::Driver;
use super::respond::Reply;
use super::tls;
use super::workers::Workers;

/// After a failure to accept, the shortest and the longest wait before the next attempt.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(10), Duration::from_secs(1)];

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
    /// Connections at once on which no request was authentic yet: 1,000. They come and go within the deadlines below.
    pub strangers: usize,
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
            strangers: 1_000,
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

    /// Serves until `stop`, each connection on one of the workers; then accepts no more, tells clients to go (GOAWAY, `Connection: close`), lets requests that
    /// have begun finish for as long as `drain`, and ends. Gives how many requests were cut off.
    ///
    /// `make` gives each connection its service (see [`super::stack::Stack::on`]). The future of a request is dropped when
    /// its client goes away: what must be finished then has to run in a task of its own.
    pub async fn serve<M, S>(
        self,
        workers: &Workers,
        make: M,
        stop: CancellationToken,
        drain: Duration,
    ) -> usize
    where
        M: Fn(Arc<Connection>) -> S,
        S: Service<Request<Incoming>, Response = Reply, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
    {
        let acceptor = match self.certificate.as_ref().map(tls::server).transpose() {
            Ok(config) => config.map(TlsAcceptor::from),
            Err(cause) => {
                tracing::error!(%cause, "TLS cannot be served");
                return 0;
            }
        };
        let driver = Arc::new(Driver::new(Arc::clone(&self.limits), acceptor, drain, stop.clone()));
        let (slots, connections) = (Arc::new(Slots::default()), TaskTracker::new());
        let strangers = Arc::new(Semaphore::new(self.limits.strangers.clamp(1, Semaphore::MAX_PERMITS)));
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
                    let Some(slot) = Slot::take(&slots, &self.limits, peer.ip()) else { continue };
                    let Ok(stranger) = Arc::clone(&strangers).try_acquire_owned() else {
                        tracing::debug!("connection refused: too many that have shown no token");
                        continue;
                    };
                    // The worker's own runtime is to watch it, not this one.
                    let Ok(socket) = socket.into_std() else { continue };
                    let connection = Connection::new(peer, Some(stranger));
                    let service = make(Arc::clone(&connection));
                    let driver = Arc::clone(&driver);
                    let serve = async move {
                        let _slot = slot;
                        match TcpStream::from_std(socket) {
                            Ok(socket) => driver.drive(socket, connection, service).await,
                            Err(cause) => tracing::warn!(%cause, "cannot watch a connection"),
                        }
                    };
                    connections.spawn_on(serve, workers.deal());
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
        driver.cut();
        connections.wait().await;
        driver.cut_off()
    }
}

/// Errors of `accept` that belong to the one connection that is gone, not to the listener.
fn is_of_one_connection(cause: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(cause.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// The connections there are: by origin, and how many.
#[derive(Default)]
struct Slots(Mutex<(HashMap<IpAddr, usize>, usize)>);

/// A connection's place among them, given back when dropped.
struct Slot {
    slots: Arc<Slots>,
    origin: IpAddr,
}

impl Slot {
    fn take(slots: &Arc<Slots>, limits: &Limits, peer: IpAddr) -> Option<Self> {
        let origin = origin(peer);
        let mut taken = slots.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (origins, total) = &mut *taken;
        let count = origins.get(&origin).copied().unwrap_or(0);
        if *total >= limits.connections || count >= limits.connections_per_origin {
            tracing::debug!(total, count, "connection refused");
            return None;
        }
        origins.insert(origin, count + 1);
        *total += 1;
        Some(Self { slots: Arc::clone(slots), origin })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (origins, total) = &mut *taken;
        *total -= 1;
        if let Some(count) = origins.get_mut(&self.origin) {
            *count -= 1;
            if *count == 0 {
                origins.remove(&self.origin);
            }
        }
    }
}
