//! The examples of RFC 7644 and the corners that the bridge's own engines are held against.

use serde_json::{Value, json};

use super::{apply_patch, filter_matches};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn barbara() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "id": "2819c223-7F76",
        "externalId": "bJensen",
        "userName": "bjensen",
        "name": { "familyName": "O'Malley", "givenName": "Barbara" },
        "title": "Tour Guide",
        "nickName": "",
        "userType": "Employee",
        "active": true,
        "emails": [
            { "value": "bjensen@example.com", "type": "work", "primary": true },
            { "value": "babs@jensen.org", "type": "home" }
        ],
        "ims": [{ "value": "x@foo.com", "type": "xmpp" }],
        "profileUrl": "https://login.example.com/bjensen",
        "x": 7,
        "meta": { "created": "2010-01-23T04:56:22Z", "lastModified": "2011-05-13T04:42:34.5Z", "resourceType": "User" },
        ENTERPRISE: { "department": "Tour Operations", "manager": { "value": "26118915", "displayName": "John Smith" } }
    })
}

#[test]
fn filters_match_as_the_rfc_says() {
    let yes = [
        // The examples of RFC 7644 §3.4.2.2, those that are true of Barbara.
        r#"userName eq "bjensen""#,
        r#"name.familyName co "O'Malley""#,
        r#"userName sw "B""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "B""#,
        "title pr",
        r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
        r#"meta.lastModified ge "2011-05-13T04:42:34Z""#,
        r#"title pr and userType eq "Employee""#,
        r#"title pr or userType eq "Intern""#,
        r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#,
        r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
        r#"userType ne "Intern" and not (emails co "example.net" or emails.value co "example.net")"#,
        r#"userType eq "Employee" and (emails.type eq "work")"#,
        r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#,
        r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@bar.com"]"#,
        // Names and operators have no case; text has none unless the attribute says so.
        r#"USERNAME EQ "BJensen""#,
        r#"NOT (active eq false) AND title PR"#,
        r#"id eq "2819c223-7F76""#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department sw "tour""#,
        r#"urn:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User:manager.value eq "26118915""#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "26118915""#,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr",
        // `and` binds tighter than `or`; grouping changes it.
        r#"title pr or userType eq "Intern" and active eq false"#,
        r#"not(title co "x")"#,
        r#"((userName eq "bjensen"))"#,
        // Unassigned, null and the empty list are one thing; "" is a value that is not present.
        "displayName eq null",
        r#"displayName ne "x""#,
        "title ne null",
        r#"nickName eq """#,
        r#"not (nickName pr)"#,
        // Any value of a multi-valued attribute is enough, also for `ne`.
        r#"emails.type ne "work""#,
        "emails.primary eq true",
        // Numbers are numbers, instants are instants, strings are JSON.
        "x eq 7.0",
        "x lt 1e1",
        r#"meta.created eq "2010-01-23T05:56:22+01:00""#,
        r#"userName eq "bjens\u0065n""#,
        r#"emails[not (type eq "home") and primary eq true]"#,
    ];
    let no = [
        r#"userType ne "Employee""#,
        r#"id eq "2819c223-7f76""#,
        r#"externalId eq "bjensen""#,
        r#"meta.resourceType eq "user""#,
        r#"emails[type eq "home" and value co "@example.com"]"#,
        r#"(title pr or userType eq "Intern") and active eq false"#,
        r#"active eq "true""#,
        "displayName pr",
        "displayName ne null",
        r#"nosuch eq "x""#,
        r#"nosuch[value eq "x"]"#,
        r#"x gt "1""#,
        r#"manager eq "26118915""#,
        r#"meta.created lt "2010-01-23T04:56:22.000Z""#,
    ];
    for filter in yes {
        assert_eq!(filter_matches(filter, &barbara()), Ok(true), "{filter}");
    }
    for filter in no {
        assert_eq!(filter_matches(filter, &barbara()), Ok(false), "{filter}");
    }
}

#[test]
fn what_is_not_in_the_grammar_is_an_invalid_filter() {
    let deep = format!("{}a pr{}", "(".repeat(5000), ")".repeat(5000));
    let bad = [
        "",
        " ",
        "userName",
        "userName eq",
        "userName eq ",
        r#"userName xx "a""#,
        "userName eq bjensen",
        "userName eq 'bjensen'",
        "active eq True",
        r#" userName eq "a""#,
        r#"userName eq "a" "#,
        r#"userName  eq "a""#,
        r#"userName eq  "a""#,
        r#"userName eq "a" and"#,
        r#"userName eq "a" and "#,
        r#"and userName eq "a""#,
        r#"(userName eq "a""#,
        r#"userName eq "a")"#,
        r#"not userName eq "a""#,
        r#"userName eq "a"#,
        r#"emails[type eq "work"].value eq "x""#,
        r#"emails[type eq "work""#,
        r#"emails[emails[a pr]]"#,
        "emails[]",
        r#"a.b.c eq "x""#,
        r#"1a eq "x""#,
        r#"foo:userName eq "x""#,
        r#"userName eq "a"or title pr"#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager eq "x""#,
        "active gt true",
        "title gt null",
        "title co 5",
        "title sw true",
        "x eq 01",
        "x eq [1]",
        r#"x eq {"a":1}"#,
        "title pr title pr",
        r#"userName eq "a\q""#,
        deep.as_str(),
    ];
    for filter in bad {
        let refusal = filter_matches(filter, &barbara()).map_err(|refusal| refusal.scim_type);
        assert_eq!(refusal, Err("invalidFilter"), "{filter}");
    }
}

/// Applies `operations` to Barbara and gives the attribute `name` of the result.
fn patched(operations: &Value, name: &str) -> Value {
    apply_patch(&barbara(), operations).unwrap()[name].clone()
}

#[test]
fn add_as_in_the_rfc() {
    // Figure: a value without a path is a set of attributes to add.
    let operations = json!([{ "op": "add", "value": {
        "emails": [{ "value": "babs@example.net", "type": "other" }], "nickname": "Babs" } }]);
    let after = apply_patch(&barbara(), &operations).unwrap();
    assert_eq!(after["emails"].as_array().unwrap().len(), 3);
    assert_eq!(after["nickName"], "Babs", "the name is found in whatever case");

    // "If the target location already contains the value specified, no changes SHOULD be made".
    let same =
        json!([{ "op": "add", "path": "emails", "value": [{ "type": "home", "value": "babs@jensen.org" }] }]);
    assert_eq!(apply_patch(&barbara(), &same), Ok(barbara()));

    let members = |value: Value| json!([{ "op": "add", "path": "members", "value": value }]);
    let group = json!({ "schemas": [], "members": [{ "value": "a", "display": "A" }] });
    let after = apply_patch(&group, &members(json!([{ "value": "a" }, { "value": "b" }]))).unwrap();
    assert_eq!(after["members"], json!([{ "value": "a", "display": "A" }, { "value": "b" }]));
    let after = apply_patch(&json!({}), &members(json!({ "value": "b" }))).unwrap();
    assert_eq!(after["members"], json!([{ "value": "b" }]), "one value for a list is a list of one");

    let cases = [
        (
            json!([{ "op": "add", "path": "name.middleName", "value": "Jane" }]),
            "name",
            json!({ "familyName": "O'Malley", "givenName": "Barbara", "middleName": "Jane" }),
        ),
        (
            json!([{ "op": "add", "path": "name", "value": { "givenName": "B" } }]),
            "name",
            json!({ "familyName": "O'Malley", "givenName": "B" }),
        ),
        (json!([{ "op": "add", "path": "title", "value": "Boss" }]), "title", json!("Boss")),
        (json!([{ "op": "add", "path": "title", "value": null }]), "title", json!("Tour Guide")),
        (
            json!([{ "op": "add", "path": "emails[type eq \"home\"].display", "value": "h" }]),
            "emails",
            json!([{ "value": "bjensen@example.com", "type": "work", "primary": true },
                   { "value": "babs@jensen.org", "type": "home", "display": "h" }]),
        ),
        (
            json!([{ "op": "add", "path": format!("{ENTERPRISE}:division"), "value": "D" }]),
            ENTERPRISE,
            json!({ "department": "Tour Operations", "division": "D",
                    "manager": { "value": "26118915", "displayName": "John Smith" } }),
        ),
        (
            json!([{ "op": "add", "value": { ENTERPRISE: { "department": "X" } } }]),
            ENTERPRISE,
            json!({ "department": "X", "manager": { "value": "26118915", "displayName": "John Smith" } }),
        ),
    ];
    for (operations, name, expected) in cases {
        assert_eq!(patched(&operations, name), expected, "{operations}");
    }
}

#[test]
fn remove_as_in_the_rfc() {
    let cases = [
        (json!([{ "op": "remove", "path": "title" }]), "title", json!(null)),
        (json!([{ "op": "remove", "path": "displayName" }]), "displayName", json!(null)),
        (json!([{ "op": "remove", "path": "emails" }]), "emails", json!(null)),
        (
            json!([{ "op": "remove", "path": "emails[type eq \"home\"]" }]),
            "emails",
            json!([{ "value": "bjensen@example.com", "type": "work", "primary": true }]),
        ),
        // "if no other values remain after removal […] the attribute SHALL be considered unassigned"
        (json!([{ "op": "remove", "path": "emails[value pr]" }]), "emails", json!(null)),
        (
            json!([{ "op": "remove", "path": "ims[type eq \"xmpp\"].type" }]),
            "ims",
            json!([{ "value": "x@foo.com" }]),
        ),
        (
            json!([{ "op": "remove", "path": "emails.primary" }]),
            "emails",
            json!([{ "value": "bjensen@example.com", "type": "work" }, { "value": "babs@jensen.org", "type": "home" }]),
        ),
        (
            json!([{ "op": "remove", "path": "name.givenName" }, { "op": "remove", "path": "name.familyName" }]),
            "name",
            json!(null),
        ),
        (
            json!([{ "op": "remove", "path": format!("{ENTERPRISE}:manager") }]),
            ENTERPRISE,
            json!({ "department": "Tour Operations" }),
        ),
        (
            json!([{ "op": "remove", "path": ENTERPRISE }]),
            "schemas",
            json!(["urn:ietf:params:scim:schemas:core:2.0:User"]),
        ),
    ];
    for (operations, name, expected) in cases {
        assert_eq!(patched(&operations, name), expected, "{operations}");
    }
}

#[test]
fn replace_as_in_the_rfc() {
    let cases = [
        (
            json!([{ "op": "replace", "path": "emails", "value": [{ "value": "n@x.example" }] }]),
            "emails",
            json!([{ "value": "n@x.example" }]),
        ),
        (json!([{ "op": "replace", "path": "emails", "value": [] }]), "emails", json!(null)),
        (
            json!([{ "op": "replace", "path": "name", "value": { "givenName": "B", "familyName": null } }]),
            "name",
            json!({ "givenName": "B" }),
        ),
        (
            json!([{ "op": "replace", "path": "emails[type eq \"work\"]", "value": { "value": "n@x.example" } }]),
            "emails",
            json!([{ "value": "n@x.example" }, { "value": "babs@jensen.org", "type": "home" }]),
        ),
        (
            json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "n@x.example" }]),
            "emails",
            json!([{ "value": "n@x.example", "type": "work", "primary": true },
                   { "value": "babs@jensen.org", "type": "home" }]),
        ),
        (json!([{ "op": "replace", "path": "displayName", "value": "new" }]), "displayName", json!("new")),
        (json!([{ "op": "replace", "value": { "active": false, "title": "T" } }]), "active", json!(false)),
        (
            json!([{ "op": "replace", "path": format!("{ENTERPRISE}:manager.value"), "value": "9" }]),
            ENTERPRISE,
            json!({ "department": "Tour Operations", "manager": { "value": "9", "displayName": "John Smith" } }),
        ),
    ];
    for (operations, name, expected) in cases {
        assert_eq!(patched(&operations, name), expected, "{operations}");
    }
    let plain = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a" });
    let after = apply_patch(
        &plain,
        &json!([{ "op": "replace", "path": format!("{ENTERPRISE}:division"), "value": "D" }]),
    );
    let after = after.unwrap();
    assert_eq!(after[ENTERPRISE], json!({ "division": "D" }));
    assert_eq!(after["schemas"][1], ENTERPRISE);
}

#[test]
fn one_value_is_primary() {
    let home = json!([{ "op": "replace", "path": "emails[type eq \"home\"].primary", "value": true }]);
    let primaries = |emails: Value| -> Vec<Value> {
        emails.as_array().unwrap().iter().map(|email| email["primary"].clone()).collect()
    };
    assert_eq!(primaries(patched(&home, "emails")), [json!(false), json!(true)]);
    let new =
        json!([{ "op": "add", "path": "emails", "value": [{ "value": "n@x.example", "primary": true }] }]);
    assert_eq!(primaries(patched(&new, "emails")), [json!(false), json!(null), json!(true)]);
    let beside = json!([{ "op": "add", "path": "emails", "value": [
        { "value": "bjensen@example.com", "type": "work", "display": "b" }, { "value": "n@x.example", "primary": true }] }]);
    assert_eq!(primaries(patched(&beside, "emails")), [json!(false), json!(null), json!(true)]);
    let two = json!([{ "op": "replace", "path": "emails", "value": [
        { "value": "a", "primary": true }, { "value": "b", "primary": true }] }]);
    assert_eq!(apply_patch(&barbara(), &two).map_err(|refusal| refusal.scim_type), Err("invalidValue"));
}

#[test]
fn what_cannot_be_done_is_refused_by_its_keyword() {
    let cases = [
        ("invalidSyntax", json!([])),
        ("invalidSyntax", json!({ "op": "add" })),
        ("invalidSyntax", json!([{ "op": "Replace", "path": "title", "value": "x" }])),
        ("invalidSyntax", json!([{ "op": "replace", "path": "title", "value": "x", "name": "n" }])),
        ("invalidSyntax", json!([{ "op": "replace", "value": { "name.givenName": "x" } }])),
        ("invalidSyntax", json!([{ "op": "replace", "value": { format!("{ENTERPRISE}:department"): "x" } }])),
        ("invalidPath", json!([{ "op": "replace", "path": null, "value": { "title": "x" } }])),
        ("invalidPath", json!([{ "op": "replace", "path": "", "value": "x" }])),
        ("invalidPath", json!([{ "op": "replace", "path": "name.a.b", "value": "x" }])),
        ("invalidPath", json!([{ "op": "replace", "path": format!("{ENTERPRISE}.manager"), "value": "x" }])),
        ("invalidPath", json!([{ "op": "replace", "path": "emails[type eq \"work\"]value", "value": "x" }])),
        (
            "invalidPath",
            json!([{ "op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User", "value": {} }]),
        ),
        ("invalidPath", json!([{ "op": "add", "path": "title.x", "value": "x" }])),
        ("invalidFilter", json!([{ "op": "replace", "path": "emails[type eq work].value", "value": "x" }])),
        ("noTarget", json!([{ "op": "remove" }])),
        ("noTarget", json!([{ "op": "replace", "path": "emails[type eq \"other\"].value", "value": "x" }])),
        ("noTarget", json!([{ "op": "add", "path": "addresses[type eq \"work\"].country", "value": "x" }])),
        ("noTarget", json!([{ "op": "remove", "path": "emails[type eq \"other\"]" }])),
        ("mutability", json!([{ "op": "replace", "path": "id", "value": "x" }])),
        ("mutability", json!([{ "op": "replace", "value": { "id": "x", "title": "y" } }])),
        ("mutability", json!([{ "op": "add", "path": "groups", "value": [{ "value": "g" }] }])),
        ("mutability", json!([{ "op": "replace", "path": "meta.created", "value": "x" }])),
        ("mutability", json!([{ "op": "remove", "path": "userName" }])),
        ("mutability", json!([{ "op": "replace", "path": "members[value eq \"a\"].value", "value": "b" }])),
        ("invalidValue", json!([{ "op": "replace", "path": "title" }])),
        ("invalidValue", json!([{ "op": "replace", "value": "x" }])),
        ("invalidValue", json!([{ "op": "replace", "path": "name", "value": "x" }])),
        ("invalidValue", json!([{ "op": "remove", "path": "members", "value": [{ "value": "a" }] }])),
    ];
    for (keyword, operations) in cases {
        let refusal = apply_patch(&barbara(), &operations).map_err(|refusal| refusal.scim_type);
        assert_eq!(refusal, Err(keyword), "{operations}");
    }
}

#[test]
fn operations_are_applied_in_order_or_not_at_all() {
    let operations = json!([
        { "op": "add", "path": "title", "value": "a" },
        { "op": "replace", "path": "title", "value": "b" },
        { "op": "remove", "path": "ims" },
    ]);
    let after = apply_patch(&barbara(), &operations).unwrap();
    assert_eq!((&after["title"], after.get("ims")), (&json!("b"), None));
    let half = json!([{ "op": "remove", "path": "title" }, { "op": "remove", "path": "id" }]);
    assert!(apply_patch(&barbara(), &half).is_err());
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in r#"([a-z.:\[\]()" ]|eq|and|not|pr|\\PC){0,40}"#) {
        if let Err(refusal) = filter_matches(&text, &barbara()) {
            assert_eq!(refusal.scim_type, "invalidFilter");
        }
        let _ = apply_patch(&barbara(), &json!([{ "op": "replace", "path": text, "value": text }]));
    }

    #[test]
    fn a_filter_and_its_negation_never_agree(value in "[a-c]{0,2}", stored in proptest::option::of("[a-c]{0,2}")) {
        let resource = json!({ "title": stored });
        for operator in ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"] {
            let filter = format!("title {operator} \"{value}\"");
            let negation = filter_matches(&format!("not ({filter})"), &resource);
            assert_eq!(filter_matches(&filter, &resource).map(|is| !is), negation, "{filter}");
        }
        let equal = filter_matches(&format!("title eq \"{value}\""), &resource).unwrap();
        let unequal = filter_matches(&format!("title ne \"{value}\""), &resource).unwrap();
        assert_ne!(equal, unequal, "one value is equal or it is not");
    }
}
