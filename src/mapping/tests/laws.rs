//! The laws of the language, on mappings, resources and changes that are made up.
//!
//! A [`World`] is a vendor that keeps what it is sent, and a bridge reduced to its meaning: it writes what a lens gives, and
//! remembers what the lens says must be remembered.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::RngSeed;
use proptest::test_runner::TestRunner;

use super::generated::{
    ATTRIBUTES, CONSTRUCTS, ENT, HEAD, Members, OWN, Rules, THEIRS, WRITTEN, changes, filter, full, members,
    operation, rules,
};
use super::*;
use crate::scim::patch::{self, Operation as Change};
use crate::scim::resource;
use crate::scim::schema::{Attribute, AttributeType, Schema};

/// The standard one, and the extension of a vendor whose attributes are known.
fn catalog() -> Catalog {
    let attribute = |(name, kind, multi_valued, case_exact): (&str, &str, bool, bool)| Attribute {
        kind: AttributeType::parse(kind).unwrap(),
        multi_valued,
        case_exact,
        ..Attribute::string(name)
    };
    let attributes = ATTRIBUTES.into_iter().map(attribute).collect();
    let own = Schema { id: OWN.into(), name: "Own".into(), description: "".into(), attributes };
    let mut catalog = Catalog::standard(ResourceType::User);
    catalog.extensions.push(Arc::new(own));
    catalog
}

fn compile(rules: &Rules) -> Lens {
    lens(&format!("{HEAD}{}", rules.text()), true)
}

fn lens(text: &str, remembers: bool) -> Lens {
    let file = parse(0, text).unwrap();
    let mut mistakes = Vec::new();
    let scope = Scope::read(&file, None, &mut mistakes);
    let groups = Arc::new(Catalog::standard(ResourceType::Group));
    let mapping = Mapping::compile(&file, &scope, Arc::new(catalog()), groups, remembers, &mut mistakes);
    assert!(mistakes.is_empty(), "{mistakes:?}\n{text}");
    mapping.users
}

fn object(members: &[(&str, String)]) -> Value {
    let mut out = Value::object();
    for (path, json) in members {
        path_of(path).set(&mut out, Value::read(json.as_bytes(), &Limits::REQUEST).unwrap());
    }
    resource::list_schemas(&mut out, &catalog());
    out
}

fn path_of(path: &str) -> AttrPath {
    AttrPath::parse(&full(path)).unwrap()
}

fn user() -> impl Strategy<Value = Value> {
    members(&WRITTEN).prop_map(|members| object(&members))
}

/// A user as it stands at a vendor that has other clients, too.
fn theirs() -> impl Strategy<Value = Value> {
    (members(&WRITTEN), members(&THEIRS)).prop_map(|(a, b): (Members, Members)| object(&[a, b].concat()))
}

fn operations() -> impl Strategy<Value = Vec<Value>> {
    let read = |text: String| Value::read(text.as_bytes(), &Limits::REQUEST).unwrap();
    changes().prop_map(move |list| list.iter().map(|one| read(operation(one))).collect())
}

/// The groups that a user is in.
fn teams() -> impl Strategy<Value = Value> {
    let all = [
        r#"[]"#,
        r#"[{"value":"g1","displayName":"Ops"}]"#,
        r#"[{"value":"g1","displayName":"Ops"},{"value":"g2","displayName":"Dev"}]"#,
    ];
    proptest::sample::select(all.to_vec())
        .prop_map(|text| Value::read(text.as_bytes(), &Limits::REQUEST).unwrap())
}

/// Without what is the same as nothing, and without the list of schemas.
fn plain(mut resource: Value) -> Value {
    resource.remove("schemas");
    resource.retain(|_, value| {
        if value.is_object() {
            value.retain(|_, value| !value.is_unassigned());
        }
        let hollow = value.is_object() && value.members().len() == 0;
        !hollow && !value.is_unassigned()
    });
    resource
}

#[derive(Clone)]
struct World<'l> {
    lens: &'l Lens,
    groups: &'l Value,
    vendor: Value,
    remainder: Remainder,
}

impl<'l> World<'l> {
    fn create(lens: &'l Lens, groups: &'l Value, user: &Value) -> Option<Self> {
        let given = Given { groups: Some(groups), ..Given::default() };
        let sent = lens.forward(user.clone(), &given, None, None).ok()?;
        let noted = lens.sent(&sent, None, None);
        let mut world = Self { lens, groups, vendor: sent, remainder: Remainder::default() };
        world.remember(user);
        world.remainder = std::mem::take(&mut world.remainder).with_sent(noted);
        Some(world)
    }

    fn remember(&mut self, written: &Value) {
        let (lens, sent) = (self.lens, self.remainder.all_sent());
        let seen = lens.back(self.vendor.clone());
        self.remainder = Remainder::of(lens.remembered(), written, &seen, lens.catalog()).with_sent(sent);
    }

    fn read(&self) -> Value {
        let mut out = self.lens.back(self.vendor.clone());
        self.remainder.restore(&mut out);
        out
    }

    fn write(&mut self, after: &Value, operation: Operation) -> Option<()> {
        let old = self.read();
        let given = Given {
            groups: Some(self.groups),
            operation,
            old: Some(&old),
            known: Some(&self.remainder),
            ..Given::default()
        };
        let sent = self.lens.forward(after.clone(), &given, Some(&self.vendor), None).ok()?;
        let noted = self.lens.sent(&sent, Some(&self.vendor), Some(&self.remainder));
        self.vendor = sent;
        self.remainder = std::mem::take(&mut self.remainder).with_sent(noted);
        self.remember(after);
        Some(())
    }

    fn put(&mut self, body: Value) -> Option<()> {
        let after = resource::replace(&self.read(), body, self.lens.catalog()).ok()?;
        self.write(&after, Operation::Replace)
    }

    fn slow(&mut self, changes: &[Change]) -> Option<()> {
        let after = patch::apply(self.read(), changes, self.lens.catalog()).ok()?;
        self.write(&after, Operation::Patch)
    }

    /// `None`: it cannot be carried out directly.
    fn fast(&mut self, changes: &[Change]) -> Option<()> {
        let given = Given { groups: Some(self.groups), operation: Operation::Patch, ..Given::default() };
        let direct = self.lens.direct(changes, &given).ok()??;
        let ours = |change: &Change| {
            let attribute = change.path.as_ref().and_then(Path::attribute);
            attribute.is_none_or(|path| self.lens.remembered().includes(&self.lens.idp_side(&path)))
        };
        if direct.send.iter().any(ours) {
            return None;
        }
        let written = patch::apply(self.read(), changes, self.lens.catalog()).ok()?;
        self.vendor = patch::apply(self.vendor.clone(), &direct.send, self.lens.catalog()).ok()?;
        resource::list_schemas(&mut self.vendor, self.lens.catalog());
        self.remember(&written);
        Some(())
    }
}

fn read_changes(changes: &[Value]) -> Vec<Change> {
    changes.iter().map(|change| Change::read(change).unwrap()).collect()
}

/// The attributes, by path, in which two resources differ.
fn differing(before: &Value, after: &Value) -> Vec<String> {
    let leaves = |of: &Value| -> Vec<(String, Value)> {
        let mut out = Vec::new();
        for (name, value) in plain(of.clone()).into_members() {
            let short = if name == OWN {
                "own:"
            } else if name == ENT {
                "ent:"
            } else {
                ""
            };
            match short {
                "" => out.push((name.to_string(), value)),
                _ => {
                    out.extend(value.into_members().map(|(inner, value)| (format!("{short}{inner}"), value)));
                }
            }
        }
        out
    };
    let (before, after) = (leaves(before), leaves(after));
    let missing = |list: &[(String, Value)], one: &(String, Value)| !list.contains(one);
    let mut out: Vec<_> = before
        .iter()
        .filter(|one| missing(&after, one))
        .chain(after.iter().filter(|one| missing(&before, one)))
        .map(|(name, _)| name.clone())
        .collect();
    out.dedup();
    out
}

/// The same 256 cases each time, so that what is tested is the tree and not the day; `PROPTEST_CASES` makes it more, and others.
fn config() -> ProptestConfig {
    let usual =
        ProptestConfig { max_shrink_iters: 1_000, failure_persistence: None, ..ProptestConfig::default() };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => usual,
        None => ProptestConfig { rng_seed: RngSeed::Fixed(7644), ..usual },
    }
}

/// A resource without the attributes that are read as the vendor has them, or not at all.
fn without(mut resource: Value, paths: &[&str]) -> Value {
    paths.iter().for_each(|path| drop(path_of(path).whole().remove(&mut resource)));
    plain(resource)
}

proptest! {
    #![proptest_config(config())]

    /// Law 1: what was written is read. Law 6: nothing is invented. Law 7: what no rule touches arrives as it was sent.
    #[test]
    fn what_was_written_is_read_and_nothing_else_arrives(rules in rules(), user in user(), groups in teams()) {
        let lens = compile(&rules);
        let Some(world) = World::create(&lens, &groups, &user) else { return Ok(()) };
        let others = rules.shows_otherwise();
        let [read, expected] = [world.read(), ordered(&user, &world.read())].map(|of| without(of, &others).to_json());
        prop_assert_eq!(read, expected, "{}", rules.text());
        let touched = [rules.reads(), rules.writes()].concat();
        for path in WRITTEN.iter().filter(|path| !touched.contains(path)) {
            let [sent, arrived] = [&user, &world.vendor].map(|of| path_of(path).get(of).map(Value::to_json));
            prop_assert_eq!(if rules.pass { sent } else { None }, arrived, "{}", path);
        }
        for path in differing(&Value::object(), &world.vendor) {
            let known = rules.writes().contains(&path.as_str()) || path_of(&path).get(&user).is_some();
            prop_assert!(known, "{} is at the vendor, and nobody sent it: {}", path, rules.text());
        }
    }

    /// Law 2: a PUT, a PATCH and several leave the same at the vendor. Law 4: so does a PATCH that needs no look at it.
    #[test]
    fn every_way_leads_to_the_same_state(rules in rules(), user in user(), changes in operations(), groups in teams()) {
        let lens = compile(&rules);
        let Some(start) = World::create(&lens, &groups, &user) else { return Ok(()) };
        let changes = read_changes(&changes);
        let mut one = start.clone();
        if one.slow(&changes).is_none() {
            return Ok(());
        }
        let Ok(body) = patch::apply(start.read(), &changes, lens.catalog()) else { return Ok(()) };
        let others = rules.shows_otherwise();
        let [expected, read] = [ordered(&body, &one.read()), one.read()].map(|of| without(of, &others).to_json());
        prop_assert_eq!(expected, read, "{}", rules.text());
        if !rules.minds_the_way() {
            let mut whole = start.clone();
            // Whether somebody has access is nothing that a PUT can leave open: what it does not say stays.
            let can_be_put = body.has("active") || !start.read().has("active");
            // It is of what the identity provider has: it knows what is hidden from it.
            let Ok(own) = patch::apply(user.clone(), &changes, lens.catalog()) else { return Ok(()) };
            if can_be_put && whole.put(own).is_some() {
                prop_assert_eq!(differing(&one.vendor, &whole.vendor), Vec::<String>::new(), "PUT of {} instead of {}: {}", whole.vendor.to_json(), one.vendor.to_json(), rules.text());
            }
            let mut many = start.clone();
            if changes.iter().all(|change| many.slow(std::slice::from_ref(change)).is_some()) {
                prop_assert_eq!(differing(&one.vendor, &many.vendor), Vec::<String>::new(), "several {}", rules.text());
            }
        }
        let mut fast = start.clone();
        if fast.fast(&changes).is_some() {
            prop_assert_eq!(differing(&one.vendor, &fast.vendor), Vec::<String>::new(), "{:?} directly: {} instead of {}: {}", changes.iter().map(|change| change.to_value().to_json()).collect::<Vec<_>>(), fast.vendor.to_json(), one.vendor.to_json(), rules.text());
            prop_assert_eq!(differing(&one.read(), &fast.read()), Vec::<String>::new(), "direct, read {}", rules.text());
        }
    }

    /// Law 3: what is written again changes nothing, and what changes one attribute changes what depends on it alone.
    #[test]
    fn a_change_changes_what_depends_on_it(rules in rules(), user in user(), change in operations(), groups in teams()) {
        let lens = compile(&rules);
        let Some(mut world) = World::create(&lens, &groups, &user) else { return Ok(()) };
        let start = world.vendor.clone();
        world.put(user.clone()).unwrap();
        let of_way = |path: &String| rules.made.iter().any(|rule| rule.minds_the_way() && rule.writes.contains(&path.as_str()));
        let mut again = differing(&start, &world.vendor);
        again.retain(|path| !of_way(path));
        prop_assert_eq!(again, Vec::<String>::new(), "again {}", rules.text());
        let start = world.vendor.clone();
        let change = read_changes(&change[..1]);
        if world.slow(&change).is_none() {
            return Ok(());
        }
        let changed = world.vendor.clone();
        let attribute = change[0].path.as_ref().and_then(Path::attribute).unwrap().whole();
        for path in differing(&start, &changed) {
            let depends = rules.made.iter().any(|rule| {
                let reads = |read: &&str| path_of(read).same_attribute(&attribute);
                rule.writes.contains(&path.as_str()) && (rule.reads_everything() || rule.reads.iter().any(reads))
            });
            prop_assert!(depends || path_of(&path).same_attribute(&attribute), "{} changed with {}: {}", path, attribute, rules.text());
        }
        if world.slow(&change).is_some() {
            let mut again = differing(&changed, &world.vendor);
            again.retain(|path| !of_way(path));
            prop_assert_eq!(again, Vec::<String>::new(), "repeated: {} and then {}: {}", changed.to_json(), world.vendor.to_json(), rules.text());
        }
    }

    /// Law 5: a filter finds what it would find among the resources as they are read, whoever wrote them. Forty filters a case.
    #[test]
    fn filters_agree_with_what_is_read(rules in rules(), users in vec(theirs(), 3), filters in vec(filter(), 40)) {
        let lens = compile(&rules);
        for text in &filters {
            let filter = Filter::parse(text).unwrap();
            let mapped = lens.filter(&filter);
            let Some(ask) = mapped.ask else { continue };
            for user in &users {
                let wanted = filter.matches(&lens.back(user.clone()), lens.catalog());
                let asked = ask.matches(user, lens.catalog());
                prop_assert!(asked || !wanted, "{} is asked as {} and misses {}\n{}", text, ask, user.to_json(), rules.text());
                prop_assert!(!mapped.exact || asked == wanted, "{} is asked as {} exactly, and finds {}\n{}", text, ask, user.to_json(), rules.text());
            }
        }
    }

    /// Law 5, the other half: whoever writes a value and then asks for it is not told "nobody", but finds it or is refused.
    #[test]
    fn what_was_written_is_found_or_the_question_is_refused(rules in rules(), user in user(), groups in teams()) {
        for remembers in [true, false] {
            let text = format!("{HEAD}{}", rules.text());
            // Without memory, the file may say neither of these, and what was to be remembered is read as it is.
            let text = if remembers { text } else { text.replace("back: echo", "back: vendor").replace("merge: owned", "merge: union") };
            let lens = lens(&text, remembers);
            let Some(world) = World::create(&lens, &groups, &user) else { return Ok(()) };
            let read = if remembers { world.read() } else { lens.back(world.vendor.clone()) };
            for (path, value) in questions(&user) {
                let filter = Filter::Compare { path, op: crate::scim::filter::Op::Eq, value };
                // What was written is not there at all: a condition kept it away, and so it is read.
                let conditional = text.contains("when: ") || text.contains("ops: ");
                let told = lens.unread(&filter, remembers).is_some() || filter.matches(&read, lens.catalog());
                prop_assert!(told || conditional, "{} finds nobody, remembered: {}: {}\n{}", filter, remembers, read.to_json(), text);
            }
        }
    }
}

/// Every plain attribute of a resource with its value.
fn questions(user: &Value) -> Vec<(AttrPath, Value)> {
    let plain = WRITTEN.iter().filter_map(|path| Some((path_of(path), path_of(path).get(user)?.clone())));
    plain.filter(|(_, value)| value.scalar_text().is_some()).collect()
}

fn read(json: &str) -> Value {
    Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
}

fn of(rules: &str) -> Lens {
    lens(&format!("{HEAD}users:\n{rules}"), true)
}

/// Found by chance: with `pass: none`, what a rule does to one part of an attribute took the other parts from what is
/// remembered.
#[test]
fn the_other_parts_of_an_attribute_are_remembered() {
    let lens = of("  pass: none\n  rules:\n    - move: [$.name.givenName, $own.given]\n");
    let (groups, user) = (Value::from(Vec::new()), read(r#"{"name":{"givenName":"a","familyName":"b"}}"#));
    let world = World::create(&lens, &groups, &user).unwrap();
    assert_eq!(plain(world.read()), user);
}

/// Found by chance: a PATCH that went without a look at the vendor left there what a rule had made under a condition that
/// it took away.
#[test]
fn what_a_condition_made_goes_with_it() {
    let lens = of(
        "  rules:\n    - set: $own.kept\n      value: k\n      when: $.active == true\n      back: vendor\n",
    );
    let (groups, user) = (Value::from(Vec::new()), read(r#"{"userName":"a","active":true}"#));
    for change in [r#"{"op":"replace","path":"active","value":false}"#, r#"{"op":"remove","path":"active"}"#]
    {
        let mut world = World::create(&lens, &groups, &user).unwrap();
        assert!(world.vendor.has(OWN));
        world.fast(&read_changes(&[read(change)])).unwrap();
        assert!(!world.vendor.has(OWN), "{}", world.vendor.to_json());
    }
}

/// Found by chance: without memory, a canonical form is what is read, and who asks for what it wrote was told "nobody".
#[test]
fn a_canonical_form_is_asked_for_as_such_without_memory() {
    let text = "users:\n  rules:\n    - move: [$.externalId, $.externalId]\n      via: [lower]\n    - move: [$.title, $.title]\n      via: [lower]\n";
    for (filter, remembers, refused) in [
        (r#"externalId eq "en-US""#, false, true),
        (r#"externalId eq "en-us""#, false, false),
        (r#"externalId eq "en-US""#, true, false),
        (r#"title eq "Dr""#, false, false),
    ] {
        let why =
            lens(&format!("{HEAD}{text}"), remembers).unread(&Filter::parse(filter).unwrap(), remembers);
        assert_eq!(why.is_some(), refused, "{filter}, remembered: {remembers}: {why:?}");
    }
}

/// Found by chance: what no row has becomes the `else`, and is what is read.
#[test]
fn what_becomes_its_else_is_not_asked_for() {
    let rule = "      via: [{ table: exact }]\n      else: \"-\"\n      back: vendor\n";
    let lens = of(&format!("  rules:\n    - move: [$ent.employeeNumber, $own.badge]\n{rule}"));
    for (word, refused) in [("X-A", true), ("-", false), ("a", true)] {
        let filter = Filter::eq(path_of("ent:employeeNumber"), word);
        assert_eq!(lens.unread(&filter, true).is_some(), refused, "{word}");
    }
}

/// Every word of the language occurs among what is made up, and often enough to meet the others.
#[test]
fn everything_that_the_language_has_is_made_up() {
    let mut runner = TestRunner::deterministic();
    let texts: Vec<String> =
        (0..1_000).map(|_| rules().new_tree(&mut runner).unwrap().current().text()).collect();
    for construct in CONSTRUCTS {
        let count = texts.iter().filter(|text| text.contains(construct)).count();
        assert!(count >= 10, "{construct} occurs in {count} of {} mappings", texts.len());
    }
    let mut taken = 0;
    for _ in 0..200 {
        let [rules, user] =
            [rules().prop_map(|rules| rules.text()).boxed(), user().prop_map(|user| user.to_json()).boxed()]
                .map(|strategy| strategy.new_tree(&mut runner).unwrap().current());
        let (lens, groups) = (lens(&format!("{HEAD}{rules}"), true), Value::from(Vec::new()));
        let user = Value::read(user.as_bytes(), &Limits::REQUEST).unwrap();
        taken += usize::from(World::create(&lens, &groups, &user).is_some());
    }
    assert!(taken >= 80, "only {taken} of 200 users are taken by their mapping");
    // A function that is not among them would be one that no law was tried on.
    for function in shape::function_names() {
        assert!(texts.iter().any(|text| text.contains(function)), "{function}");
    }
}

/// A resource with the members of another in the order of that.
fn ordered(resource: &Value, like: &Value) -> Value {
    let mut out = Value::object();
    for (name, inner) in like.members() {
        if let Some(value) = resource.get(name) {
            out.set(name, if value.is_object() { ordered(value, inner) } else { value.clone() });
        }
    }
    for (name, value) in resource.members().filter(|(name, _)| !like.has(name)) {
        out.set(name, value.clone());
    }
    out
}
