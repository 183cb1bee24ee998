//! The laws of the language, on mappings, resources and changes that are made up.
//!
//! A [`World`] is a vendor that keeps what it is sent, and a bridge reduced to its meaning: it writes what a lens gives, and
//! remembers what the lens says must be remembered.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::scim::patch::{self, Operation as Change};
use crate::scim::resource;
use crate::scim::schema::{Attribute, AttributeType, Schema};

const OWN: &str = "urn:example:params:scim:schemas:extension:own:2.0:User";
const ENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Functions of one text, by how far they can be undone.
const EXACT: [&str; 6] =
    ["{ prefix: x- }", "{ suffix: -x }", "{ swap: [a, b] }", "base64", "{ table: exact }", "locale"];
const CANONICAL: [&str; 6] = ["lower", "upper", "trim", "squeeze", "deburr", "{ table: ci }"];
const PARTIAL: [&str; 2] = ["{ strip: x- }", "{ strip: { suffix: -x } }"];
const LOSSY: [&str; 9] = [
    "{ word: 1 }",
    "{ before: \"-\" }",
    "{ after: \"-\" }",
    "{ slice: [0, 2] }",
    "{ replace: [a, e] }",
    "title",
    "{ fit: 2 }",
    "sha256",
    "{ regex: { match: \"(.*)-(.*)\", to: \"{2}{1}\" } }",
];

const HEAD: &str = r#"
prefixes:
  ent: urn:ietf:params:scim:schemas:extension:enterprise:2.0:User
  own: urn:example:params:scim:schemas:extension:own:2.0:User
tables:
  exact: { rows: { a: "1", b: "2", ab: "3", A: "4", x-a: "5", "é": "6", a-x: a, "1": "é" } }
  ci: { match: ci, rows: { a: "1", b: "2", ab: "3", x-a: "5", "é": "6" } }
  begins: { match: prefix, rows: { x: "1", a: "2" } }
  looks: { match: regex, rows: { "[a-b]+": ab, ".*x.*": x } }
  pair: { keys: [one, other], rows: [[a, b, "1"], [b, a, "2"], [a, "", "3"]] }
users:
  rules:
"#;

/// A rule: its text, what it reads and what it writes.
#[derive(Clone, Debug)]
struct Made {
    text: String,
    reads: Vec<&'static str>,
    writes: Vec<&'static str>,
}

fn rule(text: &str, reads: &[&'static str], writes: &[&'static str]) -> Made {
    Made { text: text.to_owned(), reads: reads.to_vec(), writes: writes.to_vec() }
}

fn via(steps: &[&str]) -> String {
    let needs = |list: &[&str]| steps.iter().any(|step| list.contains(step));
    let back = match (needs(&LOSSY), needs(&PARTIAL)) {
        (true, _) => "      back: echo\n",
        (false, true) => "      back: invert\n",
        _ => "",
    };
    match steps {
        [] => String::new(),
        _ => format!("      via: [{}]\n{back}", steps.join(", ")),
    }
}

fn steps() -> impl Strategy<Value = String> {
    let any = prop_oneof![4 => select(&EXACT[..]), 2 => select(&CANONICAL[..]), 1 => select(&PARTIAL[..]), 1 => select(&LOSSY[..])];
    vec(any, 0..3).prop_map(|steps| via(&steps))
}

/// Moves of one text: where from, where to, and the paths of both.
const MOVES: [(&str, &str, &str, &str); 6] = [
    ("$.title", "$own.job", "title", "own:job"),
    ("$.nickName", "$.displayName", "nickName", "displayName"),
    ("$.externalId", "$.externalId", "externalId", "externalId"),
    ("$.userName", "$.userName", "userName", "userName"),
    ("$ent.employeeNumber", "$own.badge", "ent:employeeNumber", "own:badge"),
    ("\"$.emails[?@.type == 'work'].value\"", "$own.contact", "emails", "own:contact"),
];

fn moves() -> impl Strategy<Value = Vec<Made>> {
    vec(option::of(steps()), MOVES.len()).prop_map(|chosen| {
        let made = MOVES.iter().zip(chosen).filter_map(|((from, to, reads, writes), via)| {
            let text = format!("    - move: [{from}, {to}]\n{}", via?);
            Some(Made { text, reads: vec![*reads], writes: vec![*writes] })
        });
        made.collect()
    })
}

/// Moves of other things than one text.
fn lists() -> impl Strategy<Value = Vec<Made>> {
    let tags =
        ["{ each: { prefix: x- } }", "distinct", "sort", "{ each: lower }", "{ each: { table: exact } }"];
    let several = select(tags.to_vec()).prop_map(|via| {
        rule(
            &format!("    - move: [$own.tags, $own.labels]\n      via: [{via}]\n"),
            &["own:tags"],
            &["own:labels"],
        )
    });
    let joined = "    - move: [$own.tags, $own.line]\n      via: [{ join: \",\" }]\n";
    let tags = prop_oneof![4 => several, 1 => Just(rule(joined, &["own:tags"], &["own:line"]))];
    let active =
        Just(rule("    - move: [$.active, $own.off]\n      via: [not]\n", &["active"], &["own:off"]));
    let from = Just(rule(
        "    - move: [$own.since, $own.start]\n      via: [{ date: { from: \"%Y-%m-%d\", to: \"%d/%m/%Y\" } }]\n",
        &["own:since"],
        &["own:start"],
    ));
    (option::of(tags), option::of(active), option::of(from))
        .prop_map(|(a, b, c)| [a, b, c].into_iter().flatten().collect())
}

fn others() -> impl Strategy<Value = Vec<Made>> {
    let all = vec![
        rule("    - set: $own.tenant\n      value: acme\n", &[], &["own:tenant"]),
        rule(
            "    - set: $own.shown\n      from: { f: $.name.givenName, l: $.name.familyName }\n      value: \"{l}, {f}\"\n",
            &["name"],
            &["own:shown"],
        ),
        rule(
            "    - set: $own.kind\n      value: staff\n      when: $ent.department == 'a'\n      else: guest\n",
            &["ent:department"],
            &["own:kind"],
        ),
        rule(
            "    - set: $own.site\n      from: { one: $ent.department, other: $.userType }\n      via: [table: pair]\n      else: none\n",
            &["ent:department", "userType"],
            &["own:site"],
        ),
        rule(
            "    - set: $own.first\n      from: [$.userType, $.title]\n      via: [table: begins]\n",
            &["userType", "title"],
            &["own:first"],
        ),
        rule(
            "    - set: $own.looks\n      from: $.userType\n      via: [table: looks]\n      else: \"?\"\n",
            &["userType"],
            &["own:looks"],
        ),
        rule(
            "    - set: $.roles\n      value: [{ value: r1 }]\n      when: $.userType == 'a'\n      merge: union\n",
            &["userType"],
            &["roles"],
        ),
        rule(
            "    - set: $.entitlements\n      value: [{ value: e1 }]\n      when: $.userType == 'b'\n      merge: owned\n",
            &["userType"],
            &["entitlements"],
        ),
        rule("    - drop: $.profileUrl\n", &["profileUrl"], &[]),
        rule("    - drop: $.phoneNumbers\n", &["phoneNumbers"], &[]),
        rule("    - hide: $own.secret\n", &[], &["own:secret"]),
    ];
    let count = all.len();
    vec(any::<bool>(), count).prop_map(move |chosen| {
        all.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(rule, _)| rule.clone()).collect()
    })
}

fn rules() -> impl Strategy<Value = Vec<Made>> {
    (moves(), lists(), others()).prop_map(|(a, b, c)| [a, b, c].concat())
}

/// The standard one, and the extension of a vendor whose attributes are known.
fn catalog() -> Catalog {
    let attribute = |name: &str| match name {
        "tags" | "labels" => Attribute { multi_valued: true, ..Attribute::string(name) },
        "off" => Attribute { kind: AttributeType::Boolean, ..Attribute::string(name) },
        "level" => Attribute { kind: AttributeType::Decimal, ..Attribute::string(name) },
        "contact" | "start" => Attribute { case_exact: true, ..Attribute::string(name) },
        _ => Attribute::string(name),
    };
    let names = [
        "job", "badge", "contact", "labels", "tags", "off", "start", "since", "level", "secret", "tenant",
        "shown", "kind", "site", "first", "looks", "line",
    ];
    let attributes = names.into_iter().map(attribute).collect();
    let own = Schema { id: OWN.into(), name: "Own".into(), description: "".into(), attributes };
    let mut catalog = Catalog::standard(ResourceType::User);
    catalog.extensions.push(Arc::new(own));
    catalog
}

fn compile(rules: &[Made]) -> Lens {
    let text: String = rules.iter().map(|rule| rule.text.as_str()).collect();
    let text =
        if rules.is_empty() { HEAD.replace("  rules:\n", "  rules: []\n") } else { format!("{HEAD}{text}") };
    let file = parse(0, &text).unwrap();
    let mut mistakes = Vec::new();
    let scope = Scope::read(&file, None, &mut mistakes);
    let groups = Arc::new(Catalog::standard(ResourceType::Group));
    let mapping = Mapping::compile(&file, &scope, Arc::new(catalog()), groups, true, &mut mistakes);
    assert!(mistakes.is_empty(), "{mistakes:?}\n{text}");
    mapping.users
}

/// Few words, so that values meet; with what the functions are about.
const WORDS: [&str; 17] = [
    "a", "A", "b", "ab", "AB", "é", "É", "x-a", "X-A", "a-x", "b-x", " a ", "bx", "1", "a  b", "en-US",
    "YQ==",
];

fn word() -> impl Strategy<Value = String> {
    select(WORDS.to_vec()).prop_map(|word| format!("\"{word}\""))
}

/// The value of an attribute, in JSON.
fn value_of(path: &str) -> BoxedStrategy<String> {
    let email = |word: &str, kind: &str| format!(r#"{{"value":{word},"type":"{kind}"}}"#);
    match path {
        "active" | "own:off" => any::<bool>().prop_map(|is| is.to_string()).boxed(),
        "name" => {
            (word(), word()).prop_map(|(a, b)| format!(r#"{{"givenName":{a},"familyName":{b}}}"#)).boxed()
        }
        "emails" => (word(), word(), any::<bool>())
            .prop_map(move |(a, b, both)| match both {
                true => format!("[{},{}]", email(&a, "work"), email(&b, "home")),
                false => format!("[{}]", email(&a, "home")),
            })
            .boxed(),
        "phoneNumbers" | "roles" | "entitlements" => {
            let shown = word().prop_map(|word| format!(r#"[{{"value":{word}}}]"#));
            prop_oneof![shown, Just("[]".to_owned())].boxed()
        }
        // Each value once: a PATCH that is repeated makes of two that are equal one.
        "own:tags" => subsequence(WORDS.to_vec(), 0..3)
            .prop_map(|words| {
                format!("[{}]", words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(","))
            })
            .boxed(),
        "own:since" => {
            select(vec!["\"2026-05-01\"", "\"1999-12-31\"", "\"May\""]).prop_map(str::to_owned).boxed()
        }
        "own:level" => select(vec!["1.10", "0", "123456789012345678901234567890", "-1E+2", "null"])
            .prop_map(str::to_owned)
            .boxed(),
        _ => word().boxed(),
    }
}

/// What an identity provider writes.
const WRITTEN: [&str; 17] = [
    "userName",
    "externalId",
    "title",
    "nickName",
    "displayName",
    "userType",
    "active",
    "profileUrl",
    "name",
    "emails",
    "phoneNumbers",
    "roles",
    "ent:employeeNumber",
    "ent:department",
    "own:tags",
    "own:since",
    "own:level",
];

/// What a vendor may have besides.
const THEIRS: [&str; 9] = [
    "own:job",
    "own:badge",
    "own:contact",
    "own:labels",
    "own:off",
    "own:start",
    "own:secret",
    "locale",
    "entitlements",
];

fn members(paths: &'static [&'static str]) -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let some: Vec<_> = paths
        .iter()
        .map(|path| option::weighted(0.6, value_of(path).prop_map(move |value| (*path, value))))
        .collect();
    some.prop_map(|some| some.into_iter().flatten().collect())
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
    AttrPath::parse(&path.replace("own:", &format!("{OWN}:")).replace("ent:", &format!("{ENT}:"))).unwrap()
}

fn user() -> impl Strategy<Value = Value> {
    members(&WRITTEN).prop_map(|members| object(&members))
}

/// A user as it stands at a vendor that has other clients, too.
fn theirs() -> impl Strategy<Value = Value> {
    (members(&WRITTEN), members(&THEIRS)).prop_map(|(a, b)| object(&[a, b].concat()))
}

fn changes() -> impl Strategy<Value = Vec<Value>> {
    let one = select(&WRITTEN[..]).prop_flat_map(|path| (Just(path), option::weighted(0.8, value_of(path))));
    let plain = one.prop_map(|(path, value)| match value {
        Some(value) => format!(r#"{{"op":"replace","path":"{}","value":{value}}}"#, path_of(path)),
        None => format!(r#"{{"op":"remove","path":"{}"}}"#, path_of(path)),
    });
    let element = word().prop_map(|word| {
        format!(r#"{{"op":"replace","path":"emails[type eq \"work\"].value","value":{word}}}"#)
    });
    vec(prop_oneof![8 => plain, 1 => element], 1..4).prop_map(|list| {
        list.iter().map(|one| Value::read(one.as_bytes(), &Limits::REQUEST).unwrap()).collect()
    })
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
    vendor: Value,
    remainder: Remainder,
}

impl<'l> World<'l> {
    fn create(lens: &'l Lens, user: &Value) -> Option<Self> {
        let sent = lens.forward(user.clone(), &Given::default(), None, None).ok()?;
        let noted = lens.sent(&sent, None, None);
        let mut world = Self { lens, vendor: sent, remainder: Remainder::default() };
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
        let given = Given { operation, old: Some(&old), known: Some(&self.remainder), ..Given::default() };
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
        let given = Given { operation: Operation::Patch, ..Given::default() };
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

/// `PROPTEST_CASES` makes it more than the usual 256.
fn config() -> ProptestConfig {
    ProptestConfig { max_shrink_iters: 1_000, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    /// Law 1: what was written is read. Law 6: nothing is invented. Law 7: what no rule touches arrives as it was sent.
    #[test]
    fn what_was_written_is_read_and_nothing_else_arrives(rules in rules(), user in user()) {
        let lens = compile(&rules);
        let Some(world) = World::create(&lens, &user) else { return Ok(()) };
        prop_assert_eq!(plain(world.read()).to_json(), plain(ordered(&user, &world.read())).to_json(), "{:#?}", rules);
        let touched: Vec<&str> = rules.iter().flat_map(|rule| rule.reads.iter().chain(&rule.writes)).copied().collect();
        let written: Vec<&str> = rules.iter().flat_map(|rule| &rule.writes).copied().collect();
        for path in WRITTEN.iter().filter(|path| !touched.contains(path)) {
            let [sent, arrived] = [&user, &world.vendor].map(|of| path_of(path).get(of).map(Value::to_json));
            prop_assert_eq!(sent, arrived, "{}", path);
        }
        for path in differing(&Value::object(), &world.vendor) {
            let known = written.contains(&path.as_str()) || path_of(&path).get(&user).is_some();
            prop_assert!(known, "{} is at the vendor, and nobody sent it: {:#?}", path, rules);
        }
    }

    /// Law 2: a PUT, a PATCH and several leave the same at the vendor. Law 4: so does a PATCH that needs no look at it.
    #[test]
    fn every_way_leads_to_the_same_state(rules in rules(), user in user(), changes in changes()) {
        let lens = compile(&rules);
        let Some(start) = World::create(&lens, &user) else { return Ok(()) };
        let changes = read_changes(&changes);
        let mut one = start.clone();
        if one.slow(&changes).is_none() {
            return Ok(());
        }
        let Ok(body) = patch::apply(start.read(), &changes, lens.catalog()) else { return Ok(()) };
        prop_assert_eq!(plain(ordered(&body, &one.read())).to_json(), plain(one.read()).to_json(), "{:#?}", rules);
        let mut whole = start.clone();
        // Whether somebody has access is nothing that a PUT can leave open: what it does not say stays.
        let can_be_put = body.has("active") || !start.read().has("active");
        if can_be_put && whole.put(body).is_some() {
            prop_assert_eq!(differing(&one.vendor, &whole.vendor), Vec::<String>::new(), "PUT of {} instead of {}: {:#?}", whole.vendor.to_json(), one.vendor.to_json(), rules);
        }
        let mut many = start.clone();
        if changes.iter().all(|change| many.slow(std::slice::from_ref(change)).is_some()) {
            prop_assert_eq!(differing(&one.vendor, &many.vendor), Vec::<String>::new(), "several {:#?}", rules);
        }
        let mut fast = start.clone();
        if fast.fast(&changes).is_some() {
            prop_assert_eq!(differing(&one.vendor, &fast.vendor), Vec::<String>::new(), "{:?} directly: {} instead of {}: {:#?}", changes.iter().map(|change| change.to_value().to_json()).collect::<Vec<_>>(), fast.vendor.to_json(), one.vendor.to_json(), rules);
            prop_assert_eq!(differing(&one.read(), &fast.read()), Vec::<String>::new(), "direct, read {:#?}", rules);
        }
    }

    /// Law 3: what is written again changes nothing, and what changes one attribute changes what depends on it alone.
    #[test]
    fn a_change_changes_what_depends_on_it(rules in rules(), user in user(), change in changes()) {
        let lens = compile(&rules);
        let Some(mut world) = World::create(&lens, &user) else { return Ok(()) };
        let start = world.vendor.clone();
        world.put(user.clone()).unwrap();
        prop_assert_eq!(differing(&start, &world.vendor), Vec::<String>::new(), "again {:#?}", rules);
        let change = read_changes(&change[..1]);
        if world.slow(&change).is_none() {
            return Ok(());
        }
        let changed = world.vendor.clone();
        let attribute = change[0].path.as_ref().and_then(Path::attribute).unwrap().whole();
        for path in differing(&start, &changed) {
            let depends = rules.iter().any(|rule| {
                rule.writes.contains(&path.as_str()) && rule.reads.iter().any(|read| path_of(read).same_attribute(&attribute))
            });
            prop_assert!(depends || path_of(&path).same_attribute(&attribute), "{} changed with {}: {:#?}", path, attribute, rules);
        }
        world.slow(&change).unwrap();
        prop_assert_eq!(differing(&changed, &world.vendor), Vec::<String>::new(), "repeated: {} and then {}: {:#?}", changed.to_json(), world.vendor.to_json(), rules);
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
                prop_assert!(asked || !wanted, "{} is asked as {} and misses {}\n{:#?}", text, ask, user.to_json(), rules);
                prop_assert!(!mapped.exact || asked == wanted, "{} is asked as {} exactly, and finds {}\n{:#?}", text, ask, user.to_json(), rules);
            }
        }
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

fn filter() -> impl Strategy<Value = String> {
    let path = select(vec![
        "userName",
        "externalId",
        "title",
        "nickName",
        "displayName",
        "userType",
        "active",
        "name.givenName",
        "emails",
        "emails.value",
        "ent:employeeNumber",
        "ent:department",
        "own:tags",
        "own:since",
        "own:level",
        "own:job",
        "own:secret",
    ]);
    let path = path.prop_map(|path| path_of(path).to_string());
    let op = prop_oneof![4 => Just("eq"), 1 => select(vec!["ne", "sw", "co", "ew", "gt", "le"])];
    let literal = prop_oneof![6 => word(), 1 => select(vec!["true", "false", "null", "\"2026-05-01\"", "1.10"]).prop_map(str::to_owned)];
    let compare =
        (path.clone(), op.clone(), literal).prop_map(|(path, op, literal)| format!("{path} {op} {literal}"));
    let element =
        (op, word()).prop_map(|(op, word)| format!(r#"emails[type eq "work" and value {op} {word}]"#));
    let leaf = prop_oneof![6 => compare, 1 => path.prop_map(|path| format!("{path} pr")), 1 => element];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("not ({one})")),
            (inner.clone(), select(vec!["and", "or"]), inner)
                .prop_map(|(one, word, other)| format!("({one}) {word} ({other})")),
        ]
    })
}
