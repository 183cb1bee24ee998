//! Every graph of four groups, with every edge put in or taken out; and the closure by Warshall, on words of bits.

use super::super::{Change, Graph, Options, Stored};
use super::{Mirror, add_group, remove_group};

const NAMES: [&str; 4] = ["g0", "g1", "g2", "g3"];
/// Whom each group has as direct users: nobody is in all, and somebody is in two.
const USERS: [&[&str]; 4] = [&["a"], &["b", "x"], &["x"], &["d"]];

/// The groups that each reaches, as rows of bits: whoever reaches `k` reaches what `k` reaches.
fn warshall(mut rows: Vec<u64>) -> Vec<u64> {
    for (group, row) in rows.iter_mut().enumerate() {
        *row |= 1 << group;
    }
    for k in 0..rows.len() {
        let through = rows[k];
        rows.iter_mut().filter(|row| **row >> k & 1 == 1).for_each(|row| *row |= through);
    }
    rows
}

fn rows(edges: u32) -> Vec<u64> {
    (0..4).map(|group| u64::from(edges >> (4 * group) & 15)).collect()
}

fn flat(edges: u32) -> Mirror {
    let mut mirror = Mirror::default();
    for (group, row) in warshall(rows(edges)).into_iter().enumerate() {
        let below = (0..4).filter(|other| row >> other & 1 == 1);
        let users = below.flat_map(|other| USERS[other]).map(|user| (*user).to_owned()).collect();
        mirror.0.insert(NAMES[group].to_owned(), users);
    }
    mirror
}

fn load(edges: u32) -> Graph {
    let stored = (0..4).map(|group: usize| Stored {
        id: NAMES[group].into(),
        users: USERS[group].iter().map(|user| (*user).into()).collect(),
        children: (0..4)
            .filter(|&child| is_set(edges, group, child))
            .map(|child| NAMES[child].into())
            .collect(),
        exported: true,
        applied: Vec::new(),
    });
    Graph::load(Options::default(), stored, [], [])
}

fn is_set(edges: u32, parent: usize, child: usize) -> bool {
    edges >> (4 * parent + child) & 1 == 1
}

#[test]
fn every_edge_of_every_graph_of_four_groups_comes_and_goes() {
    // A build that is not optimised sees every 32nd of the graphs.
    let stride = if cfg!(debug_assertions) { 32 } else { 1 };
    let flats: Vec<_> = (0..1 << 16).map(flat).collect();
    let mut turned = 0;
    for edges in (0..1_u32 << 16).filter(|edges| (edges ^ edges >> 5) % stride == 0) {
        let graph = load(edges);
        for bit in 0..16 {
            let (parent, child) = (NAMES[bit / 4], NAMES[bit % 4]);
            let is_there = edges >> bit & 1 == 1;
            let plan =
                graph.plan(&[if is_there { remove_group(parent, child) } else { add_group(parent, child) }]);
            let mut mirror = flats[edges as usize].clone();
            mirror.take(&graph.deltas(&plan.unwrap())).unwrap();
            assert_eq!(mirror, flats[(edges ^ 1 << bit) as usize], "{edges:016b}, {parent} and {child}");
            turned += 1;
        }
    }
    assert_eq!(turned, (1 << 20) / stride);
}

#[test]
fn a_walk_through_every_graph_of_four_groups_stays_right() {
    // From each to the next differs one edge: a Gray code.
    let mut graph = load(0);
    for step in 1..1_u32 << 16 {
        let (before, edges) = ((step - 1) ^ (step - 1) >> 1, step ^ step >> 1);
        let bit = (before ^ edges).trailing_zeros() as usize;
        let (parent, child) = (NAMES[bit / 4], NAMES[bit % 4]);
        let change =
            if edges >> bit & 1 == 1 { add_group(parent, child) } else { remove_group(parent, child) };
        graph.apply(&[change]).unwrap();
        let pairs: u32 = warshall(rows(edges)).iter().map(|row| row.count_ones()).sum();
        assert_eq!(graph.closure_pairs(), u64::from(pairs), "{edges:016b}");
        if step % 1_024 == 0 {
            assert!(graph.rebuild(), "{edges:016b}");
        }
    }
}

#[test]
fn sixty_four_groups_reach_what_warshall_says() {
    let names: Vec<_> = (0..64).map(super::group).collect();
    let mut graph = Graph::default();
    let users: Vec<_> = names.iter().map(|name| format!("only-{name}")).collect();
    let mut start = Vec::new();
    for (group, user) in names.iter().zip(&users) {
        start.extend([Change::AddUser { group, user }, Change::Export { group, is: true }]);
    }
    graph.apply(&start).unwrap();
    let (mut edges, mut state) = (vec![0_u64; 64], 7_u64);
    for step in 0..600 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (parent, child) = (state as usize >> 33 & 63, (state >> 40) as usize & 63);
        let parent = parent % 64;
        edges[parent] ^= 1 << child;
        let (p, c) = (&names[parent], &names[child]);
        graph
            .apply(&[if edges[parent] >> child & 1 == 1 { add_group(p, c) } else { remove_group(p, c) }])
            .unwrap();
        if step % 50 == 0 {
            for (group, row) in warshall(edges.clone()).into_iter().enumerate() {
                let wanted: std::collections::HashSet<_> = graph.wanted(&names[group]).collect();
                let below = (0..64).filter(|other| row >> other & 1 == 1);
                assert_eq!(wanted, below.map(|other| users[other].as_str()).collect(), "step {step}");
            }
        }
    }
    assert!(graph.rebuild());
}
