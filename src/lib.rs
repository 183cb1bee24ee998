//! scim-bridge.

pub mod admin;
pub mod app;
pub mod bridge;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dialect;
pub mod emulation;
pub mod inbound;
pub mod mapping;
pub mod remainder;
pub mod scim;
pub mod secret;
pub mod simulator;
pub mod store;
pub mod telemetry;
pub mod upstream;
pub mod yaml;
