//! One test binary: everything goes through the socket, between peers that the tests hold in their hand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it stands")]

mod peer;

mod answers;
mod bad_inputs;
mod cli;
mod cookbook;
mod deviations;
mod dialects;
mod edges;
mod foreign;
mod hazards;
mod hidden_members;
mod language;
mod laws;
mod life_cycle;
mod lists;
mod memberships;
mod ninjaone;
mod process;
mod profile;
mod properties;
mod revokes;
mod shipped;
mod spoken;
mod status_policy;
mod tidy;
mod unanswerable;
