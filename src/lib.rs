//! scim-bridge.

pub mod clock;
pub mod scim;
pub mod secret;
pub mod telemetry;
