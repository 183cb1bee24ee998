//! A bridge between identity providers and vendors that both speak SCIM 2.0 (RFC 7643, RFC 7644), each in its own way.
//!
//! This page is the map: where each concern lives, which way imports run, and how one request walks through.
//!
//! # The idea
//!
//! **States are mapped, not operations.** A rule turns a resource into a resource. Whatever verb a client sends becomes
//! *before → after* in canonical SCIM; the mapping turns both into the vendor's terms; the planner finds the calls that
//! this vendor accepts for that difference. So a mapping has one meaning, and a vendor's deviations have one room.
//!
//! **The bridge remembers only what the vendor cannot hold.** What it cannot keep (attributes that it drops, what was
//! written where a rule is lossy) is the [`remainder`]. A read answers the vendor's state with the remainder put back, so
//! that a client which compares finds no difference and stops sending.
//!
//! **A fast path is an optimisation of that meaning, never a second one.** A PATCH of what no rule touches is passed on
//! without a read before it; both ways leave the same state at the vendor, and a test says so.
//!
//! # The rooms
//!
//! Imports run upwards on this page only: each module knows those below its own line, and no others. A test holds it.
//!
//! | | |
//! |---|---|
//! | [`cli`] | a file a command |
//! | [`app`], [`simulator`] | options into a running process · vendors and identity providers of our own, which share no code with the bridge |
//! | [`config`] | bridge.yaml and mapping files into options; every mistake at once, with its line |
//! | [`inbound`], [`admin`], [`capture`] | the doors: sockets, TLS, limits, authentication, routes, answers · health · recorded traffic |
//! | [`bridge`] | what becomes of one canonical request |
//! | [`upstream`] | the one way out: a call to a vendor and its reply, or why there is none |
//! | [`store`] | what is remembered, as verbs |
//! | [`dialect`], [`mapping`], [`emulation`], [`groups`], [`alias`] | pure: what a client means · how attributes relate · which calls a vendor takes · who belongs through groups within groups · where ids stand |
//! | [`yaml`], [`mod@remainder`] | pure: documents that know the place of every node · what a vendor cannot hold |
//! | [`scim`] | pure: JSON, names, schemas, filters, paths, PATCH; it alone knows how JSON is represented |
//! | [`secret`], [`clock`], [`telemetry`] | a value that must not be seen · the time, handed in · the log |
//!
//! # One request
//!
//! *Entra adds a user to a group of which a rule reads the members.*
//!
//! | where | in → out | may end here with |
//! |---|---|---|
//! | [`inbound`] listener | socket → TLS → HTTP request; every phase has a deadline | closed |
//! | [`inbound`] stack | request id, panic guard, shed, deadline, strict request line, token → integration, rate | 400, 401, 421, 429, 503 |
//! | [`inbound`] route and body | method and path → route; bytes → strict JSON | 404, 405, 413, 415, 400 |
//! | [`dialect`] | body → canonical request | 400 |
//! | [`bridge::handle`] | takes the resource's lock; before and after | 404, 412 |
//! | [`scim::patch`] | request and state → the new state | 400 |
//! | [`mapping`] | canonical before, after → the vendor's before, after | 400 naming the rule |
//! | [`emulation`] | before, after, profile → calls, each safe to repeat or not | 400, 501 |
//! | [`upstream`] | deadline, retry, the account's limits, credential, pool → reply | 429, 502, 503, 504 |
//! | [`store`] | what the vendor could not hold is remembered | 503 |
//! | [`inbound`] answer | canonical answer → what this client expects | |
//!
//! # What is nowhere
//!
//! No global state, no configuration read in passing, no trait but [`store::Store`] and what the two stacks need of `tower`,
//! no `unsafe`, no branch on the name of a vendor: a vendor is a file in `mappings/`.

pub mod admin;
pub mod alias;
pub mod app;
pub mod bridge;
pub mod capture;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dialect;
pub mod emulation;
pub mod groups;
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
