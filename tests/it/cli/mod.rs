//! What a person types, and what is printed: every command through the built program.

mod check;
mod demo;
mod explain;
mod files;
mod help;
pub mod program;
mod refused;
mod replay;
mod schema;
mod serve;
mod tls;
