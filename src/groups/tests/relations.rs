//! What must hold between one way to a state and another.

use super::super::{Change, Graph};
use super::{Both, add_group, add_user, group, groups, remove_group, remove_user};

/// Some edges between eight groups, with a cycle and a diamond among them.
const EDGES: [(&str, &str); 9] = [
    ("g0", "g1"),
    ("g0", "g2"),
    ("g1", "g3"),
    ("g2", "g3"),
    ("g3", "g4"),
    ("g4", "g1"),
    ("g5", "g0"),
    ("g6", "g5"),
    ("g7", "g7"),
];

fn built() -> Both {
    let mut both = groups(8);
    both.take(&EDGES.map(|(parent, child)| add_group(parent, child)));
    for (at, user) in ["a", "b", "c", "d", "e", "f", "g", "h"].into_iter().enumerate() {
        both.take(&[add_user(&group(at), user), add_user(&group(at / 2), user)]);
    }
    both
}

fn state(graph: &Graph) -> Vec<Vec<String>> {
    let of = |at| {
        let mut users: Vec<_> = graph.wanted(&group(at)).map(str::to_owned).collect();
        users.sort_unstable();
        users
    };
    (0..8).map(of).collect()
}

#[test]
fn the_order_of_what_is_said_makes_no_difference() {
    let expected = built();
    for turn in 0..EDGES.len() {
        let mut edges = EDGES;
        edges.rotate_left(turn);
        if turn % 2 == 1 {
            edges.reverse();
        }
        let mut both = groups(8);
        for (at, user) in ["h", "g", "f", "e", "d", "c", "b", "a"].into_iter().enumerate() {
            both.take(&[add_user(&group(7 - at), user), add_user(&group((7 - at) / 2), user)]);
        }
        for (parent, child) in edges {
            both.take(&[add_group(parent, child)]);
        }
        assert_eq!(state(&both.graph), state(&expected.graph));
        assert_eq!(both.graph.closure_pairs(), expected.graph.closure_pairs());
        assert_eq!(both.graph.support_pairs(), expected.graph.support_pairs());
    }
}

#[test]
fn what_comes_and_goes_leaves_what_was() {
    let mut both = built();
    let before = state(&both.graph);
    for parent in 0..8 {
        for child in 0..8 {
            let (parent, child) = (group(parent), group(child));
            let known = both.graph.children(&parent).any(|other| other == child);
            let [there, back] = [add_group(&parent, &child), remove_group(&parent, &child)];
            let [there, back] = if known { [back, there] } else { [there, back] };
            let (joined, left) = (both.take(&[there]), both.take(&[back]));
            let turned = |joins: bool| left.iter().filter(|delta| delta.joins != joins).count();
            assert_eq!(joined.len(), left.len(), "what was done is undone, and nothing else");
            assert_eq!(joined.iter().filter(|delta| delta.joins).count(), turned(true));
            assert_eq!(state(&both.graph), before);
        }
    }
}

#[test]
fn a_group_above_all_others_takes_nothing_from_anybody() {
    let mut both = built();
    let deltas = both.take(&[add_group("top", "g6"), Change::Export { group: "top", is: true }]);
    assert!(deltas.iter().all(|delta| delta.joins && delta.group == "top"));
    assert_eq!(both.wanted("top"), both.wanted("g6"));
}

#[test]
fn another_way_to_the_same_group_changes_nothing() {
    let mut both = built();
    assert!(both.take(&[add_group("g6", "g4")]).is_empty());
    assert!(both.take(&[add_group("g6", "way"), add_group("way", "g3")]).is_empty());
    assert!(both.take(&[remove_group("way", "g3")]).is_empty());
}

#[test]
fn a_cycle_that_becomes_one_group_keeps_who_belongs() {
    // g1, g3 and g4 reach each other: one group with the members of all stands for them.
    let both = built();
    let mut merged = Both::default();
    let into =
        |name: &str| if ["g1", "g3", "g4"].contains(&name) { "one".to_owned() } else { name.to_owned() };
    for at in 0..8 {
        let (own, one) = (group(at), into(&group(at)));
        merged.take(&[Change::Export { group: &one, is: true }]);
        both.graph.users(&own).for_each(|user| drop(merged.take(&[add_user(&one, user)])));
        both.graph.children(&own).for_each(|child| drop(merged.take(&[add_group(&one, &into(child))])));
    }
    for at in 0..8 {
        assert_eq!(merged.wanted(&into(&group(at))), both.wanted(&group(at)));
    }
}

#[test]
fn other_names_give_the_same_under_other_names() {
    let both = built();
    let mut renamed = Both::default();
    let other = |name: &str| format!("{}-renamed", name.chars().rev().collect::<String>());
    for at in (0..8).rev() {
        let name = group(at);
        renamed.take(&[Change::Export { group: &other(&name), is: true }]);
        both.graph
            .children(&name)
            .for_each(|child| drop(renamed.take(&[add_group(&other(&name), &other(child))])));
        both.graph.users(&name).for_each(|user| drop(renamed.take(&[add_user(&other(&name), user)])));
    }
    for at in 0..8 {
        let users: Vec<_> = renamed.wanted(&other(&group(at))).into_iter().map(str::to_owned).collect();
        assert_eq!(users, both.wanted(&group(at)));
    }
    assert_eq!(renamed.graph.support_pairs(), both.graph.support_pairs());
}

#[test]
fn graphs_that_have_nothing_in_common_do_not_touch() {
    let (mut both, alone) = (built(), built());
    let other = both.take(&[
        Change::Export { group: "x", is: true },
        add_group("x", "y"),
        add_group("y", "x"),
        add_user("y", "a"),
    ]);
    assert!(other.iter().all(|delta| delta.group == "x"));
    assert_eq!(state(&both.graph), state(&alone.graph));
    assert!(
        both.take(&[remove_user("y", "a"), remove_group("x", "y")]).iter().all(|delta| delta.group == "x")
    );
    assert_eq!(state(&both.graph), state(&alone.graph));
}
