//! scim-bridge.

pub mod clock;
pub mod dialect;
pub mod scim;
pub mod secret;
pub mod telemetry;
pub mod yaml;
