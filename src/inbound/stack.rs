//! The inbound stack: what happens to every request, in this order.
//!
//! The list in [`Stack::on`] is the inventory; the first layer is the outermost. Most neighbours cannot be swapped, since
//! what one hands on is not what the other takes; where they could be and it would matter, a test fails.

use std::convert::Infallible;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt as _;
use governor::Quota;
use http::Request;
use http::header::AUTHORIZATION;
use hyper::body::Incoming;
use tower::{Service, ServiceBuilder};
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;

use super::authn::{Admitted, Authn, Caller, Gates};
use super::connection::Connection;
use super::exchange::{Identify, Ids};
use super::limits::{CatchPanic, Deadline, PerIntegration, Shed};
use super::respond::Reply;
use super::strict::Strict;
use super::trace::Trace;
use super::wrap::Wrap;

/// What the stack is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// The host names the bridge is reached by (the one of its public URL, and what it listens on), without ports; an IPv6
    /// address in brackets. None: any host will do.
    pub hosts: Vec<String>,
    /// Requests served at once: 1,024.
    pub in_flight: usize,
    /// How long a request may take: 25 s. Okta closes its socket after 60.
    pub deadline: Duration,
    /// Failed attempts to authenticate, per address: 10 a minute, 20 at once.
    pub failures: Quota,
}

impl Default for Options {
    fn default() -> Self {
        let per_minute = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        Self {
            hosts: Vec::new(),
            in_flight: 1024,
            deadline: Duration::from_secs(25),
            failures: Quota::per_minute(per_minute(10)).allow_burst(per_minute(20)),
        }
    }
}

/// The stack in front of a handler: what all connections share.
pub struct Stack<I, H> {
    ids: Arc<Ids>,
    deadline: Duration,
    shed: Shed,
    strict: Strict,
    authn: Authn<I>,
    handle: H,
}

impl<I, H, F> Stack<I, H>
where
    I: Send + Sync + 'static,
    H: Fn(Caller<I>, Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    /// Puts the stack in front of `handle`, which gets every request that is authentic, in time and within its rate. Its
    /// future is dropped at [`Caller::due`] or when the client goes away, whichever is first.
    pub fn new(options: &Options, gates: Gates<I>, handle: H) -> Self {
        Self {
            ids: Arc::new(Ids::new()),
            deadline: options.deadline,
            shed: Shed::new(options.in_flight),
            strict: Strict::new(&options.hosts),
            authn: Authn::new(gates, options.failures),
            handle,
        }
    }

    /// The service for one connection; what [`super::Listener::serve`] asks for.
    pub fn on(
        &self,
        connection: Arc<Connection>,
    ) -> impl Service<Request<Incoming>, Response = Reply, Error = Infallible, Future: Send + 'static>
    + Clone
    + Send
    + 'static
    + use<I, H, F> {
        ServiceBuilder::new()
            // First of all, so that nothing below can print a token, whatever it prints.
            .layer(SetSensitiveRequestHeadersLayer::new([AUTHORIZATION]))
            // Before the span, which names the id, and around all that can refuse: a refusal carries it too.
            .layer(Wrap(Identify { ids: Arc::clone(&self.ids), deadline: self.deadline, connection }))
            // Around everything that takes time or fails, so that its one event tells the true end.
            .layer(Wrap(Trace))
            // Inside the span, so that the panic is found by its request; around all that is ours to get wrong.
            .layer(Wrap(CatchPanic))
            // Before any work is done for a request that there is no room for.
            .layer(Wrap(self.shed.clone()))
            // Around all that waits; what was shed waits for nothing.
            .layer(Wrap(Deadline))
            // Before authentication, which reads the path and trusts it to be spelt in one way only.
            .layer(Wrap(self.strict.clone()))
            // Before a byte of the body is read, and before the rate, whose key is the integration.
            .layer(Wrap(self.authn.clone()))
            // Last: who is not known uses nothing up of what is somebody's.
            .layer(Wrap(PerIntegration::new()))
            .service(Handler(self.handle.clone()))
    }
}

/// The end of the stack. The one box of the stack is here: it makes every future around it small and `Unpin`.
#[derive(Clone)]
struct Handler<H>(H);

impl<I, H, F> Service<Admitted<I>> for Handler<H>
where
    H: Fn(Caller<I>, Request<Incoming>) -> F,
    F: Future<Output = Reply> + Send + 'static,
{
    type Response = Reply;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Reply, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, admitted: Admitted<I>) -> Self::Future {
        let (caller, request) = admitted.into_parts();
        Box::pin((self.0)(caller, request).map(Ok))
    }
}
