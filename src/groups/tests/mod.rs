//! What is said is made flat as an oracle would: at random, exhaustively on small graphs, and in the cases that break others.

mod cases;
mod exhaustive;
mod oracle;
mod random;
mod relations;

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Delta, Graph};

/// A vendor that takes no membership twice and ends none that is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Mirror(BTreeMap<String, BTreeSet<String>>);

impl Mirror {
    /// Carries deltas out; gives what is wrong with them.
    fn take(&mut self, deltas: &[Delta]) -> Result<(), String> {
        if !deltas.is_sorted_by_key(|delta| delta.joins) {
            return Err(format!("somebody joins before another leaves: {deltas:?}"));
        }
        for Delta { joins, group, user } in deltas {
            let members = self.0.entry(group.to_string()).or_default();
            let changed =
                if *joins { members.insert(user.to_string()) } else { members.remove(user.as_str()) };
            if !changed {
                return Err(format!("for nothing: {joins} {group} {user}"));
            }
        }
        Ok(())
    }

    fn members(&self, group: &str) -> Vec<&str> {
        self.0.get(group).into_iter().flatten().map(String::as_str).collect()
    }
}

/// A graph and the vendor that it is written to.
#[derive(Default)]
struct Both {
    graph: Graph,
    mirror: Mirror,
}

impl Both {
    /// Takes a request, and looks whether the vendor has then what is wanted, and whether it follows from what was said.
    fn take(&mut self, changes: &[Change<'_>]) -> Vec<Delta> {
        let deltas = self.graph.apply(changes).unwrap();
        self.mirror.take(&deltas).unwrap();
        for change in changes {
            if let Change::DeleteGroup { group } | Change::Export { group, is: false } = change {
                self.mirror.0.remove(*group);
            }
        }
        for group in self.mirror.0.keys() {
            assert_eq!(self.mirror.members(group), self.wanted(group), "{group} after {changes:?}");
        }
        // Large graphs are looked at once in a while, by those who build them.
        if self.graph.closure_pairs() + self.graph.support_pairs() < 20_000 {
            assert!(self.graph.rebuild(), "it does not follow from what was said: {changes:?}");
        }
        deltas
    }

    fn wanted(&self, group: &str) -> Vec<&str> {
        let mut wanted: Vec<_> = self.graph.wanted(group).collect();
        wanted.sort_unstable();
        wanted
    }
}

/// The groups `g0`, `g1` and so on, all of them at the vendor.
fn groups(count: usize) -> Both {
    let mut both = Both::default();
    let names: Vec<_> = (0..count).map(group).collect();
    let changes: Vec<_> = names.iter().map(|group| Change::Export { group, is: true }).collect();
    both.take(&changes);
    both
}

fn group(number: usize) -> String {
    format!("g{number}")
}

fn add_user<'c>(group: &'c str, user: &'c str) -> Change<'c> {
    Change::AddUser { group, user }
}

fn remove_user<'c>(group: &'c str, user: &'c str) -> Change<'c> {
    Change::RemoveUser { group, user }
}

fn add_group<'c>(parent: &'c str, child: &'c str) -> Change<'c> {
    Change::AddGroup { parent, child }
}

fn remove_group<'c>(parent: &'c str, child: &'c str) -> Change<'c> {
    Change::RemoveGroup { parent, child }
}

/// Deltas as `+group user` and `-group user`.
fn told(deltas: &[Delta]) -> Vec<String> {
    let sign = |joins| if joins { '+' } else { '-' };
    deltas.iter().map(|Delta { joins, group, user }| format!("{}{group} {user}", sign(*joins))).collect()
}
