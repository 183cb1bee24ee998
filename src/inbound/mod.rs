//! The server side: from an accepted socket to an authenticated request and back.

pub mod connection;
pub mod exchange;
pub mod respond;
mod wrap;

pub use connection::Connection;
pub use exchange::RequestId;
pub use respond::Reply;
