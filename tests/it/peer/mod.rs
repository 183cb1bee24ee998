//! The peers of the tests: a bridge, a client, vendors.

pub mod bridge;
pub mod client;
pub mod directory;
pub mod foreign;
pub mod script;
