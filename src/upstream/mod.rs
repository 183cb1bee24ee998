//! The client side: a call to a vendor and its reply, or why there is none.
//!
//! [`Vendor::send`] is the one way out of the bridge. Invariants: a token goes to the configured origin and nowhere else,
//! over verified TLS; a URL is built from checked segments; no redirect is followed; every wait ends at the caller's
//! deadline; what may have been done at the vendor is never done twice without its caller having said that it may be.

mod account;
mod auth;
mod base;
mod buckets;
mod connect;
mod failure;
mod pool;
mod reply;
mod retry;
mod stack;

#[cfg(test)]
mod tests;

pub use account::Account;
pub use auth::{Auth, InvalidToken};
pub use base::{Base, BaseError};
pub use buckets::{Bucket, Unit};
pub use failure::{Failure, Kind};
pub use reply::Reply;
pub use retry::RetryHeader;
pub use stack::{Options, Outgoing, Repeat, SetupError, Vendor};
