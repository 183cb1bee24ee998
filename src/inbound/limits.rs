//! The small layers that bound what requests may do: panic, all at once, for ever, too often.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Method, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until};
use tower::Service;

use super::authn::Admitted;
use super::exchange::{Exchange, RequestId};
use super::respond::{self, Patience, Reply};
use super::wrap::{Around, Replying};

/// Seconds a client is asked to wait when the bridge itself is the bottleneck, and when the vendor probably is.
const OVERLOADED: u64 = 15;
const OVERDUE: u64 = 60;

/// A panic in the handler is answered (500, or 429 to Okta so that it repeats) and ends nothing but the request.
#[derive(Clone, Debug)]
pub(super) struct CatchPanic;

impl CatchPanic {
    fn reply((patience, id): (Patience, RequestId)) -> Reply {
        // The panic hook has written the message and the place; the span names the request.
        tracing::error!("a panic was caught");
        respond::not_now(patience, StatusCode::INTERNAL_SERVER_ERROR, 300, "Internal error.", id)
    }
}

impl Around for CatchPanic {
    type In = Box<Exchange>;
    type Out = Box<Exchange>;
    type Held = (Patience, RequestId);

    fn before(&self, exchange: Box<Exchange>) -> Result<(Self::Held, Box<Exchange>), Box<Reply>> {
        Ok(((exchange.patience, exchange.id), exchange))
    }

    fn call<S: Service<Box<Exchange>>>(
        held: &mut Self::Held,
        inner: &mut S,
        exchange: Box<Exchange>,
    ) -> Result<S::Future, Box<Reply>> {
        // What the panic leaves behind is the request alone, which is dropped.
        catch_unwind(AssertUnwindSafe(|| inner.call(exchange))).map_err(|_| Box::new(Self::reply(*held)))
    }

    fn poll<F: Replying>(held: &mut Self::Held, inner: &mut F, cx: &mut Context<'_>) -> Poll<Reply> {
        match catch_unwind(AssertUnwindSafe(|| Pin::new(inner).poll(cx))) {
            Ok(poll) => poll.map(|Ok(reply)| reply),
            Err(_) => Poll::Ready(Self::reply(*held)),
        }
    }
}

/// At most so many requests at once; the rest are refused at once, since a queue in front of a slow vendor only moves
/// the wait to where nobody sees it.
#[derive(Clone, Debug)]
pub(super) struct Shed {
    slots: Arc<Semaphore>,
    total: usize,
}

impl Shed {
    pub(super) fn new(total: usize) -> Self {
        let total = total.clamp(1, Semaphore::MAX_PERMITS);
        Self { slots: Arc::new(Semaphore::new(total)), total }
    }

    /// How many slots a request must leave free: reads give way first and creates next, so that what may be a revoke
    /// (PATCH, PUT, DELETE) is the last to be refused.
    fn reserve(&self, method: &Method) -> usize {
        match *method {
            Method::GET => self.total / 5,
            Method::POST => self.total / 10,
            _ => 0,
        }
    }
}

impl Around for Shed {
    type In = Box<Exchange>;
    type Out = Box<Exchange>;
    type Held = OwnedSemaphorePermit;

    fn before(&self, exchange: Box<Exchange>) -> Result<(OwnedSemaphorePermit, Box<Exchange>), Box<Reply>> {
        // Looking and taking are two steps: a race can use up a little of the reserve, never more than the total.
        if self.slots.available_permits() > self.reserve(exchange.request.method())
            && let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned()
        {
            return Ok((permit, exchange));
        }
        tracing::debug!("shed");
        let Exchange { patience, id, .. } = *exchange;
        let (status, detail) = (StatusCode::SERVICE_UNAVAILABLE, "The bridge is overloaded.");
        Err(exchange.close(respond::not_now(patience, status, OVERLOADED, detail, id)))
    }
}

/// Every request is answered in time: IdPs close their socket after a minute and then know nothing.
#[derive(Clone, Debug)]
pub(super) struct Deadline;

/// The timer exists only once the request has had to wait.
pub(super) struct Waiting {
    due: Instant,
    timer: Option<Pin<Box<Sleep>>>,
    patience: Patience,
    id: RequestId,
}

impl Around for Deadline {
    type In = Box<Exchange>;
    type Out = Box<Exchange>;
    type Held = Waiting;

    fn before(&self, exchange: Box<Exchange>) -> Result<(Waiting, Box<Exchange>), Box<Reply>> {
        let Exchange { due, patience, id, .. } = *exchange;
        Ok((Waiting { due, timer: None, patience, id }, exchange))
    }

    fn poll<F: Replying>(held: &mut Waiting, inner: &mut F, cx: &mut Context<'_>) -> Poll<Reply> {
        if let Poll::Ready(Ok(reply)) = Pin::new(inner).poll(cx) {
            return Poll::Ready(reply);
        }
        let timer = held.timer.get_or_insert_with(|| Box::pin(sleep_until(held.due)));
        timer.as_mut().poll(cx).map(|()| {
            let detail = "The vendor did not answer in time.";
            respond::not_now(held.patience, StatusCode::GATEWAY_TIMEOUT, OVERDUE, detail, held.id)
        })
    }
}

/// At most so many requests a second for one integration; the layer stands after authentication because the key is the
/// integration, which a stranger must not be able to use up.
pub(super) struct PerIntegration<I>(std::marker::PhantomData<fn(I)>);

impl<I> PerIntegration<I> {
    pub(super) fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<I> Clone for PerIntegration<I> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<I> Around for PerIntegration<I> {
    type In = Admitted<I>;
    type Out = Admitted<I>;
    type Held = ();

    fn before(&self, admitted: Admitted<I>) -> Result<((), Admitted<I>), Box<Reply>> {
        let Some(wait) = admitted.over_rate() else { return Ok(((), admitted)) };
        let seconds = (wait.as_secs() + 1).min(30);
        let reply = respond::too_fast(seconds, "Too many requests.", admitted.exchange.id);
        Err(admitted.exchange.close(reply))
    }
}
