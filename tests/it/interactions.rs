//! Deviations of a vendor that meet: each pair with a test of its own, since each of the two is right alone.

use scim_bridge::simulator::Vendor;
use serde_json::{Value, json};

use crate::attributes::{bridge, found, replace, users};
use crate::peer::bridge::{Plan, TOKEN, vendor};
use crate::peer::client::Client;
use crate::peer::directory::Directory;
use crate::peer::script::{self, Asked};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// 3: `attrs.create_only` and a rename by the identity provider.
#[tokio::test]
async fn what_only_a_creation_sets_does_not_drift_without_end() {
    let (idp, vendor, _bridge) =
        bridge(&users("attrs: { create_only: [displayName] }"), Directory::default()).await;
    let user =
        json!({ "schemas": [USER], "userName": "ana", "displayName": "Ana", "title": "Dr", "active": true });
    let id = idp.post("/Users", &user).await.body["id"].as_str().unwrap().to_owned();
    let path = format!("/Users/{id}");
    vendor.writes();
    assert_eq!(idp.patch(&path, &replace("displayName", "Ana Silva")).await.body["displayName"], "Ana Silva");
    for _ in 0..3 {
        // What it reads is what it wrote, and what it writes again is sent to nobody.
        let read = idp.get(&path).await.body;
        assert_eq!(read["displayName"], "Ana Silva");
        assert_eq!(idp.put(&path, &read).await.status, 200);
        assert_eq!(
            idp.patch(&path, &replace("displayName", "Ana Silva")).await.body["displayName"],
            "Ana Silva"
        );
    }
    assert_eq!(vendor.writes(), []);
    assert_eq!(vendor.user(&id)["displayName"], "Ana");
    assert_eq!(found(&idp, "displayName eq \"Ana Silva\"").await, [id.as_str()]);
    assert!(found(&idp, "displayName eq \"Ana\"").await.is_empty());
    // Another change is sent without it, and somebody else's name at the vendor is the truth.
    assert_eq!(idp.patch(&path, &replace("title", "Prof")).await.status, 200);
    assert_eq!(vendor.writes()[0].1["Operations"], replace("title", "Prof"));
    vendor.directory.lock().unwrap().resources.get_mut(&path).unwrap()["displayName"] = json!("A. Costa");
    assert_eq!(idp.get(&path).await.body["displayName"], "A. Costa");
}

/// 5: `filter.unsupported: silent_empty` and an identity provider that matches by externalId or address.
#[tokio::test]
async fn a_question_that_is_answered_with_nobody_is_not_asked() {
    let silent = "filter: { attrs: [userName], ops: [eq], and: false, or: false, not: false, element: false, unsupported: silent_empty }";
    let there = Directory::default().user(
        "ana",
        &json!({ "externalId": "X1", "emails": [{ "value": "ana@acme.example", "type": "work" }] }),
    );
    let questions = [
        "externalId eq \"X1\"",
        "emails.value eq \"ana@acme.example\"",
        "emails[type eq \"work\"].value eq \"ana@acme.example\"",
        "emails[type eq \"work\" and value eq \"ana@acme.example\"]",
        "userName eq \"ana\" and externalId eq \"X1\"",
        "externalId eq \"X1\" or userName eq \"bo\"",
        "not (userName eq \"bo\")",
        "userName sw \"a\"",
    ];
    for (profile, finds) in [(users(silent), true), ("{}".to_owned(), false)] {
        let (idp, vendor, _bridge) = bridge(&profile, there.clone()).await;
        vendor.script.otherwise(|asked| {
            let filter = asked.query.split('&').find_map(|pair| pair.strip_prefix("filter="))?;
            let known = filter.starts_with("userName eq \"") && !filter.contains(" and ");
            (!known).then(|| (200, script::list(&[])))
        });
        for question in questions {
            let encoded = percent_encoding::utf8_percent_encode(question, percent_encoding::NON_ALPHANUMERIC);
            let answer = idp.get(&format!("/Users?filter={encoded}")).await;
            let expected = json!(usize::from(finds));
            assert_eq!(
                (answer.status, &answer.body["totalResults"]),
                (200, &expected),
                "{profile} {question}"
            );
        }
    }
}

/// 10: `attrs.transform` and `filter` of the attribute that the vendor makes something else of.
#[tokio::test]
async fn who_has_another_name_at_the_vendor_is_found_by_his_own() {
    let transform = "attrs: { transform: [{ path: userName, fn: [lower, { replace: [\" \", \"_\"] }] }] }";
    let named = |asked: &crate::peer::script::Asked| {
        let name = asked.body["userName"].as_str()?;
        Some(name.to_lowercase().replace(' ', "_"))
    };
    for filter in ["filter: { attrs: [userName], ops: [eq] }", "filter: { attrs: [] }", "filter: {}"] {
        let (idp, vendor, _bridge) =
            bridge(&users(&format!("{transform}, {filter}")), Directory::default()).await;
        // It makes the name of what it is sent, by itself.
        let directory = vendor.directory.clone();
        vendor.script.otherwise(move |asked| {
            let name = named(asked)?;
            let mut asked = asked.clone();
            asked.body["userName"] = json!(name);
            Some(directory.lock().unwrap().answer(&asked))
        });
        let user = json!({ "schemas": [USER], "userName": "Ana Silva", "active": true });
        let made = idp.post("/Users", &user).await;
        assert_eq!((made.status, &made.body["userName"]), (201, &json!("Ana Silva")), "{made:?}");
        let id = made.body["id"].as_str().unwrap().to_owned();
        assert_eq!(vendor.user(&id)["userName"], "ana_silva");
        for question in ["userName eq \"Ana Silva\"", "userName eq \"ANA silva\"", "userName sw \"ana s\""] {
            assert_eq!(found(&idp, question).await, [id.as_str()], "{filter} {question}");
        }
        assert!(found(&idp, "userName eq \"ana_silva\"").await.is_empty());
        vendor.writes();
        // Nothing is different, however often it is compared.
        let path = format!("/Users/{id}");
        let read = idp.get(&path).await.body;
        assert_eq!(read["userName"], "Ana Silva");
        assert_eq!(idp.put(&path, &read).await.status, 200);
        assert_eq!(idp.patch(&path, &replace("userName", "Ana Silva")).await.status, 200);
        assert_eq!(vendor.writes(), []);
        assert_eq!(idp.patch(&path, &replace("userName", "Bo Lund")).await.body["userName"], "Bo Lund");
        assert_eq!(vendor.user(&id)["userName"], "bo_lund");
        let gone: Value = json!([]);
        assert_eq!(json!(found(&idp, "userName eq \"Ana Silva\"").await), gone);
    }
}

/// A vendor as AWS IAM Identity Center is: no PUT of groups, no `replace` of members, at most a hundred in a request, and
/// nobody is shown.
fn as_aws(directory: &mut Directory, asked: &Asked) -> Option<(u16, Value)> {
    let operations = asked.body["Operations"].as_array().cloned().unwrap_or_default();
    let named = |one: &Value| one["value"].as_array().map_or(1, Vec::len);
    let of_members =
        operations.iter().filter(|one| one["path"].as_str().is_some_and(|path| path.starts_with("members")));
    let many = of_members.clone().map(named).sum::<usize>() > 100;
    match asked.method.as_str() {
        "PUT" if asked.path.starts_with("/Groups") => Some((501, Value::Null)),
        "PATCH" if many || of_members.clone().any(|one| one["op"] == "replace") => Some((400, Value::Null)),
        // Taking out whoever is not in it is nothing.
        "PATCH" => {
            let group = directory.resources[&asked.path].to_string();
            let is_there = |one: &Value| {
                let member =
                    one["path"].as_str()?.strip_prefix("members[value eq \"")?.strip_suffix("\"]")?;
                Some(group.contains(&format!("\"{member}\"")))
            };
            let mut asked = asked.clone();
            asked.body["Operations"] =
                operations.iter().filter(|one| is_there(one) != Some(false)).cloned().collect();
            Some(directory.answer(&asked))
        }
        "GET" if asked.path.starts_with("/Groups/") => {
            let (status, mut body) = directory.answer(asked);
            body.as_object_mut().map(|group| group.remove("members"));
            Some((status, body))
        }
        _ => None,
    }
}

/// 1: `put: none`, `members: { replace: forbidden, returned: never, per_patch: 100 }`, and a PUT of 250.
#[tokio::test]
async fn a_put_of_a_group_that_cannot_be_put_is_finished_where_it_was_broken_off() {
    let profile = "{ resources: { Groups: { put: none, members: { returned: never, replace: forbidden, remove_all: false, \
                   remove_form: filter_path, per_patch: 100, per_create: 100 } } } }";
    let (idp, vendor, _bridge) = bridge(profile, Directory::default()).await;
    let strict = |refuse: usize| {
        let (directory, mut patches) = (vendor.directory.clone(), 0);
        move |asked: &Asked| {
            patches += usize::from(asked.method == "PATCH");
            // One of them is lost on its way.
            if asked.method == "PATCH" && patches == refuse {
                return Some((500, Value::Null));
            }
            as_aws(&mut directory.lock().unwrap(), asked)
        }
    };
    vendor.script.otherwise(strict(0));
    let group = |ids: std::ops::Range<usize>| {
        let members: Vec<_> = ids.map(|id| json!({ "value": format!("u{id}") })).collect();
        json!({ "schemas": [GROUP], "displayName": "Staff", "members": members })
    };
    let held = |path: &str| {
        let group = vendor.directory.lock().unwrap().resources[path].clone();
        let mut ids: Vec<_> =
            group["members"].as_array().into_iter().flatten().map(|one| one["value"].to_string()).collect();
        ids.sort_unstable();
        ids
    };
    let wanted = |ids: std::ops::Range<usize>| {
        let mut ids: Vec<_> = ids.map(|id| format!("\"u{id}\"")).collect();
        ids.sort_unstable();
        ids
    };
    let made = idp.post("/Groups", &group(0..20)).await;
    let path = format!("/Groups/{}", made.body["id"].as_str().unwrap());
    assert_eq!(held(&path), wanted(0..20));
    // Twenty leave, two hundred and fifty join; the second request fails, and the same PUT is sent again.
    vendor.script.otherwise(strict(2));
    vendor.script.asked();
    let broken = idp.put(&path, &group(20..270)).await;
    assert!(broken.status >= 500 && broken.headers.contains_key("retry-after"), "{broken:?}");
    assert_eq!(idp.put(&path, &group(20..270)).await.status, 200);
    assert_eq!(held(&path), wanted(20..270));
    let read = idp.get(&path).await.body;
    assert_eq!(read["members"].as_array().map(Vec::len), Some(250));
    // Once more, it is nothing.
    vendor.writes();
    assert_eq!(idp.put(&path, &group(20..270)).await.status, 200);
    assert_eq!(vendor.writes(), []);
}

/// 4: `create.existing: convert`, where no 409 ever tells that the account was there.
#[tokio::test]
async fn an_account_that_would_be_converted_silently_is_found_first() {
    let there = Directory::default().user("ana", &json!({ "title": "Boss" }));
    let user = |external: &str| json!({ "schemas": [USER], "userName": "ana", "externalId": external, "active": true, "title": "Dr" });
    for (kind, looks) in [("convert", true), ("attach", true), ("\"409\"", false)] {
        let fields = format!("create: {{ existing: {{ kind: {kind}, match: userName }} }}");
        let (idp, vendor, _bridge) = bridge(&users(&fields), there.clone()).await;
        // It gives what is there, changed, as if it had made it.
        let directory = vendor.directory.clone();
        vendor.script.otherwise(move |asked: &Asked| {
            let mut as_put = asked.clone();
            (as_put.method, as_put.path) = ("PUT".to_owned(), "/Users/ana".to_owned());
            (asked.method == "POST").then(|| (201, directory.lock().unwrap().answer(&as_put).1))
        });
        let made = idp.post("/Users", &user("1")).await;
        assert_eq!((made.status, &made.body["id"]), (201, &json!("ana")), "{kind}: {made:?}");
        let asked = vendor.script.asked();
        assert_eq!(asked[0].method == "GET", looks, "{kind}: {asked:?}");
        assert_eq!(asked.iter().any(|one| one.method == "POST"), !looks, "{kind}: {asked:?}");
        // Whoever is somebody's already is nobody else's, and is not even touched.
        let other = idp.post("/Users", &user("2")).await;
        if looks {
            assert_eq!(
                (other.status, &other.body["scimType"]),
                (409, &json!("uniqueness")),
                "{kind}: {other:?}"
            );
            assert_eq!(
                (vendor.writes(), &vendor.user("ana")["externalId"]),
                (Vec::new(), &json!("1")),
                "{kind}"
            );
        } else {
            assert_eq!(vendor.user("ana")["externalId"], "2", "{kind}: it was taken over without a word");
        }
    }
}

/// 9: `rate.lock: per_resource` and members that come in parts.
#[tokio::test]
async fn the_parts_of_a_group_and_whoever_else_writes_it_come_one_after_the_other() {
    let members = "resources: { Groups: { members: { per_patch: 20 } } }";
    for (lock, serial) in [("per_resource", true), ("none", false)] {
        let slack = vendor(Vendor::Slack).await;
        slack.set_knob("limits", json!(false)).unwrap();
        let ids = slack.people(100, &Value::Null).unwrap();
        let mapping = format!("format: 1\nvendor: Odd\nprofile: {{ rate: {{ lock: {lock} }}, {members} }}\n");
        let mut plan = Plan::new().file("odd.yaml", &mapping);
        // Two identity providers, one account.
        for name in ["acme", "other"] {
            let integration = plan.integration(name, &slack.base_url(), &slack.token());
            integration.mapping("./odd.yaml").vendor("      account: slack\n").done();
        }
        let bridge = plan.start().await;
        let idps = ["acme", "other"].map(|name| Client::new(bridge.url(name), TOKEN));
        let made = idps[0].post("/Groups", &json!({ "schemas": [GROUP], "displayName": "Staff" })).await;
        let path = format!("/Groups/{}", made.body["id"].as_str().unwrap());
        slack.fault(&json!({ "match": { "method": "PATCH" }, "delay": "20ms" })).unwrap();
        let add = |ids: &[Value]| {
            let members: Vec<_> = ids.iter().map(|id| json!({ "value": id })).collect();
            json!([{ "op": "add", "path": "members", "value": members }])
        };
        let (first, second) = (add(&ids[..50]), add(&ids[50..]));
        let (first, second) = tokio::join!(idps[0].patch(&path, &first), idps[1].patch(&path, &second));
        let counters = slack.counters();
        assert_eq!(counters.concurrent_writes_same_resource == 0, serial, "{lock}: {counters:?}");
        if serial {
            assert!(first.status < 300 && second.status < 300, "{first:?} {second:?}");
            assert_eq!(slack.state()["groups"][0]["members"].as_array().map(Vec::len), Some(100));
        }
        bridge.stop().await;
    }
}
