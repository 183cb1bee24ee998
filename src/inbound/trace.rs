//! The span of a request, and the one event at its end.
//!
//! Fields are the request id, the method, the integration's name, the route's template and the status. A path holds
//! resource ids and a query holds filters, that is e-mail addresses: neither is ever a field. When the level is off, all of
//! this is one comparison a request.

use std::task::{Context, Poll};

use http::StatusCode;
use tokio::time::Instant;
use tower::Service;
use tracing::field::Empty;
use tracing::{Span, info};

use super::exchange::Exchange;
use super::respond::Reply;
use super::wrap::{Around, Replying};

/// Names the route of the request being served, as a template such as `/Users/{id}`, in its span. For the handler.
pub fn route(template: &'static str) {
    Span::current().record("route", template);
}

/// Names the integration of the request being served in its span.
pub(super) fn integration(name: &str) {
    Span::current().record("integration", name);
}

/// The layer that opens the span.
#[derive(Clone, Debug)]
pub(super) struct Trace;

/// The span and what the last event says; that event is also written when the client left before the reply.
pub(super) struct Traced {
    span: Span,
    started: Instant,
    answered: bool,
}

impl Around for Trace {
    type In = Box<Exchange>;
    type Out = Box<Exchange>;
    type Held = Traced;

    fn before(&self, exchange: Box<Exchange>) -> Result<(Traced, Box<Exchange>), Box<Reply>> {
        let span = tracing::info_span!(
            "request",
            id = exchange.id.as_str(),
            method = exchange.request.method().as_str(),
            integration = Empty,
            route = Empty,
        );
        Ok((Traced { span, started: exchange.started, answered: false }, exchange))
    }

    fn call<S: Service<Box<Exchange>>>(
        held: &mut Traced,
        inner: &mut S,
        exchange: Box<Exchange>,
    ) -> Result<S::Future, Box<Reply>> {
        Ok(held.span.in_scope(|| inner.call(exchange)))
    }

    fn poll<F: Replying>(held: &mut Traced, inner: &mut F, cx: &mut Context<'_>) -> Poll<Reply> {
        let _inside = held.span.enter();
        std::pin::Pin::new(inner).poll(cx).map(|Ok(reply)| reply)
    }

    fn after(held: &mut Traced, reply: &mut Reply) {
        held.answered = true;
        if !held.span.is_disabled() {
            held.event(reply.status());
        }
    }
}

impl Traced {
    fn event(&self, status: StatusCode) {
        let micros = self.started.elapsed().as_micros() as u64;
        info!(parent: &self.span, status = status.as_u16(), micros, "answered");
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        if !self.answered {
            info!(parent: &self.span, "the client left before the answer");
        }
    }
}
