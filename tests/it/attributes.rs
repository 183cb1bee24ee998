//! What a profile says of a vendor's attributes is seen by the vendor and not by the identity provider, which reads and
//! finds what it wrote: each field with what happens without it.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan};
use crate::peer::client::{Answer, Client};
use crate::peer::directory::Directory;
use crate::peer::script::{self, Asked, Script};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// A vendor that does what it is told, and what it has.
pub(crate) struct Vendor {
    pub(crate) script: Script,
    pub(crate) directory: Arc<Mutex<Directory>>,
}

impl Vendor {
    pub(crate) fn user(&self, id: &str) -> Value {
        self.directory.lock().unwrap().resources.get(&format!("/Users/{id}")).cloned().unwrap_or_default()
    }

    /// What it was asked to change: method and body.
    pub(crate) fn writes(&self) -> Vec<(String, Value)> {
        let asked = self.script.asked().into_iter().filter(|asked| asked.method != "GET");
        asked.map(|asked| (asked.method, asked.body)).collect()
    }

    /// The filters that it was asked.
    pub(crate) fn filters(&self) -> Vec<String> {
        let asked = self.script.asked().into_iter().filter(|asked| asked.method == "GET");
        let filter = |asked: Asked| {
            asked.query.split('&').find_map(|pair| pair.strip_prefix("filter=").map(str::to_owned))
        };
        asked.filter_map(filter).collect()
    }
}

/// A bridge to a vendor with this profile, that has these resources.
pub(crate) async fn bridge(profile: &str, directory: Directory) -> (Client, Vendor, Bridge) {
    bridge_to(profile, directory, |_| {}).await
}

/// The same, where the vendor shows its resources as `shown` makes them.
pub(crate) async fn bridge_to(
    profile: &str,
    directory: Directory,
    shown: fn(&mut Value),
) -> (Client, Vendor, Bridge) {
    let directory = Arc::new(Mutex::new(directory));
    let held = directory.clone();
    let script = Script::start(move |asked: &Asked| {
        let (status, mut body) = held.lock().unwrap().answer(asked);
        match body.get_mut("Resources").and_then(Value::as_array_mut) {
            Some(resources) => resources.iter_mut().for_each(shown),
            None => shown(&mut body),
        }
        (status, body)
    })
    .await;
    let mapping = format!("format: 1\nvendor: a scripted one\nprofile: {profile}\n");
    let mut plan = Plan::new().file("vendor.yaml", &mapping);
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./vendor.yaml").done();
    let bridge = plan.start().await;
    (bridge.client(), Vendor { script, directory }, bridge)
}

pub(crate) fn users(fields: &str) -> String {
    format!("{{ resources: {{ Users: {{ {fields} }} }} }}")
}

pub(crate) fn replace(path: &str, value: impl Into<Value>) -> Value {
    json!([{ "op": "replace", "path": path, "value": value.into() }])
}

/// The ids that a filter finds.
pub(crate) async fn found(idp: &Client, filter: &str) -> Vec<String> {
    let encoded = percent_encoding::utf8_percent_encode(filter, percent_encoding::NON_ALPHANUMERIC);
    let answer = idp.get(&format!("/Users?filter={encoded}")).await;
    assert_eq!(answer.status, 200, "{filter}: {answer:?}");
    let ids = answer.body["Resources"].as_array().cloned().unwrap_or_default();
    assert_eq!(answer.body["totalResults"], ids.len(), "{filter}");
    ids.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
pub(crate) fn refused(answer: &Answer, kind: &str, says: &str) {
    assert_eq!((answer.status, answer.body["scimType"].as_str()), (400, Some(kind)), "{answer:?}");
    assert!(answer.body["detail"].as_str().unwrap().contains(says), "{answer:?}");
}

fn ana() -> Value {
    json!({ "schemas": [USER], "userName": "Ana", "title": "Dr",
        "emails": [{ "value": "old@acme.example" }, { "value": "Ana@acme.example", "primary": true }] })
}

#[tokio::test]
async fn a_user_name_is_the_address_at_the_vendor_alone() {
    let (idp, vendor, _bridge) = bridge(
        &users("username: { equals_email: true }"),
        Directory::default().user("x@acme.example", &json!({})),
    )
    .await;
    let made = idp.post("/Users", &ana()).await;
    assert_eq!((made.status, &made.body["userName"]), (201, &json!("Ana")), "{made:?}");
    let id = made.body["id"].as_str().unwrap().to_owned();
    let user = format!("/Users/{id}");
    assert_eq!(vendor.user(&id)["userName"], "Ana@acme.example");
    assert_eq!(idp.get(&user).await.body["userName"], "Ana");
    for (filter, expected) in [
        ("userName eq \"ana\"", vec![id.as_str()]),
        // It is another's name, if anybody's.
        ("userName eq \"ana@acme.example\"", vec![]),
        ("userName eq \"nobody\"", vec![]),
        ("userName sw \"An\"", vec![id.as_str()]),
        // Who was never written has the vendor's.
        ("userName eq \"x@acme.example\"", vec!["x@acme.example"]),
    ] {
        assert_eq!(found(&idp, filter).await, expected, "{filter}");
    }
    vendor.writes();
    // Another name is nothing to the vendor; another address is another name.
    let renamed = idp.patch(&user, &replace("userName", "ana.silva")).await;
    assert_eq!((renamed.status, &renamed.body["userName"]), (200, &json!("ana.silva")));
    assert_eq!(vendor.writes(), []);
    let moved = idp.patch(&user, &replace("emails", json!([{ "value": "silva@acme.example" }]))).await;
    assert_eq!((moved.status, &moved.body["userName"]), (200, &json!("ana.silva")));
    assert_eq!(vendor.user(&id)["userName"], "silva@acme.example");
    assert_eq!(found(&idp, "userName eq \"ana.silva\"").await, [id.as_str()]);
    // The whole again is nothing new.
    vendor.writes();
    let whole = idp.get(&user).await.body;
    assert_eq!(idp.put(&user, &whole).await.body["userName"], "ana.silva");
    assert_eq!(vendor.writes(), []);
    refused(
        &idp.post("/Users", &json!({ "schemas": [USER], "userName": "bo" })).await,
        "invalidValue",
        "userName",
    );
    // An account that was there, by another name than its address, keeps it while neither changes.
    vendor.directory.lock().unwrap().resources.get_mut("/Users/x@acme.example").unwrap()["emails"] =
        json!([{ "value": "y@acme.example" }]);
    assert_eq!(idp.patch("/Users/x@acme.example", &replace("title", "Dr")).await.status, 200);
    assert_eq!(vendor.user("x@acme.example")["userName"], "x@acme.example");

    let (idp, vendor, _bridge) = bridge("{}", Directory::default()).await;
    let id = idp.post("/Users", &ana()).await.body["id"].as_str().unwrap().to_owned();
    assert_eq!(vendor.user(&id)["userName"], "Ana");
}

#[tokio::test]
async fn a_user_name_has_the_letters_and_the_length_that_the_vendor_takes() {
    let rules = "username: { lower: true, charset: \"a-z0-9.\", max_len: 5 }";
    let (idp, vendor, _bridge) = bridge(&users(rules), Directory::default()).await;
    let made = idp.post("/Users", &ana()).await;
    assert_eq!((made.status, &made.body["userName"]), (201, &json!("Ana")), "{made:?}");
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert_eq!(vendor.user(&id)["userName"], "ana");
    assert_eq!(idp.get(&format!("/Users/{id}")).await.body["userName"], "Ana");
    assert_eq!(found(&idp, "userName eq \"ANA\"").await, [id.as_str()]);
    vendor.writes();
    let user = format!("/Users/{id}");
    assert_eq!(idp.patch(&user, &replace("userName", "ANA")).await.body["userName"], "ANA");
    assert_eq!(vendor.writes(), []);
    refused(&idp.patch(&user, &replace("userName", "a_b")).await, "invalidValue", "characters");
    refused(&idp.patch(&user, &replace("userName", "abcdef")).await, "invalidValue", "at most 5");
    assert_eq!(vendor.writes(), []);
    assert_eq!(idp.patch(&user, &replace("userName", "A.B")).await.body["userName"], "A.B");
    assert_eq!(vendor.user(&id)["userName"], "a.b");

    let (idp, vendor, _bridge) = bridge("{}", Directory::default()).await;
    let id = idp.post("/Users", &ana()).await.body["id"].as_str().unwrap().to_owned();
    assert_eq!(idp.patch(&format!("/Users/{id}"), &replace("userName", "A_BCDEF")).await.status, 200);
    assert_eq!(vendor.user(&id)["userName"], "A_BCDEF");
}

#[tokio::test]
async fn who_has_no_external_id_at_the_vendor_has_one_at_the_bridge() {
    let user = json!({ "schemas": [USER], "userName": "ana", "externalId": "X1" });
    let there = Directory::default().user("bo", &json!({}));
    let (idp, vendor, _bridge) = bridge(&users("external_id: { stored: false }"), there).await;
    let made = idp.post("/Users", &user).await;
    assert_eq!((made.status, &made.body["externalId"]), (201, &json!("X1")), "{made:?}");
    let id = made.body["id"].as_str().unwrap().to_owned();
    let path = format!("/Users/{id}");
    assert_eq!(vendor.user(&id)["externalId"], Value::Null);
    assert_eq!(idp.get(&path).await.body["externalId"], "X1");
    vendor.script.asked();
    assert_eq!(found(&idp, "externalId eq \"X1\"").await, [id.as_str()]);
    assert_eq!(vendor.script.asked().len(), 1, "it is known who has it");
    assert!(found(&idp, "externalId eq \"x1\"").await.is_empty(), "another case is another identifier");
    vendor.script.asked();
    assert!(found(&idp, "externalId eq \"X2\"").await.is_empty());
    assert_eq!(vendor.script.asked().len(), 0, "nobody but the bridge knows");
    let changed = idp.patch(&path, &replace("externalId", "X2")).await;
    assert_eq!((changed.status, &changed.body["externalId"]), (200, &json!("X2")));
    assert_eq!(vendor.writes(), []);
    assert_eq!(found(&idp, "externalId eq \"X2\"").await, [id.as_str()]);
    assert!(found(&idp, "externalId eq \"X1\"").await.is_empty());
    assert_eq!(idp.delete(&path).await.status, 204);
    assert!(found(&idp, "externalId eq \"X2\"").await.is_empty());

    let (idp, vendor, _bridge) = bridge("{}", Directory::default()).await;
    let id = idp.post("/Users", &user).await.body["id"].as_str().unwrap().to_owned();
    assert_eq!(vendor.user(&id)["externalId"], "X1");
    vendor.script.asked();
    assert_eq!(found(&idp, "externalId eq \"X1\"").await, [id.as_str()]);
    assert_eq!(vendor.filters(), ["externalId eq \"X1\""]);
}

#[tokio::test]
async fn an_external_id_that_is_not_shown_is_remembered_and_not_sent_again() {
    let silent = |body: &mut Value| drop(body.as_object_mut().map(|body| body.remove("externalId")));
    let there = || Directory::default().user("bo", &json!({ "externalId": "B1" }));
    let user = json!({ "schemas": [USER], "userName": "ana", "externalId": "X1", "active": true });
    let (idp, vendor, _bridge) = bridge_to(&users("external_id: { returned: false }"), there(), silent).await;
    let made = idp.post("/Users", &user).await;
    assert_eq!((made.status, &made.body["externalId"]), (201, &json!("X1")), "{made:?}");
    let id = made.body["id"].as_str().unwrap().to_owned();
    let path = format!("/Users/{id}");
    assert_eq!(vendor.user(&id)["externalId"], "X1");
    for body in [idp.get(&path).await.body, user.clone()] {
        vendor.writes();
        let put = idp.put(&path, &body).await;
        assert_eq!((put.status, &put.body["externalId"]), (200, &json!("X1")), "{put:?}");
        assert_eq!(vendor.writes(), []);
    }
    assert_eq!(idp.get(&path).await.body["externalId"], "X1");
    assert_eq!(found(&idp, "externalId eq \"X1\"").await, [id.as_str()]);
    // Of whom nothing is remembered, the vendor's word is taken.
    assert_eq!(found(&idp, "externalId eq \"B1\"").await, ["bo"]);
    assert_eq!(idp.patch(&path, &replace("externalId", "X2")).await.body["externalId"], "X2");
    assert_eq!(vendor.user(&id)["externalId"], "X2");

    let (idp, vendor, _bridge) = bridge_to("{}", there(), silent).await;
    let id = idp.post("/Users", &user).await.body["id"].as_str().unwrap().to_owned();
    vendor.writes();
    assert_eq!(idp.put(&format!("/Users/{id}"), &user).await.status, 200);
    assert_eq!(vendor.writes().len(), 1, "it seems to be missing, each time");
    assert!(found(&idp, "externalId eq \"B1\"").await.is_empty());
}

#[tokio::test]
async fn an_external_id_may_be_needed_and_may_be_final() {
    let rules = "external_id: { required: true, mutable: false, groups: false }";
    let (idp, vendor, _bridge) = bridge(&users(rules), Directory::default()).await;
    let without = json!({ "schemas": [USER], "userName": "ana" });
    refused(&idp.post("/Users", &without).await, "invalidValue", "externalId");
    let with = json!({ "schemas": [USER], "userName": "ana", "externalId": "X1" });
    let id = idp.post("/Users", &with).await.body["id"].as_str().unwrap().to_owned();
    let path = format!("/Users/{id}");
    vendor.writes();
    assert_eq!(idp.patch(&path, &replace("externalId", "X2")).await.body["externalId"], "X2");
    assert_eq!(vendor.writes(), []);
    assert_eq!(found(&idp, "externalId eq \"X2\"").await, [id.as_str()]);
    let group = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Staff",
        "externalId": "G1" });
    let made = idp.post("/Groups", &group).await;
    assert_eq!((made.status, &made.body["externalId"]), (201, &json!("G1")));
    assert_eq!(vendor.writes()[0].1["externalId"], Value::Null);

    let (idp, vendor, _bridge) = bridge("{}", Directory::default()).await;
    let id = idp.post("/Users", &without).await.body["id"].as_str().unwrap().to_owned();
    idp.patch(&format!("/Users/{id}"), &replace("externalId", "X2")).await;
    assert_eq!(vendor.user(&id)["externalId"], "X2");
    idp.post("/Groups", &group).await;
    assert_eq!(vendor.writes().pop().unwrap().1["externalId"], "G1");
}

#[tokio::test]
async fn what_cannot_be_emptied_is_empty_for_the_identity_provider_alone() {
    let there = || Directory::default().user("ana", &json!({ "title": "Dr", "nickName": "A" }));
    let (idp, vendor, _bridge) = bridge(&users("attrs: { clearable: [nickName] }"), there()).await;
    let gone = json!([{ "op": "remove", "path": "title" }, { "op": "remove", "path": "nickName" }]);
    let changed = idp.patch("/Users/ana", &gone).await;
    assert_eq!((changed.status, &changed.body["title"]), (200, &Value::Null), "{changed:?}");
    let read = idp.get("/Users/ana").await.body;
    assert_eq!((&read["title"], &read["nickName"]), (&Value::Null, &Value::Null));
    assert_eq!((&vendor.user("ana")["title"], &vendor.user("ana")["nickName"]), (&json!("Dr"), &Value::Null));
    vendor.writes();
    assert_eq!(idp.put("/Users/ana", &read).await.status, 200);
    assert_eq!(vendor.writes(), []);
    assert!(found(&idp, "title eq \"Dr\"").await.is_empty());
    assert_eq!(vendor.filters().pop().unwrap(), "title eq \"Dr\"", "it may find more than there are");
    assert_eq!(idp.patch("/Users/ana", &replace("title", "Prof")).await.body["title"], "Prof");
    assert_eq!(found(&idp, "title eq \"Prof\"").await, ["ana"]);

    let (idp, vendor, _bridge) = bridge("{}", there()).await;
    idp.patch("/Users/ana", &gone).await;
    assert_eq!(vendor.user("ana")["title"], Value::Null);
}

#[tokio::test]
async fn values_become_those_that_the_vendor_knows() {
    let kinds = "attrs: { enum: { userType: { values: [internal, external], map: { Contractor: external }, default: internal } } }";
    for (profile, expected) in
        [(users(kinds), ["external", "internal"]), ("{}".to_owned(), ["contractor", "boss"])]
    {
        let (idp, vendor, _bridge) = bridge(&profile, Directory::default()).await;
        for (wrote, expected) in ["contractor", "boss"].iter().zip(expected) {
            let mut user = ana();
            user["userName"] = json!(wrote);
            user["userType"] = json!(wrote);
            let id = idp.post("/Users", &user).await.body["id"].as_str().unwrap().to_owned();
            assert_eq!(vendor.user(&id)["userType"], expected);
            assert_eq!(idp.get(&format!("/Users/{id}")).await.body["userType"], *wrote);
            assert_eq!(found(&idp, &format!("userType eq \"{wrote}\"")).await, [id.as_str()]);
            vendor.writes();
            let again = replace("userType", *wrote);
            assert_eq!(idp.patch(&format!("/Users/{id}"), &again).await.body["userType"], *wrote);
            assert!(profile == "{}" || vendor.writes().is_empty());
        }
    }
}

#[tokio::test]
async fn what_is_too_long_is_cut_for_the_vendor_alone() {
    let cut =
        "attrs: { max_len: { title: { n: 3, over: truncate }, emails.value: { n: 5, over: truncate } } }";
    let mut user = ana();
    user["title"] = json!("Äöüß");
    for (profile, title, email) in
        [(users(cut), "Äöü", "old@a"), ("{}".to_owned(), "Äöüß", "old@acme.example")]
    {
        let (idp, vendor, _bridge) = bridge(&profile, Directory::default()).await;
        let id = idp.post("/Users", &user).await.body["id"].as_str().unwrap().to_owned();
        let path = format!("/Users/{id}");
        assert_eq!(
            (&vendor.user(&id)["title"], &vendor.user(&id)["emails"][0]["value"]),
            (&json!(title), &json!(email))
        );
        let read = idp.get(&path).await.body;
        assert_eq!((&read["title"], &read["emails"]), (&user["title"], &user["emails"]));
        assert_eq!(found(&idp, "title eq \"Äöüß\"").await, [id.as_str()]);
        vendor.writes();
        assert_eq!(idp.put(&path, &read).await.status, 200);
        assert_eq!(vendor.writes(), []);
        let other = idp.patch(&path, &replace("title", "Äöüx")).await;
        assert_eq!((other.status, &other.body["title"]), (200, &json!("Äöüx")));
        assert_eq!(vendor.writes().is_empty(), profile != "{}", "for the vendor it is the same");
    }
}

#[tokio::test]
async fn what_is_written_whole_is_written_without_a_look_and_read_back() {
    let two = json!([{ "value": "1", "type": "work" }, { "value": "2", "type": "mobile", "primary": true }]);
    let one = json!([{ "value": "3", "type": "work" }]);
    for (profile, operations, held) in [
        ("max_len: { title: 4 }", replace("title", "Prof"), json!({ "title": "Prof" })),
        (
            "max_values: { phoneNumbers: 1 }",
            replace("phoneNumbers", two.clone()),
            json!({ "phoneNumbers": [two[1]] }),
        ),
        (
            "max_values: { phoneNumbers: 1 }",
            replace("phoneNumbers", one.clone()),
            json!({ "phoneNumbers": one }),
        ),
        (
            "deny: [phoneNumbers.type]",
            replace("phoneNumbers", one.clone()),
            json!({ "phoneNumbers": [{ "value": "3" }] }),
        ),
        (
            "allow: [userName, name.familyName, title]",
            json!([replace("name.familyName", "Souza")[0], replace("nickName", "A")[0]]),
            json!({ "name": { "givenName": "Ana", "familyName": "Souza" }, "nickName": null }),
        ),
        ("transform: [{ path: title, fn: [lower] }]", replace("title", "Prof"), json!({ "title": "prof" })),
    ] {
        let there = json!({ "title": "Dr", "name": { "givenName": "Ana", "familyName": "Silva" } });
        let directory = Directory::default().user("ana", &there);
        let (idp, vendor, _bridge) = bridge(&users(&format!("attrs: {{ {profile} }}")), directory).await;
        let changed = idp.patch("/Users/ana", &operations).await;
        assert_eq!(changed.status, 200, "{profile}: {changed:?}");
        let methods: Vec<_> = vendor.script.asked().into_iter().map(|asked| asked.method).collect();
        assert_eq!(methods, ["PATCH"], "{profile}");
        let read = idp.get("/Users/ana").await.body;
        for operation in operations.as_array().unwrap() {
            let pointer = format!("/{}", operation["path"].as_str().unwrap().replace('.', "/"));
            assert_eq!(changed.body.pointer(&pointer), Some(&operation["value"]), "{profile}: {changed:?}");
            assert_eq!(read.pointer(&pointer), Some(&operation["value"]), "{profile}: {read}");
        }
        for (name, value) in held.as_object().unwrap() {
            assert_eq!(vendor.user("ana")[name], *value, "{profile}");
        }
        let again = idp.patch("/Users/ana", &operations).await;
        assert_eq!(again.body["meta"]["version"], changed.body["meta"]["version"], "{profile}");
        // What an administrator changes is the truth.
        vendor.directory.lock().unwrap().resources.get_mut("/Users/ana").unwrap()["title"] = json!("Lord");
        assert_eq!(idp.get("/Users/ana").await.body["title"], "Lord", "{profile}");
    }
}

#[tokio::test]
async fn what_a_vendor_does_not_take_it_does_not_get_in_oktas_words_either() {
    for (profile, sent) in [("attrs: { deny: [password] }", false), ("attrs: {}", true)] {
        let profile = format!("{{ speak: okta, resources: {{ Users: {{ {profile} }} }} }}");
        let (idp, vendor, _bridge) = bridge(&profile, Directory::default().user("ana", &json!({}))).await;
        let changed = idp.patch("/Users/ana", &replace("password", "secret")).await;
        assert!(changed.status < 300, "{changed:?}");
        let writes = vendor.writes();
        assert_eq!(writes.iter().any(|(_, body)| body.to_string().contains("secret")), sent, "{writes:?}");
    }
}

#[tokio::test]
async fn elements_have_what_the_vendor_needs_and_no_more_than_it_takes() {
    let mut user = ana();
    user["phoneNumbers"] = json!([{ "value": "1", "type": "work" }, { "value": "2", "type": "mobile" },
        { "value": "3", "type": "work", "primary": true }]);
    user["emails"] = json!([{ "value": "a@acme.example" }, { "value": "b@acme.example", "type": "home" }]);
    let needs = "attrs: { element_defaults: { emails: { primary: true, type: work } }, max_values: { phoneNumbers: { n: 1, keep: type } } }";
    let emails = json!([{ "value": "a@acme.example", "primary": true, "type": "work" }, { "value": "b@acme.example", "type": "home" }]);
    let phones =
        json!([{ "value": "2", "type": "mobile" }, { "value": "3", "type": "work", "primary": true }]);
    for (profile, emails, phones) in [
        (users(needs), emails, phones),
        ("{}".to_owned(), user["emails"].clone(), user["phoneNumbers"].clone()),
    ] {
        let (idp, vendor, _bridge) = bridge(&profile, Directory::default()).await;
        let id = idp.post("/Users", &user).await.body["id"].as_str().unwrap().to_owned();
        let path = format!("/Users/{id}");
        assert_eq!((&vendor.user(&id)["emails"], &vendor.user(&id)["phoneNumbers"]), (&emails, &phones));
        let read = idp.get(&path).await.body;
        assert_eq!((&read["emails"], &read["phoneNumbers"]), (&user["emails"], &user["phoneNumbers"]));
        vendor.writes();
        assert_eq!(idp.put(&path, &read).await.status, 200);
        assert_eq!(vendor.writes(), []);
    }
}

#[tokio::test]
async fn what_no_schema_has_is_sent_where_it_does_no_harm() {
    let mut user = ana();
    user["urn:example:1.0:User"] = json!({ "shoeSize": 39 });
    for (profile, sent) in [
        (users("attrs: { unknown: rejected }"), false),
        (users("attrs: { unknown: silently_lost }"), false),
        (users("attrs: { unknown: ignored }"), true),
        ("{}".to_owned(), true),
    ] {
        let (idp, vendor, _bridge) = bridge(&profile, Directory::default()).await;
        let made = idp.post("/Users", &user).await;
        assert_eq!(made.status, 201, "{made:?}");
        let id = made.body["id"].as_str().unwrap().to_owned();
        assert_eq!(vendor.user(&id).get("urn:example:1.0:User").is_some(), sent, "{profile}");
        assert_eq!(vendor.user(&id)["title"], "Dr");
        let read = idp.get(&format!("/Users/{id}")).await.body;
        assert_eq!(read["urn:example:1.0:User"]["shoeSize"], 39, "{profile}");
        assert_eq!(found(&idp, "title eq \"Dr\"").await, [id.as_str()]);
    }
}

#[tokio::test]
async fn a_change_that_no_call_makes_is_refused_remembered_or_let_go() {
    let there = || Directory::default().user("ana", &json!({ "title": "Dr" }));
    let profile =
        |policy: &str| format!("{{ {policy} resources: {{ Users: {{ patch: active_only, put: none }} }} }}");
    for (policy, title, name) in [
        ("", None, None),
        ("policy: { unsupported: shadow },", Some("Prof"), None),
        ("policy: { unsupported: { default: drop, identity: shadow } },", Some("Dr"), Some("bo")),
        ("policy: { unsupported: { identity: drop } },", None, Some("ana")),
    ] {
        let (idp, vendor, _bridge) = bridge(&profile(policy), there()).await;
        for (attribute, wrote, reads) in [("title", "Prof", title), ("userName", "bo", name)] {
            let changed = idp.patch("/Users/ana", &replace(attribute, wrote)).await;
            match reads {
                None => refused(&changed, "mutability", attribute),
                Some(reads) => {
                    assert_eq!((changed.status, &changed.body[attribute]), (200, &json!(reads)), "{policy}");
                    assert_eq!(idp.get("/Users/ana").await.body[attribute], reads, "{policy}");
                    assert_eq!(found(&idp, &format!("{attribute} eq \"{reads}\"")).await, ["ana"]);
                }
            }
        }
        assert_eq!(vendor.writes(), [], "{policy}");
        let off = idp.patch("/Users/ana", &replace("active", false)).await;
        assert_eq!((off.status, &vendor.user("ana")["active"]), (200, &json!(false)));
    }
    let deaf = "{ policy: { unsupported: { default: shadow, identity: shadow } }, resources: { Users: { patch: none, put: none } } }";
    let (idp, _vendor, _bridge) = bridge(deaf, there()).await;
    refused(&idp.patch("/Users/ana", &replace("active", false)).await, "mutability", "active");
}

#[tokio::test]
async fn groups_are_called_and_counted_as_the_vendor_wants() {
    let group = |name: &str| json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name });
    let rules = "{ resources: { Groups: { as: team, max: 2, name_rule: { regex: '[a-z0-9-]+', max_len: 8, transform: [lower, { replace: [' ', '-'] }] } } } }";
    let (idp, vendor, _bridge) = bridge(rules, Directory::default()).await;
    let made = idp.post("/Groups", &group("Sales EU")).await;
    assert_eq!((made.status, &made.body["displayName"]), (201, &json!("Sales EU")), "{made:?}");
    let path = format!("/Groups/{}", made.body["id"].as_str().unwrap());
    let held = || vendor.directory.lock().unwrap().resources[&path]["displayName"].clone();
    assert_eq!(held(), "sales-eu");
    assert_eq!(idp.get(&path).await.body["displayName"], "Sales EU");
    let list = idp.get("/Groups?filter=displayName%20eq%20%22Sales%20EU%22").await;
    assert_eq!(list.body["totalResults"], 1);
    refused(&idp.patch(&path, &replace("displayName", "Büro")).await, "invalidValue", "displayName");
    refused(&idp.patch(&path, &replace("displayName", "Long Names")).await, "invalidValue", "at most 8");
    assert_eq!(idp.patch(&path, &replace("displayName", "Staff")).await.body["displayName"], "Staff");
    assert_eq!(held(), "staff");
    assert_eq!(idp.post("/Groups", &group("Two")).await.status, 201);
    refused(&idp.post("/Groups", &group("Three")).await, "invalidValue", "at most 2 Groups");

    let (idp, vendor, _bridge) = bridge("{}", Directory::default()).await;
    for name in ["Büro", "Long Names", "Three"] {
        let made = idp.post("/Groups", &group(name)).await;
        let path = format!("/Groups/{}", made.body["id"].as_str().unwrap());
        assert_eq!(vendor.directory.lock().unwrap().resources[&path]["displayName"], name);
    }
}

#[tokio::test]
async fn nobody_is_counted_by_a_page_of_none_where_there_is_no_such_page() {
    for (profile, asked) in [("{ list: { count: { zero_ok: false } } }", "count=1"), ("{}", "count=0")] {
        let there = Directory::default().user("ana", &json!({})).user("bo", &json!({}));
        let (idp, vendor, _bridge) = bridge(profile, there).await;
        let page = idp.get("/Users?count=0").await.body;
        assert_eq!((&page["totalResults"], page["Resources"].as_array().map(Vec::len)), (&json!(2), Some(0)));
        assert!(vendor.script.asked()[0].query.contains(asked), "{profile}");
    }
}

#[tokio::test]
async fn a_user_who_is_read_has_the_groups_that_the_vendor_does_not_show() {
    let there = || {
        Directory::default().user("ana", &json!({})).group("g1", "Staff", &["ana"]).group(
            "g2",
            "Crew",
            &["bo"],
        )
    };
    let (idp, vendor, _bridge) = bridge(&users("groups_returned: false"), there()).await;
    let read = idp.get("/Users/ana").await;
    let groups = read.body["groups"].as_array().unwrap();
    assert_eq!(
        (groups.len(), &groups[0]["value"], &groups[0]["display"]),
        (1, &json!("g1"), &json!("Staff"))
    );
    assert!(groups[0]["$ref"].as_str().unwrap().ends_with("/acme/scim/v2/Groups/g1"), "{read:?}");
    assert_eq!(vendor.filters(), ["members.value eq \"ana\""]);
    // Who does not ask for them costs no more, and the version is that of the user himself.
    let without = idp.get("/Users/ana?excludedAttributes=groups").await.body;
    assert_eq!((&without["groups"], vendor.filters().len()), (&Value::Null, 0));
    let listed = idp.get("/Users").await.body["Resources"][0]["meta"]["version"].clone();
    assert_eq!(read.body["meta"]["version"], listed);

    let (idp, vendor, _bridge) = bridge("{}", there()).await;
    assert_eq!(idp.get("/Users/ana").await.body["groups"], Value::Null);
    assert!(vendor.filters().is_empty());
}
