//! What a request makes of the graph, worked out beside it: nothing changes until the plan is committed, so that it can be refused,
//! held, or stored first.

use std::collections::BTreeMap;

use compact_str::CompactString;
use hashbrown::HashMap;

use super::closure::Closure;
use super::counting::Counting;
use super::counts::Recount;
use super::graph::{Change, Graph, Refusal};
use super::said::{Naming, Said};
use super::set::Set;

/// What a request makes of the graph.
#[derive(Debug)]
pub struct Plan {
    /// The graph that it was made for.
    pub(super) version: u64,
    pub(super) new_groups: Vec<CompactString>,
    pub(super) new_users: Vec<CompactString>,
    pub(super) said: Said,
    pub(super) below: HashMap<u32, Set>,
    pub(super) above: HashMap<u32, Set>,
    pub(super) recounts: BTreeMap<u32, Recount>,
    pub(super) closure_pairs: u64,
    pub(super) support_pairs: u64,
    /// Who leaves a group, then who joins one.
    pub(super) deltas: Vec<(bool, u32, u32)>,
    pub(super) depth: u32,
}

impl Plan {
    /// How many memberships at the vendor it changes.
    pub fn len(&self) -> usize {
        self.deltas.len()
    }

    /// Whether nothing changes at the vendor.
    pub fn is_empty(&self) -> bool {
        self.deltas.is_empty()
    }

    /// How many steps the longest chain of groups has that a new edge is part of; a little more where there is a cycle.
    pub fn depth(&self) -> u32 {
        self.depth
    }
}

pub(super) fn plan(graph: &Graph, changes: &[Change<'_>]) -> Result<Plan, Refusal> {
    let direct = &graph.direct;
    let (mut groups, mut users) = (Naming::of(&direct.group_names), Naming::of(&direct.user_names));
    let mut said = Said::default();
    for change in changes {
        said.hear(change, direct, &mut groups, &mut users);
    }
    said.net(direct);
    said.check_limits(graph, groups.new.len(), users.new.len())?;
    let mut closure = Closure::of(graph);
    groups.new_numbers().for_each(|group| closure.begin(group));
    let depth = closure.change(&said.edges)?;
    let Closure { below, above, pairs, .. } = closure;
    let mut counting = Counting { graph, said: &said, below, above, recounts: BTreeMap::new() };
    let support_pairs = counting.count()?;
    let deltas = counting.deltas();
    let Counting { below, above, recounts, .. } = counting;
    Ok(Plan {
        version: graph.version,
        new_groups: groups.new,
        new_users: users.new,
        below: below.changed,
        above: above.changed,
        recounts,
        closure_pairs: pairs,
        support_pairs,
        deltas,
        depth,
        said,
    })
}
