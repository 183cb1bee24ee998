//! What groups within groups cost at full size: 20,000 groups, 100,000 users, 750,000 direct members, 25,000 edges.
//!
//! `cargo bench --bench groups`. It first prints what such a graph holds, in pairs and in memory; then each step's time.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement of what fails says nothing")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use compact_str::CompactString;
use divan::{AllocProfiler, Bencher};
use scim_bridge::groups::{Change, Graph, Options, Stored};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const GROUPS: usize = 20_000;
const USERS: usize = 100_000;
const MEMBERS: usize = 750_000;
const EDGES: usize = 25_000;
/// How many of each hundred groups are at the vendor.
const EXPORTED: [usize; 2] = [100, 10];

fn main() {
    println!("µs: median / 99th percentile / greatest of 10,000");
    println!(
        "| exported | closure pairs | support pairs | build ms | user leaves | joins | edge goes | comes | most writes |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    EXPORTED.into_iter().for_each(summary);
    divan::Divan::from_args().sample_count(5).sample_size(1).main();
}

/// SplitMix64: the same graph each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % most as u64) as usize
    }

    /// Small numbers far more often than great ones, as the sizes of groups are.
    fn skewed(&mut self, most: usize) -> usize {
        let unit = self.below(1 << 20) as f64 / f64::from(1 << 20);
        ((unit.powi(3) * most as f64) as usize).min(most - 1)
    }

    /// A parent, and a child further down: an organisation's tree with teams across it. Of the teams, one edge in five hundred
    /// leads back up.
    fn edge(&mut self) -> (usize, usize) {
        let child = 1 + self.below(GROUPS - 1);
        let parent = if self.below(4) > 0 { (child - 1) / 3 } else { child - 1 - self.below(child.min(400)) };
        if parent > GROUPS / 10 && self.below(500) == 0 { (child, parent) } else { (parent, child) }
    }
}

/// An id as identity providers make them.
fn id(kind: char, number: usize) -> String {
    format!("{kind}{number:07}-52d3-4a63-bd0c-9a1d6be2c4fa")
}

fn stored(exported: usize) -> Vec<Stored> {
    let mut dice = Dice(1);
    let mut groups: Vec<_> = (0..GROUPS)
        .map(|at| Stored { id: id('g', at).into(), exported: at % 100 < exported, ..Stored::default() })
        .collect();
    for _ in 0..MEMBERS {
        // The size of a group says nothing of its place in the tree.
        groups[dice.skewed(GROUPS) * 7_919 % GROUPS].users.push(id('u', dice.below(USERS)).into());
    }
    for _ in 0..EDGES {
        let (parent, child) = dice.edge();
        groups[parent].children.push(id('g', child).into());
    }
    groups
}

fn graph(exported: usize) -> Graph {
    Graph::load(Options::default(), stored(exported), [], [])
}

/// Every edge, and every membership, in no order.
fn shuffled(
    stored: &[Stored],
    of: fn(&Stored) -> &Vec<CompactString>,
) -> Vec<(CompactString, CompactString)> {
    let pairs =
        stored.iter().flat_map(|group| of(group).iter().map(|other| (group.id.clone(), other.clone())));
    let mut pairs: Vec<_> = pairs.collect::<BTreeSet<_>>().into_iter().collect();
    let mut dice = Dice(2);
    for at in (1..pairs.len()).rev() {
        pairs.swap(at, dice.below(at + 1));
    }
    pairs
}

/// One line of the table: median, 99th percentile and greatest of single requests.
fn summary(exported: usize) {
    let stored = stored(exported);
    let (edges, members) =
        (shuffled(&stored, |group| &group.children), shuffled(&stored, |group| &group.users));
    let start = Instant::now();
    let mut graph = Graph::load(Options::default(), stored, [], []);
    let built = start.elapsed().as_millis();
    let (closure, support, mut most) = (graph.closure_pairs(), graph.support_pairs(), 0);
    let mut run = |changes: &mut dyn Iterator<Item = Change<'_>>| {
        let mut times: Vec<Duration> = Vec::new();
        for change in changes {
            let start = Instant::now();
            let plan = graph.plan(&[change]).unwrap();
            most = most.max(plan.len());
            graph.commit(plan).unwrap();
            times.push(start.elapsed());
        }
        times.sort_unstable();
        let micros = |at: usize| times[at].as_nanos() as f64 / 1_000.0;
        format!(
            "{:.1} / {:.1} / {:.0}",
            micros(times.len() / 2),
            micros(times.len() * 99 / 100),
            micros(times.len() - 1)
        )
    };
    let (members, edges) = (&members[..10_000], &edges[..10_000]);
    let left = run(&mut members.iter().map(|(group, user)| Change::RemoveUser { group, user }));
    let joined = run(&mut members.iter().map(|(group, user)| Change::AddUser { group, user }));
    let removed = run(&mut edges.iter().map(|(parent, child)| Change::RemoveGroup { parent, child }));
    let added = run(&mut edges.iter().map(|(parent, child)| Change::AddGroup { parent, child }));
    assert!(graph.rebuild() && graph.support_pairs() == support);
    let pairs = format!("{exported}% | {closure} | {support} | {built}");
    println!("| {pairs} | {left} | {joined} | {removed} | {added} | {most} |");
}

#[divan::bench(args = EXPORTED)]
fn build(bencher: Bencher<'_, '_>, exported: usize) {
    let stored = || stored(exported);
    bencher.with_inputs(stored).bench_values(|stored| Graph::load(Options::default(), stored, [], []));
}

#[divan::bench(args = EXPORTED)]
fn rebuild(bencher: Bencher<'_, '_>, exported: usize) {
    let mut graph = graph(exported);
    bencher.bench_local(|| assert!(graph.rebuild()));
}

/// What the graph holds is what its copy allocates.
#[divan::bench(args = EXPORTED)]
fn copy(bencher: Bencher<'_, '_>, exported: usize) {
    let graph = graph(exported);
    bencher.bench_local(|| graph.clone());
}
