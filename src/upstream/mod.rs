//! The client side: where a vendor is, with what it is called, and how often.

mod account;
mod auth;
mod base;
mod failure;

pub use account::Account;
pub use auth::{Auth, InvalidToken};
pub use base::{Base, BaseError};
pub use failure::{Failure, Kind};
