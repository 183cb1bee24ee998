//! The cases that break others, each by its name.

use super::super::{Change, Cycles, Graph, Limits, Options, Refusal, Stored};
use super::{Both, Mirror, add_group, add_user, group, groups, remove_group, remove_user, told};

/// A thousand, tens of thousands and a hundred thousand; less in a build that is not optimised, where they take a minute.
const LONG: usize = if cfg!(debug_assertions) { 200 } else { 1_000 };
const WIDE: usize = LONG * 10;
const CROWD: usize = LONG * 100;

#[test]
fn an_empty_group_has_nobody() {
    let mut both = groups(2);
    assert!(both.take(&[add_group("g0", "g1")]).is_empty());
    assert!(both.wanted("g0").is_empty() && both.wanted("nobody knows it").is_empty());
}

#[test]
fn a_group_within_itself_changes_nothing() {
    let mut both = groups(1);
    both.take(&[add_user("g0", "a")]);
    assert!(both.take(&[add_group("g0", "g0")]).is_empty());
    assert_eq!(both.wanted("g0"), ["a"]);
    assert_eq!(told(&both.take(&[remove_user("g0", "a")])), ["-g0 a"]);
    assert!(both.take(&[remove_group("g0", "g0")]).is_empty());
}

#[test]
fn two_groups_within_each_other_have_the_same_members() {
    let mut both = groups(2);
    both.take(&[add_user("g0", "a"), add_user("g1", "b"), add_group("g0", "g1"), add_group("g1", "g0")]);
    assert_eq!((both.wanted("g0"), both.wanted("g1")), (vec!["a", "b"], vec!["a", "b"]));
    assert_eq!(told(&both.take(&[remove_group("g1", "g0")])), ["-g1 a"]);
}

/// Each group within the one before; the first within the last.
fn ring(size: usize) -> (Vec<String>, Both) {
    let (names, mut both) = ((0..size).map(group).collect::<Vec<_>>(), groups(size));
    let edges: Vec<_> = (0..size).map(|at| add_group(&names[at], &names[(at + 1) % size])).collect();
    both.take(&edges);
    (names, both)
}

#[test]
fn a_cycle_of_a_thousand_groups_has_one_set_of_members() {
    let (names, mut both) = ring(LONG);
    assert_eq!(both.graph.closure_pairs(), (LONG * LONG) as u64);
    assert_eq!(both.take(&[add_user(&names[LONG / 2], "a")]).len(), LONG);
    // Cut before its first group: those after the one that he is in do not reach it any more.
    assert_eq!(both.take(&[remove_group(&names[LONG - 1], "g0")]).len(), LONG / 2 - 1);
    assert!(names.iter().enumerate().all(|(at, name)| both.wanted(name).is_empty() == (at > LONG / 2)));
    assert!(both.graph.rebuild());
}

#[test]
fn a_cycle_is_cut_and_joined_at_each_of_its_edges() {
    let (names, mut both) = ring(7);
    let users: Vec<_> = names.iter().map(|name| format!("in-{name}")).collect();
    both.take(&names.iter().zip(&users).map(|(group, user)| add_user(group, user)).collect::<Vec<_>>());
    for at in 0..7 {
        let (parent, child) = (&names[at], &names[(at + 1) % 7]);
        // The group after the cut is a chain's first and keeps all; the one before it keeps itself alone.
        let gone = both.take(&[remove_group(parent, child)]);
        assert_eq!((gone.len(), both.wanted(child).len(), both.wanted(parent).len()), (21, 7, 1));
        assert_eq!(both.take(&[add_group(parent, child)]).len(), 21);
    }
}

#[test]
fn two_cycles_that_share_a_group_are_one() {
    let mut both = groups(5);
    let edges = [("g0", "g1"), ("g1", "g2"), ("g2", "g0"), ("g2", "g3"), ("g3", "g4"), ("g4", "g2")];
    both.take(&edges.map(|(parent, child)| add_group(parent, child)));
    assert_eq!(both.take(&[add_user("g4", "a")]).len(), 5);
    assert_eq!(told(&both.take(&[remove_group("g2", "g3")])), ["-g0 a", "-g1 a", "-g2 a"]);
}

#[test]
fn a_user_stays_until_both_sides_of_a_diamond_are_gone() {
    let mut both = groups(4);
    let edges = [("g0", "g1"), ("g0", "g2"), ("g1", "g3"), ("g2", "g3")];
    both.take(&edges.map(|(parent, child)| add_group(parent, child)));
    assert_eq!(both.take(&[add_user("g3", "a")]).len(), 4);
    assert_eq!(told(&both.take(&[remove_group("g1", "g3")])), ["-g1 a"]);
    assert_eq!(told(&both.take(&[remove_group("g2", "g3")])), ["-g0 a", "-g2 a"]);
}

#[test]
fn a_ladder_of_thirty_diamonds_is_no_more_than_ninety_groups() {
    // 2^30 ways lead from its top to its foot.
    let (names, mut both) = ((0..=90).map(group).collect::<Vec<_>>(), groups(91));
    let diamond = |at: usize| {
        let [top, left, right, foot] = [0, 1, 2, 3].map(|step| names[3 * at + step].as_str());
        [add_group(top, left), add_group(top, right), add_group(left, foot), add_group(right, foot)]
    };
    both.take(&(0..30).flat_map(diamond).collect::<Vec<_>>());
    assert_eq!(both.take(&[add_user("g90", "a")]).len(), 91);
    assert_eq!(told(&both.take(&[remove_group("g1", "g3")])), ["-g1 a"]);
    assert_eq!(told(&both.take(&[remove_group("g2", "g3")])), ["-g0 a", "-g2 a"]);
}

#[test]
fn a_direct_member_who_is_also_one_by_a_group_stays_by_it() {
    let mut both = groups(2);
    both.take(&[add_group("g0", "g1"), add_user("g0", "a"), add_user("g1", "a")]);
    assert!(both.take(&[remove_user("g0", "a")]).is_empty());
    assert_eq!(told(&both.take(&[remove_user("g1", "a")])), ["-g0 a", "-g1 a"]);
}

#[test]
fn whoever_is_in_five_groups_within_leaves_with_the_last() {
    let mut both = groups(1);
    let children: Vec<_> = (0..5).map(|at| format!("child-{at}")).collect();
    let joins = children.iter().flat_map(|child| [add_group("g0", child), add_user(child, "a")]);
    assert_eq!(told(&both.take(&joins.collect::<Vec<_>>())), ["+g0 a"]);
    for child in &children[1..] {
        assert!(both.take(&[remove_group("g0", child)]).is_empty());
    }
    assert_eq!(told(&both.take(&[remove_user(&children[0], "a")])), ["-g0 a"]);
}

#[test]
fn a_chain_of_a_thousand_groups_is_walked_without_recursion() {
    let (names, mut both) = ((0..LONG).map(group).collect::<Vec<_>>(), groups(LONG));
    both.take(&names.windows(2).map(|pair| add_group(&pair[0], &pair[1])).collect::<Vec<_>>());
    let last = &names[LONG - 1];
    assert_eq!(both.graph.plan(&[add_group(last, "foot")]).unwrap().depth() as usize, LONG);
    assert_eq!(both.take(&[add_user(last, "a")]).len(), LONG);
    assert_eq!(both.take(&[remove_group(&names[LONG / 2 - 1], &names[LONG / 2])]).len(), LONG / 2);
    assert_eq!(both.take(&[remove_user(last, "a")]).len(), LONG / 2);
    assert!(both.graph.rebuild());
}

#[test]
fn a_group_of_ten_thousand_groups_takes_them_at_once_and_loses_them_at_once() {
    let mut both = groups(1);
    let children: Vec<_> = (0..WIDE).map(|at| format!("child-{at}")).collect();
    let users: Vec<_> = (0..WIDE).map(|at| format!("user-{at}")).collect();
    let joins =
        children.iter().zip(&users).flat_map(|(child, user)| [add_group("g0", child), add_user(child, user)]);
    assert_eq!(both.take(&joins.collect::<Vec<_>>()).len(), WIDE);
    assert_eq!(both.take(&[Change::RemoveGroups { parent: "g0" }]).len(), WIDE);
    assert!(both.graph.rebuild());
}

#[test]
fn a_group_within_ten_thousand_groups_gives_each_its_members() {
    let mut both = groups(WIDE);
    let names: Vec<_> = (0..WIDE).map(group).collect();
    both.take(&names.iter().map(|parent| add_group(parent, "shared")).collect::<Vec<_>>());
    assert_eq!(both.take(&[add_user("shared", "a")]).len(), WIDE);
    assert_eq!(both.take(&[Change::DeleteGroup { group: "shared" }]).len(), WIDE);
    assert!(both.graph.rebuild());
}

#[test]
fn a_group_within_another_is_written_as_itself_too_only_if_it_is_at_the_vendor() {
    let mut both = groups(2);
    both.take(&[add_group("g0", "g1"), add_group("g0", "inner"), add_group("inner", "g1")]);
    assert_eq!(told(&both.take(&[add_user("g1", "a")])), ["+g0 a", "+g1 a"]);
    assert_eq!(told(&both.take(&[add_user("inner", "b")])), ["+g0 b"]);
    both.take(&[Change::Export { group: "g0", is: false }]);
    assert_eq!(told(&both.take(&[add_user("g1", "c")])), ["+g1 c"], "only the inner one is at the vendor");
}

#[test]
fn a_group_that_is_let_go_is_not_written_any_more_and_taken_up_again_where_it_was_left() {
    let mut both = groups(1);
    both.take(&[add_user("g0", "a"), add_user("g0", "b")]);
    both.graph.confirm("g0", [("a", true)]);
    both.take(&[Change::Export { group: "g0", is: false }, remove_user("g0", "a")]);
    assert!(both.graph.all_outstanding().is_empty());
    both.graph.apply(&[Change::Export { group: "g0", is: true }]).unwrap();
    assert_eq!(told(&both.graph.outstanding("g0")), ["-g0 a", "+g0 b"]);
}

#[test]
fn a_group_that_comes_to_the_vendor_late_is_written_whole() {
    let mut both = Both::default();
    both.take(&[add_group("late", "inner"), add_user("inner", "a"), add_user("late", "b")]);
    assert_eq!(told(&both.take(&[Change::Export { group: "late", is: true }])), ["+late a", "+late b"]);
}

#[test]
fn a_chain_falls_apart_where_a_group_of_its_middle_is_deleted() {
    let mut both = groups(3);
    both.take(&[add_group("g0", "g1"), add_group("g1", "g2"), add_user("g1", "m"), add_user("g2", "a")]);
    assert_eq!(told(&both.take(&[Change::DeleteGroup { group: "g1" }])), ["-g0 a", "-g0 m"]);
    assert_eq!(both.wanted("g2"), ["a"]);
    assert!(!both.graph.knows("g1"));
}

#[test]
fn a_cycle_opens_where_one_of_its_groups_is_deleted() {
    let (_, mut both) = ring(3);
    both.take(&[add_user("g0", "a"), add_user("g2", "c")]);
    assert_eq!(told(&both.take(&[Change::DeleteGroup { group: "g1" }])), ["-g0 c"]);
    assert_eq!((both.wanted("g0"), both.wanted("g2")), (vec!["a"], vec!["a", "c"]));
}

#[test]
fn a_user_of_five_hundred_groups_leaves_them_all() {
    let mut both = groups(500);
    let names: Vec<_> = (0..500).map(group).collect();
    both.take(&names.iter().map(|group| add_user(group, "a")).collect::<Vec<_>>());
    names.iter().for_each(|group| both.graph.confirm(group, [("a", true)]));
    assert_eq!(both.take(&[Change::DeleteUser { user: "a" }]).len(), 500);
    assert!(both.graph.all_outstanding().is_empty(), "the vendor deletes him with his memberships");
}

#[test]
fn whoever_is_deactivated_leaves_and_comes_back_to_what_he_belongs_to_then() {
    let mut both = groups(2);
    both.take(&[add_group("g0", "g1"), add_user("g1", "a")]);
    assert_eq!(told(&both.take(&[Change::Eligible { user: "a", is: false }])), ["-g0 a", "-g1 a"]);
    assert!(both.graph.all_outstanding().is_empty(), "what was not sent yet is not sent any more");
    both.take(&[remove_group("g0", "g1"), add_group("g1", "g0")]);
    assert_eq!(told(&both.take(&[Change::Eligible { user: "a", is: true }])), ["+g1 a"]);
}

#[test]
fn a_member_who_is_not_there_yet_joins_when_he_comes() {
    let mut both = groups(2);
    let early = [Change::Eligible { user: "late", is: false }, add_group("g0", "g1"), add_user("g1", "late")];
    assert!(both.take(&early).is_empty());
    assert_eq!(told(&both.take(&[Change::Eligible { user: "late", is: true }])), ["+g0 late", "+g1 late"]);
}

#[test]
fn a_group_that_is_made_again_inherits_nothing() {
    let mut both = groups(2);
    both.take(&[add_group("g0", "g1"), add_user("g1", "a")]);
    both.graph.confirm("g1", [("a", true)]);
    both.take(&[Change::DeleteGroup { group: "g1" }]);
    assert!(both.take(&[Change::Export { group: "g1", is: true }]).is_empty());
    assert!(both.graph.all_outstanding().is_empty() && both.graph.parents("g1").next().is_none());
    // Nor does another that is given its number.
    both.take(&[Change::DeleteGroup { group: "g1" }, Change::DeleteUser { user: "a" }]);
    assert!(both.take(&[Change::Export { group: "new", is: true }]).is_empty());
    assert_eq!(told(&both.take(&[add_user("new", "b")])), ["+new b"]);
}

#[test]
fn ids_that_differ_in_case_are_two() {
    let mut both = groups(1);
    assert_eq!(told(&both.take(&[add_user("g0", "A"), add_user("g0", "a")])), ["+g0 A", "+g0 a"]);
    assert!(both.take(&[add_user("G0", "b")]).is_empty(), "it is another group");
}

#[test]
fn a_member_who_is_named_twice_joins_once() {
    let mut both = groups(1);
    assert_eq!(told(&both.take(&[add_user("g0", "a"), add_user("g0", "a")])), ["+g0 a"]);
    assert!(both.take(&[add_user("g0", "a")]).is_empty());
    let twice =
        Stored { id: "g".into(), users: vec!["a".into(), "a".into()], exported: true, ..Stored::default() };
    assert_eq!(Graph::load(Options::default(), [twice], [], []).support_pairs(), 1);
}

#[test]
fn of_what_is_said_twice_in_a_request_the_last_counts() {
    let mut both = groups(2);
    assert!(both.take(&[add_user("g0", "a"), remove_user("g0", "a")]).is_empty());
    assert_eq!(told(&both.take(&[remove_user("g0", "a"), add_user("g0", "a")])), ["+g0 a"]);
    both.take(&[add_group("g0", "g1"), add_user("g1", "b")]);
    assert!(both.take(&[remove_group("g0", "g1"), add_group("g0", "g1")]).is_empty());
    let moved = [remove_user("g1", "b"), add_user("g0", "b")];
    assert_eq!(told(&both.take(&moved)), ["-g1 b"], "who moves does not leave where he stays");
}

#[test]
fn of_members_that_are_replaced_only_the_difference_moves() {
    let mut both = groups(1);
    both.take(&[add_user("g0", "a"), add_user("g0", "b"), add_user("g0", "c")]);
    let all = Change::RemoveUsers { group: "g0" };
    let replaced = both.take(&[all, add_user("g0", "b"), add_user("g0", "c"), add_user("g0", "d")]);
    assert_eq!(told(&replaced), ["-g0 a", "+g0 d"]);
    assert_eq!(both.take(&[all]).len(), 3, "replaced by nobody");
    assert!(both.take(&[all]).is_empty());
}

#[test]
fn a_hundred_thousand_members_are_put_at_once() {
    let mut both = groups(2);
    both.take(&[add_group("g0", "g1")]);
    let users: Vec<_> = (0..CROWD).map(|at| format!("user-{at}")).collect();
    let all = std::iter::once(Change::RemoveUsers { group: "g1" });
    assert_eq!(
        both.take(&all.chain(users.iter().map(|user| add_user("g1", user))).collect::<Vec<_>>()).len(),
        2 * CROWD
    );
    assert!(both.graph.rebuild());
}

#[test]
fn what_was_not_confirmed_is_outstanding_and_an_edge_that_goes_takes_it_back() {
    let mut both = groups(2);
    both.take(&[add_user("g1", "a"), add_user("g1", "b"), add_user("g1", "c")]);
    both.graph.confirm("g1", [("a", true), ("b", true), ("c", true)]);
    both.take(&[add_group("g0", "g1")]);
    assert_eq!(told(&both.graph.outstanding("g0")), ["+g0 a", "+g0 b", "+g0 c"]);
    both.graph.confirm("g0", [("a", true)]);
    both.take(&[remove_group("g0", "g1"), add_user("g0", "c")]);
    assert_eq!(told(&both.graph.all_outstanding()), ["-g0 a", "+g0 c"], "who leaves is first");
    both.graph.confirm("g0", [("a", false), ("c", true)]);
    assert!(both.graph.all_outstanding().is_empty());
}

#[test]
fn what_is_stored_tells_what_was_not_sent_before_a_crash() {
    let of = |id: &str, users: &[&str], children: &[&str], applied: &[&str]| {
        let own = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
        Stored {
            id: id.into(),
            users: own(users),
            children: own(children),
            exported: true,
            applied: own(applied),
        }
    };
    let stored = [of("g0", &[], &["g1"], &["x", "a"]), of("g1", &["a", "b"], &[], &["a", "b"])];
    let graph = Graph::load(Options::default(), stored, [], []);
    assert_eq!(told(&graph.all_outstanding()), ["-g0 x", "+g0 b"]);
}

#[test]
fn depth_counts_by_the_shortest_way() {
    let mut both =
        Both { graph: Graph::new(Options { max_depth: Some(2), ..Options::default() }), ..Both::default() };
    both.take(&[Change::Export { group: "g0", is: true }, add_user("foot", "a")]);
    both.take(&[add_group("g0", "g1"), add_group("g1", "g2"), add_group("g2", "foot")]);
    assert!(both.wanted("g0").is_empty(), "three steps away");
    assert_eq!(told(&both.take(&[add_group("g1", "foot")])), ["+g0 a"]);
    assert!(both.take(&[remove_group("g2", "foot")]).is_empty());
    assert!(both.take(&[add_group("g0", "foot")]).is_empty());
    assert!(both.take(&[remove_group("g1", "foot")]).is_empty());
    assert_eq!(told(&both.take(&[remove_group("g0", "foot")])), ["-g0 a"]);
}

#[test]
fn who_belongs_to_an_excluded_group_is_in_none() {
    let mut both = groups(2);
    both.take(&[add_user("g0", "a"), add_user("g0", "b"), add_user("out", "b"), add_group("out", "further")]);
    assert_eq!(told(&both.take(&[Change::Exclude { group: "out", is: true }])), ["-g0 b"]);
    assert_eq!(told(&both.take(&[add_user("further", "a")])), ["-g0 a"]);
    assert_eq!(told(&both.take(&[remove_group("out", "further")])), ["+g0 a"]);
    assert_eq!(told(&both.take(&[Change::DeleteGroup { group: "out" }])), ["+g0 b"]);
}

#[test]
fn an_excluded_group_within_another_takes_its_members_out_of_it() {
    let mut both = groups(2);
    both.take(&[add_group("g0", "out"), add_user("out", "a"), add_user("g0", "a"), add_user("g1", "a")]);
    let gone = both.take(&[Change::Exclude { group: "out", is: true }]);
    assert_eq!(told(&gone), ["-g0 a", "-g1 a"], "he is a direct member, too");
    assert_eq!(told(&both.take(&[Change::Exclude { group: "out", is: false }])), ["+g0 a", "+g1 a"]);
}

#[test]
fn a_group_that_is_excluded_and_at_the_vendor_is_empty() {
    let mut both = groups(1);
    both.take(&[add_user("g0", "a"), Change::Exclude { group: "g0", is: true }]);
    assert!(both.wanted("g0").is_empty());
    assert_eq!(told(&both.take(&[Change::Exclude { group: "g0", is: false }])), ["+g0 a"]);
}

#[test]
fn a_cycle_is_refused_where_none_may_be_and_nothing_has_changed() {
    for max_depth in [None, Some(1)] {
        let options = Options { cycles: Cycles::Refuse, max_depth, ..Options::default() };
        let mut both = Both { graph: Graph::new(options), ..Both::default() };
        both.take(&[add_group("g0", "g1"), add_group("g1", "g2")]);
        assert_eq!(both.graph.plan(&[add_group("g2", "g2")]).unwrap_err(), Refusal::Cycle);
        let half = [add_user("g0", "a"), add_group("g2", "g0")];
        assert_eq!(both.graph.apply(&half).unwrap_err(), Refusal::Cycle);
        assert!(both.graph.users("g0").next().is_none() && both.graph.rebuild());
        both.take(&[add_group("g2", "g0"), remove_group("g0", "g1")]);
    }
}

fn limited(limits: Limits) -> Graph {
    Graph::new(Options { limits, ..Options::default() })
}

#[test]
fn what_would_exceed_a_limit_is_refused_before_anything_changes() {
    let base = Limits::default();
    let export = Change::Export { group: "g", is: true };
    let small = [add_group("g", "h"), add_user("h", "a"), add_user("h", "b"), export];
    for (limits, what) in [
        (Limits { groups: 1, ..base.clone() }, "groups"),
        (Limits { users: 1, ..base.clone() }, "users"),
        (Limits { members: 1, ..base.clone() }, "direct members of a group"),
        (Limits { edges: 0, ..base.clone() }, "groups within groups"),
        (Limits { closure_pairs: 2, ..base.clone() }, "groups that groups reach"),
        (Limits { support_pairs: 1, ..base.clone() }, "members of groups, with those of the groups within"),
    ] {
        let mut graph = limited(limits);
        let Err(Refusal::Limit { what: said, .. }) = graph.apply(&small) else {
            panic!("{what}: it was taken")
        };
        assert_eq!(said, what);
        assert!(!graph.knows("g") && graph.rebuild(), "{what}");
    }
    let exact = Limits { groups: 2, users: 2, members: 2, edges: 1, closure_pairs: 3, support_pairs: 2 };
    let mut graph = limited(exact);
    graph.apply(&small).unwrap();
    graph.apply(&[remove_user("h", "a"), add_user("h", "b")]).unwrap();
    graph.apply(&[remove_group("g", "h"), add_group("h", "g")]).unwrap();
}

#[test]
fn fifty_million_memberships_by_one_edge_are_refused_without_being_counted_out() {
    // A chain of a thousand groups above a crowd: the limit is reached after three of them.
    let most = 5 * CROWD as u64 / 2;
    let mut graph = limited(Limits { support_pairs: most, ..Limits::default() });
    let names: Vec<_> = (0..LONG).map(group).collect();
    let users: Vec<_> = (0..CROWD).map(|at| format!("user-{at}")).collect();
    let chain = names.windows(2).map(|pair| add_group(&pair[0], &pair[1]));
    graph.apply(&chain.chain(users.iter().map(|user| add_user("crowd", user))).collect::<Vec<_>>()).unwrap();
    graph.apply(&names.iter().map(|group| Change::Export { group, is: true }).collect::<Vec<_>>()).unwrap();
    let refusal = graph.apply(&[add_group(&names[LONG - 1], "crowd")]).unwrap_err();
    assert!(matches!(refusal, Refusal::Limit { most: said, .. } if said == most));
    assert_eq!(graph.support_pairs(), 0);
}

#[test]
fn a_plan_changes_nothing_and_is_good_for_the_graph_that_it_was_made_for() {
    let mut both = groups(1);
    let plan = both.graph.plan(&[add_user("g0", "a")]).unwrap();
    assert_eq!(
        (plan.len(), plan.is_empty(), told(&both.graph.deltas(&plan))),
        (1, false, vec!["+g0 a".to_owned()])
    );
    assert!(both.wanted("g0").is_empty());
    both.take(&[add_user("g0", "b")]);
    assert_eq!(both.graph.commit(plan), Err(Refusal::Outdated));
    let plan = both.graph.plan(&[add_user("g0", "a")]).unwrap();
    both.graph.commit(plan).unwrap();
    assert_eq!(both.wanted("g0"), ["a", "b"]);
}

#[test]
fn no_write_gives_what_no_state_gave() {
    // On the way from one state to the next, the vendor has nobody in a group who was in it in neither.
    let mut graph = Graph::default();
    let mut mirror = Mirror::default();
    let start = [
        add_group("g0", "g1"),
        add_user("g1", "a"),
        add_user("g0", "b"),
        Change::Export { group: "g0", is: true },
    ];
    mirror.take(&graph.apply(&start).unwrap()).unwrap();
    let swap = [remove_group("g0", "g1"), add_group("g0", "g2"), add_user("g2", "b"), add_user("g2", "c")];
    let before: Vec<_> = graph.wanted("g0").map(str::to_owned).collect();
    let deltas = graph.apply(&swap).unwrap();
    assert_eq!(told(&deltas), ["-g0 a", "+g0 c"]);
    for delta in &deltas {
        mirror.take(std::slice::from_ref(delta)).unwrap();
        let after: Vec<_> = graph.wanted("g0").collect();
        let given = |user: &&str| before.iter().any(|one| one == user) || after.contains(user);
        assert!(mirror.members("g0").iter().all(given));
    }
}
