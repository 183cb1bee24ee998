//! A filter is put to a vendor in the vendor's words, and only where its answer can be trusted: each field with what is
//! asked without it.

use serde_json::{Value, json};

use crate::attributes::{Vendor, bridge, found, users};
use crate::peer::client::Client;
use crate::peer::directory::Directory;
use crate::peer::script;

fn filter(fields: &str) -> String {
    users(&format!("filter: {{ {fields} }}"))
}

fn two() -> Directory {
    let ana = json!({ "userName": "Ana", "externalId": "X1", "title": "Dr", "emails": [{ "value": "ana@acme.example" }] });
    Directory::default()
        .user("ana", &ana)
        .user("bo", &json!({ "userName": "Bo", "externalId": "x1", "title": "Dr" }))
}

/// What is found, and what the vendor is asked for it.
async fn asked(idp: &Client, vendor: &Vendor, text: &str) -> (Vec<String>, Vec<String>) {
    vendor.script.asked();
    let found = found(idp, text).await;
    (found, vendor.filters())
}

/// From now on the vendor compares this attribute by this rule alone, in `attribute eq "value"`.
fn compares(vendor: &Vendor, attribute: &'static str, same: fn(&str, &str) -> bool) {
    let directory = vendor.directory.clone();
    vendor.script.otherwise(move |asked| {
        let wanted = asked.query.split('&').find_map(|pair| pair.strip_prefix("filter="))?;
        let (negated, wanted) = match wanted.strip_prefix("not (") {
            Some(rest) => (true, rest.trim_end_matches(')')),
            None => (false, wanted),
        };
        let value = wanted.strip_prefix(attribute)?.strip_prefix(" eq \"")?.strip_suffix('"')?.to_owned();
        let all = directory.lock().unwrap().resources.values().cloned().collect::<Vec<_>>();
        let is = |user: &Value| same(user[attribute].as_str().unwrap_or_default(), &value) != negated;
        Some((200, script::list(&all.into_iter().filter(is).collect::<Vec<_>>())))
    });
}

#[tokio::test]
async fn attributes_have_the_names_of_the_vendor() {
    for (profile, expected) in [
        (filter("attr_alias: { userName: login, emails.value: email }"), ["login eq \"Ana\" and email pr"]),
        ("{}".to_owned(), ["userName eq \"Ana\" and emails.value pr"]),
    ] {
        let (idp, vendor, _bridge) = bridge(&profile, two()).await;
        vendor.script.otherwise(|asked| asked.query.contains("filter=").then(|| (200, script::list(&[]))));
        assert_eq!(asked(&idp, &vendor, "userName eq \"Ana\" and emails.value pr").await.1, expected);
    }
}

#[tokio::test]
async fn a_text_stands_without_quotes_where_it_can() {
    let (idp, vendor, _bridge) = bridge(&filter("value_quote: none"), two()).await;
    vendor.script.otherwise(|asked| {
        let found = json!({ "id": "ana", "userName": "Ana" });
        asked.query.contains("filter=userName eq Ana").then(|| (200, script::list(&[found])))
    });
    assert_eq!(
        asked(&idp, &vendor, "userName eq \"Ana\"").await,
        (vec!["ana".to_owned()], vec!["userName eq Ana".to_owned()])
    );
    assert_eq!(asked(&idp, &vendor, "userName eq \"Ana or title pr\"").await, (vec![], vec![]));

    let (idp, vendor, _bridge) = bridge("{}", two()).await;
    assert_eq!(asked(&idp, &vendor, "userName eq \"Ana\"").await.1, ["userName eq \"Ana\""]);
}

#[tokio::test]
async fn who_is_written_in_another_case_is_found_where_the_vendor_misses_him() {
    let exact = "match_case: { userName: exact }";
    let (idp, vendor, _bridge) = bridge(&filter(exact), two()).await;
    compares(&vendor, "userName", |one, other| one == other);
    let one = vec!["userName eq \"Ana\"".to_owned()];
    assert_eq!(asked(&idp, &vendor, "userName eq \"Ana\"").await, (vec!["ana".to_owned()], one));
    assert_eq!(asked(&idp, &vendor, "userName eq \"ANA\"").await.0, ["ana"]);
    assert_eq!(asked(&idp, &vendor, "title eq \"Dr\" and userName eq \"ANA\"").await.0, ["ana"]);
    assert!(asked(&idp, &vendor, "userName eq \"nobody\"").await.0.is_empty());

    // Whom the bridge writes in lower case is found by one question.
    let lower = users(&format!("username: {{ lower: true }}, filter: {{ {exact} }}"));
    let (idp, vendor, _bridge) = bridge(&lower, Directory::default().user("ana", &json!({}))).await;
    compares(&vendor, "userName", |one, other| one == other);
    assert_eq!(
        asked(&idp, &vendor, "userName eq \"ANA\"").await,
        (vec!["ana".to_owned()], vec!["userName eq \"ana\"".to_owned()])
    );

    let (idp, vendor, _bridge) = bridge("{}", two()).await;
    compares(&vendor, "userName", |one, other| one == other);
    assert!(asked(&idp, &vendor, "userName eq \"ANA\"").await.0.is_empty());
}

#[tokio::test]
async fn who_is_found_in_another_case_is_left_out_where_case_counts() {
    for (profile, others) in
        [(filter("match_case: { externalId: ci }"), vec!["bo"]), ("{}".to_owned(), vec![])]
    {
        let (idp, vendor, _bridge) = bridge(&profile, two()).await;
        compares(&vendor, "externalId", str::eq_ignore_ascii_case);
        assert_eq!(found(&idp, "externalId eq \"X1\"").await, ["ana"]);
        assert_eq!(found(&idp, "not (externalId eq \"X1\")").await, others, "{profile}");
    }
}

#[tokio::test]
async fn an_answer_that_may_hold_others_is_looked_through_at_once() {
    for (profile, questions) in [(filter("post_check: true"), 1), ("{}".to_owned(), 2)] {
        let (idp, vendor, _bridge) = bridge(&profile, two()).await;
        let directory = vendor.directory.clone();
        vendor.script.otherwise(move |asked| {
            let all = || directory.lock().unwrap().resources.values().cloned().collect::<Vec<_>>();
            asked.query.contains("filter=").then(|| (200, script::list(&all())))
        });
        let (found, filters) = asked(&idp, &vendor, "userName eq \"Bo\"").await;
        assert_eq!((found, filters.len()), (vec!["bo".to_owned()], questions), "{profile}");
    }
}

#[tokio::test]
async fn of_two_of_one_name_the_one_with_just_that_name_is_meant() {
    let twice = Directory::default()
        .user("u1", &json!({ "userName": "Ana" }))
        .user("u2", &json!({ "userName": "ana" }));
    let (idp, _vendor, _bridge) = bridge(&filter("post_check: true"), twice.clone()).await;
    assert_eq!(found(&idp, "userName eq \"ana\"").await, ["u2"]);
    let neither = idp.get("/Users?filter=userName%20eq%20%22ANA%22").await;
    assert_eq!((neither.status, &neither.body["scimType"]), (409, &json!("uniqueness")), "{neither:?}");
    let (idp, _vendor, _bridge) = bridge("{}", twice).await;
    assert_eq!(found(&idp, "userName eq \"Ana\"").await, ["u1"]);
}

#[tokio::test]
async fn no_more_is_compared_at_once_than_the_vendor_takes() {
    let combos = "combos: [[userName], [externalId], [userName, title]], ops: [eq]";
    for (text, expected) in [
        ("userName eq \"Ana\"", vec!["userName eq \"Ana\""]),
        ("title eq \"Dr\"", vec![]),
        ("title eq \"Dr\" and userName eq \"Ana\"", vec!["title eq \"Dr\" and userName eq \"Ana\""]),
        (
            "active eq true and title eq \"Dr\" and userName eq \"Ana\"",
            vec!["userName eq \"Ana\" and title eq \"Dr\""],
        ),
        ("userName eq \"Ana\" and externalId eq \"X1\"", vec!["externalId eq \"X1\""]),
        ("userName eq \"Ana\" or externalId eq \"X1\"", vec!["userName eq \"Ana\"", "externalId eq \"X1\""]),
        ("not (userName eq \"Bo\")", vec![]),
    ] {
        let (idp, vendor, _bridge) = bridge(&filter(combos), two()).await;
        let (found, filters) = asked(&idp, &vendor, text).await;
        assert_eq!(filters, expected, "{text}");
        assert!(found.contains(&"ana".to_owned()), "{text}");
        let (idp, vendor, _bridge) = bridge("{}", two()).await;
        assert_eq!(asked(&idp, &vendor, text).await, (found, vec![text.to_owned()]));
    }
}
