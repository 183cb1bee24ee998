//! Groups within groups, made flat: who belongs to a group through the groups within it, and which memberships begin and end with
//! each change.
//!
//! Somebody belongs to a group when he is a direct member of it, or of a group that it reaches; cycles are allowed, and all groups of
//! one have the same members. Which groups each reaches is kept as a set, and for each group at the vendor how many of those that it
//! reaches a user is a direct member of. A change moves these counts; where one becomes zero or no longer is, a membership ends or
//! begins. Ways are never counted: there are endlessly many in a cycle, and 2ⁿ through n diamonds.
//!
//! - Who belongs is a function of what was said, and never of the order in which it was.
//! - A request is one [`Plan`], taken as a whole or not at all; it tells what changes at the vendor, netted, removals first.
//! - Everything can be derived anew from what was said, to the last count: [`Graph::rebuild`].
//! - What the vendor has confirmed is kept beside what is wanted; the difference is what has to be sent, however it came about.
//!
//! That a deleted group's id means nothing any more is for whoever gives out ids to see to.

mod closure;
mod counting;
mod counts;
mod derived;
mod direct;
mod graph;
mod names;
mod plan;
mod said;
mod set;
#[cfg(test)]
mod tests;

pub use graph::{Change, Cycles, Delta, Graph, Limits, Options, Refusal, Stored};
pub use plan::Plan;
