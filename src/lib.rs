//! scim-bridge.

pub mod clock;
pub mod dialect;
pub mod emulation;
pub mod mapping;
pub mod remainder;
pub mod scim;
pub mod secret;
pub mod simulator;
pub mod telemetry;
pub mod yaml;
