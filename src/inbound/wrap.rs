//! The anatomy that every layer of the inbound stack shares: what it does before, while and after a request is served.
//!
//! A layer states only that ([`Around`]); [`Wrap`] makes it a `tower` layer. Nothing is boxed here and nothing is
//! pinned by hand: the future of the handler at the end of the stack is boxed once and therefore `Unpin`, and so is
//! every future wrapped around it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tower::Service;

use super::respond::Reply;

/// The future that a service of this stack gives.
pub(super) trait Replying: Future<Output = Result<Reply, Infallible>> + Unpin {}
impl<F: Future<Output = Result<Reply, Infallible>> + Unpin> Replying for F {}

/// A layer. `In` is what it takes, `Out` what it hands to the next one: where they differ, the order of the two layers is
/// checked by the compiler.
pub(super) trait Around: Clone {
    type In;
    type Out;
    /// What is kept until the request ends, in whatever way: also when the client goes away and the future is dropped.
    type Held: Unpin;

    /// Lets the request through, or answers it.
    fn before(&self, request: Self::In) -> Result<(Self::Held, Self::Out), Box<Reply>>;

    /// Starts what is inside.
    fn call<S: Service<Self::Out>>(
        held: &mut Self::Held,
        inner: &mut S,
        request: Self::Out,
    ) -> Result<S::Future, Box<Reply>> {
        let _ = held;
        Ok(inner.call(request))
    }

    /// Goes on with what is inside.
    fn poll<F: Replying>(held: &mut Self::Held, inner: &mut F, cx: &mut Context<'_>) -> Poll<Reply> {
        let _ = held;
        Pin::new(inner).poll(cx).map(|Ok(reply)| reply)
    }

    /// Sees the reply on its way out.
    fn after(held: &mut Self::Held, reply: &mut Reply) {
        let _ = (held, reply);
    }
}

/// Makes a `tower` layer of an [`Around`].
#[derive(Clone)]
pub(super) struct Wrap<A>(pub(super) A);

impl<A: Clone, S> tower::Layer<S> for Wrap<A> {
    type Service = Wrapped<A, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Wrapped { around: self.0.clone(), inner }
    }
}

/// A service with an [`Around`] around it.
#[derive(Clone)]
pub(super) struct Wrapped<A, S> {
    around: A,
    inner: S,
}

impl<A, S> Service<A::In> for Wrapped<A, S>
where
    A: Around,
    S: Service<A::Out, Response = Reply, Error = Infallible, Future: Replying>,
{
    type Response = Reply;
    type Error = Infallible;
    type Future = Running<A, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: A::In) -> Self::Future {
        match self.around.before(request) {
            Err(reply) => Running::Answered(Some(reply)),
            Ok((mut held, request)) => match A::call(&mut held, &mut self.inner, request) {
                Ok(inner) => Running::Inside { held, inner },
                Err(mut reply) => {
                    A::after(&mut held, &mut reply);
                    Running::Answered(Some(reply))
                }
            },
        }
    }
}

/// The future of a [`Wrapped`] service.
pub(super) enum Running<A: Around, F> {
    /// By the layer itself; empty once given out.
    Answered(Option<Box<Reply>>),
    Inside {
        held: A::Held,
        inner: F,
    },
}

impl<A: Around, F: Replying> Future for Running<A, F> {
    type Output = Result<Reply, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            // A future is not polled again after it was ready; if it is, it never is again.
            Self::Answered(reply) => reply.take().map_or(Poll::Pending, |reply| Poll::Ready(Ok(*reply))),
            Self::Inside { held, inner } => {
                let mut reply = ready!(A::poll(held, inner, cx));
                A::after(held, &mut reply);
                Poll::Ready(Ok(reply))
            }
        }
    }
}
