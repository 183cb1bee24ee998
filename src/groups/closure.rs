//! Which groups reach which, as edges come and go, beside what was.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use super::derived::{Walk, children};
use super::graph::{Cycles, Graph, Refusal};
use super::set::Set;

/// Sets, some of them changed.
pub(super) struct Overlay<'g> {
    base: &'g [Set],
    pub(super) changed: HashMap<u32, Set>,
}

impl Overlay<'_> {
    pub(super) fn get(&self, at: u32) -> &Set {
        self.changed.get(&at).or(self.base.get(at as usize)).unwrap_or(const { &Set::EMPTY })
    }

    fn change(&mut self, at: u32) -> &mut Set {
        let base = self.base;
        self.changed.entry(at).or_insert_with(|| base.get(at as usize).cloned().unwrap_or_default())
    }
}

/// Which groups reach which, as edges come and go.
pub(super) struct Closure<'g> {
    graph: &'g Graph,
    children: HashMap<u32, Set>,
    pub(super) below: Overlay<'g>,
    pub(super) above: Overlay<'g>,
    pub(super) pairs: u64,
    walk: Walk,
}

impl<'g> Closure<'g> {
    pub(super) fn of(graph: &'g Graph) -> Self {
        let derived = &graph.derived;
        Self {
            graph,
            children: HashMap::new(),
            below: Overlay { base: &derived.below, changed: HashMap::new() },
            above: Overlay { base: &derived.above, changed: HashMap::new() },
            pairs: derived.closure_pairs,
            walk: Walk::default(),
        }
    }

    /// A group that is new reaches itself.
    pub(super) fn begin(&mut self, group: u32) {
        self.below.change(group).insert(group);
        self.above.change(group).insert(group);
        self.pairs += 1;
    }

    /// Takes edges away, then adds the others; gives the steps of the longest chain that a new one is part of.
    pub(super) fn change(&mut self, edges: &BTreeMap<(u32, u32), bool>) -> Result<u32, Refusal> {
        let mut affected = BTreeSet::new();
        for (&(parent, child), _) in edges.iter().filter(|(_, is_there)| !**is_there) {
            self.set_edge(parent, child, false);
            affected.extend(self.above.get(parent).iter());
        }
        // Once for each group above, however many edges went.
        for group in affected {
            let now = self.walked(group);
            for lost in self.below.get(group).minus(&now) {
                self.above.change(lost).remove(group);
                self.pairs -= 1;
            }
            *self.below.change(group) = now;
        }
        let new: Vec<_> = edges.iter().filter(|(_, is)| **is).map(|(&edge, _)| edge).collect();
        for &(parent, child) in &new {
            self.add(parent, child)?;
        }
        Ok(new.into_iter().map(|(parent, child)| self.depth(parent, child)).max().unwrap_or_default())
    }

    fn set_edge(&mut self, parent: u32, child: u32, is_there: bool) {
        let direct = &self.graph.direct;
        self.children.entry(parent).or_insert_with(|| children(direct, parent).clone()).set(child, is_there);
    }

    fn walked(&mut self, group: u32) -> Set {
        let Self { graph, children: changed, walk, .. } = self;
        let next = |group| changed.get(&group).unwrap_or_else(|| children(&graph.direct, group));
        walk.below(group, graph.options.max_depth, next)
    }

    fn add(&mut self, parent: u32, child: u32) -> Result<(), Refusal> {
        let options = &self.graph.options;
        if options.cycles == Cycles::Refuse && self.closes_cycle(parent, child) {
            return Err(Refusal::Cycle);
        }
        self.set_edge(parent, child, true);
        // Whatever the new edge leads to, the child reaches without it: of what it reaches now, nothing can be missing.
        let reached = self.below.get(child).clone();
        for group in self.above.get(parent).clone().iter() {
            let new = match options.max_depth {
                None => reached.minus(self.below.get(group)),
                Some(_) => self.walked(group).minus(self.below.get(group)),
            };
            if new.is_empty() {
                continue;
            }
            for &one in &new {
                self.above.change(one).insert(group);
            }
            self.below.change(group).extend(&new);
            self.pairs += new.len() as u64;
            let most = options.limits.closure_pairs;
            if self.pairs > most {
                return Err(Refusal::Limit { what: "groups that groups reach", most });
            }
        }
        Ok(())
    }

    fn closes_cycle(&mut self, parent: u32, child: u32) -> bool {
        if self.graph.options.max_depth.is_none() {
            return self.below.get(child).contains(parent);
        }
        let Self { graph, children: changed, walk, .. } = self;
        let next = |group| changed.get(&group).unwrap_or_else(|| children(&graph.direct, group));
        walk.below(child, None, next).contains(parent)
    }

    /// The steps of the longest chain through an edge, each half of it by the shortest way.
    fn depth(&mut self, parent: u32, child: u32) -> u32 {
        let Self { graph, children: changed, walk, above, below, .. } = self;
        let next = |group| changed.get(&group).unwrap_or_else(|| children(&graph.direct, group));
        let few = |set: &Set| set.len() <= 2;
        let down = if few(below.get(child)) {
            u32::from(below.get(child).len() == 2)
        } else {
            walk.depth(child, next)
        };
        if few(above.get(parent)) {
            return down + 1 + u32::from(above.get(parent).len() == 2);
        }
        let up = |group: u32| graph.direct.group(group).map_or(const { &Set::EMPTY }, |group| &group.parents);
        down + 1 + walk.depth(parent, up)
    }
}
