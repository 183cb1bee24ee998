//! The server side: from an accepted socket to an authenticated request and back.
//!
//! [`Listener`] takes sockets and turns them into HTTP requests, [`Stack`] turns a request into a [`Caller`] and a
//! handler's reply, [`scim`] is that handler: from bytes to canonical SCIM, through the bridge, and back. Invariants: no
//! byte of a body is read before authentication; every wait has a deadline; every refusal is a SCIM error and a request
//! id; what the peer says about itself in headers (`X-Forwarded-For`, `X-Forwarded-Host`, `X-Request-Id`) is never
//! believed.

mod authn;
pub mod body;
mod connection;
mod discovery;
mod drive;
mod exchange;
mod guard_io;
mod limits;
mod listener;
mod query;
pub mod respond;
pub mod route;
pub mod scim;
pub mod stack;
mod strict;
pub mod tls;
mod trace;
mod workers;
mod wrap;

pub use authn::{Caller, Gate, GateError, Gates};
pub use connection::Connection;
pub use exchange::RequestId;
pub use listener::{Limits, Listener, Options};
pub use respond::Reply;
pub use stack::Stack;
pub use trace::route;
pub use workers::Workers;

#[cfg(test)]
mod tests;
