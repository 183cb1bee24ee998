//! The forms in which vendors want members and operations written, and in which they show members.

use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan};
use crate::peer::script::{self, Asked, Script};

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

async fn bridge(groups: &str, script: &Script) -> Bridge {
    // What is about members is no user's.
    let users = if groups.contains("members:") { "" } else { groups };
    let mapping = format!(
        "format: 1\nvendor: Odd\nprofile:\n  resources:\n    Groups: {{ {groups} }}\n    Users: {{ {users} }}\n"
    );
    let mut plan = Plan::new().file("odd.yaml", &mapping);
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./odd.yaml").done();
    plan.start().await
}

fn group(members: &[&str]) -> Value {
    let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({ "schemas": [GROUP], "id": "g1", "displayName": "Staff", "members": members })
}

/// A vendor that takes everything, and has a group of two.
async fn taker() -> Script {
    Script::start(|asked: &Asked| match (asked.method.as_str(), asked.path.as_str()) {
        (_, "/Groups/g1") => (200, group(&["a", "b"])),
        ("GET", _) => (200, json!({ "schemas": [USER], "id": "u1", "userName": "ana", "active": true })),
        _ => (204, Value::Null),
    })
    .await
}

fn written(script: &Script) -> Vec<Value> {
    script.asked().into_iter().filter(|asked| asked.method != "GET").map(|asked| asked.body).collect()
}

fn message(operations: &Value) -> Value {
    json!({ "schemas": [PATCH_OP], "Operations": operations })
}

#[tokio::test]
async fn members_are_added_and_taken_out_as_the_vendor_reads_it() {
    let (c, add) =
        (json!([{ "value": "c" }]), json!([{ "op": "add", "path": "members", "value": [{ "value": "c" }] }]));
    let remove = json!([{ "op": "remove", "path": "members[value eq \"a\"]" }]);
    let usual = message(&remove);
    let part = json!({ "schemas": [GROUP], "members": c });
    let leaver = json!({ "schemas": [GROUP], "members": [{ "value": "a", "operation": "delete" }] });
    let pathless = message(&json!([{ "op": "add", "value": { "members": c } }]));
    for (profile, added, removed) in [
        ("", message(&add), &usual),
        ("members: { add_form: path_array, remove_form: all }", message(&add), &usual),
        ("members: { add_form: pathless_object }", pathless.clone(), &usual),
        ("patch: { pathless: required_for_members }, members: {}", pathless, &usual),
        (
            "members: { add_form: path_object }",
            message(&json!([{ "op": "add", "path": "members", "value": { "members": c } }])),
            &usual,
        ),
        ("members: { add_form: partial_resource }", part.clone(), &usual),
        ("members: { remove_form: v1_operation }", message(&add), &leaver),
        ("members: { add_form: partial_resource, remove_form: v1_operation }", part, &leaver),
    ] {
        let script = taker().await;
        let bridge = bridge(profile, &script).await;
        let idp = bridge.client();
        assert!(idp.patch("/Groups/g1", &add).await.status < 300);
        assert_eq!(written(&script), [added], "{profile}");
        assert!(idp.patch("/Groups/g1", &remove).await.status < 300);
        assert_eq!(written(&script), std::slice::from_ref(removed), "{profile}");
        // A name is no member.
        let rename = json!([{ "op": "replace", "path": "displayName", "value": "Crew" }]);
        assert!(idp.patch("/Groups/g1", &rename).await.status < 300);
        assert_eq!(written(&script), [message(&rename)], "{profile}");
    }
}

#[tokio::test]
async fn operations_are_written_as_the_vendor_reads_them() {
    let given = json!([
        { "op": "replace", "path": "active", "value": false },
        { "op": "replace", "path": "name.givenName", "value": "Ana" },
        { "op": "remove", "path": "title" },
    ]);
    for (form, expected) in [
        ("", given.clone()),
        ("op_case: lower, bool_strings: false, split_pathless: true, dotted_keys: false", given.clone()),
        (
            "op_case: capital, bool_strings: true",
            json!([
                { "op": "Replace", "path": "active", "value": "False" },
                { "op": "Replace", "path": "name.givenName", "value": "Ana" },
                { "op": "Remove", "path": "title" },
            ]),
        ),
        (
            "dotted_keys: true",
            json!([
                { "op": "replace", "value": { "active": false } },
                { "op": "replace", "value": { "name.givenName": "Ana" } },
                { "op": "remove", "path": "title" },
            ]),
        ),
    ] {
        let script = taker().await;
        let bridge = bridge(&format!("patch: {{ op_form: {{ {form} }} }}"), &script).await;
        let answer = bridge.client().patch("/Users/u1", &given).await;
        assert!(answer.status < 300, "{form}: {}", answer.text);
        assert_eq!(written(&script), [message(&expected)], "{form}");
    }
}

#[tokio::test]
async fn a_group_has_no_more_members_than_the_vendor_takes() {
    for (most, status, calls) in [("", 200, 1), ("hard_max: 3", 200, 1), ("hard_max: 2", 400, 0)] {
        let script = taker().await;
        let bridge = bridge(&format!("members: {{ {most} }}"), &script).await;
        let idp = bridge.client();
        let answer = idp.put("/Groups/g1", &group(&["a", "b", "c"])).await;
        assert_eq!((answer.status, written(&script).len()), (status, calls), "{most}: {}", answer.text);
        if status == 400 {
            assert_eq!(answer.body["scimType"], "tooMany");
            assert!(answer.body["detail"].as_str().unwrap().contains("at most 2 members"), "{}", answer.text);
            assert_eq!(idp.put("/Groups/g1", &group(&["b"])).await.status, 200, "fewer are taken");
            assert_eq!(idp.post("/Groups", &group(&["a", "b", "c"])).await.status, 400);
        }
    }
}

/// A vendor that shows three of seven members at most, with a group or, two a page, below it.
async fn capped() -> Script {
    const ALL: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
    Script::start(|asked: &Asked| {
        let number = |name: &str| {
            let pair = asked.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            pair.and_then(|text| text.parse::<usize>().ok())
        };
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/Groups/g1/Members") => {
                let start = number("startIndex").unwrap_or(1);
                let page: Vec<_> =
                    ALL.iter().skip(start - 1).take(2).map(|id| json!({ "value": id })).collect();
                (200, json!({ "totalResults": 7, "startIndex": start, "members": page }))
            }
            ("GET", "/Groups") => (200, script::list(&[group(&ALL[..3])])),
            ("GET", _) if asked.query.contains("withMembers=yes") => (200, group(&ALL)),
            _ => (200, group(&ALL[..3])),
        }
    })
    .await
}

#[tokio::test]
async fn members_are_shown_that_the_vendor_shows_when_asked_in_its_way() {
    let list_path = "members: { returned: { capped: { n: 3, member_list_path: Members } } }";
    let flag = "members: { returned: { flag: { param: withMembers, value: 'yes' } } }";
    for (profile, shown) in [
        ("", 3),
        ("members: { returned: always }", 3),
        ("members: { returned: { capped: 3 } }", 7),
        (list_path, 7),
        // Fewer than that are all that there are.
        ("members: { returned: { capped: 4 } }", 3),
        (flag, 7),
    ] {
        let script = capped().await;
        let bridge = bridge(profile, &script).await;
        let idp = bridge.client();
        let number = |body: &Value| body["members"].as_array().map_or(0, Vec::len);
        let read = idp.get("/Groups/g1").await;
        assert_eq!((read.status, number(&read.body)), (200, shown), "{profile}: {}", read.text);
        script.asked();
        idp.get("/Groups/g1?excludedAttributes=members").await;
        let asked = script.asked();
        assert!(asked.len() == 1 && !asked[0].query.contains("withMembers"), "{profile}: {asked:?}");
        if profile.contains("capped: 3") || profile == list_path {
            let listed = idp.get("/Groups").await;
            assert_eq!(number(&listed.body["Resources"][0]), 7, "{profile}");
        }
        // What a PUT leaves out leaves, even what the vendor did not show at first; its answer may lack members.
        let told = if profile.contains("capped") || profile == flag { 1 } else { 3 };
        let put = idp.put("/Groups/g1", &group(&["a"])).await;
        assert_eq!((put.status, number(&put.body)), (200, told), "{profile}");
        let gone = written(&script)[0]["Operations"].as_array().unwrap().len();
        assert_eq!(gone, shown - 1, "{profile}");
    }
}
