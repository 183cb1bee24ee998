//! The language, from a file to requests, answers, filters and PATCH.

mod generated;
mod language;
mod laws;

use super::*;
use crate::remainder::Remainder;
use crate::scim::ResourceType;
use crate::scim::filter::Filter;
use crate::scim::json::{Limits, Value};
use crate::scim::path::Path;
use crate::yaml::parse;

fn value(json: &str) -> Value {
    let json = json.replace("$ent", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User");
    let json = json.replace("$ninja", "urn:ietf:params:scim:schemas:extension:ninjaone:2.0:User");
    Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
}

fn compiled(rules: &str, with: Option<&str>) -> (Lens, Vec<Mistake>) {
    let head = "prefixes:\n  ent: urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\n  ninja: \
                urn:ietf:params:scim:schemas:extension:ninjaone:2.0:User\nparameters:\n  org: { default: All }\n  techs: { type: \
                list, default: [A, B'c] }\ntables:\n  orgs: { match: prefix, rows: { Retail: \"17\", Logistics: \"23\" } }\n  \
                codes: { rows: { work: W, home: H } }\n  many: { rows: { a: \"1\", b: \"1\" } }\nusers:\n  rules:\n";
    let text = format!("{head}{rules}");
    let file = parse(0, &text).unwrap();
    let with = with.map(|text| parse(1, text).unwrap());
    let mut mistakes = Vec::new();
    let scope = Scope::read(&file, with.as_ref(), &mut mistakes);
    let users = Arc::new(Catalog::standard(ResourceType::User));
    let groups = Arc::new(Catalog::standard(ResourceType::Group));
    let mapping = Mapping::compile(&file, &scope, users, groups, true, &mut mistakes);
    (mapping.users, mistakes)
}

fn lens(rules: &str) -> Lens {
    let (lens, mistakes) = compiled(rules, None);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    lens
}

/// Forward, and back with what is remembered: the vendor gets `vendor`, and the identity provider reads what it wrote.
fn check(lens: &Lens, idp: &str, vendor: &str) {
    let sent = lens.forward(value(idp), &Given::default(), None, None).unwrap();
    let mut shown = sent.clone();
    shown.remove("schemas");
    assert_eq!(shown.to_json(), value(vendor).to_json());
    let mut back = lens.back(sent);
    Remainder::of(lens.remembered(), &value(idp), &back.clone(), lens.catalog()).restore(&mut back);
    back.remove("schemas");
    assert_eq!(back, value(idp), "{} instead of {idp}", back.to_json());
}

#[test]
fn move_is_one_to_one() {
    let rename = lens("    - move: [$.nickName, $.displayName]\n");
    check(&rename, r#"{"userName":"a","nickName":"N"}"#, r#"{"userName":"a","displayName":"N"}"#);
    // What the identity provider writes at B has no place at the vendor, and is remembered.
    check(&rename, r#"{"userName":"a","displayName":"D"}"#, r#"{"userName":"a"}"#);
    let swap = lens("    - move: [$.nickName, $.displayName]\n    - move: [$.displayName, $.nickName]\n");
    check(&swap, r#"{"nickName":"N","displayName":"D"}"#, r#"{"displayName":"N","nickName":"D"}"#);
    let prefixed = lens("    - move: [$.userName, $.userName]\n      via: [{ prefix: x- }, lower]\n");
    check(&prefixed, r#"{"userName":"Ana"}"#, r#"{"userName":"x-ana"}"#);
    let element = lens("    - move: [\"$.emails[?@.type == 'work'].value\", $.userName]\n");
    check(
        &element,
        r#"{"emails":[{"type":"work","value":"w","primary":true},{"type":"home","value":"h"}],"userName":"u"}"#,
        r#"{"emails":[{"type":"home","value":"h"}],"userName":"w"}"#,
    );
    let extension = lens("    - move: [$ent.department, $ninja.organizationId]\n      via: [table: codes]\n");
    check(&extension, r#"{"$ent":{"department":"work"}}"#, r#"{"$ninja":{"organizationId":"W"}}"#);
}

#[test]
fn set_derives_and_the_identity_provider_reads_its_own() {
    let org = "    - set: $ninja.organizationId\n      from: $ent.department\n      via: [table: orgs]\n      else: \"{org}\"\n";
    let rule = lens(org);
    check(
        &rule,
        r#"{"userName":"a","$ent":{"department":"Retail - Lisbon"}}"#,
        r#"{"userName":"a","$ent":{"department":"Retail - Lisbon"},"$ninja":{"organizationId":"17"}}"#,
    );
    check(&rule, r#"{"userName":"a"}"#, r#"{"userName":"a","$ninja":{"organizationId":"All"}}"#);
    // It does not own what is derived, and still reads back what it wrote.
    check(
        &rule,
        r#"{"userName":"a","$ninja":{"organizationId":"99","other":1}}"#,
        r#"{"userName":"a","$ninja":{"other":1,"organizationId":"All"}}"#,
    );
    let (other, _) = compiled(org, Some("org: \"42\"\n"));
    check(&other, "{}", r#"{"$ninja":{"organizationId":"42"}}"#);
    let name = lens(
        "    - set: $.displayName\n      from: { f: $.name.givenName, l: $.name.familyName }\n      value: \"{l}, {f}\"\n",
    );
    check(
        &name,
        r#"{"name":{"givenName":"Ana","familyName":"Silva"},"displayName":"x"}"#,
        r#"{"name":{"givenName":"Ana","familyName":"Silva"},"displayName":"Silva, Ana"}"#,
    );
    check(&name, r#"{"name":{"givenName":"Ana"}}"#, r#"{"name":{"givenName":"Ana"}}"#);
    let first =
        lens("    - set: $.title\n      from: [$.nickName, \"$.emails[*].value\"]\n      via: [upper]\n");
    check(&first, r#"{"emails":[{"value":"a@x"}]}"#, r#"{"emails":[{"value":"a@x"}],"title":"A@X"}"#);
}

#[test]
fn conditions_see_groups_and_lists_of_names() {
    let rule = lens(
        "    - set: $ninja.userType\n      value: Technician\n      when: $groups[?@.displayName == {techs}]\n      else: endUser\n",
    );
    assert!(rule.reads_groups());
    for (groups, expected) in [
        (r#"[{"displayName":"B'c"}]"#, "Technician"),
        (r#"[{"displayName":"C"},{"displayName":"A"}]"#, "Technician"),
        (r#"[{"displayName":"C"}]"#, "endUser"),
        ("[]", "endUser"),
    ] {
        let groups = value(groups);
        let given = Given { groups: Some(&groups), ..Given::default() };
        let mut origins = Vec::new();
        let sent = rule.forward(value(r#"{"userName":"a"}"#), &given, None, Some(&mut origins)).unwrap();
        let kind = sent.get("urn:ietf:params:scim:schemas:extension:ninjaone:2.0:User").unwrap();
        assert_eq!(kind.text_at("userType"), Some(expected));
        assert_eq!(origins[0].rule.line, 13);
        assert!(!sent.has("$groups") && !sent.has("$op"), "{}", sent.to_json());
    }
}

#[test]
fn drop_hide_and_refuse() {
    let rules = lens(
        "    - drop: $.phoneNumbers\n    - drop: $.password\n      back: hide\n    - hide: $.profileUrl\n    - refuse: \
         $.userType == 'admin'\n      detail: no administrators\n",
    );
    check(&rules, r#"{"userName":"a","phoneNumbers":[{"value":"1"}]}"#, r#"{"userName":"a"}"#);
    let sent = rules.forward(
        value(r#"{"userName":"a","password":"p","profileUrl":"mine"}"#),
        &Given::default(),
        None,
        None,
    );
    assert_eq!(sent.unwrap().get("password"), None);
    let refused = rules.forward(value(r#"{"userType":"admin"}"#), &Given::default(), None, None).unwrap_err();
    assert_eq!(refused.detail, "no administrators");
    assert!(!rules.back(value(r#"{"userName":"a","profileUrl":"theirs"}"#)).has("profileUrl"));
    // What is hidden stays at the vendor when the rest is written.
    let before = value(r#"{"userName":"a","profileUrl":"theirs"}"#);
    let after = rules.forward(value(r#"{"userName":"b"}"#), &Given::default(), Some(&before), None).unwrap();
    assert_eq!(after.text_at("profileUrl"), Some("theirs"));
}

#[test]
fn ops_and_pass_none() {
    let once = lens("    - set: $.title\n      value: New\n      ops: create\n");
    let patch = Given { operation: Operation::Patch, ..Given::default() };
    assert!(!once.forward(value("{}"), &patch, None, None).unwrap().has("title"));
    let before = value(r#"{"title":"Old"}"#);
    assert_eq!(once.forward(value("{}"), &patch, Some(&before), None).unwrap().text_at("title"), Some("Old"));

    let text = "users:\n  pass: none\n  rules:\n    - move: [$.userName, $.userName]\n    - move: [$.displayName, $.nickName]\n";
    let file = parse(0, text).unwrap();
    let mut mistakes = Vec::new();
    let scope = Scope::read(&file, None, &mut mistakes);
    let users = Arc::new(Catalog::standard(ResourceType::User));
    let only = compile::lens(file.get("users"), &scope, users, true, &mut mistakes);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    check(
        &only,
        r#"{"userName":"a","displayName":"D","title":"T","$ent":{"department":"X"}}"#,
        r#"{"userName":"a","nickName":"D"}"#,
    );
    // What the vendor has besides is its own business.
    let before = value(r#"{"userName":"a","nickName":"D","title":"Theirs"}"#);
    let after = only.forward(value(r#"{"userName":"b","title":"T"}"#), &patch, Some(&before), None).unwrap();
    assert_eq!(
        after,
        value(
            r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"b","title":"Theirs"}"#
        )
    );
}

#[test]
fn a_rule_speaks_in_a_patch_when_what_it_reads_changes() {
    let rules = lens(
        "    - move: [$.title, \"$.emails[?@.type == 'work'].value\"]\n      via: [table: codes]\n    - set: $.nickName\n      value: Tech\n      \
         when: $groups[?@.displayName == 'A']\n      else: none\n    - drop: $.locale\n",
    );
    let before = value(
        r#"{"userName":"a","emails":[{"type":"work","value":"odd","primary":true}],"nickName":"odd","locale":"pt"}"#,
    );
    let old = rules.back(before.clone());
    let groups = Value::from(Vec::new());
    let given =
        Given { groups: Some(&groups), old: Some(&old), operation: Operation::Patch, ..Given::default() };
    let mut off = old.clone();
    off.set("active", false);
    let after = rules.forward(off.clone(), &given, Some(&before), None).unwrap();
    let mut expected = before.clone();
    expected.set("active", false);
    expected.set("schemas", after.get("schemas").cloned().unwrap());
    assert_eq!(after, expected);
    // A PUT says everything anew, but for what cannot be said.
    let put = Given { operation: Operation::Replace, ..given };
    let after = rules.forward(off.clone(), &put, Some(&before), None).unwrap();
    assert_eq!(after.text_at("nickName"), Some("none"));
    assert_eq!(after.get("emails"), before.get("emails"));
    // Other groups, or another title, are for the rules to judge.
    let regrouped = Given { regrouped: true, ..given };
    assert_eq!(
        rules.forward(off, &regrouped, Some(&before), None).unwrap().text_at("nickName"),
        Some("none")
    );
    let mut titled = old.clone();
    titled.set("title", "unknown");
    assert!(rules.forward(titled, &given, Some(&before), None).is_err());
    assert!(
        rules.needs_groups(&old, &regrouped, Some(&before))
            && !rules.needs_groups(&old, &given, Some(&before))
    );
}

#[test]
fn a_value_that_cannot_be_taken_is_refused_by_rule_and_line() {
    let rules = lens("    - move: [$.title, $.title]\n      via: [table: codes]\n");
    let error =
        rules.forward(value(r#"{"title":"secret value"}"#), &Given::default(), None, None).unwrap_err();
    assert!(error.detail.contains("line 13") && !error.detail.contains("secret"), "{error}");
}

#[test]
fn filters_follow_the_rules() {
    let rules = lens(
        "    - move: [$.nickName, $.displayName]\n    - move: [$.externalId, $.externalId]\n      via: [{ prefix: x- }]\n    - \
         move: [$.userName, $.userName]\n      via: [lower]\n    - move: [\"$.emails[?@.type == 'work'].value\", $.title]\n    - \
         drop: $.locale\n    - set: $ninja.userType\n      value: x\n",
    );
    for (filter, ask, exact) in [
        (r#"nickName sw "N""#, Some(r#"displayName sw "N""#), true),
        // A value that no rule would have made is read as it is, and so it is found.
        (r#"externalId eq "7""#, Some(r#"externalId eq "x-7" or externalId eq "7""#), true),
        (r#"externalId ne "7""#, Some(r#"externalId ne "x-7" and externalId ne "7""#), true),
        (r#"externalId sw "7""#, Some(r#"externalId sw "x-7" or externalId sw "7""#), true),
        (r#"externalId sw "x""#, Some(r#"externalId sw "x-x" or externalId sw "x""#), false),
        (r#"externalId co "7""#, Some(r#"externalId co "7""#), false),
        (r#"userName sw "AN""#, Some(r#"userName sw "AN""#), false),
        (r#"userName eq "ANA""#, Some(r#"userName eq "ana""#), false),
        (r#"userName pr"#, Some("userName pr"), false),
        (r#"emails[type eq "work" and value eq "w"]"#, Some(r#"title eq "w""#), true),
        (r#"emails.value eq "w""#, None, false),
        (r#"locale eq "pt""#, None, false),
        (r#"active eq true and locale eq "pt""#, Some("active eq true"), false),
        (r#"active eq true or locale eq "pt""#, None, false),
        (r#"not (userName eq "ANA")"#, None, false),
        (r#"not (nickName eq "x")"#, Some(r#"not (displayName eq "x")"#), true),
        (r#"displayName eq "x""#, None, false),
        (r#"urn:ietf:params:scim:schemas:extension:ninjaone:2.0:User:userType eq "x""#, None, false),
        (r#"name.familyName eq "S""#, Some(r#"name.familyName eq "S""#), true),
    ] {
        let mapped = rules.filter(&Filter::parse(filter).unwrap());
        let shown = mapped.ask.map(|filter| filter.to_string());
        assert_eq!((shown.as_deref(), mapped.exact), (ask, exact), "{filter}");
    }
    let sort = |name: &str| rules.sort_by(&AttrPath::parse(name).unwrap()).map(|path| path.to_string());
    assert_eq!(sort("nickName").as_deref(), Some("displayName"));
    assert_eq!(sort("userName"), None);
    assert_eq!(sort("name.familyName").as_deref(), Some("name.familyName"));
}

#[test]
fn the_five_cases_of_patch() {
    let rules = lens(
        "    - move: [$.nickName, $.displayName]\n      via: [{ prefix: x- }]\n    - move: [$.userName, $.userName]\n      via: \
         [lower]\n    - drop: $.locale\n    - set: $ninja.organizationId\n      from: $ent.department\n      via: [table: \
         orgs]\n      else: All\n    - set: $.title\n      from: { a: $.name.givenName, b: $.name.familyName }\n      value: \
         \"{a} {b}\"\n",
    );
    let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    for (path, case) in [
        ("active", Case::Pass),
        ("nickName", Case::Rewrite),
        ("displayName", Case::Diff),
        ("userName", Case::Diff),
        ("locale", Case::Local),
        (department, Case::Recompute),
        ("name.givenName", Case::Recompute),
        ("title", Case::Diff),
    ] {
        assert_eq!(rules.case(&Path::parse(path).unwrap()), case, "{path}");
    }
    let direct = |operations: &str| {
        let operations: Vec<_> = value(operations)
            .items()
            .iter()
            .map(|op| crate::scim::patch::Operation::read(op).unwrap())
            .collect();
        let given = Given { operation: Operation::Patch, ..Given::default() };
        rules.direct(&operations, &given).unwrap().map(|direct| {
            let show = |list: &[crate::scim::patch::Operation]| {
                list.iter().map(|op| op.to_value().to_json()).collect::<Vec<_>>().join(" ")
            };
            (show(&direct.send), show(&direct.local))
        })
    };
    let both = format!(
        r#"[{{"op":"replace","path":"active","value":false}},{{"op":"replace","path":"nickName","value":"N"}},
            {{"op":"add","path":"locale","value":"pt"}},{{"op":"replace","path":"{department}","value":"Logistics"}}]"#
    );
    let (send, local) = direct(&both).unwrap();
    assert_eq!(
        send,
        format!(
            r#"{{"op":"replace","path":"active","value":false}} {{"op":"replace","path":"displayName","value":"x-N"}} {{"op":"replace","path":"{department}","value":"Logistics"}} {{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:ninjaone:2.0:User:organizationId","value":"23"}}"#
        )
    );
    assert_eq!(local, r#"{"op":"add","path":"locale","value":"pt"}"#);
    // Half of what a template needs is not enough; both halves are.
    assert!(direct(r#"[{"op":"replace","path":"name.givenName","value":"A"}]"#).is_none());
    let (send, _) = direct(
        r#"[{"op":"replace","path":"name.givenName","value":"A"},{"op":"replace","path":"name.familyName","value":"B"}]"#,
    )
    .unwrap();
    assert!(send.ends_with(r#"{"op":"replace","path":"title","value":"A B"}"#), "{send}");
    assert!(direct(r#"[{"op":"replace","path":"emails[type eq \"work\"].value","value":"w"}]"#).is_none());
    assert!(direct(r#"[{"op":"replace","path":"userName","value":"w"}]"#).is_none());
}

#[test]
fn what_is_refused_when_a_file_is_loaded() {
    for (rules, line, says) in [
        ("    - move: [$.nikName, $.title]\n", 13, "no attribute `nikName`"),
        ("    - set: $.department\n      value: x\n", 13, "no attribute `department`"),
        ("    - move: [\"$.emails[*].value\", $.title]\n", 13, "a written path names one attribute"),
        ("    - move: [$.emails.value, $.title]\n", 13, "emails is a list"),
        ("    - move: [$.title, $.nickName]\n      via: [loewr]\n", 14, "unknown function `loewr`"),
        ("    - move: [$.title, $.nickName]\n      via: [uuid]\n", 14, "`uuid` takes no value"),
        (
            "    - move: [$.title, $.nickName]\n      via: [{ word: 1 }]\n",
            14,
            "what the identity provider reads back",
        ),
        (
            "    - move: [$.title, $.nickName]\n      via: [table: many]\n",
            14,
            "what the identity provider reads back",
        ),
        ("    - move: [$.title, $.nickName]\n      via: [table: codez]\n", 14, "unknown table `codez`"),
        (
            "    - set: $.title\n      value: a\n    - set: $.title\n      value: b\n",
            15,
            "written already by the rule at line 13",
        ),
        ("    - set: $.title\n      value: \"{orgg}\"\n", 14, "`{orgg}` is no parameter"),
        ("    - set: $.title\n", 13, "`set` needs a `value` or a `from`"),
        (
            "    - set: $.title\n      value: x\n      when: $.a b == 'x'\n",
            15,
            "the expression cannot be used",
        ),
        ("    - set: $nija.userType\n      value: x\n", 13, "unknown prefix `$nija`"),
        ("    - drop: $.title\n      via: [lower]\n", 14, "`via` has no meaning with `drop`"),
        ("    - drop: $.title\n      hide: $.title\n", 14, "a rule has exactly one of"),
        ("    - set: $.name.middelName\n      value: x\n", 13, "name has no sub-attribute `middelName`"),
        ("    - set: $.title.text\n      value: x\n", 13, "title has no sub-attributes"),
        ("    - drop: title\n", 13, "a path begins with $"),
        ("    - move: [$.title]\n", 13, "`move` takes two paths"),
        ("    - drop: \"$.emails[?@.typ == 'work'].value\"\n", 13, "emails has no sub-attribute `typ`"),
        ("    - drop: \"$.emails[?@.type == 'work'].valeu\"\n", 13, "emails has no sub-attribute `valeu`"),
        (
            "    - drop: \"$.emails[?@.type == 'work' && @.primary == true]\"\n",
            13,
            "a written path names one",
        ),
        ("    - drop: \"$.name[?@.type == 'x']\"\n", 13, "name holds one value"),
        ("    - drop: \"$.title \"\n", 13, "a blank at character 8 does not belong"),
        ("    - drop: $.ti tle\n", 13, "a blank at character 5 does not belong"),
        (
            "    - set: $.title\n      from: \"$.emails[*].valeu\"\n",
            14,
            "emails has no sub-attribute `valeu`",
        ),
        (
            "    - set: $.title\n      from: \"$.emails[?length(@.value)]\"\n",
            14,
            "must be compared with something",
        ),
        ("    - set: $.title\n      from: \"$.emails[?match(@.value, '(')]\"\n", 14, "match() and search()"),
        ("    - set: $.title\n      from: \"$groups[*].name\"\n", 14, "a group of $groups has no `name`"),
        (
            "    - set: $.title\n      value: x\n      when: $groups[?@.display == 'x']\n",
            15,
            "a group of $groups has no `display`",
        ),
        ("    - set: $.title\n      value: x\n      when: $.emails.value == 'x'\n", 15, "emails is a list"),
        (
            "    - set: $.title\n      value: x\n      when: \"$.emails[?@.typ == 'x' || @.value]\"\n",
            15,
            "emails has no sub-attribute `typ`",
        ),
        ("    - set: $.title\n      value: x\n      when: $.nikName == 'x'\n", 15, "no attribute `nikName`"),
        (
            "    - set: $.title\n      value: x\n      when: $old.name.givn == 'x'\n",
            15,
            "no sub-attribute `givn`",
        ),
        ("    - refuse: $.title == {orgg}\n", 13, "unknown parameter `orgg`"),
        ("    - set: $.title\n      value: \"{x\"\n", 14, "a brace stands alone"),
        ("    - drop: $.title\n      back: invert\n", 14, "`back: invert` has no meaning here"),
        (
            "    - move: [$.title, $.nickName]\n      via: [{ fit: 3 }]\n      back: invert\n",
            15,
            "this rule cannot be undone",
        ),
        ("    - move: [$.title, $.nickName]\n      when: $.active\n", 14, "the rule does not always apply"),
        (
            "    - move: [$.title, $.nickName]\n    - move: [$.locale, $.nickName]\n",
            14,
            "written already by the rule at line 13",
        ),
    ] {
        let (_, mistakes) = compiled(rules, None);
        let found = mistakes.iter().find(|m| m.span.line == line && m.message.contains(says));
        assert!(found.is_some_and(|mistake| mistake.hint.is_some()), "{rules}\n{mistakes:?}");
    }
    let (_, mistakes) = compiled("    - drop: $.title\n", Some("organisation: x\norg: [1]\n"));
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
}

#[test]
fn a_rule_that_does_not_read_back_has_a_witness() {
    let good = lens(
        "    - move: [$.title, $.nickName]\n      via: [{ swap: [a, b] }]\n    - move: [$.locale, $.locale]\n      via: [locale]\n",
    );
    assert!(witnesses(&good).is_empty(), "{:?}", witnesses(&good));
    // Two rules fight over one place: what the first moves is overwritten.
    let bad = lens(
        "    - move: [$.title, $.nickName]\n    - set: $.nickName\n      value: x\n      when: $.userName\n",
    );
    let found = witnesses(&bad);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].place.as_str(), found[0].rule.line), ("title", 13));
    assert_eq!(found[0].written.as_str(), Some("a"), "the shortest that shows it");
    let both = lens(
        "    - move: [$.title, $.nickName]\n    - set: $.nickName\n      value: x\n      when: $.userName\n    - move: [$.locale, $.timezone]\n    - set: $.timezone\n      value: y\n      when: $.userName\n",
    );
    let lines: Vec<_> = witnesses(&both).iter().map(|witness| witness.rule.line).collect();
    assert_eq!(lines, [13, 17], "one for every rule");
}
