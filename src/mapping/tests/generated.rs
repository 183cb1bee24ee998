//! Mappings, resources, changes and filters that are made up, as text: for the laws of the language, and for the same laws
//! through the socket.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

pub const OWN: &str = "urn:example:params:scim:schemas:extension:own:2.0:User";
pub const ENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Functions of one text, by how far they can be undone.
const EXACT: [&str; 8] = [
    "{ prefix: x- }",
    "{ suffix: -x }",
    "{ swap: [a, b] }",
    "base64",
    "unbase64",
    "{ table: exact }",
    "locale",
    "{ country: { from: alpha2, to: alpha3 } }",
];
const CANONICAL: [&str; 6] = ["lower", "upper", "trim", "squeeze", "deburr", "{ table: ci }"];
const PARTIAL: [&str; 2] = ["{ strip: x- }", "{ strip: { suffix: -x } }"];
const LOSSY: [&str; 13] = [
    "{ word: 1 }",
    "{ before: \"-\" }",
    "{ after: \"-\" }",
    "{ slice: [0, 2] }",
    "{ replace: [a, e] }",
    "title",
    "{ fit: 2 }",
    "sha256",
    "{ regex: { match: \"(.*)-(.*)\", to: \"{2}{1}\" } }",
    "{ table: begins }",
    "{ table: looks }",
    "{ table: several }",
    "{ phone: PT }",
];

/// What stands before the rules. The attributes of the vendor's extension are its profile's to say.
pub const HEAD: &str = r#"prefixes:
  ent: urn:ietf:params:scim:schemas:extension:enterprise:2.0:User
  own: urn:example:params:scim:schemas:extension:own:2.0:User
parameters:
  who: { default: acme }
  ids: { type: list, default: [r1, r2] }
tables:
  exact: { rows: { a: "1", b: "2", ab: "3", A: "4", x-a: "5", "é": "6", a-x: a, "1": "é" } }
  ci: { match: ci, rows: { a: "1", b: "2", ab: "3", x-a: "5", "é": "6" } }
  begins: { match: prefix, rows: { x: "1", a: "2" } }
  looks: { match: regex, rows: { "[a-b]+": ab, ".*x.*": x } }
  several: { rows: { a: "1", b: "1", ab: "2" } }
  pair: { keys: [one, other], rows: [[a, b, "1"], [b, a, "2"], [a, "", "3"]] }
"#;

/// The same with those parameters and tables alone that rules use, as a file must have it.
#[allow(dead_code, reason = "one of the two suites that share this file compiles rules without a file")]
pub fn head(rules: &str) -> String {
    let (mut out, mut section) = (Vec::new(), "");
    for line in HEAD.lines() {
        let name = line.trim().split(':').next().unwrap_or_default();
        let used = match section {
            _ if !line.starts_with(' ') => {
                section = name;
                true
            }
            "parameters" => rules.contains(&format!("{{{name}}}")),
            "tables" => rules.contains(&format!("table: {name}")),
            _ => true,
        };
        out.extend(used.then_some(line));
    }
    // A section of which nothing is left goes, too.
    let is_title = |line: &&str| !line.starts_with(' ');
    let rest = out.iter().skip(1).map(Some).chain([None]);
    let kept = out
        .iter()
        .zip(rest)
        .filter(|(line, next)| !is_title(line) || next.is_some_and(|next| !is_title(next)));
    kept.map(|(line, _)| format!("{line}\n")).collect()
}

/// The attributes of the vendor's extension: name, type, whether a list, whether case counts.
pub const ATTRIBUTES: [(&str, &str, bool, bool); 43] = [
    ("job", "string", false, false),
    ("badge", "string", false, false),
    ("contact", "string", false, true),
    ("labels", "string", true, false),
    ("tags", "string", true, false),
    ("off", "boolean", false, false),
    ("start", "string", false, true),
    ("since", "string", false, false),
    ("level", "decimal", false, false),
    ("levelText", "string", false, false),
    ("secret", "string", false, false),
    ("tenant", "string", false, false),
    ("shown", "string", false, false),
    ("kind", "string", false, false),
    ("site", "string", false, false),
    ("first", "string", false, false),
    ("looks", "string", false, false),
    ("line", "string", false, false),
    ("given", "string", false, false),
    ("flag", "string", false, false),
    ("truth", "boolean", false, false),
    ("digits", "string", false, false),
    ("count", "decimal", false, false),
    ("land", "string", false, false),
    ("country", "string", false, false),
    ("phone", "string", false, false),
    ("call", "string", false, false),
    ("code", "string", false, false),
    ("codes", "string", true, false),
    ("team", "string", false, false),
    ("teams", "string", true, false),
    ("origin", "string", false, false),
    ("was", "string", false, false),
    ("stamp", "string", false, false),
    ("rank", "string", false, false),
    ("kept", "string", false, false),
    ("end", "string", false, false),
    ("path", "string", false, false),
    ("parts", "string", true, false),
    ("one", "string", true, false),
    ("only", "string", false, false),
    ("made", "string", false, false),
    ("pin", "string", false, false),
];

/// A rule: its text, what it reads and what it writes.
#[derive(Clone, Debug)]
pub struct Made {
    pub text: String,
    pub reads: Vec<&'static str>,
    pub writes: Vec<&'static str>,
}

impl Made {
    fn has(&self, part: &str) -> bool {
        self.text.contains(part)
    }

    /// Whether it says something else on a PUT than on a PATCH, or at the second of two requests.
    pub fn minds_the_way(&self) -> bool {
        ["ops: ", "$op", "$old"].iter().any(|part| self.has(part))
    }

    /// Whether every change is a change of what it reads.
    pub fn reads_everything(&self) -> bool {
        self.has("$old")
    }

    /// What is read back is the vendor's word, or none: at what it reads if it moves, at what it writes if it sets.
    pub fn shows_otherwise(&self) -> &[&'static str] {
        match () {
            // What the identity provider writes there never arrives, and is hidden as the vendor's is.
            () if self.has("hide: $") => &self.writes,
            () if !self.has("back: vendor") && !self.has("back: hide") => &[],
            () if self.has("move: ") => &self.reads[..1],
            () if self.has("drop: ") => &self.reads,
            () => &self.writes,
        }
    }
}

/// The rules for users, and what becomes of attributes that no rule names.
#[derive(Clone, Debug)]
pub struct Rules {
    pub made: Vec<Made>,
    pub pass: bool,
}

impl Rules {
    /// As a file has them.
    pub fn text(&self) -> String {
        let rules: String = self.made.iter().map(|rule| rule.text.as_str()).collect();
        let pass = if self.pass { "" } else { "  pass: none\n" };
        if rules.is_empty() {
            format!("users:\n{pass}  rules: []\n")
        } else {
            format!("users:\n{pass}  rules:\n{rules}")
        }
    }

    pub fn reads(&self) -> Vec<&'static str> {
        self.made.iter().flat_map(|rule| rule.reads.clone()).collect()
    }

    pub fn writes(&self) -> Vec<&'static str> {
        self.made.iter().flat_map(|rule| rule.writes.clone()).collect()
    }

    pub fn minds_the_way(&self) -> bool {
        self.made.iter().any(Made::minds_the_way)
    }

    pub fn shows_otherwise(&self) -> Vec<&'static str> {
        self.made.iter().flat_map(Made::shows_otherwise).copied().collect()
    }
}

fn rule(text: &str, reads: &[&'static str], writes: &[&'static str]) -> Made {
    Made { text: text.to_owned(), reads: reads.to_vec(), writes: writes.to_vec() }
}

fn steps() -> impl Strategy<Value = Vec<&'static str>> {
    let any = prop_oneof![
        4 => select(&EXACT[..]), 2 => select(&CANONICAL[..]), 1 => select(&PARTIAL[..]), 1 => select(&LOSSY[..]),
    ];
    vec(any, 0..3)
}

/// What may stand beside a `move`: the lines, and what they read besides.
const MODIFIERS: [(&str, &[&str]); 9] = [
    ("      back: echo\n", &[]),
    ("      back: hide\n", &[]),
    ("      back: vendor\n", &[]),
    ("      else: \"-\"\n      back: echo\n", &[]),
    ("      when: $.userType == 'a'\n      back: echo\n", &["userType"]),
    (
        "      when: $groups[?@.displayName == 'Ops'] && !$.userType\n      else: b\n      back: echo\n",
        &["userType"],
    ),
    ("      when: $op == 'create'\n      back: echo\n", &[]),
    ("      ops: [create, replace]\n      back: echo\n", &[]),
    ("      when: $.userType == 'b'\n      back: vendor\n", &["userType"]),
];

/// A pipeline with what it needs beside it.
fn tail() -> impl Strategy<Value = (String, &'static [&'static str])> {
    (steps(), option::weighted(0.25, select(MODIFIERS.to_vec()))).prop_map(|(steps, modifier)| {
        let needs = |list: &[&str]| steps.iter().any(|step| list.contains(step));
        let (back, reads) = match modifier {
            Some(modifier) => modifier,
            None if needs(&LOSSY) => ("      back: echo\n", &[][..]),
            None if needs(&PARTIAL) => ("      back: invert\n", &[][..]),
            None => ("", &[][..]),
        };
        let via =
            if steps.is_empty() { String::new() } else { format!("      via: [{}]\n", steps.join(", ")) };
        (format!("{via}{back}"), reads)
    })
}

/// Moves of one text: where from, where to, and the attributes of both.
const MOVES: [(&str, &str, &str, &str); 7] = [
    ("$.title", "$own.job", "title", "own:job"),
    ("$.nickName", "$.displayName", "nickName", "displayName"),
    ("$.externalId", "$.externalId", "externalId", "externalId"),
    ("$.userName", "$.userName", "userName", "userName"),
    ("$ent.employeeNumber", "$own.badge", "ent:employeeNumber", "own:badge"),
    ("\"$.emails[?@.type == 'work'].value\"", "$own.contact", "emails", "own:contact"),
    ("$.name.givenName", "\"$.ims[?@.type == 'xmpp'].value\"", "name", "ims"),
];

fn moves() -> impl Strategy<Value = Vec<Made>> {
    vec(option::of(tail()), MOVES.len()).prop_map(|chosen| {
        let made = MOVES.iter().zip(chosen).filter_map(|((from, to, reads, writes), tail)| {
            let (tail, besides) = tail?;
            let reads = [&[*reads][..], besides].concat();
            Some(Made { text: format!("    - move: [{from}, {to}]\n{tail}"), reads, writes: vec![*writes] })
        });
        made.collect()
    })
}

/// Moves of other things than one text.
fn lists() -> impl Strategy<Value = Vec<Made>> {
    let each = [
        "{ each: { prefix: x- } }",
        "distinct",
        "sort",
        "{ each: lower }",
        "{ each: { table: exact } }",
        "{ each: { strip: x- } }",
        "{ each: title }",
    ];
    let merge = [
        "",
        "      merge: replace\n",
        "      merge: union\n      back: echo\n",
        "      merge: owned\n      back: echo\n",
    ];
    let several = (select(each.to_vec()), select(merge.to_vec())).prop_map(|(via, merge)| {
        let back = if merge.contains("back") || !(via.contains("strip") || via.contains("title")) {
            ""
        } else {
            "      back: echo\n"
        };
        rule(
            &format!("    - move: [$own.tags, $own.labels]\n      via: [{via}]\n{merge}{back}"),
            &["own:tags"],
            &["own:labels"],
        )
    });
    let joined = "    - move: [$own.tags, $own.line]\n      via: [{ join: \",\" }]\n";
    let tags = prop_oneof![4 => several, 1 => Just(rule(joined, &["own:tags"], &["own:line"]))];
    let date = "via: [{ date: { from: \"%Y-%m-%d\", to: \"%d/%m/%Y\" } }]";
    let others = vec![
        rule("    - move: [$.active, $own.off]\n      via: [not]\n", &["active"], &["own:off"]),
        rule(
            &format!("    - move: [$own.since, $own.start]\n      {date}\n"),
            &["own:since"],
            &["own:start"],
        ),
        rule(
            "    - move: [$own.level, $own.levelText]\n      via: [text]\n",
            &["own:level"],
            &["own:levelText"],
        ),
        rule("    - move: [$own.flag, $own.truth]\n      via: [bool]\n", &["own:flag"], &["own:truth"]),
        rule("    - move: [$own.digits, $own.count]\n      via: [number]\n", &["own:digits"], &["own:count"]),
        rule(
            "    - move: [$own.land, $own.country]\n      via: [{ country: { from: alpha2, to: name } }]\n",
            &["own:land"],
            &["own:country"],
        ),
        rule(
            "    - move: [$own.phone, $own.call]\n      via: [phone]\n      back: echo\n",
            &["own:phone"],
            &["own:call"],
        ),
        rule("    - move: [$own.code, $own.codes]\n      via: [wrap]\n", &["own:code"], &["own:codes"]),
        rule(
            "    - move: [$own.path, $own.parts]\n      via: [{ split: \"-\" }]\n",
            &["own:path"],
            &["own:parts"],
        ),
        rule("    - move: [$own.one, $own.only]\n      via: [unwrap]\n", &["own:one"], &["own:only"]),
    ];
    (option::of(tags), subset(others)).prop_map(|(tags, others)| tags.into_iter().chain(others).collect())
}

fn subset(all: Vec<Made>) -> impl Strategy<Value = Vec<Made>> {
    vec(any::<bool>(), all.len()).prop_map(move |chosen| {
        all.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(rule, _)| rule.clone()).collect()
    })
}

fn others() -> impl Strategy<Value = Vec<Made>> {
    subset(vec![
        rule("    - set: $own.tenant\n      value: \"{who}\"\n", &[], &["own:tenant"]),
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
        rule(
            "    - set: $own.team\n      value: ops\n      when: $groups[?@.displayName == 'Ops']\n      else: none\n",
            &[],
            &["own:team"],
        ),
        rule(
            "    - set: $own.teams\n      from: $groups[*].displayName\n      via: [{ each: lower }, sort]\n",
            &[],
            &["own:teams"],
        ),
    ])
}

/// Rules that are not about one value alone: what stays with one side, what minds the way, what is refused.
fn verbs() -> impl Strategy<Value = Vec<Made>> {
    let always = subset(vec![
        rule("    - drop: $.profileUrl\n", &["profileUrl"], &[]),
        rule("    - drop: $.phoneNumbers\n", &["phoneNumbers"], &[]),
        rule("    - drop: $.name.middleName\n", &["name"], &[]),
        rule("    - hide: $own.secret\n", &[], &["own:secret"]),
        rule("    - set: $own.stamp\n      via: [uuid]\n      ops: [create]\n", &[], &["own:stamp"]),
    ]);
    let seldom = vec(
        select(vec![
            rule("    - drop: $.preferredLanguage\n      back: hide\n", &["preferredLanguage"], &[]),
            rule(
                "    - set: $own.origin\n      value: here\n      when: $op == 'create'\n      back: hide\n",
                &[],
                &["own:origin"],
            ),
            rule(
                "    - set: $own.made\n      via: [{ now: \"%Y\" }]\n      ops: [create]\n",
                &[],
                &["own:made"],
            ),
            rule("    - set: $own.pin\n      via: [{ random: 6 }]\n      ops: [create]\n", &[], &["own:pin"]),
            rule("    - set: $own.was\n      from: $old.title\n", &["title"], &["own:was"]),
            rule("    - set: $own.rank\n      value: r1\n      ops: [create, replace]\n", &[], &["own:rank"]),
            rule(
                "    - set: $own.kept\n      value: k\n      when: $.active == true\n      back: vendor\n",
                &["active"],
                &["own:kept"],
            ),
            rule(
                "    - set: $own.end\n      from: $own.since\n      via: [{ plus: 30d }]\n",
                &["own:since"],
                &["own:end"],
            ),
            rule("    - refuse: $.title == 'X-A'\n      detail: not that one\n", &["title"], &[]),
        ]),
        0..3,
    );
    (always, seldom).prop_map(|(mut always, seldom)| {
        for rule in seldom {
            if !always.iter().any(|other| other.text == rule.text) {
                always.push(rule);
            }
        }
        always
    })
}

/// Many rules, so that they meet; or few, so that a resource is seldom refused by one of them.
pub fn rules() -> impl Strategy<Value = Rules> {
    let parts = (moves(), lists(), others(), verbs());
    let kept = (select(vec![100_u8, 30, 30]), vec(0..100_u8, 60));
    (parts, prop::bool::weighted(0.85), kept).prop_map(|((a, b, c, d), pass, (share, chances))| {
        let made = [a, b, c, d].concat().into_iter().zip(chances);
        Rules { made: made.filter(|(_, chance)| *chance < share).map(|(rule, _)| rule).collect(), pass }
    })
}

/// What the language has, as it stands in a rule.
#[rustfmt::skip]
pub const CONSTRUCTS: [&str; 73] = [
    "move: ", "set: ", "drop: ", "hide: ", "refuse: ", "pass: none", "{who}",
    "when: $.", "when: $ent.", "$groups[?", "from: $groups", "when: $op", "$old", "else: ", "ops: ", "from: [", "from: {",
    "back: invert", "back: echo", "back: hide", "back: vendor", "merge: replace", "merge: union", "merge: owned",
    "prefix: ", "suffix: ", "swap: ", "join: ", "not]", "bool", "number", "[text]", "wrap", "base64", "unbase64",
    "country: ", "locale", "date: ", "table: exact", "table: ci", "table: begins", "table: looks", "table: several", "table: pair",
    "lower", "upper", "trim", "squeeze", "distinct", "sort", "deburr", "word: ", "before: ", "after: ", "slice: ", "replace: [",
    "title", "fit: ", "strip: x", "strip: {", "regex: ", "phone: PT", "[phone]", "sha256", "plus: ", "uuid", "now: ", "random: ", "split: ", "unwrap", "each: { ",
    "[?@.type == 'work'].value", "[?@.type == 'xmpp'].value",
];

/// Few words, so that values meet; with what the functions are about.
pub const WORDS: [&str; 18] = [
    "a", "A", "b", "ab", "AB", "é", "É", "x-a", "X-A", "a-x", "b-x", " a ", "bx", "1", "a  b", "en-US",
    "YQ==", "PT",
];

fn word() -> impl Strategy<Value = String> {
    select(WORDS.to_vec()).prop_map(|word| format!("\"{word}\""))
}

fn one_of(texts: &'static [&'static str]) -> BoxedStrategy<String> {
    select(texts).prop_map(str::to_owned).boxed()
}

/// The value of an attribute, in JSON.
pub fn value_of(path: &str) -> BoxedStrategy<String> {
    let email = |word: &str, kind: &str| format!(r#"{{"value":{word},"type":"{kind}"}}"#);
    match path {
        "active" | "own:off" | "own:truth" => any::<bool>().prop_map(|is| is.to_string()).boxed(),
        "name" => (word(), word(), option::of(word()))
            .prop_map(|(a, b, c)| {
                let middle = c.map(|word| format!(r#","middleName":{word}"#)).unwrap_or_default();
                format!(r#"{{"givenName":{a},"familyName":{b}{middle}}}"#)
            })
            .boxed(),
        "emails" => (word(), word(), any::<bool>())
            .prop_map(move |(a, b, both)| match both {
                true => format!("[{},{}]", email(&a, "work"), email(&b, "home")),
                false => format!("[{}]", email(&a, "home")),
            })
            .boxed(),
        "phoneNumbers" | "roles" | "entitlements" => {
            let shown = word().prop_map(|word| format!(r#"[{{"value":{word}}}]"#));
            prop_oneof![3 => shown, 1 => Just("[]".to_owned())].boxed()
        }
        "ims" => word().prop_map(|word| format!(r#"[{{"value":{word},"type":"xmpp"}}]"#)).boxed(),
        // Each value once: a PATCH that is repeated makes of two that are equal one.
        "own:tags" | "own:labels" | "own:codes" => subsequence(WORDS.to_vec(), 0..3)
            .prop_map(|words| {
                format!("[{}]", words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(","))
            })
            .boxed(),
        "own:one" => word().prop_map(|word| format!("[{word}]")).boxed(),
        "own:since" => one_of(&["\"2026-05-01\"", "\"1999-12-31\"", "\"May\""]),
        "own:start" => one_of(&["\"01/05/2026\"", "\"31/12/1999\"", "\"2026-05-01\""]),
        "own:level" | "own:count" => {
            one_of(&["1.10", "0", "123456789012345678901234567890", "-1E+2", "null"])
        }
        "own:flag" => one_of(&["\"true\"", "\"false\"", "\"True\""]),
        "own:digits" => one_of(&["\"5\"", "\"1.10\"", "\"007\""]),
        "own:land" => one_of(&["\"PT\"", "\"DE\"", "\"pt\""]),
        "own:phone" => one_of(&["\"+351 912 345 678\"", "\"+351912345678\"", "\"912345678\""]),
        _ => word().boxed(),
    }
}

/// What an identity provider writes.
pub const WRITTEN: [&str; 26] = [
    "userName",
    "externalId",
    "title",
    "nickName",
    "displayName",
    "userType",
    "active",
    "profileUrl",
    "preferredLanguage",
    "name",
    "emails",
    "phoneNumbers",
    "roles",
    "ent:employeeNumber",
    "ent:department",
    "own:tags",
    "own:since",
    "own:level",
    "own:flag",
    "own:digits",
    "own:land",
    "own:phone",
    "own:code",
    "own:path",
    "own:one",
    "own:secret",
];

/// What a vendor may have besides.
pub const THEIRS: [&str; 14] = [
    "own:job",
    "own:badge",
    "own:contact",
    "own:labels",
    "own:off",
    "own:start",
    "own:truth",
    "own:count",
    "own:codes",
    "own:kept",
    "own:call",
    "ims",
    "locale",
    "entitlements",
];

/// Some attributes with their values.
pub type Members = Vec<(&'static str, String)>;

pub fn members(paths: &'static [&'static str]) -> impl Strategy<Value = Members> {
    let some: Vec<_> = paths
        .iter()
        .map(|path| option::weighted(0.6, value_of(path).prop_map(move |value| (*path, value))))
        .collect();
    some.prop_map(|some| some.into_iter().flatten().collect())
}

/// A path with the names of the schemas in full.
pub fn full(path: &str) -> String {
    path.replace("own:", &format!("{OWN}:")).replace("ent:", &format!("{ENT}:"))
}

/// The change of one attribute, or of a part of one; no value: it goes.
pub type Change = (String, Option<String>);

pub fn changes() -> impl Strategy<Value = Vec<Change>> {
    let one = select(&WRITTEN[..]).prop_flat_map(|path| (Just(path), option::weighted(0.8, value_of(path))));
    let plain = one.prop_map(|(path, value)| (full(path), value));
    let part = (select(vec!["emails[type eq \"work\"].value", "name.givenName", "name.middleName"]), word());
    let part = part.prop_map(|(path, word)| (path.to_owned(), Some(word)));
    vec(prop_oneof![6 => plain, 1 => part], 1..4)
}

/// The operation of a change.
pub fn operation((path, value): &Change) -> String {
    let path = path.replace('"', "\\\"");
    match value {
        Some(value) => format!(r#"{{"op":"replace","path":"{path}","value":{value}}}"#),
        None => format!(r#"{{"op":"remove","path":"{path}"}}"#),
    }
}

pub fn filter() -> impl Strategy<Value = String> {
    let path = select(vec![
        "userName",
        "externalId",
        "title",
        "nickName",
        "displayName",
        "userType",
        "active",
        "profileUrl",
        "preferredLanguage",
        "name.givenName",
        "name.middleName",
        "emails",
        "emails.value",
        "ims.value",
        "phoneNumbers.value",
        "ent:employeeNumber",
        "ent:department",
        "own:tags",
        "own:labels",
        "own:since",
        "own:level",
        "own:job",
        "own:secret",
        "own:flag",
        "own:digits",
        "own:land",
        "own:phone",
        "own:code",
        "own:path",
        "own:one",
        "own:kept",
        "own:team",
    ]);
    let path = path.prop_map(full);
    let op = prop_oneof![4 => Just("eq"), 1 => select(vec!["ne", "sw", "co", "ew", "gt", "le"])];
    let odd =
        select(vec!["true", "false", "null", "\"2026-05-01\"", "1.10", "\"true\"", "\"5\"", "5", "\"\""]);
    let literal = prop_oneof![6 => word(), 1 => odd.prop_map(str::to_owned)];
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
