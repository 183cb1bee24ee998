//! The peers of the tests: a bridge, a client, vendors.
#![allow(dead_code, reason = "a peer can do what its kind can, whether or not a test needs it today")]

pub mod bridge;
pub mod client;
pub mod directory;
pub mod foreign;
pub mod script;
