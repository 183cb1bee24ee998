//! Deviations of a vendor that meet: each pair with a test of its own, since each of the two is right alone.

use serde_json::{Value, json};

use crate::attributes::{bridge, found, replace, users};
use crate::peer::directory::Directory;
use crate::peer::script;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

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
