//! Functions and verbs that need more than a value: expressions, tables with several keys, time and chance, merged lists.

use super::*;

fn refused(rules: &str, line: u32, says: &str) {
    let (_, mistakes) = compiled(rules, None);
    let found = mistakes.iter().any(|m| m.span.line == line && m.message.contains(says));
    assert!(found, "{rules}\n{mistakes:?}");
}

#[test]
fn partial_and_lossy_functions_say_what_is_read_back() {
    let strip = lens(
        "    - move: [$.userName, $.userName]\n      via: [{ strip: { suffix: '@x' } }]\n      back: invert\n",
    );
    check(&strip, r#"{"userName":"ana@x"}"#, r#"{"userName":"ana"}"#);
    assert!(strip.forward(value(r#"{"userName":"ana"}"#), &Given::default(), None, None).is_err());
    let phone = lens(
        "    - move: [\"$.phoneNumbers[?@.type == 'work'].value\", $.title]\n      via: [{ phone: PT }]\n      back: echo\n",
    );
    check(
        &phone,
        r#"{"phoneNumbers":[{"type":"work","value":"212 345 678"}]}"#,
        r#"{"title":"+351212345678"}"#,
    );
    let regex = lens(
        "    - set: $.displayName\n      from: $.nickName\n      via: [{ regex: { match: \"(?<l>\\\\w+), (\\\\w+)\", to: \"{2} {l} {org}\" } }]\n      else: none\n",
    );
    check(
        &regex,
        r#"{"nickName":"Silva, Ana"}"#,
        r#"{"nickName":"Silva, Ana","displayName":"Ana Silva All"}"#,
    );
    check(&regex, r#"{"nickName":"Ana Silva"}"#, r#"{"nickName":"Ana Silva","displayName":"none"}"#);
    for (via, line, says) in [
        ("{ strip: x }", 14, "not every value has a result"),
        ("sha256", 14, "`sha256` loses something"),
        ("{ regex: { match: \"(\" } }", 14, "cannot be compiled: unclosed group"),
        ("{ regex: { match: a, to: \"{1}\" } }", 14, "`{1}` is no group"),
        ("{ regex: { match: a, too: b } }", 14, "unknown key `too`"),
        ("{ regex: \"x\" }", 14, "`regex` needs"),
        ("{ strip: {} }", 14, "`strip` needs"),
        ("{ phone: XX }", 14, "`phone` needs"),
        ("{ plus: soon }", 14, "`plus` needs"),
        ("uuid", 14, "`uuid` takes no value"),
        ("{ random: 8 }", 14, "`random` takes no value"),
    ] {
        refused(&format!("    - move: [$.title, $.nickName]\n      via: [{via}]\n"), line, says);
    }
    refused(
        "    - move: [$.title, $.nickName]\n      via: [title]\n      back: invert\n",
        15,
        "cannot be undone",
    );
}

#[test]
fn what_is_made_from_nothing_is_made_once_and_kept() {
    let rules = lens(
        "    - set: $.externalId\n      via: [uuid]\n      ops: [create]\n    - set: $.title\n      via: [now: \"%Y-%m-%d\", { plus: 30d }]\n      ops: create\n    - set: $.password\n      via: [random: 20]\n      ops: create\n",
    );
    let moment = Moment { now: "2026-05-01T08:00:00Z".parse().unwrap(), seed: [7; 32] };
    let given = Given { moment, ..Given::default() };
    let sent = rules.forward(value(r#"{"userName":"a"}"#), &given, None, None).unwrap();
    let uuid = sent.text_at("externalId").unwrap().to_owned();
    assert_eq!(
        (uuid.len(), sent.text_at("title"), sent.text_at("password").unwrap().len()),
        (36, Some("2026-05-31"), 20)
    );
    let noted = rules.sent(&sent, None, None);
    assert!(
        rules.needs_moment() && noted.iter().all(|sent| !sent.path.is_core("password")),
        "a password is never kept"
    );
    let known = Remainder::default().with_sent(noted);
    // The vendor shows the one and not the other; both stay, and the password is not sent again.
    let mut before = sent;
    before.remove("externalId");
    before.remove("password");
    let given = Given { operation: Operation::Replace, known: Some(&known), ..Given::default() };
    let after = rules.forward(value(r#"{"userName":"b"}"#), &given, Some(&before), None).unwrap();
    assert_eq!(
        (after.text_at("externalId"), after.text_at("title"), after.has("password")),
        (Some(uuid.as_str()), Some("2026-05-31"), false)
    );
    refused("    - set: $.title\n      via: [now]\n", 14, "would be another with each request");
    refused(
        "    - set: $.title\n      via: [now]\n      ops: [create, patch]\n",
        15,
        "would be another with each request",
    );
    refused(
        "    - set: $.title\n      from: $.nickName\n      via: [uuid]\n      ops: create\n",
        14,
        "`from` has no meaning here",
    );
    refused("    - set: $.title\n      via: [now: \"%\"]\n      ops: create\n", 14, "`now` needs");
    refused("    - set: $.title\n      via: [random: 0]\n      ops: create\n", 14, "`random` needs");
    refused(
        "    - set: $.title\n      value: x\n      via: [lower, uuid]\n      ops: create\n",
        15,
        "`uuid` takes no value",
    );
}

fn with_tables(tables: &str, rules: &str) -> (Lens, Vec<Mistake>) {
    let text = format!("tables:\n{tables}users:\n  rules:\n{rules}");
    let file = parse(0, &text).unwrap();
    let mut mistakes = Vec::new();
    let scope = Scope::read(&file, None, &mut mistakes);
    let [users, groups] = ResourceType::ALL.map(|resource| Arc::new(Catalog::standard(resource)));
    (Mapping::compile(&file, &scope, users, groups, true, &mut mistakes).users, mistakes)
}

#[test]
fn tables_have_expressions_and_several_keys() {
    let tables = "  looks: { match: regex, rows: { \"(?i)retail.*\": \"17\", \"[0-9]+\": \"0\" } }\n  site:\n    keys: [department, country]\n    rows:\n      - [Retail, PT, \"17\"]\n      - [Retail, \"\", \"18\"]\n  name:\n    keys: [givenName, familyName]\n    rows: [[Ana, Silva, AS], [Bo, Li, BL]]\n";
    let (rules, mistakes) = with_tables(
        tables,
        "    - set: $.title\n      from: { department: $.nickName, country: $.locale }\n      via: [table: site]\n      else: none\n    - set: $.userType\n      from: $.nickName\n      via: [table: looks]\n    - move: [$.name, $.displayName]\n      via: [table: name]\n",
    );
    assert!(mistakes.is_empty(), "{mistakes:?}");
    check(
        &rules,
        r#"{"nickName":"Retail","locale":"PT","name":{"givenName":"Ana","familyName":"Silva"}}"#,
        r#"{"nickName":"Retail","locale":"PT","title":"17","userType":"17","displayName":"AS"}"#,
    );
    check(&rules, r#"{"nickName":"Retail"}"#, r#"{"nickName":"Retail","title":"18","userType":"17"}"#);
    check(
        &rules,
        r#"{"nickName":"7","locale":"PT"}"#,
        r#"{"nickName":"7","locale":"PT","title":"none","userType":"0"}"#,
    );
    let more = value(r#"{"name":{"givenName":"Ana","familyName":"Silva","middleName":"M"}}"#);
    let error = rules.forward(more, &Given::default(), None, None).unwrap_err();
    assert!(error.detail.contains("it has more than givenName and familyName"), "{error}");
    for (tables, rules, says) in [
        ("  t: { keys: [a], rows: [[x, y]] }\n", "    []\n", "at least two keys"),
        ("  t: { keys: [a, b], rows: { x: y } }\n", "    []\n", "each row is a list"),
        ("  t: { rows: [[x, y]] }\n", "    []\n", "`keys` names them"),
        ("  t: { keys: [a, b], match: prefix, rows: [[x, y, z]] }\n", "    []\n", "compared exactly"),
        ("  t: { keys: [a, b], rows: [[x, y]] }\n", "    []\n", "a row has 3 elements: a, b, and its value"),
        (
            "  t: { keys: [a, b], rows: [[x, y, 1], [x, y, 2]] }\n",
            "    []\n",
            "the row `x, y` can never match",
        ),
        ("  t: { match: regex, rows: { \"(\": x } }\n", "    []\n", "unclosed group"),
        ("  t: { match: regex, rows: { \"r.*\": x, retail: y } }\n", "    []\n", "can never match"),
        (
            "  t: { keys: [a, b], rows: [[x, y, z]] }\n",
            "    - set: $.title\n      from: { a: $.nickName }\n      via: [table: t]\n",
            "has a key `b`",
        ),
        (
            "  t: { keys: [a, b], rows: [[x, y, z]] }\n",
            "    - set: $.title\n      from: $.nickName\n      via: [table: t]\n",
            "needs several values under their names",
        ),
        (
            "  t: { match: regex, rows: { x: y } }\n",
            "    - move: [$.title, $.nickName]\n      via: [table: t]\n",
            "a row of the table stands for many values",
        ),
    ] {
        let (_, mistakes) = with_tables(tables, rules);
        assert!(mistakes.iter().any(|m| m.message.contains(says)), "{says}: {mistakes:?}");
    }
}

#[test]
fn lists_are_merged_with_what_the_vendor_has() {
    let ours = r#"[{"value":"ours","display":"of the vendor"}]"#;
    let roles = |merge: &str| {
        lens(&format!(
            "    - set: $.roles\n      value: [{{ value: ours }}]\n      when: $.title == 'x'\n      merge: {merge}\n    - set: $.roles\n      value: [{{ value: more }}]\n      when: $.nickName == 'x'\n      merge: {merge}\n"
        ))
    };
    let write = |lens: &Lens, user: &str, before: &str, known: &Remainder| {
        let before = value(&format!(r#"{{"roles":{before}}}"#));
        let given = Given { operation: Operation::Replace, known: Some(known), ..Given::default() };
        let sent = lens.forward(value(user), &given, Some(&before), None).unwrap();
        let noted = lens.sent(&sent, Some(&before), Some(known));
        let shown =
            sent.get("roles").map_or("nothing".to_owned(), |roles| roles.to_json().replace("\"value\":", ""));
        (shown, Remainder::default().with_sent(noted))
    };
    let nothing = Remainder::default();
    let union = roles("union");
    for (user, before, expected) in [
        (r#"{"title":"x"}"#, r#"[{"value":"theirs"}]"#, r#"[{"theirs"},{"ours"}]"#),
        (r#"{"title":"x","nickName":"x"}"#, "[]", r#"[{"ours"},{"more"}]"#),
        (r#"{"title":"y"}"#, ours, r#"[{"ours","display":"of the vendor"}]"#),
        (r#"{"title":"x"}"#, ours, r#"[{"ours","display":"of the vendor"}]"#),
    ] {
        assert_eq!(write(&union, user, before, &nothing).0, expected, "{user} {before}");
    }
    assert!(!union.remembers_what_is_sent());
    let owned = roles("owned");
    let (shown, known) = write(&owned, r#"{"title":"x"}"#, r#"[{"value":"theirs"}]"#, &nothing);
    assert_eq!(shown, r#"[{"theirs"},{"ours"}]"#);
    // What the bridge added goes when the rule says it no longer; what was there before it stays.
    let now = r#"[{"value":"theirs"},{"value":"ours"}]"#;
    assert_eq!(write(&owned, r#"{"nickName":"x"}"#, now, &known).0, r#"[{"theirs"},{"more"}]"#);
    assert_eq!(write(&owned, "{}", now, &known).0, r#"[{"theirs"}]"#);
    assert_eq!(write(&owned, "{}", now, &nothing).0, r#"[{"theirs"},{"ours"}]"#);
    assert_eq!(write(&owned, "{}", r#"[{"value":"ours"}]"#, &known).0, "nothing");
    let (_, again) = write(&owned, r#"{"title":"x"}"#, now, &known);
    assert_eq!(again, known, "what is ours stays ours");
    refused("    - set: $.title\n      value: x\n      merge: union\n", 15, "title holds one value");
    refused("    - move: [$.roles, $.entitlements]\n      merge: union\n", 14, "the vendor has more");
    refused("    - drop: $.roles\n      merge: union\n", 14, "`merge` has no meaning with `drop`");
    let text = "users:\n  rules:\n    - set: $.roles\n      value: [{ value: x }]\n      merge: owned\n";
    let file = parse(0, text).unwrap();
    let mut mistakes = Vec::new();
    let scope = Scope::read(&file, None, &mut mistakes);
    let users = Arc::new(Catalog::standard(ResourceType::User));
    let _ = compile::lens(file.get("users"), &scope, users, false, &mut mistakes);
    assert!(mistakes.len() == 1 && mistakes[0].message.contains("state: none"), "{mistakes:?}");
}

#[test]
fn what_was_and_what_is_done_can_be_read() {
    let rules = lens(
        "    - set: $.nickName\n      from: $old.title\n    - set: $.userType\n      from: $op\n    - set: $.locale\n      value: was\n      when: $old.title == 'T' && $op == 'patch'\n    - refuse: $op != 'create' && $old.userName != $.userName\n      detail: names stay\n",
    );
    let old = value(r#"{"userName":"a","title":"T"}"#);
    let given = Given { old: Some(&old), operation: Operation::Patch, ..Given::default() };
    let sent = |user: &str, given: &Given<'_>| {
        rules.forward(value(user), given, Some(&value(r#"{"userName":"a"}"#)), None).map(|mut sent| {
            sent.remove("schemas");
            sent.to_json()
        })
    };
    assert_eq!(
        sent(r#"{"userName":"a","title":"U"}"#, &given).unwrap(),
        r#"{"userName":"a","title":"U","nickName":"T","userType":"patch","locale":"was"}"#
    );
    assert_eq!(
        sent(r#"{"userName":"a"}"#, &Given::default()).unwrap(),
        r#"{"userName":"a","userType":"create"}"#
    );
    assert_eq!(sent(r#"{"userName":"b"}"#, &given).unwrap_err().detail, "names stay");
    // What reads what was must see what is there: no PATCH goes past it.
    assert_eq!(rules.case(&Path::parse("active").unwrap()), Case::Diff);
    let operation =
        crate::scim::patch::Operation::read(&value(r#"{"op":"replace","path":"title","value":"U"}"#))
            .unwrap();
    assert!(rules.direct(&[operation], &given).unwrap().is_none());
}

#[test]
fn one_rule_gives_body_answer_filter_patch_and_order() {
    for (via, here, there, filters, sorts) in [
        (
            "{ swap: [acme/, corp/] }",
            "acme/bo",
            "corp/bo",
            &[
                (r#"externalId eq "acme/bo""#, Some(r#"externalId eq "corp/bo" or externalId eq "acme/bo""#)),
                (r#"externalId eq "zoe""#, Some(r#"externalId eq "zoe""#)),
                (r#"externalId sw "acme/b""#, Some(r#"externalId sw "corp/b" or externalId sw "acme/b""#)),
                (r#"externalId co "b""#, None),
                (
                    r#"not (externalId eq "acme/bo")"#,
                    Some(r#"not (externalId eq "corp/bo" or externalId eq "acme/bo")"#),
                ),
            ][..],
            false,
        ),
        (
            "{ prefix: p- }",
            "bo",
            "p-bo",
            &[
                (r#"externalId eq "bo""#, Some(r#"externalId eq "p-bo" or externalId eq "bo""#)),
                (r#"externalId sw "b""#, Some(r#"externalId sw "p-b" or externalId sw "b""#)),
                (r#"externalId co "b""#, Some(r#"externalId co "b""#)),
                (r#"externalId pr"#, Some("externalId pr")),
                (
                    r#"externalId eq "bo" and active eq true"#,
                    Some(r#"(externalId eq "p-bo" or externalId eq "bo") and active eq true"#),
                ),
            ],
            false,
        ),
        (
            "{ table: codes }",
            "work",
            "W",
            &[
                (r#"externalId eq "work""#, Some(r#"externalId eq "W" or externalId eq "work""#)),
                (r#"externalId eq "other""#, Some(r#"externalId eq "other""#)),
                (r#"externalId sw "wo""#, None),
                (
                    r#"externalId eq "work" or externalId eq "home""#,
                    Some(
                        r#"externalId eq "W" or externalId eq "work" or externalId eq "H" or externalId eq "home""#,
                    ),
                ),
            ],
            false,
        ),
        (
            "lower",
            "BO",
            "bo",
            &[
                (r#"externalId eq "BO""#, Some(r#"externalId eq "bo" or externalId eq "BO""#)),
                (r#"not (externalId eq "BO")"#, None),
                (r#"externalId pr"#, Some("externalId pr")),
            ],
            false,
        ),
        (
            "{ date: { from: \"%Y-%m-%d\", to: \"%d/%m/%Y\" } }",
            "2026-05-01",
            "01/05/2026",
            &[
                (
                    r#"externalId eq "2026-05-01""#,
                    Some(r#"externalId eq "01/05/2026" or externalId eq "2026-05-01""#),
                ),
                (r#"externalId sw "2026""#, None),
                (r#"externalId gt "2026-01-01""#, None),
            ],
            false,
        ),
    ] {
        let rules = lens(&format!("    - move: [$.externalId, $.externalId]\n      via: [{via}]\n"));
        check(&rules, &format!(r#"{{"externalId":"{here}"}}"#), &format!(r#"{{"externalId":"{there}"}}"#));
        for (filter, ask) in filters {
            let mapped = rules.filter(&Filter::parse(filter).unwrap());
            assert_eq!(mapped.ask.map(|ask| ask.to_string()).as_deref(), *ask, "{via}: {filter}");
        }
        assert_eq!(rules.sort_by(&AttrPath::core("externalId")).is_some(), sorts, "{via}");
        let patch = |operation: &str| {
            let operation = crate::scim::patch::Operation::read(&value(operation)).unwrap();
            let given = Given { operation: Operation::Patch, ..Given::default() };
            rules.direct(&[operation], &given).unwrap().map(|direct| direct.send[0].to_value().to_json())
        };
        let sent = patch(&format!(r#"{{"op":"replace","path":"externalId","value":"{here}"}}"#));
        let expected = format!(r#"{{"op":"replace","path":"externalId","value":"{there}"}}"#);
        // A canonical form is remembered, so it goes by way of a read.
        assert_eq!(sent, (via != "lower").then_some(expected), "{via}");
        assert_eq!(
            patch(&format!(r#"{{"op":"replace","value":{{"externalId":"{here}"}}}}"#)),
            None,
            "pathless: by way of a read"
        );
    }
}
