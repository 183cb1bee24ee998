//! scim-bridge.

pub mod clock;
pub mod secret;
pub mod telemetry;
