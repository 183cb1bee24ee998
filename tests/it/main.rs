//! One test binary: everything goes through the socket, between peers that the tests hold in their hand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it stands")]

#[path = "../../src/mapping/tests/generated.rs"]
#[allow(dead_code, reason = "what the laws of the pure part need besides")]
mod made;
mod peer;

mod answers;
mod attributes;
mod bad_inputs;
mod chunks;
mod cli;
mod conditions;
mod connection;
mod cookbook;
mod deviations;
mod dialects;
mod edges;
mod eventual;
mod foreign;
mod generated;
mod hazards;
mod hidden_members;
mod intents;
mod interactions;
mod kept;
mod language;
mod large_groups;
mod laws;
mod life;
mod life_cycle;
mod lists;
mod matrix;
mod member_forms;
mod memberships;
mod native;
mod nested;
mod ninjaone;
mod probe;
mod process;
mod profile;
mod properties;
mod puts;
mod questions;
mod rates;
mod revokes;
mod scim11;
mod shapes;
mod shipped;
mod spoken;
mod status_policy;
mod tidy;
mod truth;
mod unanswerable;
mod unlisted;
