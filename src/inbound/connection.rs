//! One connection: what its socket and its requests have to know of each other.
//!
//! The socket side ([`super::guard_io`]) cannot see requests, the request side cannot see bytes. This is the little they
//! share: counters, written by one side and read by the other, so that the limits on idle, unauthenticated and stalled
//! connections need no timer and no lock per request.

use std::cell::RefCell;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt as _;
use futures_util::future::Either;
use http::Request;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::service::{Service as HyperService, service_fn};
use tokio::sync::OwnedSemaphorePermit;
use tower::{Service, ServiceExt as _};

use super::respond::Reply;

/// What is known of the connection a request came in on.
///
/// Orderings are relaxed: the counters bound behaviour, they publish no other memory.
#[derive(Debug)]
pub struct Connection {
    peer: SocketAddr,
    /// Requests the service has been called with, ever.
    begun: AtomicUsize,
    /// Requests whose reply the service has not given yet.
    open: AtomicUsize,
    /// Authenticated ones among them.
    authenticated: AtomicUsize,
    /// Whether any request was authenticated, ever.
    proven: AtomicBool,
    /// Its place among the connections that have not shown a token yet, until it does.
    stranger: Mutex<Option<OwnedSemaphorePermit>>,
    /// Bytes received since an authenticated request was last finished, while none is open.
    unproven: AtomicUsize,
    /// Bytes of replies given to the connection and not yet written to the socket.
    owed: AtomicUsize,
}

impl Connection {
    /// A connection from `peer` on which nothing has happened, with its place among those.
    pub(super) fn new(peer: SocketAddr, stranger: Option<OwnedSemaphorePermit>) -> Arc<Self> {
        Arc::new(Self {
            peer,
            stranger: Mutex::new(stranger),
            proven: AtomicBool::new(false),
            begun: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            authenticated: AtomicUsize::new(0),
            unproven: AtomicUsize::new(0),
            owed: AtomicUsize::new(0),
        })
    }

    /// The address of the peer as the socket tells it; of the nearest proxy, when there is one.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// A request begins; it ends when the returned value is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Open {
        self.begun.fetch_add(1, Relaxed);
        self.open.fetch_add(1, Relaxed);
        Open(Arc::clone(self))
    }

    /// A request was found authentic: while the returned value lives, received bytes are not counted, and when it is
    /// dropped the count starts again from nothing.
    pub(super) fn authenticated(self: &Arc<Self>) -> Authenticated {
        self.authenticated.fetch_add(1, Relaxed);
        if !self.proven.swap(true, Relaxed) {
            *self.stranger.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        Authenticated(Arc::clone(self))
    }

    pub(super) fn begun(&self) -> usize {
        self.begun.load(Relaxed)
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.load(Relaxed) > 0
    }

    /// Counts bytes received and says how many came without an authenticated request to show for them.
    pub(super) fn received(&self, bytes: usize) -> usize {
        if self.authenticated.load(Relaxed) > 0 {
            return 0;
        }
        self.unproven.fetch_add(bytes, Relaxed) + bytes
    }

    /// A reply of so many bytes was given to the connection.
    pub(super) fn owe(&self, bytes: usize) {
        self.owed.fetch_add(bytes, Relaxed);
    }

    /// Bytes were written. Only the socket calls this, so reading first and subtracting after cannot go below zero;
    /// framing and headers count too, which errs in the peer's favour.
    pub(super) fn sent(&self, bytes: usize) {
        let owed = self.owed.load(Relaxed);
        if owed > 0 {
            self.owed.fetch_sub(owed.min(bytes), Relaxed);
        }
    }

    pub(super) fn owes(&self) -> bool {
        self.owed.load(Relaxed) > 0
    }

    /// Requests without a reply, and one for replies that are on their way.
    pub(super) fn unfinished(&self) -> usize {
        self.open.load(Relaxed) + usize::from(self.owes())
    }
}

/// `service` as hyper calls it on one connection.
///
/// A service that is not ready at once is waited for on a clone; a stack that sheds load is always ready.
pub(super) fn serve_on<S>(
    connection: Arc<Connection>,
    service: S,
) -> impl HyperService<Request<Incoming>, Response = Reply, Error = Infallible, Future: Send + 'static>
where
    S: Service<Request<Incoming>, Response = Reply, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let service = RefCell::new(service);
    service_fn(move |request| {
        let open = connection.begin();
        let mut service = service.borrow_mut();
        let reply = match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => Either::Left(service.call(request)),
            Poll::Pending => Either::Right(service.clone().oneshot(request)),
        };
        reply.map(move |Ok(reply)| {
            // In this order: between the two the socket must not see a connection with nothing to do.
            open.0.owe(reply.body().size_hint().lower() as usize);
            drop(open);
            Ok(reply)
        })
    })
}

/// Whom the limits on addresses count as one: an IPv4 address, or the /64 of an IPv6 address, which one host can fill.
pub(super) fn origin(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !0_u128 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// A request that has begun and not ended.
#[derive(Debug)]
pub(super) struct Open(Arc<Connection>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// An authenticated request that has not ended.
#[derive(Debug)]
pub(super) struct Authenticated(Arc<Connection>);

impl Drop for Authenticated {
    fn drop(&mut self) {
        self.0.authenticated.fetch_sub(1, Relaxed);
        self.0.unproven.store(0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_only_while_nobody_authenticated_is_being_served() {
        let connection = Connection::new(([192, 0, 2, 7], 1).into(), None);
        assert_eq!(connection.received(10), 10);
        assert_eq!(connection.received(5), 15);
        let request = connection.authenticated();
        assert_eq!(connection.received(1 << 30), 0, "an authenticated upload is not a flood");
        drop(request);
        assert_eq!(connection.received(3), 3, "a finished authenticated request starts the count again");
    }

    #[test]
    fn an_origin_is_an_ipv4_address_or_an_ipv6_network() {
        for (peer, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::1", "::"),
        ] {
            assert_eq!(origin(peer.parse().unwrap()), expected.parse::<IpAddr>().unwrap());
        }
    }

    #[test]
    fn writing_more_than_is_owed_leaves_nothing_owed() {
        let connection = Connection::new(([192, 0, 2, 7], 1).into(), None);
        connection.owe(100);
        connection.sent(60);
        assert!(connection.owes());
        connection.sent(60);
        assert!(!connection.owes());
        connection.sent(60);
        connection.owe(1);
        assert!(connection.owes());
    }
}
