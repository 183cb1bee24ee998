//! Vendors of our own: SCIM endpoints that behave, and misbehave, as published vendors do.

pub mod oracle;
