//! What every simulated vendor stands on: a listener, a log, faults, virtual time and a control plane.
//!
//! A vendor is a [`Behaviour`]: a function from a request and the [`World`] to a reply. It knows nothing of sockets; the
//! harness knows nothing of SCIM beyond the shape of an error. Requests are answered one after the other under one lock,
//! so a vendor is always consistent; what overlaps is noticed by the counters.

pub(crate) mod behaviour;
pub(crate) mod buckets;
mod control;
pub(crate) mod counters;
mod exchange;
mod fault;
pub(crate) mod group;
pub(crate) mod hub;
pub(crate) mod ids;
pub(crate) mod journal;
pub(crate) mod knobs;
mod listener;
mod membership;
pub(crate) mod message;
mod people;
pub(crate) mod projection;
pub(crate) mod query;
pub(crate) mod records;
pub(crate) mod shape;
pub(crate) mod time;
pub(crate) mod tokens;
mod wire;

#[cfg(test)]
pub(crate) mod client;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub(crate) use behaviour::{Behaviour, Refused, World};
use hub::Hub;

/// Serves the vendor's own API until `stop`.
pub(crate) async fn serve_vendor(hub: Arc<Hub>, listener: TcpListener, stop: CancellationToken) {
    listener::serve(listener, stop, move |request, cut| exchange::exchange(Arc::clone(&hub), request, cut))
        .await;
}

/// Serves the control plane until `stop`.
pub(crate) async fn serve_control(hub: Arc<Hub>, listener: TcpListener, stop: CancellationToken) {
    listener::serve(listener, stop, move |request, _| control::control(Arc::clone(&hub), request)).await;
}
