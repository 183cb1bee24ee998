//! Whatever a client may say, in whatever dialect it is read: nothing panics, and what is understood is canonical, so that
//! the strict dialect reads it as it is.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use scim_bridge::dialect::{Dialect, Hints, Options, Rule, Speaker, Touched};
use scim_bridge::scim::json::{Limits, Value as Ours};
use scim_bridge::scim::patch::{self, Operation};
use scim_bridge::scim::resource::Write;
use scim_bridge::scim::{Catalog, ResourceType};
use serde_json::{Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// As it is read from the wire; nothing if it is refused there already, for a name that stands twice.
fn ours(value: &Value) -> Option<Ours> {
    Ours::read(value.to_string().as_bytes(), &Limits::REQUEST).ok()
}

/// Names as clients write them, and some that nobody does.
fn key() -> impl Strategy<Value = String> {
    let plain = select(vec![
        "userName",
        "USERNAME",
        "displayName",
        "title",
        "active",
        "name",
        "emails",
        "roles",
        "phoneNumbers",
        "addresses",
        "members",
        "externalId",
        "id",
        "meta",
        "groups",
        "schemas",
        "manager",
        "department",
        "locale",
        "custom",
        "password",
        "value",
        "type",
        "primary",
        "display",
        "$ref",
        "operation",
        "managerId",
        "givenName",
        "name.givenName",
        "emails.value",
        "manager.value",
        "a b",
        "",
        "é",
        "urn:",
        "urn:okta:custom:group:1.0",
        "urn:scim:schemas:extension:enterprise:1.0",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0User",
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:x:1.0:User",
        "urn:a<b:1.0:User",
        "urn:a<b:1.0:User:c",
    ])
    .prop_map(str::to_owned);
    let extension = select(vec!["", ":department", ":manager", ":manager.value", ".department", ":x", ":"])
        .prop_map(|end| format!("{ENTERPRISE}{end}"));
    prop_oneof![6 => plain, 1 => extension]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => select(vec!["", "x", "True", "false", "work", "delete", "en_US", "add", "{\"value\":\"1\",\"id\":2}", "{", "a%40b"])
            .prop_map(|text| json!(text)),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(|is| json!(is)),
        1 => any::<i32>().prop_map(|number| json!(number)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![vec(inner.clone(), 0..3).prop_map(|items| json!(items)), object(inner)]
    })
}

fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    vec((key(), inner), 0..5).prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn path() -> impl Strategy<Value = Value> {
    let element = (key(), comparison(), select(vec!["", ".value", ".x", "."]))
        .prop_map(|(key, inner, end)| json!(format!("{key}[{inner}]{end}")));
    prop_oneof![
        4 => key().prop_map(|key| json!(key)),
        2 => element,
        1 => select(vec![json!("members[value eq \"u\"]"), Value::Null, json!(7), json!("emails[type eq \"work\"].value")]),
    ]
}

fn operation() -> impl Strategy<Value = Value> {
    let op = select(vec!["add", "Add", "replace", "Replace", "remove", "Remove", "REMOVE", "move"]);
    (op, proptest::option::weighted(0.7, path()), proptest::option::weighted(0.8, value())).prop_map(
        |(op, path, value)| {
            let members = [("op", Some(json!(op))), ("path", path), ("value", value)];
            members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
        },
    )
}

fn comparison() -> impl Strategy<Value = String> {
    let operator = select(vec!["eq", "Eq", "ne", "co", "sw", "gt", "le", "pr", "is"]);
    let literal = select(vec![
        "\"x\"",
        "x",
        "\"True\"",
        "true",
        "null",
        "7",
        "\"a%40b\"",
        "\"%zz\"",
        "\"%00\"",
        "t\u{0}t",
        "\"",
        "PRIMARY/ops",
        "",
    ]);
    (key(), operator, literal).prop_map(|(key, operator, literal)| {
        if operator == "pr" { format!("{key} pr") } else { format!("{key} {operator} {literal}") }
    })
}

fn filter() -> impl Strategy<Value = String> {
    let element =
        (key(), comparison(), comparison()).prop_map(|(key, inner, after)| format!("{key}[{inner}].{after}"));
    let leaf = prop_oneof![4 => comparison(), 1 => element];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("not ({one})")),
            (inner.clone(), select(vec!["and", "OR"]), inner)
                .prop_map(|(a, word, b)| format!("({a}) {word} {b}")),
        ]
    })
}

fn speaker() -> impl Strategy<Value = Speaker> {
    let off = vec(select(Rule::ALL.to_vec()), 0..3);
    (select(Dialect::ALL.to_vec()), any::<bool>(), proptest::option::weighted(0.3, off)).prop_map(
        |(dialect, partial_members_replace, off)| {
            let off = off.into_iter().flatten().collect();
            Speaker::of(&Options { dialect, partial_members_replace, off }, &Hints::default())
        },
    )
}

fn catalog() -> impl Strategy<Value = Catalog> {
    select(ResourceType::ALL.to_vec()).prop_map(Catalog::standard)
}

fn strict() -> Speaker {
    Speaker::of(&Options { dialect: Dialect::Rfc, ..Options::default() }, &Hints::default())
}

/// Rules that leave a form as it is, where they are off, may leave what is not canonical.
fn all_on(speaker: &Speaker) -> Speaker {
    Speaker::of(&Options { dialect: speaker.dialect(), ..Options::default() }, &Hints::default())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_body_that_is_understood_is_canonical(
        speaker in speaker(), catalog in catalog(), body in object(value()), named in any::<bool>(), creates in any::<bool>(),
    ) {
        let mut body = body;
        if named {
            body["userName"] = json!("ana");
            body["displayName"] = json!("Ana");
        }
        let write = if creates { Write::Create } else { Write::Replace };
        let Some(body) = ours(&body) else { return Ok(()) };
        let _ = speaker.resource(body.clone(), &catalog, write, &mut Touched::default());
        if let Ok(read) = all_on(&speaker).resource(body, &catalog, write, &mut Touched::default()) {
            let mut touched = Touched::default();
            let again = strict().resource(read.clone(), &catalog, write, &mut touched);
            prop_assert_eq!(again.map(|again| again.to_json()), Ok(read.to_json()));
            prop_assert!(touched.rules().is_empty());
        }
    }

    #[test]
    fn a_patch_that_is_understood_is_canonical(
        speaker in speaker(), catalog in catalog(), operations in vec(operation(), 1..4), part in object(value()),
    ) {
        let mut partial = part;
        partial["schemas"] = json!(["urn:scim:schemas:core:1.0"]);
        for body in [json!({ "Operations": operations }), partial] {
            let Some(body) = ours(&body) else { continue };
            let _ = speaker.operations(&body, &catalog, &mut Touched::default());
            let Ok(read) = all_on(&speaker).operations(&body, &catalog, &mut Touched::default()) else { continue };
            if read.is_empty() {
                continue; // it changes nothing, and the RFC has no message for that
            }
            let plain: Vec<String> = read.iter().map(|operation| operation.to_value().to_json()).collect();
            let again = strict().operations(&patch::message(&read), &catalog, &mut Touched::default());
            let again = again.map(|again| again.iter().map(|one: &Operation| one.to_value().to_json()).collect::<Vec<_>>());
            prop_assert_eq!(again, Ok(plain));
        }
    }

    #[test]
    fn a_filter_that_is_understood_is_canonical(speaker in speaker(), catalog in catalog(), text in filter()) {
        let _ = speaker.filter(&text, &catalog, &mut Touched::default());
        if let Ok(read) = all_on(&speaker).filter(&text, &catalog, &mut Touched::default()) {
            let printed = read.to_string();
            let again = strict().filter(&printed, &catalog, &mut Touched::default());
            prop_assert_eq!(again.map(|again| again.to_string()), Ok(printed));
        }
    }
}
