//! The server side: from an accepted socket to an authenticated request and back.

pub mod connection;
pub mod exchange;
mod guard_io;
pub mod listener;
pub mod respond;
pub mod tls;
mod wrap;

pub use connection::Connection;
pub use exchange::RequestId;
pub use listener::{Limits, Listener, Options};
pub use respond::Reply;
