//! A creation of what the vendor has already: it is taken over where it is told to be, and nobody else's account is.

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use super::{GROUP, USER, held, mapped, replace, sorted};
use crate::peer::bridge::{Bridge, vendor};
use crate::peer::client::{Answer, Client};
use crate::peer::script::{self, Asked, Script};

const BY_NAME: &str =
    "users: { match: { by: [ $.externalId, $.userName ], on_many: stop, adopt: keep-identifiers } }";
const BY_MAIL: &str = "users: { match: { by: \"$.emails[*].value\" } }\nprofile: { resources: { Users: { create: { existing: attach } } } }";

/// A conformant vendor with accounts that nobody made through the bridge, and a bridge in front of it.
async fn stocked(mapping: &str, more: &str, accounts: &[Value]) -> (Simulator, Bridge, Vec<String>) {
    let simulator = vendor(Vendor::Rfc).await;
    let console = Client::new(simulator.base_url(), simulator.token());
    let mut ids = Vec::new();
    for account in accounts {
        let made = console.post("/Users", account).await;
        assert_eq!(made.status, 201, "{}", made.text);
        ids.push(made.body["id"].as_str().unwrap().to_owned());
    }
    let bridge = mapped(&simulator.base_url(), &simulator.token(), mapping, more).await;
    simulator.clear_log();
    (simulator, bridge, ids)
}

fn account(name: &str, mail: &str) -> Value {
    json!({ "schemas": [USER], "userName": name, "active": true, "nickName": "Nick", "title": "Boss",
        "emails": [{ "value": mail, "type": "work", "primary": true }] })
}

fn wanted(name: &str, mail: &str) -> Value {
    json!({ "schemas": [USER], "userName": name, "externalId": "7", "active": true, "title": "Dr", "password": "s3cret-enough",
        "emails": [{ "value": mail, "type": "work", "primary": true }] })
}

#[track_caller]
fn refused(answer: &Answer, says: &str) {
    assert_eq!((answer.status, &answer.body["scimType"]), (409, &json!("uniqueness")), "{}", answer.text);
    assert!(answer.body["detail"].as_str().unwrap().contains(says), "{}", answer.text);
}

fn nothing_was_written(simulator: &Simulator) {
    let wrote = |method: &str| ["PUT", "PATCH", "DELETE"].contains(&method);
    assert!(simulator.log().iter().all(|entry| !wrote(&entry.method)), "{:?}", simulator.log());
}

#[tokio::test]
async fn who_is_there_becomes_what_was_written() {
    let there =
        [account("Ana@acme.example", "ana@acme.example"), account("bo@acme.example", "bo@acme.example")];
    for mapping in [
        BY_NAME,
        "profile: { policy: { adopt_by: [externalId, userName] } }",
        "profile: { resources: { Users: { create: { existing: { kind: \"409\", match: userName } } } } }",
        "profile: { resources: { Users: { create: { existing: { kind: convert, match: userName } } } } }",
    ] {
        let (simulator, bridge, ids) = stocked(mapping, "", &there).await;
        let idp = bridge.client();
        let made = idp.post("/Users", &wanted("ana@acme.example", "silva@acme.example")).await;
        assert_eq!((made.status, &made.body["id"]), (201, &json!(ids[0])), "{mapping}: {}", made.text);
        let state = simulator.state();
        let now =
            state["users"].as_array().unwrap().iter().find(|user| user["id"] == ids[0].as_str()).unwrap();
        // What was written, what was there besides, and what identifies it as it was.
        for (name, value) in
            [("title", "Dr"), ("nickName", "Nick"), ("userName", "Ana@acme.example"), ("externalId", "7")]
        {
            assert_eq!(now[name], value, "{mapping}: {name}");
            assert_eq!(made.body[name], value, "{mapping}: {name}");
        }
        assert_eq!(now["emails"][0]["value"], "ana@acme.example");
        let sent = format!(
            "{:?}",
            simulator.log().iter().filter(|entry| entry.method != "POST").collect::<Vec<_>>()
        );
        assert!(!sent.contains("s3cret"), "a password was set: {sent}");
        // Once it is the identity provider's, it is changed like any other.
        let path = format!("/Users/{}", ids[0]);
        assert!(idp.patch(&path, &replace("userName", "ana.silva@acme.example")).await.status < 300);
        assert_eq!(idp.get(&path).await.body["userName"], "ana.silva@acme.example");
        assert_eq!(simulator.state()["users"].as_array().map(Vec::len), Some(2));
    }
    let (simulator, bridge, _) = stocked("profile: {}", "", &there).await;
    refused(&bridge.client().post("/Users", &wanted("ana@acme.example", "x@acme.example")).await, "already");
    nothing_was_written(&simulator);
}

#[tokio::test]
async fn who_identifies_somebody_else_is_not_taken_over() {
    // Several.
    let two = [account("ana1", "ana@acme.example"), account("ana2", "ana@acme.example")];
    let (simulator, bridge, _) = stocked(BY_MAIL, "", &two).await;
    refused(&bridge.client().post("/Users", &wanted("ana", "ANA@acme.example")).await, "several");
    nothing_was_written(&simulator);
    assert!(simulator.log().iter().all(|entry| entry.method == "GET"), "nobody is made besides");
    // Bound to another externalId, or to one that was not written.
    let mut bound = account("ana@acme.example", "ana@acme.example");
    bound["externalId"] = json!("8");
    for external in [json!("7"), Value::Null] {
        let (simulator, bridge, _) = stocked(BY_NAME, "", std::slice::from_ref(&bound)).await;
        let mut body = wanted("ana@acme.example", "ana@acme.example");
        body["externalId"] = external;
        refused(&bridge.client().post("/Users", &body).await, "another externalId");
        nothing_was_written(&simulator);
    }
    // An externalId is never an id.
    let (simulator, bridge, ids) =
        stocked(BY_NAME, "", &[account("root@acme.example", "root@acme.example")]).await;
    let mut body = wanted("ana@acme.example", "ana@acme.example");
    body["externalId"] = json!(ids[0]);
    let made = bridge.client().post("/Users", &body).await;
    assert!(made.status == 201 && made.body["id"] != ids[0].as_str(), "{}", made.text);
    nothing_was_written(&simulator);
}

#[tokio::test]
async fn a_user_name_that_differs_stays() {
    let (simulator, bridge, ids) = stocked(BY_MAIL, "", &[account("asilva", "ana@acme.example")]).await;
    let made = bridge.client().post("/Users", &wanted("ana.silva", "Ana@acme.example")).await;
    assert_eq!(
        (made.status, &made.body["id"], &made.body["userName"]),
        (201, &json!(ids[0]), &json!("asilva")),
        "{}",
        made.text
    );
    assert_eq!(simulator.state()["users"][0]["emails"][0]["value"], "ana@acme.example");
}

#[tokio::test]
async fn only_accounts_of_domains_that_are_allowed_are_taken_over() {
    let allow = "    allow: { email_domains: [acme.example] }\n";
    for (there, written, taken) in [
        ("ana@acme.example", "ana@ACME.example", true),
        ("ana@other.example", "ana@acme.example", false),
        ("ana@acme.example", "ana@other.example", false),
        ("ana@sub.acme.example", "ana@acme.example", false),
    ] {
        let (simulator, bridge, _) = stocked(BY_NAME, allow, &[account("ana", there)]).await;
        let made = bridge.client().post("/Users", &wanted("ana", written)).await;
        if taken {
            assert_eq!(made.status, 201, "{there}: {}", made.text);
        } else {
            refused(&made, "domain");
            nothing_was_written(&simulator);
        }
    }
    let (_simulator, bridge, _) = stocked(BY_NAME, "", &[account("ana", "ana@other.example")]).await;
    assert_eq!(bridge.client().post("/Users", &wanted("ana", "ana@acme.example")).await.status, 201);
}

#[tokio::test]
async fn whom_the_identity_provider_has_is_not_made_twice() {
    for mapping in [
        BY_NAME,
        "users: { match: { by: $.userName } }\nprofile: { resources: { Users: { create: { existing: \"200\" } } } }",
    ] {
        let (_simulator, bridge, _) = stocked(mapping, "", &[]).await;
        let idp = bridge.client();
        let mut body = wanted("ana@acme.example", "ana@acme.example");
        body.as_object_mut().unwrap().remove("externalId");
        let made = idp.post("/Users", &body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        refused(&idp.post("/Users", &body).await, "knows it already");
        // Once it is deleted there and made anew behind our back, it can be.
        let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
        assert_eq!(idp.delete(&path).await.status, 204);
        assert_eq!(idp.post("/Users", &body).await.status, 201);
    }
    // The same externalId is the same account: a repetition finds what it has made.
    let (simulator, bridge, _) = stocked(BY_NAME, "", &[]).await;
    let idp = bridge.client();
    let body = wanted("ana@acme.example", "ana@acme.example");
    let made = idp.post("/Users", &body).await;
    let again = idp.post("/Users", &body).await;
    assert_eq!((again.status, &again.body["id"]), (201, &made.body["id"]), "{}", again.text);
    assert_eq!(simulator.state()["users"].as_array().map(Vec::len), Some(1));
}

/// A vendor with one account, which answers a creation of it, and filters, as it likes.
async fn odd(mapping: &str, status: u16, filters: bool) -> (Bridge, Script) {
    let user = json!({ "schemas": [USER], "id": "u1", "userName": "ana", "active": true });
    let script = Script::start(move |asked: &Asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/Users") => {
            (status, json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status.to_string() }))
        }
        ("GET", "/Users/u1") => (200, user.clone()),
        ("GET", "/Users") if !filters || asked.query.contains("\"ana\"") => {
            (200, script::list(std::slice::from_ref(&user)))
        }
        ("GET", "/Users") => (200, script::list(&[])),
        ("PATCH" | "PUT", _) => (204, Value::Null),
        _ => (404, json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404" })),
    })
    .await;
    (mapped(&script.base_url(), script::TOKEN, mapping, "").await, script)
}

#[tokio::test]
async fn an_error_that_may_mean_that_it_is_there_is_looked_into() {
    let mapping = |kind: &str| {
        format!(
            "users: {{ match: {{ by: $.userName }} }}\nprofile: {{ resources: {{ Users: {{ create: {{ existing: {{ kind: {kind} }} }} }} }} }}"
        )
    };
    let body = json!({ "schemas": [USER], "userName": "ana", "active": true, "title": "Dr" });
    for (kind, status, expected) in [
        ("\"400\"", 400, 201),
        ("\"500\"", 500, 201),
        ("\"409\"", 409, 201),
        ("\"409\"", 400, 400),
        ("\"409\"", 500, 503),
    ] {
        let (bridge, _script) = odd(&mapping(kind), status, true).await;
        let made = bridge.client().post("/Users", &body).await;
        assert_eq!(made.status, expected, "{kind} {status}: {}", made.text);
    }
    // What the vendor gives without looking is not what was asked for.
    let (bridge, script) = odd(&mapping("\"400\""), 400, false).await;
    let other = json!({ "schemas": [USER], "userName": "bo", "active": true, "title": "Dr" });
    assert_eq!(bridge.client().post("/Users", &other).await.status, 400);
    assert!(script.asked().iter().all(|asked| asked.method != "PATCH"));
}

#[tokio::test]
async fn a_group_is_taken_over_with_whom_it_has() {
    let silently = "groups: { match: { by: $.displayName } }\nprofile: { resources: { Groups: { create: { existing: attach } } } }";
    for (mapping, taken) in [(silently, true), ("profile: {}", false)] {
        let there = [account("ana", "ana@acme.example"), account("bo", "bo@acme.example")];
        let (simulator, bridge, ids) = stocked(mapping, "", &there).await;
        let console = Client::new(simulator.base_url(), simulator.token());
        let group = |name: &str, id: &str| json!({ "schemas": [GROUP], "displayName": name, "members": [{ "value": id }] });
        assert_eq!(console.post("/Groups", &group("Staff", &ids[0])).await.status, 201);
        let made = bridge.client().post("/Groups", &group("staff", &ids[1])).await;
        if taken {
            assert_eq!((made.status, &made.body["displayName"]), (201, &json!("Staff")), "{}", made.text);
            assert_eq!(simulator.state()["groups"].as_array().map(Vec::len), Some(1));
        }
        assert_eq!(held(&simulator, "Staff"), if taken { sorted(&["ana", "bo"]) } else { sorted(&["ana"]) });
    }
}
