//! Lists of vendors that page, filter and count in ways of their own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan};
use crate::peer::client::{Answer, Client};
use crate::peer::script::{self, Asked, Script};

fn user(n: usize) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": format!("u{n}"), "userName": format!("user{n}"),
        "title": if n.is_multiple_of(2) { "even" } else { "odd" } })
}

fn number(asked: &Asked, name: &str) -> Option<usize> {
    asked.query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))?.parse().ok())
}

/// A vendor that filters by nothing but names, in pages of five.
async fn bridge(answer: impl FnMut(&Asked) -> (u16, Value) + Send + 'static) -> (Bridge, Script) {
    let script = Script::start(answer).await;
    let mapping = "format: 1\nvendor: a scripted one\nprofile:\n  list: { count: { max: 5 } }\n  resources:\n    Users:\n      \
                   filter: { attrs: [userName], ops: [eq] }\n";
    let mut plan = Plan::new().file("pages.yaml", mapping);
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./pages.yaml").done();
    (plan.start().await, script)
}

fn names(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let found = answer.body["Resources"].as_array().cloned().unwrap();
    found.iter().map(|user| user["userName"].as_str().unwrap().to_owned()).collect()
}

const EVEN: &str = "/Users?filter=title%20eq%20%22even%22";

#[tokio::test]
async fn pages_are_read_while_they_bring_anything_new_and_no_further() {
    let all: Vec<Value> = (0..12).map(user).collect();
    for (how, most) in [("overlapping", 8), ("without a total", 5), ("the first again", 3), ("for ever", 5)] {
        let all = all.clone();
        let (bridge, script) = bridge(move |asked| {
            let start = number(asked, "startIndex").unwrap_or(1);
            let from = match how {
                // Somebody was deleted while the pages were read.
                "overlapping" if start > 1 => start - 3,
                "the first again" => 0,
                "for ever" => (start - 1).min(7),
                _ => start - 1,
            };
            let page: Vec<Value> = all.iter().skip(from).take(5).cloned().collect();
            let mut body = script::page(all.len(), start, &page);
            if how == "without a total" {
                body.as_object_mut().unwrap().remove("totalResults");
            }
            if how == "for ever" {
                body["totalResults"] = json!(1000);
            }
            (200, body)
        })
        .await;
        let answer = bridge.client().get(EVEN).await;
        let found = names(&answer);
        let expected = if how == "the first again" { 3 } else { 6 };
        assert_eq!(
            (found.len(), &answer.body["totalResults"]),
            (expected, &json!(expected)),
            "{how}: {found:?}"
        );
        let calls = script.asked().len();
        assert!(calls <= most, "{how}: {calls} calls");
    }
}

#[tokio::test]
async fn what_does_not_match_is_not_shown_whatever_is_asked_for() {
    // It looks at no filter, and honours `attributes`.
    let (bridge, script) = bridge(|asked| {
        let start = number(asked, "startIndex").unwrap_or(1);
        let only =
            asked.query.split('&').find_map(|pair| pair.strip_prefix("attributes=")).map(str::to_owned);
        let shown = |n: usize| {
            let mut user = user(n);
            let keep = |name: &str| only.as_ref().is_none_or(|only| only.split(',').any(|one| one == name));
            user.as_object_mut()
                .unwrap()
                .retain(|name, _| ["id", "schemas"].contains(&name.as_str()) || keep(name));
            user
        };
        let page: Vec<Value> = (start - 1..12).take(5).map(shown).collect();
        (200, script::page(12, start, &page))
    })
    .await;
    let idp = bridge.client();
    for (asked, found) in [
        ("userName%20eq%20%22user7%22", &["u7"][..]),
        ("userName%20eq%20%22user7%22&attributes=id", &["u7"]),
        ("userName%20eq%20%22user0%22&attributes=title", &["u0"]),
        ("userName%20eq%20%22nobody%22&attributes=id,title", &[]),
        ("userName%20eq%20%22user7%22&excludedAttributes=userName", &["u7"]),
        ("userName%20eq%20%22user0%22&count=1", &["u0"]),
    ] {
        let answer = idp.get(&format!("/Users?filter={asked}")).await;
        let ids: Vec<_> =
            answer.body["Resources"].as_array().unwrap().iter().map(|user| user["id"].clone()).collect();
        assert_eq!(
            (json!(ids), &answer.body["totalResults"]),
            (json!(found), &json!(found.len())),
            "{asked}"
        );
        let name = answer.body["Resources"][0].get("userName");
        assert_eq!(
            name.is_some(),
            !asked.contains("ttributes") && !found.is_empty(),
            "{asked}: only what was asked for"
        );
    }
    let first = script.asked().into_iter().find(|asked| asked.query.contains("attributes=id")).unwrap();
    assert!(first.query.contains("attributes=id,userName"), "{}", first.query);
}

#[tokio::test]
async fn a_resource_that_is_listed_twice_is_one() {
    let (bridge, _script) = bridge(|_| (200, script::list(&[user(1), user(2), user(1)]))).await;
    let answer = bridge.client().get("/Users").await;
    assert_eq!(
        (names(&answer), &answer.body["totalResults"]),
        (vec!["user1".to_owned(), "user2".to_owned()], &json!(2))
    );
}

#[tokio::test]
async fn an_answer_that_is_no_list_of_ours_is_not_passed_on() {
    for (status, body, expected) in [
        (403, Value::Null, 503),
        (200, json!({ "totalResults": 1, "Resources": ["u1"] }), 502),
        (200, json!({ "hello": "world" }), 502),
        (404, json!("<html>nothing here</html>"), 503),
    ] {
        let (bridge, _script) = bridge(move |_| (status, body.clone())).await;
        let answer = bridge.client().get("/Users").await;
        assert_eq!(answer.status, expected, "{answer:?}");
    }
    // Another page than the one asked for, and a record that nobody could ask for.
    let (bridge, _script) = bridge(|_| {
        let mut nameless = user(3);
        nameless.as_object_mut().unwrap().remove("id");
        (200, script::page(3, 1, &[user(1), user(2), nameless]))
    })
    .await;
    let answer = bridge.client().get("/Users?startIndex=2").await;
    assert_eq!((names(&answer), &answer.body["startIndex"]), (vec!["user2".to_owned()], &json!(2)));
}

#[tokio::test]
async fn a_vendor_that_has_nothing_at_all_is_not_one_that_has_nobody() {
    let (bridge, script) = bridge(|_| (404, json!({ "detail": "no such page", "status": "404" }))).await;
    let (client, user) = (bridge.client(), "/Users/7");
    for answer in [
        client.get("/Users?filter=userName%20eq%20%22ana%22").await,
        client.get(user).await,
        client.send("DELETE", user, None, &[]).await,
    ] {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.body["detail"].as_str().unwrap().contains("no SCIM endpoint"), "{answer:?}");
    }
    // Once it has answered as an endpoint does, its 404 is believed, and it is not asked again.
    script.otherwise(|asked| (asked.path == "/ServiceProviderConfig").then(|| (200, json!({}))));
    assert_eq!(client.get(user).await.status, 404);
    script.asked();
    assert_eq!(client.get("/Users?filter=userName%20eq%20%22ana%22").await.status, 200);
    assert_eq!(client.send("DELETE", user, None, &[]).await.status, 204);
    assert_eq!(script.asked().len(), 2);
}

/// Every id of a query, in pages of a size, as a client reads them that trusts what it is told.
async fn pages(idp: &Client, query: &str, size: usize) -> (Vec<String>, BTreeSet<i64>) {
    let (mut ids, mut totals) = (Vec::new(), BTreeSet::new());
    loop {
        let page = idp.get(&format!("/Users?count={size}&startIndex={}{query}", ids.len() + 1)).await;
        assert_eq!(page.status, 200, "{page:?}");
        let total = page.body["totalResults"].as_i64().unwrap();
        totals.insert(total);
        let found: Vec<Value> = page.body["Resources"].as_array().cloned().unwrap_or_default();
        assert!(
            found.len() == size.min(usize::try_from(total).unwrap() - ids.len()),
            "a short page: {page:?}"
        );
        if found.is_empty() {
            return (ids, totals);
        }
        ids.extend(found.iter().map(|user| user["id"].as_str().unwrap().to_owned()));
    }
}

#[tokio::test]
async fn pages_and_totals_are_right_with_duplicates_and_without_what_was_deleted() {
    // Thirty users, of whom each fifth is listed twice; it filters by names alone, and deletes nobody.
    let users: Vec<Value> = (0..30)
        .flat_map(|n| {
            let title = if n % 2 == 0 { "even" } else { "odd" };
            let user = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": format!("u{n}"), "userName": format!("user{n}"), "title": title, "active": true });
            vec![user; if n % 5 == 0 { 2 } else { 1 }]
        })
        .collect();
    let script = Script::start(move |asked| {
        if asked.method != "GET" {
            return (200, json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": asked.path.rsplit('/').next(), "userName": "x", "active": false }));
        }
        if let Some(id) = asked.path.strip_prefix("/Users/") {
            let user = users.iter().find(|user| user["id"] == id).cloned();
            return user.map_or((404, Value::Null), |user| (200, user));
        }
        let start = number(asked, "startIndex").unwrap_or(1);
        let count = number(asked, "count").unwrap_or(4).min(4);
        let page: Vec<Value> = users.iter().skip(start - 1).take(count).cloned().collect();
        (200, script::page(users.len(), start, &page))
    })
    .await;
    let mapping = "format: 1\nvendor: a scripted one\nprofile:\n  list: { count: { max: 4 } }\n  resources:\n    Users:\n      \
                   delete: deactivate\n      filter: { attrs: [userName], ops: [eq] }\n";
    let mut plan = Plan::new().file("pages.yaml", mapping);
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./pages.yaml").done();
    let idp = plan.start().await;
    let idp = idp.client();
    for id in ["u1", "u4", "u5", "u28"] {
        let gone = idp.delete(&format!("/Users/{id}")).await;
        assert_eq!(gone.status, 204, "{gone:?}");
    }
    for (query, expected) in
        [("", 26), ("&filter=title%20eq%20%22even%22", 13), ("&filter=title%20eq%20%22none%22", 0)]
    {
        for size in [1, 2, 7] {
            let (ids, totals) = pages(&idp, query, size).await;
            let each: BTreeSet<_> = ids.iter().collect();
            assert_eq!((ids.len(), each.len()), (expected, expected), "{query}, {size} a page: {ids:?}");
            assert_eq!(totals, BTreeSet::from([i64::try_from(expected).unwrap()]), "{query}, {size} a page");
        }
    }
}
