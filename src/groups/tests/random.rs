//! Random requests on small graphs with cycles, judged by the oracle after each.

use super::super::{Change, Cycles, Graph, Options, Refusal, Stored};
use super::Mirror;
use super::oracle::Oracle;

/// How many operations, when `GROUP_OPERATIONS` does not say.
const OPERATIONS: usize = if cfg!(debug_assertions) { 30_000 } else { 1_000_000 };
const PER_GRAPH: usize = 250;

/// SplitMix64: any spread will do.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % most as u64).unwrap()
    }
}

const GROUPS: [&str; 12] = ["g0", "g1", "g2", "g3", "g4", "g5", "g6", "g7", "g8", "g9", "ga", "gb"];
const USERS: [&str; 8] = ["u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7"];

#[derive(Default)]
struct Tally {
    operations: usize,
    requests: usize,
    cycles: usize,
    refused: usize,
    writes: usize,
}

fn change(dice: &mut Dice, groups: usize, users: usize) -> Change<'static> {
    let (group, other) = (GROUPS[dice.below(groups)], GROUPS[dice.below(groups)]);
    let user = USERS[dice.below(users)];
    match dice.below(100) {
        0..22 => Change::AddUser { group, user },
        22..38 => Change::RemoveUser { group, user },
        38..62 => Change::AddGroup { parent: group, child: other },
        62..80 => Change::RemoveGroup { parent: group, child: other },
        80..85 => Change::Eligible { user, is: dice.below(3) > 0 },
        85..90 => Change::Export { group, is: dice.below(4) > 0 },
        90..92 => Change::Exclude { group, is: dice.below(3) == 0 },
        92..94 => Change::RemoveUsers { group },
        94..96 => Change::RemoveGroups { parent: group },
        96..98 => Change::DeleteUser { user },
        _ => Change::DeleteGroup { group },
    }
}

fn request(dice: &mut Dice, groups: usize, users: usize) -> Vec<Change<'static>> {
    let count = if dice.below(4) == 0 { 2 + dice.below(6) } else { 1 };
    (0..count).map(|_| change(dice, groups, users)).collect()
}

/// The graph from what is stored is the graph that it became.
fn load(graph: &Graph, options: &Options, ineligible: &[&str], excluded: &[&str]) -> Graph {
    let own = |names: &mut dyn Iterator<Item = &str>| names.map(Into::into).collect();
    let stored = GROUPS.iter().filter(|group| graph.knows(group)).map(|&group| Stored {
        id: group.into(),
        users: own(&mut graph.users(group)),
        children: own(&mut graph.children(group)),
        exported: graph.is_exported(group),
        applied: own(&mut graph.wanted(group)),
    });
    Graph::load(options.clone(), stored, excluded.iter().copied(), ineligible.iter().copied())
}

fn run(seed: u64, tally: &mut Tally) {
    let mut dice = Dice(seed);
    let (groups, users) = (2 + dice.below(11), 1 + dice.below(8));
    let options = Options {
        max_depth: (dice.below(4) == 0).then(|| u32::try_from(dice.below(4)).unwrap()),
        cycles: if dice.below(5) == 0 { Cycles::Refuse } else { Cycles::Accept },
        ..Options::default()
    };
    let mut oracle = Oracle::new(options.max_depth);
    let (mut graph, mut mirror) = (Graph::new(options.clone()), Mirror::default());
    let (mut ineligible, mut excluded) = (Vec::new(), Vec::new());
    let most = tally.operations + PER_GRAPH;
    while tally.operations < most {
        let request = request(&mut dice, groups, users);
        tally.operations += request.len();
        tally.requests += 1;
        let before = oracle.clone();
        request.iter().for_each(|change| oracle.hear(change));
        let closes =
            request.iter().any(|change| matches!(change, Change::AddGroup { .. })) && oracle.has_cycle();
        tally.cycles += usize::from(closes);
        let deltas = match graph.apply(&request) {
            Ok(deltas) => deltas,
            Err(refusal) => {
                assert!(closes && options.cycles == Cycles::Refuse && refusal == Refusal::Cycle, "{refusal}");
                tally.refused += 1;
                oracle = before;
                Vec::new()
            }
        };
        assert!(options.cycles == Cycles::Accept || !oracle.has_cycle(), "seed {seed}: a cycle was taken");
        tally.writes += deltas.len();
        // Whoever is no longer looked after is nobody's concern; a twin that is deleted is gone.
        mirror.0.retain(|group, _| oracle.exported.contains(group));
        mirror.take(&deltas).unwrap_or_else(|wrong| panic!("seed {seed}: {request:?}: {wrong}"));
        for (group, users) in oracle.flat() {
            let members = mirror.members(group);
            assert!(
                members.len() == users.len() && members.iter().all(|user| users.contains(user)),
                "seed {seed}: {group} is {members:?} and not {users:?} after {request:?}"
            );
        }
        for change in &request {
            match *change {
                Change::Eligible { user, is: false } => ineligible.push(user),
                Change::Eligible { user, .. } | Change::DeleteUser { user } => {
                    ineligible.retain(|other| *other != user);
                }
                Change::Exclude { group, is: true } => excluded.push(group),
                Change::Exclude { group, .. } | Change::DeleteGroup { group } => {
                    excluded.retain(|other| *other != group);
                }
                _ => {}
            }
        }
        if tally.requests.is_multiple_of(16) {
            assert!(graph.rebuild(), "seed {seed}: it does not follow from what was said");
        }
    }
    assert!(graph.rebuild(), "seed {seed}: it does not follow from what was said");
    if tally.refused == 0 {
        let loaded = load(&graph, &options, &ineligible, &excluded);
        assert_eq!(loaded.support_pairs(), graph.support_pairs(), "seed {seed}");
        assert_eq!(loaded.all_outstanding(), [], "seed {seed}: all was applied");
        let wanted = |graph: &Graph| -> Vec<Vec<String>> {
            let of = |group: &&str| {
                let mut users: Vec<_> = graph.wanted(group).map(str::to_owned).collect();
                users.sort_unstable();
                users
            };
            GROUPS.iter().map(of).collect()
        };
        assert_eq!(wanted(&loaded), wanted(&graph), "seed {seed}");
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a longer run is asked for, and says what it did"
)]
fn random_requests_leave_what_the_oracle_says() {
    let asked = std::env::var("GROUP_OPERATIONS").ok().and_then(|count| count.parse().ok());
    let (mut tally, mut seed) = (Tally::default(), 0);
    while tally.operations < asked.unwrap_or(OPERATIONS) {
        run(seed, &mut tally);
        seed += 1;
    }
    let Tally { operations, requests, cycles, refused, writes } = tally;
    println!(
        "{seed} graphs, {operations} operations in {requests} requests, {cycles} after which there was a cycle, {refused} \
         refused, {writes} writes: no mismatch, none for nothing"
    );
    assert!(
        cycles > operations / 20 && writes > operations / 20 && refused > 0,
        "it was not put to the test"
    );
}
