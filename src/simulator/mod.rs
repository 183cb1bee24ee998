//! t
pub mod oracle;
