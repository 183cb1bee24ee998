//! What a profile says of a vendor decides what the vendor is sent: each field with what is sent without it.

use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan};
use crate::peer::client::{Answer, Client};
use crate::peer::directory::Directory;
use crate::peer::script::{self, Asked, Script};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// A vendor that has one user and one group, and takes whatever it is sent.
async fn bridge(profile: &str) -> (Bridge, Script) {
    let mut user = json!({ "schemas": [USER], "id": "u1", "userName": "ana", "externalId": "x1", "displayName": "Ana",
        "title": "Dr", "emails": [{ "value": "ana@acme.example" }] });
    let group = json!({ "schemas": [GROUP], "id": "g1", "displayName": "Staff",
        "members": [{ "value": "u1" }, { "value": "u2" }] });
    let script = Script::start(move |asked: &Asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/Users") => {
            user = asked.body.clone();
            user["id"] = json!("u1");
            (201, user.clone())
        }
        ("GET", "/Users/u1") => (200, user.clone()),
        ("GET", "/Groups/g1") => (200, group.clone()),
        ("GET", _) => (200, script::list(std::slice::from_ref(&user))),
        _ => (204, Value::Null),
    })
    .await;
    let mapping = format!("format: 1\nvendor: a scripted one\nprofile: {profile}\n");
    let mut plan = Plan::new().file("vendor.yaml", &mapping);
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./vendor.yaml").done();
    (plan.start().await, script)
}

/// A vendor that has two users, and does what it is told.
async fn directory(profile: &str) -> (Bridge, Script) {
    let mut directory = Directory::default().user("ana", &json!({})).user("bo", &json!({}));
    let script = Script::start(move |asked: &Asked| directory.answer(asked)).await;
    let mapping = format!("format: 1\nvendor: a scripted one\nprofile: {profile}\n");
    let mut plan = Plan::new().file("vendor.yaml", &mapping);
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./vendor.yaml").done();
    (plan.start().await, script)
}

/// What the vendor was asked to change.
fn operations(script: &Script) -> Value {
    let asked = script.asked();
    let patch = asked.iter().find(|asked| asked.method == "PATCH");
    patch.map_or(Value::Null, |asked| asked.body["Operations"].clone())
}

fn users(attrs: &str) -> String {
    format!("{{ resources: {{ Users: {{ attrs: {attrs} }} }} }}")
}

fn groups(fields: &str) -> String {
    format!("{{ resources: {{ Groups: {fields} }} }}")
}

fn replace(path: &str, value: impl Into<Value>) -> Value {
    json!([{ "op": "replace", "path": path, "value": value.into() }])
}

#[track_caller]
fn refused(answer: &Answer, kind: &str, says: &str) {
    assert_eq!((answer.status, answer.body["scimType"].as_str()), (400, Some(kind)), "{answer:?}");
    assert!(answer.body["detail"].as_str().unwrap().contains(says), "{answer:?}");
}

#[tokio::test]
async fn what_only_a_creation_sets_is_remembered_after() {
    let (with, script) = bridge(&users("{ create_only: [displayName] }")).await;
    let idp = with.client();
    let change = json!([
        { "op": "replace", "path": "displayName", "value": "Ana Silva" },
        { "op": "replace", "path": "title", "value": "Prof" },
    ]);
    let changed = idp.patch("/Users/u1", &change).await;
    assert_eq!((changed.status, &changed.body["displayName"]), (200, &json!("Ana Silva")), "{changed:?}");
    assert_eq!(operations(&script), replace("title", "Prof"));
    assert_eq!(idp.get("/Users/u1").await.body["displayName"], "Ana Silva");

    let (without, script) = bridge("{}").await;
    without.client().patch("/Users/u1", &change).await;
    assert_eq!(operations(&script), change);
}

/// A user whose new name the vendor never got is found by it, and by the old one no more.
#[tokio::test]
async fn who_is_remembered_by_another_name_is_found_by_it() {
    let found = async |idp: &Client, name: &str| {
        let list = idp.get(&format!("/Users?filter=userName%20eq%20%22{name}%22")).await;
        list.body["totalResults"].clone()
    };
    let (with, script) = directory(&users("{ create_only: [userName] }")).await;
    let idp = with.client();
    assert_eq!(idp.patch("/Users/ana", &replace("userName", "ana.silva")).await.status, 200);
    assert_eq!(operations(&script), Value::Null);
    assert_eq!(found(&idp, "ANA.silva").await, 1);
    assert_eq!(found(&idp, "ana").await, 0);
    assert_eq!(found(&idp, "bo").await, 1);
    assert_eq!(idp.delete("/Users/ana").await.status, 204);
    assert_eq!(found(&idp, "ana.silva").await, 0);

    let (without, script) = directory("{}").await;
    let idp = without.client();
    idp.patch("/Users/ana", &replace("userName", "ana.silva")).await;
    assert_eq!(operations(&script), replace("userName", "ana.silva"));
    assert_eq!((found(&idp, "ana.silva").await, found(&idp, "ana").await), (json!(1), json!(0)));
}

#[tokio::test]
async fn what_cannot_be_changed_is_refused_before_the_vendor_is_asked() {
    let (with, script) = bridge(&users("{ immutable: [userName] }")).await;
    let idp = with.client();
    refused(&idp.patch("/Users/u1", &replace("userName", "bo")).await, "mutability", "userName");
    let put = json!({ "schemas": [USER], "userName": "bo", "title": "Dr" });
    refused(&idp.put("/Users/u1", &put).await, "mutability", "userName");
    assert!(script.asked().iter().all(|asked| asked.method == "GET"));
    // The same in another case is the same, and is not sent.
    let same = json!({ "schemas": [USER], "userName": "ANA", "externalId": "x1", "displayName": "Ana", "title": "Prof",
        "emails": [{ "value": "ana@acme.example" }] });
    assert_eq!(idp.put("/Users/u1", &same).await.status, 200);
    assert_eq!(operations(&script), replace("title", "Prof"));

    let (without, script) = bridge("{}").await;
    without.client().patch("/Users/u1", &replace("userName", "bo")).await;
    assert_eq!(operations(&script), replace("userName", "bo"));
}

#[tokio::test]
async fn a_group_that_cannot_be_renamed_keeps_its_name() {
    let (with, script) = bridge(&groups("{ rename: false }")).await;
    let idp = with.client();
    refused(&idp.patch("/Groups/g1", &replace("displayName", "Crew")).await, "mutability", "displayName");
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": "u3" }] }]);
    assert!(idp.patch("/Groups/g1", &add).await.status < 300);
    assert_eq!(operations(&script), add);

    let (without, script) = bridge("{}").await;
    without.client().patch("/Groups/g1", &replace("displayName", "Crew")).await;
    assert_eq!(operations(&script), replace("displayName", "Crew"));
}

#[tokio::test]
async fn what_is_too_long_is_refused_and_lists_are_cut() {
    let attrs = "{ max_len: { title: 4 }, max_values: { emails: 1 } }";
    let (with, script) = bridge(&users(attrs)).await;
    let idp = with.client();
    let user = |title: &str| {
        json!({ "schemas": [USER], "userName": "bo", "title": title,
        "emails": [{ "value": "old@acme.example" }, { "value": "bo@acme.example", "primary": true }] })
    };
    refused(&idp.post("/Users", &user("Professor")).await, "invalidValue", "at most 4 characters in title");
    refused(&idp.patch("/Users/u1", &replace("title", "Professor")).await, "invalidValue", "title");
    assert!(script.asked().iter().all(|asked| asked.method == "GET"));
    let made = idp.post("/Users", &user("Prof")).await;
    assert_eq!(script.asked()[0].body["emails"], json!([{ "value": "bo@acme.example", "primary": true }]));
    assert_eq!((made.status, &made.body["emails"]), (201, &user("")["emails"]), "{made:?}");
    assert_eq!(idp.get("/Users/u1").await.body["emails"], user("")["emails"]);

    let (without, script) = bridge("{}").await;
    without.client().post("/Users", &user("Professor")).await;
    let sent = &script.asked()[0].body;
    assert_eq!((&sent["emails"], &sent["title"]), (&user("")["emails"], &json!("Professor")));
}

#[tokio::test]
async fn a_member_is_removed_in_the_words_of_the_vendor() {
    let gone = |id: &str| json!({ "op": "remove", "path": format!("members[value eq \"{id}\"]") });
    let add = json!({ "op": "add", "path": "members", "value": [{ "value": "u3" }] });
    let change = json!([gone("u1"), gone("u2"), add]);
    for (profile, expected) in [
        ("{ members: { remove_form: filter_path } }", change.clone()),
        (
            "{ members: { remove_form: filter_path_unquoted } }",
            json!([
                { "op": "remove", "path": "members[value eq u1]" },
                { "op": "remove", "path": "members[value eq u2]" },
                add,
            ]),
        ),
        (
            "{ members: { remove_form: value_array } }",
            json!([{ "op": "remove", "path": "members", "value": [{ "value": "u1" }, { "value": "u2" }] }, add]),
        ),
    ] {
        let (bridge, script) = bridge(&groups(profile)).await;
        let changed = bridge.client().patch("/Groups/g1", &change).await;
        assert!(changed.status < 300, "{profile}: {changed:?}");
        assert_eq!(operations(&script), expected, "{profile}");
    }
}

#[tokio::test]
async fn members_are_set_one_by_one_where_they_cannot_be_set_at_once() {
    let all =
        json!([{ "op": "replace", "path": "members", "value": [{ "value": "u2" }, { "value": "u3" }] }]);
    let none = json!([{ "op": "remove", "path": "members" }]);
    let gone = |id: &str| json!({ "op": "remove", "path": format!("members[value eq \"{id}\"]") });
    let add = json!({ "op": "add", "path": "members", "value": [{ "value": "u3" }] });
    for (profile, change, expected) in [
        ("{ members: { replace: forbidden } }", &all, json!([gone("u1"), add])),
        ("{ members: { remove_all: false } }", &none, json!([gone("u1"), gone("u2")])),
        ("{}", &all, all.clone()),
        ("{}", &none, none.clone()),
    ] {
        let (bridge, script) = bridge(&groups(profile)).await;
        let changed = bridge.client().patch("/Groups/g1", change).await;
        assert!(changed.status < 300, "{profile}: {changed:?}");
        assert_eq!(operations(&script), expected, "{profile}");
    }
}

#[tokio::test]
async fn a_list_is_asked_for_in_the_words_of_the_vendor() {
    let asked = async |profile: &str, query: &str| {
        let (bridge, script) = bridge(profile).await;
        assert_eq!(bridge.client().get(&format!("/Users?{query}")).await.status, 200);
        script.asked().remove(0).query
    };
    let short = "{ list: { count: { param: itemsPerPage, max: 100 } } }";
    assert!(asked(short, "count=10").await.contains("itemsPerPage=10"));
    assert!(asked("{ list: { count: { max: 100 } } }", "count=10").await.contains("count=10"));
    let nodes = "{ resources: { Users: { filter: { max_nodes: 1 } } } }";
    let filter = "filter=title%20sw%20%22D%22%20and%20userName%20eq%20%22ana%22";
    assert!(asked(nodes, filter).await.contains("filter=userName eq \"ana\""));
    assert!(asked("{}", filter).await.contains("filter=title sw \"D\" and userName eq \"ana\""));
}

/// A vendor that makes something else of the name of an inactive user, as GitHub does.
async fn garbling(profile: &str) -> (Bridge, Script) {
    let mut user = json!({ "schemas": [USER], "id": "u1", "userName": "ana", "externalId": "x1", "active": true,
        "emails": [{ "value": "ana@acme.example" }] });
    let script = Script::start(move |asked: &Asked| match asked.method.as_str() {
        "PATCH" => {
            for operation in asked.body["Operations"].as_array().unwrap() {
                user[operation["path"].as_str().unwrap()] = operation["value"].clone();
            }
            if user["active"] == false {
                user["userName"] = json!("0123abcd");
                user["emails"] = json!([]);
            }
            (200, user.clone())
        }
        _ if asked.path == "/Users/u1" => (200, user.clone()),
        _ => {
            let other = asked.query.contains("userName eq")
                && !asked.query.contains(user["userName"].as_str().unwrap());
            let found: &[Value] = if other { &[] } else { std::slice::from_ref(&user) };
            (200, script::list(found))
        }
    })
    .await;
    let mapping = format!("format: 1\nvendor: a scripted one\nprofile: {profile}\n");
    let mut plan = Plan::new().file("vendor.yaml", &mapping);
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./vendor.yaml").done();
    (plan.start().await, script)
}

#[tokio::test]
async fn who_is_garbled_keeps_his_name_and_gets_it_back() {
    const BY_NAME: &str = "/Users?filter=userName%20eq%20%22ana%22";
    let (with, script) =
        garbling("{ resources: { Users: { deactivate: { via: patch, effect: obfuscate } } } }").await;
    let idp = with.client();
    let off = idp.patch("/Users/u1", &replace("active", false)).await;
    assert_eq!((off.status, &off.body["userName"], &off.body["active"]), (200, &json!("ana"), &json!(false)));
    assert_eq!(operations(&script), replace("active", false));
    let read = idp.get("/Users/u1").await.body;
    assert_eq!((&read["userName"], &read["emails"][0]["value"]), (&json!("ana"), &json!("ana@acme.example")));
    assert_eq!(idp.get(BY_NAME).await.body["totalResults"], 1);
    // What is changed of him while he is inactive gives his name to nobody.
    script.asked();
    assert_eq!(idp.patch("/Users/u1", &replace("externalId", "x2")).await.status, 200);
    assert_eq!(operations(&script), replace("externalId", "x2"));
    let renamed = idp.patch("/Users/u1", &replace("userName", "ana.silva")).await;
    assert_eq!((renamed.status, &renamed.body["userName"]), (200, &json!("ana.silva")));
    assert_eq!(operations(&script), Value::Null);
    // Access brings it back.
    let on = idp.patch("/Users/u1", &replace("active", true)).await;
    assert_eq!((on.status, &on.body["userName"]), (200, &json!("ana.silva")), "{on:?}");
    let sent = operations(&script);
    let sent: Vec<_> = sent.as_array().unwrap().iter().map(|operation| &operation["path"]).collect();
    assert!(
        sent.len() == 3 && sent.contains(&&json!("userName")) && sent.contains(&&json!("emails")),
        "{sent:?}"
    );

    let (without, _) = garbling("{}").await;
    let idp = without.client();
    idp.patch("/Users/u1", &replace("active", false)).await;
    assert_eq!(idp.get("/Users/u1").await.body["userName"], "0123abcd");
    assert_eq!(idp.get(BY_NAME).await.body["totalResults"], 0);
}

/// A vendor with paths, names, types and errors of its own.
async fn peculiar(profile: &str) -> (Bridge, Script) {
    let script = Script::start(|asked: &Asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/people/u1" | "/Users/u1") => {
            (200, json!({ "schemas": [USER], "id": "u1", "userName": "ana", "name.formatted": "Ana Silva", "active": "True" }))
        }
        ("POST", "/people" | "/Users") => {
            (400, json!({ "Errors": [{ "description": "username_taken", "code": 400 }] }))
        }
        ("PATCH", _) => (403, json!({ "detail": "the account is paused" })),
        _ => (404, json!({ "detail": "no" })),
    })
    .await;
    let mapping = format!("format: 1\nvendor: a peculiar one\nprofile: {profile}\n");
    let mut plan = Plan::new().file("vendor.yaml", &mapping);
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./vendor.yaml").done();
    (plan.start().await, script)
}

#[tokio::test]
async fn users_stand_under_the_path_that_the_profile_says() {
    for (profile, path) in [("{ paths: { Users: people } }", "/people/u1"), ("{}", "/Users/u1")] {
        let (bridge, script) = peculiar(profile).await;
        let user = bridge.client().get("/Users/u1").await;
        assert!(
            user.body["meta"]["location"].as_str().unwrap().ends_with("/acme/scim/v2/Users/u1"),
            "{}",
            user.text
        );
        assert_eq!(script.asked()[0].path, path);
    }
}

#[tokio::test]
async fn names_and_types_of_answers_are_put_right() {
    let repaired = "{ responses: { rename: [{ from: name.formatted, to: name.formatted }], types: [{ path: active, cast: boolean }] } }";
    let (with, _) = peculiar(repaired).await;
    let user = with.client().get("/Users/u1").await.body;
    assert_eq!((&user["name"]["formatted"], &user["active"]), (&json!("Ana Silva"), &json!(true)));
    let (without, _) = peculiar("{}").await;
    let user = without.client().get("/Users/u1").await.body;
    assert_eq!((&user["name"], &user["active"]), (&Value::Null, &json!("True")));
}

#[tokio::test]
async fn errors_mean_what_the_profile_says() {
    let mapped = "{ errors: { map: [{ when: { code: username_taken }, then: { status: 409, scimType: uniqueness } }, { when: { status: 403, code: paused }, then: { status: 503 } }] } }";
    let user = json!({ "schemas": [USER], "userName": "ana" });
    let (with, _) = peculiar(mapped).await;
    let made = with.client().post("/Users", &user).await;
    assert_eq!((made.status, &made.body["scimType"]), (409, &json!("uniqueness")), "{}", made.text);
    let changed = with.client().patch("/Users/u1", &replace("title", "T")).await;
    assert!(changed.status == 503 && changed.headers.contains_key("retry-after"), "{}", changed.text);
    let (without, _) = peculiar("{}").await;
    let made = without.client().post("/Users", &user).await;
    assert_eq!((made.status, &made.body["scimType"]), (400, &json!("invalidValue")), "{}", made.text);
    assert_eq!(without.client().patch("/Users/u1", &replace("title", "T")).await.status, 403);
}
